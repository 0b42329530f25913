"""Topics that are not theirs: away at once and for good, looked at by the staff, and taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, Notification, Person, User
from scoring import topics
from scoring.models import MisleadingWords, ModerationEntry, PersonTopic, Topic, TopicDispute, TopicEvidence
from scoring.topics import disputes

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def magic(db: None) -> Topic:
    return Topic.objects.create(slug="magic", name="Magic")


@pytest.fixture
def alice(join: Callable[..., Person], magic: Topic) -> Person:
    person = join("Alice")
    PersonTopic.objects.create(person=person, topic=magic, expertise=0.7, added_at=AT)
    for words, strength in (("#MagicTheGathering", 0.5), ("#magic", 0.7)):
        TopicEvidence.objects.create(
            person=person, topic=magic, source="hashtag", network="mastodon", words=words, number=9, strength=strength
        )
    return person


@pytest.fixture
def as_alice(client: Client, alice: Person) -> Client:
    client.force_login(Membership.objects.get(person=alice).user)
    return client


@pytest.fixture
def staff(db: None) -> Client:
    User.objects.create_superuser("staff@example.com", "a long pass phrase")
    client = Client()
    client.force_login(User.objects.get(email="staff@example.com"))
    return client


def dispute(client: Client, **more: str) -> Any:
    return client.post(reverse("topic_dispute"), {"topic": "magic"} | more, follow=True)


def test_a_disputed_topic_is_gone_at_once_and_what_misled_us_is_kept(as_alice: Client, alice: Person) -> None:
    asked = as_alice.get(reverse("topic_dispute") + "?topic=magic").content.decode()
    assert "Why we thought so" in asked
    assert PersonTopic.objects.exists()
    text = dispute(as_alice, reason="I mean the card game\x00").content.decode()
    assert "Magic is gone from your profile, and stays away." in text
    assert "our staff has not looked yet" in text
    assert not PersonTopic.objects.exists()
    assert not TopicEvidence.objects.exists()
    row = TopicDispute.objects.get()
    assert (row.person, row.reason, row.state) == (alice, "I mean the card game", "open")
    assert row.evidence == [["hashtag", "mastodon", "#magic"], ["hashtag", "mastodon", "#MagicTheGathering"]]


def test_saying_it_twice_changes_nothing(as_alice: Client) -> None:
    dispute(as_alice, reason="first")
    dispute(as_alice, reason="second")
    assert list(TopicDispute.objects.values_list("reason", flat=True)) == ["first"]


def test_it_may_come_back_when_one_says_so_or_chooses_it(as_alice: Client, alice: Person, magic: Topic) -> None:
    dispute(as_alice)
    assert "may come back" in dispute(as_alice, action="take back").content.decode()
    assert not TopicDispute.objects.exists()
    PersonTopic.objects.create(person=alice, topic=magic, expertise=0.7, added_at=AT)
    dispute(as_alice)
    as_alice.post(reverse("topics"), {"add": "magic"})
    assert not TopicDispute.objects.exists()
    assert PersonTopic.objects.get().chosen


def test_a_topic_that_one_has_not_cannot_be_disputed(as_alice: Client) -> None:
    assert as_alice.get(reverse("topic_dispute") + "?topic=tea").status_code == 404
    text = as_alice.post(reverse("topic_dispute"), {"topic": "tea"}, follow=True).content.decode()
    assert "Tea is none of your topics." in text
    assert as_alice.post(reverse("topic_dispute"), {"topic": "no-such"}).status_code == 404
    assert not TopicDispute.objects.exists()


def test_nobody_disputes_for_somebody_else(as_alice: Client, join: Callable[..., Person], magic: Topic) -> None:
    bob = join("Bob")
    PersonTopic.objects.create(person=bob, topic=magic, expertise=0.7, added_at=AT)
    assert as_alice.post(reverse("topic_dispute") + "?person=bob", {"topic": "magic"}).status_code == 404
    assert Client().post(reverse("topic_dispute"), {"topic": "magic"}).status_code == 302
    assert not TopicDispute.objects.exists()


# ---------------------------------------------------------------- the staff
def test_the_staff_upholds_it_for_all_and_the_person_is_told(as_alice: Client, alice: Person, staff: Client) -> None:
    dispute(as_alice, reason="the card game")
    row = TopicDispute.objects.get()
    queue = staff.get(reverse("admin:scoring_topicdispute_changelist"), follow=True).content.decode()
    assert "the card game" in queue
    at = reverse("admin:scoring_topicdispute_change", args=[row.pk])
    assert "magicthegathering" in staff.get(at).content.decode()
    nothing = staff.post(at, {"decision": "uphold"})
    assert "Say which words mislead." in nothing.content.decode()
    staff.post(at, {"decision": "uphold", "words": ["magicthegathering"], "told": "That is a game."})
    row.refresh_from_db()
    assert (row.state, row.decided_by.email) == ("upheld", "staff@example.com")
    assert list(MisleadingWords.objects.values_list("topic__slug", "words")) == [("magic", "magicthegathering")]
    told = Notification.objects.get(person=alice)
    assert told.subject == "You were right: Magic was a mistake"
    assert "That is a game." in told.text
    line = ModerationEntry.objects.get(action="uphold dispute")
    assert (line.person, line.about, line.user.email) == (alice, "magic: magicthegathering", "staff@example.com")


def test_the_staff_closes_it_and_it_stays_away(as_alice: Client, alice: Person, staff: Client) -> None:
    dispute(as_alice)
    row = TopicDispute.objects.get()
    at = reverse("admin:scoring_topicdispute_change", args=[row.pk])
    staff.post(at, {"decision": "close", "told": ""})
    # What is decided is decided.
    staff.post(at, {"decision": "uphold", "words": ["magic"], "told": ""})
    row.refresh_from_db()
    assert row.state == "closed"
    assert not MisleadingWords.objects.exists()
    assert Notification.objects.get(person=alice).subject == "Magic stays away from your profile"
    assert "right for others" in as_alice.get(reverse("topics")).content.decode()
    assert ModerationEntry.objects.filter(action="close dispute").count() == 1


def test_two_of_the_staff_decide_once(alice: Person, magic: Topic) -> None:
    row = disputes.dispute(person=alice, topic=magic, reason="", at=AT)
    same = TopicDispute.objects.get(pk=row.pk)
    disputes.close(dispute=row, reason="", user=None, at=AT)
    with pytest.raises(disputes.DecidedAlready):
        disputes.uphold(dispute=same, words=["magic"], reason="", user=None, at=AT)
    assert not MisleadingWords.objects.exists()
    with pytest.raises(ValueError, match="not about tea"):
        disputes.uphold(dispute=same, words=["tea"], reason="", user=None, at=AT)


def test_misleading_words_are_kept_as_they_are_compared_and_written_down(staff: Client, magic: Topic) -> None:
    add = reverse("admin:scoring_misleadingwords_add")
    staff.post(add, {"topic": magic.pk, "words": "#Magic-Mike", "reason": "a film"})
    assert MisleadingWords.objects.get().words == "magicmike"
    assert "no word in this" in staff.post(add, {"topic": magic.pk, "words": "!!"}).content.decode()
    assert ModerationEntry.objects.get().about == "magic: magicmike"


def test_the_staff_finds_topics_and_gives_parents_by_number(staff: Client, magic: Topic) -> None:
    listed = staff.get(reverse("admin:scoring_topic_changelist") + "?q=magic").content.decode()
    assert "Magic" in listed
    at = reverse("admin:scoring_topic_change", args=[magic.pk])
    form = staff.get(at).content.decode()
    assert "vForeignKeyRawIdAdminField" in form or "vManyToManyRawIdAdminField" in form
    parent = Topic.objects.get(slug="arts")
    staff.post(at, {"name": "Magic", "names": "{}", "wikidata": "", "parents": str(parent.pk)})
    assert list(magic.parents.all()) == [parent]


# ---------------------------------------------------------------- teams
def test_a_team_writes_down_who_chose_and_disputed(alice: Person, magic: Topic) -> None:
    Person.objects.filter(pk=alice.pk).update(kind="organisation")
    alice.refresh_from_db()
    user = Membership.objects.get(person=alice).user
    disputes.dispute(person=alice, topic=magic, reason="", at=AT, user=user)
    topics.add(person=alice, topic=Topic.objects.get(slug="tea"), at=AT, user=user)
    lines = alice.team_changes.order_by("pk") if hasattr(alice, "team_changes") else alice.teamchange_set.order_by("pk")
    assert [(line.action, line.user) for line in lines] == [("dispute", user), ("topics", user)]

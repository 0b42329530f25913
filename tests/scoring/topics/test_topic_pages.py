"""The pages of topics: whom they show to whom, and how much they cost."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Person
from scoring.models import Endorsement, PersonTopic, Topic
from scoring.topics import boards
from tests.scoring.published import publish_score

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
Join = Callable[..., Person]


@pytest.fixture
def jigs(db: None) -> Topic:
    topic = Topic.objects.create(slug="jigs", name="Jigs", names={"de": "Dschigs"})
    topic.parents.add(Topic.objects.get(slug="dance"), Topic.objects.get(slug="music"))
    Topic.objects.create(slug="slip-jigs", name="Slip jigs").parents.add(topic)
    return topic


def has(person: Person, topic: Topic, **values: Any) -> PersonTopic:
    return PersonTopic.objects.create(person=person, topic=topic, **({"added_at": timezone.now()} | values))


def page(client: Client, path: str = "/topics/jigs") -> str:
    response = client.get(path)
    assert response.status_code == 200
    # The token of forms is another one each time.
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())


def as_(person: Person) -> Client:
    client = Client()
    client.force_login(Membership.objects.get(person=person).user)
    return client


def places(text: str) -> list[str]:
    """The handles of who knows about it, in order."""
    board = text.partition('id="experts"')[2].partition("</section>")[0]
    return [part.partition("<")[0] for part in board.split('hushed">@')[1:]]


# ---------------------------------------------------------------- the index
def test_the_index_shows_the_top_and_finds_in_any_language(client: Client, jigs: Topic) -> None:
    index = page(client, "/topics")
    assert '<a href="/topics/music">Music</a>' in index
    assert "/topics/jazz" not in index
    found = page(client, "/topics?q=dschig")
    assert '<a href="/topics/jigs">Jigs</a>' in found
    assert 'content="noindex"' in found
    assert "No topic is called “&lt;xyzzy&gt;”" in page(client, "/topics?q=<xyzzy>")


def test_where_topics_come_from_is_said_where_any_did(client: Client, jigs: Topic) -> None:
    assert "CC BY 3.0" not in page(client, "/topics")
    Topic.objects.filter(pk=jigs.pk).update(external_id="7")
    assert "Klout / Lithium Technologies" in page(client, "/topics")
    assert "CC BY 3.0" in page(client)


# ---------------------------------------------------------------- a topic's page
def test_a_topic_says_where_it_lies_and_what_lies_in_it(client: Client, jigs: Topic) -> None:
    text = page(client)
    assert text.count('<a href="/topics/music">') == 1
    assert text.count('<a href="/topics/dance">') == 1
    assert '<a href="/topics/slip-jigs">Slip jigs</a>' in text
    assert "Nobody has this topic yet" in text
    assert 'content="noindex"' in text
    assert client.get("/topics/JIGS").headers["Location"] == "/topics/jigs"
    assert client.get("/topics/no-such-topic").status_code == 404
    assert "<h1>Dschigs</h1>" in client.get("/topics/jigs", headers={"accept-language": "de"}).content.decode()


def test_people_stand_by_expertise_and_those_who_only_chose_it_do_not(client: Client, jigs: Topic, join: Join) -> None:
    alice, bob, charlie = join("Alice"), join("Bob"), join("Charlie")
    has(alice, jigs, expertise=0.4)
    has(bob, jigs, expertise=0.9)
    has(charlie, jigs, chosen=True)
    text = page(client)
    assert places(text) == ["Bob", "Alice"]
    assert "Charlie" in text.partition('id="new"')[2]
    assert 'rel="canonical"' in text


@pytest.mark.parametrize(
    "change",
    [
        {"visibility": "hidden"},
        {"visibility": "members"},
        {"birth_year": 2025},
        {"shown": {"topics": "members"}},
        {"shown": {"topics": "hidden"}},
        {"shown": {"leaderboards": "hidden"}},
    ],
)
def test_who_keeps_it_to_themselves_is_in_no_list(
    client: Client, jigs: Topic, join: Join, change: dict[str, Any]
) -> None:
    zeb, bob = join("Zeb"), join("Bob")
    has(zeb, jigs, expertise=0.9, plus_k=4.0, chosen=True)
    given(bob, zeb, jigs)
    assert "Zeb" in page(client)
    Person.objects.filter(pk=zeb.pk).update(**change)
    assert "Zeb" not in page(client)
    # To begin after them is to begin at the top: it tells nothing of them.
    assert page(client, "/topics/jigs?after=zeb") == page(client, "/topics/jigs?after=nobody-at-all")


def test_who_hides_the_topic_is_in_no_list_but_sees_their_own(jigs: Topic, join: Join) -> None:
    zeb, bob = join("Zeb"), join("Bob")
    has(zeb, jigs, expertise=0.9, plus_k=4.0, chosen=True, hidden=True)
    given(bob, zeb, jigs)
    assert "Zeb" not in page(as_(bob))
    assert "You hide this topic" in page(as_(zeb))


@pytest.mark.parametrize(("shown_to", "reader"), [("hidden", "member"), ("members", "visitor")])
def test_who_keeps_back_their_plus_k_is_in_no_list_of_it(jigs: Topic, join: Join, shown_to: str, reader: str) -> None:
    zeb, bob = join("Zeb"), join("Bob")
    has(zeb, jigs, expertise=0.9, plus_k=4.0)
    given(bob, zeb, jigs)
    client = as_(bob) if reader == "member" else Client()
    assert 'id="plus-k"' in page(client)
    Person.objects.filter(pk=zeb.pk).update(shown={"plus_k": shown_to})
    text = page(client)
    assert places(text) == ["Zeb"]
    assert 'id="plus-k"' not in text
    assert 'id="given"' not in text
    if shown_to == "members":
        assert 'id="plus-k"' in page(as_(bob))


def given(giver: Person, receiver: Person, topic: Topic, days: int = 1, **values: Any) -> Endorsement:
    at = timezone.now() - timedelta(days=days)
    return Endorsement.objects.create(
        giver=giver, receiver=receiver, topic=topic, given_at=at, until=at + timedelta(days=7), **values
    )


def test_plus_k_is_told_by_sum_and_lately_without_what_was_taken_back(client: Client, jigs: Topic, join: Join) -> None:
    alice, bob, charlie, dora = join("Alice"), join("Bob"), join("Charlie"), join("Dora")
    has(alice, jigs, plus_k=1.5)
    has(bob, jigs, plus_k=3.0)
    has(dora, jigs, chosen=True, added_at=timezone.now() - timedelta(days=200))
    given(charlie, alice, jigs)
    given(charlie, dora, jigs, undone_at=timezone.now())
    text = page(client)
    most = text.partition('id="plus-k"')[2].partition("</section>")[0]
    assert most.index("Bob") < most.index("Alice")
    lately = text.partition('id="given"')[2].partition("</section>")[0]
    assert "Alice" in lately
    assert "Dora" not in text


def test_the_list_goes_on_where_it_ended(client: Client, jigs: Topic, join: Join) -> None:
    people = [join(f"p{number:02}") for number in range(boards.PAGE + 5)]
    for number, person in enumerate(people):
        # Some share theirs.
        has(person, jigs, expertise=0.9 - number // 3 / 100)
    hidden = people[boards.PAGE // 2]
    Person.objects.filter(pk=hidden.pk).update(visibility="hidden")
    first = page(client)
    assert len(places(first)) == boards.PAGE
    after = first.partition("?after=")[2].partition('"')[0]
    second = page(client, f"/topics/jigs?after={after}")
    assert [*places(first), *places(second)] == [person.handle for person in people if person != hidden]
    assert 'content="noindex"' in second
    assert "Next people" not in second


def test_one_sees_why_it_is_ones_own_and_at_which_place(jigs: Topic, join: Join) -> None:
    alice = join("Alice")
    has(alice, jigs, chosen=True, place=3)
    text = page(as_(alice))
    assert "<strong>place 3</strong>" in text
    assert "This is not my topic" in text


# ---------------------------------------------------------------- choosing it
def test_it_is_chosen_and_given_up_by_a_form(jigs: Topic, join: Join) -> None:
    alice = join("Alice")
    client = as_(alice)
    assert "Choose it for myself" in page(client)
    assert not PersonTopic.objects.exists()
    for _twice in range(2):
        assert client.post("/topics/jigs", {"action": "choose"}).headers["Location"] == "/topics/jigs"
    assert list(PersonTopic.objects.values_list("topic__slug", "chosen")) == [("jigs", True)]
    assert "Not my topic any more" in page(client)
    client.post("/topics/jigs", {"action": "give up"})
    assert not PersonTopic.objects.exists()


def test_a_twenty_first_is_refused_with_a_word(jigs: Topic, join: Join) -> None:
    alice = join("Alice")
    for topic in Topic.objects.exclude(pk=jigs.pk)[:20]:
        has(alice, topic, chosen=True)
    client = as_(alice)
    response = client.post("/topics/jigs", {"action": "choose"}, follow=True)
    assert "Please choose at most 20 topics" in response.content.decode()
    assert not PersonTopic.objects.filter(topic=jigs).exists()


def test_visitors_are_asked_to_log_in_and_viewers_may_not_choose(client: Client, jigs: Topic, join: Join) -> None:
    assert 'href="/accounts/login/?next=/topics/jigs"' in page(client)
    assert client.post("/topics/jigs").headers["Location"].startswith("/accounts/login/?next=/topics/jigs")
    alice = join("Alice")
    Membership.objects.filter(person=alice).update(role=Membership.Role.VIEWER)
    text = as_(alice).post("/topics/jigs", follow=True).content.decode()
    assert "Only owners and editors of Alice choose its topics." in text
    assert not PersonTopic.objects.exists()


def test_the_page_costs_the_same_few_queries_for_one_as_for_many(
    jigs: Topic, join: Join, django_assert_max_num_queries: Any
) -> None:
    alice, bob = join("Alice"), join("Bob")
    client = as_(alice)

    def cost() -> int:
        with django_assert_max_num_queries(12) as captured:
            page(client)
        return len(captured)

    has(alice, jigs, chosen=True, expertise=0.1)
    has(bob, jigs, expertise=0.2, plus_k=1.0)
    publish_score(bob)
    given(bob, alice, jigs)
    page(client)
    little = cost()
    for number in range(30):
        one = join(f"p{number}")
        has(one, jigs, expertise=0.5, plus_k=2.0, chosen=True)
        given(bob, one, jigs)
        Topic.objects.create(slug=f"jig-{number}", name=f"Jig {number}").parents.add(jigs)
    assert cost() == little


def test_a_topic_that_another_stands_for_leads_there(client: Client, db: None) -> None:
    Topic.objects.create(slug="technology-super", name="Technology", external_id="10000000000000016635")
    response = client.get("/topics/technology-super")
    assert (response.status_code, response.headers["Location"]) == (301, "/topics/technology")
    assert "technology-super" not in page(client, "/topics?q=technology")
    assert "technology-super" not in page(client, "/topics")

"""Levels from a small real log, through the daily run: what is earned, what is not, and that it stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import Person, User
from scoring import daily, deeds
from scoring.achievements import award, awarding, measures
from scoring.achievements.catalogue import BY_SLUG, FAMILIES
from scoring.achievements.revoking import revoke
from scoring.deeds import Deed
from scoring.models import Answer, Award, AwardProgress, Endorsement, PersonTopic, Question, Rarity, Score, Topic
from tests.scoring.achievements.logs import counter, give, highest, history, newest_day, reactions, total, value_of
from tests.scoring.conftest import AT, TODAY, names

Join = Callable[..., Person]


@pytest.fixture
def alice(join: Join) -> Person:
    return join(
        "Alice",
        **dict.fromkeys("twitter mastodon bluesky linkedin google github foursquare wikipedia".split(), "a"),  # noqa: SIM905
    )


@pytest.fixture
def town(alice: Person, join: Join) -> Person:
    """Alice, to whom a bit of everything was done: of each family enough for some level, and not for the next."""
    reactions("twitter", "a", "share", names("t", 9), post="p1")
    reactions("twitter", "a", "quote", [names("t", 9)[0], "another"], post="p1")
    reactions("twitter", "a", "share", names("t", 3), post="p2")
    total("twitter", "a", "p1", "share", 25)
    reactions("twitter", "a", "like", names("l", 12))
    reactions("twitter", "a", "mention", names("m", 1))
    reactions("twitter", "a", "list", names("keeper", 4))
    counter("twitter", "a", "listed", 72)
    counter("twitter", "a", "followers", 150)
    reactions("mastodon", "a", "share", names("b", 10))
    reactions("bluesky", "a", "share", names("s", 1))
    reactions("linkedin", "a", "recommend", names("r", 3), when=None)
    counter("linkedin", "a", "connections", 60)
    reactions("google", "a", "reply", names("c", 10), post="video")
    counter("google", "a", "subscribers", 12)
    counter("github", "a", "stars", 55)
    counter("foursquare", "a", "checkins", 49)
    counter("foursquare", "a", "mayorships", 3)
    counter("wikipedia", "a", "inlinks", 10)
    bob, carol = join("Bob", twitter="bob"), join("Carol", twitter="carol")
    with_k = [
        Deed("plus-k", alice.pk, bob.pk, "music", "k1", WHEN),
        Deed("plus-k", carol.pk, alice.pk, "music", "k2", WHEN),
        Deed("review", alice.pk, None, "campaign", "r1", WHEN, brand=1),
    ]
    assert deeds.record(with_k, AT) == 3
    # +K of somebody who has only just come does not count.
    Person.objects.update(created_at=datetime(2024, 10, 31, tzinfo=UTC))
    topic = Topic.objects.first()
    assert topic is not None
    question = Question.objects.create(topic=topic, person=bob, title="Why?", created_at=WHEN, active_at=WHEN)
    answer = Answer.objects.create(question=question, person=alice, text="So.", created_at=WHEN)
    Endorsement.objects.create(
        giver=bob, receiver=alice, topic=topic, answer=answer, given_at=WHEN, until=WHEN + timedelta(days=7)
    )
    # Steady for eight weeks, and back where she was before the last fall.
    history(alice, {7 * week: 22.0 for week in range(1, 9)})
    return alice


WHEN = datetime(2026, 10, 20, 10, tzinfo=UTC)


def test_every_family_is_awarded_from_what_really_happened(town: Person) -> None:
    daily.run(as_of=TODAY, at=AT)
    earned = highest(town)
    score = Score.objects.get(person=town).score
    expected = {
        "score": BY_SLUG["score"].level_of(score),
        "people": 2,
        "followers": 2,
        "lists": 3,
        "networks": 5,
        "retweeters": 2,
        "boosters": 2,
        "reposters": 1,
        "wildfire": 2,
        "talk": 2,
        "mentions": 1,
        "comments": 2,
        "likes": 2,
        "connections": 2,
        "recommendations": 2,
        "subscribers": 1,
        "stars": 3,
        "checkins": 2,
        "mayorships": 2,
        "inlinks": 2,
        "plus-k-given": 1,
        "plus-k-received": 1,
        "answers": 1,
        "reviews": 1,
        "years": 2,
    }
    assert {slug: earned.get(slug, 0) for slug in expected} == expected
    assert {award.earned_on for award in Award.objects.filter(person=town)} == {TODAY}
    # How far she is, to the one: "72 of 100 lists".
    far = dict(AwardProgress.objects.filter(person=town).values_list("family", "value"))
    assert far["lists"] == 72
    assert far["retweeters"] == 10
    assert far["wildfire"] == 26
    assert far["plus-k-received"] == 1
    assert 2 <= far["years"] < 2.1
    points = dict(AwardProgress.objects.filter(person=town).values_list("family", "points"))
    # More people who retweet would raise the score; steadiness is no feature; what one does oneself brings nothing.
    assert points["retweeters"] > 0.5
    assert points["steady"] is None if "steady" in points else True
    assert points["years"] is None
    assert points["checkins"] == 0.0
    # How rare a level is: among all who have a score.
    rarity = {(row.family, row.level): (row.people, row.among) for row in Rarity.objects.all()}
    among = Score.objects.count()
    assert rarity["lists", 3] == (1, among)
    assert rarity["lists", 4] == (0, among)
    assert len(rarity) == sum(len(family.levels) for family in FAMILIES)
    # A backfill of the same day finds the same.
    before = sorted(Award.objects.values_list("person", "family", "level", "earned_on"))
    Award.objects.all().delete()
    out = StringIO()
    call_command("award", "--as-of", "2026-11-01", stdout=out)
    assert sorted(Award.objects.values_list("person", "family", "level", "earned_on")) == before
    assert f"{len(before)} new levels as of 2026-11-01" in out.getvalue()
    call_command("award", stdout=out)
    assert "0 new levels" in out.getvalue()


def test_what_is_earned_stays_and_is_given_once(alice: Person) -> None:
    counter("github", "a", "stars", 55)
    daily.run(as_of=TODAY, at=AT)
    counter("github", "a", "stars", 8, when=AT)
    later = TODAY + timedelta(days=1)
    daily.run(as_of=later, at=AT + timedelta(days=1))
    assert highest(alice)["stars"] == 3
    assert AwardProgress.objects.get(person=alice, family="stars").value == 8
    assert set(Award.objects.filter(family="stars").values_list("earned_on", flat=True)) == {TODAY}


def test_what_was_revoked_is_never_awarded_anew_nor_anything_above_it(alice: Person) -> None:
    counter("github", "a", "stars", 55)
    daily.run(as_of=TODAY, at=AT)
    staff = User.objects.create_user("staff@example.com", "a long pass phrase", is_staff=True)
    revoke(award=Award.objects.get(family="stars", level=2), user=staff, reason="Bought.", at=AT)
    day = newest_day()
    stars = BY_SLUG["stars"]
    again = {"stars": np.full(len(day.persons), 5_000.0)}
    assert award.award(persons=day.persons, values=again, families=[stars], as_of=TODAY) == 0
    assert highest(alice)["stars"] == 1
    awarding.backfill()
    assert highest(alice)["stars"] == 1
    assert {row.level: row.people for row in Rarity.objects.filter(family="stars")}[2] == 0


def test_bought_reactions_closed_circles_and_ones_own_earn_nothing(join: Join, happen: Callable[..., None]) -> None:
    from tests.scoring.test_suspicions import bought, honest

    alice = join("Alice", twitter="alice", mastodon="alice")
    join("Bob", twitter="bob", facebook="bob")
    happen(honest() + bought())
    # Her own other account, and herself.
    reactions("twitter", "alice", "share", ["alice"])
    # Ten accounts that have nobody but each other.
    ring = names("ring", 12)
    for nth, one in enumerate(ring):
        reactions("twitter", one, "share", [other for other in ring if other != one], post=f"r{nth}")
    zoe = join("Zoe", twitter=ring[0])
    daily.run(as_of=TODAY, at=AT)
    earned, day = highest(alice), newest_day()
    assert "retweeters" not in earned
    # Forty honest ones; of the three hundred bought in a week none but those that are like the audience she had.
    assert value_of(day, BY_SLUG["comments"], alice) < 50
    assert earned["comments"] == 2
    assert value_of(day, BY_SLUG["retweeters"], zoe) == 0
    assert "wildfire" not in highest(zoe)
    # The negative control: it is the guards alone that hold them back.
    trusting = measures.Day(day.as_of, day.persons, day.scores, day.members, day.person, day.rows, None, newest=True)
    assert value_of(trusting, BY_SLUG["comments"], alice) == 340
    assert value_of(trusting, BY_SLUG["retweeters"], zoe) == 11


def test_an_upload_alone_carries_nobody_beyond_five_hundred(alice: Person, join: Join) -> None:
    counter("linkedin", "a", "connections", 30_000, origin="archive")
    bob = join("Bob", linkedin="b")
    counter("linkedin", "b", "connections", 30_000)
    counter("linkedin", "b", "connections", 20, origin="archive")
    daily.run(as_of=TODAY, at=AT)
    assert AwardProgress.objects.get(person=alice, family="connections").value == 500
    assert highest(alice)["connections"] == 4
    assert highest(bob)["connections"] == 6


def test_a_first_score_celebrates_at_once_what_networks_themselves_say(alice: Person) -> None:
    counter("github", "a", "stars", 5_000)
    counter("linkedin", "a", "connections", 400, origin="archive")
    daily.provisional(persons=[alice.pk], at=AT)
    # A hundred at most, before the guards have looked; and nothing by an upload's word.
    assert highest(alice) == {"stars": 4, "networks": 5}
    assert AwardProgress.objects.get(person=alice, family="stars").value == 5_000
    assert AwardProgress.objects.get(person=alice, family="connections").value == 400
    daily.run(as_of=TODAY + timedelta(days=1), at=AT + timedelta(days=1))
    assert highest(alice)["stars"] == 5
    assert highest(alice)["connections"] == 3


def test_topics_with_evidence_count_and_hidden_or_merely_chosen_ones_do_not(alice: Person) -> None:
    daily.run(as_of=TODAY, at=AT)
    topics = list(Topic.objects.order_by("pk")[:5])
    for topic, expertise, hidden in zip(
        topics, (0.5, 0.4, 0.3, 0.9, 0.0), (False, False, False, True, False), strict=True
    ):
        PersonTopic.objects.create(
            person=alice, topic=topic, expertise=expertise, hidden=hidden, chosen=True, added_at=AT
        )
    day = newest_day()
    assert value_of(day, BY_SLUG["topics"], alice) == 3
    assert give(day, [BY_SLUG["topics"]]) == 2
    # Nobody knows which ones there were on a day that is past.
    past = measures.Day(day.as_of, day.persons, day.scores, day.members, day.person, day.rows, None, newest=False)
    assert measures.values(past, [BY_SLUG["topics"]]) == {}


def test_one_who_reacts_with_two_accounts_is_one_person(alice: Person, join: Join) -> None:
    join("Bob", twitter="bob", mastodon="bob")
    reactions("twitter", "a", "reply", ["bob", "stranger"])
    reactions("mastodon", "a", "like", ["bob"])
    daily.run(as_of=TODAY, at=AT)
    assert AwardProgress.objects.get(person=alice, family="people").value == 2


@pytest.mark.django_db
def test_the_command_says_what_is_wrong(join: Join) -> None:
    with pytest.raises(CommandError, match="no run was ever published"):
        call_command("award")
    with pytest.raises(CommandError, match="no run of 2026-01-01 was published"):
        call_command("award", "--as-of", "2026-01-01")
    with pytest.raises(CommandError, match="has not begun"):
        call_command("award", "--as-of", str(timezone.now().date() + timedelta(days=1)))
    with pytest.raises(CommandError, match="invalid"):
        call_command("award", "--as-of", "yesterday")


def test_a_definition_that_cannot_be_counted_any_more_stops_no_run(alice: Person) -> None:
    from scoring.models import Definition

    Definition.objects.create(
        slug="odd", measure="people:dance", levels=[1], name="Odd", unit="x", text="x", symbol="star", state="live"
    )
    Definition.objects.create(
        slug="fans", measure="people:any", levels=[2, 4], name="Fans", unit="x", text="x", symbol="star", state="live"
    )
    reactions("twitter", "a", "reply", names("fan", 3))
    daily.run(as_of=date(2026, 11, 1), at=AT)
    assert highest(alice)["fans"] == 1
    assert "odd" not in highest(alice)

"""Who gives +K to whom, in what, how often; and taking it back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from accounts import privacy
from accounts.models import Erasure, Membership, Pause, Person
from scoring.models import Endorsement, PersonTopic, Purse, Silenced
from scoring.plus_k import giving, purse
from scoring.plus_k.errors import CannotGive, NoneLeft, NotAllowed, NotTheirTopic, Silent, TooLate, TooSoon
from tests.scoring.plus_k.giving import AT, DAY, MINUTE, a_topic, about, crowd, plus_k

pytestmark = pytest.mark.django_db


def left(person: Person, at: datetime = AT) -> int:
    return purse.state_of(person, at).left


def test_a_plus_k_is_given_and_counted(join) -> None:
    alice, bob = join("Alice"), join("Bob")
    [topic] = about(bob)
    given = plus_k(alice, bob, topic)
    assert Endorsement.objects.get() == given
    assert (given.giver, given.receiver, given.topic, given.user) == (alice, bob, topic, alice.users.get())
    assert given.until == AT + timedelta(days=7)
    assert left(alice) == 4
    assert left(bob) == 5


def test_a_sixth_plus_k_waits_for_tomorrow() -> None:
    alice, *others = crowd(7)
    for other in others[:5]:
        plus_k(alice, other, a_topic())
    with pytest.raises(NoneLeft) as refused:
        plus_k(alice, others[5], a_topic())
    assert refused.value.details["renews_at"] == datetime(2026, 11, 2, tzinfo=UTC)
    assert "tomorrow" in str(refused.value)
    assert Endorsement.objects.count() == 5
    plus_k(alice, others[5], a_topic(), AT + DAY)
    assert left(alice, AT + DAY) == 4


def test_the_day_ends_at_midnight_utc() -> None:
    alice, *others = crowd(8)
    last = datetime(2026, 11, 1, 23, 59, 59, tzinfo=UTC)
    for other in others[:5]:
        plus_k(alice, other, a_topic(), last)
    with pytest.raises(NoneLeft):
        plus_k(alice, others[5], a_topic(), last)
    plus_k(alice, others[5], a_topic(), last + timedelta(seconds=1))
    assert Purse.objects.get().day == date(2026, 11, 2)
    # One who asked before midnight and comes after others: of the day that has begun.
    late = plus_k(alice, others[6], a_topic(), last)
    assert late.given_at == datetime(2026, 11, 2, tzinfo=UTC)
    assert left(alice, last + timedelta(seconds=1)) == 3


def test_one_to_a_person_in_a_topic_in_seven_days(join) -> None:
    alice, bob = join("Alice"), join("Bob")
    bees, boats = about(bob, "beekeeping", "boats")
    first = plus_k(alice, bob, bees)
    with pytest.raises(TooSoon) as refused:
        plus_k(alice, bob, bees, AT + 7 * DAY - MINUTE)
    assert refused.value.details["endorsement"] == first
    assert left(alice, AT + 7 * DAY) == 5
    plus_k(alice, bob, boats)
    plus_k(alice, bob, bees, AT + 7 * DAY)
    assert Endorsement.objects.count() == 3


def test_a_second_click_on_the_last_one_is_told_that_it_is_given() -> None:
    alice, *others = crowd(6)
    for other in others:
        plus_k(alice, other, a_topic())
    with pytest.raises(TooSoon):
        plus_k(alice, others[-1], a_topic())


@pytest.mark.parametrize("what", ["none", "hidden", "not shown"])
def test_only_in_a_topic_that_they_have_and_show(join, what: str) -> None:
    alice, bob, topic = join("Alice"), join("Bob"), a_topic()
    if what != "none":
        about(bob, hidden=what == "hidden")
    if what == "not shown":
        Person.objects.filter(pk=bob.pk).update(shown={"topics": "hidden"})
        bob.refresh_from_db()
    with pytest.raises(NotTheirTopic):
        plus_k(alice, bob, topic)
    assert left(alice) == 5


def test_nobody_gives_to_themselves_or_among_one_team(join) -> None:
    alice, bob, acme, zenith = join("Alice"), join("Bob"), join("Acme"), join("Zenith")
    Person.objects.filter(pk__in=[acme.pk, zenith.pk]).update(kind=Person.Kind.ORGANISATION)
    for one in (acme, zenith):
        Membership.objects.create(user=alice.users.get(), person=one, role=Membership.Role.VIEWER)
    for one in (alice, bob, acme, zenith):
        about(one)
    for giver, receiver, why in [
        *((alice, alice, "self"), (alice, acme, "team"), (acme, alice, "team"), (acme, zenith, "team"))
    ]:
        with pytest.raises(NotAllowed) as refused:
            plus_k(giver, receiver, a_topic())
        assert refused.value.details["why"] == why
    acme.refresh_from_db()
    assert plus_k(acme, bob, a_topic()).giver == acme
    assert plus_k(bob, acme, a_topic()).receiver == acme


def test_who_only_reads_along_gives_nothing_for_an_organisation(join) -> None:
    alice, bob, acme = join("Alice"), join("Bob"), join("Acme")
    about(bob)
    Membership.objects.create(user=alice.users.get(), person=acme, role=Membership.Role.VIEWER)
    with pytest.raises(NotAllowed) as refused:
        giving.give(giver=acme, receiver=bob, topic=a_topic(), user=alice.users.get(), at=AT)
    assert refused.value.details["why"] == "role"


@pytest.mark.parametrize("of", ["giver", "receiver"])
def test_the_under_age_neither_give_nor_get(join, of: str) -> None:
    alice, bob = join("Alice"), join("Bob")
    about(bob)
    young = alice if of == "giver" else bob
    young.birth_year = 2012
    young.save()
    with pytest.raises(NotAllowed):
        plus_k(alice, bob, a_topic())
    assert not Endorsement.objects.exists()


def test_the_silenced_are_told_until_when_and_why(join) -> None:
    alice, bob = join("Alice"), join("Bob")
    about(bob)
    Silenced.objects.create(person=alice, until=AT + 3 * DAY, reason="Spam", created_at=AT)
    with pytest.raises(Silent) as refused:
        plus_k(alice, bob, a_topic())
    assert refused.value.details == {"until": AT + 3 * DAY, "reason": "Spam"}
    assert plus_k(alice, bob, a_topic(), AT + 3 * DAY)


def test_who_rests_or_hides_may_give(join) -> None:
    alice, bob, carol = join("Alice", visibility="hidden"), join("Bob"), join("Carol")
    about(carol)
    Pause.objects.create(person=bob, reason=Pause.Reason.REST, started_at=AT - DAY)
    assert plus_k(alice, carol, a_topic())
    assert plus_k(bob, carol, a_topic())


@pytest.mark.parametrize("what", ["hidden", "leaving", "gone"])
def test_nobody_gives_to_who_is_not_to_be_seen(join, what: str) -> None:
    alice, bob = join("Alice"), join("Bob", visibility="hidden" if what == "hidden" else "public")
    about(bob)
    if what == "leaving":
        Erasure.objects.create(person=bob, requested_at=AT, due_at=AT + 14 * DAY, visibility="public")
    elif what == "gone":
        privacy.erase_person(person=Person.objects.get(pk=bob.pk), at=AT)
    with pytest.raises(NotAllowed) as refused:
        plus_k(alice, bob, a_topic())
    assert refused.value.details["why"] == "gone"
    assert left(alice) == 5
    assert not Endorsement.objects.exists()


# ---------------------------------------------------------------- taking back


def test_taken_back_within_ten_minutes_everything_is_as_before(join) -> None:
    alice, bob = join("Alice"), join("Bob")
    [topic] = about(bob)
    given = plus_k(alice, bob, topic)
    giving.undo(endorsement=given, at=AT + 9 * MINUTE)
    assert given.undone_at == AT + 9 * MINUTE
    assert left(alice) == 5
    # The seven days are free again.
    assert plus_k(alice, bob, topic, AT + 9 * MINUTE)


def test_after_ten_minutes_it_stays(join) -> None:
    alice, bob = join("Alice"), join("Bob")
    given = plus_k(alice, bob, *about(bob))
    with pytest.raises(TooLate):
        giving.undo(endorsement=given, at=AT + 10 * MINUTE)
    assert Endorsement.objects.get().undone_at is None
    assert left(alice) == 4


def test_taken_back_twice_one_is_given_back(join) -> None:
    alice, bob, carol = join("Alice"), join("Bob"), join("Carol")
    about(carol)
    plus_k(alice, carol, a_topic())
    given = plus_k(alice, bob, *about(bob))
    for _ in range(2):
        giving.undo(endorsement=given, at=AT + MINUTE)
    assert left(alice) == 4
    assert Endorsement.objects.get(receiver=bob).undone_at == AT + MINUTE


def test_what_is_taken_back_after_midnight_brings_the_new_day_nothing(join) -> None:
    alice, bob, carol = join("Alice"), join("Bob"), join("Carol")
    about(carol)
    before = datetime(2026, 11, 1, 23, 58, tzinfo=UTC)
    given = plus_k(alice, bob, *about(bob), before)
    after = before + 5 * MINUTE
    plus_k(alice, carol, a_topic(), after)
    giving.undo(endorsement=given, at=after)
    assert left(alice, after) == 4
    assert Endorsement.objects.get(receiver=bob).undone_at == after


def test_without_a_time_the_clock_is_the_databases(join) -> None:
    alice, bob = join("Alice"), join("Bob")
    given = plus_k(alice, bob, *about(bob), None)
    assert abs(given.given_at - datetime.now(UTC)) < timedelta(minutes=5)
    giving.undo(endorsement=given)
    assert given.undone_at >= given.given_at


def test_every_refusal_has_a_code_and_a_sentence() -> None:
    codes = {error.code for error in (NoneLeft, TooSoon, NotTheirTopic, NotAllowed, Silent, TooLate)}
    assert len(codes) == 6
    assert all(str(error()) for error in CannotGive.__subclasses__())


# ---------------------------------------------------------------- how many there are


def gave_on(person: Person, other: Person, *days: int) -> None:
    for day in days:
        at = AT - day * DAY
        Endorsement.objects.create(
            giver=person, receiver=other, topic=a_topic(f"t{day}"), given_at=at, until=at + 7 * DAY
        )


def test_who_gives_on_many_days_has_more(join) -> None:
    alice, bob = join("Alice"), join("Bob")
    gave_on(alice, bob, *range(1, 5))
    assert purse.state_of(alice, AT).allowance == 5
    gave_on(alice, bob, 6)
    state = purse.state_of(alice, AT)
    assert state.allowance == 6
    assert [(reason.kind, reason.points, reason.number) for reason in state.reasons][:2] == [
        ("base", 5, 5),
        ("giving", 1, 5),
    ]
    assert "5 of the last 30 days" in str(state.reasons[1])
    # Today counts tomorrow, and what was taken back does not.
    Endorsement.objects.filter(topic__slug="t6").update(undone_at=AT - 6 * DAY)
    assert purse.state_of(alice, AT).allowance == 5


def test_what_is_earned_goes_one_by_one_and_the_base_never(join) -> None:
    alice, bob = join("Alice"), join("Bob")
    gave_on(alice, bob, *range(1, 31))
    allowances = [purse.state_of(alice, AT + day * DAY).allowance for day in (0, 6, 11, 16, 21, 26, 31, 300)]
    assert allowances == [10, 9, 8, 7, 6, 5, 5, 5]


@pytest.mark.parametrize(
    ("numbers", "allowance"), [((0, 0, 0), 5), ((4, 0, 9), 5), ((25, 3, 20), 15), ((30, 99, 30), 15), ((5, 1, 10), 8)]
)
def test_nobody_has_more_than_fifteen(numbers: tuple[int, int, int], allowance: int) -> None:
    assert sum(reason.points for reason in purse.reasons_for(*numbers)) == allowance <= purse.MOST


def test_an_open_purse_stays_as_it_is_until_the_day_is_over(join) -> None:
    alice, bob = join("Alice"), join("Bob")
    gave_on(alice, bob, *range(1, 6))
    assert purse.take(alice, AT)
    Endorsement.objects.all().delete()
    assert (purse.state_of(alice, AT).allowance, purse.state_of(alice, AT + DAY).allowance) == (6, 5)


def test_a_topic_that_is_hidden_later_keeps_what_was_given(join) -> None:
    alice, bob = join("Alice"), join("Bob")
    given = plus_k(alice, bob, *about(bob))
    PersonTopic.objects.update(hidden=True)
    assert giving.undo(endorsement=given, at=AT + MINUTE).undone_at

"""+K that friends give each other, small rings, or accounts made for it, through the real daily run: they move a score
far less than the same number from people who have nothing to do with each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import numpy as np
import pytest

from accounts.models import Person
from scoring import daily, deeds, suspicions
from scoring.engine.guards import DAMPED, find
from scoring.features.base import ONE
from scoring.models import Component, Endorsement, Topic
from scoring.plus_k import settling
from tests.scoring.conftest import AT, TODAY, names, replies
from tests.scoring.engine.given import ids

YESTERDAY = AT - timedelta(days=1)
OLD = AT - timedelta(days=400)


@pytest.fixture
def bees(db) -> Topic:
    return Topic.objects.create(slug="guarding-bees", name="Guarding bees")


@pytest.fixture
def member(join, db) -> Callable[..., Person]:
    """A member of long standing, with an account that some react to."""

    def member(handle: str, joined=OLD) -> Person:
        person = join(handle, twitter=handle.lower())
        Person.objects.filter(pk=person.pk).update(created_at=joined)
        person.refresh_from_db()
        return person

    return member


def give(topic: Topic, *pairs: tuple[Person, Person]) -> None:
    rows = [
        Endorsement(
            giver=giver, receiver=receiver, topic=topic, given_at=YESTERDAY, until=YESTERDAY + timedelta(days=7)
        )
        for giver, receiver in pairs
    ]
    Endorsement.objects.bulk_create(rows)
    settling.settle(at=AT)


def around(receiver: Person, givers: Sequence[Person]) -> list[tuple[Person, Person]]:
    return [(giver, receiver) for giver in givers]


def mutual(people: Sequence[Person]) -> list[tuple[Person, Person]]:
    return [(one, other) for one in people for other in people if one != other]


def brought(person: Person) -> float:
    """What +K adds to the score of `person`."""
    return sum(Component.objects.filter(person=person, network="klout").values_list("points", flat=True))


def test_rings_favours_and_new_accounts_gain_far_less_than_independent_givers(member, happen, bees):
    rings = {size: [member(f"Ring{size}of{n}") for n in range(size)] for size in (2, 3, 5, 10)}
    alone = {size: member(f"Alone{size}") for size in rings}
    others = [member(f"Other{n}") for n in range(30)]
    raided, grown, risen, told = (member(name) for name in ("Raided", "Grown", "Risen", "Told"))
    fresh = [member(f"Fresh{n}", joined=AT - timedelta(days=5)) for n in range(12)]
    star, nobody = member("Star"), member("Nobody")
    reacted = [*(one for ring in rings.values() for one in ring), *alone.values(), *others]
    reacted += [raided, grown, risen, told]
    fans = [row for one in reacted for row in replies(one.handle.lower(), names(f"fan of {one.handle} ", 6))]
    happen([*fans, *replies("star", names("fan of the star ", 400))])
    # The independent ones give to others besides, as people do.
    for size, ring in rings.items():
        give(bees, *mutual(ring), *around(alone[size], others[: size - 1]))
    give(bees, *around(raided, fresh), *around(grown, others[12:24]), (star, risen), (nobody, told))
    # Twice: what a giver's standing is follows from the scores of the day before.
    daily.run(as_of=TODAY - timedelta(days=1), at=AT)
    daily.run(as_of=TODAY, at=AT)
    for size, ring in rings.items():
        gained, fair = brought(ring[0]), brought(alone[size])
        print(f"ring of {size}: {gained:.2f} points; as many independent givers: {fair:.2f}")
        assert 0 < gained < {2: 0.3, 3: 0.3, 5: 0.3, 10: 0.6}[size] * fair
    print(f"12 new accounts: {brought(raided):.2f} points; 12 members of long standing: {brought(grown):.2f}")
    assert brought(raided) < 0.6 * brought(grown)
    print(f"from a score of {star.score.score:.0f}: {brought(risen):.2f}; from one of 1: {brought(told):.2f}")
    assert star.score.score > 30 > nobody.score.score
    assert brought(risen) > 1.2 * brought(told)


def test_in_a_place_that_has_just_opened_nobody_is_new_to_it(member, happen, bees):
    alice = member("Alice", joined=AT - timedelta(days=9))
    others = [member(f"Other{n}", joined=AT - timedelta(days=5)) for n in range(6)]
    give(bees, *around(alice, others))
    found = suspicions.born()
    accounts = {one.links.get(account__network="klout").account_id for one in [alice, *others]}
    days = found["day"][np.isin(found["account"], list(accounts))]
    assert len(days) == 7
    assert (days < (AT - timedelta(days=31)).toordinal() - 719_163).all()


def test_what_counts_less_is_given_to_the_engine_by_the_accounts_here(member, bees):
    alice, bob, carol = member("Alice"), member("Bob"), member("Carol")
    give(bees, (alice, bob), (bob, alice), (carol, alice))
    Endorsement.objects.filter(giver=alice).update(weight=0.25)
    Endorsement.objects.filter(giver=bob).update(weight=0.0)
    found = deeds.damped(TODAY)
    account = {one.pk: one.links.get(account__network="klout").account_id for one in (alice, bob, carol)}
    rows = set(zip(*(found[name].tolist() for name in ("target", "actor", "weight")), strict=True))
    assert rows == {(account[bob.pk], account[alice.pk], ONE // 4), (account[alice.pk], account[bob.pk], 0)}
    assert len(deeds.damped(YESTERDAY.date())["target"]) == 0


def test_of_several_reasons_the_lowest_weight_stands_and_a_trusted_account_is_not_judged():
    pairs = {
        "target": ids(1, 1, 2),
        "actor": ids(5, 6, 5),
        "network": ids(18, 18, 18),
        "first_day": ids(100, 100, 100),
        "confirmed": ids(1, 1, 1),
        "supplied": ids(0, 0, 0),
        **{name: ids(ONE, ONE, ONE) for name in ("now", "recent", "hands")},
    }
    # Of who is not in the log, and of whole weight, nothing is said; nothing counts for nothing at all.
    damped = {"target": ids(1, 1, 2, 9), "actor": ids(5, 6, 5, 5), "weight": ids(0, ONE, 100, 100)}
    found = find(pairs, damped=damped)
    rows = list(zip(*(found[name].tolist() for name in ("target", "actor", "weight", "reason")), strict=True))
    assert rows == [(1, 5, 1, DAMPED), (2, 5, 100, DAMPED)]
    assert find(pairs, damped=damped, trusted=ids(1))["target"].tolist() == [2]
    assert find(pairs)["target"].tolist() == []

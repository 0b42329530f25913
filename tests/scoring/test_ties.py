"""Ties: who of the members moves whom, as the daily run writes it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from accounts.models import Account, Person
from scoring import daily, ties
from scoring.computing import inputs, owned_accounts
from scoring.engine.moments import rows_of
from scoring.models import Relation, Tie
from tests.scoring.conftest import AT, TODAY, names, replies

pytestmark = pytest.mark.django_db


def all_ties() -> dict[tuple[str, str], Tie]:
    """(influencer, influencee) -> tie, by handle."""
    rows = Tie.objects.select_related("influencer", "influencee")
    return {(tie.influencer.handle, tie.influencee.handle): tie for tie in rows}


def write(as_of: date = TODAY, most: int = ties.MOST) -> int:
    """What the daily run does, without the rest of it."""
    everybody = np.asarray(owned_accounts()["account"])
    nobody = np.zeros(0, np.int64)
    return ties.write(rows=rows_of(inputs(as_of), everybody), standing=(nobody, nobody), guards=None, most=most)


def test_who_reacts_is_moved_by_whom_they_react_to(join: Any, happen: Any) -> None:
    join("Alice", twitter="a")
    join("Bob", twitter="b")
    happen(replies("a", ["b", "b", *names("stranger", 9)]))
    daily.run(as_of=TODAY, at=AT)
    ((pair, tie),) = all_ties().items()
    assert pair == ("Alice", "Bob")
    assert tie.reactions == 2
    assert 1.0 < tie.weight < 3.0
    assert not tie.follows


def test_people_who_are_no_members_have_none(join: Any, happen: Any) -> None:
    join("Alice", twitter="a")
    happen(replies("a", names("stranger", 5)) + replies("stranger0", ["a"]))
    daily.run(as_of=TODAY, at=AT)
    assert all_ties() == {}


def test_ones_own_reactions_are_no_tie(join: Any, happen: Any) -> None:
    join("Alice", twitter="a", facebook="a2")
    happen([("a", "a", "reply", "2026-10-25T10:00:00Z")])
    assert write() == 0


def test_all_accounts_of_both_are_one_tie(join: Any, happen: Any) -> None:
    join("Alice", twitter="a", facebook="am")
    join("Bob", twitter="b", facebook="bm")
    happen(replies("a", ["b"]))
    alone = (write(), all_ties()["Alice", "Bob"].weight)
    happen(replies("am", ["bm"]), network="facebook")
    assert (write(), alone[0]) == (1, 1)
    assert all_ties()["Alice", "Bob"].weight == pytest.approx(2 * alone[1])
    assert all_ties()["Alice", "Bob"].reactions == 2


def test_following_ties_without_any_reaction_and_a_list_does_not(join: Any) -> None:
    join("Alice", twitter="a")
    join("Bob", twitter="b")
    number = dict(Account.objects.values_list("external_id", "pk"))
    for verb in (5, 6):
        target, actor = (number["a"], number["b"]) if verb == 5 else (number["b"], number["a"])
        Relation.objects.create(
            target=target, actor=actor, verb=verb, network=1, origin=1, observed_at=AT - timedelta(days=9)
        )
    assert write() == 1
    tie = all_ties()["Alice", "Bob"]
    assert (tie.weight, tie.reactions, tie.follows) == (0.0, 0, True)


def test_old_reactions_fade_out_of_it(join: Any, happen: Any) -> None:
    join("Alice", twitter="a")
    join("Bob", twitter="b")
    happen(replies("a", ["b"], day="2026-06-01"))
    assert write(date(2026, 6, 2)) == 1
    fresh = all_ties()["Alice", "Bob"]
    write()
    faded = all_ties()["Alice", "Bob"]
    assert 0 < faded.weight < fresh.weight / 10
    assert (fresh.reactions, faded.reactions) == (1, 0)


def test_a_run_takes_the_place_of_the_one_before(join: Any, happen: Any) -> None:
    join("Alice", twitter="a")
    bob = join("Bob", twitter="b")
    charlie = join("Charlie", twitter="c")
    happen(replies("a", ["b", "c"]))
    assert write() == 2
    bob.links.all().delete()
    assert write() == 1
    assert list(all_ties()) == [("Alice", "Charlie")]
    assert write() == 1
    charlie.delete()
    assert write() == 0


def test_of_many_the_strongest_are_kept_on_both_sides(join: Any, happen: Any) -> None:
    join("Alice", twitter="a")
    fans = [f"Fan{i}" for i in range(5)]
    for i, fan in enumerate(fans):
        join(fan, twitter=f"f{i}")
        happen(replies("a", [f"f{i}"] * (i + 1)))
    assert write(most=3) == 3
    assert {fan for _alice, fan in all_ties()} == set(fans[2:])


def test_who_was_erased_while_the_run_went_on_has_none(join: Any, happen: Any, monkeypatch: Any) -> None:
    join("Alice", twitter="a")
    bob = join("Bob", twitter="b")
    happen(replies("a", ["b"]))
    found = ties.engine.between

    def between(*args: Any, **options: Any) -> Any:
        pairs = found(*args, **options)
        Person.objects.filter(pk=bob.pk).delete()
        return pairs

    monkeypatch.setattr(ties.engine, "between", between)
    assert write() == 0

"""Who counts less: accounts that come all at once and that nobody knows, and closed circles; and who does not."""

import itertools
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.engine import circles, guards
from scoring.engine import pairs as engine_pairs
from scoring.features.base import ONE

# Days of the log; the first of each week is a multiple of seven.
BEGIN, LATE = 700, 896
ALICE, BOB = 1, 2
CROWD = range(100, 160)

Row = tuple[int, int, int]


def pairs(rows: Iterable[Row], **columns: int) -> dict[str, np.ndarray]:
    """int_pairs of (target, actor, first day): each one fresh reaction, from a table of a whole network."""
    first: dict[tuple[int, int], int] = {}
    for target, actor, day in sorted(rows, key=lambda row: row[2]):
        first.setdefault((target, actor), day)
    target, actor, day = (
        np.array([(*ends, day) for ends, day in sorted(first.items())], dtype=np.int64).reshape(-1, 3).T
    )
    given = {"network": 1, "confirmed": 0, "supplied": 0, "now": ONE, "recent": ONE, "hands": ONE, **columns}
    return {
        "target": target,
        "actor": actor,
        "first_day": day,
        **{name: np.full(len(target), value, dtype=np.int64) for name, value in given.items()},
    }


def weights(found: dict[str, np.ndarray]) -> dict[tuple[int, int], float]:
    """(target, actor) -> how much their reactions still count, of those that count less."""
    ends = zip(found["target"].tolist(), found["actor"].tolist(), strict=True)
    return dict(zip(ends, (found["weight"] / ONE).tolist(), strict=True))


def talking(people: Iterable[int] = CROWD, day: int = BEGIN) -> list[Row]:
    """People of whom each reacts to the next three."""
    people = list(people)
    return [
        (people[(place + step) % len(people)], actor, day + place % 30)
        for place, actor in enumerate(people)
        for step in (1, 2, 3)
    ]


def world(fans: int = 40) -> list[Row]:
    """People who talk with each other, and of whom some react to Alice over half a year."""
    return [*talking(), *((ALICE, actor, BEGIN + 4 * nth) for nth, actor in enumerate(list(CROWD)[:fans]))]


def new(number: int, first: int = 1000) -> range:
    return range(first, first + number)


def test_new_accounts_all_at_once_share_what_a_few_may_bring():
    rows = [*world(), *((ALICE, actor, LATE + actor % 3) for actor in new(1000))]
    found = guards.find(pairs(rows))
    assert set(found["reason"].tolist()) == {guards.BURST}
    assert set(found["actor"].tolist()) == set(new(1000))
    # As one of them on an average day of the week, and as a twelfth of the forty people before.
    assert sum(weights(found).values()) == pytest.approx(2 / 3 + 40 / 12, rel=0.01)


def test_new_accounts_of_these_days_are_held_to_what_these_days_saw():
    rows = [*world(), *((ALICE, actor, LATE + actor % 3) for actor in new(1000))]
    told = pairs(rows)
    # Of the forty before none reacted lately: what is measured over these days bears the new ones out no further.
    told["now"][told["actor"] < 1000] = 0
    assert sum(weights(guards.find(told)).values()) == pytest.approx(2 / 3, rel=0.05)
    # And once these days are over, that holds nobody back any more.
    told["now"][:] = 0
    assert sum(weights(guards.find(told)).values()) == pytest.approx(1 + 40 / 12, rel=0.01)


@given(st.integers(1, 60))
def test_one_more_never_takes_anything_away(number: int):
    def brought(number: int) -> float:
        rows = [*world(8), *((ALICE, actor, LATE) for actor in new(number))]
        return number - sum(1 - weight for weight in weights(guards.find(pairs(rows))).values())

    assert brought(number + 1) >= brought(number) - 1e-3


def test_what_was_new_once_does_not_count_in_full_a_year_later():
    rows = [*world(), *((ALICE, actor, LATE) for actor in new(300))]
    later = [(BOB, actor, LATE + 400) for actor in CROWD]
    before, after = (weights(guards.find(pairs(some))) for some in (rows, [*rows, *later]))
    assert before == after
    assert before


def test_a_few_new_people_a_week_are_nothing_unusual():
    rows = [*world(60), *((ALICE, actor, LATE - 7 * nth) for nth, actor in enumerate(new(10)))]
    assert not weights(guards.find(pairs(rows)))


@pytest.mark.parametrize("each", [1, 2])
def test_new_people_whom_others_know_count_in_full(each: int):
    come = new(400)
    rows = [*world(), *((ALICE, actor, LATE) for actor in come)]
    known = [(actor, list(CROWD)[(actor + nth) % 60], LATE + 1) for actor in come for nth in range(each)]
    assert weights(guards.find(pairs(rows)))
    assert not weights(guards.find(pairs([*rows, *known])))


def test_to_be_answered_by_whom_they_came_for_makes_nobody_known():
    come = new(400)
    rows = [*world(), *((ALICE, actor, LATE) for actor in come), *((actor, ALICE, LATE + 1) for actor in come)]
    assert len(weights(guards.find(pairs(rows)))) == 400


def test_new_accounts_do_not_vouch_for_each_other():
    come = list(new(400))
    rows = [
        *world(),
        *((ALICE, actor, LATE) for actor in come),
        *zip(come, come[1:] + come[:1], [LATE] * 400, strict=True),
    ]
    assert len(weights(guards.find(pairs(rows)))) == 400


def test_growth_like_the_audience_one_has_is_free():
    # Half of those who come are known to others.
    come = new(400)
    rows = [*world(), *((ALICE, actor, LATE) for actor in come)]
    known = [(actor, list(CROWD)[actor % 60], LATE + 1) for actor in come if actor % 2]
    assert not weights(guards.find(pairs([*rows, *known])))


def test_in_the_first_month_of_a_network_nobody_is_called_new():
    rows = [(ALICE, actor, BEGIN + 20) for actor in new(500)]
    assert not weights(guards.find(pairs([*world(), *rows])))


def test_an_account_that_was_just_linked_is_covered_for_a_month_before_anybody_is_called_new():
    rows = [(BOB, actor, LATE) for actor in new(500)]
    told = pairs([*world(), *rows])
    told["confirmed"][told["target"] == BOB] = 1
    assert not weights(guards.find(told))
    # Where a table of the whole network says the same, Bob had nobody until then.
    assert len(weights(guards.find(pairs([*world(), *rows])))) == 500


def told_of_bob(rows: Iterable[Row]) -> dict[str, np.ndarray]:
    """Bob's are told by an API alone, the others' by a table of the network."""
    told = pairs(rows)
    told["confirmed"][told["target"] == BOB] = 1
    return told


def test_who_is_seen_by_an_api_alone_may_grow_by_people_whom_nobody_else_is_seen_to_react_to():
    # Whoever reacts to Bob is new to us and has no audience that we see; so it is with everybody's there.
    first = [(BOB, actor, BEGIN + actor % 30) for actor in new(20)]
    later = [(BOB, actor, BEGIN + 63 + actor % 7) for actor in new(18, 2000)]
    assert not weights(guards.find(told_of_bob([*world(), *first, *later])))
    few = [(BOB, actor, BEGIN + 63 + actor % 7) for actor in new(3, 2000)]
    assert not weights(guards.find(told_of_bob([*world(), *first[:1], *few])))
    # All at once they are too many still, and those that are known to be new are held to as few as ever.
    many = told_of_bob([*world(), *first, *((BOB, actor, BEGIN + 63) for actor in new(500, 3000))])
    assert sum(weights(guards.find(many)).values()) == pytest.approx(3 * 2 / 3 + 20, rel=0.01)
    born = {"account": np.array(new(500, 3000)), "day": np.full(500, BEGIN + 61)}
    assert sum(weights(guards.find(many, born=born)).values()) == pytest.approx(2 / 3 + 20 / 12, rel=0.01)


def test_the_date_of_making_goes_before_what_was_seen():
    rows = [(ALICE, actor, BEGIN + 20) for actor in new(500)]
    born = {"account": np.array(new(500)), "day": np.full(500, BEGIN + 18)}
    old = {"account": np.array(new(500)), "day": np.full(500, BEGIN - 2000)}
    late = [(ALICE, actor, LATE) for actor in new(500)]
    # In the first month already, where it is known.
    assert len(weights(guards.find(pairs([*world(), *rows]), born=born))) == 500
    # Who is old is not new for having been seen for the first time.
    assert not weights(guards.find(pairs([*world(), *late]), born=old))


def test_what_was_uploaded_is_no_burst_and_proves_no_age():
    rows = [(ALICE, actor, LATE) for actor in new(500)]
    uploaded = pairs([*world(), *rows])
    uploaded["supplied"][uploaded["actor"] >= 1000] = 1
    assert not weights(guards.find(uploaded))
    invented = pairs([*world(), *rows, *((BOB, actor, BEGIN) for actor in new(500))])
    invented["supplied"][invented["target"] == BOB] = 1
    assert len(weights(guards.find(invented))) == 500


def test_whom_an_operator_trusts_is_not_judged():
    rows = [*world(), *((ALICE, actor, LATE) for actor in new(500)), *((BOB, actor, LATE) for actor in new(500, 3000))]
    found = guards.find(pairs(rows), trusted=np.array([ALICE]))
    assert set(found["target"].tolist()) == {BOB}


def ring(members: Iterable[int], day: int = BEGIN) -> list[Row]:
    return [(one, other, day) for one, other in itertools.permutations(members, 2)]


def test_a_ring_of_a_hundred_counts_for_next_to_nothing():
    members = [ALICE, *new(99)]
    found = guards.find(pairs([*world(), *talking(range(5000, 5600)), *ring(members)]))
    assert set(found["reason"].tolist()) == {guards.CIRCLE}
    of_alice = [weight for (target, _), weight in weights(found).items() if target == ALICE]
    assert len(of_alice) == 99
    assert sum(of_alice) < 0.2
    # The forty people who react to her besides count as ever.
    assert not set(found["actor"].tolist()) & set(CROWD)


def test_a_ring_that_reacts_to_each_other_by_lot_is_closed_all_the_same():
    rng = np.random.default_rng(2)
    members = [ALICE, *new(99)]
    rows = [
        (members[(place + step) % 100], one, BEGIN)
        for place, one in enumerate(members)
        for step in rng.choice(np.arange(1, 100), 40, replace=False).tolist()
    ]
    elsewhere = talking(range(5000, 5600))
    assert max(weights(guards.find(pairs([*world(), *elsewhere, *rows]))).values()) < 0.1
    # Whom others react to as much as they do to each other is a community.
    outside = [
        (member, 5000 + (40 * nth + fan) % 600, BEGIN) for nth, member in enumerate(members) for fan in range(40)
    ]
    assert min(weights(guards.find(pairs([*world(), *elsewhere, *rows, *outside]))).values(), default=1) > 0.9


def test_a_pod_of_twenty_with_audiences_of_their_own_is_a_circle():
    members = [ALICE, *list(CROWD)[:19]]
    audiences = [(member, 10_000 + 50 * nth + fan, BEGIN) for nth, member in enumerate(members) for fan in range(50)]
    found = guards.find(pairs([*world(0), *ring(members), *audiences]))
    assert len(weights(found)) == 20 * 19
    assert max(weights(found).values()) < 0.1


@pytest.mark.parametrize("size", [2, 5, 8])
def test_those_who_answer_each_other_are_no_circle(size: int):
    friends = [group for first in range(1000, 3000, 100) for group in ring(range(first, first + size))]
    assert not weights(guards.find(pairs([*world(), *friends])))


def test_a_hub_that_answers_everybody_is_no_circle():
    both = [row for actor in new(3000) for row in ((ALICE, actor, BEGIN), (actor, ALICE, BEGIN))]
    assert not weights(guards.find(pairs([*world(), *both])))


def test_what_makes_up_a_whole_network_is_no_circle_in_it():
    everybody = ring(range(1000, 1030))
    assert not weights(guards.find(pairs(everybody)))
    assert weights(guards.find(pairs([*talking(range(2000, 2200)), *everybody])))


def test_each_guard_can_be_left_out():
    rows = [*world(), *((BOB, actor, LATE) for actor in new(500, 3000)), *ring([ALICE, *new(29)])]
    reasons = {
        enabled: set(guards.find(pairs(rows), enabled=enabled)["reason"].tolist())
        for enabled in (frozenset(), frozenset({guards.BURST}), frozenset({guards.CIRCLE}), guards.ENABLED)
    }
    assert reasons == {enabled: set(enabled) for enabled in reasons}


def test_neither_the_order_of_pairs_nor_the_numbers_of_accounts_change_anything():
    rows = pairs([*world(), *((BOB, actor, LATE) for actor in new(500, 3000)), *ring([ALICE, *new(29)])])
    order = np.random.default_rng(3).permutation(len(rows["target"]))
    mixed = {name: values[order] for name, values in rows.items()}
    far = {**rows, "target": rows["target"] * 10**12, "actor": rows["actor"] * 10**12}
    found, again, spread = (guards.find(given) for given in (rows, mixed, far))
    assert {name: values.tolist() for name, values in found.items()} == {
        name: values.tolist() for name, values in again.items()
    }
    assert spread["weight"].tolist() == found["weight"].tolist()
    assert (found["target"] * 10**12).tolist() == spread["target"].tolist()


def test_pairs_are_looked_at_some_at_a_time_and_judged_the_same(monkeypatch: pytest.MonkeyPatch):
    targets = [(BOB + nth, actor, LATE) for nth in range(3) for actor in new(300 + 50 * nth, 3000 + 1000 * nth)]
    rows = pairs([*world(), *targets, *ring([ALICE, *new(29)])])
    at_once = guards.find(rows)
    assert set(at_once["reason"].tolist()) == guards.ENABLED
    for module in (engine_pairs, guards):
        monkeypatch.setattr(module, "ROWS", 97)
    found = guards.find(rows)
    assert {name: values.tolist() for name, values in found.items()} == {
        name: values.tolist() for name, values in at_once.items()
    }


def test_common_partners_are_counted_as_by_hand_in_pieces_too(monkeypatch: pytest.MonkeyPatch):
    rng = np.random.default_rng(5)
    edges = np.unique(np.sort(rng.integers(0, 40, (300, 2)), axis=1), axis=0)
    edges = edges[edges[:, 0] != edges[:, 1]]
    near: dict[int, set[int]] = {number: set() for number in range(40)}
    for one, other in edges.tolist():
        near[one].add(other)
        near[other].add(one)
    by_hand = [len(near[one] & near[other]) for one, other in edges.tolist()]
    for at_once in (1, 7, circles.WEDGES):
        monkeypatch.setattr(circles, "WEDGES", at_once)
        assert circles._in_common(edges[:, 0], edges[:, 1], 40).tolist() == by_hand


def test_nobody_is_nobody():
    assert not weights(guards.find(pairs([])))


def test_real_conversations_are_hardly_touched(data):
    messages = np.loadtxt(data / "graphs" / "collegemsg" / "CollegeMsg.txt", dtype=np.int64)
    first: dict[tuple[int, int], int] = {}
    for actor, target, moment in messages.tolist():
        first.setdefault((target, actor), moment // 86_400)
    private = [(target, actor, day) for (target, actor), day in first.items()]
    mentions = np.loadtxt(data / "graphs" / "higgs_twitter" / "higgs-mention_network.edgelist", dtype=np.int64)
    public = {(int(target), int(actor), 15_000) for actor, target, _ in mentions if actor != target}
    for rows, most in ((private, 0.001), (public, 0.0)):
        found = guards.find(pairs(rows))
        assert (1 - found["weight"] / ONE).sum() <= most * len(rows)

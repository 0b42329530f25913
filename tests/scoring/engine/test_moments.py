"""What is lost without a post, held to the slow way: its rows taken out of the log, and everything computed anew."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.engine import moments
from scoring.engine.base import Inputs
from scoring.engine.duckdb import compute
from scoring.engine.moments import Cases, before, leaving_out, rows_of
from scoring.engine.tables import DAY, day_number
from scoring.features.base import ONE, FeatureTable
from scoring.features.catalogue import FEATURES
from tests.scoring.engine.given import AS_OF, ids, inputs_of
from tests.scoring.engine.reference import Event, Lasting, Log, Reading, Total

MIDNIGHT = datetime(AS_OF.year, AS_OF.month, AS_OF.day, tzinfo=UTC)
SINCE = AS_OF - timedelta(days=2)
MEMBERS = ids(1, 2, 3)
STANDING = ids(1, 2, 3, 4, 5)
POSTS = [11, -12, 13]
# What counters say is held as it is, and so is what is no sum over reactions.
ADDED = {
    feature.column
    for feature in FEATURES
    if not feature.ratio
    and feature.measure not in {"surplus", "counter", "most", "largest"}
    and feature.window not in {"month", "before", "quarter"}
}
# Between the numbers of the same account in two logs.
APART = 1000

accounts = st.integers(1, 5)
times = st.integers(1, 86_400 * 6).map(lambda seconds: MIDNIGHT - timedelta(seconds=seconds))
origins = st.sampled_from(["api", "bulk", "archive"])
events = st.lists(
    st.builds(
        Event,
        st.integers(0, 2**40),
        times,
        accounts,
        accounts,
        st.sampled_from(["like", "share", "mention", "follow"]),
        st.sampled_from([0, *POSTS]),
        origin=origins,
    ),
    max_size=30,
    unique_by=lambda event: event.key,
)
relations = st.lists(
    st.builds(Lasting, accounts, accounts, st.sampled_from(["like", "follow"]), origin=origins),
    max_size=4,
    unique_by=lambda row: (row.target, row.actor, row.verb),
)
totals = st.lists(
    st.builds(Total, accounts, st.sampled_from(POSTS), st.sampled_from(["like", "share"]), st.integers(0, 90), times),
    max_size=6,
    unique_by=lambda row: (row.account, row.post, row.verb),
)
published = st.dictionaries(st.tuples(accounts, st.sampled_from(POSTS)), times, max_size=6)
logs = st.builds(
    Log,
    events=events,
    relations=relations,
    # An account of which nothing else is known would have no row at all, for all that it posts.
    counters=st.just([Reading(1, "retweets_received", 40), Reading(2, "followers", 9), Reading(3, "followers", 0)]),
    totals=totals,
    erased=st.sets(accounts, max_size=1),
    owners=st.dictionaries(accounts, st.integers(1, 2), max_size=3),
    paused=st.dictionaries(accounts, st.sets(st.integers(0, 5).map(lambda days: AS_OF - timedelta(days=days)))),
)
guards = st.dictionaries(st.tuples(accounts, accounts), st.integers(0, ONE), max_size=8)
standing = st.lists(st.integers(ONE // 2, 5 * ONE), min_size=5, max_size=5)

Rows = dict[tuple[int, int], dict[str, int]]


def columns_of_published(posts: dict[tuple[int, int], datetime]) -> dict[str, np.ndarray]:
    return {
        "account": ids(*(account for account, _ in posts)),
        "post": ids(*(post for _, post in posts)),
        "occurred_at": ids(*(int(at.timestamp() * 1_000_000) for at in posts.values())),
    }


def columns_of_guards(found: dict[tuple[int, int], int]) -> dict[str, np.ndarray]:
    return {
        "target": ids(*(target for target, _ in found)),
        "actor": ids(*(actor for _, actor in found)),
        "weight": ids(*found.values()),
        "reason": ids(*(1 for _ in found)),
    }


def rows(table: FeatureTable) -> Rows:
    """(account, supplied) -> column -> value; zeros left out, and what counters say beyond."""
    return {
        (int(table.account[row]), int(table.supplied[row])): {
            name: int(values[row]) for name, values in table.columns.items() if values[row] and name in ADDED
        }
        for row in range(len(table))
    }


def keep(columns: dict[str, np.ndarray], mask: np.ndarray) -> dict[str, np.ndarray]:
    return {name: values[mask] for name, values in columns.items()}


def taken_out(inputs: Inputs, account: int, post: int | None, fresh: bool) -> Inputs:
    """The log without what happened to a post (None: to any), or without what is fresh of that."""
    since = day_number(SINCE) * DAY

    def stays(columns: dict[str, np.ndarray], whose: str) -> np.ndarray:
        hit = (columns[whose] == account) & (columns["post"] != 0)
        if post is not None:
            hit &= columns["post"] == post
        return ~(hit & (columns["occurred_at"] >= since)) if fresh else ~hit

    return replace(
        inputs,
        newest=keep(inputs.newest, stays(inputs.newest, "target")),
        totals=keep(inputs.totals, stays(inputs.totals, "account")),
        published=keep(inputs.published, stays(inputs.published, "account")),
    )


def computed_apart(worlds: list[Inputs], less: dict[str, np.ndarray], weighs: list[int]) -> FeatureTable:
    """The features of each of some logs; computed at once, the accounts of each numbered apart (APART)."""

    def apart(columns: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
        ends = {"target", "actor", "account"}
        return {
            name: np.concatenate([some[name] + APART * place * (name in ends) for place, some in enumerate(columns)])
            if name != "name"
            else np.concatenate([some[name] for some in columns])
            for name in columns[0]
        }

    def all_of(name: str) -> dict[str, np.ndarray]:
        return apart([getattr(world, name) for world in worlds])

    each = range(len(worlds))
    owners = all_of("owners")
    owners["person"] = owners["person"] + 10 * (owners["account"] // APART)
    return compute(
        replace(
            worlds[0],
            **{name: all_of(name) for name in ("newest", "relations", "counters", "totals", "published", "pauses")},
            owners=owners,
            erased=np.concatenate([worlds[0].erased + APART * place for place in each]),
        ),
        standing=(
            np.concatenate([STANDING + APART * place for place in each]),
            np.array(weighs * len(worlds), dtype=np.int64),
        ),
        only=np.concatenate([MEMBERS + APART * place for place in each]),
        guards=apart([less for _ in worlds]),
    ).features


def side_by_side(worlds: list[Inputs], less: dict[str, np.ndarray], weighs: list[int]) -> list[Rows]:
    found: list[Rows] = [{} for _ in worlds]
    for (account, supplied), row in rows(computed_apart(worlds, less, weighs)).items():
        found[account // APART][account % APART, supplied] = row
    return found


@settings(max_examples=6)
@given(logs, published, guards, standing, st.sampled_from([6, 1 << 20]))
def test_what_is_lost_is_what_is_missing_once_the_rows_are_taken_out(log, posts, guarded, weighs, at_once):
    inputs = replace(inputs_of(log), published=columns_of_published(posts))
    less = columns_of_guards(guarded)
    at_work, moments.ROWS = moments.ROWS, at_once
    try:
        with leaving_out(inputs, accounts=MEMBERS, standing=(STANDING, ids(*weighs)), guards=less, since=SINCE) as look:
            # Each post by itself, what is fresh of it, and then both for all posts of an account.
            wanted = [(account, post, fresh) for fresh in (0, 1) for account, post in pairs(look.posts)]
            named = sorted(set(look.posts.account.tolist()))
            wanted += [(account, None, fresh) for fresh in (0, 1) for account in named]
            features, lost = rows(look.features), lost_by_case(look, wanted)
    finally:
        moments.ROWS = at_work
    worlds = [inputs, *(taken_out(inputs, account, post, bool(fresh)) for account, post, fresh in wanted)]
    whole, *others = side_by_side(worlds, less, weighs)
    assert {key: row for key, row in features.items() if row} == {key: row for key, row in whole.items() if row}
    for number, ((account, post, fresh), without) in enumerate(zip(wanted, others, strict=True)):
        for supplied in (0, 1):
            was, is_now = whole.get((account, supplied), {}), without.get((account, supplied), {})
            missing = {name: was.get(name, 0) - is_now.get(name, 0) for name in was.keys() | is_now.keys()}
            expected = {name: value for name, value in missing.items() if value}
            assert lost.get((number, supplied), {}) == expected, (account, post, fresh)


def pairs(posts: moments.Posts) -> list[tuple[int, int]]:
    return list(zip(posts.account.tolist(), posts.post.tolist(), strict=True))


def lost_by_case(look: moments.LeavingOut, wanted: list[tuple[int, int | None, int]]) -> Rows:
    named = pairs(look.posts)
    listed = [
        (number, account, post, fresh)
        for number, (account, one, fresh) in enumerate(wanted)
        for post in ([one] if one is not None else [post for whose, post in named if whose == account])
    ]
    number, account, post, fresh = (ids(*column) for column in zip(*listed, strict=True)) if listed else [ids()] * 4
    found: Rows = {}
    for lost in look.lost(Cases(number, account, post, fresh, np.ones(len(number), dtype=np.int64))):
        for row, key in enumerate(zip(lost.number.tolist(), lost.supplied.tolist(), strict=True)):
            assert key not in found
            found[key] = {
                name: int(values[row]) for name, values in lost.columns.items() if values[row] and name in ADDED
            }
    return found


@settings(max_examples=4)
@given(logs, standing, st.integers(0, 30))
def test_rows_of_some_accounts_are_all_that_their_features_need(log: Log, weighs: list[int], in_lake: int):
    with tempfile.TemporaryDirectory() as folder:
        inputs = inputs_of(log, lake=Path(folder), in_lake=log.events[:in_lake], newest=log.events[in_lake // 2 :])
        given_standing = (STANDING, ids(*weighs))
        some = rows_of(inputs, MEMBERS)
        for day in (AS_OF, SINCE):
            whole = compute(replace(inputs, as_of=day), standing=given_standing, only=MEMBERS)
            part = compute(before(some, day), standing=given_standing, only=MEMBERS)
            assert {key: row for key, row in rows(part.features).items() if row} == {
                key: row for key, row in rows(whole.features).items() if row
            }


def test_posts_are_told_with_who_reacted_and_how_often():
    young, old = MIDNIGHT - timedelta(days=1), MIDNIGHT - timedelta(days=200)
    log = Log(
        events=[
            Event(1, young, 1, 4, "like", 11),
            Event(2, young, 1, 4, "share", 11),
            Event(3, young - timedelta(days=5), 1, 5, "like", 11),
            Event(4, young, 1, 1, "like", 11),
            Event(5, old, 1, 4, "like", 13),
            Event(6, young - timedelta(days=5), 2, 4, "like", -12),
        ],
        totals=[Total(1, 11, "like", 10, young)],
    )
    none = (ids(), ids())
    with leaving_out(
        inputs_of(log), accounts=MEMBERS, standing=none, guards=columns_of_guards({}), since=SINCE
    ) as look:
        found = look.posts
    # The old one is out of the window.
    assert pairs(found) == [(1, 11), (2, -12)]
    assert found.fresh.tolist() == [1, 0]
    assert found.people.tolist() == [2, 1]
    # Two likes, a share, and seven of ten likes that nobody is named with (the own one is known too).
    assert found.reactions.tolist() == [3 + 7, 1]

"""What happens in a pause that holds it back counts once the pause has ended, and not before."""

import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.engine.base import Columns, Inputs
from scoring.engine.duckdb import compute
from scoring.engine.pauses import LEFT_OUT, segments
from scoring.engine.tables import day_number
from tests.scoring.engine.given import AS_OF, ids, inputs_of
from tests.scoring.engine.reference import ONE, Event, Log
from tests.scoring.engine.test_features_equal_the_definition import logs
from tests.scoring.engine.test_kernel import by_kernel, by_sql

END = day_number(AS_OF)


def paused(inputs: Inputs, *rows: tuple[int, int, int, int]) -> Inputs:
    """With further pauses: account, days before the score's at which it starts and ends, held."""
    given = {**inputs.pauses, "held": np.zeros(len(inputs.pauses["account"]), np.int64)}
    added = {
        "account": ids(*(account for account, *_ in rows)),
        "start": ids(*(END - start for _, start, *_ in rows)),
        "end": ids(*(END - end for *_, end, _ in rows)),
        "held": ids(*(held for *_, held in rows)),
    }
    return replace(inputs, pauses={name: np.concatenate([given[name], added[name]]) for name in added})


def features(inputs: Inputs) -> dict[int, dict[str, int]]:
    """account -> column -> value of what is not zero, of accounts that have anything."""
    table = compute(inputs).features
    columns: Columns = table.columns
    found: dict[int, dict[str, int]] = {}
    for place, account in enumerate(table.account.tolist()):
        for name, values in columns.items():
            if values[place]:
                found.setdefault(account, {})[f"{name}/{table.supplied[place]}"] = int(values[place])
    return found


@settings(max_examples=8, deadline=None)
@given(
    log=logs,
    held=st.dictionaries(st.integers(1, 7), st.integers(1, 400), min_size=1, max_size=3),
    share=st.floats(0, 1),
)
def test_what_is_held_back_is_as_if_it_had_not_happened(log: Log, held: dict[int, int], share: float) -> None:
    def counts(account: int, at: datetime) -> bool:
        return not 0 < (AS_OF - at.date()).days <= held.get(account, 0)

    without = replace(
        log,
        events=[event for event in log.events if counts(event.target, event.at)],
        totals=[total for total in log.totals if counts(total.account, total.at)],
        published=[post for post in log.published if counts(post.account, post.at)],
    )
    cut = round(share * len(log.events))
    with tempfile.TemporaryDirectory() as folder:
        inputs = inputs_of(log, lake=Path(folder), in_lake=log.events[:cut], newest=log.events[cut:])
        inputs = paused(inputs, *((account, days, 0, 1) for account, days in held.items()))
        found = features(inputs)
        assert by_kernel(inputs) == by_sql(inputs)
    plain = paused(inputs_of(without), *((account, days, 0, 0) for account, days in held.items()))
    assert found == features(plain)


def noon(days: int) -> datetime:
    return datetime(AS_OF.year, AS_OF.month, AS_OF.day, 12, tzinfo=UTC) - timedelta(days=days)


REPLIES = Log([Event(1, noon(20), 1, 2, "reply"), Event(2, noon(8), 1, 3, "reply"), Event(3, noon(4), 1, 4, "reply")])


def test_once_the_pause_has_ended_it_counts_as_of_its_last_day() -> None:
    inputs = paused(inputs_of(REPLIES), (1, 10, 0, 1))
    assert by_kernel(inputs) == by_sql(inputs)
    going_on = features(inputs)[1]
    assert going_on["reply_actors_recent/0"] < ONE, "only the reply of before, ten days old"
    assert going_on["any_people_ever/0"] == ONE
    as_old = Log(
        [Event(1, noon(12), 1, 2, "reply"), Event(2, noon(3), 1, 3, "reply"), Event(3, noon(3), 1, 4, "reply")]
    )
    # Eight days of rest, from ten days ago until two days ago: the days after it are the age of what happened in it.
    ended = features(paused(inputs_of(REPLIES), (1, 10, 2, 0)))[1]
    assert ended == features(inputs_of(as_old))[1]


def test_a_pause_that_is_held_takes_in_those_that_touch_it() -> None:
    rows = segments(ids(1, 1, 1), ids(90, 95, 50), ids(97, 100, 60), ids(0, 1, 0), as_of_day=100)
    found = sorted(zip(*(rows[name].tolist() for name in ("from_day", "until_day", "base", "keep")), strict=True))
    assert found[1:] == [(50, 60, 59 + 10, 0), (60, 90, 10, 1), (90, 95, 99, 0), (95, 100, 0, LEFT_OUT)]
    assert found[0][1:] == (50, 20, 1)


def test_no_day_is_named_twice() -> None:
    rng = np.random.default_rng(5)
    start = rng.integers(0, 100, 400)
    rows = segments(
        rng.integers(1, 40, 400), start, start + rng.integers(0, 20, 400), rng.integers(0, 2, 400), as_of_day=100
    )
    for account in np.unique(rows["account"]):
        mine = rows["account"] == account
        spans = sorted(zip(rows["from_day"][mine].tolist(), rows["until_day"][mine].tolist(), strict=True))
        assert all(end <= begin for (_, end), (begin, _) in pairwise(spans))
        assert all(begin < end for begin, end in spans)

"""What the engine promises beyond its sums: whose reactions count, what a counter adds, and the same answer always."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scoring.engine import steps
from scoring.engine.base import Inputs, Output
from scoring.engine.duckdb import compute
from scoring.features.base import ONE
from scoring.features.catalogue import COLUMNS, NETWORKS
from tests.scoring.engine.given import AS_OF, ids, inputs_of
from tests.scoring.engine.reference import Event, Lasting, Log, Published, Reading, Total

ALICE, BOB, CHARLIE = 1, 2, 3
MIDNIGHT = datetime(AS_OF.year, AS_OF.month, AS_OF.day, tzinfo=UTC)
YESTERDAY = MIDNIGHT - timedelta(hours=1)
# One reaction of yesterday: 2 ** (-1 / 30), and its strength 3 d / (d + 2).
FRESH = round(ONE * 2 ** (-1 / 30))
FRESH_STRENGTH = 3 * FRESH * ONE // (FRESH + 2 * ONE)


def value(output: Output, account: int, column: str) -> int:
    rows = np.flatnonzero(output.features.account == account)
    assert len(rows) == 1, f"account {account} has {len(rows)} rows"
    return int(output.features.column(column)[rows[0]])


def react(
    verb: str, *actors: int, at: datetime = YESTERDAY, target: int = ALICE, start: int = 0, **more: Any
) -> list[Event]:
    """A reaction of each actor to the target; their keys count on from `start`."""
    return [Event(start + nth, at, target, actor, verb, **more) for nth, actor in enumerate(actors)]


def test_every_account_seen_has_a_row_and_each_verb_seen_its_columns():
    log = Log(
        events=react("share", BOB),
        relations=[Lasting(ALICE, CHARLIE, "follow")],
        counters=[Reading(4, "posts", 9)],
        totals=[Total(5, 11, "like", 3, YESTERDAY)],
    )
    output = compute(inputs_of(log))
    assert output.features.account.tolist() == [1, 2, 3, 4, 5]
    assert set(output.features.network.tolist()) == {1}
    # Nobody replied, so there is no column of replies, which means zero; and nobody is known to have liked by name.
    columns = list(output.features.columns)
    ours = [column for column in COLUMNS if column in columns]
    assert columns[: len(ours)] == ours
    assert {"share_actors_recent", "follow_actors_ever", "like_anonymous_recent", "posts_counter"} < set(columns)
    assert not {"reply_actors_recent", "like_actors_recent", "follow_surplus", "videos_counter"} & set(columns)
    assert not output.features.column("reply_actors_recent").any()
    assert all(values.dtype == np.int64 and len(values) == 5 for values in output.features.columns.values())
    assert len(output.standing) == 5


def test_an_empty_log_gives_an_empty_table():
    output = compute(inputs_of(Log()))
    assert len(output.features) == len(output.standing) == 0


def test_one_fan_a_thousand_times_is_worth_less_than_three():
    fan = compute(inputs_of(Log(react("like", *[BOB] * 1000))))
    crowd = compute(inputs_of(Log(react("like", 2, 3, 4))))
    assert value(fan, ALICE, "like_actors_recent") < 3 * ONE
    assert value(fan, ALICE, "any_actors_recent") < 3 * ONE
    assert value(crowd, ALICE, "like_actors_recent") == 3 * FRESH_STRENGTH > 2.9 * ONE
    assert value(fan, ALICE, "like_events_recent") == 1000 * FRESH


def test_a_day_ends_at_midnight_utc():
    log = Log(
        react("like", BOB, at=MIDNIGHT - timedelta(microseconds=1)) + react("like", CHARLIE, at=MIDNIGHT, start=9)
    )
    today = compute(inputs_of(log))
    assert today.features.account.tolist() == [ALICE, BOB]
    tomorrow = compute(inputs_of(log, as_of=AS_OF + timedelta(days=1)))
    assert tomorrow.features.account.tolist() == [ALICE, BOB, CHARLIE]


def test_one_half_life_is_worth_half():
    log = Log(react("like", BOB, at=MIDNIGHT - timedelta(days=30)))
    assert value(compute(inputs_of(log)), ALICE, "like_events_recent") == ONE // 2
    log = Log(react("like", BOB, at=MIDNIGHT - timedelta(days=365)))
    decayed = ONE // 2
    assert value(compute(inputs_of(log)), ALICE, "like_actors_long") == 3 * decayed * ONE // (decayed + 2 * ONE)


def test_people_of_long_ago_are_still_known():
    output = compute(inputs_of(Log(react("like", BOB, at=datetime(1969, 7, 20, tzinfo=UTC)))))
    assert value(output, ALICE, "any_people_ever") == ONE
    assert value(output, ALICE, "like_actors_long") == 0


def test_own_reactions_bring_nothing():
    events = react("share", ALICE) + react("share", BOB, start=10)
    apart = compute(inputs_of(Log(events)))
    linked = compute(inputs_of(Log(events, owners={ALICE: 77, BOB: 77})))
    assert value(apart, ALICE, "share_actors_recent") == FRESH_STRENGTH
    assert value(linked, ALICE, "share_actors_recent") == 0
    assert value(linked, ALICE, "any_people_ever") == 0
    assert linked.features.account.tolist() == [ALICE, BOB], "they are still accounts that were seen"


def test_a_counter_does_not_bring_own_reactions_back():
    log = Log(
        react("share", BOB, CHARLIE), counters=[Reading(ALICE, "retweets_received", 5)], owners={ALICE: 7, BOB: 7}
    )
    assert value(compute(inputs_of(log)), ALICE, "share_surplus") == 3 * ONE


def test_a_counter_adds_only_what_is_not_known():
    followers = [Lasting(ALICE, actor, "follow") for actor in range(10, 20)]
    # Ten are named, and one of them followed twice, with dates.
    log = Log(react("follow", 10, 10), followers, [Reading(ALICE, "followers", 25)])
    output = compute(inputs_of(log))
    assert value(output, ALICE, "follow_actors_ever") == 10 * ONE
    assert value(output, ALICE, "follow_surplus") == 15 * ONE
    fewer = compute(inputs_of(replace(log, counters=[Reading(ALICE, "followers", 4)])))
    assert value(fewer, ALICE, "follow_surplus") == 0


def test_totals_of_posts_add_beyond_known_events_and_before_counters():
    log = Log(
        react("share", BOB, CHARLIE, post=11),
        totals=[Total(ALICE, 11, "share", 12, YESTERDAY), Total(ALICE, 13, "share", 1, YESTERDAY)],
        counters=[Reading(ALICE, "retweets_received", 100)],
    )
    output = compute(inputs_of(log))
    ten = 10 * 50 * ONE // 59
    assert value(output, ALICE, "share_anonymous_recent") == (ten * FRESH >> 16) + FRESH
    assert value(output, ALICE, "share_surplus") == (100 - 2 - 11) * ONE


def test_the_erased_are_left_out_on_both_ends():
    log = Log(
        react("like", BOB) + react("like", ALICE, target=BOB, start=9),
        erased={BOB},
        counters=[Reading(BOB, "posts", 1)],
    )
    assert len(compute(inputs_of(log)).features) == 0
    log = Log([*log.events, *react("like", CHARLIE, start=20)], erased={BOB})
    output = compute(inputs_of(log))
    assert output.features.account.tolist() == [ALICE, CHARLIE]
    assert value(output, ALICE, "any_people_ever") == ONE


def test_a_row_that_is_in_the_lake_too_counts_once(tmp_path: Path):
    events = react("like", BOB, CHARLIE)
    output = compute(inputs_of(Log(), lake=tmp_path, in_lake=events, newest=events[:1]))
    assert value(output, ALICE, "like_events_recent") == 2 * FRESH


def test_files_of_later_days_are_not_even_opened(tmp_path: Path):
    inputs = inputs_of(Log(), lake=tmp_path, in_lake=react("like", BOB), newest=[])
    later = replace(inputs, lake=[*inputs.lake, "/nowhere/2026-11-01.parquet"], lake_days=[*inputs.lake_days, AS_OF])
    assert value(compute(later), ALICE, "like_events_recent") == FRESH


def test_what_the_network_itself_named_is_confirmed():
    log = Log(react("like", BOB, CHARLIE) + react("share", BOB, start=5, origin="api"))
    output = compute(inputs_of(log))
    assert value(output, ALICE, "any_people_ever") == 2 * ONE
    assert value(output, ALICE, "any_confirmed_ever") == ONE


def test_given_standings_are_used_instead_of_the_graph():
    inputs = inputs_of(Log(react("like", BOB) + react("follow", CHARLIE, start=5)))
    output = compute(inputs, standing=(ids(CHARLIE, BOB), ids(2 * ONE, 4 * ONE)))
    assert value(output, ALICE, "like_standing_recent") == 4 * FRESH_STRENGTH
    assert value(output, ALICE, "follow_standing_ever") == 2 * ONE
    assert output.standing.tolist()[1:] == [4 * ONE, 2 * ONE]


def test_some_accounts_cannot_be_ranked_alone():
    with pytest.raises(ValueError, match="last run's"):
        compute(inputs_of(Log(react("like", BOB))), only=ids(ALICE))


def test_the_largest_numbers_fit():
    huge = 2**63 - 1
    far = 5
    log = Log(
        react("like", huge, -huge - 1, target=far),
        counters=[Reading(far, "followers", huge), Reading(far, "mentions_received", huge)],
        totals=[Total(far, post, "mention", huge, YESTERDAY) for post in range(1, 200)],
    )
    output = compute(inputs_of(log), standing=(ids(huge, -huge - 1), ids(40 * ONE, 40 * ONE)))
    assert value(output, far, "follow_surplus") == 2**46 * ONE
    assert value(output, far, "mention_surplus") == (2**46 - 199 * (2**31 - 1)) * ONE
    assert value(output, far, "like_standing_recent") == 2 * (40 * FRESH_STRENGTH)
    assert value(output, far, "mention_anonymous_recent") <= 199 * 50 * ONE


def a_town(rng: np.random.Generator, rows: int = 60_000, accounts: int = 900) -> Inputs:
    """Arbitrary interactions, many to few."""
    start = (AS_OF - timedelta(days=400) - date(1970, 1, 1)).days * 86_400_000_000
    newest = {
        "key_high": np.arange(rows),
        "key_low": np.arange(rows),
        "occurred_at": start + rng.integers(0, 399 * 86_400_000_000, rows),
        "target": (accounts * rng.random(rows) ** 3).astype(np.int64),
        "actor": rng.integers(0, accounts, rows),
        "post": rng.integers(-50, 50, rows),
        "network": np.ones(rows, dtype=np.int64),
        "verb": rng.integers(1, 9, rows),
        "origin": rng.integers(1, 4, rows),
    }
    return replace(inputs_of(Log()), newest=newest, owners={"account": np.arange(40), "person": np.arange(40) // 2})


@pytest.mark.parametrize(
    "differently",
    [
        lambda inputs, rng: compute(inputs, threads=1),
        lambda inputs, rng: compute(inputs, threads=3, memory_limit="200MB"),
        lambda inputs, rng: compute(shuffled(inputs, rng)),
    ],
    ids=["one thread", "three threads and little memory", "rows in another order"],
)
def test_the_same_log_gives_the_same_rows_bit_for_bit(differently: Callable[[Inputs, np.random.Generator], Output]):
    rng = np.random.default_rng(7)
    inputs = a_town(rng)
    first, second = compute(inputs, threads=2), differently(inputs, rng)
    assert first.features.account.tobytes() == second.features.account.tobytes()
    assert first.standing.tobytes() == second.standing.tobytes()
    for column in COLUMNS:
        assert first.features.column(column).tobytes() == second.features.column(column).tobytes(), column
    assert sum(values.any() for values in first.features.columns.values()) > 25


def shuffled(inputs: Inputs, rng: np.random.Generator) -> Inputs:
    order = rng.permutation(len(inputs.newest["target"]))
    return replace(inputs, newest={name: values[order] for name, values in inputs.newest.items()})


def test_it_says_each_stage_and_its_rows():
    said: dict[str, int] = {}
    compute(inputs_of(Log(react("like", BOB, BOB, CHARLIE))), progress=lambda stage, rows: said.update({stage: rows}))
    assert said["int_edges"] == 2
    assert said["graph"] == 3
    assert said["int_accounts"] == 3


def test_it_refuses_inputs_that_contradict_themselves(tmp_path: Path):
    inputs = inputs_of(Log(react("like", BOB)))
    with pytest.raises(ValueError, match="one person"):
        compute(replace(inputs, owners={"account": ids(1, 1), "person": ids(5, 6)}))
    with pytest.raises(ValueError, match="1 files but 0 days"):
        compute(replace(inputs, lake=[str(tmp_path / "a.parquet")]))


def test_columns_of_any_width_are_taken():
    inputs = inputs_of(Log(), newest=react("like", BOB))
    small = {"network": np.int16, "verb": np.int16, "origin": np.int16}
    narrow = {name: values.astype(small.get(name, np.int64)) for name, values in inputs.newest.items()}
    assert value(compute(replace(inputs, newest=narrow)), ALICE, "like_events_recent") == FRESH


def test_of_several_counters_of_one_verb_the_largest_stands(monkeypatch: pytest.MonkeyPatch):
    more = {**NETWORKS["twitter"].counters, "subscribers": "follow"}
    monkeypatch.setattr(steps, "NETWORKS", {**NETWORKS, "twitter": replace(NETWORKS["twitter"], counters=more)})
    log = Log(counters=[Reading(ALICE, "followers", 30), Reading(ALICE, "subscribers", 20)])
    assert value(compute(inputs_of(log)), ALICE, "follow_surplus") == 30 * ONE


def test_who_came_back_who_is_new_and_who_stayed_away_is_told_apart():
    weeks = [MIDNIGHT - timedelta(days=7 * number + 1) for number in range(13)]
    log = Log(
        events=[
            *react("reply", BOB, at=weeks[0], start=0),
            *react("like", BOB, at=weeks[5], start=1),
            *react("reply", CHARLIE, at=weeks[3], start=2),
            *react("reply", 4, at=weeks[4], start=3),
            *react("reply", 5, at=weeks[12], start=4),
            *react("reply", 6, at=weeks[2], start=5),
            *react("like", 6, at=weeks[12], start=6),
        ],
        relations=[Lasting(ALICE, BOB, "follow"), Lasting(ALICE, 7, "follow")],
    )
    # Nobody is known from before: that they came all at once is another test's.
    output = compute(inputs_of(log), enabled=())
    people = {
        "any_actors_month": 3,  # Bob, Charlie and 6
        "any_actors_before": 2,  # Bob and 4
        "any_returning_month": 1,  # Bob
        "any_newcomers_month": 1,  # Charlie: 6 had reacted long before
        "any_followers_month": 1,  # Bob; 7 follows and is silent
        "any_weeks_quarter": 5,
        "any_regulars_quarter": 0,
    }
    assert {column: value(output, ALICE, column) / ONE for column in people} == people
    assert value(output, ALICE, "growth_ratio") == round(3 / 5 * ONE)
    assert value(output, ALICE, "retention_ratio") == ONE // 2
    assert value(output, ALICE, "engaged_ratio") == ONE // 2


def test_a_counter_of_what_is_no_reaction_is_a_level_and_ratios_follow():
    log = Log(
        counters=[
            Reading(ALICE, "outlinks", 50, "wikipedia"),
            Reading(ALICE, "inlinks", 200, "wikipedia"),
            Reading(ALICE, "pagerank", 12_345, "wikipedia"),
            Reading(BOB, "following", 100),
            Reading(BOB, "followers", 250),
        ]
    )
    output = compute(inputs_of(log))
    assert value(output, ALICE, "pagerank_counter") == 12_345 * ONE
    assert value(output, ALICE, "cited_ratio") == 4 * ONE
    assert value(output, BOB, "followed_ratio") == round(2.5 * ONE)
    assert value(output, BOB, "following_counter") == 100 * ONE


@pytest.mark.parametrize("kernel", [True, False])
def test_before_anything_happened_nobody_is_there_but_who_was_named_or_counted_without_a_date(kernel: bool):
    later = YESTERDAY + timedelta(days=3)
    log = Log(
        [Event(1, later, 1, 2, "like", 7), Event(2, later, 2, 2, "like")],
        totals=[Total(1, 7, "like", 5, later)],
        published=[Published(1, 7, later)],
        paused={1: {AS_OF}},
    )
    assert len(compute(inputs_of(log), kernel=kernel).features) == 0
    log.relations.append(Lasting(4, 5, "follow"))
    log.counters.append(Reading(6, "followers", 10**12))
    output = compute(inputs_of(log), kernel=kernel)
    assert output.features.account.tolist() == [4, 5, 6]
    assert value(output, 6, "follow_surplus") == 10**12 * ONE
    assert not len(output.guards["target"])

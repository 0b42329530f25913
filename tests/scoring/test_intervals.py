"""Between which values a score lies: by bootstrap for members, in closed form for all others, and both alike."""

from datetime import timedelta
from io import StringIO

import numpy as np
import pytest
from django.core.management import call_command

from scoring import daily, formula, intervals
from scoring.engine import contributions as contributing
from scoring.engine import duckdb as engine
from scoring.engine.contributions import Contributions, by_actor, contributions, reweighed
from scoring.features.base import ONE, FeatureTable
from scoring.models import AccountScore, Score
from tests.scoring.conftest import AT, TODAY, names, replies
from tests.scoring.engine.given import AS_OF, EPOCH, inputs_of
from tests.scoring.engine.reference import Event, Lasting, Log

SCORER = formula.get("v1")


def log_of(people: int = 40, actors: int = 300, events: int = 2_500, seed: int = 1) -> Log:
    """A town in which `people` (numbers from 1) are reacted to, some far more than others."""
    random = np.random.default_rng(seed)
    fame = random.pareto(1.3, people) + 0.3
    target = random.choice(people, events, p=fame / fame.sum()) + 1
    actor = random.integers(1_000, 1_000 + actors, events)
    age = random.exponential(60, events)
    verbs = random.choice(["mention", "share", "like"], events, p=[0.4, 0.2, 0.4])
    midnight = EPOCH.replace(year=AS_OF.year, month=AS_OF.month, day=AS_OF.day)
    return Log(
        events=[
            Event(
                int(key),
                midnight - timedelta(days=float(days), seconds=1),
                int(to),
                int(by),
                str(verb),
                int(post),
                origin="api",
            )
            for key, days, to, by, verb, post in zip(
                range(events), age, target, actor, verbs, random.integers(1, 9, events), strict=True
            )
        ],
        relations=[
            Lasting(int(to), int(by), "follow", origin="archive" if by % 3 else "api")
            for to, by in {(int(t) % 7 + 1, int(a)) for t, a in zip(target[:400], actor[:400], strict=True)}
        ],
    )


@pytest.fixture(scope="module")
def town():
    """Inputs, features, and what each actor brings to the forty who are reacted to."""
    inputs = inputs_of(log_of())
    output = engine.compute(inputs)
    standing = (output.features.account, output.standing)
    proper = output.features.supplied == 0
    members = np.arange(1, 41)
    found = contributions(
        inputs, accounts=members, standing=(standing[0][proper], standing[1][proper]), guards=output.guards
    )
    return output.features, found


def members_of(table: FeatureTable) -> FeatureTable:
    return table.take(table.account < 1_000)


def test_what_actors_bring_adds_up_to_the_features(town):
    table, found = town
    mine = members_of(table)
    keys = dict(zip(zip(mine.account.tolist(), mine.supplied.tolist(), strict=True), range(len(mine)), strict=True))
    row = np.array([keys[key] for key in zip(found.account.tolist(), found.supplied.tolist(), strict=True)])
    whole = reweighed(found, row, len(mine), lambda actor: np.ones((len(actor), 1), dtype=np.int64))
    assert {"any_actors_now", "any_standing_long", "share_actors_recent", "follow_actors_ever"} <= set(whole)
    for name, values in whole.items():
        assert (values[:, 0] == mine.column(name)).all(), name
    # Each person's actors stand there once for what networks say and once for what was uploaded.
    assert len(set(zip(found.account, found.supplied, found.actor, strict=True))) == len(found)


def test_squares_are_those_of_what_actors_bring(town):
    table, found = town
    mine = members_of(table)
    for window in ("now", "recent", "long"):
        place = found.columns.index(f"any_actors_{window}")
        brought = found.value[found.column == place]
        whose = found.account[found.of[found.column == place]] * 2 + found.supplied[found.of[found.column == place]]
        expected = [
            int((brought[whose == key] ** 2 >> 16).sum()) for key in (mine.account * 2 + mine.supplied).tolist()
        ]
        assert mine.column(f"any_squares_{window}").tolist() == expected


def test_a_statement_that_groups_otherwise_is_noticed(monkeypatch):
    monkeypatch.setattr("scoring.engine.steps.statement", lambda step: "SELECT 1")
    with pytest.raises(ValueError, match="does not group as it did"):
        by_actor("int_any")


def both(town) -> tuple[np.ndarray, intervals.Interval, intervals.Interval]:
    table, found = town
    mine = members_of(table)
    scored = SCORER.score(mine, mine.account)
    closed = intervals.of_accounts(SCORER, mine, scored)
    return scored.score, closed, intervals.of_members(SCORER, mine, mine.account, scored, found, replicates=400)


def test_bootstrap_and_closed_form_agree(town):
    score, closed, resampled = both(town)
    # Of the others so few people are known that both say next to nothing.
    chosen = score > np.quantile(score, 0.4)
    widths = [(one.high - one.low)[chosen] for one in (closed, resampled)]
    # In the mean the one is as wide as the other, and they are wide for the same people.
    assert 0.8 < np.mean(widths[0] / widths[1]) < 1.25
    assert np.corrcoef(*widths)[0, 1] > 0.8
    assert np.mean(np.abs(closed.low - resampled.low)[chosen]) < 1.3
    assert np.mean(np.abs(closed.high - resampled.high)[chosen]) < 0.6


def test_bounds_hold_the_score_and_stay_on_the_scale(town):
    score, *found = both(town)
    for low, high in found:
        assert (low <= score).all()
        assert (score <= high).all()
        assert low.min() >= 1.0
        assert high.max() <= 100.0
        assert (high - low).min() > 0.1


def test_more_people_make_a_narrower_interval():
    few, many = (
        FeatureTable(
            np.array([1]),
            np.array([1]),
            {
                name: np.array([count * ONE])
                for name in (
                    "any_actors_now",
                    "any_actors_recent",
                    "any_actors_long",
                    "mention_actors_recent",
                    "any_squares_now",
                    "any_squares_recent",
                    "any_squares_long",
                )
            },
        )
        for count in (10, 1_000)
    )
    widths = []
    for table in (few, many):
        (low,), (high,) = intervals.of_accounts(SCORER, table, SCORER.score(table, table.account))
        widths.append(high - low)
    assert widths[0] > 3 * widths[1] > 0


def test_the_same_log_gives_the_same_interval_however_rows_are_cut(town, monkeypatch):
    table, found = town
    mine = members_of(table)
    scored = SCORER.score(mine, mine.account)
    whole = intervals.of_members(SCORER, mine, mine.account, scored, found)
    monkeypatch.setattr(intervals, "ROWS", 700)
    monkeypatch.setattr(contributing, "PAIRS", 37)
    order = np.random.default_rng(4).permutation(len(mine))
    cut = intervals.of_members(SCORER, mine.take(order), mine.account[order], scored, found)
    assert (whole.low == cut.low).all()
    assert (whole.high == cut.high).all()


def test_a_hundred_thousand_people_who_react_to_one_are_never_drawn_for_all_at_once():
    """Five million would be gigabytes a hundred times over."""
    people = np.arange(100_000)
    found = Contributions(people * 0, people * 0, people, people, people * 0, people % 7, ("any_actors_now",))
    asked = []

    def weigh(actor):
        asked.append(len(actor))
        return np.stack([actor % 2, actor * 0 + 1], axis=1)

    brought = reweighed(found, people * 0, 1, weigh)["any_actors_now"]
    assert brought.tolist() == [[(people % 7 * (people % 2)).sum(), (people % 7).sum()]]
    assert max(asked) < 100_000 == sum(asked)


def test_draws_are_of_mean_and_variance_one_and_differ_by_actor():
    drawn = intervals.draws(np.arange(1, 2_001), 100)
    assert drawn.mean() == pytest.approx(1.0, abs=0.01)
    assert drawn.var() == pytest.approx(1.0, abs=0.02)
    assert abs(np.corrcoef(drawn[:-1].ravel(), drawn[1:].ravel())[0, 1]) < 0.01
    off = intervals.deviates(np.arange(500), 100)
    assert (off.mean(), off.std()) == (pytest.approx(0.0, abs=0.02), pytest.approx(1.0, abs=0.02))


def test_nobody_known_by_name_leaves_the_counters_error_alone():
    nobody = Contributions(*(np.zeros(0, dtype=np.int64) for _ in range(6)), columns=())
    table = FeatureTable(np.array([5]), np.array([1]), {"follow_surplus": np.array([20_000 * ONE])})
    scored = SCORER.score(table, table.account)
    resampled = intervals.of_members(SCORER, table, table.account, scored, nobody, replicates=400)
    closed = intervals.of_accounts(SCORER, table, scored)
    assert resampled.high[0] > scored.score[0] > resampled.low[0]
    assert closed.high[0] - closed.low[0] == pytest.approx(resampled.high[0] - resampled.low[0], rel=0.25)


def test_a_run_publishes_intervals_of_members_and_of_all_accounts(join, happen, client):
    alice, bob = join("Alice", twitter="a"), join("Bob", twitter="b")
    happen([*replies("a", names("fan", 40)), *replies("b", names("fan", 4)), *replies("c", names("fan", 12))])
    daily.run(as_of=TODAY, at=AT)
    first, second = Score.objects.get(person=alice), Score.objects.get(person=bob)
    for score in (first, second):
        assert 1.0 <= score.low < score.score < score.high < 100.0
    # Of few people less is known, for the height that they make.
    assert (second.high - second.low) / second.score > (first.high - first.low) / first.score
    others = AccountScore.objects.filter(score__gt=2)
    assert others.count() >= 3
    for account in others:
        assert 1.0 <= account.low < account.score < account.high < 100.0
    out = StringIO()
    call_command("explain", "Alice", stdout=out)
    assert f"{first.score:.1f} ({first.low:.1f} to {first.high:.1f}), fair" in out.getvalue()
    page = client.get("/alice").content.decode()
    assert f"{first.low:.1f} to {first.high:.1f}" in page.replace("<strong>", "").replace("</strong>", "")


def test_a_score_between_two_runs_has_its_interval_too(join, happen):
    alice = join("Alice", twitter="a")
    happen(replies("a", names("fan", 20)))
    daily.run(as_of=TODAY, at=AT)
    happen(replies("a", names("friend", 30), day="2026-11-01"))
    daily.provisional(persons=[alice.pk], at=AT)
    score = Score.objects.get(person=alice)
    assert 1.0 < score.low < score.score < score.high < 100.0

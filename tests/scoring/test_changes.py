"""The change of a day as a run explains it: what posts brought, what faded, the rest; together they are the change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from accounts.models import Pause, Person
from scoring import daily, formula
from scoring.engine import duckdb as engine
from scoring.models import DayChange, FormulaSwitch, Moment, ScoreHistory
from tests.scoring.conftest import AT, TODAY
from tests.scoring.test_moments import LONG_AGO, account_of, points, react, told

pytestmark = pytest.mark.django_db
__all__ = ["react"]

BEFORE = TODAY - timedelta(days=1)


def run(day: date) -> None:
    daily.run(as_of=day, at=datetime(day.year, day.month, day.day, 12, tzinfo=UTC))


def change_of(person: Person) -> DayChange:
    return DayChange.objects.get(person=person, as_of=TODAY)


def parts(change: DayChange) -> tuple[float, float, float, float]:
    return change.moments, change.decay, change.rest, change.formula_change


def test_what_posts_brought_what_faded_and_the_rest_are_told_apart_and_add_up(join, react, happen):
    alice, bob = join("Alice", twitter="a", mastodon="m"), join("Bob", twitter="b")
    charlie, dora = join("Charlie", twitter="c"), join("Dora", twitter="d")
    mine, of_charlie, of_dora = account_of(alice), account_of(charlie), account_of(dora)
    react(mine, 11, range(20))
    react(account_of(bob), 21, range(9))
    told(of_charlie, 31, 10)
    told(of_charlie, 32, 10)
    react(of_dora, 41, range(10))
    run(BEFORE)
    # There is no day before the first.
    assert not DayChange.objects.exists()
    react(mine, 11, range(20, 24), day=BEFORE)
    react(mine, 12, range(30), day=BEFORE)
    happen([("a", f"follower{i}", "follow", "2026-10-31T09:00:00Z") for i in range(9)])
    told(of_charlie, 31, 400)
    react(of_dora, 41, range(10, 60), day=LONG_AGO)
    eve = join("Eve", twitter="e")
    react(account_of(eve), 51, range(10), day=BEFORE)
    run(TODAY)
    for change in DayChange.objects.all():
        scores = dict(ScoreHistory.objects.filter(person_id=change.person_id).values_list("as_of", "score"))
        assert change.since == BEFORE
        assert change.points == pytest.approx(scores[TODAY] - scores[BEFORE], abs=1e-12)
        assert sum(parts(change)) == pytest.approx(change.points, abs=1e-12)
        together = sum(row.change for row in Moment.objects.filter(person=change.person_id))
        assert together == pytest.approx(change.moments, abs=1e-9)
    # Whoever is new has no score to come from.
    assert set(DayChange.objects.values_list("person", flat=True)) == {alice.pk, bob.pk, charlie.pk, dora.pk}
    # Alice: a new post, one that went on, followers.
    hers = change_of(alice)
    assert hers.moments > 0.1
    assert hers.rest > 0.1
    assert hers.decay < 0
    moved = {row.post: row.change for row in Moment.objects.exclude(post=0)}
    assert moved[12] > moved[11] > 0
    # Nothing happened to Bob: his score fell, and nearly all of that is time.
    his = change_of(bob)
    assert his.moments == moved[21] == 0
    assert his.points < -0.01
    assert his.decay == pytest.approx(his.points, abs=0.02)
    # Charlie: likes that nobody is named with, of an old post.
    assert moved[31] > 0.1
    assert moved[32] == 0
    # Dora: what was learnt late is neither new nor fading.
    late = change_of(dora)
    assert late.moments == 0
    assert late.decay < 0
    assert late.rest > 1


def test_what_faded_is_yesterdays_log_today_less_its_score_yesterday(join, react):
    alice = join("Alice", twitter="a")
    mine = account_of(alice)
    react(mine, 11, range(25))
    react(mine, 0, range(7), verb="mention", day=BEFORE - timedelta(days=1))
    run(BEFORE)
    (standing, guards), then = daily.last_standings(), daily.inputs(BEFORE)
    scores = []
    for day in (BEFORE, TODAY):
        inputs = daily.inputs(day)
        output = engine.compute(
            replace(then, as_of=day, pauses=inputs.pauses), standing=standing, only=np.array([mine]), guards=guards
        )
        scores.append(formula.get("v1").score(output.features, output.features.account * 0).score[0])
    react(mine, 12, range(40, 60), day=BEFORE)
    run(TODAY)
    assert change_of(alice).decay == pytest.approx(scores[1] - scores[0], abs=1e-9)
    assert scores[1] < scores[0]


def test_a_rest_that_ends_is_no_fading(join, react):
    alice = join("Alice", twitter="a")
    mine = account_of(alice)
    started = datetime(2026, 10, 15, tzinfo=UTC)
    pause = Pause.objects.create(person=alice, reason=Pause.Reason.REST, started_at=started)
    react(mine, 11, range(10), day=date(2026, 10, 10))
    react(mine, 12, range(60), day=LONG_AGO)
    run(BEFORE)
    assert 12 not in {post for _, post in points()}
    Pause.objects.filter(pk=pause.pk).update(ended_at=datetime(2026, 10, 31, 10, tzinfo=UTC))
    run(TODAY)
    change = change_of(alice)
    assert change.decay <= 0
    assert change.rest > 1
    assert sum(parts(change)) == pytest.approx(change.points, abs=1e-12)


def test_a_repeated_day_is_told_once_and_a_missing_one_is_jumped(join, react):
    alice = join("Alice", twitter="a")
    react(account_of(alice), 11, range(10))
    run(TODAY - timedelta(days=5))
    run(TODAY)
    first = change_of(alice)
    run(TODAY)
    again = change_of(alice)
    assert first.since == TODAY - timedelta(days=5)
    assert (again.since, parts(again)) == (first.since, parts(first))


def test_what_another_formula_moves_is_told_apart(join, react):
    alice = join("Alice", twitter="a")
    react(account_of(alice), 11, range(30))
    run(BEFORE)
    FormulaSwitch.objects.create(formula="plain", previous="v2", switched_at=AT - timedelta(hours=9))
    run(TODAY)
    change = change_of(alice)
    assert abs(change.formula_change) > 0.5
    assert sum(parts(change)) == pytest.approx(change.points, abs=1e-12)
    assert abs(change.points - change.formula_change) < 1
    # Nor does the formula's part get lost when the day is run once more.
    run(TODAY)
    assert parts(change_of(alice)) == parts(change)


def test_a_run_without_what_the_day_before_left_goes_on_without_a_change(join, react, monkeypatch):
    alice = join("Alice", twitter="a")
    react(account_of(alice), 11, range(10))
    run(BEFORE)
    daily.log.forget_features("", before=TODAY)
    run(TODAY)
    assert not DayChange.objects.exists()
    assert points()


def test_a_run_goes_on_from_a_day_that_a_former_release_computed(join, react):
    alice = join("Alice", twitter="a")
    react(account_of(alice), 11, range(10))
    run(BEFORE)
    kept = daily.log.read_features(BEFORE, "v2")
    # Releases before uploads had rows of their own.
    daily.log.write_features(BEFORE, "v2", {name: kept[name] for name in kept if name != "supplied"})
    run(TODAY)
    assert not DayChange.objects.exists()
    assert points()
    with pytest.raises(CommandError, match=f"recompute --as-of {BEFORE}"):
        call_command("explain", "alice", as_of=BEFORE)

"""Steadiness and comebacks, read from the days of history: rests, new formulas and new accounts are neither."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import LinkedAccount, Pause, Person
from scoring.achievements import course
from scoring.achievements.course import Looks
from tests.scoring.achievements.logs import history
from tests.scoring.conftest import TODAY

Join = Callable[..., Person]


def weeks(scores: list[float], *, every: int = 7, start: int = 0) -> dict[int, float]:
    """A score for each week before today, the newest first."""
    return {start + every * (nth + 1): score for nth, score in enumerate(scores)}


def read(person: Person, today: float) -> tuple[float, float]:
    steady, comeback = course.of_scores(TODAY, np.array([person.pk]), np.array([today]))
    return float(steady[0]), float(comeback[0])


@pytest.fixture
def alice(join: Join) -> Person:
    person = join("Alice", twitter="a")
    LinkedAccount.objects.update(linked_at=datetime(2024, 1, 1, tzinfo=UTC))
    return person


def test_a_score_within_three_points_is_steady_for_as_long_as_it_was(alice: Person) -> None:
    history(alice, weeks([40.5, 41.0, 39.8, 40.0, 38.2, 45.0, 40.0]))
    # The sixth week before was five points away: what came before that counts no more.
    assert read(alice, 40.0)[0] == 5


def test_one_week_that_leaves_the_three_points_begins_anew(alice: Person) -> None:
    history(alice, weeks([40.0] * 12))
    assert read(alice, 40.0)[0] == 12
    assert read(alice, 43.1)[0] == 0


def test_a_year_is_looked_at_every_four_weeks(alice: Person) -> None:
    history(alice, weeks([40.0] * 12) | dict.fromkeys(range(112, 449, 28), 40.0))
    assert read(alice, 40.0)[0] >= 52


def test_who_has_no_score_to_speak_of_is_not_steady(alice: Person) -> None:
    history(alice, weeks([1.0] * 12))
    assert read(alice, 1.0) == (0, 0)


def test_a_rest_counts_neither_for_nor_against(alice: Person) -> None:
    history(alice, weeks([40.0, 40.0, 60.0, 60.0, 40.0, 40.0, 40.0]))
    assert read(alice, 40.0)[0] == 2
    # Weeks three and four before were a rest, whatever the score was then.
    start = datetime.combine(TODAY, datetime.min.time(), tzinfo=UTC) - timedelta(days=30)
    Pause.objects.create(person=alice, reason=Pause.Reason.REST, started_at=start, ended_at=start + timedelta(days=10))
    assert read(alice, 40.0)[0] == pytest.approx(7 - 10 / 7)


def test_a_rest_brings_nothing_back_either(alice: Person) -> None:
    history(alice, weeks([40.0, 30.0, 40.0, 40.0]))
    assert read(alice, 40.0)[1] == 10
    start = datetime.combine(TODAY, datetime.min.time(), tzinfo=UTC) - timedelta(days=16)
    Pause.objects.create(person=alice, reason=Pause.Reason.REST, started_at=start, ended_at=start + timedelta(days=5))
    assert read(alice, 40.0)[1] == 0


def test_what_was_lost_and_regained_is_a_comeback(alice: Person) -> None:
    history(alice, weeks([36.0, 33.0, 35.0, 45.0, 50.0]))
    assert read(alice, 45.0)[1] == 12
    assert read(alice, 44.0)[1] == 2
    assert read(alice, 51.0)[1] == 17


def test_a_new_formula_neither_breaks_steadiness_nor_brings_anything_back(alice: Person) -> None:
    history(alice, weeks([40.0, 40.0]))
    history(alice, weeks([52.0, 40.0, 52.0, 52.0], start=14), formula="v0")
    steady, comeback = read(alice, 40.0)
    assert steady == 3
    assert comeback == 0


def test_linking_an_account_again_is_no_comeback(alice: Person) -> None:
    history(alice, weeks([20.0, 20.0, 40.0, 40.0]))
    assert read(alice, 40.0)[1] == 20
    LinkedAccount.objects.update(linked_at=datetime(2026, 10, 30, tzinfo=UTC))
    assert read(alice, 40.0)[1] == 0


def test_a_long_time_without_a_score_says_nothing(alice: Person) -> None:
    history(alice, {7: 40.0, 84: 40.0})
    assert read(alice, 40.0)[0] == 1


def test_a_day_without_a_run_is_looked_at_the_day_before_or_after(alice: Person) -> None:
    history(alice, {8: 40.0, 13: 40.0, 21: 40.0})
    assert read(alice, 40.0)[0] == 3


scores = st.lists(st.one_of(st.none(), st.floats(1, 100)), min_size=1, max_size=26)


@given(scores=scores, today=st.floats(1, 100), number=st.integers(0, 25))
def test_one_look_more_never_shortens_what_lies_before_it(
    scores: list[float | None], today: float, number: int
) -> None:
    seen = np.array([[today, *(np.nan if score is None else score for score in scores)]], dtype=np.float32)
    ago = np.array([0, *range(7, 7 * len(scores) + 1, 7)])
    looks = Looks([TODAY] * len(ago), ago, np.zeros(len(ago), dtype=np.int64))
    resting = np.zeros(seen.shape, dtype=np.int64)
    steady = course.steady(looks, seen, resting)[0]
    cut = Looks(looks.days[: number + 1], looks.ago[: number + 1], looks.formula[: number + 1])
    shorter = course.steady(cut, seen[:, : number + 1], resting[:, : number + 1])[0]
    assert 0 <= shorter <= steady <= ago[-1] / 7
    linked = np.array([10_000])
    regained = course.comeback(looks, seen, linked)[0]
    assert 0 <= course.comeback(cut, seen[:, : number + 1], linked)[0] <= regained <= 99
    # Steady within three points, nobody has fallen by more and come back.
    if steady == ago[-1] / 7 and not np.isnan(seen).any():
        assert regained <= course.WITHIN + course.ALIKE

"""Properties: more of something never loses a level, and what the next one would bring is never a loss."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Person
from scoring import daily, formula
from scoring.achievements import awarding, worth
from scoring.achievements.award import levels_of
from scoring.achievements.catalogue import BY_SLUG, FAMILIES
from scoring.achievements.preview import histogram
from scoring.features.catalogue import BY_KEY
from scoring.suggestions import ask
from tests.scoring.achievements.logs import reactions
from tests.scoring.conftest import AT, TODAY, names

values = st.floats(0, 2e6, allow_nan=False)


@given(family=st.sampled_from(FAMILIES), value=values, more=values)
def test_more_never_loses_a_level(family, value: float, more: float) -> None:
    lower, higher = levels_of(np.array([value, value + more]), family)
    assert 0 <= lower <= higher <= len(family.levels)
    assert lower == family.level_of(value)


@given(
    levels=st.lists(st.integers(1, 10_000), min_size=1, max_size=7, unique=True), people=st.lists(values, max_size=50)
)
def test_everybody_stands_in_one_line_of_the_histogram(levels: list[int], people: list[float]) -> None:
    levels = sorted(levels)
    rows = histogram(np.array(people), levels)
    assert sum(row[2] for row in rows) == len(people)
    reached = sum(row[2] for row in rows if row[0] >= levels[0])
    assert reached == sum(value >= levels[0] for value in people)


def test_what_a_level_would_bring_is_what_the_formula_says_of_so_many_more(join: Callable[..., Person]) -> None:
    alice = join("Alice", twitter="a", mastodon="a")
    bob = join("Bob", twitter="b")
    reactions("twitter", "a", "share", names("t", 7))
    reactions("mastodon", "a", "share", names("m", 3))
    reactions("twitter", "b", "reply", names("r", 1))
    daily.run(as_of=TODAY, at=AT)
    run = awarding.run_of(None)
    day, scored = awarding.kept_day(run)
    assert scored is not None
    families = [BY_SLUG[slug] for slug in ("retweeters", "wildfire", "comments", "score", "people")]
    have = {family.slug: np.zeros(len(day.persons)) for family in families}
    place = {person: int(np.searchsorted(day.persons, person.pk)) for person in (alice, bob)}
    have["retweeters"][place[alice]] = 7
    have["comments"][place[bob]] = 1
    points = worth.of_next_levels(
        formula.get(run.formula),
        members=day.members,
        person=day.person,
        scored=scored,
        values=have,
        families=families,
    )
    # Of people in general, and of the score itself, nobody can say.
    assert points.keys() == {"retweeters", "wildfire", "comments"}
    mine = day.members.take(day.person == alice.pk)
    answer = ask(formula.get(run.formula), mine=mine, feature=BY_KEY["twitter", "share_actors_recent"], to=1e9)
    assert answer.after > answer.before
    row = mine.take(mine.network == 1)
    now = float(row.column("share_actors_recent")[0]) / 65536
    exact = ask(formula.get(run.formula), mine=mine, feature=BY_KEY["twitter", "share_actors_recent"], to=now + 3)
    assert points["retweeters"][place[alice]] == np.float64(exact.after - exact.before)
    assert points["comments"][place[bob]] > 0
    assert np.isnan(points["retweeters"][place[bob]])

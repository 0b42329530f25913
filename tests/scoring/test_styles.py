"""Styles: which of sixteen, where in the grid, and that nobody jumps about."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.styles import ACROSS, GRID, LEAST_OF_REACTIONS, UP, picture, standing_of

FEATURES = [
    *("reply_actors_recent", "mention_actors_recent", "share_actors_recent", "quote_posts_recent"),
    *("follow_actors_ever", "list_actors_ever", "any_actors_now", "like_actors_recent", "share_actors_recent~upload"),
]
POINTS = st.dictionaries(st.sampled_from(FEATURES), st.floats(0, 40), min_size=3)
# Klout's own names, which are not ours to use.
THEIRS = [
    *("curator", "broadcaster", "taste-maker", "celebrity", "syndicator", "feeder", "thought-leader", "pundit"),
    *("dabbler", "conversationalist", "socializer", "networker", "observer", "explorer", "activist", "specialist"),
]


def name_of(**points: float) -> str:
    found = standing_of({"any_actors_now": 5.0, **points})
    assert found is not None
    return str(found.style.name)


def test_there_are_sixteen_with_names_and_texts_of_their_own() -> None:
    styles = [style for row in GRID for style in row]
    assert [len(row) for row in GRID] == [4, 4, 4, 4]
    assert len({str(style.name) for style in styles}) == len({str(style.text) for style in styles}) == 16
    assert not {str(style.name).lower().replace(" ", "-") for style in styles} & set(THEIRS)


def test_the_four_corners() -> None:
    assert name_of(reply_actors_recent=10.0) == "Door opener"
    assert name_of(share_actors_recent=10.0) == "Wildfire"
    assert name_of(reply_actors_recent=10.0, follow_actors_ever=30.0) == "Confidant"
    assert name_of(share_actors_recent=10.0, list_actors_ever=30.0) == "Bell tower"


def test_every_cell_can_be_reached() -> None:
    reached = set()
    for share in (0.1, 0.45, 0.55, 0.9):
        for stay in (0.1, 0.25, 0.35, 0.8):
            found = standing_of(
                {
                    "share_actors_recent": 40 * share * (1 - stay),
                    "reply_actors_recent": 40 * (1 - share) * (1 - stay),
                    "follow_actors_ever": 40 * stay,
                }
            )
            assert found is not None
            reached.add(found.cell)
    assert len(reached) == 16


@pytest.mark.parametrize(
    "points",
    [
        {},
        {"start": 1.0},
        {"follow_actors_ever": 40.0, "like_actors_recent": 9.0},
        {"share_actors_recent": LEAST_OF_REACTIONS - 0.01, "follow_actors_ever": 40.0},
        {"share_actors_recent": 2.0, "reply_actors_recent": 2.0},
    ],
)
def test_with_too_little_to_go_by_there_is_none(points: dict[str, float]) -> None:
    assert standing_of(points) is None


def test_what_everybody_starts_with_changes_nothing() -> None:
    points = {"share_actors_recent": 4.0, "follow_actors_ever": 4.0}
    assert standing_of(points) == standing_of({**points, "start": 1.0})


@given(POINTS, st.lists(st.floats(0.99, 1.01), min_size=len(FEATURES), max_size=len(FEATURES)))
def test_a_hundredth_more_or_less_moves_nobody_far(points: dict[str, float], noise: list[float]) -> None:
    before = standing_of(points)
    after = standing_of({name: points[name] * noise[FEATURES.index(name)] for name in points})
    if before is None or after is None:
        return
    assert abs(before.across - after.across) < 0.1
    assert abs(before.up - after.up) < 0.1


@given(POINTS)
def test_the_place_is_in_the_grid_and_in_the_cell_of_the_style(points: dict[str, float]) -> None:
    found = standing_of(points)
    if found is None:
        return
    row, column = found.cell
    assert 0 <= found.up <= 4
    assert 0 <= found.across <= 4
    assert GRID[row][column] == found.style


def test_the_steps_meet_at_the_cuts() -> None:
    for axis in (ACROSS, UP):
        assert [axis.place(cut) for cut in axis.cuts] == [1.0, 2.0, 3.0]
        assert (axis.place(0.0), axis.place(1.0)) == (0.0, 4.0)


def test_the_picture_says_in_words_what_it_shows() -> None:
    found = standing_of({"share_actors_recent": 10.0, "list_actors_ever": 30.0})
    assert found is not None
    drawn = picture(found)
    assert 'role="img" aria-label="Bell tower: column 4 of 4 from left, row 4 of 4 from below."' in drawn
    assert len(re.findall('class="cell', drawn)) == 16
    assert drawn.count("cell here") == 1
    assert "style=" not in drawn.replace("style-grid", "")
    assert "100% are for passing on" in found.sentence

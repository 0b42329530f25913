"""Pictures of scores: what is drawn where, and that days without a score stay empty."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import charts
from scoring.charts import Band, Line, Mark, Picture, Pin, Reading

FIRST, LAST = date(2026, 8, 3), date(2026, 11, 1)


def unbroken(readings: list[Reading]) -> list[list[Reading]]:
    """Cut where a day is missing."""
    runs: list[list[Reading]] = []
    for reading in readings:
        if not runs or (reading.day - runs[-1][-1].day).days > 1:
            runs.append([])
        runs[-1].append(reading)
    return runs


def picture(*lines: list[Reading], first: date = FIRST, last: date = LAST, **options: Any) -> Picture:
    wanted = {"title": "Score by day", "description": "It rose."} | options
    return Picture(
        first=first,
        last=last,
        lines=[
            Line(f"line-{number}", f"Line {number}", unbroken(readings))
            for number, readings in enumerate(lines, start=1)
        ],
        day_label=lambda day: f"{day.day}.{day.month}.",
        score_label=lambda score: f"{score:.0f}",
        **wanted,
    )


def svgs(drawn: Picture) -> ElementTree.Element:
    """The picture, and the pins upon it, as one element."""
    return ElementTree.fromstring(f"<figure>{charts.draw(drawn)}</figure>")


def draw(readings: list[Reading], *, title: str = "Score by day") -> ElementTree.Element | None:
    shown = [reading for reading in readings if FIRST <= reading.day <= LAST]
    found = list(svgs(picture(shown, title=title)))
    return found[0] if found else None


def named(svg: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [element for element in svg.iter() if name in (element.get("class") or "").split()]


def marked(*marks: Mark) -> ElementTree.Element:
    return svgs(picture(every_day(91), marks=marks))


def test_a_mark_stands_on_its_day_with_its_label_inside_the_picture() -> None:
    svg = marked(Mark(FIRST + timedelta(days=9), "Formula <v2>"), Mark(LAST, "Formula v3"))
    assert [line.get("x1") for line in named(svg, "turn")] == ["10.00%", "100.00%"]
    early, late = named(svg, "turn-label")
    assert (early.text, early.get("text-anchor")) == ("Formula <v2>", "start")
    assert (late.text, late.get("text-anchor")) == ("Formula v3", "end")


def test_a_mark_outside_the_window_is_not_drawn() -> None:
    assert named(marked(Mark(FIRST - timedelta(days=1), "Formula v2")), "turn") == []


def every_day(number: int, score: float = 40.0) -> list[Reading]:
    return [Reading(FIRST + timedelta(days=i), score) for i in range(number)]


def test_it_breaks_the_line_where_days_are_missing() -> None:
    readings = every_day(91)
    del readings[30:35]
    svg = draw(readings)
    assert len(named(svg, "curve")) == 2
    assert named(svg, "curve")[0].get("d").count("L") == 29


def test_it_draws_a_day_between_two_gaps_as_a_dot() -> None:
    readings = [*every_day(10), Reading(FIRST + timedelta(days=45), 42.0), *every_day(91)[80:]]
    svg = draw(readings)
    assert [dot.get("cx") for dot in named(svg, "lone")] == ["50.00%"]


def test_it_puts_the_higher_score_higher() -> None:
    svg = draw([Reading(FIRST, 30.0), Reading(FIRST + timedelta(days=1), 50.0)])
    start, end = named(svg, "curve")[0].get("d").removeprefix("M").split("L")
    assert float(start.split()[1]) > float(end.split()[1])


def test_it_draws_nothing_without_a_score_in_the_window() -> None:
    assert draw([Reading(FIRST - timedelta(days=1), 40.0)]) is None


def test_it_says_in_words_what_it_shows() -> None:
    svg = draw(every_day(5), title="Score of <Alice> & Bob")
    assert svg.get("role") == "img"
    labels = {element.get("id"): element.text for element in svg.iter() if element.get("id")}
    assert [labels[name] for name in svg.get("aria-labelledby").split()] == ["Score of <Alice> & Bob", "It rose."]


@given(
    st.lists(st.tuples(st.integers(0, 90), st.floats(1, 100)), min_size=1, unique_by=lambda pair: pair[0]),
)
def test_every_score_lies_within_the_picture_and_its_scale(pairs: list[tuple[int, float]]) -> None:
    scores = [score for _, score in pairs]
    bottom, top, step = charts.bounds(scores)
    assert 0 <= bottom <= min(scores)
    assert max(scores) <= top <= 100
    assert 2 <= len(list(charts.ticks(bottom, top, step))) <= 8
    svg = draw([Reading(FIRST + timedelta(days=day), score) for day, score in pairs])
    places = [
        tuple(float(number) for number in point.split())
        for curve in named(svg, "curve")
        for point in curve.get("d").removeprefix("M").split("L")
    ]
    assert all(0 <= x <= 100 and 0 <= y <= 100 for x, y in places)


def test_each_line_keeps_its_name_and_its_own_gaps() -> None:
    whole, broken = every_day(91), [*every_day(20, 30.0), *every_day(91, 30.0)[40:]]
    svg = svgs(picture(whole, broken))
    assert [curve.get("class") for curve in named(svg, "curve")] == ["curve line-1", "curve line-2", "curve line-2"]
    # With several lines an area below each would hide the others.
    assert named(svg, "area") == []
    assert len(named(svgs(picture(whole)), "area")) == 1


def test_names_at_the_ends_of_lines_do_not_lie_upon_each_other() -> None:
    lines = [Line(f"line-{number}", "", [every_day(91, 40.0 + number / 100)], f"Name {number}") for number in range(4)]
    drawn = picture(every_day(91))
    svg = svgs(Picture(**{**{name: getattr(drawn, name) for name in drawn.__slots__}, "lines": lines}))
    heights = sorted(float(label.get("y").removesuffix("%")) for label in named(svg, "tag-label"))
    assert len(heights) == 4
    assert all(lower - upper >= charts.TAG_HEIGHT - 0.01 for upper, lower in pairwise(heights))


def test_a_rest_and_a_broken_link_are_shaded_differently_and_stay_inside() -> None:
    bands = [
        Band(FIRST - timedelta(days=5), FIRST + timedelta(days=8)),
        Band(FIRST + timedelta(days=45), LAST + timedelta(days=9), "broken"),
        Band(LAST + timedelta(days=1), LAST + timedelta(days=3)),
    ]
    svg = svgs(picture(every_day(91), bands=bands))
    [rest], [broken] = named(svg, "resting"), named(svg, "broken")
    assert (rest.get("x"), rest.get("width"), rest.get("fill")) == ("0.00%", "10.00%", None)
    assert (broken.get("x"), broken.get("width")) == ("50.00%", "50.00%")
    pattern = next(element for element in svg.iter() if element.tag.endswith("pattern"))
    assert broken.get("fill") == f"url(#{pattern.get('id')})"


def test_pins_are_links_beside_the_image_and_not_within_it() -> None:
    pin = Pin(FIRST + timedelta(days=45), 40.0, "1", "A post & <more>", "#post-1")
    image, pins = svgs(picture(every_day(91), pins=[pin]))
    assert image.get("role") == "img"
    assert not [element for element in image.iter() if element.tag == "a"]
    [link] = pins
    assert (link.get("href"), link.get("aria-label")) == ("#post-1", "A post & <more>")
    assert {circle.get("cx") for circle in link if circle.tag == "circle"} == {"50.00%"}


def test_two_pictures_on_a_page_have_ids_of_their_own() -> None:
    pictures = [svgs(picture(every_day(91), name=name)) for name in ("small", "large")]
    ids = [element.get("id") for svg in pictures for element in svg.iter() if element.get("id")]
    assert len(ids) == len(set(ids)) == 4


def test_a_script_gets_the_days_that_are_drawn_with_their_gaps() -> None:
    broken = [*every_day(3, 30.0), Reading(FIRST + timedelta(days=10), 31.24719)]
    data = charts.data(picture(every_day(2), broken))
    assert (data["first"], data["span"]) == ("2026-08-03", 90)
    assert data["lines"][0] == {"name": "line-1", "label": "Line 1", "days": [0, 1], "values": [40.0, 40.0]}
    assert data["lines"][1]["days"] == [0, 1, 2, 3, 10]
    # Not so short that one decimal of it would be another number: 31.2, not 31.3.
    assert data["lines"][1]["values"] == [30.0, 30.0, 30.0, None, 31.2472]


def test_a_script_gets_nothing_where_nothing_is_drawn() -> None:
    alone = picture(every_day(1), last=FIRST)
    assert (charts.draw(alone), charts.data(alone)) == ("", {})


def test_the_rim_holds_the_parts_one_after_the_other() -> None:
    svg = ElementTree.fromstring(
        charts.bubble("42", ".0", "Score 42.0 of 100", parts={"reach": 20.0, "amplification": 12.0, "network": 10.0})
    )
    pieces = [
        element
        for element in svg.iter()
        if (element.get("class") or "").startswith("rim") and element.get("pathLength")
    ]
    assert [piece.get("class") for piece in pieces] == ["rim reach", "rim amplification", "rim network"]
    assert [piece.get("stroke-dasharray").split()[0] for piece in pieces] == ["20.00", "12.00", "10.00"]
    assert [-float(piece.get("stroke-dashoffset")) for piece in pieces] == [0.0, 20.0, 32.0]
    assert "".join(svg.itertext()) == "42.0"
    assert svg.get("aria-label") == "Score 42.0 of 100"


@pytest.mark.parametrize(("share", "width"), [(-1.0, "0.00"), (0.25, "25.00"), (7.0, "100.00")])
def test_a_bar_stays_in_its_frame(share: float, width: str) -> None:
    svg = ElementTree.fromstring(charts.bar(share, "reach"))
    assert next(rect.get("width") for rect in svg if rect.get("class") == "reach") == width


@pytest.mark.parametrize(
    "markup",
    [
        charts.bubble("4", "", "Score 4 of 100"),
        charts.bar(0.5, "reach"),
        charts.key("reach"),
        charts.draw(
            picture(every_day(91), bands=[Band(FIRST, LAST, "broken")], pins=[Pin(LAST, 40.0, "1", "x", "#x")])
        ),
    ],
)
def test_pictures_carry_no_style_and_no_script(markup: str) -> None:
    assert "style=" not in markup
    assert "<style" not in markup
    assert "<script" not in markup

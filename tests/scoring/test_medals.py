"""The pictures of achievements: one set of symbols on one grid, and medals that show their level without any colour."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.conf import settings

from scoring import badges
from scoring.achievements import medals, symbols
from scoring.achievements.catalogue import FAMILIES
from scoring.achievements.medals import Colours

SVG = "{http://www.w3.org/2000/svg}"
CSS = Path(settings.BASE_DIR, "static", "css", "achievements.css")
COLOURS = Colours("#fffdf9", "#0b5a5e", "#ffffff", "#dbebe6", "#083f43", "#b4770f")
HIGHEST = max(len(family.levels) for family in FAMILIES)
# How many numbers each letter of a path takes.
TAKES = {"m": 2, "l": 2, "h": 1, "v": 1, "a": 7, "c": 6, "s": 4, "q": 4, "z": 0}


def ends(path: str) -> list[tuple[float, float]]:
    """Where each piece of a path ends; raises for what is none."""
    x = y = 0.0
    start, found = (0.0, 0.0), []
    for letter, text in re.findall(r"([a-zA-Z])([^a-zA-Z]*)", path):
        numbers = [float(number) for number in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", text)]
        each = TAKES[letter.lower()]
        assert (not numbers) if each == 0 else (numbers and len(numbers) % each == 0), (letter, text)
        for at in range(0, max(len(numbers), 1), max(each, 1)):
            piece = numbers[at : at + each]
            near = letter.islower()
            if letter in "zZ":
                x, y = start
            elif letter in "hH":
                x = x * near + piece[0]
            elif letter in "vV":
                y = y * near + piece[0]
            else:
                x, y = x * near + piece[-2], y * near + piece[-1]
            if letter in "mM":
                start = (x, y)
            found.append((x, y))
    return found


def test_every_family_has_a_symbol_of_its_own() -> None:
    drawn = {family.slug: symbols.SYMBOLS[family.symbol].path for family in FAMILIES}
    assert len(set(drawn.values())) == len(FAMILIES)


@pytest.mark.parametrize("name", symbols.SYMBOLS)
def test_a_symbol_keeps_to_the_grid_of_the_set(name: str) -> None:
    path = symbols.SYMBOLS[name].path
    points = ends(path)
    edge = symbols.STROKE / 2
    assert all(edge <= value <= symbols.GRID - edge for point in points for value in point), points
    across, down = ([point[axis] for point in points] for axis in (0, 1))
    # It fills its place, and stands in the middle of it.
    assert max(max(across) - min(across), max(down) - min(down)) >= symbols.GRID / 2
    assert str(symbols.SYMBOLS[name].label)


def test_a_symbol_that_is_gone_is_drawn_as_another() -> None:
    assert symbols.path_of("of an old set") == symbols.SYMBOLS[symbols.PLAIN].path


def parts(level: int) -> dict[str, str]:
    return {line.part: line.path for line in medals.lines("lists", level)}


def test_the_form_alone_tells_one_level_from_another() -> None:
    forms = [tuple(path for part, path in parts(level).items() if part != "symbol") for level in range(1, HIGHEST + 1)]
    assert len(set(forms)) == HIGHEST
    outlines = [tuple(parts(level).get(part) for part in ("behind", "around", "plate")) for level in range(1, 8)]
    assert all(one != other for one, other in pairwise(outlines)), "neighbours differ by more than a stud"
    assert len(set(outlines)) == 7


def test_there_are_as_many_studs_as_the_level_says() -> None:
    assert [parts(level)["studs"].count("M") for level in range(1, 12)] == [*range(1, 10), 9, 9]


@pytest.mark.parametrize("level", range(1, HIGHEST + 1))
def test_nothing_of_a_medal_is_cut_off_and_the_symbol_lies_on_its_plate(level: int) -> None:
    for line in medals.lines("lists", level):
        if line.part != "symbol":
            assert all(0 <= value <= medals.SIDE for point in ends(line.path) for value in point), line.part
    [(shift, down, scale)] = re.findall(
        r"translate\((\S+) (\S+)\) scale\((\S+)\)", medals.lines("lists", level)[-1].place
    )
    reach = symbols.GRID * float(scale)
    plate = ends(parts(level)["plate"])
    across = [x for x, _y in plate]
    assert min(across) < float(shift)
    assert float(shift) + reach < max(across)
    assert float(down) > 0


@pytest.mark.parametrize("locked", [False, True])
def test_on_a_page_a_medal_has_classes_and_no_style(locked: bool) -> None:
    drawn = medals.inline("heart", 5, label='Liked, "level" 5', locked=locked)
    root = ElementTree.fromstring(drawn)
    assert root.get("aria-label") == 'Liked, "level" 5'
    assert ("locked" in root.get("class", "").split()) is locked
    for word in ("style=", "fill=", "stroke=", "<script", "#"):
        assert word not in drawn
    named = {element.get("class") for element in root}
    css = CSS.read_text()
    assert named == {"behind", "plate", "studs", "symbol"}
    assert all(f".medal .{name}" in css for name in named)


def test_a_medal_beside_its_words_is_silent() -> None:
    root = ElementTree.fromstring(medals.inline("heart", 5))
    assert (root.get("aria-hidden"), root.get("role")) == ("true", None)


@pytest.mark.parametrize("level", range(1, HIGHEST + 1))
def test_a_picture_asks_for_nothing_and_says_what_it_is(level: int) -> None:
    drawn = medals.picture("heart", level, label="<Liked>", colours=COLOURS)
    root = ElementTree.fromstring(drawn)
    title = root.find(f"{SVG}title")
    assert title is not None
    assert title.text == root.get("aria-label") == "<Liked>"
    assert re.findall(r"https?:|url\(|href|style|<script", drawn.replace("http://www.w3.org/2000/svg", "")) == []


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", badges.THEMES)
@pytest.mark.parametrize("level", range(1, HIGHEST + 1))
def test_the_symbol_is_seen_on_its_plate(theme: str, level: int) -> None:
    its = badges.THEMES[theme]
    colours = Colours(its.paper, its.brand, its.on_brand, its.tint, its.on_tint, dict(its.parts)["amplification"])
    pens = medals.pens(level, colours)
    plate = pens["plate"][0]
    assert contrast(pens["symbol"][1], plate) >= 4.5
    assert contrast(pens["studs"][1], plate) >= 4.5
    assert contrast(pens["behind"][0], its.paper) >= 3


def test_the_colours_of_the_styles_are_tokens() -> None:
    assert re.findall(r"#[0-9a-f]{3,8}\b|rgb\(|hsl\(", CSS.read_text()) == []

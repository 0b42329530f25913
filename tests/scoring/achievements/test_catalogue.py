"""What can be earned: enough of it, countable, reachable, and all in words."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from scoring.achievements import catalogue
from scoring.achievements.catalogue import FAMILIES, Family
from scoring.achievements.symbols import SYMBOLS
from scoring.achievements.terms import parsed
from scoring.features.catalogue import BY_KEY, COLUMNS, FEATURES, NETWORKS
from scoring.models import Definition


def test_there_are_more_than_sixty_levels_over_more_than_twenty_families() -> None:
    assert len(FAMILIES) >= 20
    assert sum(len(family.levels) for family in FAMILIES) >= 60
    assert catalogue.BY_SLUG["lists"].levels == (1, 10, 50, 100, 500, 1_000, 10_000)
    assert 25 in catalogue.BY_SLUG["wildfire"].levels


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.slug)
def test_each_family_counts_what_there_is_says_how_and_has_a_drawing(family: Family) -> None:
    terms = parsed(family.measure, family.network)
    assert terms
    assert family.symbol in SYMBOLS
    assert str(family.text).endswith(".")
    assert str(family.name)
    assert str(family.unit)
    for term in terms:
        networks = [family.network] if family.network else list(NETWORKS)
        if term.kind in {"people", "post"} and term.verbs:
            # On some network at least it is told by name, or else counted beside it.
            assert any(verb in NETWORKS[slug].verbs for slug in networks for verb in term.verbs)
        if term.kind == "column":
            assert any((slug, term.name) in BY_KEY for slug in networks)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.slug)
def test_every_level_can_be_reached_and_lies_above_the_one_before(family: Family) -> None:
    assert catalogue.rising(family.levels)
    bounds = {"score": 100.0, "networks": float(len(NETWORKS) - 1), "steady": 448 / 7, "comeback": 90.0}
    assert family.levels[-1] <= bounds.get(family.measure, float("inf"))
    assert [family.level_of(least) for least in family.levels] == list(range(1, len(family.levels) + 1))
    assert [family.level_of(least - 0.5) for least in family.levels] == list(range(len(family.levels)))


def test_no_two_families_have_one_name_slug_or_drawing() -> None:
    for name in ("slug", "name", "symbol"):
        assert len({str(getattr(family, name)) for family in FAMILIES}) == len(FAMILIES)


@pytest.mark.parametrize(
    ("measure", "network"),
    [
        ("people:dance", ""),
        ("people:", ""),
        ("post:follow", ""),
        ("people:checkin", "github"),
        ("share_actors_recent", ""),
        ("any_actors_long", ""),
        ("score+networks", ""),
        ("score", "twitter"),
        ("did:nothing", ""),
        ("did:reviews_written", "twitter"),
        ("people:like", "friendster"),
        ("", ""),
    ],
)
def test_what_fades_or_does_not_exist_cannot_be_counted(measure: str, network: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parsed(measure, network)


def test_nothing_that_fades_is_offered() -> None:
    fading = {feature.column for feature in FEATURES if feature.window in {"now", "recent", "long", "month", "quarter"}}
    assert fading & set(COLUMNS)
    for column in fading:
        with pytest.raises(ValueError, match=r"."):
            parsed(column)


@pytest.mark.django_db
def test_what_the_staff_defined_stands_beside_what_ships_in_the_readers_language() -> None:
    def define(slug: str, state: str) -> None:
        Definition.objects.create(
            slug=slug,
            measure="people:like",
            levels=[3, 9],
            name="Adored",
            unit="admirers",
            text="Earned by being adored.",
            symbol="heart",
            state=state,
            translations={"de": {"name": "Verehrt"}},
        )

    define("adored", "live")
    define("draft", "draft")
    define("gone", "retired")
    slugs = [family.slug for family in catalogue.families()]
    assert slugs == [family.slug for family in FAMILIES] + ["adored"]
    assert {"adored", "gone"} <= catalogue.known().keys()
    assert "draft" not in catalogue.known()
    adored = catalogue.known()["adored"]
    assert (str(adored.name), adored.levels) == ("Adored", (3, 9))
    with override("de"):
        assert (str(adored.name), str(adored.unit)) == ("Verehrt", "admirers")

"""What would raise a score: only others' doing, only what is usual a little higher, in points of the formula itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring import formula, suggestions
from scoring.features.base import ONE, FeatureTable
from scoring.features.catalogue import BY_KEY, NETWORKS, WINDOWS
from scoring.features.derived import completed
from scoring.formula.base import Scored
from scoring.suggestions import Suggestions
from scoring.suggestions.scenarios import Scenarios, gains, moves
from scoring.suggestions.usual import ENOUGH, FEWEST, Cells, Usual
from scoring.suggestions.words import sentence, suggested

V1 = formula.get("v1")
TWITTER, FACEBOOK, YOUTUBE, KLOUT, WIKIPEDIA = (
    NETWORKS[slug].code for slug in ("twitter", "facebook", "google", "klout", "wikipedia")
)
# (person, network, supplied, features)
Row = tuple[int, int, int, Mapping[str, float]]


def replied(people: float, **more: float) -> dict[str, float]:
    """What the engine measures where so many people of average standing replied lately."""
    names = ("reply_actors_recent", "reply_actors_long", "any_actors_recent", "any_actors_long", "any_people_ever")
    standing = ("any_standing_recent", "any_standing_long", "reply_standing_recent")
    return dict.fromkeys((*names, *standing), people) | {"any_actors_now": people / 6} | more


def table_of(rows: Sequence[Row]) -> tuple[FeatureTable, np.ndarray]:
    """One account for each row's (person, network), numbered by their order."""
    numbers = {key: place + 1 for place, key in enumerate(dict.fromkeys(row[:2] for row in rows))}
    ordered = sorted(rows, key=lambda row: (numbers[row[:2]], row[2]))
    names = sorted({name for *_, features in rows for name in features})
    table = FeatureTable(
        np.array([numbers[row[:2]] for row in ordered], dtype=np.int64),
        np.array([row[1] for row in ordered], dtype=np.int64),
        completed({name: np.array([round(row[3].get(name, 0) * ONE) for row in ordered]) for name in names}),
        np.array([row[2] for row in ordered], dtype=np.int64),
    )
    return table, np.array([row[0] for row in ordered], dtype=np.int64)


def suggest(rows: Sequence[Row]) -> tuple[Suggestions, Scored]:
    table, person = table_of(rows)
    scored = V1.score(table, person)
    accounts = V1.score(table, table.account)
    found = suggestions.suggest(V1, members=table, person=person, scored=scored, table=table, accounts=accounts)
    return found, scored


def of(found: Suggestions, person: int) -> dict[str, float]:
    """feature -> points, the best first."""
    mine = np.flatnonzero(found.person == person)
    assert found.rank[mine].tolist() == list(range(1, len(mine) + 1))
    return dict(zip(found.feature[mine].tolist(), found.points[mine].tolist(), strict=True))


def town(number: int = 200, **more: float) -> list[Row]:
    """People to whom ever more people replied; each has the same of what `more` says, times the same growth."""
    return [
        (person, TWITTER, 0, replied(1.05**person, **{name: times * 1.05**person for name, times in more.items()}))
        for person in range(1, number + 1)
    ]


def test_it_says_how_many_more_are_usual_and_what_they_would_bring() -> None:
    found, _ = suggest(town())
    place = 100
    assert list(of(found, place)) == ["reply_actors_recent"]
    one = int(np.flatnonzero(found.person == place)[0])
    more = found.attainable[one] - found.value[one]
    assert found.value[one] == pytest.approx(1.05**place, abs=1e-3)
    assert more >= 1
    assert more == pytest.approx(round(more))
    # It would bring this person to where the people are whom it is taken from, or near it.
    assert 3 <= found.points[one] <= 7.5


def test_the_points_are_what_the_formula_gives_for_that_many_more() -> None:
    rows = town()
    found, scored = suggest(rows)
    one = int(np.flatnonzero(found.person == 100)[0])
    more = float(found.attainable[one] - found.value[one])
    features = dict(rows[99][3])
    for name in features:
        features[name] += more * (WINDOWS["now"] / WINDOWS["recent"] if name.endswith("_now") else 1.0)
    table, person = table_of([(100, TWITTER, 0, features)])
    after = float(V1.score(table, person).score[0])
    assert found.points[one] == pytest.approx(after - scored.score[99], abs=1e-3)


def test_what_moves_with_a_reply() -> None:
    moved = moves(BY_KEY["twitter", "reply_actors_recent"])
    assert moved["reply_actors_recent"] == moved["any_actors_recent"] == moved["any_actors_long"] == (1.0, False)
    assert moved["any_standing_recent"] == (1.0, True)
    assert moved["any_actors_now"][0] == pytest.approx(WINDOWS["now"] / WINDOWS["recent"])
    assert moved["any_actors_month"] == (1.0, False)
    assert "any_actors_before" not in moved
    assert not any(name.startswith(("like_", "follow_")) for name in moved)
    lasting = moves(BY_KEY["twitter", "list_actors_ever"])
    assert "any_actors_recent" not in lasting
    assert lasting["list_actors_ever"] == (1.0, False)
    assert moves(BY_KEY["twitter", "like_anonymous_recent"]) == {"like_anonymous_recent": (1.0, False)}


def test_only_what_others_do_is_ever_suggested() -> None:
    for network in NETWORKS:
        for feature in suggested(network):
            assert feature.verb not in {"connect", "plus-k", "endorse", "tip", "visit", "checkin", "any"}
            assert feature.measure in {"actors", "anonymous", "surplus"}
            assert (feature.verb, feature.measure) != ("follow", "surplus")
            assert sentence(network=network, feature=feature.column, more=3).startswith("If 3 more people ")
    assert suggested("klout") == suggested("wikipedia") == ()


def test_counted_followers_posts_and_plus_k_are_not_suggested_whatever_they_would_bring() -> None:
    more = {"follow_surplus": 500.0, "reply_posts_recent": 9.0, "any_published_recent": 40.0, "list_actors_ever": 2.0}
    found, _ = suggest(town(**more))
    assert set(of(found, 100)) == {"reply_actors_recent", "list_actors_ever"}
    given_k = [
        (person, network, 0, replied(1.05**person) | {"plus_k_actors_recent": 5 * 1.05**person})
        for person in range(1, 201)
        for network in (KLOUT, WIKIPEDIA)
    ]
    assert len(suggest(given_k)[0]) == 0


def test_a_network_that_brings_no_points_is_not_suggested() -> None:
    rows = [(person, network, 0, replied(1.05**person)) for person in range(1, 201) for network in (TWITTER, YOUTUBE)]
    found, _ = suggest(rows)
    assert len(found)
    assert set(found.network.tolist()) == {TWITTER}


def test_five_at_most_and_of_one_verb_the_better_one() -> None:
    verbs = ("like", "share", "mention", "quote")
    more = {f"{verb}_actors_recent": 1.0 for verb in verbs} | {f"{verb}_anonymous_recent": 0.5 for verb in verbs}
    rows = [
        (person, network, 0, features)
        for person, _, _, features in town(**more, list_actors_ever=1.0, follow_actors_ever=9.0)
        for network in (TWITTER, FACEBOOK)
    ]
    found, _ = suggest(rows)
    mine = np.flatnonzero(found.person == 100)
    assert len(mine) == 5
    assert (np.diff(found.points[mine]) <= 0).all()
    named = [(int(found.network[place]), str(found.feature[place]).split("_")[0]) for place in mine]
    assert len(set(named)) == 5


def test_nobody_above_means_nothing_to_say() -> None:
    found, _ = suggest(town())
    assert of(found, 200) == {}
    assert suggest([])[0].person.tolist() == []


def test_few_members_are_held_against_all_accounts_of_the_network() -> None:
    rows = town()
    table, owner = table_of(rows)
    accounts = V1.score(table, table.account)
    alone = table.take(np.array([99]))
    found = suggestions.suggest(
        V1, members=alone, person=owner[99:100], scored=V1.score(alone, owner[99:100]), table=table, accounts=accounts
    )
    assert of(found, 100) == pytest.approx(of(suggest(rows)[0], 100), rel=0.2)
    # On another network those accounts say nothing.
    elsewhere = FeatureTable(alone.account, np.array([FACEBOOK]), alone.columns, alone.supplied)
    scored = V1.score(elsewhere, owner[99:100])
    other = suggestions.suggest(
        V1, members=elsewhere, person=owner[99:100], scored=scored, table=table, accounts=accounts
    )
    assert len(other) == 0


def test_the_band_is_as_narrow_as_there_are_enough_people() -> None:
    table, person = table_of(town(400))
    scored = V1.score(table, person)
    cells = Cells.of(table, person)
    score = float(scored.score[200])

    def heights(usual: Usual) -> tuple[float, float, int]:
        peers = usual.peers(TWITTER, score)
        assert peers is not None
        above = scored.score[peers[1]] - score
        return float(above.min()), float(above.max()), len(above)

    low, high, number = heights(Usual((cells, scored), (cells, scored)))
    assert low >= 3
    assert high <= 7
    assert number >= ENOUGH
    few = np.flatnonzero((scored.score > score + 1) & (scored.score < score + 15))[::8]
    thin = table.take(few)
    rest = Cells.of(thin, person[few])
    usual = Usual((rest, scored), (rest, scored))
    if FEWEST <= len(few) < ENOUGH:
        peers = usual.peers(TWITTER, score)
        assert peers is not None
        assert len(peers[1]) == len(few)
    assert Usual((rest, scored), (rest, scored)).peers(TWITTER, 99.0) is None


def test_more_people_react_where_the_network_names_them_not_in_what_was_uploaded() -> None:
    rows = [
        *town(),
        (500, TWITTER, 0, replied(50.0)),
        (500, TWITTER, 1, replied(90.0)),
        (501, TWITTER, 1, replied(80.0)),
    ]
    table, person = table_of(rows)
    target = suggestions.rows_for_more(Cells.of(table, person))
    by_person = dict(zip(person[target].tolist(), table.supplied[target].tolist(), strict=True))
    assert (by_person[500], by_person[501]) == (0, 1)


amounts = st.integers(0, 3000)
measured = sorted({feature.column for feature in BY_KEY.values() if not feature.ratio})
features = st.dictionaries(st.sampled_from(measured), amounts, max_size=8)
rows = st.lists(
    st.tuples(st.integers(1, 12), st.sampled_from([TWITTER, FACEBOOK, WIKIPEDIA]), st.integers(0, 1), features),
    min_size=1,
    max_size=30,
    unique_by=lambda row: row[:3],
)


@settings(max_examples=30)
@given(rows)
def test_no_suggestion_ever_costs_points_and_each_is_a_possible_one(rows: list[Row]) -> None:
    found, scored = suggest(rows)
    assert (found.points >= suggestions.LEAST_POINTS).all()
    assert (found.attainable - found.value >= 1 - 1e-9).all()
    assert np.isin(found.person, scored.entity).all()
    for person in np.unique(found.person):
        assert len(of(found, int(person))) <= suggestions.MOST


@settings(max_examples=15)
@given(rows, st.integers(1, 400))
def test_chunks_change_nothing(rows: list[Row], more: int) -> None:
    table, person = table_of(rows)
    scored = V1.score(table, person)
    feature = BY_KEY["twitter", "reply_actors_recent"]
    places = np.arange(len(table))
    asked = Scenarios([feature], places, places * 0, np.full(len(table), float(more)), np.zeros(len(table)))
    whole = gains(V1, table, person, scored, asked)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("scoring.suggestions.scenarios.ROWS", 2)
        pieces = gains(V1, table, person, scored, asked)
    assert whole.tobytes() == pieces.tobytes()
    assert (whole >= 0).all()


def test_words_say_lately_only_of_what_fades() -> None:
    lately = sentence(network="twitter", feature="reply_actors_recent", more=12)
    assert lately == "If 12 more people replied to you lately, as is usual at your next five points"
    lasting = sentence(network="twitter", feature="list_actors_ever", more=1)
    assert lasting == "If 1 more person put you on a list, as is usual at your next five points"

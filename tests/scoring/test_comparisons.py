"""Who would move by another formula: the same figures by command and on the staff's page, which computes nothing."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import asdict
from datetime import date
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from scoring import comparing, comparisons, daily, formula, switching
from scoring.comparisons import BANDS, FAR, Comparison, Side
from scoring.engine.base import Output
from scoring.formula import plain
from scoring.formula.base import Formula
from scoring.models import ScoreRun, ShadowScore
from tests.scoring.conftest import AT, TODAY
from tests.scoring.formula.given import FACEBOOK, TWITTER, features, table_of
from tests.scoring.versions import computed_by, release

DAY = date(2026, 11, 1)


def side(version: str, scores: list[float], network: int = TWITTER, first: int = 1) -> Side:
    """People by number, all of whose points are in reach and of one network."""
    score = np.array(scores, dtype=np.float64)
    person = np.arange(first, first + len(scores), dtype=np.int64)
    third = np.full(len(scores), 1 / 3)
    code = np.full(len(scores), network, dtype=np.int64)
    return Side(version, person, score, (score - 2 / 3, third, third), (person, code, score - 1))


def both(old: list[float], new: list[float]) -> Comparison:
    return comparisons.compare(side("v1", old), side("v2", new), as_of=DAY)


def test_moves_are_counted_where_they_belong() -> None:
    found = both([50, 50, 50, 50, 50, 50], [50, 50.04, 52, 53.5, 46.5, 20])
    people = {comparisons.bucket_label(bucket): bucket.people for bucket in found.buckets if bucket.people}
    assert people == {"down 20 or more": 1, "down 3 to 5": 1, "within 1": 2, "up 1 to 3": 1, "up 3 to 5": 1}
    assert (found.up, found.same, found.down) == (2, 2, 2)
    assert (found.far_up, found.far_down) == (1, 2)


def test_bands_are_of_the_old_score() -> None:
    found = both([1, 9.9, 10, 45, 100], [1, 9.9, 14, 44, 99])
    assert [(band.low, band.high, band.people, band.mean) for band in found.bands] == [
        (1.0, 10.0, 2, 0.0),
        (10.0, 20.0, 1, 4.0),
        (40.0, 50.0, 1, -1.0),
        (90.0, 100.0, 1, -1.0),
    ]
    assert found.bands[1].far_up == 1


def test_a_network_counts_those_who_have_points_of_it_by_either_formula() -> None:
    old = side("v1", [40, 41, 1])
    new = side("v2", [45, 41, 1], network=FACEBOOK)
    found = comparisons.compare(old, new, as_of=DAY)
    assert {row.network: (row.people, row.before, row.after, row.far_up) for row in found.networks} == {
        "twitter": (2, 39.5, 0.0, 1),
        "facebook": (2, 0.0, 42.0, 1),
    }


def test_only_people_with_both_scores_are_compared() -> None:
    old, new = comparisons.paired(side("v1", [40, 50, 60]), side("v2", [51, 62], first=2))
    assert old.person.tolist() == new.person.tolist() == [2, 3]
    assert (new.score - old.score).tolist() == [1, 2]
    with pytest.raises(comparisons.Incomparable, match="nobody has a score by both v1 and v2"):
        comparisons.paired(side("v1", [40]), side("v2", [40], first=9))


scores = st.lists(st.tuples(st.floats(1, 100), st.floats(1, 100)), min_size=1, max_size=40)


@given(pairs=scores)
def test_everybody_is_in_one_bucket_and_one_band_and_it_survives_the_database(pairs) -> None:
    found = both([old for old, _ in pairs], [new for _, new in pairs])
    assert sum(bucket.people for bucket in found.buckets) == len(pairs) == found.people
    assert sum(band.people for band in found.bands) == len(pairs)
    assert sum(band.far_up + band.far_down for band in found.bands) == found.far_up + found.far_down
    assert found.far_up + found.far_down == sum(abs(new - old) > FAR for old, new in pairs)
    assert found.up + found.down + found.same == len(pairs)
    assert sum(band.mean * band.people for band in found.bands) == pytest.approx(found.mean * len(pairs), abs=1e-6)
    assert Comparison.from_json(json.loads(json.dumps(found.to_json()))) == found
    assert len(found.bands) < len(BANDS)


def test_the_farthest_come_first_and_who_stays_is_not_among_them() -> None:
    old, new = side("v1", [50, 50, 50, 50]), side("v2", [51, 50.01, 40, 52])
    assert comparisons.farthest(old, new, 9).tolist() == [3, 4, 1]
    assert comparisons.farthest(old, new, 2).tolist() == [3, 4]
    [mover] = comparisons.movers(old, new, [3])
    assert (mover.points, dict(mover.networks)) == (-10, {"twitter": -10})
    assert next(iter(mover.parts)) == "reach"


# ---------------------------------------------------------------- of a town

PEOPLE = {
    "Alice": {"follow_surplus": 90_000, "reply_events_recent": 9, "reply_actors_recent": 9, "any_actors_recent": 9},
    "Bob": {"reply_events_recent": 800, "reply_actors_recent": 1, "any_actors_recent": 1},
    "Charlie": {},
}


@pytest.fixture
def town(join, monkeypatch):
    """Alice with bought followers, Bob with one loud fan, Charlie with nobody; scored by v1 as of TODAY."""
    real = formula.get("v1")
    release(monkeypatch, v2=0.5)
    monkeypatch.setattr(formula, "VERSIONS", {**formula.VERSIONS, "v1": real})
    people = {name: join(name, twitter=name.lower()) for name in PEOPLE}

    def compute(as_of: date, **_given: object) -> Output:
        rows = [
            (TWITTER, person.links.get().account_id, features(**PEOPLE[name]))
            for name, person in people.items()
            if person.links.exists()
        ]
        return Output(table_of(sorted(rows, key=lambda row: row[1])), np.zeros(len(rows), dtype=np.int64))

    computed_by(monkeypatch, compute)
    daily.run(as_of=TODAY, at=AT)
    return people


def compare(*words: str) -> str:
    out = StringIO()
    call_command("compare_formulas", *words, stdout=out)
    return out.getvalue()


def test_on_a_fresh_system_both_are_scored_on_the_features_kept(town, monkeypatch) -> None:
    monkeypatch.setattr(daily, "compute", lambda *_args, **_given: pytest.fail("it was aggregated again"))
    text = compare("v1", "plain")
    assert "plain in place of v1, 3 people as of 2026-11-01 (both scored on the features of that day)" in text
    assert re.search(r"@Bob: \d+\.\d -> \d+\.\d \(\+\d+\.\d\)", text)
    assert "Recent replies (Twitter/X)" in text
    assert not ShadowScore.objects.exists()
    assert ScoreRun.objects.count() == 1


def test_what_the_shadow_published_says_the_same_as_scoring_both(town) -> None:
    fresh = comparing.compare("v1", "plain")
    switching.start_shadow(version="plain", at=AT)
    published = comparing.compare("v1", "plain")
    assert (fresh.source, published.source) == ("both scored on the features of that day", "as published")
    assert rounded(published.comparison.to_json()) == rounded(fresh.comparison.to_json())
    shown, computed = ([asdict(one) for one in found.movers(found.farthest(9))] for found in (published, fresh))
    assert rounded(shown) == rounded(computed)
    assert len(shown) == 2


def rounded(found: object) -> object:
    """Nine digits behind the point: what was published has been added up in another order."""
    return json.loads(json.dumps(found), parse_float=lambda text: round(float(text), 9))


def test_the_other_way_round_everything_is_turned(town) -> None:
    switching.start_shadow(version="plain", at=AT)
    there, back = comparing.compare("v1", "plain"), comparing.compare("plain", "v1")
    assert back.source == "as published"
    assert back.comparison.mean == pytest.approx(-there.comparison.mean)
    [first], [turned] = there.movers(there.farthest(1)), back.movers(back.farthest(1))
    assert turned.points == pytest.approx(-first.points)
    assert [row.points for row in turned.features] == [-row.points for row in first.features]


def test_what_moved_of_somebody_adds_up_to_the_move(town) -> None:
    found = comparing.compare("v1", "plain")
    for mover in found.movers(found.farthest(None)):
        assert sum(mover.parts.values()) == pytest.approx(mover.points, abs=1e-6)
        assert sum(mover.networks.values()) == pytest.approx(mover.points, abs=1e-6)
        small = len(plain.KEYS) * comparisons.SAME
        assert sum(row.points for row in mover.features) == pytest.approx(mover.points, abs=small)


def test_the_table_has_everybody_who_moves(town, tmp_path: Path) -> None:
    file = tmp_path / "moves.csv"
    assert f"2 people who move are in {file}." in compare("v1", "v2", "--csv", str(file), "--top", "0")
    with file.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert {row["handle"] for row in rows} == {"Alice", "Bob"}
    assert abs(float(rows[0]["points"])) >= abs(float(rows[1]["points"]))
    for row in rows:
        assert float(row["v2"]) - float(row["v1"]) == pytest.approx(float(row["points"]), abs=0.002)
        assert float(row["twitter"]) == pytest.approx(float(row["points"]), abs=0.002)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["moves.csv"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["v1", "v0"], "no formula 'v0'; known: v1"),
        (["v1", "v1"], "Name two formulas"),
        (["v1", "v2", "--top", "-1"], "--top takes a number"),
        (["v1", "v2", "--csv", "/no/such/folder/x.csv"], "no folder /no/such/folder"),
        (["v1", "v2", "--csv", "/proc"], "/proc cannot be written"),
    ],
)
def test_what_cannot_be_compared_is_said_in_a_line(town, words, said) -> None:
    with pytest.raises(CommandError, match=said):
        compare(*words)


def test_before_any_run_the_operator_is_told_what_to_do(db) -> None:
    with pytest.raises(CommandError, match=r"nobody has been scored yet; run `manage\.py recompute`"):
        compare("v1", "plain")


# ---------------------------------------------------------------- the staff's page

ADDRESS = "/admin/scoring/formulaswitch/"


@pytest.fixture
def staff(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("staff@example.org", "phrase"))
    return client


def text_of(client: Client) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", client.get(ADDRESS).content.decode()))


def test_the_page_says_which_formula_counts_and_how_to_try_another(town, staff: Client) -> None:
    text = text_of(staff)
    assert "v1 Live: scores are by it" in text
    assert "plain Baseline: to compare with, never live" in text
    assert "No formula runs in shadow" in text


def test_the_page_shows_what_the_command_shows(town, staff: Client) -> None:
    switching.start_shadow(version="plain", at=AT)
    found = comparing.compare("v1", "plain")
    text = text_of(staff)
    counts = found.comparison
    assert "plain in place of v1, as of 1 November 2026" in text
    assert f"Of 3 people {counts.up} would rise, {counts.down} would fall, and {counts.same} would stay." in text
    for bucket in counts.buckets:
        assert f"{comparisons.bucket_label(bucket)} {bucket.people} " in text
    for mover in found.movers(found.farthest(20)):
        name = next(name for name, person in town.items() if person.pk == mover.person)
        assert f"@{name} {mover.before:.1f} {mover.after:.1f}" in text
    assert "Recent replies (Twitter/X)" in text
    assert "Twitter/X 2" in text


def test_the_page_computes_nothing_and_writes_nothing(town, staff: Client, monkeypatch) -> None:
    switching.start_shadow(version="plain", at=AT)

    def refuse(version: str) -> Formula:
        raise AssertionError(f"{version} was asked for a score")

    monkeypatch.setattr(formula, "get", refuse)
    runs = ScoreRun.objects.count()
    page = staff.get(ADDRESS).content.decode()
    assert "would rise" in page
    assert ScoreRun.objects.count() == runs
    assert " style=" not in page.partition('id="content"')[2].partition("changelist")[0]
    assert staff.post(ADDRESS + "add/").status_code == 403


def test_the_page_tells_of_switches_roll_backs_and_failed_shadows(town, staff: Client) -> None:
    switching.start_shadow(version="v2", at=AT)
    switching.switch(version="v2", at=AT, note="fairer to small accounts")
    ScoreRun.objects.create(as_of=TODAY, formula="v1", kind="shadow", state="failed", error="ArithmeticError: no")
    text = text_of(staff)
    assert "v2 Live: scores are by it" in text
    assert "v1 In shadow" in text
    assert "Failed : ArithmeticError: no" in text.replace("Failed:", "Failed :")
    assert "fairer to small accounts" in text


def test_who_is_erased_is_gone_from_the_page(town, staff: Client) -> None:
    switching.start_shadow(version="plain", at=AT)
    assert "@Bob" in text_of(staff)
    town["Bob"].delete()
    assert "@Bob" not in text_of(staff)


def test_the_page_is_for_staff_who_may_look_at_it(town) -> None:
    user = User.objects.create_user("colleague@example.org", "phrase", is_staff=True)
    client = Client()
    client.force_login(user)
    assert client.get(ADDRESS).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_formulaswitch"))
    assert client.get(ADDRESS).status_code == 200

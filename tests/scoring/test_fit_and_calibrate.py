"""`manage.py fit_formula` and `calibrate` as an operator uses them: what they print, write and refuse."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from scoring import computing, daily, formula
from scoring.features.base import ONE, FeatureTable
from scoring.formula import calibration, v1
from scoring.management.commands import fit_formula
from tests.scoring.conftest import AT, TODAY, names, replies
from tests.scoring.formula.test_calibration import module_of

V1 = Path(v1.__file__)
COUNTERS = (
    *("follower_count", "following_count", "listed_count", "mentions_received", "retweets_received"),
    *("mentions_sent", "retweets_sent", "posts"),
)


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """200 pairs of 60 people; who is on more lists was chosen, with some error."""
    random = np.random.default_rng(4)
    people = np.floor(np.exp(random.normal([6, 5, 2, 1, 0, 1, 0, 4], 1.5, (60, 8))))
    path = tmp_path / "pairs.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Choice", *(f"{side}_{name}" for side in "AB" for name in COUNTERS)])
        for _ in range(200):
            first, second = random.choice(60, 2, replace=False)
            chosen = np.log1p(people[first, 2]) - np.log1p(people[second, 2]) + random.normal(0, 0.5) > 0
            writer.writerow([int(chosen), *people[first], *people[second]])
    return path


def told(command: str, *arguments: object) -> str:
    out = StringIO()
    call_command(command, *map(str, arguments), stdout=out)
    return out.getvalue()


def refused(command: str, *arguments: object) -> str:
    with pytest.raises(CommandError) as error:
        told(command, *arguments)
    text = str(error.value)
    assert text
    assert "\n" not in text
    return text


# ---------------------------------------------------------------- fit_formula


def test_it_says_how_well_the_scores_tell_people_not_seen_with_and_without_each(pairs: Path) -> None:
    text = told("fit_formula", pairs, "--splits", 4)
    lines = text.splitlines()
    assert lines[0] == "200 pairs of 60 people; AUC of the difference of scores"
    for name in ("fitted", "log-linear, to compare"):
        [line] = [line for line in lines if line.startswith(name + " ")]
        assert "on people not seen" in line
        assert " to " in line
    for name in (
        *(
            "without followers",
            "followers alone",
            "without listed",
            "without mentions received",
            "listed not borne out",
        ),
        *("with following (weight 0)", "with posts (weight 0)", "with mentions sent (weight 0)"),
    ):
        [line] = [line for line in lines if line.startswith(name + " ")]
        assert 0 <= float(line.split()[-3]) <= 1
    # The judges of these pairs went by lists: without them little is left.
    auc_of = {line[:40].strip(): float(line[40:46]) for line in lines if line.endswith("  all pairs")}
    assert auc_of["listed alone"] > 0.85 > auc_of["without listed"] + 0.1
    for name in fit_formula.GROUPS:
        assert sum(line.startswith(f'    "{name}": (') for line in lines) == 1


def test_the_weights_are_put_in_place_and_nothing_else_is_touched(pairs: Path, tmp_path: Path) -> None:
    path = tmp_path / "v8.py"
    path.write_text(V1.read_text().replace('version="v1"', 'version="v8"'))
    before = path.read_text().splitlines()
    text = told("fit_formula", pairs, "--splits", 2, "--write", path)
    assert "4 weights written. A released formula is frozen: is this a new one?" in text
    after = path.read_text().splitlines()
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert 0 < len(changed) <= 4
    assert all("# fitted 20" in line and "on people not seen" in line for line in changed)
    assert all(line in text.splitlines() for line in changed)
    written = module_of(path)
    assert written.FORMULA.version == "v8"
    assert written.WEIGHTS["listed"][0] > v1.WEIGHTS["listed"][0]
    assert written.WEIGHTS["posts"] == v1.WEIGHTS["posts"]


def test_a_file_that_does_not_name_the_groups_is_left_alone(pairs: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text('"""Mine."""\n    "audience": (1.0, 1.0),\n')
    text = path.read_text()
    assert '"listed"; nothing was written' in refused("fit_formula", pairs, "--splits", 2, "--write", path)
    assert path.read_text() == text


def test_wrong_arguments_are_answered_in_one_line(pairs: Path, tmp_path: Path) -> None:
    few, alike, binary = tmp_path / "few.csv", tmp_path / "alike.csv", tmp_path / "binary.csv"
    lines = pairs.read_text().splitlines(keepends=True)
    few.write_text("".join(lines[:4]))
    alike.write_text("".join(line for line in lines if line.startswith(("Choice", "1"))))
    binary.write_bytes(b"\xff\xfe\x00")
    for arguments, words in [
        ([tmp_path / "none.csv"], "none.csv: No such file"),
        ([tmp_path], "Is a directory"),
        ([few], "few.csv: 3 pairs of"),
        ([alike], "too much alike"),
        ([binary], "binary.csv: 'utf-8' codec"),
        ([pairs, "--splits", 1], "--splits: at least 2"),
        ([pairs, "--seed", -1], "--seed: a whole number from 0 up"),
        ([pairs, "--formula", "v0"], "no formula 'v0'; known: v1"),
        ([pairs, "--formula", "plain"], "plain has no weights to fit"),
        ([pairs, "--write", tmp_path / "none.py"], "none.py is no file"),
    ]:
        assert words in refused("fit_formula", *arguments), arguments


# ---------------------------------------------------------------- calibrate


def test_the_reference_population_is_printed_beside_real_scores_and_gives_the_anchors_of_v1() -> None:
    lines = told("calibrate", "--reference").splitlines()
    assert lines[0] == "100,000 people of the reference population, v2"
    assert ["50", "40.0", "41.1"] in [line.split() for line in lines]
    for height in calibration.HEIGHTS:
        [row] = [line.split() for line in lines if line.startswith(f"{height:<6.0f} ")]
        assert float(row[1]) > 0 > float(row[2])
    words = ", ".join(f"{score:g} at {x:g}" for x, score in v1.ANCHORS if np.isfinite(x))
    assert lines[-1] == f"anchors set on them would be: {words}"


def test_wrong_arguments_write_nothing(tmp_path: Path) -> None:
    (tmp_path / "v3.py").write_text("mine")
    for arguments, words in [
        (["--formula", "v0"], "no formula 'v0'; known: v1"),
        (["--formula", "plain"], "plain has no table of anchors"),
        (["--write", "2", "--folder", tmp_path], "a version is v and a number, as v2, not '2'"),
        (["--write", "../v2", "--folder", tmp_path], "a version is v and a number"),
        (["--write", "v1", "--folder", tmp_path], "v1 is there already"),
        (["--write", "v3", "--folder", tmp_path], "v3 is there already"),
        (["--write", "v4", "--folder", tmp_path / "none"], "none is no folder"),
        (["--formula", "v1+youtube", "--write", "v4", "--folder", tmp_path], "write the next version of v1"),
    ]:
        assert words in refused("calibrate", "--reference", *arguments), arguments
    assert [path.name for path in tmp_path.iterdir()] == ["v3.py"]
    assert (tmp_path / "v3.py").read_text() == "mine"


@pytest.mark.django_db
def test_before_the_first_run_and_with_few_people_it_says_so(join, happen, tmp_path: Path) -> None:
    assert "nothing was published yet" in refused("calibrate")
    join("Alice", twitter="a")
    happen(replies("a", names("fan", 9)))
    daily.run(as_of=TODAY, at=AT)
    text = told("calibrate")
    assert text.startswith("1 people, v2\n")
    assert "1 people are too few to set a scale on; it takes 200." in text
    assert "too few" in refused("calibrate", "--write", "v3", "--folder", tmp_path)
    assert list(tmp_path.glob("*.py")) == []


@pytest.mark.django_db
def test_an_operator_writes_the_next_version_on_the_scale_of_his_own_people(join, tmp_path: Path, monkeypatch) -> None:
    alice = join("Alice", twitter="a")
    daily.run(as_of=TODAY, at=AT)
    # As a town of 300 is, where people react twice as much from one to the next few.
    reacting = np.exp(np.random.default_rng(2).normal(1.5, 1.5, 300))
    amounts = {"any_actors_recent": reacting, "reply_actors_recent": reacting, "any_actors_now": reacting / 4}
    columns = {name: np.rint(values * ONE).astype(np.int64) for name, values in amounts.items()}
    account = np.arange(300, dtype=np.int64)
    town = FeatureTable(account, np.ones(300, dtype=np.int64), columns)
    monkeypatch.setattr(computing, "members_table", lambda *_: (town, account))
    text = told("calibrate", "--write", "v3", "--folder", tmp_path)
    assert text.startswith("300 people, v2\n")
    assert f"{tmp_path / 'v3.py'} written; try it with `manage.py shadow_formula v3`." in text
    written = module_of(tmp_path / "v3.py").FORMULA
    scores = written.score(town, account).score
    assert np.percentile(scores, [50, 95]) == pytest.approx([40, 63], abs=0.5)
    # It is another formula: nobody's score of today has moved.
    assert formula.get("v2").score(town, account).score != pytest.approx(scores, abs=0.5)
    assert alice.score.formula == "v2"

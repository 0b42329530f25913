"""The main job on real interactions: what came in is counted, scored, explained. Skipped where the data is absent."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from scipy.stats import rankdata

from accounts.models import Account, Membership, Person, User
from scoring import computing, daily, formula
from scoring.engine.graph import standings
from scoring.models import AccountScore, Interaction, Relation, Score


def scores_by_id(path: Path) -> dict[str, dict[str, str]]:
    call_command("export_scores", str(path), "--accounts", stdout=StringIO())
    with path.open(newline="") as file:
        return {f"{row['network']}:{row['external_id']}": row for row in csv.DictReader(file)}


@pytest.mark.parametrize(("network", "file", "users"), [("twitter", "tw", 55), ("facebook", "fb", 278)])
def test_real_klout_reactions_are_imported_scored_and_explained(db, data, tmp_path, network, file, users):
    source = data / "klout_opendata" / f"user_timestamp_open_set_{file}.tsv"
    mapping = (
        "target=user_id_fingerprint,actor=actor_id_fingerprint,post=post_id_fingerprint,occurred_at=action_timestamp"
    )
    arguments = ["--network", network, "--map", mapping, "--verb", "reply", str(source)]
    call_command("import_interactions", *arguments, stdout=StringIO(), stderr=StringIO())
    assert Interaction.objects.count() == 1000
    out = StringIO()
    call_command("import_interactions", *arguments, stdout=out, stderr=StringIO())
    assert Interaction.objects.count() == 1000
    call_command("recompute", as_of=date(2014, 10, 16), stdout=StringIO())
    scores = scores_by_id(tmp_path / "out.csv")
    with source.open() as lines:
        wanted = {f"{network}:{line.split(chr(9))[0]}" for line in lines if not line.startswith("#")}
    assert len(wanted) == users
    assert all(float(scores[user]["score"]) > 1 for user in wanted)

    table, _ = computing.stored_features(date(2014, 10, 16), formula.RELEASED)
    scored = formula.get(formula.RELEASED).score(table, table.account)
    leaves = scored.leaves(scored.entity)
    total = np.bincount(np.searchsorted(scored.entity, leaves.entity), weights=leaves.points)
    assert np.abs(total - scored.score).max() < 1e-6
    stored = dict(AccountScore.objects.values_list("account", "score"))
    assert stored == dict(zip(scored.entity.tolist(), scored.score.tolist(), strict=True))


def test_real_archives_of_two_people_are_counted_and_shown(db, data):
    for handle, network, folder, kinds in (
        ("milan", "twitter", "twitter_archive_milahu104", ("2,045 tweets", "61 followers")),
        ("goija", "mastodon", "mastodon_goija", ("305 activities",)),
    ):
        out = StringIO()
        call_command(
            "import_archive",
            "--network",
            network,
            "--handle",
            handle,
            str(data / "exports" / folder),
            stdout=out,
            stderr=StringIO(),
        )
        for kind in kinds:
            assert kind in out.getvalue()
    assert Relation.objects.count() == 61
    call_command("recompute", stdout=StringIO())
    for handle in ("milan", "goija"):
        person = Person.objects.get(handle=handle)
        assert person.visibility == Person.Visibility.HIDDEN
        assert Client().get(f"/{handle}").status_code == 404
        # The person turns up, and shows the profile.
        user = User.objects.create_user(f"{handle}@example.com", "a long pass phrase")
        Membership.objects.create(user=user, person=person)
        Person.objects.filter(pk=person.pk).update(visibility=Person.Visibility.PUBLIC)
        page = Client().get(f"/{handle}")
        assert page.status_code == 200
        assert f"{person.score.score:.0f}" in page.content.decode()


@pytest.mark.parametrize(
    ("network", "folder"),
    [
        ("twitter", "twitter_archive_milahu104"),
        ("mastodon", "mastodon_goija"),
        ("linkedin", "linkedin_silkyrich_synthetic"),
    ],
)
def test_a_real_export_gives_a_first_score_that_says_what_it_rests_on(db, data, tmp_path, network: str, folder: str):
    # A copy: what cannot be used is written beside the export.
    source = str(copytree(data / "exports" / folder, tmp_path / folder))
    call_command("import_archive", "--network", network, "--handle", "alice", source, stdout=StringIO())
    person = Person.objects.get(handle="alice")
    daily.provisional(persons=[person.pk], at=timezone.now())
    score = Score.objects.get(person=person)
    # More than nothing, below where uploads end, and never called solid.
    assert 1.5 < score.score < 20
    assert score.confidence != "solid"
    out = StringIO()
    call_command("explain", "alice", stdout=out)
    leaves = [line for line in out.getvalue().splitlines() if " people" in line.split("   ")[0] and ":" in line]
    assert leaves
    assert all("from an upload" in line for line in leaves if line.startswith("        "))


def spearman(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(rankdata(one), rankdata(other))[0, 1])


def test_scores_of_the_first_half_foretell_who_moves_people_in_the_second(db, data, tmp_path, capsys):
    source = data / "graphs" / "collegemsg" / "CollegeMsg.txt"
    rows = np.loadtxt(source, dtype=np.int64)
    middle = datetime.fromtimestamp(int((rows[:, 2].min() + rows[:, 2].max()) // 2), tz=UTC).date()
    split = datetime(middle.year, middle.month, middle.day, tzinfo=UTC).timestamp()
    call_command(
        "import_interactions",
        "--network",
        "facebook",
        "--verb",
        "reply",
        "--map",
        "actor=1,target=2,occurred_at=3",
        str(source),
        stdout=StringIO(),
        stderr=StringIO(),
    )
    assert Interaction.objects.count() == len(rows) == 59_835
    assert Account.objects.count() == 1_899
    call_command("recompute", as_of=middle, stdout=StringIO())
    scores = scores_by_id(tmp_path / "out.csv")

    past, future = rows[rows[:, 2] < split], rows[rows[:, 2] >= split]
    people = np.unique(past[:, :2])
    assert len(scores) == len(people)
    place = {int(person): i for i, person in enumerate(people)}

    def distinct(pairs: np.ndarray) -> np.ndarray:
        count = np.zeros(len(people))
        for target in np.unique(pairs, axis=0)[:, 1].tolist():
            if target in place:
                count[place[target]] += 1
        return count

    recency = np.zeros(len(people))
    np.add.at(recency, np.searchsorted(people, past[:, 1]), 0.5 ** ((split - past[:, 2]) / (30 * 86400)))
    pairs, weight = np.unique(past[:, :2], axis=0, return_counts=True)
    account, standing = standings(pairs[:, 0], pairs[:, 1], weight.astype(np.int64))
    rank = np.zeros(len(people))
    rank[np.searchsorted(people, account)] = standing
    outcome = distinct(future[:, :2])
    found = {
        "score": spearman(np.array([float(scores[f"facebook:{person}"]["score"]) for person in people]), outcome),
        "past distinct reactors": spearman(distinct(past[:, :2]), outcome),
        "recency-weighted count": spearman(recency, outcome),
        "PageRank": spearman(rank, outcome),
    }
    with capsys.disabled():
        print(f"\ncollegemsg as of {middle}, rank correlation with distinct future reactors of {len(people)} people:")
        print("  " + ", ".join(f"{name} {value:.3f}" for name, value in found.items()))
    # Not a goal, a floor: below it something is broken.
    assert found["score"] > max(found["past distinct reactors"], found["PageRank"]) - 0.05
    assert timedelta(days=90) < middle - date.fromtimestamp(int(rows[:, 2].min())) < timedelta(days=105)

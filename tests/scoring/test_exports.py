"""Exports hold every row once, in full precision, in all three formats, for today and for past days."""

from __future__ import annotations

import csv
import json
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Account
from scoring import daily
from scoring.exports import COLUMNS
from scoring.formula import RELEASED
from scoring.models import AccountScore, Score
from tests.scoring.conftest import AT, TODAY, names, replies

PAST = date(2026, 9, 1)


@pytest.fixture
def published(join, happen):
    """Two members and what their fans did, scored for a past day and for today."""
    join("Alice", twitter="a")
    join("Bob", twitter="b")
    happen(replies("a", names("fan", 5)) + replies("b", ["fan1"], day="2026-08-20") + replies("stranger", ["fan2"]))
    daily.run(as_of=PAST, at=AT)
    daily.run(as_of=TODAY, at=AT)


def export(path: Path, *arguments: str) -> list[dict[str, str]]:
    call_command("export_scores", str(path), *arguments, stdout=StringIO())
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_people_are_exported_in_full_precision(published, tmp_path):
    rows = export(tmp_path / "out.csv")
    assert list(rows[0]) == list(COLUMNS)
    assert {row["handle"]: float(row["score"]) for row in rows} == {
        score.person.handle: score.score for score in Score.objects.select_related("person")
    }
    assert {row["network"] for row in rows} == {""}
    for row in rows:
        parts = float(row["reach"]) + float(row["amplification"]) + float(row["network_part"])
        assert parts == pytest.approx(float(row["score"]), abs=1e-6)
        assert (row["formula"], row["as_of"]) == (RELEASED, "2026-11-01")


def test_every_account_seen_has_a_row_with_the_id_as_imported(published, tmp_path):
    rows = export(tmp_path / "out.csv", "--accounts")
    assert len(rows) == AccountScore.objects.count() == 8
    assert {row["external_id"] for row in rows} == {"a", "b", "stranger", *names("fan", 5)}
    assert {row["network"] for row in rows} == {"twitter"}


def test_all_formats_hold_the_same(published, tmp_path):
    plain = export(tmp_path / "out.csv", "--accounts")
    call_command("export_scores", str(tmp_path / "out.jsonl"), "--accounts", stdout=StringIO())
    call_command("export_scores", str(tmp_path / "out.parquet"), "--accounts", stdout=StringIO())
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [(row["external_id"], row["score"]) for row in lines] == [
        (r["external_id"], float(r["score"])) for r in plain
    ]
    import pyarrow.parquet as pq

    table = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert [(row["external_id"], row["score"], row["as_of"]) for row in table] == [
        (row["external_id"], float(row["score"]), TODAY) for row in plain
    ]


def test_a_past_day_is_exported_as_it_was(published, tmp_path):
    people = {row["handle"]: float(row["score"]) for row in export(tmp_path / "a.csv", "--as-of", "2026-09-01")}
    assert people["Alice"] == 1.0
    assert people["Bob"] > 1.0
    accounts = {r["external_id"]: r for r in export(tmp_path / "b.csv", "--as-of", "2026-09-01", "--accounts")}
    assert float(accounts["b"]["score"]) == people["Bob"]
    assert "stranger" not in accounts


def test_wrong_arguments_are_told_plainly(published, tmp_path):
    with pytest.raises(CommandError, match=r"must be one of \.csv, \.jsonl, \.parquet"):
        call_command("export_scores", str(tmp_path / "out.xlsx"))
    with pytest.raises(CommandError, match="nothing was published for 2020-01-01"):
        call_command("export_scores", str(tmp_path / "out.csv"), as_of=date(2020, 1, 1))
    with pytest.raises(CommandError, match="there is no folder"):
        call_command("export_scores", str(tmp_path / "nowhere" / "out.csv"))
    assert not list(tmp_path.glob("out.*"))


def test_explain_prints_a_tree_that_adds_up(published):
    out = StringIO()
    call_command("explain", "alice", stdout=out)
    text = out.getvalue()
    assert "Reach" in text
    assert f"{Score.objects.get(person__handle='Alice').score:.2f}" in text


def test_explain_derives_a_past_day_again(published, tmp_path):
    past = {row["handle"]: float(row["score"]) for row in export(tmp_path / "a.csv", "--as-of", "2026-09-01")}
    out = StringIO()
    call_command("explain", "bob", as_of=PAST, by="network", stdout=out)
    assert f"{past['Bob']:.2f}" in out.getvalue()


def test_explain_tells_who_or_what_is_missing(published):
    with pytest.raises(CommandError, match="nobody with the handle"):
        call_command("explain", "nobody")
    with pytest.raises(CommandError, match="nothing was published for 2020-01-01"):
        call_command("explain", "alice", as_of=date(2020, 1, 1))


def test_explain_explains_an_account_that_nobody_linked(published):
    out = StringIO()
    call_command("explain", "stranger", network="twitter", stdout=out)
    stranger = AccountScore.objects.get(account=Account.objects.get(external_id="stranger").pk)
    assert f"{stranger.score:.2f}" in out.getvalue()
    with pytest.raises(CommandError, match="no account"):
        call_command("explain", "nobody", network="twitter")

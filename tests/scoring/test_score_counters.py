"""`manage.py score_counters`: what a brand does with a list of customers. No test here may touch a database."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from scoring.formula import RELEASED, counters
from scoring.formula.counters import BadTable, score_counters, score_values
from tests.scoring.formula.given import alice, score_of, unhurried

ROOT = Path(__file__).resolve().parents[2]


class Done:
    """A table scored in memory: its text, its rows, what was told, the summary."""

    def __init__(self, text: str, network: str = "twitter") -> None:
        sink = io.StringIO(newline="")
        self.told: list[str] = []
        self.summary = score_counters(io.StringIO(text, newline=""), sink, network=network, tell=self.told.append)
        self.text = sink.getvalue()
        self.rows = list(csv.reader(io.StringIO(self.text, newline="")))


def test_every_column_passes_through_in_order_and_the_score_is_appended():
    done = Done(
        "name,posts,followers,following,listed,mentions_received,retweets_received,mentions_sent,retweets_sent,note\n"
        "Alice,12,1200,80,20,90.4565058494,25.7982917525,5.7,1.1,VIP\n"
    )
    assert done.rows[0][-2:] == ["note", "score"]
    assert ",".join(done.rows[1][:-1]) == "Alice,12,1200,80,20,90.4565058494,25.7982917525,5.7,1.1,VIP"
    # A unit of what fades in that form is taken for five people of the last month.
    assert counters.UNITS["mentions_received"] == counters.UNITS["retweets_received"] == 5
    expected = alice(
        follow_surplus=1200, list_surplus=20, mention_surplus=5 * 90.4565058494, share_surplus=5 * 25.7982917525
    )
    assert float(done.rows[1][-1]) == pytest.approx(score_of(expected), abs=1e-4)
    assert done.told == []
    assert (done.summary.rows, done.summary.scored, done.summary.missing) == (1, 1, ())


def test_scores_have_full_precision_and_are_never_rounded():
    values = np.array([1e6, 1e6 + 1])
    done = Done("followers\n" + "".join(f"{value!r}\n" for value in values.tolist()))
    scores = [float(row[1]) for row in done.rows[1:]]
    assert scores == score_values({"followers": values}, rows=2, network="twitter", version="v1").tolist()
    assert scores[0] < scores[1]


@pytest.mark.parametrize("counter", ["followers", "listed", "mentions_received", "retweets_received"])
def test_one_more_never_scores_lower_and_one_more_who_reacts_always_higher(counter):
    steps = [0, 0.001, 1, 2, 90.4565, 90.4566, 1e3, 1e6, 1e6 + 1, 1e9, 1e9 + 1, 1e12, 1e12 + 1, 2e12, 1e15, 1e18, 1e30]
    scores = [float(row[1]) for row in Done(f"{counter}\n" + "".join(f"{step!r}\n" for step in steps)).rows[1:]]
    assert scores[0] == 1.0
    # Followers and lists come ever closer to what those who react bear out, until no digit tells the difference.
    for (before, low), (after, high) in pairwise(zip(steps, scores, strict=True)):
        assert low < high or (low == high and before >= 1e6 and counter in {"followers", "listed"}), (before, after)
    assert scores[-1] < 100


def test_what_people_do_themselves_has_no_weight():
    done = Done("followers,following,mentions_sent,retweets_sent,posts\n50,0,0,0,0\n50,99999,99999,99999,99999\n")
    assert done.rows[1][-1] == done.rows[2][-1]


def test_missing_columns_and_empty_cells_count_as_nothing_and_are_reported():
    done = Done("followers,listed\n100,\n, \n")
    assert "mentions_received" in done.summary.missing
    assert done.summary.empty == {"followers": 1, "listed": 2}
    assert done.rows[2][2] == "1.0"
    assert done.rows[1][2] == Done("followers\n100\n").rows[1][1]


def test_a_bad_value_leaves_its_row_in_place_without_a_score():
    bad = ["-5", "many", "nan", "inf", "1_000", '"1,5"', "-0.0001", "1e308", "1e999"]
    lines = [f"Row {n},{value}" for n, value in enumerate(bad)]
    done = Done("name,followers\nAlice,10\n" + "\n".join(lines) + "\nBob,10\n")
    assert [row[0] for row in done.rows] == ["name", "Alice", *(f"Row {n}" for n in range(len(bad))), "Bob"]
    assert done.rows[1][-1] == done.rows[-1][-1] != ""
    assert all(row[-1] == "" for row in done.rows[2:-1])
    assert done.told[0] == "row 3: followers is '-5', which is negative; its score is left empty"
    assert done.told[1] == "row 4: followers is 'many', which is no number; its score is left empty"
    assert (done.summary.rows, done.summary.scored, done.summary.problems) == (len(bad) + 2, 2, len(bad))


def test_rows_of_the_wrong_length_are_reported_and_kept():
    done = Done("name,followers,listed\nAlice,1,2\nBob,1\nCharlie,1,2,3\nDora,1,2\n")
    assert [row[:3] for row in done.rows[1:]] == [
        ["Alice", "1", "2"],
        ["Bob", "1", ""],
        ["Charlie", "1", "2"],
        ["Dora", "1", "2"],
    ]
    assert (done.rows[2], done.rows[3]) == (["Bob", "1", "", ""], ["Charlie", "1", "2", "3", ""])
    assert done.told == [
        "row 3: it has 2 cells where the header has 3; its score is left empty",
        "row 4: it has 4 cells where the header has 3; its score is left empty",
    ]


def test_quotes_line_breaks_and_spreadsheets_survive_byte_for_byte():
    text = '\ufeff"Name";Followers ;LISTED\r\n"a;""b""\r\nc";12;\r\n"plain";"7";0\r\n\r\nlast;3;1'
    done = Done(text)
    lines = done.text.split("\r\n")
    assert lines[0] == '\ufeff"Name";Followers ;LISTED;score'
    assert lines[1:3] == ['"a;""b""', lines[2]]
    assert lines[2].startswith('c";12;;')
    assert lines[3].startswith('"plain";"7";0;')
    assert lines[4] == ""
    assert lines[5].startswith("last;3;1;")
    assert (done.summary.rows, done.summary.blank, done.summary.scored) == (4, 1, 3)


def test_the_mark_that_spreadsheets_put_first_hides_no_column():
    done = Done('\ufeff"followers",name\r\n10,Alice\r\n')
    assert done.text.startswith('\ufeff"followers",name,score\r\n10,Alice,')
    assert float(done.rows[1][-1]) > 1
    assert "followers" not in done.summary.missing


names = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)


@unhurried
@given(st.lists(st.tuples(names, st.integers(0, 10**9) | st.just("") | names), max_size=8))
def test_whatever_stands_in_the_cells_comes_out_again(rows):
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("name", "followers"), *rows])
    done = Done(text.getvalue())
    before = list(csv.reader(io.StringIO(text.getvalue(), newline="")))
    assert [row[:-1] for row in done.rows] == before
    assert done.summary.rows == len(rows) == done.summary.scored + done.summary.problems


def test_pieces_of_a_long_table_are_scored_as_the_whole(monkeypatch):
    text = "followers,name\n" + "".join(f"{'x' if n % 10 == 3 else n},{n}\n" for n in range(100))
    whole = Done(text)
    monkeypatch.setattr(counters, "ROWS", 7)
    pieces = Done(text)
    assert pieces.text == whole.text
    assert pieces.told == whole.told
    assert pieces.summary == whole.summary
    assert len(whole.told) == 10


def test_a_quote_that_is_never_closed_does_not_swallow_the_table(monkeypatch):
    monkeypatch.setattr(counters, "FIELD_CHARACTERS", 1_000)
    good = "".join(f"Bob {n},{n}\n" for n in range(400))
    done = Done('name,followers\nAlice,5\n"Mallory,7\n' + good)
    assert done.rows[1][0] == "Alice"
    assert "a quote is not closed" in done.told[0]
    assert done.summary.problems == 1
    assert done.summary.scored > 250
    assert done.text.splitlines()[-1].startswith("Bob 399,399,")


def test_many_problems_are_counted_but_not_all_told():
    done = Done("followers\n" + "no\n" * 250)
    assert done.summary.problems == 250
    assert len(done.told) == counters.TOLD + 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("name,Score,followers\nAlice,9,1\n", "column 'score' already"),
        ("name,age\nAlice,9\n", "names none of followers, listed"),
        ("followers,Followers\n1,2\n", "followers more than once"),
        ("\udcff\udcfef\0o\0", "not in UTF-8"),
    ],
)
def test_a_table_that_cannot_be_scored_is_refused_with_the_reason(text, words):
    with pytest.raises(BadTable, match=words):
        Done(text)


def test_each_network_has_its_own_counters():
    assert float(Done("friends\n100\n", "facebook").rows[1][1]) > 1
    with pytest.raises(
        BadTable, match=r"'gopher' is no network with counters; those are: bing, .*facebook, .*mastodon, "
    ):
        Done("followers\n1\n", "gopher")


def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """The command as an operator runs it, on a machine whose database cannot be reached."""
    nowhere = {"DATABASE_URL": "postgres://nobody:x@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0"}
    return subprocess.run(
        [sys.executable, "manage.py", "score_counters", *arguments],
        cwd=ROOT,
        env=os.environ | nowhere,
        input=stdin,
        capture_output=True,
        timeout=120,
        check=False,
    )


def test_it_reads_and_writes_pipes_without_a_database_and_keeps_bytes_that_are_no_utf8():
    done = run("-", "-", "--network", "twitter", stdin=b"name,followers\r\nJ\xfcrgen,-1\r\nAlice,10\r\n")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.split(b"\r\n")
    assert lines[:2] == [b"name,followers,score", b"J\xfcrgen,-1,"]
    assert lines[2].startswith(b"Alice,10,")
    assert b"row 2: followers is '-1', which is negative" in done.stderr
    assert f"2 rows: 1 scored by formula {RELEASED}, 1 not".encode() in done.stderr
    assert b"columns that are missing: listed (taken as 0)" in done.stderr
    assert b"posts (has no weight)" in done.stderr
    assert b"no column counts reactions, and followers count only as far as" in done.stderr


def test_a_table_that_counts_reactions_is_given_no_warning(tmp_path):
    for number, header in enumerate(("followers,mentions_received", "retweets_received", "followers")):
        source, told = tmp_path / f"{number}.csv", io.StringIO()
        source.write_text(f"{header}\n{','.join('5' for _ in header.split(','))}\n")
        call_command("score_counters", str(source), str(tmp_path / "out.csv"), network="twitter", stderr=told)
        assert ("no column counts reactions" in told.getvalue()) == (header == "followers")


def test_what_is_no_file_is_answered_in_one_line(tmp_path):
    source = tmp_path / "in.csv"
    source.write_text("followers\n5\n")
    assert refused(tmp_path, tmp_path / "out.csv") == f"{tmp_path}: Is a directory."
    assert refused(source, tmp_path) == f"{tmp_path}: Is a directory."


def test_it_says_so_in_its_status_where_that_is_wanted(tmp_path):
    source = tmp_path / "in.csv"
    source.write_text("followers\nx\n5\n")
    call_command("score_counters", str(source), str(tmp_path / "out.csv"), network="twitter", stderr=io.StringIO())
    with pytest.raises(CommandError, match="1 rows could not be scored"):
        call_command(
            "score_counters",
            str(source),
            str(tmp_path / "strict.csv"),
            network="twitter",
            strict=True,
            stderr=io.StringIO(),
        )
    assert (tmp_path / "strict.csv").read_text() == (tmp_path / "out.csv").read_text()


def refused(source: Path, out: Path, network: str = "twitter", **options: str) -> str:
    with pytest.raises(CommandError) as error:
        call_command("score_counters", str(source), str(out), network=network, stderr=io.StringIO(), **options)
    return str(error.value)


def test_it_refuses_what_would_lose_something_and_names_the_file(tmp_path):
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("followers\n5\n")
    out.write_text("kept")
    (tmp_path / "link.csv").symlink_to(source)
    (tmp_path / "second.csv").hardlink_to(source)
    (tmp_path / "scored.csv").write_text("followers,score\n1,2\n")
    assert "is the table itself" in refused(source, source)
    assert "is the table itself" in refused(source, tmp_path / "link.csv")
    assert "is the table itself" in refused(source, tmp_path / "second.csv")
    assert "there is no such file" in refused(tmp_path / "none.csv", out)
    assert "there is no folder" in refused(source, tmp_path / "none" / "out.csv")
    assert "'gopher' is no network with counters; those are: bing, " in refused(source, out, "gopher")
    assert "no formula 'v0'; known: v1" in refused(source, out, formula="v0")
    assert "scored.csv: the table has a column 'score' already" in refused(tmp_path / "scored.csv", out)
    assert (source.read_text(), out.read_text()) == ("followers\n5\n", "kept")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "in.csv",
        "link.csv",
        "out.csv",
        "scored.csv",
        "second.csv",
    ]


def test_a_million_rows_would_take_less_than_a_minute():
    row = "Alice,{0},80,20,90.4565058494,25.7982917525,5.7,1.1,12\n"
    header = "name,followers,following,listed,mentions_received,retweets_received,mentions_sent,retweets_sent,posts\n"
    text = header + "".join(row.format(n) for n in range(100_000))
    start = time.process_time()
    done = score_counters(io.StringIO(text, newline=""), io.StringIO(newline=""), network="twitter")
    assert done.scored == 100_000
    assert time.process_time() - start < 6


def test_it_scores_the_real_table_of_judged_people(data):
    path = data / "peerindex" / "public_train.csv"
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    ours = ["followers", "following", "listed", "mentions_received", "retweets_received", "mentions_sent"]
    theirs = ["follower_count", "following_count", "listed_count", *ours[3:]]
    lines = [",".join(row[f"A_{name}"] for name in theirs) for row in rows]
    done = Done("\n".join([",".join(ours), *lines]) + "\n")
    scores = np.array([float(row[-1]) for row in done.rows[1:]])
    assert len(scores) == done.summary.scored == len(rows) == 1_662
    assert ((scores > 1) & (scores < 100)).all()
    assert 50 < np.median(scores) < 75
    followers = np.array([float(row["A_follower_count"]) for row in rows])
    assert np.corrcoef(scores, np.log1p(followers))[0, 1] > 0.8

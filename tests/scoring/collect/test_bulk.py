"""Tables of interactions as an operator imports them."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import Account
from scoring import log
from scoring.collect.bulk import import_rows, parse_mapping
from scoring.collect.summary import Refused, Summary
from scoring.models import Interaction, Relation
from tests.scoring.conftest import AT
from tests.scoring.processes import run_python

pytestmark = pytest.mark.django_db
HEADER = "target,actor,verb,occurred_at,post,key,target_handle,actor_handle\n"
Import = Callable[..., Summary]


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Path]:
    """table(text) is a file that holds it."""

    def table(content: str | bytes, name: str = "rows.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return table


def run(path: Path, network: str = "twitter", **options: object) -> Summary:
    return import_rows(path=path, network=network, at=AT, **options)


def stored() -> list[tuple[str, str, str]]:
    """(target, actor, time) of every interaction, by the ids they came with."""
    ids = dict(Account.objects.values_list("pk", "external_id"))
    rows = Interaction.objects.order_by("occurred_at", "key").values_list("target", "actor", "occurred_at")
    return sorted((ids[target], ids[actor], time.isoformat()) for target, actor, time in rows)


def rejects(path: Path) -> list[list[str]]:
    with path.with_name(path.name + ".rejects.csv").open(
        newline="", encoding="utf-8", errors="surrogateescape"
    ) as file:
        return list(csv.reader(file))


# ---------------------------------------------------------------- forms of a table

EXPECTED = [
    ("-5", "9", "2014-10-14T10:00:00+00:00"),
    ("7", "a b", "2014-10-14T08:30:00.250000+00:00"),
]


@pytest.mark.parametrize(
    "content",
    [
        "target,actor,verb,occurred_at\n-5,9,like,2014-10-14T10:00:00Z\n7,a b,like,2014-10-14T10:30:00.250+02:00\n",
        "\ufefftarget;actor;verb;occurred_at\r\n-5;9;like;2014-10-14 10:00:00\r\n7;a b;like;1413275400250\r\n",
        "verb\toccurred_at\tactor\ttarget\nlike\t1413280800\t9\t-5\nlike\t1413275400.25\ta b\t7\n",
        "#target|actor|verb|occurred_at\n-5|9|like|1413280800000\n\n7|a b|like|2014-10-14T08:30:00.250\n",
        '"target","actor","verb","occurred_at","said"\n"-5","9","like","1413280800","a, ""b""\nc"\n'
        "7,a b,LIKE,1413275400250,\n",
        "target,actor,verb,occurred_at,post\r-5 , 9,like,1413280800,\r7,a b,like,1413275400250,,\r",
    ],
    ids=["comma", "semicolon with a byte order mark", "tab", "bar and #", "quotes", "old line ends"],
)
def test_it_reads_tables_of_many_forms(table, content):
    path = table(content)
    summary = run(path)
    assert (summary.read, summary.new, summary.known, summary.rejected) == (2, 2, 0, 0)
    assert stored() == sorted(EXPECTED)
    assert not path.with_name("rows.csv.rejects.csv").exists()


def test_it_reads_gzip_and_utf_16(table):
    content = "target,actor,verb,occurred_at\nzoë,9,like,1413280800\n"
    assert run(table(gzip.compress(content.encode()), "rows.csv.gz")).new == 1
    assert run(table(content.encode("utf-16"), "excel.csv")).known == 1
    assert stored() == [("zoë", "9", "2014-10-14T10:00:00+00:00")]


def test_columns_by_number_mean_that_there_is_no_header(table):
    path = table("# messages of a college\n# src dst time\n1 2 1082040961\n3  4\t1082155839\n", "messages.txt")
    summary = run(path, mapping=parse_mapping("target=2,actor=1,occurred_at=3"), verb="reply")
    assert (summary.read, summary.new) == (2, 2)
    assert {row[:2] for row in stored()} == {("2", "1"), ("4", "3")}


@pytest.mark.parametrize("mapping", ["target=user_id,actor=#actor_id", "target=#User_ID,actor=actor_id"])
def test_a_header_that_begins_with_a_hash_is_found_with_or_without_it(table, mapping):
    path = table("#user_id\t#actor_id\t#occurred_at\n-348\t107\t1413331280999\n")
    assert run(path, mapping=parse_mapping(mapping), verb="reply").new == 1
    assert stored() == [("-348", "107", "2014-10-15T00:01:20.999000+00:00")]


def test_it_reads_parquet_with_its_own_types(tmp_path):
    path = tmp_path / "rows.parquet"
    moments = [datetime(2014, 10, 14, 10, tzinfo=UTC), None, datetime(2014, 10, 14, 11, tzinfo=UTC)]
    columns = {
        "target": pa.array([-5, 6, 7]),
        "actor": pa.array([9.0, 10.0, None]),
        "verb": ["like", "like", "like"],
        "occurred_at": pa.array(moments, pa.timestamp("ns", "Europe/Berlin")),
        "unused": [[1], [2], [3]],
    }
    pq.write_table(pa.table(columns), path)
    summary = run(path)
    assert (summary.read, summary.new, summary.rejected) == (3, 1, 2)
    assert stored() == [("-5", "9", "2014-10-14T10:00:00+00:00")]
    assert [row[:2] for row in rejects(path)[1:]] == [["2", "occurred_at is empty"], ["3", "actor is empty"]]
    as_text = table_of_parquet(tmp_path, ["1413280800"], "text.parquet")
    assert run(as_text).known == 1


def table_of_parquet(folder: Path, times: list[object], name: str) -> Path:
    pq.write_table(pa.table({"target": ["-5"], "actor": ["9"], "verb": ["like"], "occurred_at": times}), folder / name)
    return folder / name


# ---------------------------------------------------------------- what is the same


def test_importing_twice_adds_nothing_also_after_compaction(table):
    path = table(
        HEADER + "".join(f"1,{n % 3},like,1413280800,p{n % 2},,,\n" for n in range(20)) + "1,2,reply,1413280801,,k1,,\n"
    )
    assert (run(path).new, Interaction.objects.count()) == (21, 21)
    for compacted in (False, True):
        if compacted:
            log.compact(AT.date())
            assert not Interaction.objects.exists()
        summary = run(path)
        assert (summary.new, summary.known, summary.accounts_new) == (0, 21, 0)
    assert not Interaction.objects.exists()


def test_an_equal_row_counts_as_often_as_the_file_holds_it(table):
    one = "1,2,like,1413280800,p,,,\n"
    assert run(table(HEADER + one * 3)).new == 3
    assert (again := run(table(HEADER + one * 5))).new == 2
    assert again.known == 3
    other = (
        "1,2,like,1413280800,q,,,\n"
        + "1,2,like,1413280801,p,,,\n"
        + "1,2,share,1413280800,p,,,\n"
        + "1,3,like,1413280800,p,,,\n"
    )
    assert run(table(HEADER + other)).new == 4
    assert run(table(HEADER + one), network="facebook").new == 1


def test_an_events_own_key_makes_it_known_whatever_else_is_said_of_it(table):
    path = table(HEADER + "1,2,like,1413280800,p,k1,,\n1,2,share,1413280999,p,k1,,\n1,2,like,1413280800,p,k2,,\n")
    summary = run(path)
    assert (summary.new, summary.known) == (2, 1)
    log.compact(AT.date())
    # With another time it would lie in another day of the lake.
    moved = run(table(HEADER + "1,2,like,1413999999,p,k1,,\n"))
    assert (moved.new, moved.known) == (0, 1)
    # The same number under another account is another event.
    assert run(table(HEADER + "3,2,like,1413280800,p,k1,,\n")).new == 1


def test_an_import_that_was_killed_is_simply_run_again(table, transactional_db):
    path = table(
        "target,actor,verb,occurred_at\n" + "".join(f"{n % 7},{n},like,{1413280800 + n % 9}\n" for n in range(500))
    )
    killed = run_python(
        """
from datetime import UTC, datetime
from pathlib import Path
from scoring.collect import bulk, merging
merging.SLICE = 100
def progress(stage, done, total):
    if stage == "storing" and done == 300:
        die()
bulk.import_rows(path=Path(sys.argv[1]), network="twitter", at=datetime(2026, 11, 1, tzinfo=UTC), progress=progress)
""",
        str(path),
    )
    assert killed.returncode == -9, killed.stderr
    assert Interaction.objects.count() == 300
    summary = run(path)
    assert (summary.read, summary.new, summary.known) == (500, 200, 300)
    assert Interaction.objects.count() == 500


# ---------------------------------------------------------------- what is wrong

BAD = {
    "1,2,like": "3 columns where 8 are needed",
    "1,2,like,1413280800,p,k,th,ah,more": "9 columns where the header has 8",
    ",2,like,1413280800,,,,": "target is empty",
    "1,  ,like,1413280800,,,,": "actor is empty",
    "1,2,,1413280800,,,,": "verb is empty",
    "1,2,checkin,1413280800,,,,": "twitter has no verb 'checkin'",
    "1,2,like,,,,,": "occurred_at is empty",
    "1,2,like,yesterday,,,,": "'yesterday' is neither ISO 8601",
    "1,2,like,14/10/2014,,,,": "neither ISO 8601",
    "1,2,like,1e400,,,,": "neither ISO 8601",
    "1,2,like,631151999,,,,": "1989-12-31T23:59:59+00:00 is before 1990",
    "1,2,like,2026-11-02T12:00:01Z,,,,": "is in the future",
    "1,2,like,99999999999999999,,,,": "is in the future",
    "1,2\0,like,1413280800,,,,": "actor holds the character 0x0",
    "1,2,like,1413280800,a\x1fb,,,": "post holds the character 0x1f",
    "1,2,like,1413280800,,,,x\x7fy": "actor_handle holds the character 0x7f",
    f"{'1' * 501},2,like,1413280800,,,,": "target is longer than 500 characters",
    f"1,2,like,1413280800,,{'k' * 501},,": "key is longer than 500 characters",
    '1,"2,like,1413280800,,,,': "a quote is not closed",
    '1,"2"2,like,1413280800,,,,': "text stands after a closing quote",
    b"1,2\xff,like,1413280800,,,,": "actor is not UTF-8",
}


def test_bad_rows_go_to_a_file_with_number_and_reason_and_the_good_ones_stay(table):
    lines: list[bytes] = [HEADER.encode()]
    for number, line in enumerate(BAD):
        lines += [
            (line if isinstance(line, bytes) else line.encode()) + b"\n",
            f"1,{number},like,1413280800,,,,\n".encode(),
        ]
    path = table(b"".join(lines))
    summary = run(path)
    assert (summary.read, summary.new, summary.rejected) == (2 * len(BAD), len(BAD), len(BAD))
    assert summary.rejects == f"{path}.rejects.csv"
    header, *found = rejects(path)
    assert header == ["row", "reason", *HEADER.strip().split(",")]
    assert [int(row[0]) for row in found] == [2 + 2 * number for number in range(len(BAD))]
    for row, (line, reason) in zip(found, BAD.items(), strict=True):
        assert reason in row[1]
        said = line.decode(errors="surrogateescape") if isinstance(line, bytes) else line
        assert said.replace('"', "").split(",")[1].strip() in ",".join(row[2:]).replace('"', "")
    # Mended, the file of rejects can be imported as it is.
    path.with_name("rows.csv.rejects.csv").write_text(
        "row,reason,target,actor,verb,occurred_at\n2,,1,77,like,1413280800\n"
    )
    assert run(path.with_name("rows.csv.rejects.csv")).new == 1


def test_a_quote_that_nobody_closes_swallows_no_other_row(table):
    rows = "".join(f"1,{n},like,1413280800\n" for n in range(1000))
    summary = run(table("target,actor,verb,occurred_at\n" + '1,"x,like,1413280800\n' + rows))
    assert (summary.new, summary.rejected) == (1000, 1)


def test_a_line_without_end_is_one_bad_row_and_takes_no_memory(table):
    long = "1," + "2" * 5_000_000 + ",like,1413280800\n"
    summary = run(table("target,actor,verb,occurred_at\n1,2,like,1413280800\n" + long + "1,3,like,1413280800\n"))
    assert (summary.new, summary.rejected) == (2, 1)
    assert "longer than" in summary.reasons[0]


def test_the_rejects_of_an_earlier_import_are_not_taken_for_this_ones(table):
    path = table(HEADER + ",2,like,1413280800,,,,\n")
    run(path)
    assert len(rejects(path)) == 2
    path.write_text(HEADER + "1,2,like,1413280800,,,,\n")
    assert run(path).rejects == ""
    assert not path.with_name("rows.csv.rejects.csv").exists()


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (HEADER + "1,2,like,1,,,,\n", {"network": "myspace"}, "no network 'myspace'; there are .*face"),
        (HEADER + "1,2,like,1,,,,\n", {"verb": "poke"}, "twitter has no verb 'poke'; it has .*share"),
        ("user,fan,time\n1,2,3\n", {}, "no column target, actor, verb, occurred_at .*the file has user, fan, time"),
        ("target,actor,occurred_at\n1,2,3\n", {}, r"no column verb \(or give --verb\)"),
        (HEADER, {"mapping": {"target": "user"}}, "no column 'user' .*; it has target, actor"),
        ("target,target,actor,verb,occurred_at\n1,2,3,4,5\n", {}, "2 columns named 'target'"),
        ("1 2 3\n", {"mapping": {"target": "1", "actor": "who"}}, "mixes column names with column numbers"),
        ("1 2 3\n", {"mapping": {"target": "0", "actor": "1"}}, "numbered from 1"),
        ("1 2 3\n", {"mapping": {"target": "1", "actor": "2"}, "verb": "like"}, "no column occurred_at"),
        ("", {}, "the file is empty"),
        ("\n\n", {}, "the file is empty"),
        (HEADER, {}, "no rows, only a header"),
        (b"PAR1 and nothing else", {}, "cannot be read as Parquet"),
        (b"PK\x03\x04 a zip", {}, "is not a table of text"),
        (gzip.compress(HEADER.encode() * 9000)[:200], {}, "compressed file is damaged"),
    ],
)  # fmt: skip
def test_it_says_what_is_wrong_with_a_whole_file_and_imports_nothing(table, content, options, message):
    with pytest.raises(Refused, match=message):
        run(table(content), **options)
    assert not Account.objects.exists()


def test_a_damaged_end_leaves_nothing_half_imported(table):
    content = gzip.compress(
        (HEADER + "".join(f"1,{n},like,{1413280800 + n * 7919 % 100000},,,,\n" for n in range(90_000))).encode()
    )
    with pytest.raises(Refused, match="compressed file is damaged"):
        run(table(content[:-1000], "rows.csv.gz"))
    assert not Interaction.objects.exists()


@pytest.mark.parametrize("text", ["target", "target=", "who=1", "target=a,target=b"])
def test_a_mapping_that_makes_no_sense_is_refused(text):
    with pytest.raises(Refused, match=r"mapping"):
        parse_mapping(text)


# ---------------------------------------------------------------- what else is kept


def test_handles_are_kept_the_newest_that_is_given(table):
    path = table(
        HEADER
        + "1,2,like,1413280802,,,,Bob\n1,2,like,1413280803,,,,\n"
        + "1,2,like,1413280801,,,@alice,robert\n2,1,like,1413280800,,,,al\n"
    )
    run(path)
    assert dict(Account.objects.values_list("external_id", "handle")) == {"1": "alice", "2": "Bob"}
    run(table(HEADER + "1,2,like,1413280804,,,,Bobby\n"))
    assert Account.objects.get(external_id="2").handle == "Bobby"


def test_what_stands_needs_no_date(table):
    path = table(
        "target,actor,verb,occurred_at\n1,2,follow,\n1,3,follow,\n1,2,follow,\n1,3,follow,1413280800\n1,4,like,\n"
    )
    summary = run(path)
    assert (summary.new, summary.known, summary.rejected) == (3, 1, 1)
    assert Relation.objects.count() == 2
    assert Relation.objects.first().observed_at == AT
    edges = table("5 6\n5 7\n")
    assert run(edges, mapping=parse_mapping("target=1,actor=2"), verb="follow").new == 2
    assert run(edges, mapping=parse_mapping("target=1,actor=2"), verb="follow").known == 2


def test_texts_are_stored_as_they_are(table):
    nasty = ["\\N", "\\.", "a\\tb", "'; DROP TABLE x; --", "%s", "Ω≈ç√", "👩‍👩‍👧", "=1+1"]
    run(table("target,actor,verb,occurred_at\n" + "".join(f"{text},{text},like,1413280800\n" for text in nasty)))
    assert sorted(Account.objects.values_list("external_id", flat=True)) == sorted(nasty)


# ---------------------------------------------------------------- the command


def command(path: Path, *arguments: str) -> str:
    out = StringIO()
    call_command("import_interactions", "--network", "twitter", *arguments, str(path), stdout=out)
    return out.getvalue()


def test_the_command_sums_up_in_whole_numbers(table):
    path = table(HEADER + "1,2,like,1413280800,,,,\n1,3,like,1413280800,,,,\nx,,like,1,,,,\n")
    assert command(path).splitlines() == [
        "3 rows read: 2 new, 0 already known, 1 rejected; 3 accounts new",
        "  row 4: actor is empty",
        f"What was rejected is in {path}.rejects.csv",
    ]
    assert "0 new, 2 already known, 1 rejected; 0 accounts new" in command(path)


def test_a_dry_run_says_what_would_happen_and_writes_nothing(table):
    path = table(
        HEADER + "1,2,like,1413280800,,,,\n1,3,like,1413280800,,,,\n1,3,follow,,,,,\n" + ",2,like,1413280800,,,,\n" * 7
    )
    run(table(HEADER + "1,2,like,1413280800,,,,\n", "first.csv"))
    accounts, rows = Account.objects.count(), Interaction.objects.count()
    text = command(path, "--dry-run")
    assert "10 rows read: 2 would be new, 1 already known, 7 rejected; 1 accounts would be new" in text
    assert "and 2 more" in text
    assert (Account.objects.count(), Interaction.objects.count(), Relation.objects.count()) == (accounts, rows, 0)
    assert not path.with_name("rows.csv.rejects.csv").exists()
    assert "10 rows read: 2 new, 1 already known, 7 rejected; 1 accounts new" in command(path)


def test_the_command_refuses_wrong_arguments_in_words(table, tmp_path):
    with pytest.raises(CommandError, match="there is no such file"):
        command(tmp_path / "nowhere.csv")
    with pytest.raises(CommandError, match="'who=1' in the mapping"):
        command(table(HEADER), "--map", "who=1")


def test_progress_reaches_the_end_of_reading_and_storing(table):
    seen: list[tuple[str, int, int]] = []
    path = table(HEADER + "1,2,like,1413280800,,,,\n" * 30)
    run(path, progress=lambda *step: seen.append(step))
    size = path.stat().st_size
    assert ("reading", size, size) in seen
    assert seen[-1] == ("storing", 30, 30)


def test_a_first_large_table_is_no_slower_for_what_postgresql_believes_of_few_accounts(table):
    import_rows(path=table("target,actor,verb,occurred_at\na,b,like,2026-10-01\n"), network="twitter", at=AT)
    many = "".join(f"t{row % 7},x{row},reply,2026-10-02,,,h{row % 7},n{row}\n" for row in range(8000))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE accounts_account")
        # Every account beside every id that was seen would be half a minute.
        cursor.execute("SET LOCAL statement_timeout = '4s'")
    summary = import_rows(path=table(HEADER + many, "many.csv"), network="facebook", at=AT)
    assert (summary.new, summary.accounts_new) == (8000, 8007)
    assert Account.objects.get(network="facebook", external_id="x4711").handle == "n4711"

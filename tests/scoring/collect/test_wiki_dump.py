"""A wiki's own dumps: links between articles through redirects, whatever the dump's age; what is wrong is told."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Account, LinkedAccount, Person
from scoring.collect import wiki_dump
from scoring.collect.pagerank import import_links
from scoring.collect.summary import Refused, Summary, quiet
from scoring.collect.tables import Unreadable
from scoring.engine.graph import pagerank
from scoring.models import CounterReading

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
COLUMNS = {
    "page": ("page_id", "page_namespace", "page_title", "page_is_redirect", "page_random"),
    "redirect": ("rd_from", "rd_namespace", "rd_title", "rd_interwiki", "rd_fragment"),
    "linktarget": ("lt_id", "lt_namespace", "lt_title"),
    "pagelinks": ("pl_from", "pl_from_namespace", "pl_target_id"),
}
# Ada, Bob's "Place" and a page with a quote in its title; Countess is another name of Ada, and Lady of Countess.
PAGES = (
    "(1,0,'Ada_Lovelace',0,0.5)",
    "(2,0,'Poetry',0,1e-05)",
    r"(3,0,'O\'Hara,_(\"Bob\")',0,0.25)",
    "(4,0,'Countess',1,0.1)",
    "(5,0,'Lady',1,0.1)",
    "(6,1,'Poetry',0,0.1)",
)
REDIRECTS = ("(4,0,'Ada_Lovelace','','')", "(5,0,'Countess',NULL,'')", "(2,0,'Poetry','','')")
TARGETS = ("(11,0,'Ada_Lovelace')", "(12,0,'Lady')", "(13,0,'Nowhere')", "(14,1,'Poetry')", "(15,0,'Poetry')")
LINKS = (
    "(1,0,15)",  # Ada to Poetry
    "(2,0,11)",  # Poetry to Ada
    "(2,0,12)",  # and once more to her by another name
    "(3,0,12)",  # the page with the quotes to Ada by another name's other name
    "(3,0,13)",  # to what is not there
    "(3,0,14)",  # to a talk page
    "(1,0,11)",  # Ada to herself
    "(4,0,15)",  # from a redirect
    "(6,1,11)",  # from a talk page
    "(1,0,NULL)",
)
Dump = Callable[..., Path]


def table(name: str, rows: Sequence[str], columns: Sequence[str]) -> bytes:
    declared = "\n".join(f"  `{column}` int(8) NOT NULL," for column in columns)
    halves = (rows[: len(rows) // 2], rows[len(rows) // 2 :])
    inserts = "\n".join(f"INSERT INTO `{name}` VALUES {','.join(half)};" for half in halves if half)
    return f"-- MariaDB dump\nCREATE TABLE `{name}` (\n{declared}\n  PRIMARY KEY (`x`)\n);\n{inserts}\n".encode()


@pytest.fixture
def dump(tmp_path: Path) -> Dump:
    def make(*, packed: bool = True, columns: Sequence[str] = COLUMNS["pagelinks"], **tables: Sequence[str]) -> Path:
        given = {"page": PAGES, "redirect": REDIRECTS, "linktarget": TARGETS, "pagelinks": LINKS} | tables
        for name, rows in given.items():
            text = table(name, rows, columns if name == "pagelinks" else COLUMNS[name])
            path = tmp_path / f"enwiki-20261101-{name}.sql{'.gz' * packed}"
            path.write_bytes(gzip.compress(text) if packed else text)
        return tmp_path / f"enwiki-20261101-pagelinks.sql{'.gz' * packed}"

    return make


def number(title: str) -> int:
    return wiki_dump.number(title.encode())


def links(path: Path, most: int = 100) -> tuple[set[tuple[int, int]], int, list[tuple[str, str, str]]]:
    told: list[tuple[str, str, str]] = []
    start, end, read = wiki_dump.links(path, most=most, reject=lambda *row: told.append(row), progress=quiet)
    pairs = list(zip(start.tolist(), end.tolist(), strict=True))
    assert len(set(pairs)) == len(pairs)
    return set(pairs), read, told


EXPECTED = {
    (number("Ada_Lovelace"), number("Poetry")),
    (number("Poetry"), number("Ada_Lovelace")),
    (number('O\'Hara,_("Bob")'), number("Ada_Lovelace")),
}


@pytest.mark.parametrize("packed", [True, False])
def test_links_between_articles_are_found_through_redirects_and_once(dump: Dump, packed: bool) -> None:
    found, read, told = links(dump(packed=packed))
    assert found == EXPECTED
    assert read == len(PAGES) + len(REDIRECTS) + len(TARGETS) + len(LINKS)
    assert told == []


def test_an_older_wiki_names_what_a_link_leads_to_itself(dump: Dump, tmp_path: Path) -> None:
    rows = ("(1,0,'Poetry',0)", "(2,0,'Lady',0)", "(3,0,'Countess',0)", "(3,1,'Poetry',0)", "(6,0,'Poetry',1)")
    path = dump(pagelinks=rows, columns=("pl_from", "pl_namespace", "pl_title", "pl_from_namespace"))
    (tmp_path / "enwiki-20261101-linktarget.sql.gz").unlink()
    assert links(path)[0] == EXPECTED


def test_a_redirect_in_a_circle_leads_nowhere(dump: Dump) -> None:
    found, _, _ = links(dump(redirect=("(4,0,'Lady','','')", "(5,0,'Countess','','')")))
    assert found == {pair for pair in EXPECTED if pair[0] != number('O\'Hara,_("Bob")')}


def test_a_bad_row_is_told_and_the_others_count(dump: Dump) -> None:
    found, _, told = links(dump(pagelinks=("(1,0,15)", "(2,oops,11)", "(2,0)", "(2,0,11)", "(3,0,12)")))
    assert found == EXPECTED
    assert [(where, shown) for where, _, shown in told] == [
        ("enwiki-20261101-pagelinks.sql.gz, line 8", "(2,oops,11)"),
        ("enwiki-20261101-pagelinks.sql.gz, line 9", "(2,0)"),
    ]
    assert "no row of 3 values" in told[0][1]


def test_what_is_no_dump_or_too_much_is_refused(dump: Dump, tmp_path: Path) -> None:
    path = dump()
    with pytest.raises(Refused, match="more than 6 links"):
        links(path, most=6)
    with pytest.raises(Refused, match="more than 2 articles"):
        links(path, most=2)
    path.write_bytes(b"\x1f\x8bnonsense")
    with pytest.raises(Unreadable, match="damaged"):
        links(path)
    path.write_text("Ada\tPoetry\n")
    with pytest.raises(Unreadable, match="no CREATE TABLE"):
        links(path)
    (tmp_path / "enwiki-20261101-redirect.sql.gz").unlink()
    with pytest.raises(Refused, match=r"there must be enwiki-20261101-redirect\.sql\.gz"):
        links(path)


@pytest.fixture
def ada(db) -> Account:
    account = Account.objects.create(network="wikipedia", external_id="en:Ada_Lovelace", handle="en:Ada Lovelace")
    LinkedAccount.objects.create(account=account, person=Person.objects.create(handle="Alice"))
    return account


def stored(account: Account) -> dict[str, int]:
    return dict(CounterReading.objects.filter(account=account.pk).values_list("name", "value"))


def test_rank_and_links_of_linked_articles_are_stored(dump: Dump, ada: Account) -> None:
    summary: Summary = import_links(path=dump(), wiki="en", pagerank=pagerank, at=AT)
    found = stored(ada)
    assert found["inlinks"] == 2
    assert found["outlinks"] == 1
    # Three articles, of which one is linked to by nobody: a third of 0.15 is all that it has.
    small = 0.05
    poetry = (small + 0.85 * (small + 0.85 * small)) / (1 - 0.85**2)
    assert found["pagerank"] == pytest.approx((1 - small - poetry) * 1e9, abs=3)
    assert summary.new == 3
    assert import_links(path=dump(), wiki="en", pagerank=pagerank, at=AT).new == 0


def test_the_command_reads_a_dump_by_its_name(dump: Dump, ada: Account) -> None:
    out = StringIO()
    path = dump(pagelinks=(*LINKS, "(oops)"))
    call_command("import_pagerank", str(path), stdout=out)
    assert stored(ada)["inlinks"] == 2
    assert "1 linked articles, 1 of them in the file" in out.getvalue()
    rows = list(csv.DictReader(path.with_name(f"{path.name}.rejects.csv").open(encoding="utf-8")))
    assert [row["found"] for row in rows] == ["(oops)"]
    with pytest.raises(CommandError, match="more than 1 articles; --most-links allows more"):
        call_command("import_pagerank", str(path), most_links=1, stdout=out)
    path.with_name("enwiki-20261101-page.sql.gz").unlink()
    with pytest.raises(CommandError, match="beside it there must be"):
        call_command("import_pagerank", str(path), stdout=out)


def test_a_table_of_links_counts_links_too(tmp_path: Path, ada: Account) -> None:
    path = tmp_path / "links.tsv"
    path.write_text("Poetry\tAda Lovelace\nPoetry\tAda_Lovelace\nBob\tAda_Lovelace\nAda_Lovelace\tBob\n")
    import_links(path=path, wiki="en", pagerank=pagerank, at=AT)
    found = stored(ada)
    assert (found["inlinks"], found["outlinks"]) == (2, 1)

"""Ranks of linked articles, from tables of ranks and from links: what counts, what is rejected, what is refused."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
import stamina
from django.core.management import CommandError, call_command

from accounts.models import Account, LinkedAccount, Person
from scoring.collect.pagerank import import_links, import_ranks
from scoring.collect.summary import Refused, Summary
from scoring.engine.graph import pagerank
from scoring.models import CounterReading
from tests.fakes.wikipedia import FakeWikipedia

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(text: str) -> Path:
        path = tmp_path / "ranks.tsv"
        path.write_text(text, encoding="utf-8")
        return path

    return make


@pytest.fixture(autouse=True)
def ada() -> LinkedAccount:
    return linked("en:Ada_Lovelace", "Alice", "en:Ada Lovelace")


def linked(external_id: str, handle: str, name: str = "") -> LinkedAccount:
    person = Person.objects.create(handle=handle)
    account = Account.objects.create(network="wikipedia", external_id=external_id, handle=name)
    return LinkedAccount.objects.create(account=account, person=person)


def nobody(titles: Sequence[str]) -> Mapping[str, str]:
    raise AssertionError("the wiki is not asked where titles are given")


def ranks(path: Path, at: datetime = AT, wiki: str = "en") -> Summary:
    return import_ranks(path=path, wiki=wiki, items=nobody, at=at)


def stored() -> dict[str, int]:
    readings = CounterReading.objects.filter(name="pagerank")
    names = dict(Account.objects.values_list("pk", "external_id"))
    return {names[account]: value for account, value in readings.values_list("account", "value")}


def test_a_counter_is_the_share_of_all_ranks(write: Write) -> None:
    linked('en:"Heroes"_(album)', "Bob")
    summary = ranks(write('title\trank\nAda Lovelace\t2.5\n"Heroes"_(album)\t1e0\nOther,_one\t6.5\n'))
    assert stored() == {"en:Ada_Lovelace": 250_000_000, 'en:"Heroes"_(album)': 100_000_000}
    assert (summary.read, summary.new, summary.rejected) == (3, 2, 0)
    assert summary.tallies == {"linked articles": 2, "of them in the file": 2}


def test_a_second_import_adds_nothing_and_a_newer_one_a_day(write: Write) -> None:
    path = write("Ada_Lovelace\t1\nOther\t3\n")
    assert ranks(path).new == 1
    assert ranks(path).new == 0
    assert ranks(path, AT + timedelta(days=1)).new == 1
    assert CounterReading.objects.filter(name="pagerank").count() == 2


def test_bad_rows_are_set_aside_with_their_number_and_reason(write: Write, tmp_path: Path) -> None:
    bad = "Nobody\nNobody\tmany\nNobody\t-1\nNobody\tnan\nNobody\tinf\n\t1\na\tb\tc\nx\u0000\t1\nAda_Lovelace\t9\n"
    summary = ranks(write(f"Ada_Lovelace\t1\nOther\t3\n# a comment\n\n{bad}"))
    assert stored() == {"en:Ada_Lovelace": 250_000_000}
    assert summary.rejected == 9
    assert summary.reasons[0] == "row 5: it has 1 columns, not two with a tab between them"
    rows = list(csv.DictReader((tmp_path / "ranks.tsv.rejects.csv").open(encoding="utf-8")))
    assert [row["row"] for row in rows] == ["5", "6", "7", "8", "9", "10", "11", "12", "13"]
    assert rows[-1]["reason"] == "the article stands in an earlier row too"


def test_articles_of_other_wikis_and_editors_are_left_alone(write: Write) -> None:
    linked("de:Ada_Lovelace", "Bob")
    linked("user:en:Ada_Lovelace", "Charlie")
    ranks(write("Ada_Lovelace\t1\nOther\t1\n"))
    assert stored() == {"en:Ada_Lovelace": 500_000_000}


def test_an_article_that_was_moved_is_known_by_its_newest_title(write: Write) -> None:
    linked("en:Old_name", "Bob", "en:New name")
    summary = ranks(write("New_name\t1\nOther\t3\n"))
    assert stored() == {"en:Old_name": 250_000_000}
    assert summary.notes == ["not in the file: en:Ada_Lovelace"]


def test_a_packed_table_by_items_asks_the_wiki_for_them(tmp_path: Path) -> None:
    path = tmp_path / "enwiki.rank.gz"
    path.write_bytes(gzip.compress(b"Q30\t3\nQ7259\t1\n"))
    asked = []

    def items(titles: Sequence[str]) -> Mapping[str, str]:
        asked.append(titles)
        return {"Ada_Lovelace": "Q7259"}

    import_ranks(path=path, wiki="en", items=items, at=AT)
    assert stored() == {"en:Ada_Lovelace": 250_000_000}
    assert asked == [["Ada_Lovelace"]]


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", "empty"), ("Ada_Lovelace\t0\n", "no row holds a rank"), ("nothing,here\n", "no row holds a rank")],
)
def test_a_file_without_ranks_is_refused(write: Write, text: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        ranks(write(text))
    assert stored() == {}


def test_it_refuses_a_file_that_is_not_there_or_of_no_use(write: Write, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no such file"):
        ranks(tmp_path / "nothing.tsv")
    with pytest.raises(Refused, match="no article of the wiki 'fr' is linked"):
        ranks(write("Ada\t1\n"), wiki="fr")


# ---------------------------------------------------------------- links
def test_links_are_ranked_as_the_graph_has_it(write: Write) -> None:
    text = "".join(f"Page_{number}\tAda_Lovelace\n" for number in range(8)) + "Ada_Lovelace\tPage_0\nPage_0\tPage_0\n"
    import_links(path=write(text), wiki="en", pagerank=pagerank, at=AT)
    # Eight give theirs to Ada, who hands hers to the first of them: r = 0.15/9 + 0.85 (7 s + f), f = 0.15/9 + 0.85 r.
    small = 0.15 / 9
    expected = (small + 0.85 * (7 * small + small)) / (1 - 0.85**2)
    assert stored()["en:Ada_Lovelace"] == pytest.approx(expected * 1e9, abs=2)


def test_too_many_links_are_refused(write: Write) -> None:
    with pytest.raises(Refused, match="more than 2 links"):
        import_links(path=write("a\tb\nb\tc\nc\ta\n"), wiki="en", pagerank=pagerank, at=AT, most=2)
    with pytest.raises(Refused, match="no row holds a link"):
        import_links(path=write("a\ta\nb\n"), wiki="en", pagerank=pagerank, at=AT)
    assert stored() == {}


# ---------------------------------------------------------------- the command
def test_the_command_asks_the_wiki_and_says_what_it_did(write: Write, settings) -> None:
    out = StringIO()
    with FakeWikipedia() as fake, stamina.set_testing(True, attempts=1):
        settings.NETWORK_ORIGINS = {"https://en.wikipedia.org": fake.url}
        call_command("import_pagerank", str(write("Q1\t3\nQ7259\t1\n")), wiki="en", stdout=out)
    assert stored() == {"en:Ada_Lovelace": 250_000_000}
    assert "1 linked articles, 1 of them in the file" in out.getvalue()


def test_the_command_says_what_is_wrong(write: Write, settings) -> None:
    with FakeWikipedia() as fake, stamina.set_testing(True, attempts=1):
        settings.NETWORK_ORIGINS = {"https://en.wikipedia.org": fake.url}
        fake.errors.append(("internal_api_error", {}))
        with pytest.raises(CommandError, match="internal_api_error"):
            call_command("import_pagerank", str(write("Q1\t3\nQ7259\t1\n")))
    with pytest.raises(CommandError, match="more than 1 links"):
        call_command("import_pagerank", str(write("a\tb\nb\ta\n")), links=True, most_links=1)
    assert stored() == {}

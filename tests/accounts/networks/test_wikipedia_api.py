"""Wikipedia's API against a wiki on 127.0.0.1: articles and editors, continuing, a busy wiki, faults and odd values."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from accounts.networks import NETWORKS, wikipedia
from accounts.networks.base import (
    BadRecord,
    Counter,
    Interaction,
    Owner,
    Page,
    RateLimited,
    Rejected,
    Revoked,
    Subject,
    Unreachable,
)
from accounts.networks.http import Http, NotFound
from tests.fakes.door import NOW, doors
from tests.fakes.loopback import Reply
from tests.fakes.wikipedia import TOKEN, FakeWikipedia

WIKIPEDIA = NETWORKS["wikipedia"]
ADA, ALICE = "en:Ada_Lovelace", "user:en:Alice_Example"
START = datetime(2026, 11, 1, 8, tzinfo=UTC)
Call = Callable[..., Http]


@pytest.fixture
def server() -> Iterator[FakeWikipedia]:
    with FakeWikipedia() as fake:
        yield fake


@pytest.fixture
def call(server: FakeWikipedia) -> Iterator[Call]:
    with doors(WIKIPEDIA, server, TOKEN) as make:
        yield make


@pytest.fixture
def visit(call: Call) -> Callable[[], Http]:
    return lambda: call(token="")


def pull(http: Http, external_id: str, stream: str, cursor: dict[str, Any] | None = None) -> list[Page]:
    return list(WIKIPEDIA.pull(http, Subject(external_id, now=NOW), stream, cursor or {}))


def some(pages: list[Page], kind: type) -> list[Any]:
    return [record for page in pages for record in page.records if isinstance(record, kind)]


# ---------------------------------------------------------------- finding an article
@pytest.mark.parametrize(
    "typed",
    [
        "Ada Lovelace",
        "en:Ada_Lovelace",
        "Ada",
        "https://en.wikipedia.org/wiki/Ada_Lovelace",
        "https://en.m.wikipedia.org/wiki/Ada%5FLovelace#Life",
    ],
)
def test_an_article_is_found_with_its_external_links(visit: Callable[[], Http], typed: str) -> None:
    about = "https://alice.example/\nhttps://archive.example/x"
    assert WIKIPEDIA.find(visit(), typed) == Owner(ADA, "en:Ada Lovelace", "Ada Lovelace", about=about)


@pytest.mark.parametrize(
    "typed",
    ["", "[x]", "a|b", "https://example.org/wiki/Ada", "https://en.wikipedia.org/w/index.php", "x" * 300, "http://["],
)
def test_what_is_no_title_is_not_asked_for(server: FakeWikipedia, visit: Callable[[], Http], typed: str) -> None:
    with pytest.raises(BadRecord):
        WIKIPEDIA.find(visit(), typed)
    assert server.asked == []


def test_a_page_that_is_no_article_is_refused(server: FakeWikipedia, visit: Callable[[], Http]) -> None:
    with pytest.raises(NotFound, match="has no article"):
        WIKIPEDIA.find(visit(), "Nobody")
    server.page["pageprops"] = {"disambiguation": ""}
    with pytest.raises(BadRecord, match="not an article about one"):
        WIKIPEDIA.find(visit(), "Ada Lovelace")
    server.page |= {"pageprops": {}, "ns": 2}
    with pytest.raises(BadRecord, match="not an article about one"):
        WIKIPEDIA.find(visit(), "Ada Lovelace")


def test_an_article_of_another_wiki_is_asked_there(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def elsewhere(http: Http, url: str) -> Http:
        asked.append(url)
        return call(token="")

    monkeypatch.setattr(Http, "elsewhere", elsewhere)
    http = call(token="")
    http.host = "en.wikipedia.org"
    assert WIKIPEDIA.find(http, "https://de.wikipedia.org/wiki/Ada_Lovelace").external_id == "de:Ada_Lovelace"
    assert asked == ["https://de.wikipedia.org"]


# ---------------------------------------------------------------- an article
def test_an_article_is_counted_by_its_links(server: FakeWikipedia, visit: Callable[[], Http]) -> None:
    server.backlinks = [f"Page {number}" for number in range(1203)]
    server.links = ["Charles Babbage", "Poetry"]
    (page,) = pull(visit(), ADA, "profile")
    assert page.done
    assert page.records == [
        Owner(ADA, "en:Ada Lovelace", "Ada Lovelace"),
        Counter("inlinks", 1203),
        Counter("outlinks", 2),
    ]
    lists = [asked.param("list") or asked.param("prop") for asked in server.asked]
    assert lists == ["pageprops", "backlinks", "backlinks", "backlinks", "links"]
    assert {asked.param("maxlag") for asked in server.asked} == {"5"}
    assert "http://127.0.0.1" in server.asked[0].headers["user-agent"]


def test_an_article_that_was_moved_keeps_its_id(server: FakeWikipedia, visit: Callable[[], Http]) -> None:
    owner = some(pull(visit(), "en:Ada", "profile"), Owner)[0]
    assert (owner.external_id, owner.handle) == ("en:Ada", "en:Ada Lovelace")


def test_links_without_end_are_counted_by_the_search(
    server: FakeWikipedia, visit: Callable[[], Http], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wikipedia, "MOST_PAGES", 2)
    server.backlinks = [f"Page {number}" for number in range(1203)]
    server.totalhits = 1200
    assert Counter("inlinks", 1200) in some(pull(visit(), ADA, "profile"), Counter)
    server.totalhits = -1
    pages = pull(visit(), ADA, "profile")
    assert Counter("inlinks", 1000) in some(pages, Counter)
    assert "totalhits is -1" in some(pages, Rejected)[0].reason


def test_views_of_the_last_thirty_days_are_added(server: FakeWikipedia, visit: Callable[[], Http]) -> None:
    server.views = {date(2026, 11, 22) - timedelta(days=number): 10 for number in range(60)}
    (page,) = pull(visit(), ADA, "pageviews")
    # Today is not over.
    assert page.records == [Counter("pageviews", 300)]
    assert server.asked[-1].path.endswith("/Ada_Lovelace/daily/20261023/20261121")


def test_odd_views_are_rejected_and_cost_no_others(server: FakeWikipedia, visit: Callable[[], Http]) -> None:
    rows = [{"views": 5}, {"views": "lots"}, None, {"views": 7}]
    server.faults.extend([lambda asked: None, Reply(data={"items": rows})])
    pages = pull(visit(), ADA, "pageviews")
    assert some(pages, Counter) == [Counter("pageviews", 12)]
    assert [rejected.where for rejected in some(pages, Rejected)] == ["pageviews, record 2", "pageviews, record 3"]


def test_an_article_that_nobody_read_has_no_counter(server: FakeWikipedia, visit: Callable[[], Http]) -> None:
    pages = pull(visit(), ADA, "pageviews")
    assert some(pages, Counter) == []
    assert "nothing is known" in some(pages, Rejected)[0].reason


@pytest.mark.parametrize("status", [401, 403])
def test_a_wiki_that_shuts_us_out_breaks_no_link(server: FakeWikipedia, visit: Callable[[], Http], status: int) -> None:
    server.faults.append(Reply(status, {}))
    with pytest.raises(Unreachable):
        pull(visit(), ADA, "profile")


def test_items_of_many_articles_are_asked_for_at_once(server: FakeWikipedia, visit: Callable[[], Http]) -> None:
    titles = ["Ada_Lovelace", "Ada", *(f"Nobody_{number}" for number in range(60))]
    assert wikipedia.items(visit(), "en", titles) == {"Ada_Lovelace": "Q7259", "Ada": "Q7259"}
    assert len(server.asked) == 2


# ---------------------------------------------------------------- an editor
def test_a_token_names_its_editor(call: Call) -> None:
    (page,) = pull(call(), "", "profile")
    created_at = datetime(2010, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert page.records == [Owner(ALICE, "en:User:Alice Example", "Alice Example", created_at)]


def test_the_token_of_somebody_else_is_not_used(server: FakeWikipedia, call: Call) -> None:
    server.user["name"] = "Bob"
    with pytest.raises(Revoked, match="the token is of user:en:Bob, not of user:en:Alice_Example"):
        pull(call(), ALICE, "profile")


def test_a_token_taken_back_is_revoked_and_not_shown(server: FakeWikipedia, call: Call) -> None:
    server.token = "another"
    with pytest.raises(Revoked, match="mwoauth-invalid-authorization") as revoked:
        pull(call(), ALICE, "profile")
    assert TOKEN not in str(revoked.value)


def test_no_token_opens_no_account(visit: Callable[[], Http]) -> None:
    with pytest.raises(Revoked, match="knows the token of no account"):
        pull(visit(), ALICE, "profile")


def test_thanks_name_who_and_when(server: FakeWikipedia, call: Call) -> None:
    server.thank("Bob", START)
    server.thank("Charlie Root", START + timedelta(hours=1))
    server.thank("", START, userhidden=True)
    (page,) = pull(call(), ALICE, "thanks")
    assert page.records == [
        Interaction("like", "user:en:Bob", START, key="thanks:1000", actor_handle="en:User:Bob"),
        Interaction(
            "like",
            "user:en:Charlie_Root",
            START + timedelta(hours=1),
            key="thanks:1001",
            actor_handle="en:User:Charlie Root",
        ),
    ]
    assert page.cursor == {"since": "2026-11-01T09:00:00Z"}


def test_thanks_come_in_pages_and_only_once(server: FakeWikipedia, call: Call) -> None:
    for number in range(1203):
        server.thank(f"Person {number % 50}", START + timedelta(minutes=number))
    pages = pull(call(), ALICE, "thanks")
    assert [len(page.records) for page in pages] == [500, 500, 203]
    again = some(pull(call(), ALICE, "thanks", pages[-1].cursor), Interaction)
    # The newest again, under the same key: others may have come in its second.
    assert [i.key for i in again] == [some(pages, Interaction)[-1].key]
    middle = some(pull(call(), ALICE, "thanks", pages[0].cursor), Interaction)
    assert len({i.key for i in some(pages[:1], Interaction) + middle}) == 1203


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"user": None}, "user is None"),
        ({"timestamp": "then"}, "timestamp is 'then'"),
        ({"logid": "x"}, "logid is 'x'"),
    ],
)
def test_odd_thanks_are_rejected_and_cost_no_others(
    server: FakeWikipedia, call: Call, changes: dict[str, Any], reason: str
) -> None:
    server.thank("Bob", START)
    server.thank("Charlie", START).update(changes)
    server.thank("Dan", START)
    pages = pull(call(), ALICE, "thanks")
    (rejected,) = some(pages, Rejected)
    assert reason in rejected.reason
    assert rejected.where.startswith("thanks ")
    assert [i.actor for i in some(pages, Interaction)] == ["user:en:Bob", "user:en:Dan"]


@pytest.mark.parametrize(("external_id", "stream"), [(ADA, "thanks"), (ALICE, "pageviews")])
def test_what_the_other_kind_of_account_has_costs_no_call(
    server: FakeWikipedia, call: Call, external_id: str, stream: str
) -> None:
    assert pull(call(), external_id, stream) == [Page([], {}, done=True)]
    assert server.asked == []


# ---------------------------------------------------------------- errors
@pytest.mark.parametrize(
    ("code", "headers", "seconds"),
    [("maxlag", {"Retry-After": "30"}, 30), ("ratelimited", {}, 60), ("maxlag", {"Retry-After": "soon"}, 60)],
)
def test_a_busy_wiki_is_left_alone(
    server: FakeWikipedia, call: Call, code: str, headers: dict[str, str], seconds: int
) -> None:
    server.errors.append((code, headers))
    with pytest.raises(RateLimited) as limited:
        pull(call(), ADA, "profile")
    assert limited.value.until == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("data", [[], None, 7, {"query": []}, {"error": {"code": "internal_api_error_X"}}])
@pytest.mark.parametrize(("external_id", "stream"), [(ADA, "profile"), (ALICE, "thanks")])
def test_an_answer_of_another_shape_is_unreachable(
    server: FakeWikipedia, call: Call, data: Any, external_id: str, stream: str
) -> None:
    server.faults.append(Reply(data=data))
    with pytest.raises(Unreachable, match=r"api\.php"):
        pull(call(), external_id, stream)


def test_it_has_no_other_streams(call: Call) -> None:
    with pytest.raises(ValueError, match="no stream"):
        pull(call(), ADA, "talk")
    assert WIKIPEDIA.spec.streams == ("profile", "pageviews", "thanks")


def test_recorded_answers_of_the_real_wiki_are_counted(
    data: Path, server: FakeWikipedia, visit: Callable[[], Http]
) -> None:
    folder = data / "api" / "mediawiki_martin_majlis"
    recorded = json.loads((folder / "TestVcrWikiBacklinks.test_backlinks.json").read_text())["interactions"]
    answers = [json.loads(found["response"]["body"]["string"]) for found in recorded]
    lists = [answer for answer in answers if "backlinks" in answer.get("query", {})]
    server.faults.extend([lambda asked: None, *(Reply(data=answer) for answer in lists)])
    expected = len({link["title"] for answer in lists for link in answer["query"]["backlinks"]})
    assert expected > 5000
    assert Counter("inlinks", expected) in some(pull(visit(), ADA, "profile"), Counter)

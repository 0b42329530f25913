"""Bing's Webmaster API against a server on 127.0.0.1 that speaks it: sites of a key, links, faults and odd values."""

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from accounts.networks import NETWORKS
from accounts.networks.base import (
    BadRecord,
    Counter,
    NetworkError,
    Owner,
    Page,
    RateLimited,
    Rejected,
    Revoked,
    Subject,
    Unreachable,
)
from accounts.networks.http import Http, NotFound
from tests.fakes.bing import KEY, FakeBing
from tests.fakes.door import NOW, doors
from tests.fakes.loopback import Reply

BING = NETWORKS["bing"]
Call = Callable[..., Http]


@pytest.fixture
def server() -> Iterator[FakeBing]:
    with FakeBing() as fake:
        yield fake


@pytest.fixture
def call(server: FakeBing) -> Iterator[Call]:
    with doors(BING, server, KEY) as make:
        yield make


def pull(http: Http, stream: str, cursor: dict[str, Any] | None = None, subject: Subject | None = None) -> list[Page]:
    return list(BING.pull(http, subject or Subject("alice.example"), stream, cursor or {}))


def some(pages: list[Page], kind: type) -> list[Any]:
    return [record for page in pages for record in page.records if isinstance(record, kind)]


@pytest.mark.parametrize(
    ("subject", "site"),
    [
        (Subject(""), "alice.example"),
        (Subject("", "https://Zebra.example/blog"), "zebra.example/blog"),
        (Subject("zebra.example/blog"), "zebra.example/blog"),
    ],
)
def test_a_key_proves_the_sites_that_are_verified(call: Call, subject: Subject, site: str) -> None:
    assert pull(call(), "profile", subject=subject) == [Page([Owner(site, site, site)], {}, done=True)]


@pytest.mark.parametrize("site", ["bob.example", "charlie.example", "alice.example/other"])
def test_a_site_that_is_not_verified_is_not_proved(call: Call, site: str) -> None:
    with pytest.raises(Revoked, match="has not verified"):
        pull(call(), "profile", subject=Subject(site))
    with pytest.raises(Revoked, match="has not verified"):
        pull(call(), "links", subject=Subject(site))


def test_a_key_without_sites_proves_nothing(server: FakeBing, call: Call) -> None:
    server.sites = []
    with pytest.raises(Revoked, match="has not verified any site"):
        pull(call(), "profile", subject=Subject(""))


def test_what_is_no_site_is_refused(call: Call) -> None:
    with pytest.raises(BadRecord, match="not an address of a page"):
        pull(call(), "profile", subject=Subject("", "my site"))


def test_the_other_sites_of_a_key_are_its_pages(call: Call) -> None:
    found = BING.pages(call(), Subject("alice.example"))
    assert [(owner.external_id, token) for owner, token in found] == [("zebra.example/blog", "")]


def test_links_to_all_pages_of_a_site_are_added_up(server: FakeBing, call: Call) -> None:
    for number in range(1, 8):
        server.count(number)
    server.count(1000, "https://zebra.example/blog/")
    pages = pull(call(), "links")
    assert [page.done for page in pages] == [False, False, True]
    assert some(pages, Counter) == [Counter("inbound_links", 28)]
    assert [asked.param("page") for asked in server.asked[1:]] == ["0", "1", "2"]
    # From the middle on, and once more.
    assert some(pull(call(), "links", pages[0].cursor), Counter) == [Counter("inbound_links", 28)]
    assert some(pull(call(), "links", pages[-1].cursor), Counter) == [Counter("inbound_links", 28)]


def test_a_site_without_links_has_none(call: Call) -> None:
    assert some(pull(call(), "links"), Counter) == [Counter("inbound_links", 0)]


@pytest.mark.parametrize("value", [-1, None, "many", 2**40, 1.5, True])
def test_an_odd_count_is_rejected_and_costs_no_other(server: FakeBing, call: Call, value: object) -> None:
    server.count(5)
    server.count(value)
    server.links["https://www.Alice.example/"].append(None)
    pages = pull(call(), "links")
    assert some(pages, Counter) == [Counter("inbound_links", 5)]
    assert [rejected.where for rejected in some(pages, Rejected)] == [
        "GetLinkCounts, page 0, record 2",
        "GetLinkCounts, page 0, record 3",
    ]


@pytest.mark.parametrize("item", [None, 7, {"Url": 7, "IsVerified": True}, {"Url": "no address", "IsVerified": True}])
def test_an_odd_site_is_rejected_and_costs_no_other(server: FakeBing, call: Call, item: Any) -> None:
    server.sites.insert(0, item)
    (page,) = pull(call(), "profile")
    assert isinstance(page.records[0], Owner)
    assert [rejected.where for rejected in some([page], Rejected)] == ["GetUserSites, record 1"]


@pytest.mark.parametrize("data", [[], None, {"d": 7}, {}, {"d": {"Links": []}}])
def test_an_answer_of_another_shape_is_unreachable(server: FakeBing, call: Call, data: Any) -> None:
    server.faults.extend([lambda asked: None, Reply(data=data)])
    with pytest.raises(Unreachable, match="GetLinkCounts"):
        pull(call(), "links")
    server.faults.append(Reply(data=data))
    with pytest.raises(Unreachable, match="GetUserSites"):
        pull(call(), "profile")


# ---------------------------------------------------------------- errors
@pytest.mark.parametrize("stream", ["profile", "links"])
def test_a_key_taken_back_is_revoked(server: FakeBing, call: Call, stream: str) -> None:
    server.key = "another"
    with pytest.raises(Revoked):
        pull(call(), stream)


def test_a_throttled_key_is_left_alone(server: FakeBing, call: Call) -> None:
    server.error = (4, "ERROR!!! ThrottleUser")
    with pytest.raises(RateLimited) as limited:
        pull(call(), "profile")
    assert limited.value.until == NOW + timedelta(hours=1)


@pytest.mark.parametrize(("code", "kind"), [(14, Revoked), (11, NotFound), (2, Unreachable), ([3], Unreachable)])
def test_errors_mean_what_bing_says(server: FakeBing, call: Call, code: Any, kind: type[NetworkError]) -> None:
    server.error = (code, "ERROR!!!")
    with pytest.raises(kind) as error:
        pull(call(), "profile")
    assert type(error.value) is not RateLimited


def test_no_message_and_no_log_line_shows_the_key(
    server: FakeBing, call: Call, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    http = call()
    pull(http, "profile")
    server.faults.append(Reply(400, {"ErrorCode": 2, "message": f"not {KEY}", "error": f"not {KEY}"}))
    with pytest.raises(NetworkError) as error:
        pull(http, "profile")
    server.faults.extend([Reply(hang_up=True)] * 9)
    with pytest.raises(NetworkError) as silent:
        pull(http, "profile")
    server.faults.clear()
    assert KEY not in f"{error.value!r} {silent.value!r} {http!r} {caplog.text}"
    # It is the only thing that opens the door, and goes nowhere but into its parameter.
    assert {asked.param("apikey") for asked in server.asked} == {KEY}
    assert all("authorization" not in asked.headers for asked in server.asked)


def test_it_has_no_other_streams(call: Call) -> None:
    with pytest.raises(ValueError, match="no stream"):
        pull(call(), "queries")
    assert BING.spec.streams == ("profile", "links")

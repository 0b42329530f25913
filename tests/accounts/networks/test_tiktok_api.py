"""TikTok's Display API against a server on 127.0.0.1 that speaks it: pages, cursors, faults and odd values."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.networks import NETWORKS
from accounts.networks.base import (
    Counter,
    NetworkError,
    Owner,
    Page,
    Post,
    PostTotal,
    RateLimited,
    Rejected,
    Revoked,
    Subject,
    Unreachable,
)
from accounts.networks.http import Http
from tests.fakes.door import NOW, doors
from tests.fakes.loopback import Reply
from tests.fakes.tiktok import TOKEN, FakeTikTok

TIKTOK = NETWORKS["tiktok"]
ALICE = Subject("alice.makes", "alice.makes", now=NOW)
START = datetime(2026, 11, 1, 8, tzinfo=UTC)
FIRST = "7000000000000000001"
Call = Callable[..., Http]


@pytest.fixture
def server() -> Iterator[FakeTikTok]:
    with FakeTikTok() as fake:
        yield fake


@pytest.fixture
def call(server: FakeTikTok) -> Iterator[Call]:
    with doors(TIKTOK, server, TOKEN) as make:
        yield make


def pull(http: Http, stream: str, cursor: dict[str, Any] | None = None, subject: Subject = ALICE) -> list[Page]:
    return list(TIKTOK.pull(http, subject, stream, cursor or {}))


def some(pages: list[Page], kind: type) -> list[Any]:
    return [record for page in pages for record in page.records if isinstance(record, kind)]


def test_the_profile_names_the_owner_and_the_counters(call: Call) -> None:
    (page,) = pull(call(), "profile", subject=Subject(""))
    assert page.records == [
        Owner("alice.makes", "alice.makes", "Alice", about="Gardens and trains."),
        Counter("followers", 12),
        Counter("following", 34),
        Counter("likes", 567),
        Counter("videos", 8),
    ]


def test_the_token_of_somebody_else_is_not_used(server: FakeTikTok, call: Call) -> None:
    server.user["username"] = "bob"
    with pytest.raises(Revoked, match=r"the token is of bob, not of alice\.makes"):
        pull(call(), "profile")


@pytest.mark.parametrize("value", [-1, None, "many", 2**40, 1.5, True])
def test_an_odd_counter_is_rejected_and_costs_no_other(server: FakeTikTok, call: Call, value: object) -> None:
    server.user["follower_count"] = value
    pages = pull(call(), "profile")
    assert [counter.name for counter in some(pages, Counter)] == ["following", "likes", "videos"]
    assert "follower_count is" in some(pages, Rejected)[0].reason


@pytest.mark.parametrize("value", [None, "", "al ice", 7, "x" * 99])
def test_a_profile_without_a_name_is_unreachable(server: FakeTikTok, call: Call, value: object) -> None:
    server.user["username"] = value
    with pytest.raises(Unreachable, match="username is"):
        pull(call(), "profile")


def test_a_person_who_hides_the_profile_must_connect_again(server: FakeTikTok, call: Call) -> None:
    server.scopes.discard("user.info.profile")
    with pytest.raises(Revoked, match="allow the profile"):
        pull(call(), "profile")


@pytest.mark.parametrize(("scope", "stream"), [("user.info.stats", "profile"), ("video.list", "videos")])
def test_what_was_not_allowed_is_left_out_and_breaks_no_link(
    server: FakeTikTok, call: Call, scope: str, stream: str
) -> None:
    server.scopes.discard(scope)
    (page,) = pull(call(), stream)
    assert page.done
    assert "did not authorize" in some([page], Rejected)[0].reason


# ---------------------------------------------------------------- videos
def test_videos_have_totals_without_names(server: FakeTikTok, call: Call) -> None:
    server.video(1, START, like_count=5, comment_count=2, share_count=1, view_count=300)
    pages = pull(call(), "videos")
    assert some(pages, Post) == [Post(FIRST, START, f"https://www.tiktok.com/@alice.makes/video/{FIRST}")]
    totals = {total.verb: total.total for total in some(pages, PostTotal)}
    assert totals == {"like": 5, "reply": 2, "share": 1, "visit": 300}
    assert server.asked[0].method == "POST"


def test_videos_come_in_pages_until_they_are_too_old(server: FakeTikTok, call: Call) -> None:
    for number in range(1, 101):
        server.video(number, NOW - timedelta(days=150 - number), like_count=1)
    pages = pull(call(), "videos")
    # The last 41 days of 90: the others are older.
    assert len(some(pages, Post)) == 41
    assert [page.done for page in pages] == [False, False, True]
    assert pages[-1].cursor == {}
    rest = pull(call(), "videos", pages[0].cursor)
    assert len({post.post for post in some([pages[0], *rest], Post)}) == 41


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"create_time": "then"}, "create_time is 'then'"),
        ({"id": None}, "id is None"),
        ({"like_count": -1}, "like_count is -1"),
    ],
)
def test_an_odd_video_is_rejected_and_costs_no_other(
    server: FakeTikTok, call: Call, changes: dict[str, Any], reason: str
) -> None:
    good, odd = server.video(1, START, like_count=5), server.video(2, START, like_count=5) | changes
    envelope = {"data": {"videos": [odd, None, good], "cursor": 0, "has_more": False}, "error": {"code": "ok"}}
    server.faults.append(Reply(data=envelope))
    pages = pull(call(), "videos")
    first, second = some(pages, Rejected)
    assert (first.where, second.where) == ("video/list from 0, record 1", "video/list from 0, record 2")
    assert reason in first.reason
    assert (FIRST, 5) in {(total.post, total.total) for total in some(pages, PostTotal)}


@pytest.mark.parametrize(
    "data", [[], None, {"error": 7}, {"data": 7}, {"data": {"videos": 7}, "error": {"code": "ok"}}]
)
def test_an_answer_of_another_shape_is_unreachable(server: FakeTikTok, call: Call, data: Any) -> None:
    server.faults.append(Reply(data=data))
    with pytest.raises(Unreachable, match="video/list"):
        pull(call(), "videos")


# ---------------------------------------------------------------- errors
@pytest.mark.parametrize("status", [200, 429])
def test_a_rate_limit_in_the_middle_keeps_the_pages_before_it(server: FakeTikTok, call: Call, status: int) -> None:
    for number in range(1, 41):
        server.video(number, START + timedelta(minutes=number), like_count=1)
    pages = TIKTOK.pull(call(), ALICE, "videos", {})
    first = next(pages)
    server.faults.append(Reply(status, {"data": {}, "error": {"code": "rate_limit_exceeded", "message": ""}}))
    with pytest.raises(RateLimited) as limited:
        next(pages)
    assert limited.value.until == NOW + timedelta(minutes=1)
    assert len(some([first, *pull(call(), "videos", first.cursor)], Post)) == 40


@pytest.mark.parametrize("stream", ["profile", "videos"])
@pytest.mark.parametrize("status", [200, 401])
def test_a_token_taken_back_is_revoked_and_not_shown(server: FakeTikTok, call: Call, stream: str, status: int) -> None:
    said = {"code": "access_token_invalid", "message": "The access token is invalid."}
    server.faults.append(Reply(status, {"data": {}, "error": said}))
    with pytest.raises(Revoked) as revoked:
        pull(call(), stream)
    assert TOKEN not in str(revoked.value)


def test_no_message_shows_a_token_that_the_server_sends_back(server: FakeTikTok, call: Call) -> None:
    server.faults.append(Reply(400, {"error": {"code": "invalid_params", "message": f"bad {TOKEN}"}}))
    with pytest.raises(NetworkError) as error:
        pull(call(), "videos")
    assert TOKEN not in repr(error.value)


def test_it_has_no_other_streams(call: Call) -> None:
    with pytest.raises(ValueError, match="no stream"):
        pull(call(), "comments")
    assert TIKTOK.spec.streams == ("profile", "videos")

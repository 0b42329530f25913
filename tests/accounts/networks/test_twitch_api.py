"""Twitch's Helix API against a server on 127.0.0.1 that speaks it: pages, cursors, faults and odd values."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.networks import NETWORKS
from accounts.networks.base import (
    Counter,
    Interaction,
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
from tests.fakes.twitch import CLIENT, TOKEN, FakeTwitch

TWITCH = NETWORKS["twitch"]
ALICE = Subject("141981764", "alice", client_id=CLIENT, now=NOW)
START = datetime(2026, 11, 1, 8, tzinfo=UTC)
Call = Callable[..., Http]


@pytest.fixture
def server() -> Iterator[FakeTwitch]:
    with FakeTwitch() as fake:
        yield fake


@pytest.fixture
def call(server: FakeTwitch) -> Iterator[Call]:
    with doors(TWITCH, server, TOKEN) as make:
        yield make


def pull(http: Http, stream: str, cursor: dict[str, Any] | None = None, subject: Subject = ALICE) -> list[Page]:
    return list(TWITCH.pull(http, subject, stream, cursor or {}))


def some(pages: list[Page], kind: type) -> list[Any]:
    return [record for page in pages for record in page.records if isinstance(record, kind)]


def test_the_profile_names_the_owner_and_how_many_follow(server: FakeTwitch, call: Call) -> None:
    server.follow(1, START)
    (page,) = pull(call(), "profile", subject=Subject("", client_id=CLIENT))
    created_at = datetime(2016, 12, 14, 20, 32, 28, tzinfo=UTC)
    assert page.records == [
        Owner("141981764", "alice", "Alice", created_at, "Gardens and trains."),
        Counter("followers", 1),
    ]
    assert {asked.headers["client-id"] for asked in server.asked} == {CLIENT}


def test_the_token_of_somebody_else_is_not_used(server: FakeTwitch, call: Call) -> None:
    server.user |= {"id": "7", "login": "bob"}
    with pytest.raises(Revoked, match="the token is of bob, not of alice"):
        pull(call(), "profile")


@pytest.mark.parametrize("data", [{"data": []}, {"data": [None]}, {"data": [{"id": 7}]}, {"data": 7}, []])
def test_a_profile_of_no_account_is_unreachable(server: FakeTwitch, call: Call, data: Any) -> None:
    server.faults.append(Reply(data=data))
    with pytest.raises(Unreachable, match=r"names no account|not an object"):
        pull(call(), "profile")


def test_an_operator_who_set_no_client_id_breaks_no_link(server: FakeTwitch, call: Call) -> None:
    with pytest.raises(Unreachable, match="client id is not set"):
        pull(call(), "profile", subject=Subject("141981764"))
    assert server.asked == []


# ---------------------------------------------------------------- followers
def test_all_followers_are_read_once_then_only_new_ones(server: FakeTwitch, call: Call) -> None:
    for number in range(1, 251):
        server.follow(number, START + timedelta(minutes=number))
    first = pull(call(), "followers")
    assert [len(page.records) for page in first] == [100, 100, 50]
    newest = some(first, Interaction)[0]
    assert newest == Interaction(
        "follow", "250", None, actor_handle="person250", observed_at=START + timedelta(minutes=250)
    )
    server.asked.clear()
    server.follow(251, START + timedelta(days=1))
    again = pull(call(), "followers", first[-1].cursor)
    assert some(again, Interaction)[0].actor == "251"
    assert len(server.asked) == 1


def test_reading_followers_goes_on_in_the_middle(server: FakeTwitch, call: Call) -> None:
    for number in range(1, 251):
        server.follow(number, START)
    first = next(TWITCH.pull(call(), ALICE, "followers", {}))
    rest = pull(call(), "followers", first.cursor)
    actors = [i.actor for i in some([first, *rest], Interaction)]
    assert len(actors) == len(set(actors)) == 250


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"user_id": 7}, "user_id is 7"),
        ({"followed_at": "then"}, "followed_at is 'then'"),
        ({"user_id": "x"}, "is 'x'"),
    ],
)
def test_an_odd_follower_is_rejected_and_costs_no_other(
    server: FakeTwitch, call: Call, changes: dict[str, Any], reason: str
) -> None:
    server.follow(1, START)
    server.follow(2, START).update(changes)
    pages = pull(call(), "followers")
    (rejected,) = some(pages, Rejected)
    assert rejected.where == "followers, record 1"
    assert reason in rejected.reason
    assert [i.actor for i in some(pages, Interaction)] == ["1"]


# ---------------------------------------------------------------- subscriptions
def test_who_pays_endorses_and_a_gift_is_its_givers(server: FakeTwitch, call: Call) -> None:
    server.subscriptions += [
        server.subscriber("bob", "2"),
        server.subscriber("charlie", "3", is_gift=True, gifter_id="4", gifter_login="dan"),
        server.subscriber("eve", "5", is_gift=True),
    ]
    pages = pull(call(), "subscriptions")
    assert [(i.verb, i.actor, i.actor_handle) for i in some(pages, Interaction)] == [
        ("endorse", "4", "dan"),
        ("endorse", "2", "bob"),
    ]
    # Without the channel itself, which is on its own list.
    assert some(pages, Counter) == [Counter("subscribers", 3)]


def test_subscriptions_go_on_in_the_middle(server: FakeTwitch, call: Call) -> None:
    server.subscriptions += [server.subscriber(f"person{number}", str(number)) for number in range(1, 251)]
    first = next(TWITCH.pull(call(), ALICE, "subscriptions", {}))
    rest = pull(call(), "subscriptions", first.cursor)
    assert len({i.actor for i in some([first, *rest], Interaction)}) == 250
    assert some(rest, Counter) == [Counter("subscribers", 250)]
    anew = pull(call(), "subscriptions", {"after": "forgotten"})
    assert len(some(anew, Interaction)) == 250


@pytest.mark.parametrize(
    ("scope", "stream"), [("channel:read:subscriptions", "subscriptions"), ("bits:read", "cheers")]
)
def test_what_was_not_allowed_is_left_out_and_breaks_no_link(
    server: FakeTwitch, call: Call, scope: str, stream: str
) -> None:
    server.scopes.discard(scope)
    (page,) = pull(call(), stream)
    assert page.done
    assert [rejected.where for rejected in some([page], Rejected)] == [stream]


def test_a_channel_without_subscriptions_breaks_no_link(server: FakeTwitch, call: Call) -> None:
    server.affiliate = False
    (page,) = pull(call(), "subscriptions")
    assert [rejected.where for rejected in some([page], Rejected)] == ["subscriptions"]


# ---------------------------------------------------------------- cheers
def test_each_person_has_one_tip_for_each_week(server: FakeTwitch, call: Call) -> None:
    monday = datetime(2026, 11, 9, 8, tzinfo=UTC)
    server.cheers += [(monday + timedelta(days=1), "2", 100), (monday + timedelta(days=3), "2", 50)]
    server.cheers += [(monday + timedelta(days=8), "2", 1), (monday, "3", 5), (monday, "141981764", 9)]
    pages = pull(call(), "cheers")
    tips = [(i.verb, i.actor, i.occurred_at, i.key) for i in some(pages, Interaction)]
    assert tips == [
        ("tip", "2", monday, "bits:2026-11-09:2"),
        ("tip", "3", monday, "bits:2026-11-09:3"),
        ("tip", "2", monday + timedelta(weeks=1), "bits:2026-11-16:2"),
    ]
    assert pages[-1].done


def test_the_week_that_was_not_over_is_read_again(server: FakeTwitch, call: Call) -> None:
    cursor = pull(call(), "cheers")[-1].cursor
    server.asked.clear()
    assert some(pull(call(), "cheers", cursor), Interaction) == []
    assert len(server.asked) == 1
    # The day after the reading, still in its week; and one in the week that follows.
    server.cheers += [(NOW + timedelta(hours=10), "2", 100), (NOW + timedelta(days=2), "3", 100)]
    later = Subject("141981764", client_id=CLIENT, now=NOW + timedelta(days=3))
    newer = some(pull(call(), "cheers", cursor, later), Interaction)
    assert {(i.actor, i.key) for i in newer} == {("2", "bits:2026-11-16:2"), ("3", "bits:2026-11-23:3")}


def test_a_leaderboard_without_its_week_is_rejected(server: FakeTwitch, call: Call) -> None:
    cursor = {"since": NOW.isoformat()}
    row = {"user_id": "2", "user_login": "bob", "score": 3}
    server.faults.append(Reply(data={"data": [row], "date_range": {"started_at": "", "ended_at": ""}}))
    assert [type(record) for record in pull(call(), "cheers", cursor)[0].records] == [Rejected]
    dates = {"started_at": "2026-11-16T08:00:00Z", "ended_at": "2026-11-23T08:00:00Z"}
    server.faults.append(Reply(data={"data": [None, row], "date_range": dates}))
    assert [type(record) for record in pull(call(), "cheers", cursor)[0].records] == [Rejected, Interaction]


# ---------------------------------------------------------------- videos
def test_videos_are_counted_and_newer_ones_have_their_views(server: FakeTwitch, call: Call) -> None:
    for number in range(1, 121):
        server.video(number, NOW - timedelta(days=200 - number), 5)
    server.video(121, START, 0)
    pages = pull(call(), "videos")
    assert len(some(pages, Post)) == 11 + 1
    assert {(total.verb, total.total) for total in some(pages, PostTotal)} == {("visit", 5)}
    assert some(pages, Counter) == [Counter("videos", 121)]
    rest = pull(call(), "videos", pages[0].cursor)
    assert some(rest, Counter) == [Counter("videos", 121)]


@pytest.mark.parametrize("changes", [{"view_count": -1}, {"published_at": "then"}, {"id": None}])
def test_an_odd_video_is_rejected_and_costs_no_other(server: FakeTwitch, call: Call, changes: dict[str, Any]) -> None:
    server.video(1, START, 5)
    server.video(2, START, 5).update(changes)
    pages = pull(call(), "videos")
    assert [rejected.where for rejected in some(pages, Rejected)] == ["videos, record 1"]
    assert [post.post for post in some(pages, Post)] == ["1"]


# ---------------------------------------------------------------- errors
def test_a_rate_limit_in_the_middle_keeps_the_pages_before_it(server: FakeTwitch, call: Call) -> None:
    for number in range(1, 251):
        server.follow(number, START)
    server.remaining = 1
    pages = TWITCH.pull(call(), ALICE, "followers", {})
    first = next(pages)
    with pytest.raises(RateLimited) as limited:
        next(pages)
    assert limited.value.until == server.resets_at
    server.remaining = 800
    assert len(some([first, *pull(call(), "followers", first.cursor)], Interaction)) == 250


@pytest.mark.parametrize("stream", ["profile", "followers", "subscriptions", "cheers", "videos"])
def test_a_token_taken_back_is_revoked_and_not_shown(server: FakeTwitch, call: Call, stream: str) -> None:
    server.token = "another"
    with pytest.raises(Revoked, match=r"Unauthorized|Invalid OAuth token") as revoked:
        pull(call(), stream)
    assert TOKEN not in str(revoked.value)


def test_no_message_shows_a_token_that_the_server_sends_back(server: FakeTwitch, call: Call) -> None:
    server.faults.append(Reply(400, {"error": f"bad {TOKEN}", "message": f"bad {TOKEN}"}))
    with pytest.raises(NetworkError) as error:
        pull(call(), "profile")
    assert TOKEN not in str(error.value)
    assert TOKEN not in repr(error.value)


def test_it_has_no_other_streams(call: Call) -> None:
    with pytest.raises(ValueError, match="no stream"):
        pull(call(), "chat")
    assert TWITCH.spec.streams == ("profile", "followers", "subscriptions", "cheers", "videos")

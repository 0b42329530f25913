"""Bluesky's public AppView against a server on 127.0.0.1 that speaks it: pages, cursors, faults and odd values."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.networks import NETWORKS
from accounts.networks.base import (
    BadRecord,
    Counter,
    Interaction,
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
from accounts.networks.http import Http, NotFound
from tests.fakes.bluesky import FakeBluesky, did
from tests.fakes.door import NOW, doors
from tests.fakes.loopback import Reply

BLUESKY = NETWORKS["bluesky"]
START = datetime(2026, 11, 1, 8, tzinfo=UTC)
Call = Callable[..., Http]


@pytest.fixture
def server() -> Iterator[FakeBluesky]:
    with FakeBluesky() as fake:
        yield fake


@pytest.fixture
def call(server: FakeBluesky) -> Iterator[Call]:
    with doors(BLUESKY, server, "") as make:
        yield make


def pull(http: Http, stream: str, cursor: dict[str, Any] | None = None) -> list[Page]:
    return list(BLUESKY.pull(http, Subject(did("alice"), now=NOW), stream, cursor or {}))


def some(pages: list[Page], kind: type) -> list[Any]:
    return [record for page in pages for record in page.records if isinstance(record, kind)]


def test_the_profile_names_the_owner_and_the_counters(server: FakeBluesky, call: Call) -> None:
    (page,) = pull(call(), "profile")
    about = "Gardens and trains. klout-7f3k9-q2m4x"
    created_at = datetime(2023, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert page == Page(
        [
            Owner(did("alice"), "alice.example.org", "Alice", created_at, about),
            Counter("followers", 12),
            Counter("following", 34),
            Counter("posts", 56),
        ],
        {},
        done=True,
    )
    assert "authorization" not in server.asked[0].headers


@pytest.mark.parametrize(
    "typed",
    ["alice.example.org", "@Alice.Example.org", "https://bsky.app/profile/alice.example.org/post/3k", did("alice")],
)
def test_an_account_is_found_by_what_people_type(call: Call, typed: str) -> None:
    owner = BLUESKY.find(call(), typed)
    assert owner.external_id == did("alice")
    assert "klout-7f3k9-q2m4x" in owner.about


@pytest.mark.parametrize("typed", ["", "alice", "alice example.org", "did:plc:short", "a" * 300, "alice..org"])
def test_what_is_no_handle_is_refused_without_a_call(server: FakeBluesky, call: Call, typed: str) -> None:
    with pytest.raises(BadRecord, match="not a handle"):
        BLUESKY.find(call(), typed)
    assert server.asked == []


def test_a_handle_of_nobody_is_not_found(call: Call) -> None:
    with pytest.raises(NotFound, match=r"Profile not found|InvalidRequest"):
        BLUESKY.find(call(), "nobody.example.org")


def test_an_answer_about_somebody_else_is_not_used(server: FakeBluesky, call: Call) -> None:
    server.profile["did"] = did("bob")
    with pytest.raises(Revoked, match=r"answers with did:plc:bob"):
        pull(call(), "profile")


@pytest.mark.parametrize("value", [-1, None, "many", 2**40, 1.5, True])
def test_an_odd_counter_is_rejected_and_costs_no_other(server: FakeBluesky, call: Call, value: object) -> None:
    server.profile["followersCount"] = value
    pages = pull(call(), "profile")
    assert [counter.name for counter in some(pages, Counter)] == ["following", "posts"]
    assert "followersCount is" in some(pages, Rejected)[0].reason


@pytest.mark.parametrize("value", [None, 7, "did:plc:Alice", "alice", "did:plc:" + "\n" * 24])
def test_a_profile_of_no_account_is_unreachable(server: FakeBluesky, call: Call, value: object) -> None:
    server.profile["did"] = value
    with pytest.raises(Unreachable, match="names no account"):
        pull(call(), "profile")


# ---------------------------------------------------------------- posts
def test_reactions_name_who_and_on_which_post(server: FakeBluesky, call: Call) -> None:
    post = server.post("3kaa", START)
    server.like(post, "bob", START + timedelta(hours=1))
    server.repost(post, "charlie")
    server.quote(post, "bob", START + timedelta(hours=2))
    server.reply(post, "dan", START + timedelta(hours=3))
    pages = pull(call(), "posts")
    assert some(pages, Post) == [Post(post, START, f"https://bsky.app/profile/{did('alice')}/post/3kaa")]
    assert [(i.verb, i.actor, i.occurred_at, i.post, i.actor_handle) for i in some(pages, Interaction)] == [
        ("like", did("bob"), START + timedelta(hours=1), post, "bob.example.org"),
        # Nobody says when somebody reposted.
        ("share", did("charlie"), START, post, "charlie.example.org"),
        ("quote", did("bob"), START + timedelta(hours=2), post, "bob.example.org"),
        ("reply", did("dan"), START + timedelta(hours=3), post, "dan.example.org"),
    ]
    totals = {total.verb: total.total for total in some(pages, PostTotal)}
    assert totals == {"like": 1, "share": 1, "quote": 1, "reply": 1}
    assert len({i.key for i in some(pages, Interaction)}) == 4


def test_a_second_reading_asks_only_about_posts_that_changed(server: FakeBluesky, call: Call) -> None:
    posts = [server.post(f"3k{number:02}", START + timedelta(minutes=number)) for number in range(70)]
    for post in posts:
        server.like(post, "bob", START + timedelta(days=1))
    first = pull(call(), "posts")
    assert len(some(first, Interaction)) == 70
    assert first[-1].done
    server.asked.clear()
    again = pull(call(), "posts", first[-1].cursor)
    assert some(again, Interaction) == []
    assert [asked.path.rpartition(".")[2] for asked in server.asked] == ["getAuthorFeed"] * 2
    server.like(posts[3], "charlie", START + timedelta(days=2))
    newer = some(pull(call(), "posts", again[-1].cursor), Interaction)
    # Whoever liked before comes again under the same key.
    assert {i.key for i in newer} - {i.key for i in some(first, Interaction)} == {f"like:{posts[3]}:{did('charlie')}"}


def test_a_reading_that_stopped_goes_on_where_it_was(server: FakeBluesky, call: Call) -> None:
    for number in range(70):
        post = server.post(f"3k{number:02}", START + timedelta(minutes=number))
        server.like(post, "bob", START + timedelta(days=1))
    pages = BLUESKY.pull(call(), Subject(did("alice"), now=NOW), "posts", {})
    read = [next(pages) for _ in range(60)]
    rest = pull(call(), "posts", read[-1].cursor)
    keys = [i.key for i in some(read + rest, Interaction)]
    assert len(keys) == len(set(keys)) == 70


def test_posts_without_end_are_read_from_the_newest_on(
    server: FakeBluesky, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.networks.bluesky.MOST_POSTS", 50)
    for number in range(170):
        server.post(f"3k{number:03}", START + timedelta(minutes=number))
    pages = pull(call(), "posts")
    assert len(some(pages, Post)) == 50
    assert pages[-1].done


def test_a_place_in_the_feed_that_the_network_forgot_starts_anew(server: FakeBluesky, call: Call) -> None:
    post = server.post("3kaa", START)
    assert [found.post for found in some(pull(call(), "posts", {"at": "forgotten"}), Post)] == [post]


def test_many_reactions_come_in_pages(server: FakeBluesky, call: Call) -> None:
    post = server.post("3kaa", START)
    for number in range(203):
        server.like(post, f"p{'abcdefghij'[number % 10]}{'klmnopqrstuvwxyz234567'[number // 10]}", START)
    pages = pull(call(), "posts")
    assert len(some(pages, Interaction)) == 203
    assert [asked.path for asked in server.asked].count("/xrpc/app.bsky.feed.getLikes") == 3


def test_likes_without_end_are_counted_beyond_the_first_thousand(
    server: FakeBluesky, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.networks.bluesky.MOST_PAGES", 1)
    post = server.post("3kaa", START)
    server.feed[0]["post"]["likeCount"] = 5000
    for number in range(120):
        server.like(post, f"p{'abcdefghij'[number % 10]}{'klmnopqrstuvwxyz234567'[number // 10]}", START)
    pages = pull(call(), "posts")
    assert len(some(pages, Interaction)) == 100
    assert [total.total for total in some(pages, PostTotal)] == [5000]


def test_the_owners_own_reactions_are_left_out(server: FakeBluesky, call: Call) -> None:
    post = server.post("3kaa", START)
    server.like(post, "alice", START)
    server.like(post, "bob", START)
    server.reply(post, "alice", START)
    pages = pull(call(), "posts")
    assert [(i.verb, i.actor) for i in some(pages, Interaction)] == [("like", did("bob"))]
    assert [(total.verb, total.total) for total in some(pages, PostTotal)] == [("like", 1)]


def test_reposts_of_others_and_old_posts_are_not_read(server: FakeBluesky, call: Call) -> None:
    server.post("3old", NOW - timedelta(days=91))
    new = server.post("3new", START)
    server.post("3bob", START, author="bob")
    server.feed[-1]["reason"] = {"$type": "app.bsky.feed.defs#reasonRepost", "by": server.actor("alice")}
    assert [post.post for post in some(pull(call(), "posts"), Post)] == [new]
    assert some(pull(call(), "posts"), Rejected) == []


def test_a_like_dated_by_a_wrong_clock_is_dated_by_the_networks(server: FakeBluesky, call: Call) -> None:
    post = server.post("3kaa", START)
    seen = "2026-11-02T08:00:00.000Z"
    server.like(post, "bob", START, createdAt="2099-01-01T00:00:00Z", indexedAt=seen)
    server.like(post, "charlie", START, createdAt="1970-01-01T00:00:00Z", indexedAt=seen)
    server.like(post, "dan", START, createdAt="2020-01-01T00:00:00Z", indexedAt=seen)
    times = {i.actor: i.occurred_at for i in some(pull(call(), "posts"), Interaction)}
    assert times[did("bob")] == times[did("charlie")] == datetime(2026, 11, 2, 8, tzinfo=UTC)
    assert times[did("dan")] == START


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"actor": None}, "the account is None"),
        ({"actor": {"did": "bob"}}, "did is 'bob'"),
        ({"createdAt": None, "indexedAt": "yesterday"}, "indexedAt is 'yesterday'"),
    ],
)
def test_an_odd_like_is_rejected_and_costs_no_other(
    server: FakeBluesky, call: Call, changes: dict[str, Any], reason: str
) -> None:
    post = server.post("3kaa", START)
    server.like(post, "bob", START)
    server.like(post, "charlie", START, **changes)
    server.like(post, "dan", START)
    pages = pull(call(), "posts")
    (rejected,) = some(pages, Rejected)
    assert rejected.where == f"feed.getLikes of {post}, record 2"
    assert reason in rejected.reason
    assert [i.actor for i in some(pages, Interaction)] == [did("dan"), did("bob")]


@pytest.mark.parametrize("item", [None, 7, {"post": None}, {"post": {"uri": "x"}}, {}])
def test_what_is_no_post_is_rejected(server: FakeBluesky, call: Call, item: Any) -> None:
    server.post("3kaa", START)
    good = server.feed[0]
    server.faults.append(Reply(data={"feed": [item, good]}))
    pages = pull(call(), "posts")
    assert [rejected.where for rejected in some(pages, Rejected)] == ["getAuthorFeed, record 1"]
    assert len(some(pages, Post)) == 1


def test_a_post_deleted_meanwhile_stops_nothing(server: FakeBluesky, call: Call) -> None:
    for key in ("3kaa", "3kbb"):
        server.like(server.post(key, START), "bob", START)
    gone = Reply(400, {"error": "NotFound", "message": "Post not found: at://x"})
    server.faults.extend([lambda asked: None, gone])
    assert len(some(pull(call(), "posts"), Interaction)) == 1


# ---------------------------------------------------------------- followers
NAMES = [f"f{a}{b}" for a in "abcdefghijklmnopqrstuvwxyz" for b in "abcdefghij"]


def test_all_followers_are_read_once_then_only_new_ones(server: FakeBluesky, call: Call) -> None:
    server.follow(*NAMES)
    first = pull(call(), "followers")
    assert [len(page.records) for page in first] == [100, 100, 60]
    assert {i.actor for i in some(first, Interaction)} == {did(name) for name in NAMES}
    assert {(i.verb, i.occurred_at) for i in some(first, Interaction)} == {("follow", None)}
    server.asked.clear()
    server.follow("zoe")
    # Some of those that were first may have left.
    del server.followers[-3]
    again = pull(call(), "followers", first[-1].cursor)
    assert len(server.asked) == 1
    assert some(again, Interaction)[0].actor == did("zoe")


def test_reading_followers_goes_on_in_the_middle(server: FakeBluesky, call: Call) -> None:
    server.follow(*NAMES)
    first = next(BLUESKY.pull(call(), Subject(did("alice")), "followers", {}))
    server.follow("zoe")
    rest = pull(call(), "followers", first.cursor)
    assert len({i.actor for i in some([first, *rest], Interaction)}) == 260
    newer = pull(call(), "followers", rest[-1].cursor)
    assert did("zoe") in {i.actor for i in some(newer, Interaction)}


def test_a_place_that_the_network_forgot_starts_anew(server: FakeBluesky, call: Call) -> None:
    server.follow(*NAMES)
    cursor = next(BLUESKY.pull(call(), Subject(did("alice")), "followers", {})).cursor
    pages = pull(call(), "followers", cursor | {"next": "forgotten"})
    assert len(some(pages, Interaction)) == 260
    assert pages[-1].done


def test_an_odd_follower_is_rejected_and_costs_no_other(server: FakeBluesky, call: Call) -> None:
    server.follow("bob", "charlie")
    server.followers.insert(1, {"did": "did:plc:x\u0000"})
    pages = pull(call(), "followers")
    assert [rejected.where for rejected in some(pages, Rejected)] == ["getFollowers, record 2"]
    assert len(some(pages, Interaction)) == 2


# ---------------------------------------------------------------- errors
def test_a_rate_limit_says_when_to_come_back(server: FakeBluesky, call: Call) -> None:
    server.follow(*NAMES)
    server.remaining = 1
    pages = BLUESKY.pull(call(), Subject(did("alice")), "followers", {})
    first = next(pages)
    with pytest.raises(RateLimited) as limited:
        next(pages)
    assert limited.value.until == server.resets_at
    server.remaining = 3000
    assert len(some([first, *pull(call(), "followers", first.cursor)], Interaction)) == 260


def test_a_closed_account_is_revoked(server: FakeBluesky, call: Call) -> None:
    server.gone = True
    with pytest.raises(Revoked, match="AccountDeactivated"):
        pull(call(), "profile")


def test_an_error_of_another_shape_is_unreachable(server: FakeBluesky, call: Call) -> None:
    server.faults.append(Reply(400, {"error": ["odd"], "message": {"odd": 1}}))
    with pytest.raises(Unreachable):
        pull(call(), "profile")


@pytest.mark.parametrize("status", [401, 403])
def test_a_network_that_shuts_us_out_breaks_nobodys_link(server: FakeBluesky, call: Call, status: int) -> None:
    server.faults.append(Reply(status, {"error": "Forbidden"}))
    with pytest.raises(Unreachable):
        pull(call(), "profile")


@pytest.mark.parametrize(("stream", "data"), [("posts", {"feed": 7}), ("posts", []), ("followers", {"x": 1})])
def test_an_answer_of_another_shape_is_unreachable(server: FakeBluesky, call: Call, stream: str, data: Any) -> None:
    server.faults.append(Reply(data=data))
    with pytest.raises(Unreachable, match=r"not a list|not an object"):
        pull(call(), stream)


def test_it_has_no_other_streams(call: Call) -> None:
    with pytest.raises(ValueError, match="no stream"):
        pull(call(), "notifications")
    assert BLUESKY.spec.streams == ("profile", "posts", "followers")

"""Reddit's API against a server on 127.0.0.1 that speaks it."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.networks import NETWORKS
from accounts.networks.base import (
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
from accounts.networks.http import Http
from tests.fakes.door import NOW, doors
from tests.fakes.loopback import Reply
from tests.fakes.reddit import TOKEN, FakeReddit

REDDIT = NETWORKS["reddit"]
ALICE = Subject("alice_a", "Alice_A", now=NOW)
START = NOW - timedelta(days=60)
INBOX = {"replies": "comments", "answers": "selfreply", "mentions": "mentions"}
Call = Callable[..., Http]


@pytest.fixture
def reddit() -> Iterator[FakeReddit]:
    with FakeReddit() as fake:
        yield fake


@pytest.fixture
def call(reddit: FakeReddit) -> Iterator[Call]:
    with doors(REDDIT, reddit, TOKEN) as make:
        yield make


def pull(http: Http, stream: str, cursor: dict[str, Any] | None = None, subject: Subject = ALICE) -> list[Page]:
    pages = list(REDDIT.pull(http, subject, stream, cursor or {}))
    json.dumps([page.cursor for page in pages])
    return pages


def some(pages: list[Page], kind: type) -> list[Any]:
    return [record for page in pages for record in page.records if isinstance(record, kind)]


def keys(pages: list[Page]) -> list[str]:
    return [interaction.key for interaction in some(pages, Interaction)]


def test_the_profile_names_the_owner_and_the_counters(call: Call) -> None:
    (page,) = pull(call(), "profile", subject=Subject(""))
    born = datetime.fromtimestamp(1_400_000_000, UTC)
    assert page.records == [
        Owner("alice_a", "Alice_A", "Alice", born, "Kites and boats"),
        Counter("karma", 345),
        Counter("followers", 6),
    ]
    assert page.done


@pytest.mark.parametrize(
    ("changes", "karma"),
    [
        ({"total_karma": None}, 330),
        ({"total_karma": -20}, 0),
        ({"total_karma": "345"}, 345),
        ({"subreddit": None}, 345),
        ({"created_utc": "soon"}, 345),
    ],
)
def test_older_and_odd_profiles_are_read(reddit: FakeReddit, call: Call, changes: dict[str, Any], karma: int) -> None:
    reddit.me |= changes
    pages = pull(call(), "profile")
    assert Counter("karma", karma) in some(pages, Counter)
    assert some(pages, Rejected) == []


@pytest.mark.parametrize("value", ["many", 2**40, 1.5, True, []])
def test_an_odd_counter_is_rejected_and_costs_no_other(reddit: FakeReddit, call: Call, value: object) -> None:
    reddit.me["total_karma"] = value
    pages = pull(call(), "profile")
    assert some(pages, Counter) == [Counter("followers", 6)]
    assert some(pages, Rejected)[0].reason.startswith("total_karma is")


def test_the_token_of_somebody_else_is_not_used(reddit: FakeReddit, call: Call) -> None:
    reddit.me["name"] = "Bob"
    with pytest.raises(Revoked, match="the token is of Bob, not of alice_a"):
        pull(call(), "profile")


@pytest.mark.parametrize("name", [None, 7, "", "a b", "x" * 40])
def test_an_answer_that_names_nobody_is_unreachable(reddit: FakeReddit, call: Call, name: object) -> None:
    reddit.me["name"] = name
    with pytest.raises(Unreachable, match="does not name an account"):
        pull(call(), "profile")


def test_posts_have_totals_without_their_authors_own_vote(reddit: FakeReddit, call: Call) -> None:
    reddit.post(0xA0, START)
    reddit.comment(0xC0, START, score=1)
    reddit.comment(0xC1, START, score=-4)
    reddit.comment(0xC2, START)
    pages = pull(call(), "submitted")
    assert pages[-1].records == [
        Post("t3_a0", START, "https://www.reddit.com/r/kites/comments/a0/a_kite/"),
        PostTotal("t3_a0", "like", 10, START),
        PostTotal("t3_a0", "reply", 4, START),
        PostTotal("t3_a0", "share", 1, START),
    ]
    assert some(pull(call(), "comments"), PostTotal) == [PostTotal("t1_c2", "like", 2, START)]


def test_posts_are_read_in_pages_until_they_are_old(reddit: FakeReddit, call: Call) -> None:
    for index in range(50):
        reddit.post(index, NOW - timedelta(days=300))
    for index in range(250):
        reddit.post(1000 + index, START + timedelta(hours=index))
    pages = pull(call(), "submitted")
    assert [len(some([page], Post)) for page in pages] == [100, 100, 50]
    assert (pages[0].done, pages[-1].done, pages[-1].cursor) == (False, True, {})
    assert len(some(pull(call(), "submitted", pages[0].cursor), Post)) == 150


def test_an_old_post_that_is_pinned_hides_no_newer_one(reddit: FakeReddit, call: Call) -> None:
    reddit.post(1, START)
    reddit.post(2, NOW - timedelta(days=900), pinned=True)
    assert [post.post for post in some(pull(call(), "submitted"), Post)] == ["t3_1"]


def test_answers_and_mentions_name_who(reddit: FakeReddit, call: Call) -> None:
    reddit.message("comments", 1, "Bob", START)
    reddit.message("selfreply", 2, "Charlie-C", START)
    reddit.message("mentions", 3, "bob", START)
    assert some(pull(call(), "replies"), Interaction) == [Interaction("reply", "bob", START, "t1_c0", "t1_1", "Bob")]
    assert some(pull(call(), "answers"), Interaction) == [
        Interaction("reply", "charlie-c", START, "t3_a0", "t1_2", "Charlie-C")
    ]
    assert some(pull(call(), "mentions"), Interaction) == [Interaction("mention", "bob", START, "", "t1_3", "bob")]


def test_private_messages_are_neither_asked_for_nor_read(reddit: FakeReddit, call: Call) -> None:
    reddit.lists["message/comments"] = [{"kind": "t4", "data": {"name": "t4_1", "author": "bob", "body": "secret"}}]
    for stream in INBOX:
        assert [page.records for page in pull(call(), stream)] == [[]]
    assert {asked.path for asked in reddit.asked} == {f"/message/{where}" for where in INBOX.values()}
    assert {asked.param("mark") for asked in reddit.asked} == {"false"}


@pytest.mark.parametrize("author", [None, "[deleted]", "", "Alice_A", "ALICE_A", "AutoModerator"])
def test_nobody_oneself_and_programs_are_not_counted(reddit: FakeReddit, call: Call, author: object) -> None:
    reddit.message("comments", 1, author, START)
    assert [page.records for page in pull(call(), "replies")] == [[]]


@pytest.mark.parametrize("stream", list(INBOX))
def test_a_second_reading_finds_nothing_new_and_then_what_is_new(reddit: FakeReddit, call: Call, stream: str) -> None:
    for index in range(250):
        reddit.message(INBOX[stream], index, f"person{index % 40}", START + timedelta(hours=index))
    first = pull(call(), stream)
    assert len(set(keys(first))) == 250
    cursor = first[-1].cursor
    assert set(keys(pull(call(), stream, cursor))) <= set(keys(first))
    reddit.message(INBOX[stream], 5000, "zoe", NOW)
    second = keys(pull(call(), stream, cursor))
    assert second == ["t1_1388", "t1_f9"]


def test_reading_goes_on_where_it_was_cut_off(reddit: FakeReddit, call: Call) -> None:
    for index in range(250):
        reddit.message("comments", index, "bob", START + timedelta(hours=index))
    pages = REDDIT.pull(call(), ALICE, "replies", {})
    first = next(pages)
    reddit.remaining = 0
    with pytest.raises(RateLimited) as limited:
        next(pages)
    assert limited.value.until == NOW + timedelta(seconds=240)
    assert limited.value.everybody
    reddit.remaining = 100
    reddit.message("comments", 5000, "zoe", NOW)
    rest = pull(call(), "replies", first.cursor)
    assert len(set(keys([first, *rest]))) == 250
    # What came meanwhile is for the next reading, which goes back to where this one began.
    assert "t1_1388" in keys(pull(call(), "replies", rest[-1].cursor))


ODD: list[tuple[dict[str, Any], str]] = [
    ({"created_utc": None}, "created_utc is None"),
    ({"created_utc": 1e20}, "created_utc is"),
    ({"created_utc": True}, "created_utc is True"),
    ({"name": 7}, "name is 7"),
    ({"name": "t4_1"}, "not the full name"),
    ({"author": 7}, "author is 7"),
    ({"author": "b\u0000b"}, "author is"),
    ({"parent_id": None}, "parent_id is None"),
]


@pytest.mark.parametrize(("changes", "reason"), ODD)
def test_an_odd_answer_is_rejected_and_costs_no_other(
    reddit: FakeReddit, call: Call, changes: dict[str, Any], reason: str
) -> None:
    reddit.message("comments", 1, "bob", START)
    reddit.message("comments", 2, "bob", START).update(changes)
    reddit.message("comments", 3, "bob", START)
    pages = pull(call(), "replies")
    (rejected,) = some(pages, Rejected)
    assert rejected.where.startswith("comments, ")
    assert reason in rejected.reason
    assert keys(pages) == ["t1_3", "t1_1"]


@pytest.mark.parametrize("item", [None, 7, "text", [], {"data": None}, {"kind": "t3", "data": {"name": "t3_1"}}])
def test_what_is_no_post_is_rejected(reddit: FakeReddit, call: Call, item: object) -> None:
    reddit.lists["submitted"] = [item]
    reddit.post(1, START, score="many")
    reddit.post(2, START)
    pages = pull(call(), "submitted")
    assert len(some(pages, Rejected)) == 2
    assert [post.post for post in some(pages, Post)] == ["t3_2"]


@pytest.mark.parametrize("data", [None, [], {"data": None}, {"data": {"children": {}}}])
def test_an_answer_that_is_no_listing_is_unreachable(reddit: FakeReddit, call: Call, data: object) -> None:
    reddit.faults.append(Reply(data=data))
    with pytest.raises(Unreachable, match="not a listing"):
        pull(call(), "replies")


def test_a_list_that_never_goes_on_is_left(reddit: FakeReddit, call: Call) -> None:
    reddit.message("comments", 1, "bob", START)
    same = Reply(data={"data": {"children": reddit.lists["message/comments"], "after": "t1_1"}})
    reddit.faults.extend([same] * 9)
    with pytest.raises(Unreachable, match="does not go on"):
        pull(call(), "replies")
    assert len(reddit.asked) == 2


@pytest.mark.parametrize(("scope", "stream"), [("privatemessages", "mentions"), ("history", "submitted")])
def test_a_permission_that_was_left_out_is_told(reddit: FakeReddit, call: Call, scope: str, stream: str) -> None:
    reddit.tokens[TOKEN].discard(scope)
    (page,) = pull(call(), stream)
    assert page.done
    assert "connect it again" in page.records[0].reason  # type: ignore[union-attr]


def test_a_token_that_was_taken_back_is_revoked(reddit: FakeReddit, call: Call) -> None:
    reddit.tokens = {}
    for stream in REDDIT.spec.streams:
        with pytest.raises(Revoked) as raised:
            pull(call(), stream)
        assert TOKEN not in f"{raised.value!r}"


def test_being_turned_away_is_not_taken_for_a_revoked_token(reddit: FakeReddit, call: Call) -> None:
    reddit.faults.append(Reply(403, body=b"<html>whoa there, pardner!</html>"))
    with pytest.raises(Unreachable, match="answered 403"):
        pull(call(), "profile")


def test_a_fault_in_the_middle_is_passed_over(reddit: FakeReddit, call: Call) -> None:
    reddit.message("comments", 1, "bob", START)
    reddit.faults.extend([Reply(503, {}), Reply(hang_up=True), Reply(body=b"not json", status=500)])
    assert keys(pull(call(), "replies")) == ["t1_1"]


def test_it_has_no_other_streams(call: Call) -> None:
    with pytest.raises(ValueError, match="no stream"):
        pull(call(), "home")

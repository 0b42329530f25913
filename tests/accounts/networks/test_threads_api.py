"""Threads' API against a server on 127.0.0.1 that speaks it."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
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
from tests.fakes.graph import proof_of, stamp
from tests.fakes.loopback import Reply
from tests.fakes.threads import TOKEN, FakeThreads

THREADS = NETWORKS["threads"]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ALICE = Subject("alice.bakes_", "alice.bakes_", now=NOW)
Call = Callable[..., Http]


@pytest.fixture
def threads() -> Iterator[FakeThreads]:
    with FakeThreads() as fake:
        yield fake


@pytest.fixture
def call(threads: FakeThreads) -> Iterator[Call]:
    with doors(THREADS, threads, TOKEN) as make:
        yield make


def pull(
    http: Http, stream: str, cursor: dict[str, Any] | None = None, who: Subject = ALICE, pages: int = 10_000
) -> list[Page]:
    read: list[Page] = []
    cursors = []
    for page in THREADS.pull(http, who, stream, json.loads(json.dumps(cursor or {}))):
        read.append(page)
        cursors.append(json.dumps(page.cursor))
        if len(read) == pages:
            break
    # Nobody may change a cursor that was handed out.
    assert cursors == [json.dumps(page.cursor) for page in read]
    return read


def some(pages: list[Page], kind: type) -> list[Any]:
    return [record for page in pages for record in page.records if isinstance(record, kind)]


def keys(pages: list[Page]) -> list[str]:
    return [interaction.key for interaction in some(pages, Interaction)]


# ---------------------------------------------------------------- profile
def test_the_profile_names_the_owner_in_lower_case_and_the_followers(call: Call) -> None:
    (page,) = pull(call(), "profile")
    assert page.done
    assert page.records == [
        Owner("alice.bakes_", "alice.bakes_", "Alice", about="Bread, in text."),
        Counter("followers", 789),
    ]
    assert pull(call(), "profile", who=Subject("", now=NOW))[0].records == page.records


def test_the_token_of_somebody_else_is_revoked(threads: FakeThreads, call: Call) -> None:
    threads.alice["username"] = "Bob"
    with pytest.raises(Revoked, match=r"the token is of bob, not of alice\.bakes_"):
        pull(call(), "profile")


@pytest.mark.parametrize("value", [None, "x", -1, 2**40, 1.5])
def test_odd_followers_are_rejected(threads: FakeThreads, call: Call, value: object) -> None:
    threads.followers = value
    pages = pull(call(), "profile")
    assert some(pages, Counter) == []
    assert some(pages, Rejected)[0].reason.startswith("followers_count is ")


def test_followers_that_were_not_permitted_are_said_and_the_owner_is_known(threads: FakeThreads, call: Call) -> None:
    threads.granted.remove("threads_manage_insights")
    pages = pull(call(), "profile")
    assert [owner.external_id for owner in some(pages, Owner)] == ["alice.bakes_"]
    assert "threads_manage_insights" in some(pages, Rejected)[0].reason


@pytest.mark.parametrize("answer", [{}, {"username": None}, {"username": "a b"}, []])
def test_an_answer_that_names_nobody_is_unusable(threads: FakeThreads, call: Call, answer: object) -> None:
    threads.faults.append(Reply(data=answer))
    with pytest.raises(Unreachable, match=r"does not say whose token this is|not an object"):
        pull(call(), "profile")


# ---------------------------------------------------------------- threads and how they were received
def test_own_threads_of_90_days_are_read_and_reposts_are_left_out(threads: FakeThreads, call: Call) -> None:
    threads.post(NOW - 91 * DAY)
    kept = threads.post(NOW - 5 * DAY)
    threads.post(NOW - 4 * DAY, media_type="REPOST_FACADE")
    pages = pull(call(), "threads")
    assert some(pages, Post) == [Post(kept["id"], NOW - 5 * DAY, kept["permalink"])]


def test_pages_are_read_to_the_end_and_from_the_middle_on(threads: FakeThreads, call: Call) -> None:
    all_of_them = [threads.post(NOW - 30 * DAY + index * HOUR)["id"] for index in range(230)]
    first = pull(call(), "threads", pages=1)
    rest = pull(call(), "threads", first[-1].cursor)
    assert [post.post for post in some(first + rest, Post)] == all_of_them[::-1]
    assert (first[-1].done, rest[-1].done) == (False, True)


def test_insights_are_totals_by_verb(threads: FakeThreads, call: Call) -> None:
    item = threads.post(NOW - 5 * DAY, likes=9, replies="4", reposts=2, quotes=1)
    threads.post(NOW - 4 * DAY, media_type="REPOST_FACADE")
    pages = pull(call(), "insights")
    assert some(pages, PostTotal) == [
        PostTotal(item["id"], "like", 9, NOW - 5 * DAY),
        PostTotal(item["id"], "reply", 4, NOW - 5 * DAY),
        PostTotal(item["id"], "share", 2, NOW - 5 * DAY),
        PostTotal(item["id"], "quote", 1, NOW - 5 * DAY),
    ]
    assert pages[-1].done
    # Of what Alice passed on there are no numbers, so none are asked for.
    assert sum(asked.path.endswith("/insights") for asked in threads.asked) == 1


def test_insights_of_older_threads_are_read_once_a_week(threads: FakeThreads, call: Call) -> None:
    old, young = threads.post(NOW - 40 * DAY, likes=1), threads.post(NOW - 2 * DAY, likes=1)
    cursor = pull(call(), "insights")[-1].cursor
    tomorrow = pull(call(), "insights", cursor, Subject("alice.bakes_", now=NOW + DAY))
    assert [total.post for total in some(tomorrow, PostTotal)] == [young["id"]]
    later = pull(call(), "insights", tomorrow[-1].cursor, Subject("alice.bakes_", now=NOW + 8 * DAY))
    assert [total.post for total in some(later, PostTotal)] == [young["id"], old["id"]]


def test_insights_go_on_in_the_middle(threads: FakeThreads, call: Call) -> None:
    all_of_them = [threads.post(NOW - 30 * DAY + index * HOUR, likes=1)["id"] for index in range(20)]
    pages: list[Page] = []
    while not pages or not pages[-1].done:
        pages += pull(call(), "insights", pages[-1].cursor if pages else {}, pages=1)
    assert [total.post for total in some(pages, PostTotal)] == all_of_them[::-1]


@pytest.mark.parametrize("value", ["many", -1, 2**40, [], True])
def test_an_odd_total_is_rejected_and_costs_no_other(threads: FakeThreads, call: Call, value: object) -> None:
    item = threads.post(NOW - 5 * DAY, likes=value, reposts=2)
    pages = pull(call(), "insights")
    assert [total.verb for total in some(pages, PostTotal)] == ["share"]
    assert [rejected.where for rejected in some(pages, Rejected)] == [f"post {item['id']}"]


# ---------------------------------------------------------------- replies and mentions
def test_replies_name_who_and_the_owner_s_are_left_out(threads: FakeThreads, call: Call) -> None:
    item = threads.post(NOW - 5 * DAY)
    threads.post(NOW - 4 * DAY)
    said = threads.reply(item, NOW - 4 * DAY, "Bob")
    threads.reply(item, NOW - 3 * DAY, "Alice.Bakes_")
    pages = pull(call(), "replies")
    assert some(pages, Interaction) == [Interaction("reply", "bob", NOW - 4 * DAY, item["id"], said["id"], "bob")]
    # A thread without replies is not asked about.
    assert len(threads.asked) == 2


def test_replies_go_on_in_the_middle_and_later_only_new_ones_are_read(threads: FakeThreads, call: Call) -> None:
    items = [threads.post(NOW - 30 * DAY + index * HOUR) for index in range(2)]
    said = {
        threads.reply(items[index % 2], NOW - 20 * DAY + index * timedelta(minutes=1), f"p{index}")["id"]
        for index in range(500)
    }
    pages: list[Page] = []
    while not pages or not pages[-1].done:
        pages += pull(call(), "replies", pages[-1].cursor if pages else {}, pages=1)
    assert (len(keys(pages)), set(keys(pages))) == (500, said)
    threads.asked.clear()
    again = pull(call(), "replies", pages[-1].cursor)
    assert (keys(again), again[-1].done) == ([], True)
    # The list and the first page of each thread: replies that were read are not gone through again.
    assert len(threads.asked) == 3
    new = threads.reply(items[1], NOW + HOUR, "zoe")["id"]
    later = pull(call(), "replies", again[-1].cursor, Subject("alice.bakes_", now=NOW + DAY))
    assert keys(later) == [new]


def test_who_mentions_the_account_is_named(threads: FakeThreads, call: Call) -> None:
    threads.mentions = [
        {"id": "1", "timestamp": stamp(NOW - DAY), "username": "Bob"},
        {"id": "2", "timestamp": stamp(NOW - DAY), "username": None},
        {"id": "3", "timestamp": "never", "username": "bob"},
        {"id": "4", "timestamp": stamp(NOW - 100 * DAY), "username": "bob"},
    ]
    pages = pull(call(), "mentions")
    assert some(pages, Interaction) == [Interaction("mention", "bob", NOW - DAY, "", "1", "bob")]
    assert [rejected.where for rejected in some(pages, Rejected)] == ["mention '3'", "mention '2'"]


# ---------------------------------------------------------------- Meta's own errors
@pytest.mark.parametrize(
    ("stream", "permission"),
    [
        ("threads", "threads_basic"),
        ("insights", "threads_manage_insights"),
        ("replies", "threads_read_replies"),
        ("mentions", "threads_manage_mentions"),
    ],
)
def test_a_permission_that_was_declined_is_named_and_the_link_goes_on(
    threads: FakeThreads, call: Call, stream: str, permission: str
) -> None:
    threads.reply(threads.post(NOW - 5 * DAY), NOW - DAY, "bob")
    threads.granted.remove(permission)
    pages = pull(call(), stream)
    assert pages[-1].done
    assert f"it needs the permission {permission}" in some(pages, Rejected)[-1].reason


def test_a_token_that_was_taken_back_is_revoked_and_named_nowhere(threads: FakeThreads, call: Call) -> None:
    threads.tokens.clear()
    for stream in THREADS.spec.streams:
        with pytest.raises(Revoked) as caught:
            pull(call(), stream)
        assert TOKEN not in repr(caught.value)


def test_too_many_calls_wait_and_what_was_read_is_kept(threads: FakeThreads, call: Call) -> None:
    for index in range(10):
        threads.post(NOW - 9 * DAY + index * HOUR, likes=1)
    threads.calls_left = 4
    read = pull(call(), "insights", pages=4)
    with pytest.raises(RateLimited) as caught:
        pull(call(), "insights", read[-1].cursor)
    assert caught.value.until == NOW + timedelta(minutes=19)
    threads.calls_left = 100
    rest = pull(call(), "insights", read[-1].cursor)
    assert len(some(read + rest, PostTotal)) == 10


def test_every_call_carries_the_proof_of_the_secret(threads: FakeThreads, call: Call) -> None:
    threads.secret = True
    threads.reply(threads.post(NOW - 5 * DAY), NOW - DAY, "bob")
    who = Subject("alice.bakes_", token_proof=proof_of(TOKEN), now=NOW)
    for stream in THREADS.spec.streams:
        assert pull(call(), stream, who=who)[-1].done


def test_a_stream_that_is_not_there_is_a_mistake_of_ours(call: Call) -> None:
    with pytest.raises(ValueError, match="no stream 'dreams'"):
        pull(call(), "dreams")

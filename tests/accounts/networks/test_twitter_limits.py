"""What X lets us do: never more than a day's money pays, against a server that sends bills; and its own errors."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.networks.base import (
    Interaction,
    Post,
    RateLimited,
    Rejected,
    Revoked,
    Unreachable,
)
from tests.accounts.networks.reading_x import (
    BOB,
    DAY,
    HOUR,
    MIDNIGHT,
    Call,
    X,
    keys,
    playing,
    pull,
    some,
    subject,
    until_it_waits,
)
from tests.fakes.door import NOW, doors
from tests.fakes.loopback import Reply
from tests.fakes.twitter import ALICE, TOKEN, FakeTwitter


@pytest.fixture
def x() -> Iterator[FakeTwitter]:
    with playing() as fake:
        yield fake


@pytest.fixture
def call(x: FakeTwitter) -> Iterator[Call]:
    with doors(X, x, TOKEN) as make:
        yield make


@pytest.mark.parametrize("stream", ["profile", "mentions", "posts", "lists", "followers"])
def test_nothing_is_asked_when_the_day_s_money_is_gone(x: FakeTwitter, call: Call, stream: str) -> None:
    with pytest.raises(RateLimited) as caught:
        pull(call(), stream, who=subject(0.004))
    assert caught.value.until == MIDNIGHT
    assert x.asked == []


@pytest.mark.parametrize("usd", [0.005, 0.03, 0.075, 0.1, 0.499, 1.0, 3.21])
def test_a_day_never_costs_more_than_it_may_and_pages_say_what_x_bills(x: FakeTwitter, call: Call, usd: float) -> None:
    own = [x.post(ALICE, NOW - 20 * DAY + index * HOUR) for index in range(60)]
    for index in range(150):
        x.mention(x.person(index % 9), NOW - 3 * DAY + index * timedelta(minutes=1))
        x.like(x.person(index), own[index % 7])
        x.repost(x.person(index), NOW - DAY + index * timedelta(minutes=1), own[index % 5])
        x.listed(x.person(index))
    x.followers = [x.person(index) for index in range(400)]
    who, told = subject(usd), 0
    for stream in X.spec.streams:
        pages, _ = until_it_waits(call(), stream, {}, who)
        told += sum(round(X.spec.cost[kind] * 1000) * number for page in pages for kind, number in page.items.items())
    assert x.bill == told
    assert x.bill <= usd * 1000
    assert who.budget.left == pytest.approx(usd - x.bill / 1000)


def test_what_a_day_could_not_pay_is_read_on_the_next_and_all_of_it_once(x: FakeTwitter, call: Call) -> None:
    said = [x.mention(x.person(index), NOW - 3 * DAY + index * timedelta(minutes=1))["id"] for index in range(150)]
    read: list[str] = []
    cursor: dict[str, Any] = {}
    days = 0
    while len(read) < 150:
        pages = pull(call(), "mentions", cursor, subject(1.5, NOW + days * DAY))
        read, cursor, days = read + keys(pages), pages[-1].cursor, days + 1
    # A mention and who wrote it are 1.5 cents: fifty for half of the money.
    assert days == 3
    assert read == said[::-1]


@pytest.mark.parametrize(("stream", "number"), [("mentions", 20), ("followers", 10), ("lists", 20), ("posts", 20)])
def test_a_stream_leaves_half_of_the_money_to_the_others(x: FakeTwitter, call: Call, stream: str, number: int) -> None:
    x.followers = [x.person(index) for index in range(400)]
    for index in range(60):
        x.listed(x.person(index))
        x.mention(x.person(index), NOW - DAY + index * timedelta(minutes=1))
        x.post(ALICE, NOW - DAY + index * timedelta(minutes=1))
    who = subject(0.2)
    pages = pull(call(), stream, {}, who)
    assert len(some(pages, Post) or keys(pages)) == number
    assert pages[-1].done
    assert who.budget.left >= 0.1
    rest = pull(call(), stream, pages[-1].cursor)
    every = some(pages + rest, Post) or keys(pages + rest)
    assert len(every) == len(set(every)) == (400 if stream == "followers" else 60)


def test_the_fewest_that_x_sends_are_read_even_where_they_are_more_than_half(x: FakeTwitter, call: Call) -> None:
    for index in range(20):
        x.mention(x.person(index), NOW - DAY + index * timedelta(minutes=1))
    pages = pull(call(), "mentions", {}, subject(0.03))
    assert len(keys(pages)) == 5
    with pytest.raises(RateLimited):
        pull(call(), "mentions", pages[-1].cursor, subject(0.02))


def test_ten_cents_a_day_bring_every_stream_on_its_way(x: FakeTwitter, call: Call) -> None:
    x.followers = [x.person(index) for index in range(400)]
    for index in range(60):
        x.listed(x.person(index))
        x.mention(x.person(index), NOW - DAY + index * timedelta(minutes=1))
        x.post(ALICE, NOW - DAY + index * timedelta(minutes=1))
    who = subject(0.1)
    for stream in X.spec.streams:
        pages = pull(call(), stream, {}, who)
        assert pages[0].records, stream
    assert x.bill <= 100


def test_who_wrote_is_named_where_there_is_money_for_it(x: FakeTwitter, call: Call) -> None:
    for index in range(60):
        x.mention(BOB, NOW - DAY + index * timedelta(minutes=1))
    rich = some(pull(call(), "mentions", {}, subject(1.0)), Interaction)
    assert {i.actor_handle for i in rich} == {"bob"}
    poor = some(pull(call(), "mentions", {}, subject(0.1)), Interaction)
    assert {(i.actor, i.actor_handle) for i in poor} == {(BOB, "")}


def test_likers_are_read_in_portions(x: FakeTwitter, call: Call) -> None:
    own = x.post(ALICE, NOW - 2 * DAY)
    for index in range(450):
        x.like(x.person(index), own)
    read: list[str] = []
    cursor: dict[str, Any] = {}
    new = 0
    for _ in range(3):
        pages = pull(call(), "posts", cursor)
        assert pages[-1].done
        assert len(some(pages, Interaction)) <= 200
        read, cursor = read + [i.actor for i in some(pages, Interaction)], pages[-1].cursor
        x.post(ALICE, NOW - HOUR)
        new += len(some(pages, Post))
    assert [len(read), len(set(read))] == [450, 450]
    # Those that wait do not keep new posts from being read.
    assert new == 6


# ---------------------------------------------------------------- X's own errors
def test_a_token_that_was_taken_back_is_revoked_and_named_nowhere(x: FakeTwitter, call: Call) -> None:
    x.tokens.clear()
    for stream in X.spec.streams:
        with pytest.raises(Revoked, match="401") as caught:
            pull(call(), stream)
        assert TOKEN not in repr(caught.value)


@pytest.mark.parametrize(
    ("stream", "path"), [("mentions", "mentions"), ("posts", "tweets"), ("lists", "list_memberships")]
)
def test_what_our_app_may_not_read_ends_the_stream_and_keeps_the_link(
    x: FakeTwitter, call: Call, stream: str, path: str
) -> None:
    x.forbidden.add(path)
    (page,) = pull(call(), stream, {"since": "5"})
    assert page.done
    assert page.cursor == {"since": "5"}
    (rejected,) = some([page], Rejected)
    assert rejected.where == stream
    assert "You are not permitted to perform this action." in rejected.reason


def test_too_many_requests_wait_for_x_s_window(x: FakeTwitter, call: Call) -> None:
    for index in range(250):
        x.mention(x.person(index), NOW - 3 * DAY + index * timedelta(minutes=1))
    x.limits["mentions"] = 2
    pages, until = until_it_waits(call(), "mentions", {}, subject())
    assert (len(keys(pages)), until) == (200, x.resets_at)
    x.limits["mentions"] = 9
    assert len(keys(pull(call(), "mentions", pages[-1].cursor))) == 50


@pytest.mark.parametrize(
    ("status", "problem", "until"),
    [
        (429, {"title": "UsageCapExceeded", "type": "https://api.x.com/2/problems/usage-capped"}, MIDNIGHT),
        (402, {"title": "CreditsDepleted", "type": "https://api.x.com/2/problems/credits"}, MIDNIGHT),
        (429, None, NOW + timedelta(minutes=15)),
    ],
)
def test_spent_credits_wait_for_another_day(
    x: FakeTwitter, call: Call, status: int, problem: object, until: datetime
) -> None:
    x.faults.append(Reply(status, problem))
    with pytest.raises(RateLimited) as caught:
        pull(call(), "mentions")
    assert caught.value.until == until
    # Credits are those of our app: nobody's accounts are read without them.
    assert caught.value.everybody == (until == MIDNIGHT)


def test_trouble_at_x_is_tried_again_and_then_said(x: FakeTwitter, call: Call) -> None:
    said = x.mention(BOB, NOW - DAY)["id"]
    x.faults.extend([Reply(503), Reply(hang_up=True)])
    assert keys(pull(call(), "mentions")) == [said]
    x.faults.extend([Reply(500)] * 4)
    with pytest.raises(Unreachable, match="500"):
        pull(call(), "mentions")


def test_a_stream_that_x_does_not_have_is_a_mistake_of_ours(call: Call) -> None:
    with pytest.raises(ValueError, match="no stream 'dreams'"):
        pull(call(), "dreams")


def test_every_call_carries_the_token_in_its_header_alone(x: FakeTwitter, call: Call) -> None:
    own = x.post(ALICE, NOW - DAY)
    x.like(BOB, own)
    for stream in X.spec.streams:
        pull(call(), stream)
    assert {asked.headers["authorization"] for asked in x.asked} == {f"Bearer {TOKEN}"}
    assert not any(TOKEN in value for asked in x.asked for _, value in asked.params)

"""Foursquare's API against a server on 127.0.0.1 that speaks it."""

import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
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
from tests.fakes.foursquare import TOKEN, FakeFoursquare, thing
from tests.fakes.loopback import Reply

FOURSQUARE = NETWORKS["foursquare"]
ALICE = Subject("1001", "1001", now=NOW)
START = NOW - timedelta(days=400)
RECENT = NOW - timedelta(days=3)
Call = Callable[..., Http]


@pytest.fixture
def foursquare() -> Iterator[FakeFoursquare]:
    with FakeFoursquare() as fake:
        yield fake


@pytest.fixture
def call(foursquare: FakeFoursquare) -> Iterator[Call]:
    with doors(FOURSQUARE, foursquare, TOKEN) as make:
        yield make


def pull(http: Http, stream: str, cursor: dict[str, Any] | None = None, subject: Subject = ALICE) -> list[Page]:
    pages = list(FOURSQUARE.pull(http, subject, stream, cursor or {}))
    json.dumps([page.cursor for page in pages])
    return pages


def some(pages: list[Page], kind: type) -> list[Any]:
    return [record for page in pages for record in page.records if isinstance(record, kind)]


def keys(pages: list[Page]) -> list[str]:
    return [interaction.key or interaction.actor for interaction in some(pages, Interaction)]


def test_the_profile_names_the_owner_and_the_counters(call: Call) -> None:
    (page,) = pull(call(), "profile", subject=Subject(""))
    born = datetime.fromtimestamp(1_300_000_000, UTC)
    assert page.records == [
        Owner("1001", "1001", "Alice Archer", born, "Often at sea"),
        Counter("friends", 46),
        Counter("tips", 12),
        Counter("checkins", 669),
        Counter("mayorships", 4),
    ]


def test_followers_are_counted_where_they_are_given(foursquare: FakeFoursquare, call: Call) -> None:
    foursquare.user |= {"followers": {"count": 900}, "tips": None, "mayorships": None}
    names = [counter.name for counter in some(pull(call(), "profile"), Counter)]
    assert names == ["friends", "followers", "checkins"]


def test_the_token_of_somebody_else_is_not_used(foursquare: FakeFoursquare, call: Call) -> None:
    foursquare.user["id"] = "1002"
    with pytest.raises(Revoked, match="the token is of 1002, not of 1001"):
        pull(call(), "profile")


@pytest.mark.parametrize("value", [None, 7, {}, {"count": -1}, {"count": "many"}, {"count": 2**40}])
def test_an_odd_counter_is_rejected_and_costs_no_other(foursquare: FakeFoursquare, call: Call, value: Any) -> None:
    foursquare.user["friends"] = value
    pages = pull(call(), "profile")
    assert [counter.name for counter in some(pages, Counter)] == ["tips", "checkins", "mayorships"]
    assert some(pages, Rejected)[0].reason.startswith("friends")


@pytest.mark.parametrize("user", [None, [], {}, {"id": "self"}, {"id": True}])
def test_an_answer_that_names_nobody_is_unreachable(foursquare: FakeFoursquare, call: Call, user: Any) -> None:
    foursquare.user = user
    with pytest.raises(Unreachable, match="does not name an account"):
        pull(call(), "profile")


def test_friends_are_read_in_pages(foursquare: FakeFoursquare, call: Call) -> None:
    foursquare.friends = [foursquare.person(2000 + index) for index in range(520)]
    pages = pull(call(), "friends")
    assert [len(page.records) for page in pages] == [250, 250, 20]
    assert some(pages, Interaction)[0] == Interaction("connect", "2000", None, actor_handle="Person2000 P.")
    assert len(some(pull(call(), "friends", pages[0].cursor), Interaction)) == 270


def test_likes_and_answers_name_who_and_leave_places_out(foursquare: FakeFoursquare, call: Call) -> None:
    item = foursquare.checkin(1, RECENT, likes=2, comments=1)
    item["likes"]["groups"][0]["items"][1] = foursquare.user
    item["comments"]["items"][0]["user"] = foursquare.person(7, lastName=None)
    pages = pull(call(), "checkins")
    post = thing(1)
    assert pages[0].records == [
        Post(post, RECENT),
        Interaction("like", "2000", RECENT, post, f"like:{post}:2000", "Person2000 P."),
        Interaction("reply", "7", RECENT, post, f"comment:{thing(100)}", "Person7"),
        PostTotal(post, "like", 2, RECENT),
        PostTotal(post, "reply", 1, RECENT),
    ]
    assert "harbour" not in repr(pages)


def test_who_was_checked_in_by_a_friend_is_mentioned(foursquare: FakeFoursquare, call: Call) -> None:
    foursquare.checkin(1, RECENT, createdBy=foursquare.person(8))
    foursquare.checkin(2, RECENT, createdBy=foursquare.user)
    (mention,) = some(pull(call(), "checkins"), Interaction)
    assert (mention.verb, mention.actor, mention.key) == ("mention", "8", f"with:{thing(1)}")


def test_a_check_in_whose_list_names_few_is_asked_for(foursquare: FakeFoursquare, call: Call) -> None:
    foursquare.checkin(1, RECENT, likes=3)["likes"]["groups"] = []
    foursquare.details[thing(1)] = {"likes": foursquare.likes(3, [2000, 2001, 2002])}
    assert len(keys(pull(call(), "checkins"))) == 3
    assert foursquare.asked[-1].path == f"/v2/checkins/{thing(1)}"


def test_totals_of_old_check_ins_are_left_as_they_are(foursquare: FakeFoursquare, call: Call) -> None:
    foursquare.checkin(1, START, likes=2)
    pages = pull(call(), "checkins")
    assert len(keys(pages)) == 2
    assert some(pages, PostTotal) == []


def test_check_ins_are_read_in_pages_from_the_oldest_on(foursquare: FakeFoursquare, call: Call) -> None:
    for index in range(600):
        foursquare.checkin(index + 1, START + timedelta(hours=index), likes=1)
    pages = pull(call(), "checkins")
    assert {i.key for i in some(pages, Interaction)} == {f"like:{thing(index + 1)}:2000" for index in range(600)}
    assert [page.done for page in pages] == [False, False, True]
    rest = pull(call(), "checkins", pages[0].cursor)
    assert len(set(keys([pages[0], *rest]))) == 600
    assert len(keys(rest)) == 352


def test_hundreds_of_check_ins_of_one_second_are_all_read(foursquare: FakeFoursquare, call: Call) -> None:
    for index in range(600):
        foursquare.checkin(index + 1, START, likes=1)
    assert len(set(keys(pull(call(), "checkins")))) == 600


def test_a_second_reading_finds_nothing_new_and_then_late_likes(foursquare: FakeFoursquare, call: Call) -> None:
    for index in range(300):
        foursquare.checkin(index + 1, START + timedelta(days=index), likes=1)
    first = pull(call(), "checkins")
    cursor = first[-1].cursor
    second = pull(call(), "checkins", cursor)
    assert set(keys(second)) <= set(keys(first))
    assert len(some(second, Post)) == 31
    foursquare.checkins[-20]["likes"] = foursquare.likes(2, [2000, 2001])
    assert set(keys(pull(call(), "checkins", cursor))) - set(keys(first)) == {f"like:{thing(281)}:2001"}


def test_tips_give_totals_and_counters(foursquare: FakeFoursquare, call: Call) -> None:
    foursquare.tip(1, START, likes=5, saves=7)
    foursquare.tip(2, RECENT, likes=1, saves=2, like=True)
    foursquare.tip(3, RECENT, likes=4, saves=0, saved=None, todo={"count": 9})
    pages = pull(call(), "tips")
    assert some(pages, PostTotal) == [
        PostTotal(thing(3), "like", 4, RECENT),
        PostTotal(thing(2), "save", 2, RECENT),
    ]
    assert some(pages, Counter) == [Counter("tips_saved", 9), Counter("tips_liked", 9)]


def test_tips_of_today_that_count_nothing_are_no_zero(foursquare: FakeFoursquare, call: Call) -> None:
    foursquare.tip(1, RECENT, likes=0, saves=0, likes_=None).pop("likes")
    foursquare.tips[0].pop("saves")
    assert some(pull(call(), "tips"), Counter) == []


def test_tips_are_read_in_pages_and_summed_over_a_cut(foursquare: FakeFoursquare, call: Call) -> None:
    for index in range(300):
        foursquare.tip(index + 1, RECENT, likes=1, saves=2)
    first = next(FOURSQUARE.pull(call(), ALICE, "tips", {}))
    rest = pull(call(), "tips", json.loads(json.dumps(first.cursor)))
    assert len(some([first, *rest], Post)) == 300
    assert some(rest, Counter) == [Counter("tips_saved", 600), Counter("tips_liked", 300)]


def test_reading_goes_on_after_a_rate_limit(foursquare: FakeFoursquare, call: Call) -> None:
    for index in range(300):
        foursquare.checkin(index + 1, START + timedelta(hours=index), likes=1)
    pages = FOURSQUARE.pull(call(), ALICE, "checkins", {})
    first = next(pages)
    foursquare.remaining = 0
    with pytest.raises(RateLimited) as limited:
        next(pages)
    assert limited.value.until == foursquare.resets_at
    foursquare.remaining = 500
    assert len(set(keys([first, *pull(call(), "checkins", first.cursor)]))) == 300


ODD: list[dict[str, Any]] = [
    {"createdAt": None},
    {"createdAt": "yesterday"},
    {"createdAt": 10**15},
    {"id": 7},
    {"id": "4d57\u0000"},
    {"id": "../users/self"},
    {"createdBy": "bob"},
]


@pytest.mark.parametrize("changes", ODD)
def test_an_odd_check_in_is_rejected_and_costs_no_other(
    foursquare: FakeFoursquare, call: Call, changes: dict[str, Any]
) -> None:
    foursquare.checkin(1, RECENT, likes=1)
    foursquare.checkin(2, RECENT, likes=1).update(changes)
    foursquare.checkin(3, RECENT, likes=1)
    pages = pull(call(), "checkins")
    assert [rejected.where[:9] for rejected in some(pages, Rejected)] == ["check-ins"]
    assert {f"like:{thing(1)}:2000", f"like:{thing(3)}:2000"} == set(keys(pages))


@pytest.mark.parametrize("item", [None, 7, "text", []])
@pytest.mark.parametrize(("stream", "name"), [("checkins", "checkins"), ("tips", "tips"), ("friends", "friends")])
def test_what_is_no_item_is_rejected(foursquare: FakeFoursquare, call: Call, item: Any, stream: str, name: str) -> None:
    setattr(foursquare, name, [item])
    assert len(some(pull(call(), stream), Rejected)) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"likes": {"count": 1, "groups": [{"items": ["bob"]}]}},
        {"likes": {"count": "many", "groups": []}},
        {"comments": {"count": 1, "items": [{"id": thing(5), "createdAt": "late", "user": {"id": "7"}}]}},
        {"comments": {"count": 1, "items": [7]}},
    ],
)
def test_an_odd_reaction_is_rejected_with_its_check_in(
    foursquare: FakeFoursquare, call: Call, changes: dict[str, Any]
) -> None:
    foursquare.checkin(1, RECENT).update(changes)
    pages = pull(call(), "checkins")
    assert some(pages, Rejected)[0].where.startswith(thing(1))
    assert keys(pages) == []


def test_comments_of_people_who_left_are_left_out(foursquare: FakeFoursquare, call: Call) -> None:
    foursquare.checkin(1, RECENT, comments=1)["comments"]["items"][0]["user"] = None
    pages = pull(call(), "checkins")
    assert keys(pages) == []
    assert some(pages, Rejected) == []


@pytest.mark.parametrize("data", [None, [], {}, {"meta": {"code": 200}}, {"meta": {"code": 500}, "response": {}}])
def test_an_answer_that_is_none_is_unreachable(foursquare: FakeFoursquare, call: Call, data: Any) -> None:
    foursquare.faults.append(Reply(data=data))
    with pytest.raises(Unreachable):
        pull(call(), "checkins")


def test_errors_say_what_to_do(foursquare: FakeFoursquare, call: Call) -> None:
    foursquare.faults.append(foursquare.error(403, "not_authorized", "You cannot see this"))
    with pytest.raises(Unreachable, match="You cannot see this") as refused:
        pull(call(), "profile")
    assert not isinstance(refused.value, Revoked)
    foursquare.faults.append(foursquare.error(400, "invalid_auth", "OAuth token invalid or revoked."))
    with pytest.raises(Revoked, match="revoked"):
        pull(call(), "profile")
    foursquare.faults.append(foursquare.error(403, "rate_limit_exceeded", "Slow down"))
    with pytest.raises(RateLimited) as limited:
        pull(call(), "profile")
    assert limited.value.until == NOW + timedelta(hours=1)
    foursquare.faults.extend([foursquare.error(500, "server_error", "Oops"), Reply(hang_up=True)])
    assert some(pull(call(), "profile"), Owner)


def test_a_token_in_the_address_is_shown_nowhere(
    foursquare: FakeFoursquare, call: Call, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    http = call()
    assert some(pull(http, "profile"), Owner)
    foursquare.tokens = set()
    for fault in (None, Reply(302, headers={"Location": f"/elsewhere?oauth_token={TOKEN}"}), Reply(404, {"a": TOKEN})):
        if fault:
            foursquare.faults.append(fault)
        with pytest.raises((Revoked, Unreachable)) as raised:
            pull(http, "profile")
        assert TOKEN not in f"{raised.value!r} {raised.value} {raised.getrepr()}"
    assert TOKEN not in caplog.text
    assert TOKEN not in repr(http)


def test_it_has_no_other_streams(call: Call) -> None:
    with pytest.raises(ValueError, match="no stream"):
        pull(call(), "home")


def test_real_answers_of_2012_are_read(foursquare: FakeFoursquare, call: Call, data: Path) -> None:
    folder = data / "api" / "foursquare_v2" / "users"
    for name in ("user", "user_checkins_plain", "user_tips"):
        foursquare.faults.append(Reply(body=(folder / f"{name}.json").read_bytes()))
    subject = Subject("108914", now=datetime(2013, 1, 1, tzinfo=UTC))
    profile = pull(call(), "profile", subject=subject)
    assert some(profile, Owner)[0].name == "Matt Mueller"
    assert {c.name: c.value for c in some(profile, Counter)} == {
        "friends": 46,
        "tips": 0,
        "checkins": 669,
        "mayorships": 4,
    }
    checkins, tips = pull(call(), "checkins", subject=subject), pull(call(), "tips", subject=subject)
    assert (len(some(checkins, Post)), len(some(tips, Post))) == (20, 12)
    assert some(checkins, Rejected) + some(tips, Rejected) == []

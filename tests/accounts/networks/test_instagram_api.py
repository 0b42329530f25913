"""Instagram's API for professional accounts against a server on 127.0.0.1 that speaks it."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
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
from tests.fakes.graph import proof_of, stamp
from tests.fakes.instagram import TOKEN, FakeInstagram
from tests.fakes.loopback import Reply

INSTAGRAM = NETWORKS["instagram"]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ALICE = Subject("alice.bakes_", "alice.bakes_", now=NOW)
Call = Callable[..., Http]


@pytest.fixture
def instagram() -> Iterator[FakeInstagram]:
    with FakeInstagram() as fake:
        yield fake


@pytest.fixture
def call(instagram: FakeInstagram) -> Iterator[Call]:
    with doors(INSTAGRAM, instagram, TOKEN) as make:
        yield make


def pull(
    http: Http, stream: str, cursor: dict[str, Any] | None = None, who: Subject = ALICE, pages: int = 10_000
) -> list[Page]:
    read: list[Page] = []
    cursors = []
    for page in INSTAGRAM.pull(http, who, stream, json.loads(json.dumps(cursor or {}))):
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
def test_the_profile_names_the_owner_in_lower_case_and_the_counters(call: Call) -> None:
    (page,) = pull(call(), "profile")
    assert page.done
    assert page.records == [
        Owner("alice.bakes_", "alice.bakes_", "Alice's Bäckerei 🥐", about="Bread."),
        Counter("followers", 1200),
        Counter("following", 34),
        Counter("posts", 56),
    ]
    assert pull(call(), "profile", who=Subject("", now=NOW))[0].records == page.records


def test_the_token_of_somebody_else_is_revoked(instagram: FakeInstagram, call: Call) -> None:
    instagram.alice["username"] = "Bob"
    with pytest.raises(Revoked, match=r"the token is of bob, not of alice\.bakes_"):
        pull(call(), "profile")


@pytest.mark.parametrize("value", [None, "x", -1, 2**40])
def test_an_odd_counter_is_rejected_and_costs_no_other(instagram: FakeInstagram, call: Call, value: object) -> None:
    instagram.alice["followers_count"] = value
    pages = pull(call(), "profile")
    assert [counter.name for counter in some(pages, Counter)] == ["following", "posts"]
    assert some(pages, Rejected)[0].reason.startswith("followers_count is ")


@pytest.mark.parametrize("username", [None, 7, "", "two words", "x" * 31, "\u202ealice"])
def test_an_answer_that_names_nobody_is_unusable(instagram: FakeInstagram, call: Call, username: object) -> None:
    instagram.alice["username"] = username
    with pytest.raises(Unreachable, match="does not say whose token this is: username is"):
        pull(call(), "profile")


# ---------------------------------------------------------------- media
def test_media_come_with_totals_and_are_read_for_90_days(instagram: FakeInstagram, call: Call) -> None:
    instagram.post(NOW - 91 * DAY, like_count=1000)
    item = instagram.post(NOW - 5 * DAY, like_count=17, comments_count=4)
    hidden = instagram.post(NOW - 4 * DAY, comments_count=1)
    del hidden["like_count"]
    pages = pull(call(), "media")
    assert some(pages, Post)[1] == Post(item["id"], NOW - 5 * DAY, item["permalink"])
    assert some(pages, PostTotal) == [
        PostTotal(hidden["id"], "reply", 1, NOW - 4 * DAY),
        PostTotal(item["id"], "like", 17, NOW - 5 * DAY),
        PostTotal(item["id"], "reply", 4, NOW - 5 * DAY),
    ]
    assert some(pages, Rejected) == []


def test_pages_are_read_to_the_end_and_from_the_middle_on(instagram: FakeInstagram, call: Call) -> None:
    all_of_them = [instagram.post(NOW - 30 * DAY + index * HOUR)["id"] for index in range(130)]
    first = pull(call(), "media", pages=1)
    rest = pull(call(), "media", first[-1].cursor)
    assert [post.post for post in some(first + rest, Post)] == all_of_them[::-1]
    assert (first[-1].done, rest[-1].done) == (False, True)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("id", None, "id is None"),
        ("timestamp", "soon", "timestamp is 'soon'"),
        ("like_count", "many", "like_count is 'many'"),
        ("comments_count", 10**30, "comments_count is 1000000000"),
    ],
)
def test_an_odd_value_is_rejected_with_its_place(
    instagram: FakeInstagram, call: Call, name: str, value: object, reason: str
) -> None:
    good = instagram.post(NOW - 2 * DAY)["id"]
    instagram.post(NOW - DAY)[name] = value
    pages = pull(call(), "media")
    (rejected,) = some(pages, Rejected)
    assert rejected.where.startswith("post ")
    assert reason in rejected.reason
    assert good in [post.post for post in some(pages, Post)]


# ---------------------------------------------------------------- comments
def test_comments_and_answers_name_who_and_the_owner_s_are_left_out(instagram: FakeInstagram, call: Call) -> None:
    item = instagram.post(NOW - 5 * DAY)
    said = instagram.comment(item, NOW - 4 * DAY, "Bob")
    instagram.comment(item, NOW - 3 * DAY, "Alice.Bakes_", to=said)
    below = instagram.comment(item, NOW - 2 * DAY, "charlie", to=said)
    pages = pull(call(), "comments")
    assert some(pages, Interaction) == [
        Interaction("reply", "bob", NOW - 4 * DAY, item["id"], said["id"], "bob"),
        Interaction("reply", "charlie", NOW - 2 * DAY, item["id"], below["id"], "charlie"),
    ]
    assert pages[-1].done


def test_comments_go_on_in_the_middle_and_later_only_changed_media_are_read(
    instagram: FakeInstagram, call: Call
) -> None:
    items = [instagram.post(NOW - 9 * DAY + index * HOUR) for index in range(3)]
    said = {
        instagram.comment(items[index % 3], NOW - 8 * DAY + index * timedelta(minutes=1), f"p{index}")["id"]
        for index in range(400)
    }
    pages: list[Page] = []
    while not pages or not pages[-1].done:
        pages += pull(call(), "comments", pages[-1].cursor if pages else {}, pages=1)
    assert (len(keys(pages)), set(keys(pages))) == (400, said)
    instagram.asked.clear()
    again = pull(call(), "comments", pages[-1].cursor)
    assert (keys(again), len(instagram.asked), again[-1].done) == ([], 1, True)
    # An answer to an old comment is found too.
    new = instagram.comment(items[1], NOW, "zoe", to=instagram.comments[items[1]["id"]][0])["id"]
    assert set(keys(pull(call(), "comments", again[-1].cursor))) - said == {new}


def test_a_place_that_instagram_forgot_begins_that_medium_anew(instagram: FakeInstagram, call: Call) -> None:
    item = instagram.post(NOW - 9 * DAY)
    for index in range(70):
        instagram.comment(item, NOW - 8 * DAY + index * HOUR, f"p{index}")
    pages = pull(call(), "comments", pages=2)
    assert "next" in pages[-1].cursor
    instagram.comments[item["id"]] = instagram.comments[item["id"]][:40]
    instagram.forgetful = True
    rest = pull(call(), "comments", pages[-1].cursor)
    assert len(keys(rest)) == 40
    assert rest[-1].done


def test_an_odd_comment_is_rejected_with_its_place(instagram: FakeInstagram, call: Call) -> None:
    item = instagram.post(NOW - 5 * DAY)
    for name in ("username", "timestamp", "id"):
        odd = instagram.comment(item, NOW - 4 * DAY, "bob")
        odd[name] = None
        odd.pop("from")
    instagram.comment(item, NOW - 4 * DAY, "charlie")["replies"] = {"data": [None, "x"]}
    pages = pull(call(), "comments")
    assert [i.actor for i in some(pages, Interaction)] == ["charlie"]
    assert [rejected.where[:8] for rejected in some(pages, Rejected)] == ["comment "] * 5


# ---------------------------------------------------------------- tags and insights
def test_who_tagged_the_account_mentions_it(instagram: FakeInstagram, call: Call) -> None:
    instagram.tags = [
        {"id": "1", "timestamp": stamp(NOW - DAY), "username": "Bob"},
        {"id": "2", "timestamp": stamp(NOW - DAY)},
        {"id": "3", "timestamp": stamp(NOW - HOUR), "username": "charlie"},
    ]
    pages = pull(call(), "tags")
    assert [(i.verb, i.actor, i.key) for i in some(pages, Interaction)] == [
        ("mention", "charlie", "3"),
        ("mention", "bob", "1"),
    ]
    assert some(pages, Rejected) == [Rejected("tag '2'", "username is None, not a user name")]


def test_insights_are_asked_for_media_with_new_reactions_alone(instagram: FakeInstagram, call: Call) -> None:
    liked = instagram.post(NOW - 5 * DAY, like_count=5)
    instagram.insights[liked["id"]] = {"shares": 2, "saved": "3"}
    instagram.post(NOW - 4 * DAY)
    early = instagram.post(NOW - 80 * DAY, like_count=9)
    pages = pull(call(), "insights")
    assert some(pages, PostTotal) == [
        PostTotal(liked["id"], "share", 2, NOW - 5 * DAY),
        PostTotal(liked["id"], "save", 3, NOW - 5 * DAY),
    ]
    # One that Instagram has no insights of costs no other.
    assert [rejected.where for rejected in some(pages, Rejected)] == [f"post {early['id']}"]
    instagram.asked.clear()
    again = pull(call(), "insights", pages[-1].cursor)
    assert (len(instagram.asked), again[-1].done) == (1, True)
    liked["like_count"] = 6
    instagram.insights[liked["id"]]["saved"] = 4
    assert PostTotal(liked["id"], "save", 4, NOW - 5 * DAY) in some(
        pull(call(), "insights", again[-1].cursor), PostTotal
    )


@pytest.mark.parametrize(
    "answer",
    [
        {"data": []},
        {"data": None},
        {"data": [None, {"name": "saved", "values": []}, {"name": 5}]},
        {"data": [{"name": "saved", "values": [{}]}]},
    ],
)
def test_odd_insights_are_no_totals_and_no_crash(instagram: FakeInstagram, call: Call, answer: object) -> None:
    instagram.post(NOW - 5 * DAY, like_count=5)
    listed = pull(call(), "insights", pages=1)
    instagram.faults.append(Reply(data=answer))
    pages = pull(call(), "insights", listed[-1].cursor)
    assert some(pages, PostTotal) == []
    assert pages[-1].done


# ---------------------------------------------------------------- Meta's own errors
@pytest.mark.parametrize(
    ("stream", "permission"),
    [
        ("media", "instagram_business_basic"),
        ("comments", "instagram_business_manage_comments"),
        ("tags", "instagram_business_manage_comments"),
        ("insights", "instagram_business_manage_insights"),
    ],
)
def test_a_permission_that_was_declined_is_named_and_the_link_goes_on(
    instagram: FakeInstagram, call: Call, stream: str, permission: str
) -> None:
    instagram.comment(instagram.post(NOW - 5 * DAY), NOW - DAY, "bob")
    instagram.granted.remove(permission)
    pages = pull(call(), stream)
    assert pages[-1].done
    assert f"it needs the permission {permission}" in some(pages, Rejected)[-1].reason


def test_a_token_that_was_taken_back_is_revoked_and_named_nowhere(instagram: FakeInstagram, call: Call) -> None:
    instagram.tokens.clear()
    for stream in INSTAGRAM.spec.streams:
        with pytest.raises(Revoked) as caught:
            pull(call(), stream)
        assert TOKEN not in repr(caught.value)


def test_too_many_calls_wait_and_what_was_read_is_kept(instagram: FakeInstagram, call: Call) -> None:
    item = instagram.post(NOW - 9 * DAY)
    for index in range(120):
        instagram.comment(item, NOW - 8 * DAY + index * HOUR, f"p{index}")
    instagram.calls_left = 2
    read = pull(call(), "comments", pages=2)
    with pytest.raises(RateLimited) as caught:
        pull(call(), "comments", read[-1].cursor)
    assert caught.value.until == NOW + timedelta(minutes=19)
    instagram.calls_left = 100
    rest = pull(call(), "comments", read[-1].cursor)
    assert len(set(keys(read + rest))) == 120


def test_every_call_carries_the_proof_of_the_secret(instagram: FakeInstagram, call: Call) -> None:
    instagram.secret = True
    instagram.comment(instagram.post(NOW - 5 * DAY), NOW - DAY, "bob")
    who = Subject("alice.bakes_", token_proof=proof_of(TOKEN), now=NOW)
    for stream in INSTAGRAM.spec.streams:
        assert pull(call(), stream, who=who)[-1].done
    assert not any(TOKEN in value for asked in instagram.asked for _, value in asked.params)


def test_a_stream_that_is_not_there_is_a_mistake_of_ours(call: Call) -> None:
    with pytest.raises(ValueError, match="no stream 'dreams'"):
        pull(call(), "dreams")


# ---------------------------------------------------------------- answers of the real Instagram
def test_answers_that_instagram_really_gave_are_read(instagram: FakeInstagram, call: Call, data: Path) -> None:
    folder = data / "api" / "facebook_instagram_graph_sns_sdks" / "instagram" / "apidata"

    def answer(name: str) -> Reply:
        return Reply(data=json.loads((folder / name).read_text()))

    then = json.loads((folder / "users/medias_p1.json").read_text())["data"][0]["timestamp"]
    who = Subject("alice.bakes_", now=datetime.fromisoformat(then) + HOUR)
    instagram.faults.extend([answer("users/medias_p1.json"), answer("users/medias_p2.json")])
    pages = pull(call(), "media", who=who)
    assert len(some(pages, Post)) >= 2
    assert some(pages, Rejected) == []
    assert {total.verb for total in some(pages, PostTotal)} <= {"like", "reply"}
    queue = {"numbers": {}, "begun": NOW.isoformat(), "queue": [["1", 1, NOW.isoformat()]]}
    instagram.faults.append(answer("medias/insights.json"))
    assert pull(call(), "insights", queue)[-1].done
    instagram.faults.append(answer("medias/comments_p2.json"))
    # These were asked for without their authors.
    rejected = some(pull(call(), "comments", queue), Rejected)
    assert [record.reason for record in rejected] == ["username is None, not a user name"] * 2

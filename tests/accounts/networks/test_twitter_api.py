"""X's API against a server on 127.0.0.1 that speaks it: pages, cursors, faults, odd values."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from accounts.networks.base import (
    Counter,
    Interaction,
    Owner,
    Post,
    PostTotal,
    Rejected,
    Revoked,
    Unreachable,
)
from tests.accounts.networks.reading_x import (
    BOB,
    CHARLIE,
    DAY,
    HOUR,
    Call,
    X,
    keys,
    playing,
    pull,
    some,
    subject,
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


# ---------------------------------------------------------------- profile
def test_the_profile_names_the_owner_and_the_counters(x: FakeTwitter, call: Call) -> None:
    (page,) = pull(call(), "profile")
    assert page.done
    assert page.records == [
        Owner(ALICE, "Alice_Example", "Alice", datetime(2013, 12, 14, 4, 35, 55, tzinfo=UTC), "I post about bread."),
        Counter("followers", 12),
        Counter("following", 34),
        Counter("listed", 5),
        Counter("posts", 678),
    ]
    assert page.items == {"user": 1}
    assert pull(call(), "profile", who=subject(external_id="", handle=""))[0].records == page.records


def test_the_token_of_somebody_else_is_revoked(x: FakeTwitter, call: Call) -> None:
    x.tokens[TOKEN] = BOB
    with pytest.raises(Revoked, match=f"the token is of the account {BOB}, not of {ALICE}"):
        pull(call(), "profile")


@pytest.mark.parametrize("value", [-1, None, "many", 2**40, 1.5, True])
def test_an_odd_counter_is_rejected_and_costs_no_other(x: FakeTwitter, call: Call, value: object) -> None:
    x.alice["public_metrics"]["followers_count"] = value
    pages = pull(call(), "profile")
    assert [counter.name for counter in some(pages, Counter)] == ["following", "listed", "posts"]
    assert some(pages, Rejected)[0].reason.startswith("followers_count is ")


def test_metrics_that_are_missing_are_no_crash(x: FakeTwitter, call: Call) -> None:
    x.alice["public_metrics"] = None
    assert len(some(pull(call(), "profile"), Rejected)) == 4


@pytest.mark.parametrize("answer", [None, [], {"data": None}, {"data": {"id": 2244994945}}, {"data": {"id": "0x1"}}])
def test_an_answer_that_names_nobody_is_unusable(x: FakeTwitter, call: Call, answer: object) -> None:
    x.faults.append(Reply(data=answer))
    with pytest.raises(Unreachable, match="does not say whose token this is"):
        pull(call(), "profile")


# ---------------------------------------------------------------- mentions
def test_mentions_replies_and_quotes_are_told_apart(x: FakeTwitter, call: Call) -> None:
    own = x.post(ALICE, NOW - 5 * DAY)
    theirs = x.post(BOB, NOW - 5 * DAY)
    said = [
        x.mention(BOB, NOW - 4 * DAY),
        x.reply(CHARLIE, NOW - 3 * DAY, own),
        x.quote(BOB, NOW - 2 * DAY, own, mentions=True),
        x.quote(CHARLIE, NOW - DAY, theirs, mentions=True),
    ]
    x.reply(ALICE, NOW - HOUR, own)
    (page,) = pull(call(), "mentions")
    assert [(i.verb, i.actor, i.post, i.key, i.actor_handle) for i in reversed(some([page], Interaction))] == [
        ("mention", BOB, "", said[0]["id"], "bob"),
        ("reply", CHARLIE, own["id"], said[1]["id"], "charlie"),
        ("quote", BOB, own["id"], said[2]["id"], "bob"),
        ("mention", CHARLIE, "", said[3]["id"], "charlie"),
    ]
    assert some([page], Interaction)[-1].occurred_at == NOW - 4 * DAY
    assert page.items == {"post": 5, "user": 3}


def test_it_reads_230_mentions_in_pages_and_later_only_what_is_new(x: FakeTwitter, call: Call) -> None:
    all_of_them = [x.mention(x.person(index % 40), NOW - 30 * DAY + index * HOUR)["id"] for index in range(230)]
    pages = pull(call(), "mentions")
    assert [len(some([page], Interaction)) for page in pages] == [100, 100, 30]
    assert [page.done for page in pages] == [False, False, True]
    assert keys(pages) == all_of_them[::-1]
    assert x.asked[0].param("max_results") == "100"
    again = pull(call(), "mentions", pages[-1].cursor)
    # The newest is read once more, so that none beside it is missed.
    assert keys(again) == all_of_them[-1:]
    new = x.mention(BOB, NOW)["id"]
    assert set(keys(pull(call(), "mentions", again[-1].cursor))) - set(all_of_them) == {new}


def test_reading_goes_on_in_the_middle_and_misses_nothing_that_came_meanwhile(x: FakeTwitter, call: Call) -> None:
    old = [x.mention(x.person(index), NOW - 3 * DAY + index * timedelta(minutes=1))["id"] for index in range(250)]
    first = pull(call(), "mentions", pages=1)
    assert not first[-1].done
    new = x.mention(BOB, NOW)["id"]
    rest = pull(call(), "mentions", first[-1].cursor)
    assert keys(first) + keys(rest) == old[::-1]
    assert new in keys(pull(call(), "mentions", rest[-1].cursor))


def test_an_answer_to_somebody_else_that_names_the_account_mentions_it(x: FakeTwitter, call: Call) -> None:
    theirs = x.post(BOB, NOW - 5 * DAY)
    x.reply(CHARLIE, NOW - DAY, theirs)
    assert [(i.verb, i.actor, i.post) for i in some(pull(call(), "mentions"), Interaction)] == [
        ("mention", CHARLIE, "")
    ]


def test_mentions_that_were_taken_down_do_not_make_it_read_all_again(x: FakeTwitter, call: Call) -> None:
    x.mention(BOB, NOW - DAY)
    cursor = pull(call(), "mentions")[-1].cursor
    x.posts.clear()
    assert pull(call(), "mentions", cursor)[-1].cursor == cursor


def test_the_first_reading_goes_back_90_days(x: FakeTwitter, call: Call) -> None:
    x.mention(BOB, NOW - 91 * DAY)
    kept = x.mention(BOB, NOW - 89 * DAY)["id"]
    assert keys(pull(call(), "mentions")) == [kept]


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("author_id", None, "author_id is None, not an id of X"),
        ("author_id", 1001, "author_id is 1001, not an id of X"),
        ("author_id", "1" * 30, "not an id of X"),
        ("created_at", "yesterday", "created_at is 'yesterday'"),
        ("created_at", None, "created_at is None"),
        ("id", "\ud800😀", "id is "),
    ],
)
def test_an_odd_mention_is_rejected_with_its_place(
    x: FakeTwitter, call: Call, name: str, value: object, reason: str
) -> None:
    x.mention(BOB, NOW - DAY)[name] = value
    good = x.mention(CHARLIE, NOW - HOUR)["id"]
    pages = pull(call(), "mentions")
    assert keys(pages) == [good]
    (rejected,) = some(pages, Rejected)
    assert rejected.where.startswith("mention ")
    assert reason in rejected.reason


@pytest.mark.parametrize("odd", [{"referenced_tweets": "x", "entities": 3}, {"entities": {"urls": [None, {}]}}])
def test_odd_details_leave_a_mention_a_mention(x: FakeTwitter, call: Call, odd: dict[str, Any]) -> None:
    item = x.mention(BOB, NOW - DAY)
    x.faults.append(Reply(data={"data": [{**item, **odd}, None], "meta": None, "includes": {"users": [7]}}))
    pages = pull(call(), "mentions")
    assert [i.verb for i in some(pages, Interaction)] == ["mention"]
    assert len(some(pages, Rejected)) == 1


@pytest.mark.parametrize("answer", ["mentions", 7, {"data": {"id": "1"}}])
def test_what_is_no_list_is_unusable(x: FakeTwitter, call: Call, answer: object) -> None:
    x.faults.append(Reply(data=answer))
    with pytest.raises(Unreachable, match="not a list"):
        pull(call(), "mentions")


def test_pages_that_do_not_go_on_end(x: FakeTwitter, call: Call) -> None:
    same = Reply(data={"data": [x.mention(BOB, NOW - DAY)], "meta": {"next_token": "p1"}})
    x.faults.extend([same, same])
    with pytest.raises(Unreachable, match="do not go on"):
        pull(call(), "mentions")


@pytest.mark.parametrize("stream", ["mentions", "posts", "followers", "lists"])
def test_a_page_of_which_all_is_hidden_is_not_the_end(x: FakeTwitter, call: Call, stream: str) -> None:
    x.mention(BOB, NOW - DAY)
    x.post(ALICE, NOW - DAY)
    x.followers.append(BOB)
    x.listed(BOB)
    x.faults.append(Reply(data={"meta": {"result_count": 0, "next_token": "p0"}}))
    pages = pull(call(), stream)
    assert len(some(pages, Post) or some(pages, Interaction)) == 1
    assert pages[-1].done
    assert x.asked[1].param("pagination_token") == "p0"
    x.faults.extend([Reply(data={"meta": {"next_token": f"p{number}"}}) for number in range(20)])
    with pytest.raises(Unreachable, match="does not go on"):
        pull(call(), stream)


# ---------------------------------------------------------------- posts, and who reacted to them
def test_posts_come_with_their_totals(x: FakeTwitter, call: Call) -> None:
    item = x.post(ALICE, NOW - 5 * DAY)
    item["public_metrics"] |= {"like_count": 9, "retweet_count": 4, "quote_count": 2, "reply_count": 3}
    x.post(ALICE, NOW - 100 * DAY)["public_metrics"]["like_count"] = 50
    x.reply(ALICE, NOW - 4 * DAY, item)
    x.quote(ALICE, NOW - 4 * DAY, item)
    x.repost(ALICE, NOW - 3 * DAY, x.post(BOB, NOW - 4 * DAY))
    pages = pull(call(), "posts")
    assert Post(item["id"], NOW - 5 * DAY, f"https://x.com/Alice_Example/status/{item['id']}") in some(pages, Post)
    # What Alice answered and quoted herself is not counted.
    assert [(total.verb, total.total) for total in some(pages, PostTotal)] == [
        ("like", 9),
        ("share", 4),
        ("quote", 2),
        ("reply", 3),
    ]
    assert {total.posted_at for total in some(pages, PostTotal)} == {NOW - 5 * DAY}
    assert x.asked[0].param("exclude") == "retweets"


def test_what_is_taken_off_for_own_answers_holds_across_pages(x: FakeTwitter, call: Call) -> None:
    first = x.post(ALICE, NOW - 30 * DAY)
    x.reply(BOB, NOW - 29 * DAY, first)
    for index in range(250):
        x.reply(ALICE, NOW - 20 * DAY + index * HOUR, first)
    (total,) = [total for total in some(pull(call(), "posts"), PostTotal) if total.post == first["id"]]
    assert (total.verb, total.total) == ("reply", 1)


def test_who_reposted_quoted_and_liked_is_named(x: FakeTwitter, call: Call) -> None:
    own = x.post(ALICE, NOW - 5 * DAY)
    repost = x.repost(BOB, NOW - 4 * DAY, own)["id"]
    quote = x.quote(CHARLIE, NOW - 3 * DAY, own)["id"]
    x.like(BOB, own)
    x.like(ALICE, own)
    pages = pull(call(), "posts")
    assert [(i.verb, i.actor, i.actor_handle, i.post, i.occurred_at, i.key) for i in some(pages, Interaction)] == [
        ("quote", CHARLIE, "charlie", own["id"], NOW - 3 * DAY, quote),
        ("share", BOB, "bob", own["id"], NOW - 4 * DAY, repost),
        # X does not say when somebody liked: the like is dated on the post.
        ("like", BOB, "bob", own["id"], NOW - 5 * DAY, f"like:{own['id']}:{BOB}"),
    ]
    assert pages[-1].done


def test_a_second_reading_asks_about_new_reactions_alone(x: FakeTwitter, call: Call) -> None:
    own = [x.post(ALICE, NOW - 5 * DAY + index * HOUR) for index in range(3)]
    for post in own:
        x.repost(BOB, NOW - 2 * DAY, post)
    first = pull(call(), "posts")
    x.asked.clear()
    again = pull(call(), "posts", first[-1].cursor)
    assert keys(again) == []
    assert [asked.path for asked in x.asked] == [f"/2/users/{ALICE}/tweets"]
    new = x.repost(CHARLIE, NOW - DAY, own[1])["id"]
    assert set(keys(pull(call(), "posts", again[-1].cursor))) - set(keys(first)) == {new}


def test_older_posts_are_read_again_once_a_week(x: FakeTwitter, call: Call) -> None:
    old = x.post(ALICE, NOW - 40 * DAY)
    cursor = pull(call(), "posts")[-1].cursor
    x.repost(BOB, NOW, old)
    assert some(pull(call(), "posts", cursor, subject(now=NOW + DAY)), Post) == []
    later = pull(call(), "posts", cursor, subject(now=NOW + 8 * DAY))
    assert [i.actor for i in some(later, Interaction)] == [BOB]


def test_posts_go_on_in_the_middle_of_the_list_and_of_the_reactions(x: FakeTwitter, call: Call) -> None:
    own = [x.post(ALICE, NOW - 20 * DAY + index * HOUR) for index in range(130)]
    for index in range(120):
        x.repost(x.person(index), NOW - DAY + index * timedelta(minutes=1), own[0])
    x.quote(BOB, NOW - DAY, own[129])
    whole = pull(call(), "posts")
    pages, cursor = [], {}
    while not pages or not pages[-1].done:
        pages += pull(call(), "posts", cursor, pages=1)
        cursor = pages[-1].cursor
    assert keys(pages) == keys(whole)
    assert len(set(keys(pages))) == 121
    assert len(some(pages, Post)) == 130
    assert cursor == whole[-1].cursor


def test_a_post_that_went_meanwhile_stops_nothing(x: FakeTwitter, call: Call) -> None:
    gone, own = x.post(ALICE, NOW - 2 * DAY), x.post(ALICE, NOW - DAY)
    for post in (gone, own):
        x.repost(BOB, NOW - HOUR, post)
    listed = pull(call(), "posts", pages=1)
    x.posts.remove(gone)
    pages = pull(call(), "posts", listed[-1].cursor)
    assert [i.post for i in some(pages, Interaction)] == [own["id"]]
    assert pages[-1].done


def test_what_one_may_not_see_of_posts_is_said_once_and_costs_nothing_else(x: FakeTwitter, call: Call) -> None:
    x.forbidden.add("liking_users")
    for index in range(3):
        own = x.post(ALICE, NOW - 2 * DAY + index * HOUR)
        x.like(BOB, own)
        x.repost(CHARLIE, NOW - DAY, own)
    pages = pull(call(), "posts")
    assert [i.verb for i in some(pages, Interaction)] == ["share"] * 3
    (rejected,) = some(pages, Rejected)
    assert "X does not let us read this" in rejected.reason
    assert pages[-1].done
    assert sum(asked.path.endswith("liking_users") for asked in x.asked) == 1


@pytest.mark.parametrize(("value", "left"), [(None, 3), (2**50, 3), ("12", 4), (-3, 3), ([], 3)])
def test_an_odd_total_is_rejected_and_costs_no_other(x: FakeTwitter, call: Call, value: object, left: int) -> None:
    item = x.post(ALICE, NOW - 5 * DAY)
    item["public_metrics"] |= {"like_count": value, "retweet_count": 4, "quote_count": 2, "reply_count": 3}
    pages = pull(call(), "posts")
    assert len(some(pages, PostTotal)) == left
    assert [rejected.where for rejected in some(pages, Rejected)] == [f"post {item['id']}"] * (4 - left)


# ---------------------------------------------------------------- lists and followers
def test_lists_name_their_owners_as_standing_relations(x: FakeTwitter, call: Call) -> None:
    for index in range(130):
        x.listed(x.person(index))
    x.lists[3]["owner_id"] = None
    pages = pull(call(), "lists")
    assert len(some(pages, Interaction)) == 129
    assert {(i.verb, i.occurred_at) for i in some(pages, Interaction)} == {("list", None)}
    assert some(pages, Rejected)[0].reason == "owner_id is None, not an id of X"
    assert [page.items for page in pages] == [{"list": 100}, {"list": 30}]


def test_where_a_reading_of_followers_was_is_kept_without_naming_anybody(x: FakeTwitter, call: Call) -> None:
    x.followers = [x.person(index) for index in range(30)]
    cursors = [page.cursor for page in pull(call(), "followers")]
    assert cursors[-1]["known"]
    assert not [number for number in x.followers if number in str(cursors)]


def test_followers_are_read_once_and_then_the_new_ones(x: FakeTwitter, call: Call) -> None:
    x.followers = [x.person(index) for index in range(300)]
    first = pull(call(), "followers")
    assert keys(first) == x.followers[::-1]
    assert {(i.verb, i.occurred_at, i.post) for i in some(first, Interaction)} == {("follow", None, "")}
    assert x.asked[0].param("max_results") == "1000"
    x.asked.clear()
    new = [x.person(index) for index in range(300, 345)]
    x.followers += new
    again = pull(call(), "followers", first[-1].cursor)
    assert set(keys(again)) >= set(new)
    # 20, then 40: the whole list is not paid for once more.
    assert [asked.param("max_results") for asked in x.asked] == ["20", "40"]


def test_a_reading_takes_at_most_1000_followers_and_goes_on_the_next_day(x: FakeTwitter, call: Call) -> None:
    x.followers = [x.person(index) for index in range(2300)]
    read: list[str] = []
    cursor: dict[str, Any] = {}
    for portion in (1000, 1000, 300):
        pages = pull(call(), "followers", cursor)
        assert len(keys(pages)) == portion
        assert pages[-1].done
        read, cursor = read + keys(pages), pages[-1].cursor
    assert read == x.followers[::-1]


def test_a_place_that_x_forgot_begins_anew(x: FakeTwitter, call: Call) -> None:
    x.followers = [x.person(index) for index in range(1200)]
    cursor = pull(call(), "followers")[-1].cursor
    x.forgetful = True
    assert len(keys(pull(call(), "followers", cursor))) == 1000
    for index in range(250):
        x.listed(x.person(index))
    # What it forgets within one reading is trouble, not a reason to begin for ever.
    with pytest.raises(Unreachable, match="400"):
        pull(call(), "lists")


def test_protected_accounts_are_counted_and_not_named(x: FakeTwitter, call: Call) -> None:
    x.users[BOB]["protected"] = True
    own = x.post(ALICE, NOW - DAY)
    for someone in (BOB, CHARLIE):
        x.followers.append(someone)
        x.like(someone, own)
        x.mention(someone, NOW - HOUR)
    for stream in ("followers", "posts", "mentions"):
        assert {i.actor for i in some(pull(call(), stream), Interaction)} == {CHARLIE}
    assert [total.total for total in some(pull(call(), "posts"), PostTotal)] == [2]


# ---------------------------------------------------------------- answers of the real X
def test_answers_that_x_really_gave_are_read(x: FakeTwitter, call: Call, data: Path) -> None:
    folder = data / "api" / "x_v2_sns_sdks" / "apis"

    def answer(name: str) -> Reply:
        told = json.loads((folder / name).read_text())
        told["meta"].pop("next_token", None)
        return Reply(data=told)

    x.faults.append(answer("timeline/timeline_tweets.json"))
    posts = pull(call(), "posts", who=subject(now=datetime(2021, 2, 25, tzinfo=UTC)), pages=1)
    assert (len(some(posts, Post)), some(posts, Rejected)) == (5, [])
    queue = [["1", "2021-02-24T00:00:00Z", verb, 100, ""] for verb in ("quote", "share", "like")]
    for name in ("tweet_quote_tweets_resp", "tweet_retweet_tweets_resp", "tweet_liking_users_resp"):
        x.faults.append(answer(f"tweet/{name}.json"))
    reactions = pull(call(), "posts", {"seen": {}, "full": "2021-02-24T00:00:00Z", "queue": queue})
    assert [len(some([page], Interaction)) for page in reactions] == [15, 8, 4]
    assert all(i.actor_handle for i in some(reactions, Interaction))
    x.faults.append(answer("user/followers_resp.json"))
    assert [i.actor_handle for i in some(pull(call(), "followers"), Interaction)][:1] == ["Aman64539368"]
    x.faults.append(answer("lists/user_memberships_lists_resp.json"))
    assert keys(pull(call(), "lists")) == ["1227213680120479745"]

"""Facebook's Graph API against a server on 127.0.0.1 that speaks it: people, pages, permissions, limits."""

import json
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
from tests.fakes.facebook import ALICE, BAKERY, PAGE_TOKEN, TOKEN, FakeFacebook
from tests.fakes.graph import proof_of, stamp
from tests.fakes.loopback import Reply

FACEBOOK = NETWORKS["facebook"]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PERSON = Subject(ALICE, now=NOW)
PAGE = Subject(BAKERY, "bakery", kind="page", now=NOW)
Call = Callable[..., Http]


@pytest.fixture
def facebook() -> Iterator[FakeFacebook]:
    with FakeFacebook() as fake:
        yield fake


@pytest.fixture
def call(facebook: FakeFacebook) -> Iterator[Call]:
    with doors(FACEBOOK, facebook, TOKEN) as make:
        yield make


@pytest.fixture
def as_page(call: Call) -> Http:
    return call(token=PAGE_TOKEN)


def pull(
    http: Http, stream: str, cursor: dict[str, Any] | None = None, who: Subject = PERSON, pages: int = 10_000
) -> list[Page]:
    read: list[Page] = []
    cursors = []
    for page in FACEBOOK.pull(http, who, stream, json.loads(json.dumps(cursor or {}))):
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
    return [interaction.key or interaction.actor for interaction in some(pages, Interaction)]


# ---------------------------------------------------------------- people
def test_the_profile_names_the_owner_and_how_many_friends(call: Call) -> None:
    (page,) = pull(call(), "profile")
    assert page.done
    assert page.records == [Owner(ALICE, "", "Alice Beispiel"), Counter("friends", 321)]
    assert pull(call(), "profile", who=Subject("", now=NOW))[0].records == page.records


def test_friends_that_were_not_permitted_are_said(facebook: FakeFacebook, call: Call) -> None:
    facebook.granted.remove("user_friends")
    pages = pull(call(), "profile")
    assert some(pages, Counter) == []
    assert "user_friends" in some(pages, Rejected)[0].reason
    assert "user_friends" in some(pull(call(), "friends"), Rejected)[0].reason


def test_the_token_of_somebody_else_is_revoked(facebook: FakeFacebook, call: Call) -> None:
    facebook.tokens[TOKEN] = BAKERY
    with pytest.raises(Revoked, match=f"the token is of the account {BAKERY}, not of {ALICE}"):
        pull(call(), "profile")


def test_friends_who_are_here_too_are_connections(facebook: FakeFacebook, call: Call) -> None:
    facebook.friends = [{"id": str(number), "name": f"Friend {number}"} for number in range(1, 131)]
    facebook.friends[4]["id"] = None
    pages = pull(call(), "friends")
    assert {(i.verb, i.occurred_at) for i in some(pages, Interaction)} == {("connect", None)}
    assert len(set(keys(pages))) == 129
    assert some(pages, Rejected)[0].where == "friend None"


@pytest.mark.parametrize("deaf", [False, True])
def test_posts_come_with_totals_and_are_read_for_90_days(facebook: FakeFacebook, call: Call, deaf: bool) -> None:
    facebook.deaf = deaf
    for index in range(120):
        facebook.post(ALICE, NOW - 99 * DAY + index * HOUR)
    facebook.post(ALICE, NOW - 91 * DAY)
    item = facebook.post(ALICE, NOW - 5 * DAY, shares={"count": 3})
    item["reactions"]["summary"]["total_count"] = 17
    item["comments"]["summary"]["total_count"] = 4
    facebook.post(ALICE, NOW - 4 * DAY)
    pages = pull(call(), "posts")
    assert [post.posted_at for post in some(pages, Post)] == [NOW - 4 * DAY, NOW - 5 * DAY]
    assert some(pages, PostTotal) == [
        PostTotal(item["id"], "like", 17, NOW - 5 * DAY),
        PostTotal(item["id"], "reply", 4, NOW - 5 * DAY),
        PostTotal(item["id"], "share", 3, NOW - 5 * DAY),
    ]
    assert some(pages, Post)[1].url == item["permalink_url"]
    # Older ones are not gone through to the end.
    assert len(facebook.asked) <= 2


@pytest.mark.parametrize("by_time", [False, True])
def test_pages_are_read_to_the_end_and_from_the_middle_on(facebook: FakeFacebook, call: Call, by_time: bool) -> None:
    facebook.by_time = by_time
    all_of_them = [facebook.post(ALICE, NOW - 30 * DAY + index * HOUR)["id"] for index in range(130)]
    first = pull(call(), "posts", pages=1)
    rest = pull(call(), "posts", first[-1].cursor)
    assert [post.post for post in some(first + rest, Post)] == all_of_them[::-1]
    assert [len(some([page], Post)) for page in first + rest] == [50, 50, 30]
    assert (first[-1].done, rest[-1].done, rest[-1].cursor) == (False, True, {})
    # The addresses of next pages led to another host, with a token in them.
    assert len(facebook.asked) == 3
    assert all(asked.param("access_token") == "" for asked in facebook.asked)


def test_a_place_that_facebook_forgot_begins_anew(facebook: FakeFacebook, call: Call) -> None:
    for index in range(60):
        facebook.post(ALICE, NOW - 30 * DAY + index * HOUR)
    cursor = pull(call(), "posts", pages=1)[-1].cursor
    facebook.forgetful = True
    again = pull(call(), "posts", cursor, pages=1)
    assert len(some(again, Post)) == 50


def test_pages_that_do_not_go_on_end(facebook: FakeFacebook, call: Call) -> None:
    paging = {"cursors": {"after": "p50"}, "next": "https://graph.facebook.com/x?after=p50"}
    same = Reply(data={"data": [facebook.post(ALICE, NOW - DAY)], "paging": paging})
    facebook.faults.extend([same, same])
    with pytest.raises(Unreachable, match="does not go on"):
        pull(call(), "posts")


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("id", None, "id is None"),
        ("id", 5, "id is 5"),
        ("id", "x" * 300, "id is "),
        ("id", "../me/accounts?x=", "id is '../me/accounts?x='"),
        ("created_time", "1/2/2026", "created_time is '1/2/2026'"),
        ("created_time", None, "created_time is None"),
        ("reactions", {"summary": {"total_count": "many"}}, "reactions is 'many'"),
        ("reactions", {"summary": {"total_count": 2**60}}, "reactions is 1152921504606846976"),
        ("comments", {"summary": {"total_count": -1}}, "comments is -1"),
        ("shares", {"count": True}, "shares is True"),
        ("shares", [], "shares is []"),
    ],
)
def test_an_odd_value_is_rejected_with_its_place(
    facebook: FakeFacebook, call: Call, name: str, value: object, reason: str
) -> None:
    good = facebook.post(ALICE, NOW - 2 * DAY)["id"]
    facebook.post(ALICE, NOW - DAY)[name] = value
    pages = pull(call(), "posts")
    (rejected,) = some(pages, Rejected)
    assert rejected.where.startswith("post ")
    assert reason in rejected.reason
    assert good in [post.post for post in some(pages, Post)]


@pytest.mark.parametrize("row", [None, 7, "post", [], {}])
def test_what_is_no_post_is_rejected(facebook: FakeFacebook, call: Call, row: object) -> None:
    facebook.faults.append(Reply(data={"data": [row]}))
    pages = pull(call(), "posts")
    assert len(some(pages, Rejected)) == 1
    assert pages[-1].done


@pytest.mark.parametrize("answer", [[], "x", {"data": {}}, {}, {"data": None}])
def test_what_is_no_list_is_unusable(facebook: FakeFacebook, call: Call, answer: object) -> None:
    facebook.faults.append(Reply(data=answer))
    with pytest.raises(Unreachable, match=r"not a list|not an object"):
        pull(call(), "posts")


# ---------------------------------------------------------------- pages
def test_pages_come_with_tokens_of_their_own(facebook: FakeFacebook, call: Call) -> None:
    facebook.accounts += [{"id": str(number), "name": "P", "access_token": f"t{number}"} for number in range(1, 120)]
    facebook.accounts += [{"id": "500", "name": "Only to look at"}, {"name": "No id", "access_token": "t"}]
    found = FACEBOOK.pages(call(), PERSON)
    assert found[0] == (Owner(BAKERY, "bakery", "Bäckerei Ä 🥐"), PAGE_TOKEN)
    assert len(found) == 120
    facebook.granted.remove("pages_show_list")
    assert FACEBOOK.pages(call(), PERSON) == []


def test_a_page_has_followers_and_its_token_is_checked_too(facebook: FakeFacebook, call: Call, as_page: Http) -> None:
    assert pull(as_page, "profile", who=PAGE)[0].records == [
        Owner(BAKERY, "bakery", "Bäckerei Ä 🥐"),
        Counter("followers", 4321),
    ]
    with pytest.raises(Revoked, match="the token is of the account"):
        pull(call(), "profile", who=PAGE)


def test_the_feed_of_a_page_tells_its_posts_from_those_of_others(facebook: FakeFacebook, as_page: Http) -> None:
    own = facebook.post(BAKERY, NOW - 3 * DAY)
    own["reactions"]["summary"]["total_count"] = 5
    theirs = facebook.post(BAKERY, NOW - 2 * DAY, author="77")
    theirs["reactions"]["summary"]["total_count"] = 500
    pages = pull(as_page, "feed", who=PAGE)
    assert [post.post for post in some(pages, Post)] == [own["id"]]
    assert [(total.verb, total.total) for total in some(pages, PostTotal)] == [("like", 5)]
    assert some(pages, Interaction) == [
        Interaction("mention", "77", NOW - 2 * DAY, "", theirs["id"], actor_handle="Name of 77")
    ]


def test_comments_name_who_and_the_page_s_own_are_left_out(facebook: FakeFacebook, as_page: Http) -> None:
    post = facebook.post(BAKERY, NOW - 3 * DAY)
    facebook.post(BAKERY, NOW - 2 * DAY)
    said = facebook.comment(post, NOW - 2 * DAY, "77")
    facebook.comment(post, NOW - DAY, BAKERY)
    facebook.comment(post, NOW - DAY)
    pages = pull(as_page, "comments", who=PAGE)
    assert some(pages, Interaction) == [
        Interaction("reply", "77", NOW - 2 * DAY, post["id"], said["id"], actor_handle="Name of 77")
    ]
    assert pages[-1].done
    # A post without comments is not asked about.
    assert sum(asked.path.endswith("/comments") for asked in facebook.asked) == 1


def test_comments_go_on_in_the_middle_and_later_only_what_is_new_is_read(facebook: FakeFacebook, as_page: Http) -> None:
    posts = [facebook.post(BAKERY, NOW - 9 * DAY + index * HOUR) for index in range(3)]
    said = {
        facebook.comment(posts[index % 3], NOW - 8 * DAY + index * timedelta(minutes=1), str(index + 1))["id"]
        for index in range(600)
    }
    pages: list[Page] = []
    while not pages or not pages[-1].done:
        pages += pull(as_page, "comments", pages[-1].cursor if pages else {}, PAGE, pages=1)
    assert len(keys(pages)) == 600
    assert set(keys(pages)) == said
    facebook.asked.clear()
    again = pull(as_page, "comments", pages[-1].cursor, PAGE)
    assert (keys(again), len(facebook.asked), again[-1].done) == ([], 1, True)
    new = facebook.comment(posts[1], NOW, "9999")["id"]
    later = pull(as_page, "comments", again[-1].cursor, PAGE)
    assert set(keys(later)) - said == {new}
    assert sum(asked.path.endswith("/comments") for asked in facebook.asked) == 1


def test_a_post_that_went_meanwhile_stops_nothing(facebook: FakeFacebook, as_page: Http) -> None:
    for index in range(2):
        facebook.comment(facebook.post(BAKERY, NOW - 3 * DAY + index * HOUR), NOW - DAY, str(index + 1))
    first = pull(as_page, "comments", who=PAGE, pages=1)
    facebook.gone.add(facebook.feeds[BAKERY][1]["id"])
    rest = pull(as_page, "comments", first[-1].cursor, PAGE)
    assert [i.actor for i in some(rest, Interaction)] == ["1"]
    assert some(rest, Rejected) == []
    assert rest[-1].done


def test_trouble_that_passes_loses_no_comments(facebook: FakeFacebook, as_page: Http) -> None:
    facebook.comment(facebook.post(BAKERY, NOW - 3 * DAY), NOW - DAY, "77")
    first = pull(as_page, "comments", who=PAGE, pages=1)
    facebook.faults.append(facebook.error(2, "Service temporarily unavailable"))
    with pytest.raises(Unreachable, match="temporarily unavailable"):
        pull(as_page, "comments", first[-1].cursor, PAGE)
    assert [i.actor for i in some(pull(as_page, "comments", first[-1].cursor, PAGE), Interaction)] == ["77"]


def test_who_tagged_a_page_mentions_it(facebook: FakeFacebook, as_page: Http) -> None:
    facebook.tagged = [
        {"id": "1_1", "created_time": stamp(NOW - DAY), "from": {"id": "88", "name": "Bob"}},
        {"id": "1_2", "created_time": None, "from": {"id": "88", "name": "Bob"}},
        {"id": "1_3", "created_time": stamp(NOW - DAY)},
    ]
    pages = pull(as_page, "tagged", who=PAGE)
    assert some(pages, Interaction) == [Interaction("mention", "88", NOW - DAY, "", "1_1", actor_handle="Bob")]
    assert [(r.where, r.reason[:20]) for r in some(pages, Rejected)] == [("mention '1_2'", "created_time is None")]


# ---------------------------------------------------------------- Meta's own errors
@pytest.mark.parametrize(
    ("who", "stream", "permission"),
    [
        (PERSON, "posts", "user_posts"),
        (PAGE, "feed", "pages_read_engagement"),
        (PAGE, "comments", "pages_read_user_content"),
        (PAGE, "tagged", "pages_read_user_content"),
    ],
)
def test_a_permission_that_was_declined_is_named_and_the_link_goes_on(
    facebook: FakeFacebook, call: Call, who: Subject, stream: str, permission: str
) -> None:
    facebook.comment(facebook.post(BAKERY, NOW - 3 * DAY), NOW - DAY, "77")
    facebook.granted.remove(permission)
    pages = pull(call(token=PAGE_TOKEN if who is PAGE else TOKEN), stream, who=who)
    assert pages[-1].done
    (rejected,) = some(pages, Rejected)
    assert rejected.where == stream
    assert f"it needs the permission {permission}" in rejected.reason


def test_a_missing_permission_is_known_by_its_words_too(facebook: FakeFacebook, call: Call) -> None:
    said = "(#100) Object does not exist or cannot be loaded due to missing permission or reviewable feature."
    facebook.faults.append(facebook.error(100, said))
    (page,) = pull(call(), "posts")
    assert page.done
    assert "it needs the permission user_posts" in page.records[0].reason  # type: ignore[union-attr]


@pytest.mark.parametrize(("code", "status"), [(190, 400), (190, 401), (102, 400), (190, 500)])
def test_a_token_that_lapsed_is_revoked(facebook: FakeFacebook, call: Call, code: int, status: int) -> None:
    facebook.faults.append(facebook.error(code, "Error validating access token: Session has expired", 463, status))
    with pytest.raises(Revoked, match="Session has expired"):
        pull(call(), "posts")


@pytest.mark.parametrize("code", [4, 17, 32, 613, 80001])
@pytest.mark.parametrize(
    ("headers", "minutes"),
    [
        ({}, 60),
        ({"X-App-Usage": '{"call_count":100,"total_time":25}'}, 60),
        ({"X-App-Usage": '{"call_count":100,"estimated_time_to_regain_access":7}'}, 7),
        ({"X-Business-Use-Case-Usage": '{"1":[{"estimated_time_to_regain_access":19},{"type":"x"}],"2":3}'}, 19),
        ({"X-Business-Use-Case-Usage": "{not json"}, 60),
        ({"X-Business-Use-Case-Usage": '{"1":[{"estimated_time_to_regain_access":"soon"}]}'}, 60),
    ],
)
def test_too_many_calls_wait_as_long_as_meta_says(
    facebook: FakeFacebook, call: Call, code: int, headers: dict[str, str], minutes: int
) -> None:
    facebook.faults.append(facebook.error(code, "limit reached", headers=headers))
    with pytest.raises(RateLimited) as caught:
        pull(call(), "posts")
    assert caught.value.until == NOW + timedelta(minutes=minutes)
    assert caught.value.everybody == (code == 4)


def test_what_was_read_before_the_limit_is_kept(facebook: FakeFacebook, call: Call) -> None:
    for index in range(130):
        facebook.post(ALICE, NOW - 30 * DAY + index * HOUR)
    facebook.calls_left = 2
    read = pull(call(), "posts", pages=2)
    with pytest.raises(RateLimited) as caught:
        pull(call(), "posts", read[-1].cursor)
    assert len(some(read, Post)) == 100
    assert caught.value.until == NOW + timedelta(minutes=19)
    facebook.calls_left = 9
    assert len(some(pull(call(), "posts", read[-1].cursor), Post)) == 30


def test_trouble_at_meta_is_not_the_person_s_fault(facebook: FakeFacebook, call: Call) -> None:
    facebook.post(ALICE, NOW - DAY)
    facebook.faults.append(facebook.error(2, "Service temporarily unavailable", status=503))
    assert len(some(pull(call(), "posts"), Post)) == 1
    for reply in (facebook.error(1, "An unknown error occurred"), Reply(403, {"error": "odd"}), Reply(400, None)):
        facebook.faults.append(reply)
        with pytest.raises((Unreachable, Revoked)) as caught:
            pull(call(), "posts")
        assert isinstance(caught.value, Unreachable) or reply.status == 403


# ---------------------------------------------------------------- secrets
def test_every_call_carries_the_proof_of_the_secret(facebook: FakeFacebook, call: Call) -> None:
    facebook.secret = True
    facebook.comment(facebook.post(BAKERY, NOW - 3 * DAY), NOW - DAY, "77")
    facebook.post(ALICE, NOW - DAY)
    person = Subject(ALICE, token_proof=proof_of(TOKEN), now=NOW)
    page = Subject(BAKERY, kind="page", token_proof=proof_of(PAGE_TOKEN), now=NOW)
    for stream in FACEBOOK.spec.streams:
        assert pull(call(), stream, who=person)[-1].done
    for stream in FACEBOOK.spec.page_streams:
        assert pull(call(token=PAGE_TOKEN), stream, who=page)[-1].done
    assert FACEBOOK.pages(call(), person)
    with pytest.raises(Unreachable, match="appsecret_proof"):
        pull(call(), "posts")


def test_no_message_holds_a_token(facebook: FakeFacebook, call: Call) -> None:
    facebook.faults.append(facebook.error(190, f"Malformed access token {TOKEN}"))
    with pytest.raises(Revoked) as caught:
        pull(call(), "posts")
    assert TOKEN not in str(caught.value)
    assert "Malformed access token" in str(caught.value)
    facebook.faults.append(facebook.error(10, f"No permission for {TOKEN}"))
    assert TOKEN not in repr(pull(call(), "posts"))


def test_a_stream_that_is_not_there_is_a_mistake_of_ours(call: Call) -> None:
    with pytest.raises(ValueError, match="no stream 'feed' of a profile"):
        pull(call(), "feed")


# ---------------------------------------------------------------- answers of the real Facebook
def test_answers_that_facebook_really_gave_are_read(facebook: FakeFacebook, call: Call, data: Path) -> None:
    folder = data / "api" / "facebook_instagram_graph_sns_sdks"

    def answer(name: str, status: int = 200) -> Reply:
        return Reply(status, json.loads((folder / name).read_text()))

    # The first answer's next page is told by a time and a token, not by a cursor.
    names = ["facebook/apidata/posts/feed_fields_p1.json", "facebook/apidata/posts/feed_fields_p2.json"]
    facebook.faults.extend(answer(name) for name in names)
    pages = pull(call(), "posts", who=Subject(ALICE, now=datetime(2021, 7, 5, tzinfo=UTC)), pages=2)
    assert (len(some(pages, Post)), some(pages, Rejected)) == (10, [])
    assert (facebook.asked[1].param("until"), facebook.asked[1].param("access_token")) == ("1624385168", "")
    names = ["facebook/apidata/users/user_accounts_p1.json", "facebook/apidata/users/user_accounts_p2.json"]
    facebook.faults.extend(answer(name) for name in names)
    assert [owner.external_id for owner, _ in FACEBOOK.pages(call(), PERSON)][:3] == ["123", "1234", "123512"]
    facebook.faults.append(answer("base/error_data.json", 400))
    (page,) = pull(call(), "posts")
    assert "needs the permission" in some([page], Rejected)[0].reason

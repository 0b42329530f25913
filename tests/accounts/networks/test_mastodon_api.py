"""Mastodon's API against a server on 127.0.0.1 that speaks it: pages, cursors, faults, and values that are odd."""

from collections.abc import Callable
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
from tests.fakes.loopback import Asked, Reply
from tests.fakes.mastodon import FakeMastodon

START = datetime(2026, 11, 1, 8, tzinfo=UTC)
Call = Callable[..., Http]


def pull(http: Http, stream: str, server: FakeMastodon, cursor: dict[str, Any] | None = None) -> list[Page]:
    subject = Subject(f"alice@{server.domain}", "alice", server.url)
    return list(NETWORKS["mastodon"].pull(http, subject, stream, cursor or {}))


def some(pages: list[Page], kind: type) -> list[Any]:
    return [record for page in pages for record in page.records if isinstance(record, kind)]


# ---------------------------------------------------------------- profile
def test_the_profile_names_the_owner_and_the_counters(mastodon: FakeMastodon, call: Call) -> None:
    (page,) = pull(call(), "profile", mastodon)
    address = f"alice@{mastodon.host}"
    assert page.done
    assert page.records == [
        Owner(address, address, "Alice", datetime(2023, 1, 2, tzinfo=UTC)),
        Counter("followers", 12),
        Counter("following", 34),
        Counter("posts", 56),
    ]


@pytest.mark.parametrize("value", [-1, None, "many", 2**40, 1.5, True])
def test_an_odd_counter_is_rejected_and_costs_no_other(mastodon: FakeMastodon, call: Call, value: object) -> None:
    mastodon.profile["followers_count"] = value
    pages = pull(call(), "profile", mastodon)
    assert [counter.name for counter in some(pages, Counter)] == ["following", "posts"]
    assert "followers_count is" in some(pages, Rejected)[0].reason


def test_the_token_of_somebody_else_is_not_used(mastodon: FakeMastodon, call: Call) -> None:
    mastodon.username = "bob"
    with pytest.raises(Revoked, match=r"the token is of bob@.*, not of alice@"):
        pull(call(), "profile", mastodon)


def _profile(http: Http) -> str:
    (page,) = NETWORKS["mastodon"].pull(http, Subject(""), "profile", {})
    owner = page.records[0]
    assert isinstance(owner, Owner)
    return owner.external_id


def test_a_server_may_not_name_an_account_of_another(mastodon: FakeMastodon, call: Call) -> None:
    mastodon.profile["acct"] = "gargron@famous.example"
    with pytest.raises(Unreachable, match="does not name an account of its own"):
        _profile(call())


def test_a_server_may_not_claim_the_domain_of_another(mastodon: FakeMastodon, call: Call) -> None:
    with FakeMastodon() as famous:
        mastodon.domain = famous.host
        http = call(private_hosts=[mastodon.host, famous.host])
        assert _profile(http) == f"alice@{mastodon.host}"


def test_a_domain_that_points_back_is_the_address(
    mastodon: FakeMastodon, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    mastodon.domain = "town.example"
    mastodon.webfinger_of.add("town.example")
    # A server of one's own host, as if town.example answered over https.
    monkeypatch.setattr(Http, "elsewhere", lambda http, url: call(token=""))
    assert _profile(call()) == "alice@town.example"
    assert mastodon.asked[-1].param("resource") == "acct:alice@town.example"
    assert "authorization" not in mastodon.asked[-1].headers


def test_a_domain_that_points_elsewhere_is_not_the_address(
    mastodon: FakeMastodon, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    mastodon.domain = "town.example"
    link = {"rel": "self", "href": "https://social.town.example/users/alice"}
    monkeypatch.setattr(Http, "elsewhere", lambda http, url: call(token=""))
    mastodon.faults.extend([lambda asked: None, lambda asked: None, Reply(data={"links": [None, link]})])
    assert _profile(call()) == f"alice@{mastodon.host}"
    assert mastodon.asked[-1].path == "/.well-known/webfinger"


# ---------------------------------------------------------------- notifications
def test_it_reads_203_notifications_in_pages_from_the_oldest_on(mastodon: FakeMastodon, call: Call) -> None:
    mastodon.notify_many(203, START)
    pages = pull(call(), "notifications", mastodon)
    interactions = some(pages, Interaction)
    assert [len(some([page], Interaction)) for page in pages] == [80, 80, 43, 0]
    assert [interaction.key for interaction in interactions] == [str(number) for number in range(1, 204)]
    assert [page.cursor for page in pages] == [
        {"min_id": "80"},
        {"min_id": "160"},
        {"min_id": "203"},
        {"min_id": "203"},
    ]
    assert [page.done for page in pages] == [False, False, False, True]
    assert {interaction.verb for interaction in interactions} == {"like", "share", "mention", "follow", "quote"}
    assert mastodon.asked[0].param("limit") == "80"
    assert sorted(mastodon.asked[0].all("types[]")) == ["favourite", "follow", "mention", "quote", "reblog"]


def test_a_second_reading_yields_only_what_is_new(mastodon: FakeMastodon, call: Call) -> None:
    mastodon.notify_many(203, START)
    cursor = pull(call(), "notifications", mastodon)[-1].cursor
    assert some(pull(call(), "notifications", mastodon, cursor), Interaction) == []
    mastodon.notify("follow", "zoe@other.example", START)
    assert [i.actor for i in some(pull(call(), "notifications", mastodon, cursor), Interaction)] == [
        "zoe@other.example"
    ]


def test_reactions_name_who_and_on_which_post(mastodon: FakeMastodon, call: Call) -> None:
    mastodon.notify("favourite", "Bob@Other.Example", START, post=7)
    mastodon.notify("reblog", "charlie", START, post=7)
    mastodon.notify("mention", "bob@other.example", START)
    mastodon.notify("quote", "bob@other.example", START, post=8)
    mastodon.notify("follow", "charlie", START)
    pages = pull(call(), "notifications", mastodon)
    charlie, own = f"charlie@{mastodon.host}", f"https://{mastodon.host}/users/alice/statuses"
    assert [(i.verb, i.actor, i.post) for i in some(pages, Interaction)] == [
        ("like", "bob@other.example", f"{own}/7"),
        ("share", charlie, f"{own}/7"),
        ("mention", "bob@other.example", ""),
        ("quote", "bob@other.example", f"{own}/8"),
        ("follow", charlie, ""),
    ]
    assert {i.occurred_at for i in some(pages, Interaction)} == {START}
    assert {post.post for post in some(pages, Post)} == {f"{own}/7", f"{own}/8"}


def test_people_of_the_server_have_the_domain_of_the_account(mastodon: FakeMastodon, call: Call) -> None:
    mastodon.notify("follow", "charlie", START)
    pages = list(NETWORKS["mastodon"].pull(call(), Subject("alice@town.example"), "notifications", {}))
    assert some(pages, Interaction)[0].actor == "charlie@town.example"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"created_at": "yesterday"}, "created_at is 'yesterday'"),
        ({"created_at": "2026-11-01T08:00:00"}, "with its offset"),
        ({"created_at": "1999-11-01T08:00:00Z"}, "not between"),
        ({"created_at": None}, "created_at is None"),
        ({"account": None}, "account is None"),
        ({"account": {"acct": 7}}, "acct is 7"),
        ({"account": {"acct": "b\u0000b"}}, "acct is"),
        ({"account": {"acct": "bob@"}}, "not an address"),
        ({"status": {"uri": 5, "created_at": "2026-11-01T08:00:00Z"}}, "uri is 5"),
    ],
)
def test_an_odd_notification_is_rejected_and_costs_no_other(
    mastodon: FakeMastodon, call: Call, changes: dict[str, Any], reason: str
) -> None:
    mastodon.notify("follow", "charlie", START)
    mastodon.notify("favourite", "bob", START).update(changes)
    mastodon.notify("follow", "zoe", START)
    pages = pull(call(), "notifications", mastodon)
    (rejected,) = some(pages, Rejected)
    assert rejected.where == "notification '2'"
    assert reason in rejected.reason
    assert [interaction.key for interaction in some(pages, Interaction)] == ["1", "3"]


@pytest.mark.parametrize("item", [None, 7, "text", [], {"type": "favourite"}])
def test_what_is_no_notification_is_rejected(mastodon: FakeMastodon, call: Call, item: object) -> None:
    good = mastodon.notify("follow", "charlie", START)
    mastodon.faults.append(Reply(data=[good, item]))
    pages = pull(call(), "notifications", mastodon)
    assert len(some(pages, Rejected)) == 1
    assert [interaction.key for interaction in some(pages, Interaction)] == ["1"]


@pytest.mark.parametrize("data", [{"error": "odd"}, None, 7])
def test_an_answer_that_is_no_list_is_unreachable(mastodon: FakeMastodon, call: Call, data: object) -> None:
    mastodon.faults.append(Reply(data=data))
    with pytest.raises(Unreachable, match="not a list"):
        pull(call(), "notifications", mastodon)


def test_a_server_that_never_goes_on_is_left(mastodon: FakeMastodon, call: Call) -> None:
    mastodon.notify("follow", "charlie", START)

    def same(asked: Asked) -> Reply:
        return Reply(data=mastodon.notifications)

    mastodon.faults.extend([same] * 50)
    with pytest.raises(Unreachable, match="notifications after 1 do not go on"):
        pull(call(), "notifications", mastodon)
    assert len(mastodon.asked) == 2


ODD_LINKS = ["<http://[>; rel=prev", '<x?min_id=a b>; rel="prev"', ", ; <", '<?min_id=0>; rel="prev"']


@pytest.mark.parametrize("link", ODD_LINKS)
def test_an_odd_link_to_newer_ones_loses_nothing(mastodon: FakeMastodon, call: Call, link: str) -> None:
    mastodon.notify_many(100, START)
    mastodon.faults.append(lambda asked: Reply(data=mastodon.route(asked).data, headers={"Link": link}))
    assert len(some(pull(call(), "notifications", mastodon), Interaction)) == 100


def test_a_rate_limit_in_the_middle_keeps_the_pages_before_it(mastodon: FakeMastodon, call: Call) -> None:
    mastodon.notify_many(203, START)
    mastodon.remaining = 1
    pages = NETWORKS["mastodon"].pull(call(), Subject(f"alice@{mastodon.host}"), "notifications", {})
    first = next(pages)
    assert first.cursor == {"min_id": "80"}
    with pytest.raises(RateLimited) as limited:
        next(pages)
    assert limited.value.until == mastodon.resets_at
    mastodon.remaining = 300
    rest = pull(call(), "notifications", mastodon, first.cursor)
    assert [i.key for i in some(rest, Interaction)] == [str(number) for number in range(81, 204)]


def test_a_fault_in_the_middle_is_passed_over(mastodon: FakeMastodon, call: Call) -> None:
    mastodon.notify_many(203, START)
    mastodon.faults.extend([Reply(503, {}), Reply(hang_up=True), lambda asked: None, Reply(500, {})])
    assert len(some(pull(call(), "notifications", mastodon), Interaction)) == 203


@pytest.mark.parametrize("scopes", [None, {"profile"}])
def test_a_token_that_is_gone_or_too_weak_is_revoked(
    mastodon: FakeMastodon, call: Call, scopes: set[str] | None
) -> None:
    mastodon.tokens = dict.fromkeys(mastodon.tokens, scopes) if scopes else {}
    with pytest.raises(Revoked, match=r"access token is invalid|outside the authorized scopes"):
        pull(call(), "notifications", mastodon)


def test_it_has_no_other_streams(mastodon: FakeMastodon, call: Call) -> None:
    with pytest.raises(ValueError, match="no stream"):
        pull(call(), "home", mastodon)
    assert NETWORKS["mastodon"].spec.streams == ("profile", "notifications", "followers", "posts")


# ---------------------------------------------------------------- followers
def test_all_followers_are_read_once_then_only_new_ones(mastodon: FakeMastodon, call: Call) -> None:
    mastodon.follow(*(f"person{number}@other.example" for number in range(199)), "charlie")
    first = pull(call(), "followers", mastodon)
    assert [len(page.records) for page in first] == [80, 80, 40]
    assert some(first, Interaction)[0].actor == f"charlie@{mastodon.host}"
    assert {(i.verb, i.occurred_at) for i in some(first, Interaction)} == {("follow", None)}
    mastodon.asked.clear()
    mastodon.follow("zoe@other.example")
    again = pull(call(), "followers", mastodon, first[-1].cursor)
    assert some(again, Interaction)[0].actor == "zoe@other.example"
    assert [asked.path.rpartition("/")[2] for asked in mastodon.asked] == ["verify_credentials", "followers"]


def test_reading_followers_goes_on_in_the_middle(mastodon: FakeMastodon, call: Call) -> None:
    mastodon.follow(*(f"person{number}@other.example" for number in range(200)))
    pages = NETWORKS["mastodon"].pull(call(), Subject(f"alice@{mastodon.host}"), "followers", {})
    first = next(pages)
    rest = pull(call(), "followers", mastodon, first.cursor)
    actors = [i.actor for i in some([first, *rest], Interaction)]
    assert len(actors) == len(set(actors)) == 200


def test_where_a_reading_was_is_kept_without_naming_anybody(mastodon: FakeMastodon, call: Call) -> None:
    mastodon.follow(*(f"person{number}@other.example" for number in range(200)))
    for page in pull(call(), "followers", mastodon):
        assert "person" not in str(page.cursor)


def test_followers_of_somebody_else_are_not_read(mastodon: FakeMastodon, call: Call) -> None:
    mastodon.username = "bob"
    with pytest.raises(Revoked, match=r"the token is of bob@"):
        pull(call(), "followers", mastodon)


def test_an_odd_follower_is_rejected_and_costs_no_other(mastodon: FakeMastodon, call: Call) -> None:
    mastodon.follow("bob@other.example", "charlie@other.example")
    mastodon.followers.insert(1, {"id": "5", "acct": "no address@"})
    pages = pull(call(), "followers", mastodon)
    assert [rejected.where for rejected in some(pages, Rejected)] == ["followers, record 2"]
    assert len(some(pages, Interaction)) == 2


# ---------------------------------------------------------------- own posts
def test_totals_of_own_posts_are_read_as_a_visitor(mastodon: FakeMastodon, call: Call) -> None:
    mastodon.post(1, START - timedelta(days=120), favourites_count=50)
    mastodon.post(2, START, favourites_count=3, reblogs_count=2, quotes_count=1, replies_count=9)
    pages = pull(call(), "posts", mastodon)
    (post,) = some(pages, Post)
    assert (post.post, post.posted_at) == (f"https://{mastodon.host}/users/alice/statuses/2", START)
    # Answers are mentions already.
    assert {(total.verb, total.total) for total in some(pages, PostTotal)} == {("like", 3), ("share", 2), ("quote", 1)}
    assert all("authorization" not in asked.headers for asked in mastodon.asked)
    assert pages[-1].done


def test_posts_come_in_pages_and_go_on_in_the_middle(mastodon: FakeMastodon, call: Call) -> None:
    for number in range(1, 91):
        mastodon.post(number, START + timedelta(minutes=number), favourites_count=1)
    subject = Subject(f"alice@{mastodon.host}")
    first = next(NETWORKS["mastodon"].pull(call(), subject, "posts", {}))
    assert len(some([first], Post)) == 40
    rest = pull(call(), "posts", mastodon, first.cursor)
    assert len({total.post for total in some([first, *rest], PostTotal)}) == 90


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"favourites_count": -1}, "favourites_count is -1"),
        ({"created_at": "yesterday"}, "created_at is 'yesterday'"),
        ({"uri": None}, "uri is None"),
    ],
)
def test_an_odd_post_is_rejected_and_costs_no_other(
    mastodon: FakeMastodon, call: Call, changes: dict[str, Any], reason: str
) -> None:
    mastodon.post(1, START, reblogs_count=1)
    mastodon.post(2, START, reblogs_count=1).update(changes)
    pages = pull(call(), "posts", mastodon)
    (rejected,) = some(pages, Rejected)
    assert rejected.where == "status '2'"
    assert reason in rejected.reason
    assert f"https://{mastodon.host}/users/alice/statuses/1" in {total.post for total in some(pages, PostTotal)}


def test_a_server_that_shows_posts_to_members_alone_breaks_no_link(mastodon: FakeMastodon, call: Call) -> None:
    mastodon.members_only = True
    (page,) = pull(call(), "posts", mastodon)
    assert page.done
    assert [rejected.reason for rejected in some([page], Rejected)] == [f"{mastodon.host} shows no posts to visitors"]


# ---------------------------------------------------------------- finding an account without a token
def test_an_account_is_found_with_its_note_and_links(mastodon: FakeMastodon, call: Call) -> None:
    mastodon.webfinger_of.add(mastodon.host)
    link = '<a href="https://klout.example/alice" rel="me"><span class="invisible">https://</span>klout.example</a>'
    mastodon.fields = [{"name": "Score", "value": link, "verified_at": None}, None]
    owner = NETWORKS["mastodon"].find(call(token=""), f"@Alice@{mastodon.host}")
    assert owner.external_id == f"alice@{mastodon.host}"
    lines = owner.about.splitlines()
    assert "klout-7f3k9-q2m4x" in lines
    assert "https://klout.example/alice" in lines


def test_an_account_of_another_server_is_asked_there(
    mastodon: FakeMastodon, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    mastodon.domain = "town.example"
    mastodon.webfinger_of.add("town.example")
    asked: list[str] = []

    def elsewhere(http: Http, url: str) -> Http:
        asked.append(url)
        return call(token="")

    monkeypatch.setattr(Http, "elsewhere", elsewhere)
    owner = NETWORKS["mastodon"].find(call(base_url="https://anywhere.invalid", token=""), "alice@town.example")
    assert owner.external_id == "alice@town.example"
    assert asked == ["https://town.example", f"https://{mastodon.host}"]


@pytest.mark.parametrize("typed", ["", "alice", "alice@", "https://town.example/about"])
def test_what_is_no_address_is_not_looked_for(mastodon: FakeMastodon, call: Call, typed: str) -> None:
    with pytest.raises(BadRecord, match="not an address such as user@host"):
        NETWORKS["mastodon"].find(call(token=""), typed)
    assert mastodon.asked == []


def test_an_account_of_nobody_is_not_found(mastodon: FakeMastodon, call: Call) -> None:
    mastodon.webfinger_of.add(mastodon.host)
    with pytest.raises(NotFound):
        NETWORKS["mastodon"].find(call(token=""), f"nobody@{mastodon.host}")

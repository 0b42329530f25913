"""Mastodon's API against a server on 127.0.0.1 that speaks it: pages, cursors, faults, and values that are odd."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from accounts.networks import NETWORKS
from accounts.networks.base import (
    Counter,
    Interaction,
    Owner,
    Page,
    Post,
    RateLimited,
    Rejected,
    Revoked,
    Subject,
    Unreachable,
)
from accounts.networks.http import Http
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
    assert NETWORKS["mastodon"].spec.streams == ("profile", "notifications")

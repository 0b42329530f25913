"""GitHub's API against a server on 127.0.0.1 that speaks it."""

import json
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
from tests.fakes.door import NOW, doors
from tests.fakes.github import START, TOKEN, FakeGitHub, at
from tests.fakes.loopback import Reply

GITHUB = NETWORKS["github"]
ALICE = Subject("1001", "alice", now=NOW)
Call = Callable[..., Http]


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with FakeGitHub() as fake:
        yield fake


@pytest.fixture
def call(github: FakeGitHub) -> Iterator[Call]:
    with doors(GITHUB, github, TOKEN) as make:
        yield make


def pull(http: Http, stream: str, cursor: dict[str, Any] | None = None, subject: Subject = ALICE) -> list[Page]:
    pages = list(GITHUB.pull(http, subject, stream, cursor or {}))
    json.dumps([page.cursor for page in pages])
    return pages


def some(pages: list[Page], kind: type) -> list[Any]:
    return [record for page in pages for record in page.records if isinstance(record, kind)]


def keys(pages: list[Page]) -> list[str]:
    return [interaction.key or interaction.actor for interaction in some(pages, Interaction)]


def test_the_profile_names_the_owner_and_the_counters(github: FakeGitHub, call: Call) -> None:
    (page,) = pull(call(), "profile", subject=Subject(""))
    assert page.records[0] == Owner(
        "1001",
        "alice",
        "Alice Archer",
        datetime(2015, 3, 4, 5, 6, 7, tzinfo=UTC),
        "I write code\nhttps://alice.example",
    )
    assert {counter.name: counter.value for counter in some([page], Counter)} == {
        "followers": 3,
        "repositories": 2,
    }


def test_stars_and_forks_of_own_repositories_are_counted(github: FakeGitHub, call: Call) -> None:
    github.repository("kite", 1, stargazers_count=40, forks_count=4)
    github.repository("sail", 2, stargazers_count=2, forks_count=1)
    github.repository("of-bob", 3, fork=True, stargazers_count=900)
    assert some(pull(call(), "stars"), Counter) == [Counter("stars", 42)]
    assert some(pull(call(), "forks"), Counter) == [Counter("forks", 5)]


def test_the_token_of_somebody_else_is_not_used(github: FakeGitHub, call: Call) -> None:
    github.user |= {"id": 1002, "login": "bob"}
    with pytest.raises(Revoked, match=r"the token is of bob \(1002\), not of 1001"):
        pull(call(), "profile")


def test_a_user_who_changed_their_name_is_the_same(github: FakeGitHub, call: Call) -> None:
    github.user["login"] = "alice-archer"
    assert some(pull(call(), "profile"), Owner)[0].handle == "alice-archer"


@pytest.mark.parametrize("value", [-1, None, "many", 2**40, 1.5, True])
def test_an_odd_counter_is_rejected_and_costs_no_other(github: FakeGitHub, call: Call, value: object) -> None:
    github.user["followers"] = value
    pages = pull(call(), "profile")
    assert {counter.name for counter in some(pages, Counter)} == {"repositories"}
    assert "followers is" in some(pages, Rejected)[0].reason


@pytest.mark.parametrize("user", [None, [], {"login": "alice"}, {"login": "alice", "id": "1001"}, {"id": 1001}])
def test_an_answer_that_names_nobody_is_unreachable(github: FakeGitHub, call: Call, user: Any) -> None:
    github.user = user
    with pytest.raises(Unreachable, match="does not name an account"):
        pull(call(), "profile")


def test_followers_are_read_in_pages(github: FakeGitHub, call: Call) -> None:
    github.many(230)
    pages = pull(call(), "followers")
    assert [len(page.records) for page in pages] == [100, 100, 30]
    assert pages[-1].done
    first = some(pages, Interaction)[0]
    assert (first.verb, first.actor, first.actor_handle, first.occurred_at) == ("follow", "2000", "person2000", None)


def test_followers_that_have_not_changed_are_not_sent_again(github: FakeGitHub, call: Call) -> None:
    github.many(200)
    cursor = pull(call(), "followers")[-1].cursor
    remaining = github.remaining
    assert some(pull(call(), "followers", cursor), Interaction) == []
    assert github.remaining == remaining
    github.followers.append(github.person(5000))
    assert keys(pull(call(), "followers", cursor)) == ["5000"]


def test_stars_and_forks_name_who_and_when(github: FakeGitHub, call: Call) -> None:
    github.repository("kite", 7)
    github.star("kite", 2000, START)
    github.fork("kite", 2001, START)
    assert some(pull(call(), "stars"), Interaction) == [
        Interaction("like", "2000", START, "repository:7", "star:7:2000", "person2000")
    ]
    assert some(pull(call(), "forks"), Interaction) == [
        Interaction("share", "2001", START, "repository:7", "fork:902001", "person2001")
    ]


@pytest.mark.parametrize("stream", ["stars", "forks", "comments"])
def test_a_second_reading_finds_nothing_new_and_then_what_is_new(github: FakeGitHub, call: Call, stream: str) -> None:
    github.many(250)
    first = pull(call(), stream)
    assert len(set(keys(first))) == 250
    cursor = first[-1].cursor
    assert first[-1].done
    assert set(keys(pull(call(), stream, cursor))) <= set(keys(first))
    later = START + timedelta(days=90)
    for add in (github.star, github.fork, github.comment):
        add("kite", 5000, later)
    second = some(pull(call(), stream, cursor), Interaction)
    assert [i.actor for i in second if i.key not in keys(first)] == ["5000"]
    assert len(second) <= 101


@pytest.mark.parametrize("stream", ["stars", "forks", "comments", "followers"])
def test_reading_goes_on_where_it_was_cut_off(github: FakeGitHub, call: Call, stream: str) -> None:
    github.many(250)
    pages = GITHUB.pull(call(), ALICE, stream, {})
    first = next(pages)
    github.remaining = 0
    with pytest.raises(RateLimited) as limited:
        next(pages)
    assert limited.value.until == github.resets_at
    github.remaining = 5000
    rest = pull(call(), stream, first.cursor)
    assert len(set(keys([first]))) == 100 or stream in ("stars", "forks")
    assert len(set(keys([first, *rest]))) == 250
    assert len(keys([first, *rest])) <= 252


def test_stars_taken_back_during_the_reading_hide_no_other(github: FakeGitHub, call: Call) -> None:
    github.many(250)
    pages = GITHUB.pull(call(), ALICE, "stars", {})
    found = [next(pages)]
    del github.stars["kite"][:60]
    found += list(pages)
    assert {key for key in keys(found) if int(key.split(":")[2]) >= 2060} == {
        f"star:1:{number}" for number in range(2060, 2250)
    }


def test_stars_gone_and_new_ones_do_not_hide_each_other(github: FakeGitHub, call: Call) -> None:
    github.many(250)
    cursor = pull(call(), "stars")[-1].cursor
    del github.stars["kite"][:60]
    for index in range(70):
        github.star("kite", 5000 + index, START + timedelta(days=90, hours=index))
    new = {key for key in keys(pull(call(), "stars", cursor)) if int(key.split(":")[2]) >= 5000}
    assert len(new) == 70


def test_repositories_beyond_the_bound_are_read_next_time(github: FakeGitHub, call: Call) -> None:
    for index in range(35):
        github.repository(f"r{index}", 10 + index)
        github.star(f"r{index}", 2000, START)
    first = pull(call(), "stars")
    assert len(keys(first)) == 30
    assert not first[-1].done
    assert len(keys(pull(call(), "stars", first[-1].cursor))) == 5


@pytest.mark.parametrize("status", [403, 404, 451])
def test_a_repository_that_is_closed_costs_no_other(github: FakeGitHub, call: Call, status: int) -> None:
    github.repository("blocked", 1)
    github.repository("kite", 2)
    github.closed["blocked"] = status
    for name in ("blocked", "kite"):
        github.star(name, 2000, START)
        github.comment(name, 2000, START)
    for stream in ("stars", "comments"):
        pages = pull(call(), stream)
        assert len(keys(pages)) == 1
        assert some(pages, Rejected)[0].where.startswith("alice/blocked")
    del github.closed["blocked"]
    assert len(keys(pull(call(), "stars", pull(call(), "stars")[-1].cursor))) == 0
    assert len(keys(pull(call(), "stars"))) == 2


def test_own_reactions_programs_and_people_who_left_are_not_counted(github: FakeGitHub, call: Call) -> None:
    github.repository("kite", 1)
    for user in (github.user, None, github.person(10137, login="ghost"), github.person(5, type="Bot")):
        github.star("kite", 1, START)["user"] = user
        github.comment("kite", 1, START)["user"] = user
    for stream in ("stars", "comments"):
        pages = pull(call(), stream)
        assert keys(pages) == []
        assert some(pages, Rejected) == []


def test_comments_name_the_issue_and_go_back_a_year(github: FakeGitHub, call: Call) -> None:
    github.repository("kite", 1)
    github.comment("kite", 2000, NOW - timedelta(days=400))
    github.comment("kite", 2001, START, issue=12)
    (comment,) = some(pull(call(), "comments"), Interaction)
    assert comment == Interaction("reply", "2001", START, "alice/kite/issues/12", "comment:70001", "person2001")


def test_a_hundred_and_more_comments_of_one_second_are_all_read(github: FakeGitHub, call: Call) -> None:
    github.repository("kite", 1)
    for index in range(260):
        github.comment("kite", 2000 + index, START)
    assert len(set(keys(pull(call(), "comments")))) == 260


def test_issues_give_totals_and_reactions_by_name(github: FakeGitHub, call: Call) -> None:
    time = NOW - timedelta(days=3)
    github.issue("bob/boat", 1, NOW - timedelta(days=100), comments=50)
    github.issue("bob/hidden", 9, time, comments=50, repository={"full_name": "bob/hidden", "private": True})
    github.issue("bob/boat", 2, time, comments=4, reactions={"total_count": 3, "+1": 2, "-1": 1})
    github.reactions["bob/boat/issues/2/reactions"] = [
        {"id": 1, "content": "+1", "created_at": at(time), "user": github.person(7)},
        {"id": 2, "content": "-1", "created_at": at(time), "user": github.person(8)},
        {"id": 3, "content": "heart", "created_at": at(time), "user": github.user},
        "odd",
    ]
    pages = pull(call(), "issues")
    post = "bob/boat/issues/2"
    assert some(pages, Post) == [Post(post, time, "https://github.com/bob/boat/issues/2")]
    assert some(pages, PostTotal) == [PostTotal(post, "reply", 4, time), PostTotal(post, "like", 2, time)]
    assert some(pages, Interaction) == [Interaction("like", "7", time, post, "reaction:1", "person7")]
    assert some(pages, Rejected)[0].where == f"{post}, reactions"
    asked = len(github.asked)
    assert some(pull(call(), "issues", pages[-1].cursor), Interaction) == []
    assert len(github.asked) == asked + 1


def test_issues_are_read_in_pages_and_go_on_in_the_middle(github: FakeGitHub, call: Call) -> None:
    for index in range(150):
        github.issue("bob/boat", index, NOW - timedelta(days=50) + timedelta(hours=index))
    first = next(GITHUB.pull(call(), ALICE, "issues", {}))
    assert len(some([first], Post)) == 100
    assert len(some(pull(call(), "issues", first.cursor), Post)) == 50


ODD = [None, 7, "text", [], {}, {"user": 5, "starred_at": "2026-01-01T08:00:00Z"}, {"user": {"id": 7}}]


@pytest.mark.parametrize("item", [*ODD, {"starred_at": "soon", "user": {"id": 7, "login": "b"}}])
def test_an_odd_star_is_rejected_with_its_place(github: FakeGitHub, call: Call, item: Any) -> None:
    github.repository("kite", 1)
    github.star("kite", 2000, START)
    github.stars["kite"].append(item)
    github.star("kite", 2001, START)
    pages = pull(call(), "stars")
    assert [rejected.where for rejected in some(pages, Rejected)] == ["alice/kite, stargazers, page 1"]
    assert keys(pages) == ["star:1:2000", "star:1:2001"]


@pytest.mark.parametrize("changes", [{"id": "x"}, {"user": []}, {"created_at": 5}, {"issue_url": None}, {"id": 2**70}])
def test_an_odd_comment_is_rejected_with_its_place(github: FakeGitHub, call: Call, changes: dict[str, Any]) -> None:
    github.repository("kite", 1)
    github.comment("kite", 2000, START).update(changes)
    github.comment("kite", 2001, START)
    pages = pull(call(), "comments")
    assert some(pages, Rejected)[0].where.startswith("alice/kite, comments after")
    assert keys(pages) == ["comment:70001"]


def test_odd_repositories_are_rejected(github: FakeGitHub, call: Call) -> None:
    github.repositories += [None, {"id": "x", "name": "a", "full_name": "alice/a", "stargazers_count": 1}]
    assert len(some(pull(call(), "stars"), Rejected)) == 2
    github.faults.append(Reply(data={"message": "odd"}))
    with pytest.raises(Unreachable, match="not a list"):
        pull(call(), "stars")


@pytest.mark.parametrize(
    ("reply", "error", "until"),
    [
        (Reply(401, {"message": "Bad credentials"}), Revoked, None),
        (Reply(403, {"message": "Sorry. Your account was suspended."}), Revoked, None),
        (Reply(403, {"message": "Resource not accessible by integration"}), Unreachable, None),
        (Reply(403, {"message": "You have exceeded a secondary rate limit."}), RateLimited, 60),
        (Reply(403, {"message": "abuse detection"}, {"Retry-After": "90"}), RateLimited, 90),
        (Reply(429, {"message": "Too many"}, {"Retry-After": "30"}), RateLimited, 30),
    ],
)
def test_errors_say_what_to_do(
    github: FakeGitHub, call: Call, reply: Reply, error: type[Exception], until: int | None
) -> None:
    github.faults.extend([reply] * 4)
    with pytest.raises(error) as raised:
        pull(call(), "profile")
    assert type(raised.value) is not Revoked or error is Revoked
    if isinstance(raised.value, RateLimited):
        assert until is not None
        assert raised.value.until == NOW + timedelta(seconds=until)
    assert TOKEN not in f"{raised.value!r} {raised.value}"


def test_a_fault_in_the_middle_is_passed_over(github: FakeGitHub, call: Call) -> None:
    github.many(150)
    github.faults.extend([Reply(502, {}), Reply(hang_up=True)])
    assert len(set(keys(pull(call(), "followers")))) == 150


def test_anybody_is_found_without_a_token(github: FakeGitHub, call: Call) -> None:
    http = call(token="")
    for address in ("alice", "@Alice", "https://github.com/alice/", "github.com/alice"):
        owner = GITHUB.find(http, address)
        assert owner.external_id == "1001"
        assert "https://alice.example" in owner.about
    assert all("authorization" not in asked.headers for asked in github.asked)
    with pytest.raises(NotFound):
        GITHUB.find(http, "nobody")
    with pytest.raises(BadRecord, match="not a user name"):
        GITHUB.find(http, "a b/../c")


def test_it_has_no_other_streams(call: Call) -> None:
    with pytest.raises(ValueError, match="no stream"):
        pull(call(), "home")

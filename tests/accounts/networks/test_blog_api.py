"""Blogs against a server on 127.0.0.1 that plays one: proof by links and codes, feeds, comments, odd values."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.challenges import holds
from accounts.networks import NETWORKS
from accounts.networks.addresses import page as address_of
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
from accounts.networks.sockets import AddressRefused
from tests.fakes.blog import HTML, FakeBlog
from tests.fakes.door import NOW, doors
from tests.fakes.loopback import Reply

BLOG = NETWORKS["blog"]
START = datetime(2026, 11, 1, 8, tzinfo=UTC)
CODE = "klout-7f3k9-q2m4x"
Call = Callable[..., Http]


@pytest.fixture
def server() -> Iterator[FakeBlog]:
    with FakeBlog() as fake:
        yield fake


@pytest.fixture
def call(server: FakeBlog) -> Iterator[Call]:
    with doors(BLOG, server, "") as make:
        yield make


def pull(
    http: Http, server: FakeBlog, stream: str = "feed", cursor: dict[str, Any] | None = None, at: datetime = NOW
) -> list[Page]:
    return list(BLOG.pull(http, Subject(server.id, now=at), stream, cursor or {}))


def some(pages: list[Page], kind: type) -> list[Any]:
    return [record for page in pages for record in page.records if isinstance(record, kind)]


# ---------------------------------------------------------------- addresses
@pytest.mark.parametrize(
    "typed",
    [
        "example.org/Blog",
        "https://Example.org/Blog/",
        "http://www.example.org/Blog/?utm=1#top",
        " EXAMPLE.org:443/Blog ",
    ],
)
def test_an_address_has_one_form(typed: str) -> None:
    assert address_of(typed) == "example.org/Blog"


@pytest.mark.parametrize(
    "typed",
    ["", "blog", "ftp://example.org", "https://", "https://a b.org", "//x", "https://al:ice@example.org", "x\n.org"],
)
def test_what_is_no_address_of_a_page_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r"not an address of a page|not an id"):
        address_of(typed)


def test_names_in_other_alphabets_have_one_form() -> None:
    assert address_of("https://bücher.example/") == address_of("xn--bcher-kva.example") == "xn--bcher-kva.example"


# ---------------------------------------------------------------- proof
def test_a_rel_me_link_proves_a_blog(server: FakeBlog, call: Call) -> None:
    server.head += '<link rel="me" href="https://klout.example/alice">'
    server.body += '<a rel="nofollow ME" href="https://bsky.app/profile/alice">me</a>'
    owner = BLOG.find(call(), f"http://{server.host}/blog/")
    assert (owner.external_id, owner.name) == (server.id, "Alice & trains")
    assert owner.about.splitlines() == ["https://klout.example/alice", "https://bsky.app/profile/alice"]
    assert holds(owner.about, "klout-other-code2", profile_url="https://klout.example/Alice/")


def test_a_code_in_a_meta_tag_proves_a_blog(server: FakeBlog, call: Call) -> None:
    server.head += f'<meta name="klout" content="{CODE}">'
    assert holds(BLOG.find(call(), server.id).about, CODE)


def test_what_others_can_write_on_a_page_proves_nothing(server: FakeBlog, call: Call) -> None:
    server.head += '<meta property="article:author" content="https://klout.example/mallory">'
    server.body += f'<p>Mallory says {CODE}</p><a rel="ugc nofollow" href="https://klout.example/mallory">Mallory</a>'
    about = BLOG.find(call(), server.id).about
    assert not holds(about, CODE, profile_url="https://klout.example/mallory")


def test_whoever_is_sent_to_another_host_proves_the_page_there(server: FakeBlog, call: Call) -> None:
    with FakeBlog() as other:
        server.moved_to = f"http://{other.host}/blog/"
        owner = BLOG.find(call(private_hosts=[server.host, other.host]), server.id)
        assert owner.external_id == other.id


@pytest.mark.parametrize("typed", ["", "no address", "javascript:alert(1)", "file:///etc/passwd"])
def test_what_is_no_address_is_not_called(server: FakeBlog, call: Call, typed: str) -> None:
    with pytest.raises(BadRecord, match="not an address of a page"):
        BLOG.find(call(), typed)
    assert server.asked == []


@pytest.mark.parametrize("typed", ["127.0.0.1:1/blog", "10.0.0.1", "169.254.169.254/latest"])
def test_private_addresses_are_not_called(server: FakeBlog, call: Call, typed: str) -> None:
    with pytest.raises(AddressRefused):
        BLOG.find(call(private_hosts=[]), typed)


def test_a_page_that_is_not_there_is_not_found(server: FakeBlog, call: Call) -> None:
    with pytest.raises(NotFound, match="answered 404"):
        BLOG.find(call(), f"{server.host}/elsewhere")


# ---------------------------------------------------------------- profile
def test_the_profile_names_the_owner(server: FakeBlog, call: Call) -> None:
    server.head += '<meta name="Description" content="Gardens &amp; trains">'
    (page,) = pull(call(), server, "profile")
    assert page.done
    assert page.records == [Owner(server.id, f"{server.host}/blog/", "Alice & trains", about="Gardens & trains")]


def test_a_page_without_a_feed_says_so(server: FakeBlog, call: Call) -> None:
    server.head = ""
    assert "names no feed" in some(pull(call(), server, "profile"), Rejected)[0].reason
    with pytest.raises(Unreachable, match="names no feed"):
        pull(call(), server)


def test_a_blog_that_has_gone_to_another_host_is_revoked(server: FakeBlog, call: Call) -> None:
    with FakeBlog() as other:
        server.moved_to = f"http://{other.host}/blog/"
        with pytest.raises(Revoked, match=f"sends its visitors to {other.host}"):
            pull(call(private_hosts=[server.host, other.host]), server, "profile")


@pytest.mark.parametrize("status", [401, 403])
def test_a_page_that_shuts_us_out_breaks_no_link(server: FakeBlog, call: Call, status: int) -> None:
    server.faults.append(Reply(status, body=b"no"))
    server.faults.append(Reply(status, body=b"no"))
    with pytest.raises(Unreachable):
        pull(call(), server, "profile")


@pytest.mark.parametrize(
    "html",
    [
        b"",
        b"\xff\xfe\x00<html",
        b"<" * 200_000,
        b"<!--" * 50_000,
        b"<a rel=me href=" * 20_000,
        b"<![CDATA[" * 20_000,
        b'<link rel="me" href="http://[">',
        b"<title>" + b"x" * 500_000,
    ],
)
def test_an_odd_page_is_read_in_time(server: FakeBlog, call: Call, html: bytes) -> None:
    server.faults.append(Reply(body=html, headers={"Content-Type": "text/html; charset=no-such-thing"}))
    owner = BLOG.find(call(), server.id)
    assert owner.external_id == server.id
    assert len(owner.name) <= 100


# ---------------------------------------------------------------- feed
def test_entries_are_posts_and_comments_are_counted(server: FakeBlog, call: Call) -> None:
    server.entry("old", NOW - timedelta(days=120), number=7)
    server.entry("hello", START)
    server.comment("hello", 11, START + timedelta(hours=1), "Bob", "https://Bob.example/")
    server.comment("hello", 12, START + timedelta(hours=2), "Charlie")
    server.comment("hello", 13, START + timedelta(hours=3), "Alice", f"http://{server.host}/")
    pages = pull(call(), server)
    hello = f"{server.host}/blog/hello"
    assert some(pages, Counter) == [Counter("posts", 2)]
    assert Post(hello, START, f"http://{server.host}/blog/hello/") in some(pages, Post)
    bob = Interaction("reply", "bob.example", START + timedelta(hours=1), post=hello, key="comment:11")
    assert some(pages, Interaction) == [bob]
    # Charlie has no page of his own and is counted; Alice's own answer is not.
    assert [(total.post, total.verb, total.total) for total in some(pages, PostTotal)] == [(hello, "reply", 2)]
    assert pages[-1].done


def test_an_unchanged_feed_costs_one_call_and_yields_nothing(server: FakeBlog, call: Call) -> None:
    server.entry("hello", START)
    server.comment("hello", 11, START, "Bob", "https://bob.example")
    cursor = pull(call(), server)[-1].cursor
    server.asked.clear()
    (page,) = pull(call(), server, "feed", cursor, NOW + timedelta(hours=12))
    assert (page.records, page.cursor, page.done) == ([], cursor, True)
    assert len(server.asked) == 1


def test_comments_that_are_no_change_of_the_feed_are_seen_within_a_day(server: FakeBlog, call: Call) -> None:
    server.version_ignores_comments = True
    server.entry("hello", START)
    cursor = pull(call(), server)[-1].cursor
    server.comment("hello", 11, START, "Bob", "https://bob.example")
    assert some(pull(call(), server, "feed", cursor, NOW + timedelta(hours=12)), Interaction) == []
    later = pull(call(), server, "feed", cursor, NOW + timedelta(hours=24))
    assert [i.actor for i in some(later, Interaction)] == ["bob.example"]


def test_only_comment_feeds_that_grew_are_read_again(server: FakeBlog, call: Call) -> None:
    for number in range(5):
        server.entry(f"e{number}", START + timedelta(days=number))
        server.comment(f"e{number}", number, START + timedelta(days=6), "Bob", "https://bob.example")
    cursor = pull(call(), server)[-1].cursor
    server.comment("e3", 99, START + timedelta(days=7), "Charlie", "https://charlie.example")
    server.asked.clear()
    pages = pull(call(), server, "feed", cursor)
    assert {i.actor for i in some(pages, Interaction)} == {"bob.example", "charlie.example"}
    assert [asked.path for asked in server.asked] == ["/blog/feed/", "/blog/e3/feed/atom/"]


def test_a_reading_that_stopped_goes_on_where_it_was(server: FakeBlog, call: Call) -> None:
    for number in range(5):
        server.entry(f"e{number}", START + timedelta(days=number))
        server.comment(f"e{number}", number, START + timedelta(days=6), "Bob", "https://bob.example")
    pages = BLOG.pull(call(), Subject(server.id, now=NOW), "feed", {})
    read = [next(pages) for _ in range(3)]
    rest = pull(call(), server, "feed", read[-1].cursor)
    keys = [i.key for i in some(read + rest, Interaction)]
    assert sorted(keys) == [f"comment:{number}" for number in range(5)]


def test_a_feed_that_moved_is_found_anew(server: FakeBlog, call: Call) -> None:
    server.entry("hello", START)
    cursor = pull(call(), server)[-1].cursor
    server.feed_path = "/blog/atom.xml"
    server.head = '<link rel="alternate" type="application/atom+xml" href="/blog/atom.xml">'
    pages = pull(call(), server, "feed", cursor)
    assert len(some(pages, Post)) == 1
    assert pages[-1].cursor["feed"].endswith("/blog/atom.xml")


def test_the_address_of_a_feed_itself_will_do(server: FakeBlog, call: Call) -> None:
    server.entry("hello", START)
    subject = Subject(f"{server.host}/blog/feed", f"{server.host}/blog/feed/", now=NOW)
    assert len(some(list(BLOG.pull(call(), subject, "feed", {})), Post)) == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"link": ""}, "it has no link"),
        ({"at": ""}, "it has no date"),
        ({"at": "Fri, 01 Jan 1971 00:00:00 GMT"}, "not between"),
        ({"link": "javascript:alert(1)"}, "not an address"),
        ({"number": "lots"}, "the number of comments is 'lots'"),
        ({"number": -3}, "the number of comments is '-3'"),
    ],
)
def test_an_odd_entry_is_rejected_and_costs_no_other(
    server: FakeBlog, call: Call, changes: dict[str, Any], reason: str
) -> None:
    server.entry("good", START)
    server.entry("odd", START, **changes)
    pages = pull(call(), server)
    (rejected,) = some(pages, Rejected)
    assert rejected.where == f"{server.host}/blog/feed, entry 1"
    assert reason in rejected.reason
    assert f"{server.host}/blog/good" in {post.post for post in some(pages, Post)}


def test_comments_that_cannot_be_read_are_still_counted(server: FakeBlog, call: Call) -> None:
    server.entry("hello", START)
    server.comment("hello", 1, START, "Bob", "https://bob.example")
    server.generator = "another program"
    pages = pull(call(), server)
    assert [rejected.where for rejected in some(pages, Rejected)] == [f"comments of {server.host}/blog/hello"]
    assert [total.total for total in some(pages, PostTotal)] == [1]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>No feed</body></html>",
        b"\x00\x01\x02",
        b"<rss",
        b"<rss>" + b"<a>" * 5000,
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><rss version="2.0">&b;</rss>',
        b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><feed><title>&f;</title></feed>',
        b"/etc/passwd",
    ],
)
def test_what_is_no_feed_is_unreachable_or_empty(server: FakeBlog, call: Call, body: bytes) -> None:
    server.faults.extend([lambda asked: None] * 2)
    server.faults.append(Reply(body=body, headers={"Content-Type": "application/rss+xml"}))
    pages: list[Page] = []
    with suppress(Unreachable):
        pages = pull(call(), server)
    assert some(pages, Post) == []
    assert "root:" not in repr(pages)


def test_a_feed_without_end_is_not_read(server: FakeBlog, call: Call) -> None:
    server.faults.extend([lambda asked: None] * 2)
    server.faults.append(Reply(body=b"<rss>" + b" " * (3 << 20), headers=HTML))
    with pytest.raises(Unreachable, match="larger than 2 MiB"):
        pull(call(), server)


def test_a_blog_that_wants_a_pause_gets_it(server: FakeBlog, call: Call) -> None:
    server.entry("hello", START)
    cursor = pull(call(), server)[-1].cursor
    server.faults.append(Reply(429, body=b"slow down", headers={"Retry-After": "3600"}))
    with pytest.raises(RateLimited) as limited:
        pull(call(), server, "feed", cursor)
    assert limited.value.until == NOW + timedelta(hours=1)


def test_it_has_no_other_streams(server: FakeBlog, call: Call) -> None:
    with pytest.raises(ValueError, match="no stream"):
        pull(call(), server, "visitors")
    assert BLOG.spec.streams == ("profile", "feed")

"""A blog's feed, its export by WordPress or Blogger, and a list of feeds; each a single file, or one in a zip."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from accounts.networks.base import BadArchive, Interaction, Owner, Post, PostTotal
from accounts.networks.exports import xml_stream
from tests.accounts.networks.conftest import FIXTURES
from tests.accounts.networks.exporting import counters, read, recognised, rejected, some, tallies

FEED = FIXTURES / "blog" / "feed.xml"
WORDPRESS = FIXTURES / "wordpress" / "alice.wordpress.xml"
OPML = FIXTURES / "opml" / "feeds.opml"
ITEM = "<item><link>https://example.org/a</link><pubDate>{}</pubDate></item>"


def write(tmp_path: Path, text: str, name: str = "feed.xml") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def rss(*items: str) -> str:
    return f'<rss version="2.0"><channel><link>https://example.org</link>{"".join(items)}</channel></rss>'


@pytest.mark.parametrize("path", [FEED, WORDPRESS, OPML, FEED.parent])
def test_it_is_recognised_by_what_it_is(path: Path) -> None:
    assert recognised(path) == ["blog"]


def test_a_feed_gives_the_blog_its_posts_and_how_many_comments_they_have() -> None:
    records = read(FEED, "blog")
    assert records[0] == Owner("example.org/bread", "example.org/bread", "Alice bakes", about="Bread at dawn")
    posted_at = datetime(2026, 11, 2, 6, 8, 9, tzinfo=UTC)
    assert some(records, Post) == [
        Post("example.org/bread/rye", posted_at, "https://www.example.org/bread/rye/"),
        Post("example.org/bread?p=2", datetime(2026, 11, 3, 7, 8, 9, tzinfo=UTC), "https://example.org/bread/?p=2"),
    ]
    assert some(records, PostTotal) == [PostTotal("example.org/bread/rye", "reply", 3, posted_at)]
    assert counters(records) == {"posts": 2}


def test_wordpress_names_who_commented_and_who_linked() -> None:
    records = read(WORDPRESS, "blog")
    assert records[0] == Owner("example.org/bread", "example.org/bread", "Alice bakes")
    found = [(i.verb, i.actor, i.key, i.post) for i in some(records, Interaction)]
    assert found == [
        ("reply", "bob.example.net", "comment:7", "example.org/bread/rye"),
        ("link", "charlie.example.com/links", "comment:9", "example.org/bread/rye"),
        ("reply", "name:dave example", "comment:11", "example.org/bread/rye"),
    ]
    assert "bob@example.com" not in repr(records)
    assert tallies(records)["pages, pictures and drafts left out"] == 2


def test_an_atom_feed_and_bloggers_export_are_read(tmp_path: Path) -> None:
    kind = '<category scheme="x" term="http://schemas.google.com/blogger/2008/kind#{}"/>'
    text = f"""<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0">
<title>Alice</title><link rel="self" href="https://example.org/feed"/><link rel="alternate" href="https://example.org/"/>
<entry><id>tag:1</id>{kind.format("post")}<link rel="alternate" href="https://example.org/rye"/>
<published>2026-11-02T07:08:09.000+01:00</published><thr:total>2</thr:total></entry>
<entry><id>tag:2</id>{kind.format("comment")}<published>2026-11-03T07:08:09Z</published>
<author><name>Bob</name><uri>https://bob.example.net</uri></author><thr:in-reply-to ref="tag:1"/></entry>
<entry><id>tag:3</id>{kind.format("settings")}<published>2026-11-03T07:08:09Z</published></entry>
</feed>"""
    records = read(write(tmp_path, text), "blog")
    assert some(records, Owner)[0].external_id == "example.org"
    assert [post.post for post in some(records, Post)] == ["example.org/rye"]
    assert [(i.actor, i.post) for i in some(records, Interaction)] == [("bob.example.net", "example.org/rye")]
    assert tallies(records) == {"posts": 1, "comments and linkbacks": 1, "pages, pictures and drafts left out": 1}


def test_a_list_of_one_feed_is_of_its_blog() -> None:
    records = read(OPML, "blog")
    assert records[0] == Owner("example.org/bread", "example.org/bread", "Alice bakes")
    assert tallies(records) == {"feeds listed": 1}


def test_of_several_feeds_one_must_be_named(tmp_path: Path) -> None:
    feeds = [
        f'<outline text="{n}" xmlUrl="https://{n}.example.org/feed" htmlUrl="https://{n}.example.org/"/>' for n in "ab"
    ]
    path = write(tmp_path, f'<opml version="1.0"><body>{"".join(feeds)}</body></opml>', "feeds.opml")
    with pytest.raises(BadArchive, match=r"feeds.opml: feeds.opml: lists 2 feeds .* say your blog's address"):
        read(path, "blog")
    assert read(path, "blog", own="http://www.B.example.org")[0] == Owner("b.example.org", "b.example.org", "b")
    with pytest.raises(BadArchive, match=r"does not list 'c\.example\.org'"):
        read(path, "blog", own="c.example.org")
    with pytest.raises(BadArchive, match="the address that was given is none"):
        read(path, "blog", own="not an address")


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Mon, 02 Nov 2026 07:08:09 GMT", datetime(2026, 11, 2, 7, 8, 9, tzinfo=UTC)),
        ("2 Nov 2026 07:08:09 -0800", datetime(2026, 11, 2, 15, 8, 9, tzinfo=UTC)),
        ("2026-11-02T07:08:09+01:00", datetime(2026, 11, 2, 6, 8, 9, tzinfo=UTC)),
        ("2026-11-02", datetime(2026, 11, 2, tzinfo=UTC)),
    ],
)
def test_dates_of_all_kinds_are_read(tmp_path: Path, date: str, expected: datetime) -> None:
    assert some(read(write(tmp_path, rss(ITEM.format(date))), "blog"), Post)[0].posted_at == expected


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 32 Nov 2026 07:08:09 GMT", "1970-01-01", "9" * 5000])
def test_a_post_without_a_usable_date_is_named_and_costs_no_other(tmp_path: Path, date: str) -> None:
    path = write(tmp_path, rss(ITEM.format(date), ITEM.format("2026-11-02")))
    [(where, reason)] = rejected(read(path, "blog"))
    assert where == "feed.xml, item 1"
    assert "the date is" in reason
    assert len(some(read(path, "blog"), Post)) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (rss(ITEM.format("2026-11-02"))[:-30], "is not valid XML in line 1"),
        ("<rss><channel><title>x</title></channel></rss>", "does not say which blog it is of"),
        ('<!DOCTYPE rss [<!ENTITY a "aaaa">]><rss><channel><link>&a;</link></channel></rss>', "declares entities"),
        (f"<rss><channel><link>https://example.org</link>{'<a>' * 200}", "is nested too deeply"),
        ("<opml><body></body></opml>", "lists no feed"),
    ],
)
def test_a_damaged_or_hostile_file_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(BadArchive, match=rf"feed.xml: feed.xml: {reason}"):
        read(write(tmp_path, text), "blog")


def test_a_tag_without_end_does_not_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_stream, "MAX_TOKEN", 100_000)
    path = write(tmp_path, rss(f'<item a="{"x" * 1_000_000}"></item>'))
    with pytest.raises(BadArchive, match="holds a tag of more than 100,000 bytes"):
        read(path, "blog")


def test_a_page_is_no_feed(tmp_path: Path) -> None:
    assert recognised(write(tmp_path, "<?xml version='1.0'?><svg></svg>")) == []
    assert recognised(write(tmp_path, "<html><head><link rel='alternate'></head></html>")) == []

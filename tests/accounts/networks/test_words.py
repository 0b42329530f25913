"""Hashtags and links of posts: what is one, and that each network's answers and exports give them."""
# ruff: noqa: RUF001 (letters of full width are among them)

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from accounts.networks import NETWORKS
from accounts.networks.archive import open_archive
from accounts.networks.base import Page, Post, Subject
from accounts.networks.http import Http
from accounts.networks.words import in_html, in_text, links_of, tags_of
from tests.accounts.networks.reading_x import subject as of_x
from tests.fakes import bluesky, facebook, google, instagram, linkedin, reddit, threads, tiktok, twitter
from tests.fakes.blog import FakeBlog
from tests.fakes.door import NOW, doors
from tests.fakes.mastodon import FakeMastodon

START = NOW - timedelta(days=5)
SHOP = "https://acme.example/headset"
CAPTION = f"My new #Headset, look: {SHOP}. (#ＧＩＦＴＥＤ)"
EXPECTED = (("headset", "gifted"), (SHOP,))


# ---------------------------------------------------------------- what is a hashtag, what a link
@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("#Acme and #acme", ("acme",)),
        ("＃Acme", ("acme",)),
        ("#ＡＣＭＥ", ("acme",)),
        ("#größe #写真 #café", ("größe", "写真", "café")),
        ("#1 and #2026 but #5g", ("5g",)),
        ("a#b, &#39; and https://acme.example/#top", ()),
        ("(#one) '#two', #three!", ("one", "two", "three")),
        ("# alone ##double", ()),
    ],
)
def test_a_hashtag_is_a_word_behind_a_mark(text: str, tags: tuple[str, ...]) -> None:
    assert in_text(text)[0] == tags


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("see https://acme.example/a?b=1#c.", ("https://acme.example/a?b=1#c",)),
        ("(https://acme.example/a_(b)), and", ("https://acme.example/a_(b)",)),
        ("HTTPS://Acme.example", ("HTTPS://Acme.example",)),
        ("javascript:alert(1) ftp://acme.example http://localhost", ()),
        ("https://user:word@acme.example/x", ()),
        ("<https://acme.example/>", ("https://acme.example/",)),
    ],
)
def test_a_link_is_an_address_of_the_web_without_the_sentence_around_it(text: str, links: tuple[str, ...]) -> None:
    assert in_text(text)[1] == links


def test_links_of_html_are_those_of_its_anchors_without_names_and_hashtags() -> None:
    content = (
        '<p>My <a href="https://town.example/tags/Headset" class="mention hashtag" rel="tag">#<span>Headset</span></a> '
        'of <a href="https://town.example/@acme" class="u-url mention">@<span>acme</span></a>: '
        '<a href="https://acme.example/headset?a=1&amp;b=2" rel="nofollow"><span class="invisible">https://</span>'
        "acme.example</a></p><p>#gifted</p>"
    )
    assert in_html(content) == (("headset", "gifted"), ("https://acme.example/headset?a=1&b=2",))


def test_they_are_bounded() -> None:
    tags, links = in_text(" ".join(f"#tag{n} https://acme.example/{n}" for n in range(200)))
    assert (len(tags), len(links)) == (30, 20)
    assert tags_of(["x" * 101, "y" * 100]) == ("y" * 100,)
    assert links_of([f"https://acme.example/{'x' * 500}", SHOP, SHOP]) == (SHOP,)


@pytest.mark.parametrize("odd", [None, 7, ["#x"], {"a": 1}, "#a\x00b", "\ud800", "#" * 100_000, "<a " * 50_000])
def test_odd_values_are_none(odd: object) -> None:
    for tags, links in (in_text(odd), in_html(odd), in_text("", tags=[odd], links=[odd])):
        assert all(tag.isprintable() and "#" not in tag for tag in tags)
        assert links == ()


# ---------------------------------------------------------------- what networks answer
def words(pages: list[Page]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    return [(post.tags, post.links) for page in pages for post in page.records if isinstance(post, Post)]


def read(slug: str, fake: Any, token: str, subject: Subject, stream: str) -> Any:
    with doors(NETWORKS[slug], fake, token) as call:
        return words(list(NETWORKS[slug].pull(call(), subject, stream, {})))


def test_x_marks_them_in_the_post_and_in_what_is_behind_its_first_part() -> None:
    with twitter.FakeTwitter() as fake:
        fake.post(
            twitter.ALICE,
            START,
            entities={
                "hashtags": [{"start": 7, "end": 15, "tag": "Headset"}],
                "urls": [{"url": "https://t.co/a", "expanded_url": SHOP}, {"url": "https://t.co/b"}, None],
            },
            note_tweet={"text": "...", "entities": {"hashtags": [{"tag": "Headset"}, {"tag": "GIFTED"}]}},
        )
        found = read("twitter", fake, twitter.TOKEN, of_x(), "posts")
        asked = next(asked for asked in fake.asked if asked.path.endswith("/tweets"))
    assert found == [EXPECTED]
    # What is marked costs nothing more; the texts of others are not asked for.
    assert {"entities", "note_tweet"} <= set(asked.param("tweet.fields").split(","))


def test_mastodon_tells_tags_and_shows_cards(mastodon: FakeMastodon, call: Callable[..., Http]) -> None:
    mastodon.post(
        7,
        datetime(2026, 11, 1, 8, tzinfo=UTC),
        content=f'<p>Look <a href="{SHOP}">acme.example</a> #gifted</p>',
        tags=[{"name": "headset", "url": "https://town.example/tags/headset"}],
        card={"url": "https://acme.example/other"},
    )
    subject = Subject(f"alice@{mastodon.domain}", "alice", mastodon.url)
    pages = list(NETWORKS["mastodon"].pull(call(), subject, "posts", {}))
    assert words(pages) == [(("headset", "gifted"), ("https://acme.example/other", SHOP))]


def test_bluesky_marks_them_as_facets() -> None:
    kind = "app.bsky.richtext.facet"
    facets = [
        {"index": {}, "features": [{"$type": f"{kind}#tag", "tag": "Headset"}]},
        {"index": {}, "features": [{"$type": f"{kind}#link", "uri": SHOP}, {"$type": f"{kind}#mention", "did": "x"}]},
        "odd",
    ]
    embed = {"$type": "app.bsky.embed.external", "external": {"uri": SHOP}}
    with bluesky.FakeBluesky() as fake:
        fake.post("3kaa", START, facets=facets, embed=embed, tags=["Gifted"])
        found = read("bluesky", fake, "", Subject(bluesky.did("alice"), now=NOW), "posts")
    assert found == [(("gifted", "headset"), (SHOP,))]


def test_threads_instagram_and_facebook_write_them_in_texts() -> None:
    with threads.FakeThreads() as fake:
        fake.post(START).update(text="My #headset", topic_tag="Gifted", link_attachment_url=SHOP)
        found = read("threads", fake, threads.TOKEN, Subject("alice.bakes_", "alice.bakes_", now=NOW), "threads")
    assert found == [(("gifted", "headset"), (SHOP,))]
    with instagram.FakeInstagram() as fake:
        fake.post(START, caption=CAPTION)
        found = read("instagram", fake, instagram.TOKEN, Subject("alice.bakes_", "alice.bakes_", now=NOW), "media")
    assert found == [EXPECTED]
    with facebook.FakeFacebook() as fake:
        fake.post(facebook.ALICE, START, message=CAPTION)
        found = read("facebook", fake, facebook.TOKEN, Subject(facebook.ALICE, now=NOW), "posts")
    assert found == [EXPECTED]


def test_videos_have_them_in_their_descriptions() -> None:
    with tiktok.FakeTikTok() as fake:
        fake.video(1, START)
        fake.videos[-1].update(title="", video_description=CAPTION)
        found = read("tiktok", fake, tiktok.TOKEN, Subject("alice.makes", "alice.makes", now=NOW), "videos")
    assert found == [EXPECTED]
    with google.FakeGoogle() as fake:
        fake.video(1, START)["snippet"] = {
            "title": "My new #headset",
            "description": f"{SHOP}\n#gifted",
            "tags": ["no"],
        }
        found = read("google", fake, google.TOKEN, Subject(google.CHANNEL, "alicekites", now=NOW), "videos")
    assert found == [EXPECTED]


def test_reddit_tells_what_was_submitted() -> None:
    with reddit.FakeReddit() as fake:
        fake.post(1, START, title="My #headset", is_self=False, url=SHOP)
        fake.post(2, START, title="Mine", is_self=True, url="https://www.reddit.com/r/kites/", selftext=CAPTION)
        found = read("reddit", fake, reddit.TOKEN, Subject("alice_a", "Alice_A", now=NOW), "submitted")
    assert sorted(found) == sorted([(("headset",), (SHOP,)), EXPECTED])


def test_linkedins_table_has_what_was_written_and_shared() -> None:
    row = {
        "Date": "2024-11-28 00:00:00",
        "ShareLink": "https://www.linkedin.com/feed/update/urn%3Ali%3Ashare%3A7000000000000000001",
        "ShareCommentary": "My new #Headset #gifted",
        "SharedUrl": SHOP,
    }
    with linkedin.FakeLinkedIn() as fake:
        fake.domains["MEMBER_SHARE_INFO"] = [row]
        found = read("linkedin", fake, linkedin.TOKEN, Subject(linkedin.OWNER, now=NOW), "posts")
    assert found == [EXPECTED]


def test_a_feed_has_categories_and_links() -> None:
    with FakeBlog() as fake:
        fake.entry("hello", START)
        item = fake._item

        def with_words(entry: dict[str, Any]) -> str:
            more = f"<category>Gifted</category><description>&lt;a href='{SHOP}'&gt;x&lt;/a&gt; #headset</description>"
            return item(entry).replace("</item>", f"{more}</item>")

        fake._item = with_words  # type: ignore[method-assign]
        with doors(NETWORKS["blog"], fake, "") as call:
            found = words(list(NETWORKS["blog"].pull(call(), Subject(fake.id, now=NOW), "feed", {})))
    assert found == [(("gifted", "headset"), (SHOP,))]


# ---------------------------------------------------------------- exports
def exported(slug: str, path: Path) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    with open_archive(path) as archive:
        return words([Page(list(NETWORKS[slug].read_archive(archive)), {})])


def test_an_export_of_x_marks_them(twitter_export: Path) -> None:
    tweet = {
        "id_str": "5009",
        "created_at": "Fri Nov 13 08:00:00 +0000 2026",
        "full_text": "My new #Headset https://t.co/a #gifted",
        "entities": {"hashtags": [{"text": "Headset"}], "urls": [{"url": "https://t.co/a", "expanded_url": SHOP}]},
        "favorite_count": "2",
        "retweet_count": "1",
    }
    (twitter_export / "data" / "tweets.js").write_text("window.YTD.tweets.part0 = " + json.dumps([{"tweet": tweet}]))
    assert EXPECTED in exported("twitter", twitter_export)


def test_an_export_of_mastodon_has_tags_and_html(mastodon_export: Path) -> None:
    path = mastodon_export / "outbox.json"
    outbox = json.loads(path.read_text())
    post = next(item for item in outbox["orderedItems"] if item["type"] == "Create")["object"]
    post["tag"] = [{"type": "Hashtag", "name": "#Headset"}, {"type": "Mention", "name": "@bob"}, None]
    post["content"] = f'<p>Look <a href="{SHOP}">here</a> #gifted</p>'
    path.write_text(json.dumps(outbox))
    assert EXPECTED in exported("mastodon", mastodon_export)


def test_an_export_of_a_blog_has_categories_and_links(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_text(
        '<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        "<title>B</title><link>https://blog.example/</link><item><title>A</title><link>https://blog.example/a</link>"
        "<pubDate>Fri, 13 Nov 2026 08:00:00 +0000</pubDate><category>Head set</category>"
        f'<content:encoded><![CDATA[<p><a href="{SHOP}">x</a> #gifted</p>]]></content:encoded></item></channel></rss>'
    )
    assert exported("blog", path) == [EXPECTED]


@pytest.mark.parametrize(
    "slug", ["twitter", "mastodon", "bluesky", "threads", "instagram", "facebook", "tiktok", "google", "reddit", "blog"]
)
def test_whoever_connects_is_told_that_they_are_read(slug: str) -> None:
    assert any("hashtags and links" in text for text in NETWORKS[slug].spec.reads)

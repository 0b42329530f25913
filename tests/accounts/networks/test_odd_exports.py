"""Exports of other years and settings than the fixtures: rarer layouts that networks have made are read too."""

import json
from pathlib import Path
from typing import Any

import pytest

from accounts.networks import NETWORKS
from accounts.networks.base import BadArchive, Interaction, Owner, Post, PostTotal
from tests.accounts.networks.conftest import FIXTURES
from tests.accounts.networks.exporting import (
    change,
    copied,
    counters,
    file_of,
    read,
    recognised,
    rejected,
    some,
    tallies,
)
from tests.accounts.networks.test_fuzz import EXPORTS

CHANNEL = "UC" + "a" * 22


def written(folder: Path, files: dict[str, Any]) -> Path:
    """An export of these files: text as it is, a pair (name, value) as X writes it, all else as JSON."""
    for name, value in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(value, tuple):
            value = f"window.YTD.{value[0]}.part0 = {json.dumps(value[1])}"
        path.write_text(value if isinstance(value, str) else json.dumps(value))
    return folder


def actors(path: Path, slug: str) -> list[str]:
    assert recognised(path) == [slug]
    return [record.actor for record in some(read(path, slug), Interaction)]


def tweet(number: int) -> dict[str, str]:
    return {"id_str": str(number), "created_at": "Wed Oct 10 20:19:24 +0000 2018", "full_text": "hello"}


def test_an_export_of_x_of_2019_has_bare_records_and_no_folder(tmp_path: Path) -> None:
    files = {
        "account.js": ("account", [{"username": "alice", "accountId": "77", "accountDisplayName": "Alice"}]),
        "tweet.js": ("tweet", [tweet(1000)]),
        "tweet-part1.js": ("tweet", [tweet(1001)]),
        "follower.js": ("follower", [{"accountId": "5"}]),
    }
    assert actors(written(tmp_path, files), "twitter") == ["5"]
    records = read(tmp_path, "twitter")
    assert records[0] == Owner("77", "alice", "Alice")
    assert tallies(records) == {"tweets": 2, "followers": 1}


@pytest.mark.parametrize(
    ("to", "kept"),
    [
        (["https://www.w3.org/ns/activitystreams#Public"], True),
        (["https://social.example/users/alice/followers"], True),
        (["https://social.example/users/bob"], False),
        ([], False),
        ("as:Public", True),
    ],
)
def test_private_mentions_on_mastodon_are_nobodys_business(to: object, kept: bool, tmp_path: Path) -> None:
    export = copied("mastodon", tmp_path)
    before = read(export, "mastodon")
    first = some(before, Post)[0]

    def addressed(outbox: dict[str, Any]) -> None:
        for activity in outbox["orderedItems"]:
            if activity["type"] == "Create" and activity["object"]["id"] == first.post:
                activity["object"] |= {"to": to, "cc": []}

    change(file_of(export, "outbox.json"), addressed)
    after = read(export, "mastodon")
    assert (first in after) == kept
    assert any(record.post == first.post for record in some(after, PostTotal)) == (
        kept and any(record.post == first.post for record in some(before, PostTotal))
    )
    assert tallies(after).get("of them private mentions, left out", 0) == (not kept)
    assert counters(after)["posts"] == counters(before)["posts"] - (not kept)
    assert tallies(after)["activities"] == tallies(before)["activities"]


def test_connections_under_columns_of_another_language_are_not_lost_in_silence(tmp_path: Path) -> None:
    export = copied("linkedin", tmp_path)
    file_of(export, "Connections.csv").write_text("Vorname,Nachname,URL,Vernetzt am\nBob,Example,,5 März 2021\n")
    records = read(export, "linkedin")
    [(where, reason)] = [pair for pair in rejected(records) if "Connections.csv" in pair[0]]
    assert (where, reason) == (
        "Connections.csv",
        "has no columns First Name, Last Name and Connected On; ask for the export in English",
    )
    assert "connections" not in counters(records)
    assert "connections" not in tallies(records)


def test_facebook_of_2018_gives_the_name_as_text(tmp_path: Path) -> None:
    files = {
        "profile_information/profile_information.json": {"profile": {"name": "Alice Example"}},
        "friends/friends.json": {"friends": [{"name": "Bob Example", "timestamp": 1300000000}]},
    }
    assert actors(written(tmp_path, files), "facebook") == ["name:bob example"]
    assert read(tmp_path, "facebook")[0] == Owner("name:alice example", name="Alice Example")


def test_parts_of_facebooks_lists_are_read_together(tmp_path: Path) -> None:
    files: dict[str, Any] = {
        f"connections/friends/your_friends_{part}.json": {"friends_v2": [{"name": f"{name} Example", "timestamp": 1}]}
        for part, name in ((1, "Bob"), (2, "Charlie"))
    }
    files["connections/followers/people_who_followed_you_1.json"] = {"followers_v3": [{"name": "Dora Example"}]}
    files["personal_information/profile_information.json"] = {"profile_v2": {"name": {"full_name": "Alice Example"}}}
    # The same friends in another layout are not read twice.
    files["old/friends/friends.json"] = {"friends": [{"name": "Bob Example", "timestamp": 1}]}
    found = actors(written(tmp_path, files), "facebook")
    assert found == ["name:bob example", "name:charlie example", "name:dora example"]


@pytest.mark.parametrize("layout", ["2018", "2021"])
def test_what_others_wrote_on_ones_timeline_counts(layout: str, tmp_path: Path) -> None:
    titles = [
        "Bob Example wrote on your timeline.",
        "J\u00c3\u00b6rg Example shared a link to your timeline.",
        "Bob Example and 3 others wrote on your timeline.",
        "Alice Example wrote on your timeline.",
        "Bob Example hat in deiner Chronik gepostet.",
        "Bob Example wrote on Charlie Example's timeline.",
    ]
    posts = [{"timestamp": 1300000000 + nth, "title": title} for nth, title in enumerate(titles)]
    old = {"wall_posts_sent_to_you": {"activity_log_data": posts}}
    files = {
        "profile_information/profile_information.json": {"profile": {"name": {"full_name": "Alice Example"}}},
        "posts/other_people's_posts_to_your_timeline.json": old
        if layout == "2018"
        else {"wall_posts_sent_to_you_v2": posts},
    }
    records = read(written(tmp_path, files), "facebook")
    assert [(record.verb, record.actor) for record in some(records, Interaction)] == [
        ("mention", "name:bob example"),
        ("mention", "name:jörg example"),
    ]
    assert tallies(records) == {"posts of others on your timeline": 6, "of these left out": 4}
    [(where, reason)] = rejected(records)
    assert where.endswith("timeline.json, record 4")
    assert reason == "names the owner"


def test_instagrams_files_of_one_record_are_no_lists(tmp_path: Path) -> None:
    follower = {"title": "", "string_list_data": [{"href": "https://www.instagram.com/bob", "value": "bob"}]}
    files = {
        "personal_information/personal_information.json": {
            "profile_user": [{"string_map_data": {"Потребителско име": {"value": "alice"}}}]
        },
        "connections/followers_and_following/followers_1.json": follower,
        "your_instagram_activity/media/posts_1.json": {"media": [{"uri": "x", "creation_timestamp": 1600000000}]},
    }
    assert actors(written(tmp_path, files), "instagram") == ["bob"]
    assert tallies(read(tmp_path, "instagram")) == {"followers": 1, "posts": 1}


@pytest.mark.parametrize(
    "columns",
    [
        "Kanal-ID,Land des Kanals,Kanaltitel (Original),Kanalsichtbarkeit",
        "Channel ID,Channel Country,Channel Title (Original),Channel Visibility",
        "ID de la chaîne,Pays de la chaîne,Titre de la chaîne (d'origine),Visibilité de la chaîne",
        "ID del canal,País del canal,Título del canal (original),Visibilidad del canal",
        "チャンネル ID,チャンネルの国,チャンネルのタイトル(オリジナル),チャンネルの公開設定",
    ],
)
def test_a_channel_is_called_by_its_title_however_short(columns: str, tmp_path: Path) -> None:
    table = f"{columns}\n{CHANNEL},DE,Al,Öffentlich\n"
    written(tmp_path, {"Takeout/YouTube/channels/channel.csv": table})
    assert read(tmp_path, "google")[0] == Owner(CHANNEL, name="Al")


def video(number: int, **changed: Any) -> list[dict[str, Any]]:
    snippet = {"publishedAt": "2018-01-02T03:04:05.000Z", "channelId": CHANNEL, "channelTitle": "Alice bakes"}
    statistics = {"viewCount": "10", "likeCount": "2", "dislikeCount": "1", "commentCount": "0"}
    status = {"privacyStatus": "public"}
    made = {"kind": "youtube#video", "id": f"video-{number:05}", "snippet": snippet, "statistics": statistics}
    return [made | {"status": status} | changed]


def test_youtube_was_json_until_2021(tmp_path: Path) -> None:
    subscription = {"kind": "youtube#subscription", "snippet": {"channelId": CHANNEL, "title": "Bob"}}
    files = {
        "Takeout/YouTube/videos/one.json": video(1),
        "Takeout/YouTube/videos/two.json": video(2, status={"privacyStatus": "private"}),
        "Takeout/YouTube/videos/three.json": video(3, snippet={"channelId": CHANNEL, "publishedAt": "soon"}),
        "Takeout/YouTube/subscriptions/subscriptions.json": [subscription],
        "Takeout/YouTube/playlists/likes.json": [],
    }
    files["Takeout/YouTube/videos/zero.json"] = json.dumps(video(0))[:-9]
    assert recognised(written(tmp_path, files)) == ["google"]
    records = read(tmp_path, "google")
    assert records[0] == Owner(CHANNEL, name="Alice bakes")
    assert [post.post for post in some(records, Post)] == ["video-00001"]
    assert [(total.verb, total.total) for total in some(records, PostTotal)] == [("like", 2), ("visit", 10)]
    assert tallies(records) == {"videos": 4, "of them private": 1, "own subscriptions": 1}
    assert counters(records) == {"videos": 2}
    assert rejected(records) == [
        ("Takeout/YouTube/videos/three.json, record 1", "publishedAt is 'soon', not a date and time"),
        ("Takeout/YouTube/videos/zero.json", "is cut short"),
    ]


def test_a_takeout_of_subscriptions_in_json_names_its_owner(tmp_path: Path) -> None:
    subscription = {"kind": "youtube#subscription", "snippet": {"channelId": CHANNEL, "title": "Bob"}}
    written(tmp_path, {"YouTube/subscriptions.json": [subscription, subscription]})
    records = read(tmp_path, "google")
    assert (records[0], tallies(records)) == (Owner(CHANNEL), {"own subscriptions": 2})


def test_google_plus_as_web_pages_is_told(tmp_path: Path) -> None:
    page = '<html><body><a class="author" href="https://plus.google.com/111111">Alice</a></body></html>'
    folder = written(tmp_path / "takeout", {"Takeout/Google+ Stream/Posts/20141104 - Bread.html": page})
    assert recognised(folder) == ["googleplus"]
    with pytest.raises(BadArchive, match=r"takeout: holds Google\+ as web pages \(HTML\), which cannot be read here"):
        read(folder, "googleplus")


def test_comments_of_the_years_of_google_plus_are_counted(tmp_path: Path) -> None:
    table = (
        "Comment ID,Channel ID,Comment Create Timestamp,Price,Video ID,Comment Text\n"
        f"Ugx{'a' * 23},{CHANNEL},2021-01-01T00:00:00+00:00,0,dQw4w9WgXcQ,new\n"
        f"z12ws1bi0mvltxo4v04cdxyq0rjexfqxxmc0k,{CHANNEL},2014-01-01T00:00:00+00:00,0,dQw4w9WgXcQ,old\n"
    )
    written(tmp_path, {"Takeout/YouTube/comments/comments.csv": table})
    assert tallies(read(tmp_path, "google")) == {"own comments": 2}


def test_tiktoks_words_for_no_number_are_none_and_videos_of_one_second_are_two(tmp_path: Path) -> None:
    video = {"Date": "2023-01-01 10:00:00", "Link": "https://v16.example.org/x", "Likes": "3"}
    data = {
        "Profile": {"Profile Info": {"ProfileMap": {"userName": "alice", "likesReceived": "None"}}},
        "Your Activity": {"Follower": {"FansList": [{"Date": "2021-01-01 00:00:00", "UserName": "bob"}]}},
        "Post": {"Posts": {"VideoList": [video, video | {"Link": "N/A", "Likes": "N/A"}]}},
    }
    assert actors(written(tmp_path, {"user_data_tiktok.json": data}), "tiktok") == ["bob"]
    records = read(tmp_path, "tiktok")
    assert rejected(records) == []
    assert [record.post for record in some(records, Post)] == ["at:1672567200", "at:1672567200.2"]


def test_a_feeds_addresses_may_leave_out_its_host(tmp_path: Path) -> None:
    feed = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><link href="https://example.org/blog/"/>'
        '<entry><link href="/blog/a"/>'
        "<updated>2021-01-01T00:00:00Z</updated></entry></feed>"
    )
    [post] = some(read(written(tmp_path, {"feed.atom": feed}), "blog"), Post)
    assert (post.post, post.url) == ("example.org/blog/a", "https://example.org/blog/a")


@pytest.mark.parametrize("folder", EXPORTS)
def test_a_wrong_network_chosen_by_hand_is_refused_in_words(folder: str) -> None:
    readers = [slug for slug, network in NETWORKS.items() if network.spec.archive_note and slug != EXPORTS[folder]]
    for slug in readers:
        with pytest.raises(BadArchive, match=rf"^{folder}: (is )?(not|neither) "):
            read(FIXTURES / folder, slug)
    assert len(readers) > 7

"""Facebook's export: friends and followers by name, posts, and what notifications surely say about the owner."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from accounts.networks.base import BadArchive, Interaction, Owner, Post
from accounts.networks.exports.facebook import said
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


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return copied("facebook", tmp_path)


def write(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def actors(path: Path, verb: str) -> list[str]:
    return [record.actor for record in some(read(path, "facebook"), Interaction) if record.verb == verb]


def test_its_owner_is_named_with_letters_repaired(export: Path) -> None:
    registered_at = datetime(2009, 3, 13, tzinfo=UTC)
    owner = Owner("@alice.example", "alice.example", "Alice J\u00f6nsson", registered_at)
    assert read(export, "facebook")[0] == owner


def test_friends_and_followers_are_named_and_counted(export: Path) -> None:
    assert actors(export, "connect") == ["name:bob m\u00fcller", "name:charlie example"]
    assert actors(export, "follow") == ["name:dave example", "name:erin example"]
    records = read(export, "facebook")
    assert tallies(records)["friends"] == 3
    assert counters(records) == {"friends": 2, "followers": 1, "posts": 3}
    assert rejected(records) == [
        ("connections/friends/your_friends.json, record 3", "name is 'Facebook user', which names nobody")
    ]


def test_posts_of_one_second_are_two(export: Path) -> None:
    posts = [post.post for post in some(read(export, "facebook"), Post)]
    assert posts == ["at:1793300000", "at:1793400000", "at:1793400000.2"]


def test_notifications_are_taken_where_they_are_surely_about_the_owner(export: Path) -> None:
    assert actors(export, "reply") == ["name:bob m\u00fcller"]
    assert actors(export, "like") == ["name:charlie example", "name:dave example"]
    assert actors(export, "mention") == ["name:charlie example"]
    assert actors(export, "share") == ["name:erin example"]
    found = tallies(read(export, "facebook"))
    assert (found["notifications"], found["of them reactions to you"], found["of them left out"]) == (8, 5, 3)


@pytest.mark.parametrize(
    ("text", "verb", "who"),
    [
        ("Bob Example commented on your post.", "reply", ["Bob Example"]),
        ('Bob Example replied to your comment on a post: "x".', "reply", ["Bob Example"]),
        ("Bob Example and Charlie Example liked your profile picture.", "like", ["Bob Example", "Charlie Example"]),
        ("Bob Example, Charlie O'Hara and 12 others reacted to your post.", "like", ["Bob Example", "Charlie O'Hara"]),
        ("Bob Example likes your status update: Rye", "like", ["Bob Example"]),
        ("Jean-Luc Example tagged you in a photo.", "mention", ["Jean-Luc Example"]),
        ("Bob Example is now following you.", "follow", ["Bob Example"]),
        ("Bob Example commented on Charlie's post.", "", []),
        ("Bob Example commented on a post that you are tagged in.", "", []),
        ("Bob Example liked your friend's post.", "", []),
        ("Bob Example also commented on their post.", "", []),
        ("Bob Example posted in Bakers.", "", []),
        ("12 people reacted to your post.", "", []),
        ("3 others liked your post.", "", []),
        ("Your post was liked by Bob Example.", "", []),
        ("https://spam.example liked your post", "", []),
        ("Bob Example hat deinen Beitrag kommentiert.", "", []),
        ("", "", []),
        ("a" * 5000 + " liked your post", "", []),
    ],
)
def test_what_a_notification_says(text: str, verb: str, who: list[str]) -> None:
    assert said(text) == (verb, who)


def test_older_layouts_are_read(export: Path, tmp_path: Path) -> None:
    old = tmp_path / "facebook-alice"
    write(
        old / "profile_information" / "profile_information.json",
        {
            "profile": {
                "name": {"full_name": "Alice Example"},
                "profile_uri": "https://www.facebook.com/profile.php?id=100001",
            }
        },
    )
    write(old / "friends" / "friends.json", {"friends": [{"name": "Bob Example", "timestamp": 1546300800}]})
    write(old / "following_and_followers" / "followers.json", {"followers": [{"name": "Charlie Example"}]})
    write(old / "posts" / "your_posts_1.json", [{"timestamp": 1546300900}])
    write(old / "posts" / "your_posts_2.json", [{"timestamp": 1546300901}])
    write(
        old / "about_you" / "notifications.json",
        {"notifications": [{"timestamp": 1546301000, "unread": False, "text": "Bob Example liked your photo."}]},
    )
    assert recognised(old) == ["facebook"]
    assert some(read(old, "facebook"), Owner)[0].external_id == "id:100001"
    assert (actors(old, "connect"), actors(old, "follow")) == (["name:bob example"], ["name:charlie example"])
    assert (len(some(read(old, "facebook"), Post)), actors(old, "like")) == (2, ["name:bob example"])


def test_the_newest_layout_with_labels_is_read(export: Path) -> None:
    friends = [{"label_values": [{"label": "Name", "value": "Bob Example"}], "timestamp": 1790000000}]
    write(file_of(export, "your_friends.json"), {"friends_v2": friends})
    assert actors(export, "connect") == ["name:bob example"]


def test_without_a_profile_the_owners_own_comments_name_them(export: Path) -> None:
    file_of(export, "profile_information.json").unlink()
    assert some(read(export, "facebook"), Owner)[0].external_id == "name:alice j\u00f6nsson"
    file_of(export, "comments.json").unlink()
    with pytest.raises(BadArchive, match=r"export: does not say whose export it is: profile_information.json is not"):
        read(export, "facebook")


def test_the_form_of_web_pages_is_refused_with_what_to_ask_for(tmp_path: Path) -> None:
    page = tmp_path / "export" / "connections" / "friends" / "your_friends.html"
    page.parent.mkdir(parents=True)
    page.write_text("<html><body>Bob</body></html>")
    assert recognised(tmp_path / "export") == ["facebook"]
    with pytest.raises(BadArchive, match=r"web pages \(HTML\).*format JSON"):
        read(tmp_path / "export", "facebook")


def test_odd_records_are_named(export: Path) -> None:
    odd = [{"name": "Bob Example", "timestamp": "soon"}, {"name": 7}, None, {"name": "Alice J\u00f6nsson"}]
    change(file_of(export, "your_friends.json"), lambda value: {"friends_v2": odd})
    places = [where.rpartition(", ")[2] for where, _ in rejected(read(export, "facebook"))]
    assert places == ["record 2", "record 3", "record 4"]
    assert actors(export, "connect") == ["name:bob example"]


def test_the_sample_of_polypod_is_counted(data: Path, tmp_path: Path) -> None:
    """Its fixtures are JavaScript around JSON: lists of records are taken out of them."""
    folder = data / "exports" / "facebook_polypod"

    def pairs(name: str) -> list[tuple[str, int]]:
        text = (folder / name).read_text()
        return [(n, int(t)) for n, t in re.findall(r'name: "([^"]+)",\s*timestamp: (\d+)', text)]

    friends = pairs("friends-data.js")
    posts = [int(t) for t in re.findall(r"\b(1[56]\d{8})\b", (folder / "posts-data.js").read_text())]
    comments = re.findall(r'createCommentEntry\((\d+), "([^"]+)"', (folder / "comments-data.js").read_text())
    export = tmp_path / "facebook"
    mojibake = [{"name": name.encode().decode("latin-1"), "timestamp": time} for name, time in friends]
    write(export / "friends_and_followers" / "friends.json", {"friends_v2": mojibake})
    write(export / "posts" / "your_posts_1.json", [{"timestamp": t, "data": [{"post": "x"}]} for t in posts])
    write(
        export / "comments_and_reactions" / "comments.json",
        {"comments_v2": [{"timestamp": int(t), "data": [{"comment": {"author": "John Doe"}}]} for t, _ in comments]},
    )
    records = read(export, "facebook")
    assert recognised(export) == ["facebook"]
    assert tallies(records) == {"friends": 5, "posts": 9, "own comments": 6}
    assert "name:alice d\u00f6e" in actors(export, "connect")
    # The owner is among the friends of this sample.
    assert [reason for _, reason in rejected(records)] == ["names the owner"]

"""Facebook's data export in JSON, in its layouts since 2018: files are found by their names in any folder.

The export has no id that the API knows. Its owner is known by the number or name in the address of their profile
("id:1000...", "@alice.example"), else by their name; friends and others are named without any id ("name:bob example").
Who reacted is told by notifications alone, in the owner's language and without ids: only sentences in English that are
surely about something of the owner are taken, and the rest is counted as left out.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from accounts.networks.archive import Archive
from accounts.networks.base import (
    BadArchive,
    Counter,
    Interaction,
    Owner,
    Post,
    Record,
    Rejected,
    Tally,
    checked_text,
    shown,
)
from accounts.networks.exports.meta import Numbered, holds, labelled, listed, repaired, time_of
from accounts.networks.exports.values import dated, mapping, named, sequence

_PROFILE = ("profile_information.json",)
_FRIENDS = ("friends.json", "your_friends.json", "your_friends_[0-9]*.json")
# Numbered parts of followers.json are Instagram's.
_FOLLOWERS = (
    "followers.json",
    *("people_who_followed_you.json", "people_who_follow_you.json", "your_followers.json"),
    *("people_who_followed_you_[0-9]*.json", "people_who_follow_you_[0-9]*.json", "your_followers_[0-9]*.json"),
)
_POSTS = ("your_posts.json", "your_posts_*.json", "your_posts__check_ins__photos_and_videos*.json")
_NOTIFICATIONS = (
    "notifications.json",
    "your_notifications.json",
    "notifications_[0-9]*.json",
    "your_notifications_[0-9]*.json",
)
_TIMELINE = ("other_people*.json",)
_COMMENTS = ("comments.json", "your_comments.json")
_REACTIONS = ("posts_and_comments.json", "likes_and_reactions*.json")
_PART = re.compile(r"(?:_[0-9]+)?\.json$", re.IGNORECASE)
_KEY = r"(?:%s)(?:_v[0-9]+)?"
_TELLING = r'"(?:friends|profile|notifications|comments|reactions|followers)(?:_v[0-9]+)?"\s*:\s*[\[{]'
_HTML = (
    "your_friends.html",
    "friends.html",
    "profile_information.html",
    "your_posts*.html",
    "people_who_followed_you.html",
)
_PROFILE_ID = re.compile(
    r"https?://(?:[a-z-]+\.)?facebook\.com/(?:profile\.php\?id=([0-9]{1,20})|([A-Za-z0-9.]{3,60}))/?"
)
# What a notification says somebody did, and only to what is surely the owner's: not somebody else's, nor a group's.
_THING = (
    r"your (?:[a-z]+ ){0,2}?(?:post|photo|video|status(?: update)?|album|link|story|reel|comment|profile picture"
    r"|cover photo|timeline)\b"
)
_SENTENCES = (
    ("reply", re.compile(rf"(?:also )?(?:commented on|replied to) {_THING}")),
    ("share", re.compile(rf"shared {_THING}")),
    ("like", re.compile(rf"(?:likes?d?|loves?d?|reacted to|reacts to) {_THING}")),
    (
        "mention",
        re.compile(
            r"(?:mentioned|tagged) you in (?:a|an|their|his|her) (?:comment|post|photo|video|story|reel|status)\b"
        ),
    ),
    ("follow", re.compile(r"(?:started following|is now following|followed) you\b")),
)
_SAYS = re.compile(
    r"(?P<who>.{2,160}?) (?P<did>(?:also )?(?:commented|replied|shared|likes?d?|loves?d?|reacted|reacts|mentioned"
    r"|tagged|started following|is now following|followed)\b.*)"
)
_OTHERS = re.compile(r"(?:[0-9][0-9,.]* )?(?:other|others|other people|more)(?: people)?")
_WORD = r"[^\W\d_]+(?:[-.'\u2019][^\W\d_]+)*\.?"
_PERSON = re.compile(rf"{_WORD}(?: {_WORD}){{0,4}}")


# The title of what somebody else put on the owner's timeline.
_WROTE = re.compile(
    r"(?P<who>.{2,160}?) (?:wrote|posted|shared|added)\b(?: .{1,100})? (?:on|to) your (?:timeline|wall|profile)\.?"
)


def recognises(archive: Archive) -> bool:
    files = archive.anywhere(*_PROFILE, *_FRIENDS, *_FOLLOWERS, *_NOTIFICATIONS, *_COMMENTS, *_REACTIONS)
    return holds(archive, files, _TELLING) or _is_html(archive)


@dated
def read(archive: Archive) -> Iterator[Record]:
    if not recognises(archive):
        raise BadArchive(f"{archive.label}: is not an export of Facebook: none of its files is in it")
    if _is_html(archive):
        raise BadArchive(
            f"{archive.label}: is Facebook's export as web pages (HTML), which cannot be read here; ask Facebook "
            f"for it again with the format JSON"
        )
    owner = _owner(archive)
    own = named(owner.name)
    yield owner
    yield from _people(archive, _FRIENDS, "friends", "friends", "connect", own)
    yield from _people(
        archive, _FOLLOWERS, "followers", "followers|people_who_followed_you|people_who_follow_you", "follow", own
    )
    yield from _posts(archive)
    yield from _notifications(archive, own)
    yield from _timeline(archive, own)
    for kind, names, keys in (("own comments", _COMMENTS, "comments"), ("own reactions", _REACTIONS, "reactions")):
        if files := archive.anywhere(*names):
            yield Tally(kind, sum(1 for _ in listed(archive, files, _KEY % keys)))


def _is_html(archive: Archive) -> bool:
    if archive.anywhere(*_PROFILE, *_FRIENDS, *_POSTS, *_NOTIFICATIONS):
        return False
    return holds(archive, archive.anywhere(*_HTML), r"(?i)<html")


def _owner(archive: Archive) -> Owner:
    for name in archive.anywhere(*_PROFILE):
        for _, _, found in archive.found(name, re.compile(_KEY % "profile").fullmatch, objects=True):
            return _profile(archive, name, mapping(found))
    for names, keys in ((_COMMENTS, "comments"), (_REACTIONS, "reactions")):
        # Without a profile the owner's own doings name them, but for their address.
        for _, record in listed(archive, archive.anywhere(*names), _KEY % keys):
            data = mapping(next(iter(sequence(record.get("data"))), None))
            author = mapping(data.get("comment")).get("author") or mapping(data.get("reaction")).get("actor")
            try:
                return Owner(named(repaired(author)), handle="", name=checked_text(repaired(author), limit=100))
            except ValueError:
                continue
    raise BadArchive(
        f"{archive.label}: does not say whose export it is: profile_information.json is not in it; ask Facebook for "
        f"the export with 'Personal information' (or 'Profile information'), in the format JSON"
    )


def _profile(archive: Archive, file: str, profile: dict[str, Any]) -> Owner:
    # A text at first, and an object since.
    full_name = mapping(profile.get("name")).get("full_name", profile.get("name"))
    name = checked_text(repaired(full_name), limit=100)
    uri = profile.get("profile_uri")
    match = _PROFILE_ID.fullmatch(uri) if isinstance(uri, str) else None
    try:
        registered_at = time_of(profile, "registration_timestamp")
    except ValueError:
        registered_at = None
    try:
        by_name = named(name, "full_name")
    except ValueError as error:
        raise archive.bad(file, f"does not name an account ({error})") from None
    if match:
        owner_id = f"id:{match[1]}" if match[1] else f"@{match[2].lower()}"
    else:
        owner_id = f"{by_name} {registered_at:%Y-%m-%dT%H:%M:%SZ}" if registered_at else by_name
    return Owner(owner_id, handle=match[2] if match and match[2] else "", name=name, created_at=registered_at)


def _people(archive: Archive, names: tuple[str, ...], kind: str, keys: str, verb: str, own: str) -> Iterator[Record]:
    files = archive.anywhere(*names)
    if not files:
        return
    read = good = 0
    for where, record in listed(archive, _parts(files), _KEY % f"(?:{keys})"):
        read += 1
        try:
            name = _name(record)
            actor = named(name)
            if actor == own:
                raise ValueError("names the owner")  # noqa: TRY301
        except ValueError as error:
            yield Rejected(where, str(error))
            continue
        try:
            seen_at: datetime | None = time_of(record, "timestamp")
        except ValueError:
            seen_at = None
        good += 1
        yield Interaction(verb, actor, None, actor_handle=checked_text(name, limit=100), observed_at=seen_at)
    yield Tally(kind, read)
    yield Counter(kind, good)


def _parts(files: list[str]) -> list[str]:
    """The first file with its further parts; others have the same in another layout."""
    stem = _PART.sub("", files[0])
    return [name for name in files if _PART.sub("", name) == stem]


def _name(record: dict[str, Any]) -> str:
    """Whom a record is about: layouts differ in where the name stands."""
    inner = mapping(next(iter(sequence(record.get("data"))), None))
    for value in (record.get("name"), inner.get("name"), record.get("title")):
        if isinstance(value, str) and value.strip():
            return repaired(value)
    return labelled(record, "name")


def _posts(archive: Archive) -> Iterator[Record]:
    files = archive.anywhere(*_POSTS)
    if not files:
        return
    read = good = 0
    numbered = Numbered()
    for where, record in listed(archive, files, _KEY % "posts|status_updates"):
        read += 1
        try:
            posted_at = time_of(record, "timestamp", "creation_timestamp")
        except ValueError as error:
            yield Rejected(where, str(error))
            continue
        good += 1
        yield Post(numbered.of(posted_at), posted_at)
    yield Tally("posts", read)
    yield Counter("posts", good)


def _notifications(archive: Archive, own: str) -> Iterator[Record]:
    files = archive.anywhere(*_NOTIFICATIONS)
    if not files:
        return
    read = understood = 0
    for where, record in listed(archive, _parts(files), _KEY % "notifications"):
        read += 1
        text = repaired(record.get("text")) or labelled(record, "text", "notification")
        verb, who = said(text)
        if not verb:
            continue
        try:
            occurred_at = time_of(record, "timestamp")
            actors = {named(name): name for name in who}
        except ValueError as error:
            yield Rejected(where, str(error))
            continue
        understood += 1
        for actor, name in actors.items():
            if actor == own:
                yield Rejected(where, f"names the owner: {shown(name)}")
            elif verb == "follow":
                yield Interaction(verb, actor, None, actor_handle=name, observed_at=occurred_at)
            else:
                yield Interaction(verb, actor, occurred_at, actor_handle=name)
    yield Tally("notifications", read)
    yield Tally("of them reactions to you", understood)
    yield Tally("of them left out", read - understood)


def _timeline(archive: Archive, own: str) -> Iterator[Record]:
    """What others wrote on the owner's timeline, each by one person whom its title names, in English."""
    files = archive.anywhere(*_TIMELINE)
    if not files:
        return
    read = understood = 0
    for where, record in listed(archive, files, _KEY % "wall_posts_sent_to_you" + "(?:/activity_log_data)?"):
        read += 1
        match = _WROTE.fullmatch(" ".join(repaired(record.get("title")).split())[:600])
        if match is None or not _PERSON.fullmatch(match["who"]):
            continue
        try:
            occurred_at, actor = time_of(record, "timestamp"), named(match["who"])
            if actor == own:
                raise ValueError("names the owner")  # noqa: TRY301
        except ValueError as error:
            yield Rejected(where, str(error))
            continue
        understood += 1
        yield Interaction("mention", actor, occurred_at, actor_handle=match["who"])
    yield Tally("posts of others on your timeline", read)
    if read > understood:
        yield Tally("of these left out", read - understood)


def said(text: str) -> tuple[str, list[str]]:
    """The verb of a notification and who did it by name, ("", []) where it is not surely a reaction to the owner."""
    text = " ".join(text.split())
    match = _SAYS.fullmatch(text) if len(text) <= 600 else None
    verb = next((verb for verb, did in _SENTENCES if match and did.match(match["did"])), "")
    if match is None or not verb:
        return "", []
    who = [part for part in re.split(r", and |, | and ", match["who"]) if not _OTHERS.fullmatch(part)]
    if not who or not all(_PERSON.fullmatch(part) and len(part) <= 60 for part in who):
        return "", []
    return verb, who

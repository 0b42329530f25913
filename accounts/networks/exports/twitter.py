"""X's data export, as people download it.

The export names followers, but not who liked or reposted: those are counted on each post without names. What its owner
did to the own posts is taken off these counts where the export tells: likes are listed by post in like.js, and an own
repost is found by its text ("RT @owner: ..."). Counts on reposts of others belong to somebody else and are left out.
"""

import re
from collections import Counter as Multiset
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from accounts.networks.archive import Archive
from accounts.networks.base import (
    Attached,
    BadArchive,
    Counter,
    Interaction,
    Owner,
    Post,
    PostTotal,
    Record,
    Rejected,
    Tally,
    checked_count,
    checked_text,
    checked_time,
    shown,
)
from accounts.networks.exports.values import dated
from accounts.networks.words import Words, in_text, links_of

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TIME = re.compile(r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d{2}) (\d{2}):(\d{2}):(\d{2}) \+0000 (\d{4})", re.ASCII)
_ID = re.compile(r"[1-9][0-9]{0,19}")
_HANDLE = re.compile(r"[A-Za-z0-9_]{1,20}")
_LIST = re.compile(
    r"https?://(?:www\.|mobile\.)?(?:twitter|x)\.com/([A-Za-z0-9_]{1,20})/lists/([^/?#\s]{1,200})/?", re.IGNORECASE
)
# The counts of a post, and the verbs they count.
_TOTALS = (("favorite_count", "like"), ("retweet_count", "share"))
_TWEETS = ("tweets.js", "tweets-part*.js", "tweet.js", "tweet-part*.js")
# Posts to communities are in a file of their own, and in no other.
_COMMUNITY = ("community-tweet.js", "community-tweet-part*.js", "community_tweet*.js")
# The whole texts of long posts, which stand cut among the others.
_NOTES = ("note-tweet.js", "note-tweet-part*.js")


def recognises(archive: Archive) -> bool:
    folder = archive.folder_of("account.js", "manifest.js")
    if folder is None:
        return False
    files = archive.find(*_TWEETS, *_COMMUNITY, "follower*.js", "following*.js", "profile.js", folder=folder)
    return any(b"window." in archive.head(name, 256) or b"[" in archive.head(name, 256) for name in files)


@dated
def read(archive: Archive) -> Iterator[Record]:
    folder = archive.folder_of("account.js", "manifest.js")
    if folder is None:
        raise BadArchive(
            f"{archive.label}: not an export of X: neither account.js nor manifest.js is in it to name its owner"
        )
    export = _Export(archive, folder)
    yield export.owner()
    yield from export.tweets()
    yield from export.followers()
    yield from export.counted("following", "following", "following-part*.js")
    yield from export.counted("lists", "listed", "lists-member-part*.js", name="lists-member.js")
    yield from export.lists()


@dataclass(slots=True)
class _Export:
    """One export while it is read; what its first files say serves the later ones."""

    archive: Archive
    folder: str
    owner_id: str = ""
    handle: str = ""
    # When X made the export; what it counts was so at that time.
    made_at: datetime | None = None
    # X cuts a large export into several: one of them cannot say how many posts there are in all.
    partial: bool = False
    # As numbers, which take half the memory of text: there may be a million.
    own_likes: set[int] = field(default_factory=set)

    def owner(self) -> Owner:
        manifest = self._only("manifest.js")
        info = _dict(_dict(manifest).get("archiveInfo"))
        user = _dict(_dict(manifest).get("userInfo"))
        self.partial = info.get("isPartialArchive") is True
        try:
            self.made_at = checked_time(info.get("generationDate"), "generationDate")
        except ValueError:
            self.made_at = None
        account = self._first("account.js", "account")
        self.owner_id = self._owner_id(account.get("accountId"), user.get("accountId"))
        handle = account.get("username") or user.get("userName")
        self.handle = handle if isinstance(handle, str) and _HANDLE.fullmatch(handle) else ""
        name = account.get("accountDisplayName") or user.get("displayName")
        about = _dict(self._first("profile.js", "profile").get("description")).get("bio")
        try:
            created_at = checked_time(account.get("createdAt"), "createdAt")
        except ValueError:
            created_at = None
        return Owner(
            external_id=self.owner_id,
            handle=self.handle,
            name=checked_text(name, limit=100),
            created_at=created_at,
            about=checked_text(about, limit=280),
        )

    def _owner_id(self, account: object, manifest: object) -> str:
        known = [value for value in (account, manifest) if value is not None]
        where = f"{self.archive.label}: {self._files('account.js', 'manifest.js')[0]}"
        if not known:
            raise BadArchive(f"{where}: names no accountId, so nobody knows whose export this is")
        if not isinstance(known[0], str) or not _ID.fullmatch(known[0]):
            raise BadArchive(f"{where}: accountId is {shown(known[0])}, not an id of X")
        if known[0] != known[-1]:
            raise BadArchive(f"{where}: is of account {known[0]}, manifest.js of {shown(known[-1])}: two exports mixed")
        return known[0]

    def tweets(self) -> Iterator[Record]:
        files, community = self._files(*_TWEETS), self._files(*_COMMUNITY)
        if not files and not community:
            return
        self._read_own_likes()
        own_reposts = self._own_reposts(files)
        read = reposts = elsewhere = 0
        for where, tweet in self._records([*files, *community], "tweet"):
            read += 1
            elsewhere += where.startswith(tuple(community)) if community else 0
            text = _text(tweet)
            if text.startswith("RT @"):
                reposts += 1
                continue
            try:
                post, posted_at = _id(tweet.get("id_str", tweet.get("id")), "id"), _time(tweet.get("created_at"))
            except ValueError as error:
                yield Rejected(where, str(error))
                continue
            yield Post(post, posted_at, f"https://x.com/{self.handle or 'i'}/status/{post}", *_words(tweet, text))
            for name, verb in _TOTALS:
                try:
                    total = checked_count(tweet.get(name, 0), name)
                except ValueError as error:
                    yield Rejected(where, str(error))
                    continue
                own = own_reposts.of(text) if verb == "share" else int(post) in self.own_likes
                if total > own:
                    yield PostTotal(post, verb, total - own, posted_at)
        yield Tally("tweets", read - elsewhere)
        if reposts:
            yield Tally("of them reposts", reposts)
        if elsewhere:
            yield Tally("tweets in communities", elsewhere)
        if notes := sum(1 for _ in self._records(self._files(*_NOTES), "noteTweet")):
            yield Tally("long tweets", notes)
        if not self.partial:
            yield Counter("posts", read, self.made_at)

    def followers(self) -> Iterator[Record]:
        files = self._files("follower.js", "follower-part*.js")
        if not files:
            return
        read = good = 0
        for where, follower in self._records(files, "follower"):
            read += 1
            try:
                actor = _id(follower.get("accountId"), "accountId")
            except ValueError as error:
                yield Rejected(where, str(error))
                continue
            if actor == self.owner_id:
                yield Rejected(where, "accountId is the owner's own")
                continue
            good += 1
            yield Interaction("follow", actor, None, observed_at=self.made_at)
        yield Tally("followers", read)
        if not self.partial:
            yield Counter("followers", good, self.made_at)

    def counted(self, kind: str, counter: str, parts: str, *, name: str = "") -> Iterator[Record]:
        """Files of which only the number of records matters: whom the owner follows, and lists that hold the owner.

        A list's address tells its owner's handle at best and never the id.
        """
        files = self._files(name or f"{kind}.js", parts)
        if not files:
            return
        read = sum(1 for _ in self._records(files, ""))
        yield Tally(kind, read)
        if not self.partial:
            yield Counter(counter, read, self.made_at)

    def lists(self) -> Iterator[Record]:
        """What the lists are called that hold the owner, from their addresses; their owners' ids are not told."""
        for _, item in self._records(self._files("lists-member.js", "lists-member-part*.js"), "userListInfo"):
            url = item.get("url")
            found = _LIST.fullmatch(url.strip()) if isinstance(url, str) and len(url) <= 500 else None
            if found and found[1].lower() not in ("i", self.handle.lower()):
                name = checked_text(unquote(found[2]).replace("-", " "), limit=100)
                # Without a name the address has a number.
                if name and not name.isdigit():
                    yield Attached("list", name, observed_at=self.made_at)

    def _read_own_likes(self) -> None:
        for _, like in self._records(self._files("like.js", "like-part*.js"), "like"):
            post = like.get("tweetId")
            if isinstance(post, str) and _ID.fullmatch(post):
                self.own_likes.add(int(post))

    def _own_reposts(self, files: list[str]) -> "_Reposts":
        found = _Reposts()
        start = f"RT @{self.handle}: ".lower()
        if self.handle:
            for _, tweet in self._records(files, "tweet"):
                text = _text(tweet)
                if text[: len(start)].lower() == start:
                    found.add(text[len(start) :])
        return found

    def _path(self, name: str) -> str:
        return f"{self.folder}/{name}" if self.folder else name

    def _files(self, *patterns: str) -> list[str]:
        return self.archive.find(*patterns, folder=self.folder)

    def _only(self, name: str) -> Any:
        files = self._files(name)
        return self.archive.read_json(files[0]) if files else None

    def _first(self, name: str, key: str) -> dict[str, Any]:
        records = self._only(name)
        if records is not None and not isinstance(records, list):
            raise BadArchive(f"{self.archive.label}: {self._path(name)}: does not hold a JSON array")
        record = _dict(records[0]) if records else {}
        # As with other records, those of 2019 may stand bare.
        return _dict(record.get(key, record))

    def _records(self, files: list[str], key: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Records of the files with their places. Older exports hold them bare, newer ones under `key`."""
        for name in files:
            for number, record in self.archive.records(name):
                record = _dict(record)
                yield f"{name}, record {number}", _dict(record.get(key, record))


class _Reposts:
    """Texts of the owner's reposts of own posts; X cuts them at about 140 characters and ends them with an ellipsis."""

    def __init__(self) -> None:
        self.whole: Multiset[str] = Multiset()
        self.begun: dict[int, Multiset[str]] = {}

    def add(self, text: str) -> None:
        if text.endswith("…"):
            text = text[:-1]
            self.begun.setdefault(len(text), Multiset())[text] += 1
        else:
            self.whole[text] += 1

    def of(self, text: str) -> int:
        """How many of the reposts are of the post with this text."""
        return self.whole[text] + sum(texts[text[:length]] for length, texts in self.begun.items())


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _words(tweet: dict[str, Any], text: str) -> Words:
    """The hashtags and links that X marked, and the hashtags of the text; addresses of t.co say nothing."""
    marked = _dict(tweet.get("entities"))
    tags, urls = marked.get("hashtags"), marked.get("urls")
    named = [_dict(tag).get("text") for tag in tags] if isinstance(tags, list) else []
    links = [_dict(url).get("expanded_url") for url in urls] if isinstance(urls, list) else []
    found, _ = in_text(text, tags=named)
    return found, links_of(links)


def _text(tweet: dict[str, Any]) -> str:
    text = tweet.get("full_text", tweet.get("text"))
    return text if isinstance(text, str) else ""


def _id(value: object, what: str) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise ValueError(f"{what} is {shown(value)}, not an id of X")
    return value


def _time(value: object) -> datetime:
    """`created_at` as X writes it, "Fri Mar 06 13:02:05 +0000 2026" (in English whatever the locale is)."""
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None or match[1] not in _MONTHS:
        return checked_time(value, "created_at")
    day, hour, minute, second, year = (int(match[group]) for group in (2, 3, 4, 5, 6))
    try:
        time = datetime(year, _MONTHS.index(match[1]) + 1, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise ValueError(f"created_at is {shown(value)} ({error})") from None
    return checked_time(time, "created_at")

"""Foursquare's and Swarm's data export: check-ins, tips and friends in JSON, as the service lets people download them.

Check-ins as its API gives them (one of them, a list, or a whole answer) are read alike. Likes of a check-in name people
only there; the export counts them. A like has no time of its own, and is dated on the check-in or tip. Users are known
by their number; an owner whose export has it nowhere, by name.
"""

import re
from collections import Counter as Multiset
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from accounts.networks.archive import MIB, Archive
from accounts.networks.base import (
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
    shown,
)
from accounts.networks.exports.values import dated, in_utc, mapping, named, sequence, since_1970

_CHECKINS = ("checkin*.json", "check-in*.json")
_TIPS = ("tip*.json",)
_FRIENDS = ("friend*.json",)
_FOLLOWERS = ("follower*.json",)
_USERS = ("users.json", "user.json", "profile.json")
_PHOTOS = ("photo*.json",)
_PHOTO = re.compile(r"/([1-9][0-9]{0,14})_[A-Za-z0-9_-]+\.(?:jpg|jpeg|png)")
# Files looked at, by content, where none has a name that we know.
MOST = 20
# Where an answer of the API, or what somebody made of it, has its records.
_ITEMS = re.compile(r"(?:response/)?(?:items|(?:checkins|tips|friends|followers)(?:/items)?)").fullmatch
_TELLING = re.compile(rb'"(?:venue|timeZoneOffset|isMayor)"\s*:')
_DATED = re.compile(rb'"createdAt"\s*:')
_ID = re.compile(r"[1-9][0-9]{0,19}")
_OBJECT = re.compile(r"[0-9a-f]{24}")


def recognises(archive: Archive) -> bool:
    return bool(_files(archive, _CHECKINS) or _files(archive, _TIPS))


@dated
def read(archive: Archive) -> Iterator[Record]:
    export = _Export(archive, _files(archive, _CHECKINS), _files(archive, _TIPS))
    if not export.checkins and not export.tips:
        raise BadArchive(
            f"{archive.label}: is not an export of Foursquare or Swarm: neither check-ins nor tips are in it"
        )
    yield export.owner()
    yield from export.posts(export.checkins, "check-ins", "checkins")
    yield from export.posts(export.tips, "tips", "tips")
    yield from export.people(archive.anywhere(*_FRIENDS), "friends", "connect")
    yield from export.people(archive.anywhere(*_FOLLOWERS), "followers", "follow")


def _files(archive: Archive, names: tuple[str, ...]) -> list[str]:
    files = [name for name in archive.anywhere(*names) if _looks_so(archive, name)]
    if not files and names is _CHECKINS:
        files = [
            name
            for name in archive.anywhere("*.json")[:MOST]
            if b"timeZoneOffset" in archive.head(name) and _looks_so(archive, name)
        ]
    return files


def _looks_so(archive: Archive, name: str) -> bool:
    head = archive.head(name)
    return bool(_TELLING.search(head) and _DATED.search(head))


@dataclass(slots=True)
class _Export:
    archive: Archive
    checkins: list[str]
    tips: list[str]
    owner_id: str = ""
    seen: set[str] = field(default_factory=set)

    def owner(self) -> Owner:
        """Whose it is: users.json or a user marked as oneself says so, or else the files of photos are named for it."""
        users = [record for name in self.archive.anywhere(*_USERS) for _, record in self._records([name])][:MOST]
        own = users if len(users) == 1 else [user for user in users if user.get("relationship") == "self"]
        for user in own[:1]:
            if _id(user):
                return self._owned(_id(user), user)
        uploaders: Multiset[str] = Multiset()
        for _, record in self._records([*self.checkins, *self.tips, *self.archive.anywhere(*_PHOTOS)]):
            photos = [mapping(photo) for photo in sequence(mapping(record.get("photos")).get("items"))]
            for person in [mapping(record.get("user")), *(mapping(photo.get("user")) for photo in photos)]:
                if person.get("relationship") == "self" and _id(person):
                    return self._owned(_id(person), person)
            uploaders.update(_uploader(photo) for photo in [record, *photos])
        del uploaders[""]
        if len(uploaders) == 1:
            return self._owned(next(iter(uploaders)), own[0] if own else {})
        for user in own[:1]:
            # Nothing has the number: the name must do, which is the owner's own but may be others' too.
            with suppress(ValueError):
                return self._owned(named(_full_name(user)), user)
        raise BadArchive(
            f"{self.archive.label}: does not say whose export it is: users.json is not in it; upload the whole zip as "
            f"Foursquare made it"
        )

    def _owned(self, user: str, record: dict[str, Any]) -> Owner:
        self.owner_id = user
        parts = (record.get("firstName"), record.get("lastName"))
        handle = record.get("handle") or record.get("canonicalUrl")
        handle = handle.rpartition("/")[2] if isinstance(handle, str) else ""
        name = checked_text(" ".join(part for part in parts if isinstance(part, str)), limit=100)
        fit = re.fullmatch(r"[A-Za-z0-9_.-]{1,60}", handle)
        return Owner(user, handle=handle if fit else "", name=name, about=checked_text(record.get("bio"), limit=280))

    def posts(self, files: list[str], kind: str, counter: str) -> Iterator[Record]:
        if not files:
            return
        read = good = 0
        for where, record in self._records(files):
            read += 1
            try:
                post, posted_at = _object_id(record.get("id")), _time(record.get("createdAt"))
                if post in self.seen:
                    raise ValueError(f"id {post} is there twice")  # noqa: TRY301
            except ValueError as error:
                yield Rejected(where, str(error))
                continue
            self.seen.add(post)
            good += 1
            url = record.get("canonicalUrl")
            fit = isinstance(url, str) and re.fullmatch(r"https://[a-z.]*(?:foursquare|swarmapp)\.com/\S{1,300}", url)
            yield Post(post, posted_at, str(url) if fit else "")
            yield from self._reactions(where, record, post, posted_at)
        yield Tally(kind, read)
        yield Counter(counter, good)

    def _reactions(self, where: str, record: dict[str, Any], post: str, posted_at: datetime) -> Iterator[Record]:
        likes = mapping(record.get("likes"))
        groups = (sequence(mapping(group).get("items")) for group in sequence(likes.get("groups")))
        for user in (mapping(item) for items in (*groups, sequence(likes.get("items"))) for item in items):
            actor = _id(user)
            if not actor:
                yield Rejected(where, f"is liked by {shown(user.get('id'))}, not an id of Foursquare")
            elif actor != self.owner_id:
                yield Interaction(
                    "like", actor, posted_at, post=post, key=f"like:{post}:{actor}", actor_handle=_full_name(user)
                )
        # Counts of tips stand beside them; those of check-ins in objects that may list people too.
        totals = (
            ("like", likes.get("count", record.get("agreeCount"))),
            ("reply", mapping(record.get("comments")).get("count")),
            (
                "save",
                mapping(record.get("saves")).get(
                    "count", record.get("saveCount", mapping(record.get("todo")).get("count"))
                ),
            ),
        )
        for verb, value in totals:
            try:
                total = checked_count(value, f"the number of {verb}s") if value is not None else 0
            except ValueError as error:
                yield Rejected(where, str(error))
                continue
            if verb == "like" and record.get("like") is True and total:
                total -= 1
            if total:
                yield PostTotal(post, verb, total, posted_at)

    def people(self, files: list[str], kind: str, verb: str) -> Iterator[Record]:
        read = good = 0
        for where, record in self._records(files):
            read += 1
            actor = _id(record)
            if not actor or actor == self.owner_id:
                yield Rejected(
                    where, "names the owner" if actor else f"id is {shown(record.get('id'))}, not an id of Foursquare"
                )
                continue
            good += 1
            yield Interaction(verb, actor, None, actor_handle=_full_name(record))
        if files:
            yield Tally(kind, read)
            yield Counter(kind, good)

    def _records(self, files: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Records of files that are a list, hold one under a name, or are a single record."""
        for name in files:
            single = self._single(name)
            if single is not None:
                yield f"{name}, record 1", single
                continue
            for number, _, value in self.archive.found(name, _ITEMS):
                yield f"{name}, record {number}", mapping(value)

    def _single(self, name: str) -> dict[str, Any] | None:
        """The one record that the file is; what lists there are within it are no records of their own."""
        if self.archive.size(name) > MIB:
            return None
        value = self.archive.read_json(name)
        return value if isinstance(value, dict) and {"id", "userId", "firstName"} & value.keys() else None


def _uploader(photo: dict[str, Any]) -> str:
    """The number of the user after whom a photo's file is named; "" where it is none."""
    url = photo.get("fullUrl", photo.get("suffix"))
    match = _PHOTO.search(url) if isinstance(url, str) and len(url) <= 500 else None
    return match[1] if match else ""


def _id(record: dict[str, Any]) -> str:
    """The number of a user as text; "" where it has none."""
    value = record.get("id", record.get("userId"))
    text = str(value) if type(value) in (str, int) else ""
    return text if len(text) <= 20 and _ID.fullmatch(text) else ""


def _object_id(value: object) -> str:
    if not isinstance(value, str) or not _OBJECT.fullmatch(value):
        raise ValueError(f"id is {shown(value)}, not an id of Foursquare")
    return value


def _time(value: object) -> datetime:
    """Seconds since 1970, or "2015-05-30 18:30:00.000000" in UTC. Raises ValueError."""
    return in_utc(value, "createdAt") if isinstance(value, str) and "-" in value else since_1970(value, "createdAt")


def _full_name(user: dict[str, Any]) -> str:
    parts = (user.get("firstName"), user.get("lastName"))
    return checked_text(" ".join(part for part in parts if isinstance(part, str)), limit=100)

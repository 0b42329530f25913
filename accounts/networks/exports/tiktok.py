"""TikTok's data export in JSON: one file with everything, of which sections were renamed and moved over the years.

What is read is found by its own name at any depth: ProfileMap, FansList, Following, VideoList. Accounts are known by
their username in lower case. Who liked a video is not in the export, only how many.
"""

import re
from collections.abc import Iterator
from datetime import datetime

from accounts.networks.archive import Archive
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
from accounts.networks.exports.meta import Numbered
from accounts.networks.exports.values import dated, in_utc, mapping

# Files looked at where none has the usual name.
MOST = 10
_NAMES = ("user_data*.json", "*tiktok*.json")
_TEXTS = ("profile info*.txt", "follower*.txt", "*video browsing history.txt", "watch history.txt")
_LISTS = ("FansList", "VideoList", "Following", "CommentsList", "ItemFavoriteList")
# Videos that were watched are listed under the same name as the owner's own.
_WANTED = re.compile(rf"(?!.*(?:History|Favorite Videos)/)(?:.*/)?(?:{'|'.join(_LISTS)})").fullmatch
_TELLING = re.compile(
    rb'"(?:ProfileMap|FansList|VideoList|ItemFavoriteList|Video Browsing History|Watch History|Follower List'
    rb'|Profile And Settings|Your Activity|App Settings|Favorite Videos|Favorite Sounds|Follower)"\s*:'
)
# What stands where there is no number.
_NO_NUMBER = (None, "", "N/A", "None")
_USERNAME = re.compile(r"[A-Za-z0-9_.]{1,60}")
_VIDEO = re.compile(r"https?://(?:[a-z]+\.)?tiktok[a-z]*\.com/(?:\S*/)?video/([0-9]{10,22})(?:[/?#]\S*)?")


def recognises(archive: Archive) -> bool:
    return _file(archive) is not None or _is_text(archive)


@dated
def read(archive: Archive) -> Iterator[Record]:
    name = _file(archive)
    if name is None:
        if _is_text(archive):
            raise BadArchive(
                f"{archive.label}: is TikTok's export as text (TXT), which cannot be read here; ask TikTok for it "
                f"again with the file format JSON"
            )
        raise BadArchive(f"{archive.label}: is not an export of TikTok: no user_data_tiktok.json is in it")
    owner, likes = _owner(archive, name)
    yield owner
    if likes not in _NO_NUMBER:
        try:
            yield Counter("likes", checked_count(likes, "likesReceived"))
        except ValueError as error:
            yield Rejected(f"{name}, ProfileMap", str(error))
    numbers = dict.fromkeys(_LISTS, 0)
    good = dict.fromkeys(_LISTS, 0)
    unnamed = Numbered()
    for _, path, value in archive.found(name, _WANTED):
        field = path.rpartition("/")[2]
        numbers[field] += 1
        where = f"{name}, {field} {numbers[field]}"
        if field in ("FansList", "VideoList"):
            records = list(
                _fan(where, value, owner.external_id) if field == "FansList" else _video(where, value, unnamed)
            )
            good[field] += not isinstance(records[0], Rejected)
            yield from records
    yield Tally("followers", numbers["FansList"])
    yield Tally("videos", numbers["VideoList"])
    yield Tally("following", numbers["Following"])
    yield Tally("own comments", numbers["CommentsList"])
    yield Tally("own likes", numbers["ItemFavoriteList"])
    # A list that the export has not got is not taken for an empty one.
    for field, counter in (("FansList", "followers"), ("VideoList", "videos")):
        if numbers[field]:
            yield Counter(counter, good[field])
    if numbers["Following"]:
        yield Counter("following", numbers["Following"])


def username(value: object) -> str:
    """`value` as the id of an account. Raises ValueError."""
    text = value.strip().removeprefix("@") if isinstance(value, str) else ""
    if not _USERNAME.fullmatch(text) or not text.strip("."):
        raise ValueError(f"username is {shown(value)}, which is none")
    return text.lower()


def _file(archive: Archive) -> str | None:
    files = archive.anywhere(*_NAMES) or archive.anywhere("*.json")[:MOST]
    return next(
        (
            name
            for name in files
            if len(_TELLING.findall(archive.head(name, 64 * 1024))) >= 1 and _has_profile(archive, name)
        ),
        None,
    )


def _has_profile(archive: Archive, name: str) -> bool:
    """Sections that TikTok alone has; the usual name needs no more than one of them."""
    found = set(_TELLING.findall(archive.head(name, 64 * 1024)))
    return "user_data" in name.lower() or "tiktok" in name.lower() or len(found) >= 2


def _is_text(archive: Archive) -> bool:
    return len({name.rpartition("/")[2].lower() for name in archive.anywhere(*_TEXTS)}) >= 2


def _owner(archive: Archive, name: str) -> tuple[Owner, object]:
    """The owner, and how many likes the profile counts (None where it does not)."""
    for _, _, value in archive.found(name, re.compile("(?:.*/)?ProfileMap").fullmatch, objects=True):
        profile = mapping(value)
        try:
            owner = username(profile.get("userName"))
        except ValueError as error:
            raise archive.bad(name, f"ProfileMap does not name an account ({error})") from None
        full = checked_text(profile.get("displayName"), limit=100)
        about = checked_text(profile.get("bioDescription"), limit=280)
        return Owner(owner, handle=owner, name=full, about=about), profile.get("likesReceived")
    raise archive.bad(name, "does not say whose export it is: it has no ProfileMap; ask TikTok for all of your data")


def _fan(where: str, value: object, owner: str) -> Iterator[Record]:
    fan = mapping(value)
    try:
        actor = username(fan.get("UserName", fan.get("userName")))
        if actor == owner:
            raise ValueError("names the owner")  # noqa: TRY301
    except ValueError as error:
        yield Rejected(where, str(error))
        return
    try:
        seen_at: datetime | None = in_utc(fan.get("Date", fan.get("date")), "Date")
    except ValueError:
        seen_at = None
    yield Interaction("follow", actor, None, actor_handle=actor, observed_at=seen_at)


def _video(where: str, value: object, unnamed: Numbered) -> Iterator[Record]:
    video = mapping(value)
    link = video.get("Link", video.get("VideoLink"))
    match = _VIDEO.fullmatch(link) if isinstance(link, str) else None
    try:
        posted_at = in_utc(video.get("Date", video.get("date")), "Date")
    except ValueError as error:
        yield Rejected(where, str(error))
        return
    # Links to the file itself, which older exports have, lapse and do not name the video.
    post = match[1] if match else unnamed.of(posted_at)
    yield Post(post, posted_at, str(link) if match and str(link).startswith("https://") else "")
    likes = video.get("Likes", video.get("likes"))
    if likes not in _NO_NUMBER:
        try:
            total = checked_count(likes, "Likes")
        except ValueError as error:
            yield Rejected(where, str(error))
            return
        if total:
            yield PostTotal(post, "like", total, posted_at)

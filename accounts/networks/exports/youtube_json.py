"""YouTube in Takeouts of until about 2021: JSON as its API has it, a file for each video."""

import re
from collections.abc import Iterator
from typing import Any

from accounts.networks.archive import KIB, Archive
from accounts.networks.base import (
    BadArchive,
    Counter,
    Post,
    PostTotal,
    Record,
    Rejected,
    Tally,
    checked_count,
    checked_text,
    shown,
)
from accounts.networks.exports.values import in_utc, mapping

# Files that are looked at; each video has one.
MOST = 20_000
CHANNEL = re.compile(r"UC[A-Za-z0-9_-]{22}")
VIDEO = re.compile(r"[A-Za-z0-9_-]{11}")
_KIND = re.compile(rb'"kind"\s*:\s*"youtube#(channel|video|subscription)"')
_TOTALS = (("likeCount", "like"), ("commentCount", "reply"), ("viewCount", "visit"))


def files(archive: Archive) -> dict[str, list[str]]:
    """Files by what their records are: "channel", "video", "subscription"."""
    found: dict[str, list[str]] = {}
    names = [name for name in archive.anywhere("*.json") if "youtube" in name.lower()]
    for name in names[:MOST]:
        if match := _KIND.search(archive.head(name, 32 * KIB)):
            found.setdefault(match[1].decode(), []).append(name)
    return found


def channels(archive: Archive, found: dict[str, list[str]]) -> dict[str, str]:
    """Ids of the channels that the export is of, with their titles; those of a channel's own file before all others."""
    for kind, field in (("channel", "title"), ("video", "channelTitle"), ("subscription", "")):
        titles: dict[str, str] = {}
        for _, item, _ in _items(archive, found, kind):
            snippet = mapping(item.get("snippet"))
            channel = item.get("id") if kind == "channel" else snippet.get("channelId")
            if isinstance(channel, str) and CHANNEL.fullmatch(channel):
                titles.setdefault(channel, checked_text(snippet.get(field), limit=100))
        if titles:
            return titles
    return {}


def videos(archive: Archive, found: dict[str, list[str]], channel: str) -> Iterator[Record]:
    """The channel's videos with their totals, those that nobody else may see left out; and subscriptions counted."""
    read = good = private = 0
    for where, item, reason in _items(archive, found, "video"):
        read += 1
        snippet, statistics = mapping(item.get("snippet")), mapping(item.get("statistics"))
        if mapping(item.get("status")).get("privacyStatus") == "private":
            private += 1
            continue
        try:
            if reason:
                raise ValueError(reason)  # noqa: TRY301
            video, owner = item.get("id"), snippet.get("channelId")
            if not isinstance(video, str) or not VIDEO.fullmatch(video):
                raise ValueError(f"the video is {shown(video)}, not an id of YouTube")  # noqa: TRY301
            if owner != channel:
                raise ValueError(f"is of the channel {shown(owner)}, not of the owner's")  # noqa: TRY301
            posted_at = in_utc(snippet.get("publishedAt"), "publishedAt")
            totals = [(verb, checked_count(statistics.get(name, 0), name)) for name, verb in _TOTALS]
        except ValueError as error:
            yield Rejected(where, str(error))
            continue
        good += 1
        yield Post(video, posted_at, f"https://www.youtube.com/watch?v={video}")
        yield from (PostTotal(video, verb, total, posted_at) for verb, total in totals if total)
    if "video" in found:
        yield Tally("videos", read)
        yield Counter("videos", good + private)
    if private:
        yield Tally("of them private", private)
    if "subscription" in found:
        yield Tally("own subscriptions", sum(1 for _ in _items(archive, found, "subscription")))


def _items(archive: Archive, found: dict[str, list[str]], kind: str) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Records with their places; of a damaged file, what is wrong with it."""
    for name in found.get(kind, []):
        try:
            value = archive.read_json(name)
        except BadArchive as error:
            if archive.exhausted:
                raise
            yield name, {}, str(error).rpartition(f"{name}: ")[2]
            continue
        for number, item in enumerate(value if isinstance(value, list) else [value], start=1):
            yield f"{name}, record {number}", mapping(item), ""

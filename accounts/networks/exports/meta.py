"""What the exports of Facebook and Instagram have in common: their JSON, and texts that were encoded twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from accounts.networks.archive import KIB, MIB, Archive
from accounts.networks.exports.values import mapping, sequence, since_1970

# Files whose first bytes are looked at to recognise an export.
MOST = 200
# What a record of a post or a follower has in it.
_RECORD = ("media", "string_list_data", "attachments")


def repaired(text: object) -> str:
    """Meta writes each byte of UTF-8 as a character of its own ("JÃ¶n"); "" where it is no text."""
    if not isinstance(text, str):
        return ""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def labelled(value: object, *labels: str) -> str:
    """The text under one of the labels in the newest layout: {"label_values": [{"label": "Name", "value": ...}]}."""
    for item in sequence(mapping(value).get("label_values")):
        pair = mapping(item)
        if repaired(pair.get("label")).casefold() in labels and isinstance(pair.get("value"), str):
            return repaired(pair["value"])
    return ""


def time_of(record: dict[str, Any], *fields: str) -> datetime:
    """The first of the fields that holds a time since 1970. Raises ValueError."""
    value = next((record[field] for field in fields if record.get(field) is not None), None)
    return since_1970(value, fields[0])


def holds(archive: Archive, names: list[str], pattern: str) -> bool:
    """Whether one of the files has `pattern`, a regular expression, near its beginning."""
    wanted = re.compile(pattern)
    return any(wanted.search(archive.head(name, 32 * KIB).decode(errors="replace")) for name in names[:MOST])


def listed(archive: Archive, names: list[str], keys: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Records of the files with their places: the file's own array, or the one under a key that `keys` matches."""
    wanted = re.compile(keys).fullmatch
    for name in names:
        none = True
        for number, _, value in archive.found(name, wanted):
            none = False
            yield f"{name}, record {number}", mapping(value)
        if none and (only := _only(archive, name)):
            yield f"{name}, record 1", only


def _only(archive: Archive, name: str) -> dict[str, Any]:
    """The record that a file is which would hold a list if there were two; {} where it is none."""
    value = mapping(archive.read_json(name)) if archive.size(name) <= MIB else {}
    return value if any(isinstance(value.get(field), list) for field in _RECORD) else {}


class Numbered:
    """Ids for posts that have none in an export: the second they are of, with a number where one second has several."""

    def __init__(self) -> None:
        self._seen: dict[int, int] = {}

    def of(self, time: datetime) -> str:
        second = int(time.timestamp())
        nth = self._seen.get(second, 0) + 1
        self._seen[second] = nth
        return f"at:{second}" if nth == 1 else f"at:{second}.{nth}"

"""Long lists that a network gives newest first, such as followers: all of it once, then only what is new."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from accounts.networks.base import Page, Record
from accounts.networks.http import Rejected4xx

# How many of the first are remembered: some of them may leave the list before it is read again.
_HEAD = 10


class Listed(NamedTuple):
    """One page of a list: what it says, the ids it holds in their order, and where it goes on ("": nowhere)."""

    records: list[Record]
    ids: Sequence[str]
    following: str


def marks(ids: Iterable[str]) -> list[str]:
    """What a cursor remembers of `ids`: enough to know them again, too little to tell whose they are.

    Cursors are handed out with the rest of a person's data, and outlive the accounts of others that they are about.
    """
    return [hashlib.blake2s(one.encode(errors="replace"), digest_size=6).hexdigest() for one in ids]


def newest_first(ask: Callable[[str], Listed], cursor: dict[str, Any], *, most: int) -> Iterator[Page]:
    """Pages from the newest on, at most `most` of them, until half of those are met that the last reading began with.

    ask: the page at a place in the list ("": its beginning). A reading that was stopped goes on where it was; where
    the network no longer knows the place, it begins anew.
    """
    head, begun = list(cursor.get("head", [])), list(cursor.get("begun", []))
    place, pages, met = cursor.get("next", ""), cursor.get("pages", 0), cursor.get("met", 0)
    while True:
        try:
            listed = ask(place)
        except Rejected4xx:
            if not place or pages == 0:
                raise
            place, begun, pages, met = "", [], 0, 0
            continue
        begun = begun or marks(listed.ids[:_HEAD])
        pages, met = pages + 1, met + len(set(head) & set(marks(listed.ids)))
        known = bool(head) and 2 * met >= len(head)
        if known or pages >= most or listed.following in ("", place):
            yield Page(listed.records, {"head": begun}, done=True)
            return
        place = listed.following
        yield Page(listed.records, {"head": head, "begun": begun, "next": place, "pages": pages, "met": met})

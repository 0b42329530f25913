"""Reading X as collecting does, for the tests of its API and of its bills."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.networks import NETWORKS
from accounts.networks.base import Budget, Interaction, Page, RateLimited, Subject
from accounts.networks.http import Http
from tests.fakes.door import NOW
from tests.fakes.twitter import ALICE, FakeTwitter

X = NETWORKS["twitter"]
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BOB, CHARLIE = "1001", "1002"
Call = Callable[..., Http]


@contextmanager
def playing() -> Iterator[FakeTwitter]:
    with FakeTwitter() as fake:
        fake.user(BOB, "bob")
        fake.user(CHARLIE, "charlie")
        yield fake


def subject(usd: float | None = None, now: datetime = NOW, **changes: Any) -> Subject:
    values = {"external_id": ALICE, "handle": "Alice_Example"} | changes
    return Subject(**values, now=now, budget=Budget(X.spec.cost, usd))


def pull(
    http: Http, stream: str, cursor: dict[str, Any] | None = None, who: Subject | None = None, pages: int = 10_000
) -> list[Page]:
    """As collecting does: what a page cost is taken off before the next, and cursors are kept as JSON."""
    who = who or subject()
    read: list[Page] = []
    cursors = []
    for page in X.pull(http, who, stream, json.loads(json.dumps(cursor or {}))):
        who.budget.spend(page.items)
        read.append(page)
        cursors.append(json.dumps(page.cursor))
        if len(read) == pages:
            break
    # Nobody may change a cursor that was handed out.
    assert cursors == [json.dumps(page.cursor) for page in read]
    return read


def until_it_waits(http: Http, stream: str, cursor: dict[str, Any], who: Subject) -> tuple[list[Page], datetime | None]:
    """The pages that were read, and until when X is left alone then."""
    read: list[Page] = []
    try:
        for page in X.pull(http, who, stream, json.loads(json.dumps(cursor))):
            who.budget.spend(page.items)
            read.append(page)
    except RateLimited as error:
        return read, error.until
    return read, None


def some(pages: list[Page], kind: type) -> list[Any]:
    return [record for page in pages for record in page.records if isinstance(record, kind)]


def keys(pages: list[Page]) -> list[str]:
    return [interaction.key or interaction.actor for interaction in some(pages, Interaction)]

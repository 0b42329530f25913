"""Answers spoilt at random: no error but our own, no record that could not be kept, no cursor that is stuck."""

import copy
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from accounts.networks import NETWORKS
from accounts.networks.base import (
    STANDING_VERBS,
    Counter,
    Interaction,
    Network,
    NetworkError,
    Owner,
    Page,
    Post,
    PostTotal,
    Rejected,
    Subject,
    Unreachable,
)
from accounts.networks.http import Answer, NotFound, Rejected4xx
from tests.fakes import foursquare, github, google, linkedin, reddit
from tests.fakes.door import NOW
from tests.fakes.loopback import Asked, Loopback

START = NOW - timedelta(days=30)
ODD = [
    None,
    True,
    -1,
    7,
    2**70,
    1.5,
    1e400,
    "",
    "x",
    "9" * 400,
    "a\u0000b",
    "\ud800",
    "é" * 90,
    [],
    {},
    [[]],
    {"id": None},
]


class Direct:
    """What `Http` is to a connector, without a connection: the fake's own answers, spoilt by `spoil`."""

    def __init__(self, network: Network, fake: Loopback, token: str, spoil: Callable[[Any], Any]) -> None:
        self.network, self.fake, self.token, self.spoil = network, fake, token, spoil
        self.host = "fake.example"
        self.path = "/" + network.spec.base_url.partition("://")[2].partition("/")[2]
        self.left = 200

    def now(self) -> Any:
        return NOW

    def get(self, path: str, params: Sequence[Any] = (), *, headers: Mapping[str, str] | None = None) -> Answer:
        self.left -= 1
        if not self.left:
            raise AssertionError(f"{path} is asked for without end")
        sent = {"user-agent": "Klout", **{name.lower(): value for name, value in self.network.spec.headers.items()}}
        sent |= {name.lower(): value for name, value in (headers or {}).items()}
        secret = self.network.spec.token_param
        if not secret:
            sent["authorization"] = f"Bearer {self.token}"
        asked = Asked(self.path.rstrip("/") + path, [*params, *([(secret, self.token)] if secret else [])], sent)
        reply = self.fake.route(asked)
        answered = {name.lower(): value for name, value in reply.headers.items()}
        if reply.status >= 400:
            error = self.network.judge(reply.status, reply.data, answered, NOW)
            raise (
                error
                if isinstance(error, NetworkError)
                else (error or (NotFound, Rejected4xx)[reply.status != 404])("")
            )  # type: ignore[call-arg]
        data = None if reply.status == 304 else self.spoil(copy.deepcopy(reply.data))
        return Answer(data, headers=answered, status=reply.status)


def spoiler(chance: random.Random) -> Callable[[Any], Any]:
    """Changes one value somewhere, in every second answer."""

    def spoil(data: Any) -> Any:
        if chance.random() < 0.5:
            return data
        whole = {"whole": data}
        holder, key = chance.choice(list(_places(whole)))
        if chance.random() < 0.2 and isinstance(holder, dict) and holder is not whole:
            del holder[key]
        else:
            holder[key] = chance.choice(ODD)
        return whole["whole"]

    return spoil


def _places(holder: Any) -> Iterator[tuple[Any, Any]]:
    items = holder.items() if isinstance(holder, dict) else enumerate(holder)
    for key, value in list(items):
        yield holder, key
        if isinstance(value, dict | list):
            yield from _places(value)


def of_github() -> Loopback:
    fake = github.FakeGitHub()
    fake.many(4)
    fake.issue("bob/boat", 2, START, comments=4, reactions={"+1": 2})
    fake.reactions["bob/boat/issues/2/reactions"] = [
        {"id": 1, "content": "+1", "created_at": "2026-01-01T00:00:00Z", "user": fake.person(7)}
    ]
    return fake


def of_reddit() -> Loopback:
    fake = reddit.FakeReddit()
    for number in range(3):
        fake.post(number, START)
        fake.comment(number, START)
        for where in ("comments", "selfreply", "mentions"):
            fake.message(where, number, f"person{number}", START)
    return fake


def of_foursquare() -> Loopback:
    fake = foursquare.FakeFoursquare()
    for number in (1, 2):
        fake.checkin(number, START, likes=2, comments=1, createdBy=fake.person(8))
        fake.tip(number, START, likes=1, saves=2)
        fake.friends.append(fake.person(number))
    return fake


def of_google() -> Loopback:
    fake = google.FakeGoogle()
    for number in (1, 2):
        fake.video(number, START)
        fake.thread(number, number, START)["replies"] = {"comments": [fake.comment(9, 9, START)]}
        fake.subscriber(number, START)
    return fake


def of_linkedin() -> Loopback:
    fake = linkedin.FakeLinkedIn()
    for number in (1, 2):
        fake.connect(number)
        fake.change("socialActions/likes", number, START)
    row = {"First Name": "Bob", "Last Name": "Birch", "Text": "Good", "Creation Date": "28 Nov 2024"}
    fake.domains |= {"RECOMMENDATIONS": [row]}
    fake.domains["MEMBER_SHARE_INFO"] = [{"Date": "2024-11-28 00:00:00", "ShareLink": "urn:li:share:7000000000000001"}]
    return fake


CASES: dict[str, tuple[Callable[[], Loopback], str, str]] = {
    "github": (of_github, github.TOKEN, "1001"),
    "reddit": (of_reddit, reddit.TOKEN, "alice_a"),
    "foursquare": (of_foursquare, foursquare.TOKEN, "1001"),
    "google": (of_google, google.TOKEN, google.CHANNEL),
    "linkedin": (of_linkedin, linkedin.TOKEN, ""),
}


@pytest.mark.parametrize("slug", list(CASES))
def test_no_odd_answer_is_too_much(slug: str) -> None:
    make, token, owner = CASES[slug]
    network, fake = NETWORKS[slug], make()
    subject = Subject(owner, now=NOW)
    fake.__dict__.update({name: 10**9 for name in ("remaining", "quota") if name in fake.__dict__})
    kept = refused = 0
    for seed in range(600):
        chance = random.Random(f"{slug} {seed}")
        stream = network.spec.streams[seed % len(network.spec.streams)]
        cursor: dict[str, Any] = {}
        for _ in range(2):
            direct = Direct(network, fake, token, spoiler(chance))
            try:
                last: tuple[Any, str] = ({}, "{}")
                for page in network.pull(direct, subject, stream, cursor):  # type: ignore[arg-type]
                    assert json.dumps(last[0]) == last[1], "a cursor that was given away has changed"
                    last = (page.cursor, json.dumps(page.cursor))
                    cursor = json.loads(last[1])
                    check(network, page)
                    kept += sum(not isinstance(record, Rejected) for record in page.records)
                    refused += sum(isinstance(record, Rejected) for record in page.records)
            except NetworkError:
                refused += 1
        # What it left behind leads on, once the answers are good again.
        whole = Direct(network, fake, token, lambda data: data)
        try:
            list(network.pull(whole, subject, stream, cursor))  # type: ignore[arg-type]
        except Unreachable as error:
            pytest.fail(f"{slug} {seed}: {stream} from {cursor} is stuck: {error}")
    fake.__dict__["_server"].server_close()
    assert kept > 250
    assert refused > 50


def check(network: Network, page: Page) -> None:
    """Every record is one that can be kept."""
    counters = {counter.name for counter in network.spec.counters}
    for record in page.records:
        texts: list[str] = []
        if isinstance(record, Interaction):
            assert record.verb in network.spec.verbs
            assert record.occurred_at is not None or record.verb in STANDING_VERBS
            assert record.actor
            texts = [record.actor, record.actor_handle, record.post, record.key]
        elif isinstance(record, Counter):
            assert record.name in counters
            assert type(record.value) is int
            assert 0 <= record.value < 2**63
        elif isinstance(record, PostTotal):
            assert record.verb in network.spec.verbs
            assert type(record.total) is int
            assert 0 < record.total < 2**31
            texts = [record.post]
        elif isinstance(record, Post):
            texts = [record.post, record.url]
        elif isinstance(record, Owner):
            assert record.external_id
            texts = [record.external_id, record.handle, record.name]
        for text in texts:
            assert isinstance(text, str)
            assert len(text) <= 500
            text.encode()
            assert "\u0000" not in text

"""Answers of the open networks, and of Twitch, TikTok and Bing, spoilt at random: as in test_odd_answers."""

import copy
import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from accounts.networks import NETWORKS
from accounts.networks import wikipedia as wikipedia_network
from accounts.networks.base import Network, NetworkError, Page, Rejected, Subject
from accounts.networks.http import Answer, NotFound, Rejected4xx
from tests.accounts.networks.test_odd_answers import check, spoiler
from tests.fakes import bing, bluesky, mastodon, tiktok, twitch, wikipedia
from tests.fakes.door import NOW
from tests.fakes.loopback import Asked, Loopback, Reply

START = NOW - timedelta(days=30)


class Direct:
    """What `Http` is to a connector, without a connection: the fake's own answers, spoilt by `spoil`."""

    def __init__(self, network: Network, fake: Loopback, token: str, spoil: Callable[[Any], Any]) -> None:
        self.network, self.fake, self.token, self.spoil = network, fake, token, spoil
        self.host, self.base_url = fake.host, fake.url
        self.left = 300

    def now(self) -> Any:
        return NOW

    def elsewhere(self, url: str) -> Any:
        return nullcontext(Direct(self.network, self.fake, "", self.spoil))

    def get(self, path: str, params: Sequence[Any] = (), *, headers: Mapping[str, str] | None = None) -> Answer:
        return self._answer("GET", path, params, headers or {}, b"")

    def post(self, path: str, *, data: Any = None, params: Sequence[Any] = ()) -> Answer:
        return self._answer("POST", path, params, {}, json.dumps(data).encode())

    def _answer(self, method: str, path: str, params: Sequence[Any], headers: Mapping[str, str], body: bytes) -> Answer:
        self.left -= 1
        assert self.left, f"{path} is asked for without end"
        spec = self.network.spec
        sent = {name.lower(): value for name, value in headers.items()}
        secret = [(spec.token_param, self.token)] if spec.token_param else []
        if self.token and not secret:
            sent["authorization"] = f"Bearer {self.token}"
        below = spec.base_url.partition("://")[2].partition("/")[2]
        where = f"/{below}{path}" if below else path
        reply: Reply = self.fake.route(Asked(where, [*params, *secret], sent, method, body))
        answered = {name.lower(): value for name, value in reply.headers.items()}
        if reply.status >= 400:
            error = self.network.judge(reply.status, reply.data, answered, NOW)
            if isinstance(error, NetworkError):
                raise error
            raise (error or (NotFound if reply.status == 404 else Rejected4xx))("")  # type: ignore[call-arg]
        links = {
            relation: url for url, relation in re.findall(r'<([^>]*)>; rel="([a-z]+)"', reply.headers.get("Link", ""))
        }
        return Answer(self.spoil(copy.deepcopy(reply.data)), links, answered, reply.status)


def of_bluesky() -> Loopback:
    fake = bluesky.FakeBluesky()
    for key in ("3kaa", "3kbb"):
        post = fake.post(key, START)
        fake.like(post, "bob", START)
        fake.repost(post, "charlie")
        fake.quote(post, "dan", START)
        fake.reply(post, "eve", START)
    fake.follow("bob", "charlie")
    return fake


def of_mastodon() -> Loopback:
    fake = mastodon.FakeMastodon()
    fake.notify_many(6, START)
    fake.follow("bob@other.example", "charlie")
    for number in (1, 2):
        fake.post(number, START, favourites_count=3, reblogs_count=2, quotes_count=1)
    return fake


def of_wikipedia() -> Loopback:
    fake = wikipedia.FakeWikipedia()
    fake.backlinks, fake.links = ["Bob", "Charlie"], ["Poetry"]
    fake.views = {(NOW - timedelta(days=number)).date(): number for number in range(1, 4)}
    for number in range(3):
        fake.thank(f"Person {number}", START)
    return fake


def of_twitch() -> Loopback:
    fake = twitch.FakeTwitch()
    for number in (1, 2, 3):
        fake.follow(number, START)
        fake.video(number, START, number)
        fake.subscriptions.append(fake.subscriber(f"person{number}", str(number)))
        fake.cheers.append((START, str(number), number))
    return fake


def of_tiktok() -> Loopback:
    fake = tiktok.FakeTikTok()
    for number in range(1, 31):
        fake.video(number, START + timedelta(minutes=number), like_count=5, comment_count=2, view_count=300)
    return fake


def of_bing() -> Loopback:
    fake = bing.FakeBing()
    for number in range(1, 8):
        fake.count(number)
    return fake


def test_no_odd_answer_is_too_much_where_an_account_is_looked_for() -> None:
    cases = {"bluesky": "alice.example.org", "mastodon": "alice@{}", "wikipedia": "en:Ada"}
    found = 0
    for slug, typed in cases.items():
        network, fake = NETWORKS[slug], CASES[slug][0]()
        if isinstance(fake, mastodon.FakeMastodon):
            fake.webfinger_of.add(fake.host)
            fake.fields = [{"name": "Score", "value": '<a href="https://klout.example/alice">me</a>'}]
        for seed in range(200):
            direct = Direct(network, fake, "", spoiler(random.Random(f"{slug} {seed}")))
            with suppress(NetworkError):
                owner = network.find(direct, typed.format(fake.host))  # type: ignore[arg-type]
                check(network, Page([owner], {}))
                found += 1
            if slug == "wikipedia":
                with suppress(NetworkError):
                    items = wikipedia_network.items(direct, "en", ["Ada"])  # type: ignore[arg-type]
                    assert set(items.values()) <= {"Q7259"}
        fake.__dict__["_server"].server_close()
    assert found > 100


CASES: dict[str, tuple[Callable[[], Loopback], str, Sequence[str]]] = {
    "bluesky": (of_bluesky, "", [bluesky.did("alice")]),
    "mastodon": (of_mastodon, mastodon.TOKEN, ["alice@"]),
    "wikipedia": (of_wikipedia, wikipedia.TOKEN, ["en:Ada_Lovelace", "user:en:Alice_Example"]),
    "twitch": (of_twitch, twitch.TOKEN, ["141981764"]),
    "tiktok": (of_tiktok, tiktok.TOKEN, ["alice.makes"]),
    "bing": (of_bing, bing.KEY, ["alice.example"]),
}


@pytest.mark.parametrize("slug", list(CASES))
def test_no_odd_answer_is_too_much(slug: str) -> None:
    make, token, owners = CASES[slug]
    network, fake = NETWORKS[slug], make()
    fake.__dict__.update({"remaining": 10**9} if "remaining" in fake.__dict__ else {})
    kept = refused = 0
    for seed in range(400):
        chance = random.Random(f"{slug} {seed}")
        owner = owners[seed % len(owners)]
        subject = Subject(owner + fake.host if owner.endswith("@") else owner, client_id=twitch.CLIENT, now=NOW)
        stream = network.spec.streams[seed // len(owners) % len(network.spec.streams)]
        cursor: dict[str, Any] = {}
        for _ in range(2):
            direct = Direct(network, fake, token, spoiler(chance))
            last: tuple[Any, str] = ({}, "{}")
            try:
                for page in network.pull(direct, subject, stream, cursor):  # type: ignore[arg-type]
                    assert json.dumps(last[0]) == last[1], "a cursor that was given away has changed"
                    last = (page.cursor, json.dumps(page.cursor))
                    cursor = json.loads(last[1])
                    check(network, page)
                    kept += sum(not isinstance(record, Rejected) for record in page.records)
                    refused += sum(isinstance(record, Rejected) for record in page.records)
            except NetworkError:
                refused += 1
        # What it left behind leads on, once the answers are good again; and a day later too.
        for days in (0, 1):
            whole = Direct(network, fake, token, lambda data: data)
            later = replace(subject, now=NOW + timedelta(days=days))
            for page in network.pull(whole, later, stream, cursor):  # type: ignore[arg-type]
                cursor = page.cursor
            assert page.done
    fake.__dict__["_server"].server_close()
    assert kept > 250
    assert refused > 30

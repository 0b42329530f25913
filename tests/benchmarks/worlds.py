"""A made-up honest world, seeded: who has an audience, who talks with whom, over 180 days; and what is done to it.

A few have large audiences and most small ones (a power law); people belong to communities, in which half of what they
do stays; a third of what is said to somebody is answered. Six of ten were there before the log begins, the others join
in its course. Three networks of half, a third and a sixth of the accounts. Followers are counted, and some are named.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np

from accounts.networks import NETWORKS
from accounts.networks.base import ORIGINS, VERBS
from scoring.engine.base import Inputs
from tests.benchmarks.synthetic import mixed

AS_OF = date(2026, 11, 1)
END = (AS_OF - date(1970, 1, 1)).days
DAYS = 180
DAY = 86_400_000_000
COMMUNITY = 40
SHARES = {"twitter": 0.5, "facebook": 0.33, "mastodon": 0.17}
# How often a reaction is of a kind, on any of the three.
FREQUENCY = {"like": 0.55, "share": 0.17, "mention": 0.28}
ANSWERED = 0.33

Ints = np.ndarray


def code(network: str) -> int:
    return NETWORKS[network].spec.code


@dataclass
class World:
    """Events as columns (target, actor, post, verb, day, origin), relations, counters and posts; whose network is what.

    Days are counted from 1970. Account numbers are 1 to `len(network)`; newcomers get the numbers after.
    """

    network: Ints
    events: dict[str, Ints]
    relations: dict[str, Ints]
    counters: list[tuple[int, str, int, str]] = field(default_factory=list)
    published: dict[str, Ints] = field(default_factory=lambda: {"account": ints(), "post": ints(), "day": ints()})
    born: dict[str, Ints] = field(default_factory=lambda: {"account": ints(), "day": ints()})
    # Who is drawn by lot for nothing.
    spared: Ints = field(default_factory=lambda: ints())

    def copy(self) -> World:
        return World(
            self.network,
            dict(self.events),
            dict(self.relations),
            list(self.counters),
            dict(self.published),
            dict(self.born),
            self.spared,
        )

    def others(self, account: int) -> Ints:
        """Whom chance may choose on the network of `account`."""
        same = np.flatnonzero(self.network == self.network[account - 1]) + 1
        return same[~np.isin(same, self.spared) & (same != account)]

    def newcomers(self, number: int, network: str) -> Ints:
        """Numbers of so many accounts that were never seen."""
        first = len(self.network) + 1
        self.network = np.concatenate([self.network, np.full(number, code(network))])
        return np.arange(first, first + number)

    def react(
        self,
        target: Ints | int,
        actor: Ints | int,
        day: Ints | int,
        *,
        verb: Ints | str,
        post: Ints | int = 0,
        origin: str = "api",
    ) -> None:
        """Add events; arguments are broadcast against each other."""
        number = VERBS[verb] if isinstance(verb, str) else verb
        rows = np.broadcast_arrays(target, actor, day, number, post, ORIGINS[origin])
        for name, values in zip(("target", "actor", "day", "verb", "post", "origin"), rows, strict=True):
            self.events[name] = np.concatenate([self.events[name], values.ravel().astype(np.int64)])

    def relate(self, target: Ints | int, actor: Ints | int, *, verb: str = "follow", origin: str = "api") -> None:
        """Add what lasts and has no date."""
        rows = np.broadcast_arrays(target, actor, VERBS[verb], ORIGINS[origin])
        for name, values in zip(("target", "actor", "verb", "origin"), rows, strict=True):
            self.relations[name] = np.concatenate([self.relations[name], values.ravel().astype(np.int64)])

    def publish(self, account: int, day: Ints) -> None:
        for name, values in (("account", np.full(len(day), account)), ("post", post_of(account, day)), ("day", day)):
            self.published[name] = np.concatenate([self.published[name], values])

    def count(self, account: int, name: str, value: int, *, origin: str = "api") -> None:
        """Add a reading of a counter, in place of the same origin's."""
        self.counters = [row for row in self.counters if (row[0], row[1], row[3]) != (account, name, origin)]
        self.counters.append((account, name, value, origin))

    def inputs(self, **more: object) -> Inputs:
        """What an engine is given: everything as newest rows, no lake."""
        keys = np.arange(len(self.events["target"]))
        nobody = {"target": ints(), "actor": ints(), "verb": ints(), "network": ints(), "origin": ints()}
        lasting = {**nobody, **self.relations, "network": self.network[self.relations["target"] - 1]}
        moment = keys % DAY
        return Inputs(
            as_of=AS_OF,
            lake=[],
            lake_days=[],
            newest={
                "key_high": mixed(keys, 1).view(np.int64),
                "key_low": mixed(keys, 2).view(np.int64),
                "occurred_at": self.events["day"] * DAY + moment,
                "network": self.network[self.events["target"] - 1],
                **{name: self.events[name] for name in ("target", "actor", "post", "verb", "origin")},
            },
            relations=lasting,
            counters={
                "account": ints(row[0] for row in self.counters),
                "network": self.network[ints(row[0] for row in self.counters) - 1],
                "name": np.array([row[1] for row in self.counters], dtype=np.str_),
                "value": ints(row[2] for row in self.counters),
                "origin": ints(ORIGINS[row[3]] for row in self.counters),
            },
            totals={name: ints() for name in ("account", "post", "verb", "total", "occurred_at", "network", "origin")},
            erased=ints(),
            owners={"account": ints(), "person": ints()},
            published={
                "account": self.published["account"],
                "post": self.published["post"],
                "occurred_at": self.published["day"] * DAY,
            },
            born=self.born,
            **more,  # type: ignore[arg-type]
        )


def ints(numbers: object = ()) -> Ints:
    return np.array(list(numbers), dtype=np.int64)  # type: ignore[call-overload]


def post_of(account: Ints | int, nth: Ints | int) -> Ints:
    """The number of an account's nth post."""
    return mixed(np.asarray(account), np.asarray(nth)).view(np.int64) | 1


def honest(accounts: int, events: int, *, seed: int = 11) -> World:
    """A world of so many accounts and about so many reactions."""
    rng = np.random.default_rng(seed)
    share = np.cumsum(list(SHARES.values()))
    network = np.array([code(name) for name in SHARES])[np.searchsorted(share, rng.random(accounts))]
    community = np.arange(accounts) // COMMUNITY
    # The communities are of one network, as those who talk with each other are.
    network = network[community * COMMUNITY]
    joined = np.where(rng.random(accounts) < 0.6, 0, rng.integers(0, DAYS - 5, accounts))
    fame = 1.0 / (1.0 + rng.permutation(accounts)) ** 0.8
    busy = rng.pareto(1.3, accounts) + 0.1
    busy *= (DAYS - joined) / DAYS
    actor = rng.choice(accounts, int(events * 1.1), p=busy / busy.sum())
    day = joined[actor] + (rng.random(len(actor)) * (DAYS - joined[actor])).astype(np.int64)
    target = rng.choice(accounts, len(actor), p=fame / fame.sum())
    near = rng.random(len(actor)) < 0.5
    # Within a community the better known are reacted to more, too.
    inside = community[actor] * COMMUNITY + (COMMUNITY * rng.random(len(actor)) ** 2).astype(np.int64)
    order = np.lexsort((-fame, community))
    target = np.where(near, order[np.minimum(inside, accounts - 1)], target)
    kept = (actor != target) & (network[actor] == network[target]) & (joined[target] <= day)
    actor, target, day = actor[kept], target[kept], day[kept]
    verb = rng.choice([VERBS[name] for name in FREQUENCY], len(actor), p=list(FREQUENCY.values()))
    post = post_of(target + 1, day // 3)
    back = (verb == VERBS["mention"]) & (rng.random(len(actor)) < ANSWERED) & (day + 1 < DAYS)
    events_of = {
        "target": np.concatenate([target, actor[back]]) + 1,
        "actor": np.concatenate([actor, target[back]]) + 1,
        "day": np.concatenate([day, day[back] + 1]) + END - DAYS,
        "verb": np.concatenate([verb, verb[back]]),
        "post": np.concatenate([post, np.zeros(int(back.sum()), np.int64)]),
        "origin": np.full(len(actor) + int(back.sum()), ORIGINS["bulk"]),
    }
    audience = np.bincount(target, minlength=accounts)
    followers = np.rint(40 * rng.lognormal(0, 1, accounts) + 10 * audience * rng.lognormal(0, 0.5, accounts))
    # Lists are X's.
    lists = np.where(network == code("twitter"), np.rint(audience * rng.lognormal(-2.5, 1, accounts)), 0)
    named = rng.random(len(actor)) < 0.1
    world = World(
        network=network,
        events=events_of,
        relations={
            "target": target[named] + 1,
            "actor": actor[named] + 1,
            "verb": np.full(int(named.sum()), VERBS["follow"]),
            "origin": np.full(int(named.sum()), ORIGINS["api"]),
        },
        counters=[
            *((number + 1, "followers", int(value), "api") for number, value in enumerate(followers)),
            *((number + 1, "listed", int(value), "api") for number, value in enumerate(lists) if value),
        ],
    )
    # Everybody posts every third day at most; who is reacted to more, more often.
    posts = np.unique(np.stack([target, 3 * (day // 3)]), axis=1)
    world.published = {
        "account": posts[0] + 1,
        "post": post_of(posts[0] + 1, posts[1] // 3),
        "day": posts[1] + END - DAYS,
    }
    return world

"""What people do to look more influential than they are, and honest growth beside it, each done to some targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from accounts.networks.base import VERBS
from tests.benchmarks.worlds import END, SHARES, World, code, post_of

Ints = np.ndarray
RING = 100
POD = 20
BOUGHT = 10_000
BURST = 1_000
# Of what one of the audience did, and of what was done to them, that many are copied for whoever is like them.
MOST_COPIED = 25
SLUGS = {code(name): name for name in SHARES}


def network_of(world: World, account: int) -> str:
    return SLUGS[int(world.network[account - 1])]


def bought_counted(world: World, target: int, rng: np.random.Generator) -> None:
    """10,000 followers are bought; the network's counter says so."""
    held = max(value for account, name, value, _ in world.counters if (account, name) == (target, "followers"))
    world.count(target, "followers", held + BOUGHT)


def bought_named(world: World, target: int, rng: np.random.Generator) -> None:
    """10,000 followers are bought; the network names each of them."""
    bought_counted(world, target, rng)
    world.relate(target, world.newcomers(BOUGHT, network_of(world, target)))


def bought_in_a_week(world: World, target: int, rng: np.random.Generator) -> None:
    """10,000 followers are bought; each was seen to come."""
    bought_counted(world, target, rng)
    bought = world.newcomers(BOUGHT, network_of(world, target))
    world.react(target, bought, END - 10 + rng.integers(0, 7, BOUGHT), verb="follow")


def one_fan(world: World, target: int, rng: np.random.Generator) -> None:
    """One person of the same network reacts 1,000 times in a month."""
    fan = rng.choice(world.others(target))
    day = END - 1 - rng.integers(0, 30, 1000)
    world.react(target, int(fan), day, verb=kinds(rng, 1000), post=post_of(target, day))


def ring(world: World, target: int, rng: np.random.Generator, partners: int = RING - 1) -> None:
    """100 accounts that slept for months react to each other, for two months."""
    helpers = world.newcomers(RING - 1, network_of(world, target))
    world.react(rng.choice(world.others(target), RING - 1), helpers, END - 175, verb="like")
    exchange(world, np.append(helpers, target), rng, times=6, days=60, partners=partners)


def loose_ring(world: World, target: int, rng: np.random.Generator) -> None:
    """The same, each of the 100 reacting to 40 of them, drawn by lot."""
    ring(world, target, rng, partners=40)


def burst(world: World, target: int, rng: np.random.Generator) -> None:
    """1,000 accounts that nobody saw before react three times each, in three days."""
    new = world.newcomers(BURST, network_of(world, target))
    for _ in range(3):
        day = END - 5 + rng.integers(0, 3, BURST)
        world.react(target, new, day, verb=kinds(rng, BURST), post=post_of(target, rng.integers(0, 5, BURST)))


def pod(world: World, target: int, rng: np.random.Generator) -> None:
    """20 people with audiences of their own react to all that any of them posts, for two months."""
    audience = np.bincount(world.events["target"], minlength=len(world.network) + 1)[1:]
    others = world.others(target)
    members = rng.choice(others[audience[others - 1] >= 5], POD - 1, replace=False)
    exchange(world, np.append(members, target), rng, times=40, days=60)


def volume(world: World, target: int, rng: np.random.Generator) -> None:
    """1,000 posts and 1,000 mentions of others in a month; nobody answers."""
    day = END - 1 - rng.integers(0, 30, 1000)
    world.publish(target, np.arange(END - 1000, END) % 30 + END - 30)
    world.react(rng.choice(world.others(target), 1000), target, day, verb="mention")


def edited_export(world: World, target: int, rng: np.random.Generator) -> None:
    """An upload with counters a thousand times too high, 2,000 invented followers and 3,000 invented reactors."""
    held = max(value for account, name, value, _ in world.counters if (account, name) == (target, "followers"))
    world.count(target, "followers", 1000 * held, origin="archive")
    world.relate(target, world.newcomers(2000, network_of(world, target)), origin="archive")
    invented = world.newcomers(3000, network_of(world, target))
    for _ in range(3):
        day = END - 1 - rng.integers(0, 60, len(invented))
        world.react(target, invented, day, verb=kinds(rng, len(day)), post=post_of(target, day), origin="archive")


ATTACKS: Mapping[str, Callable[[World, int, np.random.Generator], None]] = {
    "10,000 followers bought, counted": bought_counted,
    "10,000 followers bought, named": bought_named,
    "10,000 followers bought, in a week": bought_in_a_week,
    "one fan, 1,000 reactions": one_fan,
    "ring of 100": ring,
    "ring of 100, each to 40": loose_ring,
    "1,000 new accounts at once": burst,
    "pod of 20": pod,
    "posting volume alone": volume,
    "edited export": edited_export,
}


def slow_burst(world: World, target: int, rng: np.random.Generator) -> None:
    """1,000 accounts that nobody saw before react three times each, spread over three weeks."""
    new = world.newcomers(BURST, network_of(world, target))
    for _ in range(3):
        day = END - 1 - rng.integers(0, 21, BURST)
        world.react(target, new, day, verb=kinds(rng, BURST), post=post_of(target, day))


def sleepers(world: World, target: int, rng: np.random.Generator) -> None:
    """1,000 accounts that reacted to somebody half a year ago react three times each, over a month."""
    new = world.newcomers(BURST, network_of(world, target))
    others = world.others(target)
    world.react(rng.choice(others[others < new[0]], BURST), new, END - 170, verb="like")
    for _ in range(3):
        day = END - 1 - rng.integers(0, 30, BURST)
        world.react(target, new, day, verb=kinds(rng, BURST), post=post_of(target, day))


def open_ring(world: World, target: int, rng: np.random.Generator) -> None:
    """The ring of 100; to each member, save the target, 60 of 1,000 sleepers react besides, so that it looks open."""
    ring(world, target, rng)
    members = np.arange(len(world.network) - RING + 2, len(world.network) + 1)
    bots = world.newcomers(BURST, network_of(world, target))
    for member in members.tolist():
        world.react(member, rng.choice(bots, 60, replace=False), END - 40, verb="like")


def fans(world: World, target: int, rng: np.random.Generator) -> None:
    """50 people of the same network react 200 times each in a month: 50 people, whatever they are paid."""
    for fan in rng.choice(world.others(target), 50, replace=False).tolist():
        day = END - 1 - rng.integers(0, 30, 200)
        world.react(target, fan, day, verb=kinds(rng, 200), post=post_of(target, day))


def small_pod(world: World, target: int, rng: np.random.Generator) -> None:
    """Eight people react to all that any of them posts, for two months: too few to be told from friends."""
    exchange(world, np.append(rng.choice(world.others(target), 7, replace=False), target), rng, times=40, days=60)


def famous_friend(world: World, target: int, rng: np.random.Generator) -> None:
    """Whoever has the largest audience of the network and the target react to each other 500 times in two months."""
    others = world.others(target)
    audience = np.bincount(world.events["target"], minlength=len(world.network) + 1)[others]
    friend = int(others[np.argmax(audience)])
    day = END - 1 - rng.integers(0, 60, 500)
    world.react(target, friend, day, verb=kinds(rng, 500), post=post_of(target, day))
    world.react(friend, target, day, verb="mention")


def export_with_posts(world: World, target: int, rng: np.random.Generator) -> None:
    """The edited export, with a post a day invented for its reactions."""
    edited_export(world, target, rng)
    world.publish(target, np.arange(END - 30, END))


# What an outsider would try next. Who pays people, or accounts that are old and behave like people, gets what people
# bring: no count of reactions tells these from an audience.
FURTHER: Mapping[str, Callable[[World, int, np.random.Generator], None]] = {
    "1,000 new accounts over three weeks": slow_burst,
    "1,000 accounts that slept half a year": sleepers,
    "ring of 100 with 1,000 bots around it": open_ring,
    "50 fans, 200 reactions each": fans,
    "pod of 8": small_pod,
    "a famous friend": famous_friend,
    "edited export with invented posts": export_with_posts,
}


def kinds(rng: np.random.Generator, number: int) -> Ints:
    return rng.choice([VERBS["like"], VERBS["share"], VERBS["mention"]], number, p=[0.55, 0.17, 0.28])


def exchange(
    world: World, members: Ints, rng: np.random.Generator, *, times: int, days: int, partners: int | None = None
) -> None:
    """Each member reacts to so many others, drawn by lot (all, if not said), `times` over `days`."""
    most = len(members) - 1
    away = np.argsort(rng.random((len(members), most)), axis=1)[:, : partners or most] + 1
    actor = np.repeat(np.arange(len(members)), away.shape[1])
    target = (actor + away.ravel()) % len(members)
    for _ in range(times):
        day = END - 1 - rng.integers(0, days, len(actor))
        post = post_of(members[target], day // 2)
        world.react(members[target], members[actor], day, verb=kinds(rng, len(actor)), post=post)


@dataclass(frozen=True)
class Growth:
    """So many new people come within `days`, each like one of the audience one has: in what they do, to whom, and in
    who reacts to them. With `unknown`, none of them had been seen before they came."""

    number: int
    days: int
    unknown: bool

    def __call__(self, world: World, target: int, rng: np.random.Generator) -> None:
        events = {name: values.copy() for name, values in world.events.items()}
        audience = np.unique(events["actor"][events["target"] == target])
        audience = audience[audience != target]
        models = rng.choice(audience, self.number)
        new = world.newcomers(self.number, network_of(world, target))
        begin = END - self.days
        came = begin + rng.integers(0, max(self.days - 2, 1), self.number)
        for end, other in (("actor", "target"), ("target", "actor")):
            # What is copied of the busiest is drawn by lot; what they did to the target goes first.
            lot = rng.random(len(events["day"])) - (events["target"] == target)
            order = np.lexsort((lot, events[end]))
            first = np.searchsorted(events[end][order], models, side="left")
            size = np.searchsorted(events[end][order], models, side="right") - first
            size = np.minimum(size, MOST_COPIED)
            clone = np.repeat(np.arange(self.number), size)
            rows = order[np.repeat(first, size) + np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)]
            # What they do is as it was, moved into the time that there is: for the unknown since they came.
            late = np.full(len(rows), self.unknown) | (events["target"][rows] == target)
            since = np.where(late, came[clone], 0)
            share = (events["day"][rows] - (END - 180)) / 180
            day = np.where(late, since + (share * (END - since)).astype(np.int64), events["day"][rows])
            ends = {end: new[clone], other: events[other][rows]}
            post = np.where(ends["target"] == target, post_of(target, day // 2), events["post"][rows])
            world.react(ends["target"], ends["actor"], day, verb=events["verb"][rows], post=post)


GROWTH: Mapping[str, Growth] = {
    "honest growth by 1,000 in a month": Growth(1000, 30, unknown=False),
    "the same, of people never seen before": Growth(1000, 30, unknown=True),
    "honest growth by 1,000 in a week": Growth(1000, 7, unknown=False),
    "the same, of people never seen before ": Growth(1000, 7, unknown=True),
}

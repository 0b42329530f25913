"""A made-up log of any size with the shape of a real one: few are reacted to by many, most react to whom they know."""

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np

from accounts.networks import NETWORKS
from accounts.networks.base import ORIGINS, STANDING_VERBS, VERBS

DAY = 86_400_000_000
DAYS = 90
NEIGHBOURS = 12
POSTS = 24
# Verbs by how often they occur; a network has those of them that it knows.
FREQUENCY = {"like": 40, "reply": 14, "share": 12, "mention": 12, "quote": 4, "follow": 10, "connect": 6, "list": 2}

Columns = dict[str, np.ndarray]


def mixed(*parts: np.ndarray | int) -> np.ndarray:
    """A well-mixed 64-bit number (splitmix64) for each row of `parts`."""
    state = np.zeros(1, dtype=np.uint64)
    with np.errstate(over="ignore"):
        for part in parts:
            state = state + np.asarray(part).astype(np.int64).view(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
            state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            state ^= state >> np.uint64(31)
    return state


def famous(uniform: np.ndarray, accounts: int) -> np.ndarray:
    """Accounts 1 to `accounts` by a power law: the first few of them are named by far most."""
    return np.minimum((accounts * uniform**3.5).astype(np.int64), accounts - 1) + 1


def days(events: int, accounts: int, *, as_of: date, seed: int = 7) -> Iterator[tuple[date, Columns]]:
    """Columns of the log for each of the DAYS before `as_of`, sorted by target as the lake's files are.

    Accounts are 1 to `accounts`, each of one of three networks. Six events of ten go to one of twelve neighbours of
    the actor, the others to anybody. The same arguments give the same rows.
    """
    networks = [network.spec for network in NETWORKS.values()][:3]
    codes = np.array([spec.code for spec in networks], dtype=np.int16)
    per_day = np.full(DAYS, events // DAYS)
    per_day[: events % DAYS] += 1
    first = 0
    for nth, rows in enumerate(per_day):
        rng = np.random.default_rng([seed, nth])
        # Who acts: some much, most little; spread over all numbers, so that the active are not the famous.
        active = famous(rng.random(rows) ** 0.5, accounts)
        actor = (mixed(active, seed) % np.uint64(accounts)).astype(np.int64) + 1
        neighbour = mixed(actor, rng.integers(0, NEIGHBOURS, rows)).astype(np.float64) / 2.0**64
        uniform = np.where(rng.random(rows) < 0.6, neighbour, rng.random(rows))
        target = famous(uniform, accounts)
        # Both are of one network.
        target = np.clip(target - target % 3 + actor % 3, 1, accounts)
        actor = np.where(actor % 3 == target % 3, actor, target)
        network = (target % 3).astype(np.int64)
        verb = np.zeros(rows, dtype=np.int16)
        for place, spec in enumerate(networks):
            known = [name for name in FREQUENCY if name in spec.verbs]
            share = np.array([FREQUENCY[name] for name in known], dtype=np.float64)
            mine = network == place
            verb[mine] = rng.choice([VERBS[name] for name in known], int(mine.sum()), p=share / share.sum())
        lasting = np.isin(verb, [VERBS[name] for name in STANDING_VERBS])
        nth_post = (POSTS * rng.random(rows) ** 2).astype(np.int64)
        keys = np.arange(first, first + rows)
        first += rows
        day = as_of - timedelta(days=DAYS - nth)
        midnight = (day - date(1970, 1, 1)).days * DAY
        columns = {
            "key_high": mixed(keys, 1).view(np.int64),
            "key_low": mixed(keys, 2).view(np.int64),
            "occurred_at": midnight + rng.integers(0, DAY, rows),
            "target": target,
            "actor": actor,
            "post": np.where(lasting, 0, mixed(target, nth_post).view(np.int64)),
            "network": codes[network],
            "verb": verb,
            "origin": np.full(rows, ORIGINS["api"], dtype=np.int16),
        }
        order = np.argsort(target, kind="stable")
        yield day, {name: values[order] for name, values in columns.items()}

"""Graphs of reactions that nobody tuned anything to, of several kinds: who is reacted to follows a power law in all."""

from pathlib import Path

import numpy as np

KINDS = ("stationary", "growing", "bursty", "seasonal", "drifting", "few repeats")
DAY = 86_400


def draw(
    kind: str, *, people: int = 1_500, events: int = 25_000, days: int = 200, seed: int = 1
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Actor, target and time (seconds) of `events` reactions, in the order of time.

    Six reactions in ten go to one of twelve accounts that the actor likes best, the others to anybody.
    """
    random = np.random.default_rng([seed, KINDS.index(kind)])
    fame = np.minimum(random.pareto(1.5, people) + 0.05, 30.0)
    activity = np.minimum(random.pareto(1.5, people) + 0.1, 30.0)
    at = np.sort(random.uniform(0, days, events))
    if kind == "growing":
        at = days * np.sqrt(at / days)
    appeal = rates(kind, fame, at, days, random)
    joined = random.uniform(0, days * 0.9, people) if kind == "growing" else np.zeros(people)
    friends = np.stack([random.choice(people, people, p=fame / fame.sum()) for _ in range(12)], axis=1)
    actor, target = np.zeros(events, dtype=np.int64), np.zeros(events, dtype=np.int64)
    # A stretch of time at a time: who is there, and how much each appeals in it.
    for stretch in np.array_split(np.arange(events), 60):
        now = at[stretch[0]]
        here = joined <= now
        here[:50] = True
        chance = activity * here
        actor[stretch] = random.choice(people, len(stretch), p=chance / chance.sum())
        pull = appeal(now) * here
        anybody = random.choice(people, len(stretch), p=pull / pull.sum())
        liked = friends[actor[stretch]]
        weight = pull[liked] + 1e-12
        place = (weight.cumsum(axis=1) < random.random((len(stretch), 1)) * weight.sum(axis=1, keepdims=True)).sum(
            axis=1
        )
        friend = liked[np.arange(len(stretch)), np.minimum(place, 11)]
        keep = random.random(len(stretch)) < (0.0 if kind == "few repeats" else 0.6)
        target[stretch] = np.where(keep & here[friend], friend, anybody)
    other = actor != target
    return actor[other], target[other], (at[other] * DAY).astype(np.int64) + 1_700_000_000


def rates(kind, fame, at, days, random):
    """How much each of the people appeals, as a function of the day."""
    people = len(fame)
    phase = random.uniform(0, 1, people)
    if kind == "bursty":
        # Three times in the while, everybody is the talk of some days.
        begins = random.uniform(0, days, (people, 3))

        def bursty(now):
            age = now - begins
            return fame * (0.1 + 5.0 * np.where(age >= 0, np.exp(-np.maximum(age, 0) / 6.0), 0.0).sum(axis=1))

        return bursty
    if kind == "seasonal":
        return lambda now: fame * np.exp(1.5 * np.sin(2 * np.pi * (now / 90.0 + phase)))
    if kind == "drifting":
        # A random walk of everybody's logarithm, by the day.
        steps = np.cumsum(random.normal(0, 0.15, (days + 1, people)), axis=0)
        return lambda now: fame * np.exp(steps[int(now)])
    return lambda now: fame


def write(path: Path, actor: np.ndarray, target: np.ndarray, at: np.ndarray) -> Path:
    """A file of edges as graphs' collections have them."""
    np.savetxt(path, np.stack([actor, target, at], axis=1), fmt="%d")
    return path

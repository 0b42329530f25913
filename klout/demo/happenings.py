"""Four made-up months of Larkhaven, written as the tables and data exports that a real town would hand in.

Everything is drawn from one seed: the same town, whatever the day on which it is filled, ends on the day before `at`.
"""

from __future__ import annotations

import csv
import json
import math
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

from klout.demo.people import HOST, INHABITANTS, TOPICS, Inhabitant

DAYS = 120
SEED = 20_261_122
# People elsewhere who react to the town, by network.
CROWD = {"twitter": 6000, "facebook": 4000, "mastodon": 2500, "linkedin": 1500, "instagram": 3000, "github": 600}
NETWORK = {"t": "twitter", "f": "facebook", "m": "mastodon", "l": "linkedin", "i": "instagram", "g": "github"}
# Where accounts are known by a number: that of the first inhabitant, and that of the first person elsewhere.
NUMBERS = {
    "twitter": (7_000_000, 8_000_000),
    "facebook": (100_070_000_000_000, 100_080_000_000_000),
    "github": (70_000, 80_000),
}
# The share of a person's reactions that comes from each of their networks, before it is divided among those they have.
SHARE = {"twitter": 1.0, "facebook": 0.8, "mastodon": 0.5, "linkedin": 0.3, "instagram": 0.6, "github": 0.15}
VERBS: Mapping[str, Mapping[str, float]] = {
    "twitter": {"like": 0.58, "share": 0.18, "reply": 0.16, "mention": 0.06, "quote": 0.02},
    "facebook": {"like": 0.70, "reply": 0.22, "share": 0.08},
    "mastodon": {"like": 0.60, "share": 0.28, "mention": 0.12},
    "linkedin": {"like": 0.75, "reply": 0.2, "share": 0.05},
    "instagram": {"like": 0.85, "reply": 0.15},
    "github": {"like": 0.7, "share": 0.1, "reply": 0.2},
}
# Reactions on day 0..DAYS-1, as a multiple of the usual.
COURSES: Mapping[str, Callable[[int], float]] = {
    "steady": lambda day: 1.0,
    "rising": lambda day: 0.4 * 4.0 ** (day / DAYS),
    "falling": lambda day: 1.6 * 0.25 ** (day / DAYS),
    "new": lambda day: 0.0 if day < 80 else 1.5,
    # One post that everybody talks of for a week, three weeks before the end.
    "storm": lambda day: 1.0 + 9.0 * math.exp(-(day - 99) / 2.0) if day >= 99 else 0.9,
}


@dataclass(slots=True)
class Presence:
    """An inhabitant on one network: account, followers, and posts with the reactions to each by verb."""

    person: Inhabitant
    network: str
    account: str
    handle: str
    followers: list[str]
    posts: dict[str, datetime] = field(default_factory=dict)
    reactions: dict[str, dict[str, int]] = field(default_factory=dict)


@dataclass(slots=True)
class Town:
    """What was written: a table of interactions and one of followers by network, one of who keeps whom on a list of X,
    and exports with whose they are."""

    interactions: dict[str, Path]
    followers: dict[str, Path]
    lists: Path
    exports: list[tuple[Inhabitant, str, Path]]
    presences: list[Presence]


def write_town(folder: Path, at: datetime) -> Town:
    """Write the four months before the day of `at` (UTC) into `folder`."""
    random = Random(SEED)  # noqa: S311 (a story, no secret)
    start = datetime.combine(at.astimezone(UTC).date() - timedelta(days=DAYS), time(), UTC)
    presences = [
        _presence(random, person, number, NETWORK[letter])
        for number, person in enumerate(INHABITANTS)
        for letter in person.networks
    ]
    lists = _write_lists(folder / "lists.csv", [presence for presence in presences if presence.network == "twitter"])
    town = Town({}, {}, lists, [], presences)
    for network in NETWORK.values():
        here = [presence for presence in presences if presence.network == network]
        if not here:
            continue
        town.interactions[network] = _write_interactions(folder / f"{network}.csv", random, here, start)
        town.followers[network] = _write_followers(folder / f"{network}-followers.csv", here)
    # A few hand in their export too: more followers and totals, in the form that X and Mastodon give them.
    for presence in presences:
        writer = {"twitter": _write_x_export, "mastodon": _write_mastodon_export}.get(presence.network)
        if writer and presence.person in INHABITANTS[:8]:
            path = folder / f"{presence.person.handle}-{presence.network}.zip"
            writer(path, random, presence, start + timedelta(days=DAYS, hours=-1))
            town.exports.append((presence.person, presence.network, path))
    return town


def _presence(random: Random, person: Inhabitant, number: int, network: str) -> Presence:
    size = CROWD[network]
    audience = min(size, 1 + int(28 * person.fame**0.95))
    followers = [_stranger(network, index)[0] for index in random.sample(range(size), audience)]
    return Presence(person, network, _account(person, number, network), _handle(person, network), followers)


def _account(person: Inhabitant, number: int, network: str) -> str:
    if network == "mastodon":
        return _handle(person, network)
    if network in NUMBERS:
        return str(NUMBERS[network][0] + number)
    return (
        f"mail:{sha256(person.email.encode()).hexdigest()[:32]}" if network == "linkedin" else _handle(person, network)
    )


def _handle(person: Inhabitant, network: str) -> str:
    plain = person.handle.replace("-", "_")
    return f"{plain}@{HOST}" if network == "mastodon" else plain


def _stranger(network: str, index: int) -> tuple[str, str]:
    """Id and handle of somebody elsewhere."""
    if network == "mastodon":
        address = f"passer_by_{index}@elsewhere.example"
        return address, address
    name = f"passer_by_{index}"
    if network in NUMBERS:
        return str(NUMBERS[network][1] + index), name
    return (f"in/{name}", name) if network == "linkedin" else (name, name)


def _write_interactions(path: Path, random: Random, here: list[Presence], start: datetime) -> Path:
    names = {presence.account: presence.handle for presence in here}
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["target", "actor", "verb", "occurred_at", "post", "target_handle", "actor_handle"])
        for presence in here:
            for actor, verb, at, post in _reactions(random, presence, here, start):
                handle = names.get(actor) or _handle_of_stranger(presence.network, actor)
                row = [presence.account, actor, verb, at.isoformat(), post, presence.handle, handle]
                table.writerow(row)
    return path


def _handle_of_stranger(network: str, account: str) -> str:
    first = NUMBERS.get(network, (0, 0))[1]
    return f"passer_by_{int(account) - first}" if first else account.removeprefix("in/")


def _reactions(
    random: Random, presence: Presence, here: list[Presence], start: datetime
) -> Iterator[tuple[str, str, datetime, str]]:
    """Actor, verb, time and post of every reaction, by day; followers react most, neighbours often, others seldom."""
    person, network = presence.person, presence.network
    among = sum(SHARE[NETWORK[letter]] for letter in person.networks)
    usual = person.fame * SHARE[network] / among
    neighbours = [other.account for other in here if other is not presence]
    verbs, weights = list(VERBS[network]), list(VERBS[network].values())
    post = ""
    for day in range(DAYS):
        midnight = start + timedelta(days=day)
        mean = usual * COURSES[person.course](day) * random.gammavariate(2.0, 0.5)
        number = _poisson(random, mean)
        if not post or (number and random.random() < 0.75):
            post = _post(presence, day)
            presence.posts[post] = midnight + timedelta(seconds=random.randrange(5 * 3600, 9 * 3600))
        for _ in range(number):
            chance = random.random()
            if chance < 0.12 and neighbours:
                actor = neighbours[int(len(neighbours) * random.random() ** 2)]
            elif chance < 0.9:
                # Some followers react to everything, most to little.
                actor = presence.followers[int(len(presence.followers) * random.random() ** 1.7)]
            else:
                actor = _stranger(network, random.randrange(CROWD[network]))[0]
            verb = random.choices(verbs, weights)[0]
            about = "" if verb == "mention" else post
            if about:
                counts = presence.reactions.setdefault(post, {})
                counts[verb] = counts.get(verb, 0) + 1
            yield actor, verb, midnight + timedelta(seconds=random.randrange(9 * 3600, 24 * 3600)), about


def _post(presence: Presence, day: int) -> str:
    if presence.network == "mastodon":
        user = presence.handle.partition("@")[0]
        return f"https://{HOST}/users/{user}/statuses/{1000 + day}"
    number = presence.account if presence.network in NUMBERS else sha256(presence.account.encode()).hexdigest()[:12]
    return f"{number}{1000 + day}"


def _poisson(random: Random, mean: float) -> int:
    """A Poisson number; by the normal law where that is near enough."""
    if mean > 40:
        return max(0, round(random.gauss(mean, math.sqrt(mean))))
    number, left = 0, random.random()
    chance = math.exp(-mean)
    while left > chance and number < 200:
        left -= chance
        number += 1
        chance *= mean / number
    return number


def _write_followers(path: Path, here: list[Presence]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["target", "actor"])
        for presence in here:
            table.writerows([presence.account, follower] for follower in presence.followers)
    return path


def _write_lists(path: Path, here: list[Presence]) -> Path:
    """One follower in sixty keeps an account of 300 on a list, fewer of a larger one (formula.population)."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["target", "actor"])
        for presence in here:
            number = int(5 * (len(presence.followers) / 300) ** 0.84)
            table.writerows([presence.account, follower] for follower in presence.followers[:number])
    return path


# ---------------------------------------------------------------- exports


def _hashtags(person: Inhabitant, number: int) -> list[str]:
    """What the post of that number is about: one of the person's topics, in every other post."""
    topics = TOPICS.get(person.handle, "").split()
    if not topics or number % 2:
        return []
    return ["".join(word.capitalize() for word in topics[number // 2 % len(topics)].split("-"))]


def _write_x_export(path: Path, random: Random, presence: Presence, made_at: datetime) -> None:
    person = presence.person
    owner = {"accountId": presence.account, "username": presence.handle, "accountDisplayName": person.name}
    manifest = {
        "userInfo": {"accountId": presence.account, "userName": presence.handle, "displayName": person.name},
        "archiveInfo": {"generationDate": made_at.isoformat(), "isPartialArchive": False},
    }
    tweets = []
    for number, (post, at) in enumerate(presence.posts.items()):
        counts = presence.reactions.get(post, {})
        tweet = {
            "id_str": post,
            "created_at": at.strftime("%a %b %d %H:%M:%S +0000 %Y"),
            "full_text": "What happened in Larkhaven today",
            "entities": {"hashtags": [{"text": tag} for tag in _hashtags(person, number)]},
            # More reacted than the table names, as is usual.
            "favorite_count": str(int(counts.get("like", 0) * random.uniform(1.0, 1.6))),
            "retweet_count": str(int(counts.get("share", 0) * random.uniform(1.0, 1.3))),
        }
        tweets.append({"tweet": tweet})
    files: dict[str, list[dict[str, Any]]] = {
        "account": [{"account": owner | {"createdAt": "2014-05-06T07:08:09.000Z"}}],
        "profile": [{"profile": {"description": {"bio": person.bio}}}],
        "tweets": tweets,
        "follower": [{"follower": {"accountId": follower}} for follower in presence.followers],
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data/manifest.js", f"window.__THAR_CONFIG = {json.dumps(manifest)}")
        for name, records in files.items():
            archive.writestr(f"data/{name}.js", f"window.YTD.{name}.part0 = {json.dumps(records)}")


def _write_mastodon_export(path: Path, random: Random, presence: Presence, made_at: datetime) -> None:
    user = presence.handle.partition("@")[0]
    uri = f"https://{HOST}/users/{user}"
    actor = {
        "id": uri,
        "type": "Person",
        "webfinger": presence.handle,
        "preferredUsername": user,
        "name": presence.person.name,
        "published": "2022-11-05T00:00:00Z",
    }
    activities = []
    for number, (post, at) in enumerate(presence.posts.items()):
        counts = presence.reactions.get(post, {})
        note = {
            "id": post,
            "type": "Note",
            "published": at.isoformat(),
            "url": f"https://{HOST}/@{user}/{post.rpartition('/')[2]}",
            "attributedTo": uri,
            "tag": [{"type": "Hashtag", "name": f"#{tag}"} for tag in _hashtags(presence.person, number)],
            "likes": {"type": "Collection", "totalItems": int(counts.get("like", 0) * random.uniform(1.0, 1.3))},
            "shares": {"type": "Collection", "totalItems": counts.get("share", 0)},
        }
        activities.append({"id": f"{post}/activity", "type": "Create", "actor": uri, "object": note})
    outbox = {"id": "outbox.json", "type": "OrderedCollection", "orderedItems": activities}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("actor.json", json.dumps(actor))
        archive.writestr("outbox.json", json.dumps(outbox))

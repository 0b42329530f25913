"""Server time of pages at a million members: p50 and p95 of each kind, beside an empty view of the same stack.

    python -m tests.benchmarks.bench_pages [--people 1000000] [--requests 100] [--filled]

In a database of its own (made for this run and dropped after it, on DATABASE_URL's server or the built-in one) the
members are filled in by SQL: names as common as real ones, linked accounts, scores, leaves, three days of history for
all and 90 for some, ties, three topics each of 10,000, and the places that the daily run gives. Each line asks for many
different people, words or places, in this process, through all middleware; the first requests of a line are not
counted. Work is what processors did for this process and its database connection: whatever else the machine does makes
answers later, but not this. With --filled the members are those of DATABASE_URL's own database, which stays as it is.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

BOUND = 50.0
UNCOUNTED = 5


def worked(backend: int) -> float:
    """Seconds that processors worked for this process and, where it is of this machine, for the connection."""
    seconds = time.process_time()
    try:
        return seconds + int(Path(f"/proc/{backend}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        return seconds


def line(name: str, client: Any, paths: Iterator[str], requests: int, backend: int) -> tuple[str, float, float]:
    """Measure one kind of page, and print it; returns its name, and p95 of the answers and of the work."""
    for _ in range(UNCOUNTED):
        client.get(next(paths))
    times, works, sizes, answers = [], [], [], Counter[int]()
    for _ in range(requests):
        path = next(paths)
        before, began = worked(backend), time.perf_counter()
        response = client.get(path)
        times.append((time.perf_counter() - began) * 1000)
        works.append((worked(backend) - before) * 1000)
        sizes.append(len(response.content))
        answers[response.status_code] += 1
    (middle, high), (middle_work, high_work) = ends(times), ends(works)
    slow = "   over the bound" if high > BOUND else ""
    # A few pages may be of nobody any more; anything else was not the page that was to be measured.
    if answers[200] < requests * 0.9:
        slow += f"   answered with {dict(answers)}"
    size = f"{statistics.fmean(sizes) / 1024:6.0f} KB"
    print(f"    {name:<44}{middle:8.1f}{high:8.1f}{middle_work:10.1f}{high_work:8.1f}{size}{slow}", flush=True)
    return name, high, high_work


def ends(times: list[float]) -> tuple[float, float]:
    """p50 and p95."""
    return statistics.median(times), statistics.quantiles(times, n=20)[-1]


def slipped(word: str, chance: random.Random) -> str:
    """`word` with two letters the wrong way round, one left out or one doubled."""
    place = chance.randrange(1, max(2, len(word) - 1))
    kind = chance.randrange(3)
    if kind == 0:
        return word[:place] + word[place + 1 : place + 2] + word[place : place + 1] + word[place + 2 :]
    if kind == 1:
        return word[:place] + word[place + 1 :]
    return word[:place] + word[place] + word[place:]


def kinds(people: int, chance: random.Random) -> dict[str, tuple[bool, Any]]:
    """What is measured: name -> (by a member, makes a path)."""
    from urllib.parse import quote

    from accounts.models import LinkedAccount, Person
    from tests.benchmarks.town_of_many import COUNTRIES, DEEP, FIRST, TOPICS

    today = datetime.now(UTC).date()

    def some(most: int) -> list[Person]:
        drawn = Person.objects.public(today).filter(pk__in=chance.sample(range(1, most + 1), min(most, 600)))
        found = list(drawn.order_by("pk"))
        chance.shuffle(found)
        return found

    deep, anybody = some(min(people, DEEP)), some(people)
    drawn = LinkedAccount.objects.filter(person__in=anybody, account__network="mastodon").select_related("account")
    network_handles = [link.account.handle for link in drawn]

    def search(words: str) -> str:
        return f"/search?q={quote(words)}"

    def handle(among: list[Person] = anybody) -> str:
        return chance.choice(among).handle

    def name() -> str:
        return chance.choice(anybody).name

    def common() -> str:
        return FIRST[min(int(len(FIRST) ** chance.random()), len(FIRST)) - 1]

    def nonsense() -> str:
        return "".join(chance.choices("qxzjvwkpy", k=chance.randrange(5, 11)))

    return {
        "empty view": (False, lambda: "/benchmark/empty"),
        "empty view, logged in": (True, lambda: "/benchmark/empty"),
        "profile, with 90 days": (False, lambda: f"/{handle(deep)}"),
        "profile, of anybody": (False, lambda: f"/{handle()}"),
        "profile, logged in": (True, lambda: f"/{handle()}"),
        "search: common first name": (False, lambda: search(common())),
        "search: common first name, logged in": (True, lambda: search(common())),
        "search: the first 1 to 3 letters": (False, lambda: search(common()[: chance.randrange(1, 4)])),
        "search: full name": (False, lambda: search(name())),
        "search: handle": (False, lambda: search(f"@{handle()}")),
        "search: handle on a network": (False, lambda: search(chance.choice(network_handles))),
        "search: common first name with a slip": (False, lambda: search(slipped(common(), chance))),
        "search: full name with a slip in each word": (
            False,
            lambda: search(" ".join(slipped(word, chance) for word in name().split())),
        ),
        "search: full name with a slip, logged in": (True, lambda: search(slipped(name(), chance))),
        "search: nonsense": (False, lambda: search(nonsense())),
        "search: nonsense of three words": (False, lambda: search(f"{nonsense()} {nonsense()} {nonsense()}")),
        "leaderboard: everybody": (False, lambda: "/leaderboards"),
        "leaderboard: with one's own place": (True, lambda: "/leaderboards"),
        "leaderboard: organisations": (False, lambda: "/leaderboards?kind=organisation"),
        "leaderboard: deep page": (False, lambda: f"/leaderboards?after={chance.randrange(people)},{handle()}"),
        "leaderboard: deep page, logged in": (True, lambda: f"/leaderboards?after={chance.randrange(people)}"),
        "leaderboard: largest country": (True, lambda: f"/leaderboards/country/{COUNTRIES[0]}"),
        "leaderboard: any country": (False, lambda: f"/leaderboards/country/{chance.choice(COUNTRIES)}"),
        "leaderboard: largest topics": (True, lambda: f"/leaderboards/topic/topic-{chance.randrange(1, 10)}"),
        "leaderboard: any topic": (False, lambda: f"/leaderboards/topic/topic-{chance.randrange(1, TOPICS)}"),
        "leaderboard: people one follows": (True, lambda: "/leaderboards/following"),
        "compare four": (False, lambda: f"/compare?people={','.join(sorted(handle(deep) for _ in range(4)))}&days=90"),
        "chart, 90 days": (False, lambda: f"/{handle(deep)}/chart?days=90"),
        "chart, 365 days": (False, lambda: f"/{handle(deep)}/chart?days=365"),
    }


def measure(people: int, requests: int) -> None:
    from django.db import connection
    from django.test import Client

    from accounts.models import User
    from tests.benchmarks.town_of_many import DEEP

    chance = random.Random(7)
    connection.ensure_connection()
    backend = connection.connection.info.backend_pid
    print(f"    {'milliseconds':<44}{'p50':>8}{'p95':>8}{'work p50':>10}{'p95':>8}{'page':>9}")
    highest = []
    for name, (by_member, path) in kinds(people, chance).items():
        # Members one after the other, so that no line is of one person's rows.
        clients = [Client(headers={"Accept-Encoding": "identity"}) for _ in range(1 if not by_member else 20)]
        for number, client in enumerate(clients):
            if by_member:
                client.force_login(User.objects.get(pk=chance.randrange(1, min(people, DEEP)) if number else 3))

        class Turns:
            turn = 0

            def get(self, path: str) -> Any:
                self.turn += 1
                return clients[self.turn % len(clients)].get(path)  # noqa: B023

        highest.append(line(name, Turns(), iter(path, None), requests, backend))
    answered, work = (sum(one[which] <= BOUND for one in highest) for which in (1, 2))
    print(
        f"    of {len(highest)} kinds of page {answered} were answered in {BOUND:.0f} ms (p95), "
        f"and {work} take no more work than that"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--requests", type=int, default=100)
    parser.add_argument("--filled", action="store_true", help="measure the database of DATABASE_URL, filled before")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "klout.settings")
    import django
    from django.conf import settings
    from django.test.utils import setup_databases, teardown_databases

    django.setup()
    settings.ROOT_URLCONF = "tests.benchmarks.empty_stack"
    # Static files keep their names: collectstatic has not run here.
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    if options.filled:
        from accounts.models import Person

        measure(Person.objects.latest("pk").pk, options.requests)
    else:
        from tests.benchmarks.town_of_many import fill

        databases = setup_databases(verbosity=0, interactive=False)
        try:
            fill(options.people, as_of=datetime.now(UTC).date(), say=lambda text: print(f"    {text}", flush=True))
            measure(options.people, options.requests)
        finally:
            teardown_databases(databases, verbosity=0)
    print(f"    {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()

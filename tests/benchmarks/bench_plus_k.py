"""+K: how many are given a second through the web server, and what weighing them all takes a daily run.

    python -m tests.benchmarks.bench_plus_k [--requests 2000] [--clients 64] [--workers 2]
                                            [--people 100000] [--endorsements 300000]

In a database of its own, with the web server that `manage.py up` starts, as bench_claims does it: every request is of
another member, who is logged in and gives one to another; beside it a view that does nothing answers the same form,
and the two take turns. Then so many endorsements of the last 90 days are weighed (scoring.plus_k.damping), first when
every weight changes and once more when none does. Receivers are drawn so that a few get very many.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from typing import Any

from tests.benchmarks import bench_claims
from tests.benchmarks.bench_claims import TURNS, WARM, server, show
from tests.benchmarks.claims_crowd import Run, fill, request, send
from tests.benchmarks.measuring import unchecked

ONCE = "endorsement_once_in_seven_days"
PEOPLE = """
WITH made AS (
    INSERT INTO accounts_person (kind, handle, klout_id, name, bio, avatar, country, region, time_zone, visibility,
                                 shown, created_at)
    SELECT 'person', 'b' || n, 900000000 + n, '', '', '', '', '', 'UTC', 'public', '{}', now() - interval '1 year'
    FROM generate_series(1, %s) AS n RETURNING id
), accounts AS (
    INSERT INTO accounts_account (network, external_id, handle) SELECT 'twitter', 'b' || id, '' FROM made
    RETURNING id, substr(external_id, 2)::bigint AS person
), linked AS (
    INSERT INTO accounts_linkedaccount (account_id, person_id, kind, proof, server, state, linked_at)
    SELECT id, person, 'profile', 'network', '', 'active', now() FROM accounts
)
INSERT INTO scoring_score (person_id, run_id, score, reach, amplification, network_part, percentile, confidence,
                           formula, as_of)
SELECT id, 0, 10 + 50 * random(), 10, 10, 10, 50, 'fair', 'v2', now()::date FROM made
"""


def give(number: int, clients: int, workers: int) -> None:
    from django.db import connection
    from django.utils import timezone

    from accounts.models import Person
    from scoring.models import Endorsement, PersonTopic, Purse, Topic

    print(f"    {number:,} requests of as many members, {clients} clients, {workers} workers", flush=True)
    sessions = fill(number)
    people, now = list(Person.objects.order_by("pk")), timezone.now()
    topic = Topic.objects.create(slug="beekeeping", name="Beekeeping")
    PersonTopic.objects.bulk_create(PersonTopic(person=one, topic=topic, chosen=True, added_at=now) for one in people)
    connection.close()
    print(f"    {'':<34}{'a second':>9}{'p50 ms':>10}{'p99 ms':>10}{'cores':>8}")
    spawned = multiprocessing.get_context("spawn")
    with server(workers) as port, ProcessPoolExecutor(1, mp_context=spawned) as apart:

        def ask(empty: bool, since: int, until: int, further: int = 1) -> Run:
            texts = []
            for i in range(since, until):
                handle = people[(i + further) % number].handle
                path = "/benchmark/empty" if empty else f"/{handle}/plus-k"
                texts.append(request(port, path, sessions[i], {"topic": "beekeeping", "next": f"/{handle}"}))
            return apart.submit(send, port, texts, clients).result()

        warm = min(WARM, number)
        ask(True, 0, warm)
        warmed = ask(False, 0, warm, further=2)
        bare, whole, turn = Run(), Run(), -(-number // TURNS)
        for since in range(0, number, turn):
            until = min(since + turn, number)
            bare.add(ask(True, since, until))
            whole.add(ask(False, since, until))
    show("empty view, logged in, POST", bare)
    show("give_plus_k, whole", whole)
    assert whole.answers["302"] == number, whole.answers
    assert warmed.answers["302"] == warm, warmed.answers
    assert Endorsement.objects.count() == number + warm
    assert sum(Purse.objects.values_list("given", flat=True)) == number + warm
    p99 = statistics.quantiles(whole.times, n=100)[-1] * 1000
    print(
        f"    {whole.per_second / bare.per_second:.0%} of what the empty view answers, p99 {p99:.0f} ms; counts agree"
    )


def damp(people: int, endorsements: int) -> None:
    import numpy as np
    from django.db import connection
    from django.utils import timezone

    from scoring import columns
    from scoring.plus_k import damping

    now, chance = timezone.now(), np.random.default_rng(5)
    began = time.perf_counter()
    with unchecked() as cursor:
        cursor.execute("TRUNCATE scoring_endorsement, scoring_persontopic")
        cursor.execute(PEOPLE, [people])
        cursor.execute("SELECT min(id), max(id) FROM accounts_person WHERE klout_id > 900000000")
        first, last = cursor.fetchone()
        cursor.execute("SELECT id FROM scoring_topic ORDER BY id LIMIT 20")
        topics = np.array([number for (number,) in cursor.fetchall()])
    giver = chance.integers(first, last + 1, endorsements)
    receiver = first + (people * chance.random(endorsements) ** 3).astype(np.int64)
    receiver = np.where(receiver == giver, np.where(receiver == last, first, receiver + 1), receiver)
    # Each a second after the other one: none is within seven days of the same.
    pair = np.unique(np.stack([giver, receiver]), axis=1)
    giver, receiver = chance.permutation(pair, axis=1)
    count = len(giver)
    given_at = int((now - timedelta(days=80)).timestamp() * 1e6) + np.arange(count) * (79 * 86_400_000_000 // count)
    with unchecked() as cursor:
        # The index of the constraint is built once, when all are there.
        cursor.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [ONCE])
        [definition] = cursor.fetchone()
        cursor.execute(f"ALTER TABLE scoring_endorsement DROP CONSTRAINT {ONCE}")
        columns.write(
            connection,
            "scoring_endorsement",
            {
                "giver_id": giver,
                "receiver_id": receiver,
                "topic_id": topics[chance.integers(0, len(topics), count)],
                "given_at": given_at,
                "until": given_at + 7 * 86_400_000_000,
                "weight": np.ones(count),
            },
            {"given_at": "timestamptz", "until": "timestamptz"},
        )
        cursor.execute(
            "INSERT INTO scoring_persontopic (person_id, topic_id, chosen, hidden, expertise, added_at)"
            " SELECT DISTINCT receiver_id, topic_id, true, false, 0.0, now() FROM scoring_endorsement"
        )
        cursor.execute(f"ALTER TABLE scoring_endorsement ADD CONSTRAINT {ONCE} {definition}")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    print(
        f"    {count:,} endorsements among {people:,} people, loaded in {time.perf_counter() - began:.1f} s", flush=True
    )
    for name in ("every weight anew", "none changes"):
        began = time.perf_counter()
        changed = damping.write(as_of=now.date())
        print(f"    {name:<34}{time.perf_counter() - began:8.1f} s   {changed:,} weights changed", flush=True)
    weigh(now)


def weigh(now: Any) -> None:
    """The weighing alone, with everybody of full standing, so that no guard is spared."""
    import numpy as np

    from scoring.plus_k import damping

    given = damping.read(now.date())
    began = time.perf_counter()
    weights = damping.weights_of(given, np.ones(len(given.people)))
    took = time.perf_counter() - began
    print(f"    {'the weighing alone':<34}{took:8.1f} s   {weights.mean():.2f} on average", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--endorsements", type=int, default=300_000)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "klout.settings")
    import django
    from django.conf import settings
    from django.test.utils import setup_databases, teardown_databases

    django.setup()
    settings.DATABASES["default"]["TEST"]["NAME"] = bench_claims.NAME
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        if options.requests:
            give(options.requests, options.clients, options.workers)
        damp(options.people, options.endorsements)
    finally:
        teardown_databases(databases, verbosity=0)
    print(f"    {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()

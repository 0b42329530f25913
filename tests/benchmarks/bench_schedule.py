"""Scheduling rounds of many linked accounts: seconds and queries of each, beside a loop over the rows.

    python -m tests.benchmarks.bench_schedule [--people 100000] [--streams 3] [--sample 2000]

In a database of its own (made for this run and dropped after it, on DATABASE_URL's server or the built-in one) every
person has a linked account with a token, of four networks in turn, with `--streams` cursors. Rounds are measured as the
beat runs them, publishing to the broker of REDIS_URL under a prefix of our own: one with nothing due, one with a
minute's share due (a 12-hour rhythm), and rounds with everything due at once, as after an outage. The loop looks at
each due row, marks it by Django's ORM and publishes its task, on a sample of the same rows in the same run.
"""

from __future__ import annotations

import argparse
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

NETWORKS = ["mastodon", "twitter", "github", "google"]


class Counting:
    """Counts the statements that are sent to the database."""

    number = 0

    def __call__(self, execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        self.number += 1
        return execute(sql, params, many, context)


@contextmanager
def own_queues() -> Iterator[Any]:
    """A connection to the broker whose queues nobody else sees; they go at the end."""
    from klout.celery import app

    prefix = f"bench-{uuid.uuid4().hex}-"
    with app.connection_for_write(transport_options={"global_keyprefix": prefix}) as broker:
        with app.amqp.Producer(broker) as producer:

            @contextmanager
            def ours(given: object = None) -> Iterator[Any]:
                yield producer

            app.producer_or_acquire = ours
            yield broker
        client = broker.default_channel.client
        for key in client.keys("*"):
            client.delete(key.decode().removeprefix(prefix))


def a_round(broker: Any, at: datetime) -> tuple[int, int, float, float]:
    """Streams queued, queries, seconds of claiming and of publishing."""
    from django.db import connection

    from scoring import tasks
    from scoring.collect import schedule

    began = time.perf_counter()
    with connection.execute_wrapper(queries := Counting()):
        claimed = schedule.claim(at=at, without=tasks.full_queues(broker))
        claimed_after = time.perf_counter() - began
        tasks.queue_pulls(claimed, priority=tasks.DUE)
    return len(claimed), queries.number, claimed_after, time.perf_counter() - began - claimed_after


def by_rows(at: datetime, sample: int) -> tuple[int, int, float]:
    """The same for `sample` rows, each looked at, marked and published by itself."""
    from django.db import connection

    from accounts.models import Credential, Cursor
    from klout.celery import app
    from scoring import tasks

    began = time.perf_counter()
    number = 0
    with connection.execute_wrapper(queries := Counting()):
        for pk in list(Cursor.objects.filter(due_at__lte=at, queued_at=None).values_list("pk", flat=True)[:sample]):
            cursor = Cursor.objects.get(pk=pk)
            if cursor.link.state != "active" or not Credential.objects.filter(link=cursor.link).exists():
                continue
            cursor.queued_at = at
            cursor.save()
            with app.producer_or_acquire() as producer:
                queue = tasks.queue_of(cursor.link.account.network)
                tasks.pull_stream.apply_async((pk,), queue=queue, producer=producer)
            number += 1
    return number, queries.number, time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--streams", type=int, default=3)
    parser.add_argument("--sample", type=int, default=2_000)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "klout.settings")
    import django
    from django.test.utils import setup_databases, teardown_databases

    django.setup()
    from django.db import connection

    from tests.scoring.collect.towns import fill

    at = datetime.now(UTC)
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        began = time.perf_counter()
        names = [f"stream{number}" for number in range(options.streams)]
        fill(options.people, at=at, due=at + timedelta(hours=1), networks=NETWORKS, streams=names)
        total = options.people * options.streams
        print(f"{options.people:,} linked accounts, {total:,} streams (filled in {time.perf_counter() - began:.1f} s)")
        print(f"    {'round':<44}{'queued':>8}{'queries':>9}{'claiming':>11}{'publishing':>12}")

        def show(name: str, found: tuple[int, int, float, float]) -> None:
            queued, queries, claiming, publishing = found
            print(f"    {name:<44}{queued:>8,}{queries:>9}{claiming:>9.2f} s{publishing:>10.2f} s", flush=True)

        def due(share: str) -> None:
            with connection.cursor() as cursor:
                cursor.execute(f"UPDATE accounts_cursor SET queued_at = NULL, due_at = %s {share}", [at])
                cursor.execute("VACUUM ANALYZE accounts_cursor")

        with own_queues() as broker:
            show("nothing due", a_round(broker, at))
            due("WHERE id %% 720 = 0")
            show("a minute of a 12-hour rhythm", a_round(broker, at))
            due("")
            for number in range(1, 4):
                show(f"everything due, round {number}", a_round(broker, at))
            rows, queries, seconds = by_rows(at, options.sample)
            print(
                f"    row by row: {rows:,} streams with {queries:,} queries in {seconds:.2f} s; "
                f"{seconds / max(rows, 1) * 1e6:.0f} us each"
            )
    finally:
        teardown_databases(databases, verbosity=0)
    print(f"    {os.cpu_count()} cores")


if __name__ == "__main__":
    main()

"""What the ties among members take beside a daily run: time and peak memory of finding them and of writing them.

    python -m tests.benchmarks.bench_ties [--events 3000000] [--accounts 100000] [--members 10000]

The made-up log of bench_moments, the members being the accounts that are reacted to most; one reaction in ten is by
one of them. In the clock: the pairs (in one process), and their tables, first empty and then in place of as many (in a
database that the bench leaves as it was: all within a transaction that is rolled back).
"""

import argparse
import os
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.benchmarks import synthetic
from tests.benchmarks.measuring import AS_OF, Stopwatch, lake_of, show


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--events", type=int, default=3_000_000)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--members", type=int, default=10_000)
    given = parser.parse_args()
    chance = np.random.default_rng(2)
    with tempfile.TemporaryDirectory(prefix="klout-bench-") as folder:
        for day, columns in synthetic.days(given.events, given.accounts, as_of=AS_OF):
            columns["occurred_at"] = columns["occurred_at"].astype("datetime64[us]")
            ours = chance.random(len(columns["actor"])) < 0.1
            columns["actor"] = np.where(ours, 1 + columns["actor"] % given.members, columns["actor"])
            pq.write_table(pa.table(columns), Path(folder) / f"{day}.parquet", compression="zstd")
        measure(Path(folder), given.accounts, given.members)


def measure(folder: Path, accounts: int, members: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "klout.settings")
    import django

    django.setup()
    from django.db import connection, transaction

    from accounts.models import Person
    from scoring import ties
    from scoring.engine.base import Inputs, none
    from scoring.engine.moments import rows_of
    from scoring.engine.ties import between
    from scoring.models import Tie

    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM accounts_person")
        (last,) = cursor.fetchone()
    number = np.arange(1, members + 1, dtype=np.int64)
    standing = np.arange(1, accounts + 1, dtype=np.int64), np.full(accounts, 1 << 16, dtype=np.int64)
    lake, lake_days = lake_of(folder)
    inputs = Inputs(
        as_of=AS_OF,
        lake=lake,
        lake_days=lake_days,
        newest=none("target", "actor", "post", "network", "verb", "origin", "key_high", "key_low", "occurred_at"),
        relations=none("target", "actor", "verb", "network", "origin"),
        counters={**none("account", "network", "value", "origin"), "name": np.zeros(0, dtype=np.str_)},
        totals=none("account", "post", "verb", "total", "network", "origin", "occurred_at"),
        erased=np.zeros(0, dtype=np.int64),
        owners={"account": number, "person": last + number},
    )
    rows = rows_of(inputs, number)
    watch = Stopwatch()
    found = between(rows, standing=standing, guards=None, most=ties.MOST)
    watch.lap("pairs (DuckDB)")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        Person.objects.bulk_create(Person(pk=last + one, handle=f"bench.{one}") for one in number.tolist())
        watch.lap("members made up (not of a run)")
        for name in ("pairs and their tables", "once more, in place of the first"):
            ties.write(rows=rows, standing=standing, guards=None)
            watch.lap(name)
        written = Tie.objects.filter(influencer__gt=last).count()
        transaction.set_rollback(True)
    weighty = np.bincount(found["influencer"] - last)
    print(f"{members:,} members, {len(rows.newest['target']):,} reactions to them")
    print(f"{len(found['weight']):,} ties, {written:,} written, at most {weighty.max():,} of one person")
    show("ties", [watch.stages])


if __name__ == "__main__":
    main()

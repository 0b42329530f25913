"""What the log of counted activity takes beside a daily run: time and peak memory of computing it and of writing it.

    python -m tests.benchmarks.bench_activity [--events 10000000] [--accounts 1000000] [--members 10000] [--posts 50]

The made-up log of bench_moments, the members being the accounts that are reacted to most. In the clock: the rows (in
one process), and their COPY into a table like the real one, first empty and then in place of as many (in a database
that the bench leaves as it was: all within a transaction that is rolled back).
"""

import os
from pathlib import Path

import numpy as np

from tests.benchmarks.measuring import AS_OF, Stopwatch, lake_of, over_a_log, show


def measure(folder: Path, accounts: int, members: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "klout.settings")
    import django

    django.setup()
    from django.db import connection, transaction

    from scoring import activity
    from scoring.engine.activity import counted
    from scoring.engine.base import Inputs, none
    from scoring.engine.moments import rows_of

    number = np.arange(1, members + 1, dtype=np.int64)
    everybody = np.arange(1, accounts + 1, dtype=np.int64)
    standing = everybody, np.full(accounts, 1 << 16, dtype=np.int64)
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
        owners={"account": number, "person": number},
    )
    rows = rows_of(inputs, number)
    watch = Stopwatch()
    found = sum(len(part["day"]) for part in counted(rows, accounts=number, standing=standing, guards=None))
    watch.lap("counted (DuckDB)")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for name in ("counted and written", "once more, in place of the first"):
            activity.replace(counted(rows, accounts=number, standing=standing, guards=None), persons=None)
            watch.lap(name)
        transaction.set_rollback(True)
    print(f"{members:,} members, {len(rows.newest['target']):,} reactions to them, {found:,} rows")
    show("activity", [watch.stages])


if __name__ == "__main__":
    over_a_log(measure, about=__doc__)

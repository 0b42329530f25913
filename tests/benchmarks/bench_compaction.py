"""How long closed days take to move to the lake, and to be read back.

    python -m tests.benchmarks.bench_compaction [--rows 10000000] [--days 90] [--accounts 1000000]

Made-up rows (a power law over accounts) are written to the log's table in a test database of its own, then compacted
into a lake in a temporary folder; a thousand late rows over all days and one erased account are compacted after them.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from datetime import date, timedelta

import django

from tests.benchmarks.bench_import import AT, report, timed

START = date(2026, 7, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    options = parser.parse_args()
    django.setup()
    import numpy as np
    from django.conf import settings
    from django.db import connection
    from django.test.utils import get_runner

    from scoring import columns, log

    random = np.random.default_rng(2)
    first = (START - date(1970, 1, 1)).days * 86_400_000_000

    def add(rows: int) -> None:
        for start in range(0, rows, 500_000):
            count = min(500_000, rows - start)
            table = {
                "key": tuple(random.integers(-(2**63), 2**63 - 1, (2, count))),
                "occurred_at": first + random.integers(0, options.days * 86_400_000_000, count),
                "target": 1 + (options.accounts * random.random(count) ** 3).astype(np.int64),
                "actor": 1 + (options.accounts * random.random(count) ** 1.5).astype(np.int64),
                "post": random.integers(-(2**63), 2**63 - 1, count),
                "network": np.ones(count, dtype=np.int16),
                "verb": random.integers(1, 5, count).astype(np.int16),
                "origin": np.full(count, 3, dtype=np.int16),
            }
            columns.write(connection, "scoring_interaction", table, {"occurred_at": "timestamptz"})

    runner = get_runner(settings)(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    before = START + timedelta(days=options.days)
    try:
        with tempfile.TemporaryDirectory() as folder:
            settings.LAKE = f"{folder}/lake"
            seconds, _ = timed(lambda: add(options.rows))
            report("rows into PostgreSQL", seconds, options.rows, "binary COPY, with the log's indexes")
            for what, rows in (("compact", options.rows), ("compact a thousand late rows", 1000)):
                if rows == 1000:
                    add(rows)
                seconds, done = timed(lambda: log.compact(before))
                assert done.rows == rows
                report(what, seconds, rows, done.line())
            log.erase_accounts([7], AT)
            seconds, done = timed(lambda: log.compact(before))
            report("compact an erasure", seconds, options.rows, done.line())
            high, low = random.integers(-(2**63), 2**63 - 1, (2, 1_000_000))
            seconds, found = timed(lambda: log.known(high, low))
            assert not found.any()
            report("look up a million keys", seconds, 1_000_000, "in the whole lake")
            seconds, _ = timed(lambda: log.fingerprint(before))
            report("fingerprint", seconds, options.rows, "")
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"peak memory of this process {peak:,.0f} MB")
    finally:
        runner.teardown_databases(databases)


if __name__ == "__main__":
    import tests.plugin  # noqa: F401  (settings and a state folder of the tests' own)

    main()

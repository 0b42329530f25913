"""How long a table of interactions takes to import, beside a plain COPY of the same rows.

    python -m tests.benchmarks.bench_import [--rows 1000000] [--accounts 100000]

Run it in an otherwise idle system; it uses the database of DATABASE_URL (or the built-in one) in a test database of its
own, and a lake and files in a temporary folder. The COPY loads the rows that the import made, keys and numbers of
accounts included, into an empty table without and with the log's indexes: the least that PostgreSQL itself needs.
Rows are made up: a power law over accounts, a year of days, in the order of time.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django

AT = datetime(2026, 11, 1, tzinfo=UTC)
YEAR = 365 * 86_400


def write_rows(path: Path, rows: int, accounts: int) -> None:
    """A CSV of made-up interactions on twitter."""
    import numpy as np

    random = np.random.default_rng(2)
    verbs = np.array(["like", "share", "reply", "mention"])[random.integers(0, 4, rows)]
    targets = (accounts * random.random(rows) ** 3).astype(np.int64) + 10_000_000
    actors = (accounts * random.random(rows) ** 1.5).astype(np.int64) + 10_000_000
    posts = targets * 1000 + random.integers(0, 50, rows)
    times = np.sort(random.integers(int(AT.timestamp()) - YEAR, int(AT.timestamp()), rows))
    with path.open("w") as file:
        file.write("target,actor,verb,occurred_at,post\n")
        for start in range(0, rows, 100_000):
            part = slice(start, start + 100_000)
            columns = (c[part].tolist() for c in (targets, actors, verbs, times, posts))
            file.writelines(f"{t},{a},{v},{w},{p}\n" for t, a, v, w, p in zip(*columns, strict=True))


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    done = work()
    return time.perf_counter() - start, done


def copy_back(indexed: bool) -> float:
    """Seconds that COPY of all rows into an empty table like the log's takes; the file is made beforehand."""
    from django.db import connection

    with tempfile.TemporaryFile() as file, connection.cursor() as cursor:
        with cursor.copy("COPY scoring_interaction TO STDOUT") as out:
            for block in out:
                file.write(block)
        cursor.execute("CREATE TABLE plain (LIKE scoring_interaction" + (" INCLUDING ALL)" if indexed else ")"))
        file.seek(0)

        def load() -> None:
            with cursor.copy("COPY plain FROM STDIN") as into:
                while block := file.read(1 << 20):
                    into.write(block)

        seconds, _ = timed(load)
        cursor.execute("DROP TABLE plain")
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--accounts", type=int, default=100_000)
    options = parser.parse_args()
    django.setup()
    from django.conf import settings
    from django.test.utils import get_runner

    from scoring.collect.bulk import import_rows
    from scoring.log import compact

    runner = get_runner(settings)(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        with tempfile.TemporaryDirectory() as folder:
            settings.LAKE = f"{folder}/lake"
            path = Path(folder) / "rows.csv"
            write_rows(path, options.rows, options.accounts)
            print(f"{options.rows:,} rows, {path.stat().st_size / 1e6:.0f} MB, Python {sys.version.split()[0]}")
            first, summary = timed(lambda: import_rows(path=path, network="twitter", at=AT))
            report("import", first, options.rows, f"{summary.new:,} new, {summary.accounts_new:,} accounts")
            assert (summary.new, summary.known, summary.rejected) == (options.rows, 0, 0)
            bare, indexed = copy_back(False), copy_back(True)
            report("plain COPY, no index", bare, options.rows, f"the import takes {first / bare:.1f} times as long")
            report("plain COPY, same indexes", indexed, options.rows, f"the import takes {first / indexed:.1f} times")
            again, summary = timed(lambda: import_rows(path=path, network="twitter", at=AT))
            assert (summary.new, summary.known) == (0, options.rows)
            report("import again", again, options.rows, f"{summary.known:,} known")
            moved, compacted = timed(lambda: compact(AT.date()))
            report("compact", moved, options.rows, compacted.line())
            again, summary = timed(lambda: import_rows(path=path, network="twitter", at=AT))
            assert (summary.new, summary.known) == (0, options.rows)
            report("import again, all in the lake", again, options.rows, f"{summary.known:,} known")
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"peak memory of this process {peak:,.0f} MB")
    finally:
        runner.teardown_databases(databases)


def report(what: str, seconds: float, rows: int, text: str) -> None:
    print(f"{what:32} {seconds:8.1f} s {rows / seconds:12,.0f} rows/s  {text}", flush=True)


if __name__ == "__main__":
    import tests.plugin  # noqa: F401  (settings and a state folder of the tests' own)

    main()

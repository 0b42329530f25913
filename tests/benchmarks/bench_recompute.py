"""One daily run over ten million interactions of a million accounts: time and peak memory of each stage.

    python -m tests.benchmarks.bench_recompute [--events 10000000] [--accounts 1000000] [--members 10000] [--no-peers]

The made-up log of bench_engine is put into the lake of a database of its own (made for this run and dropped after it,
on DATABASE_URL's server or the built-in one), with an accounts row for each number and `--members` people who linked
the accounts that are reacted to most. Then scoring.daily.run goes once as `manage.py recompute` does: features are
written to the lake, scores, history, leaves and every account's score to PostgreSQL. Memory is this process's own peak
within each stage. Then the core of the aggregation is done by pandas and by PostgreSQL on the same log, each once in a
process of its own; what that core is, and what is inside the clock, is said in bench_engine, which repeats it.
"""

import argparse
import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks.measuring import AS_OF, Stage, Stopwatch, in_a_fresh_process, show

PEERS = ("duckdb", "pandas", "postgres", "postgres-distinct")

ACCOUNTS = """
    INSERT INTO accounts_account (id, network, external_id, handle)
    SELECT i, (ARRAY['twitter', 'facebook', 'mastodon'])[i %% 3 + 1], i::text, '' FROM generate_series(1, %s) AS i
"""
MEMBERS = """
    INSERT INTO accounts_person (id, kind, handle, klout_id, name, bio, avatar, country, region, time_zone, visibility,
                                 shown, created_at)
    SELECT i, 'person', 'member' || replace(replace(i::text, '0', 'a'), '1', 'b'), i, '', '', '', '', '', 'UTC',
           'public', '{}', now()
    FROM generate_series(1, %(members)s) AS i;
    INSERT INTO accounts_linkedaccount (account_id, person_id, server, state, kind, proof, linked_at)
    SELECT i, i, '', 'active', 'profile', 'network', now() FROM generate_series(1, %(members)s) AS i
"""


def fill(events: int, accounts: int, members: int) -> None:
    import numpy as np
    from django.db import connection

    from scoring import log
    from tests.benchmarks.synthetic import days

    for _, columns in days(events, accounts, as_of=AS_OF):
        log.append_day_rows({name: np.asarray(values) for name, values in columns.items()})
    with connection.cursor() as cursor:
        cursor.execute(ACCOUNTS, [accounts])
        cursor.execute(MEMBERS, {"members": members})
        cursor.execute("ANALYZE")


def peers(lake: Path, folder: Path) -> dict[str, list[Stage]]:
    """The stages of each peer, on the lake's day files under the names that bench_engine gives them."""
    folder.mkdir()
    for path in lake.glob("days/*/*.parquet"):
        (folder / f"{path.parent.name}.parquet").symlink_to(path)
    return {peer: in_a_fresh_process(peer, folder)[0] for peer in PEERS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--members", type=int, default=10_000)
    parser.add_argument("--no-peers", action="store_true", help="leave pandas and PostgreSQL out")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "klout.settings")
    import django
    from django.conf import settings
    from django.test.utils import setup_databases, teardown_databases

    django.setup()
    from scoring import daily

    with tempfile.TemporaryDirectory(prefix="klout-bench-") as folder:
        settings.LAKE = str(Path(folder) / "lake")
        databases = setup_databases(verbosity=0, interactive=False)
        try:
            fill(options.events, options.accounts, options.members)
            watch = Stopwatch()
            since = time.perf_counter()

            def say(stage: str, text: str) -> None:
                watch.lap(f"{stage}: {text}"[:76])

            daily.run(as_of=AS_OF, at=datetime(AS_OF.year, AS_OF.month, AS_OF.day, 3, tzinfo=UTC), say=say)
            whole = time.perf_counter() - since
            beside = {} if options.no_peers else peers(Path(settings.LAKE), Path(folder) / "peers")
        finally:
            teardown_databases(databases, verbosity=0)
    print(f"{options.events:,} interactions, {options.accounts:,} accounts, {options.members:,} members")
    for name, seconds, peak, worked in watch.stages:
        print(f"    {name:<76}{seconds:9.2f} s{worked:9.2f} s of work{peak:10,.0f} MB")
    highest = max(peak for _, _, peak, _ in watch.stages)
    print(f"    {'whole':<76}{whole:9.2f} s{highest:10,.0f} MB; {os.cpu_count()} processors")
    for peer, stages in beside.items():
        show(peer, [stages])


if __name__ == "__main__":
    main()

"""Ten million interactions over a million accounts: time and peak memory of each stage, beside the same work elsewhere.

    uv sync --group bench --group spark
    python -m tests.benchmarks.bench_engine [--events 10000000] [--accounts 1000000] [--repeat 3] [--only kernel,scan]

A made-up log (tests.benchmarks.synthetic: a power law, 90 days, 3 networks, 8 verbs, seeded) is written as the lake
keeps it, into a temporary folder. Then each candidate runs in a fresh process of its own, in turns, and the median is
shown with its range; those named in ONCE run once, as does everything with --repeat 1. Beside the seconds stands how
long the processors worked, which a busy machine lengthens less (unknown where others than this process work). Memory is
the process's own peak of each stage; for PostgreSQL it is the private memory of its processes, to which its shared
buffers come.

The aggregation (tests.benchmarks.aggregating): for each target and verb, distinct actors and two decayed sums. `kernel`
is what the engine does, with all columns of its edges and its pairs; the others make these sums alone. Reading counts,
except for PostgreSQL and the ORM, whose table is loaded before the clock starts; the ORM is left out above a million
interactions, and Spark where it is not installed. `scan` adds up the same columns and is the least that reading costs.
The stages (tests.benchmarks.stages): `engine` is the whole of scoring.engine.duckdb.compute, every column of the
catalogue and the graph, `engine-sql` the same without the kernel; `pagerank` and `networkx` rank the same pairs; `copy`
and `bulk_create` write a score for each account into an empty database. Candidates of one group must agree, or the run
fails. PostgreSQL is the project's own (DATABASE_URL, or the built-in one), with work_mem of 512 MB and two workers.

For how time grows, run it with --events 1000000 --accounts 100000, then with ten and a hundred times as much; a hundred
million interactions want --accounts 5000000 --repeat 1 --only scan,kernel,engine, 5 GB of disk and 12 GB of memory.
bench_recompute goes on to what a whole daily run does.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq

from tests.benchmarks import aggregating, stages
from tests.benchmarks.measuring import Stage, Stopwatch, in_a_fresh_process, show, write_lake

RUNS = {**aggregating.RUNS, **stages.RUNS}
ONCE = ("pandas", "spark", "postgres", "postgres-distinct", "orm", "networkx", "bulk_create")
# Within a group all find the same.
GROUPS = (tuple(aggregating.RUNS), ("engine", "engine-sql"), ("pagerank", "networkx"), ("copy", "bulk_create"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", default=",".join(RUNS), help=f"of {', '.join(RUNS)}")
    parser.add_argument("--run", choices=RUNS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help="keep the log here, and use it again")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "klout.settings")
    if options.run:
        watch = Stopwatch()
        found = RUNS[options.run](options.folder, watch)
        print(json.dumps({"stages": watch.stages, "found": found}))
        return
    chosen = options.only.split(",")
    if unknown := set(chosen) - set(RUNS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="klout-bench-") as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if not any(folder.glob("*.parquet")):
            import django

            django.setup()
            since = time.perf_counter()
            write_lake(folder, options.events, options.accounts)
            print(f"written in {time.perf_counter() - since:.1f} s; ", end="")
        files = list(folder.glob("*.parquet"))
        events = sum(pq.read_metadata(path).num_rows for path in files)
        size = sum(path.stat().st_size for path in files) / 2**20
        print(
            f"{events:,} interactions, seed 7: {size:,.0f} MB of Parquet; {os.cpu_count()} processors, "
            f"load {os.getloadavg()[0]:.1f}"
        )
        runs: dict[str, list[list[Stage]]] = {candidate: [] for candidate in chosen}
        agreed: dict[str, dict[str, int]] = {}
        for turn in range(options.repeat):
            for candidate in chosen:
                if turn and candidate in ONCE:
                    continue
                measured, found = in_a_fresh_process(candidate, folder)
                runs[candidate].append(measured)
                group = next(", ".join(group) for group in GROUPS if candidate in group)
                if found and agreed.setdefault(group, found) != found:
                    sys.exit(f"{candidate} found {found}, others {agreed[group]}")
        for candidate, of_candidate in runs.items():
            show(candidate, of_candidate)
        for group, found in agreed.items():
            print(f"\n{group} agree on " + ", ".join(f"{name} {value:,}" for name, value in found.items()))


if __name__ == "__main__":
    main()

"""Ten million interactions over a million accounts: time and peak memory of each stage, beside the same sums elsewhere.

    python -m tests.benchmarks.bench_engine [--events 10000000] [--accounts 1000000] [--repeat 3] [--only engine,pandas]

A made-up log (tests.benchmarks.synthetic: a power law, 90 days, 3 networks, 8 verbs, seeded) is written as the lake
keeps it, into a temporary folder. Then each candidate runs in a fresh process of its own, in turns, and the median is
shown with its range; pandas and PostgreSQL run once. Memory is the process's own peak of each stage; for PostgreSQL it
is the private memory of its processes, to which its shared buffers come.

`engine` is the whole of scoring.engine.duckdb.compute: every column of the catalogue and the graph. The others do its
core alone: for each target and verb, distinct actors and two decayed sums; reading counts, except for PostgreSQL, whose
table is loaded before the clock starts. All must agree, or the run fails. `scan` adds up the same columns and is the
least that reading them costs. PostgreSQL is the project's own (DATABASE_URL, or the built-in one), with work_mem of
512 MB and two workers.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import numpy as np

AS_OF = date(2026, 11, 1)
CANDIDATES = ("scan", "engine", "duckdb", "pandas", "postgres", "postgres-distinct")
ONCE = ("pandas", "postgres", "postgres-distinct")

Stage = tuple[str, float, float]


# ---------------------------------------------------------------- one candidate, in a process of its own


class Stopwatch:
    """Seconds and peak megabytes of each stage; Linux keeps the peak and lets us begin it anew."""

    def __init__(self) -> None:
        self.stages: list[Stage] = []
        self.begin()

    def begin(self) -> None:
        Path("/proc/self/clear_refs").write_text("5")
        self.since = time.perf_counter()

    def lap(self, name: str) -> None:
        status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
        self.stages.append((name, time.perf_counter() - self.since, int(status["VmHWM"].split()[0]) / 1024))
        self.begin()


def lake_of(folder: Path) -> tuple[list[str], list[date]]:
    paths = sorted(folder.glob("*.parquet"))
    return [str(path) for path in paths], [date.fromisoformat(path.stem) for path in paths]


def run_engine(folder: Path, watch: Stopwatch) -> dict[str, int]:
    from scoring.engine.base import Inputs
    from scoring.engine.duckdb import compute

    def nothing(*names: str) -> dict[str, np.ndarray]:
        return {name: np.zeros(0, dtype=np.int64) for name in names}

    log = ("key_high", "key_low", "occurred_at", "target", "actor", "post", "network", "verb", "origin")
    paths, days = lake_of(folder)
    inputs = Inputs(
        as_of=AS_OF,
        lake=paths,
        lake_days=days,
        newest=nothing(*log),
        relations=nothing("target", "actor", "verb", "network", "origin"),
        counters=nothing("account", "network", "value", "origin") | {"name": np.zeros(0, dtype=np.str_)},
        totals=nothing("account", "post", "verb", "total", "occurred_at", "network", "origin"),
        erased=np.zeros(0, dtype=np.int64),
        owners=nothing("account", "person"),
    )
    watch.begin()
    output = compute(inputs, progress=lambda stage, rows: watch.lap(f"{stage} ({rows:,} rows)"), temp_folder=folder)
    watch.lap(f"fct_features ({len(output.features):,} rows, {len(output.features.columns)} columns)")
    return {}


CORE = """
    SELECT target, verb, COUNT(*) AS actors, CAST(SUM(recent) AS BIGINT) AS recent, CAST(SUM(long) AS BIGINT) AS long
    FROM (
        SELECT i.target, i.actor, i.verb, SUM(d.recent) AS recent, SUM(d.long) AS long
        FROM log AS i JOIN decay AS d ON d.day = {day}
        WHERE i.actor <> i.target
        GROUP BY i.target, i.actor, i.verb
    ) AS edges
    GROUP BY target, verb
"""
DISTINCT = """
    SELECT i.target, i.verb, COUNT(DISTINCT i.actor) AS actors,
        CAST(SUM(d.recent) AS BIGINT) AS recent, CAST(SUM(d.long) AS BIGINT) AS long
    FROM log AS i JOIN decay AS d ON d.day = {day}
    WHERE i.actor <> i.target
    GROUP BY i.target, i.verb
"""
# Four totals and two that notice a value under the wrong target or verb.
TOTALS = """
    SELECT COUNT(*), SUM(actors), SUM(recent), SUM(long), SUM(actors * (target % 1009)), SUM(recent % 1009 * verb)
    FROM core
"""
NAMES = ("rows", "actors", "recent", "long", "by_target", "by_verb")


def decay() -> dict[str, np.ndarray]:
    from scoring.engine.duckdb import day_number
    from scoring.engine.steps import decay as decay_table

    return dict(decay_table(day_number(AS_OF)))


def run_scan(folder: Path, watch: Stopwatch) -> dict[str, int]:
    import duckdb

    watch.begin()
    with duckdb.connect() as connection:
        connection.read_parquet(lake_of(folder)[0]).create_view("log")
        columns = ", ".join(f"SUM({name})" for name in ("target", "actor", "post", "verb", "network"))
        connection.execute(f"SELECT {columns}, SUM(epoch_us(occurred_at)) FROM log").fetchall()
    watch.lap("sums of six columns")
    return {}


def run_duckdb(folder: Path, watch: Stopwatch) -> dict[str, int]:
    import duckdb
    import pyarrow as pa

    watch.begin()
    with duckdb.connect(config={"preserve_insertion_order": False}) as connection:
        connection.read_parquet(lake_of(folder)[0]).create_view("log")
        connection.register("decay", pa.table(decay()))
        connection.execute("CREATE TABLE core AS " + CORE.format(day="epoch_us(i.occurred_at) // 86400000000"))
        watch.lap("edges and sums")
        ((*found,),) = connection.execute(TOTALS).fetchall()
    return dict(zip(NAMES, map(int, found), strict=True))


def run_pandas(folder: Path, watch: Stopwatch) -> dict[str, int]:
    import pandas as pd

    weights = decay()
    watch.begin()
    log = pd.concat(
        [pd.read_parquet(path, columns=["occurred_at", "target", "actor", "verb"]) for path in lake_of(folder)[0]],
        ignore_index=True,
    )
    watch.lap("reading")
    log = log[log["actor"] != log["target"]]
    age = (pd.Timestamp(AS_OF, tz="UTC") - log["occurred_at"].dt.floor("D")).dt.days.to_numpy()
    log = log.assign(recent=weights["recent"][age - 1], long=weights["long"][age - 1]).drop(columns="occurred_at")
    edges = log.groupby(["target", "actor", "verb"], sort=False)[["recent", "long"]].sum().reset_index()
    core = edges.groupby(["target", "verb"], sort=False).agg(
        actors=("actor", "size"), recent=("recent", "sum"), long=("long", "sum")
    )
    watch.lap("edges and sums")
    core = core.reset_index()
    return {
        "rows": len(core),
        "actors": int(core["actors"].sum()),
        "recent": int(core["recent"].sum()),
        "long": int(core["long"].sum()),
        "by_target": int((core["actors"] * (core["target"] % 1009)).sum()),
        "by_verb": int((core["recent"] % 1009 * core["verb"].astype("int64")).sum()),
    }


@contextmanager
def server_memory(connection: object) -> Iterator[list[float]]:
    """The most private memory (MB) that the server's processes held together, read ten times a second."""
    most = [0.0]
    finished = threading.Event()
    with connection.cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]

    def family() -> list[int]:
        parent = next(line for line in Path(f"/proc/{backend}/status").read_text().splitlines() if line[:5] == "PPid:")
        pid = parent.split()[1]
        found = []
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                if path.read_text().rpartition(")")[2].split()[1] == pid:
                    found.append(int(path.parent.name))
            except OSError:
                continue
        return found

    def private(pid: int) -> float:
        try:
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except OSError:
            return 0.0
        return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon:")) / 1024

    def watch() -> None:
        while not finished.wait(0.1):
            most[0] = max(most[0], sum(map(private, family())))

    # A server elsewhere has no processes here to look at.
    watcher = threading.Thread(target=watch, daemon=True) if Path(f"/proc/{backend}").exists() else None
    if watcher:
        watcher.start()
    try:
        yield most
    finally:
        finished.set()
        if watcher:
            watcher.join()


def run_postgres(folder: Path, watch: Stopwatch, query: str = CORE) -> dict[str, int]:
    import django
    import pyarrow.parquet as pq

    django.setup()
    from django.db import connection

    from scoring import columns as binary

    with connection.cursor() as cursor:
        cursor.execute("SET work_mem = '512MB'; SET max_parallel_workers_per_gather = 2")
        cursor.execute("CREATE TEMP TABLE decay (day bigint, recent bigint, long bigint)")
        cursor.execute("DROP TABLE IF EXISTS bench_log")
        cursor.execute("CREATE UNLOGGED TABLE bench_log (day int8, target int8, actor int8, post int8, verb int2)")
        try:
            binary.write(connection, "decay", decay())
            for path in lake_of(folder)[0]:
                table = pq.read_table(path, columns=["occurred_at", "target", "actor", "post", "verb"])
                rows = {name: table.column(name).to_numpy() for name in ("target", "actor", "post", "verb")}
                moments = table.column("occurred_at").to_numpy().astype("datetime64[us]").astype(np.int64)
                binary.write(connection, "bench_log", {"day": moments // 86_400_000_000, **rows})
            cursor.execute("ANALYZE bench_log; ANALYZE decay")
            with server_memory(connection) as most:
                watch.begin()
                statement = query.format(day="i.day").replace("FROM log", "FROM bench_log")
                cursor.execute("CREATE TEMP TABLE core AS " + statement)
                watch.lap("edges and sums")
            name, seconds, _ = watch.stages.pop()
            watch.stages.append((name, seconds, most[0]))
            cursor.execute(TOTALS)
            return dict(zip(NAMES, map(int, cursor.fetchone()), strict=True))
        finally:
            cursor.execute("DROP TABLE bench_log")


RUNS: dict[str, Callable[[Path, Stopwatch], dict[str, int]]] = {
    "scan": run_scan,
    "engine": run_engine,
    "duckdb": run_duckdb,
    "pandas": run_pandas,
    "postgres": run_postgres,
    "postgres-distinct": lambda folder, watch: run_postgres(folder, watch, DISTINCT),
}


# ---------------------------------------------------------------- all of them, in turns


def write_lake(folder: Path, events: int, accounts: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from scoring.log.days import SCHEMA
    from scoring.log.lake import ROW_GROUP
    from tests.benchmarks.synthetic import days

    for day, columns in days(events, accounts, as_of=AS_OF):
        columns["occurred_at"] = columns["occurred_at"].view("datetime64[us]")
        arrays = [pa.array(columns[field.name]).cast(field.type) for field in SCHEMA]
        pq.write_table(
            pa.table(arrays, schema=SCHEMA), folder / f"{day}.parquet", compression="zstd", row_group_size=ROW_GROUP
        )


def in_a_fresh_process(candidate: str, folder: Path) -> tuple[list[Stage], dict[str, int]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.bench_engine", "--run", candidate, "--folder", str(folder)],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    answer = json.loads(done.stdout.splitlines()[-1])
    return [tuple(stage) for stage in answer["stages"]], answer["found"]


def show(candidate: str, runs: list[list[Stage]]) -> None:
    totals = [sum(seconds for _, seconds, _ in stages) for stages in runs]
    middle = runs[totals.index(statistics.median_low(totals))]
    print(f"\n{candidate}")
    for name, seconds, peak in middle if len(middle) > 1 else []:
        print(f"    {name:<48}{seconds:9.2f} s{peak:10,.0f} MB")
    spread = f"   ({min(totals):.2f} to {max(totals):.2f} in {len(runs)} runs)" if len(runs) > 1 else "   (1 run)"
    highest = max(peak for stages in runs for _, _, peak in stages)
    print(f"    {'whole':<48}{statistics.median_low(totals):9.2f} s{highest:10,.0f} MB{spread}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", default=",".join(CANDIDATES), help=f"of {', '.join(CANDIDATES)}")
    parser.add_argument("--run", choices=CANDIDATES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help="keep the log here, and use it again")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "klout.settings")
    if options.run:
        watch = Stopwatch()
        found = RUNS[options.run](options.folder, watch)
        print(json.dumps({"stages": watch.stages, "found": found}))
        return
    chosen = options.only.split(",")
    if unknown := set(chosen) - set(CANDIDATES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="klout-bench-") as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if not any(folder.glob("*.parquet")):
            import django

            django.setup()
            since = time.perf_counter()
            write_lake(folder, options.events, options.accounts)
            size = sum(path.stat().st_size for path in folder.glob("*.parquet")) / 2**20
            print(
                f"{options.events:,} interactions, {options.accounts:,} accounts, seed 7: {size:,.0f} MB of Parquet",
                end="",
            )
            print(f" in {time.perf_counter() - since:.1f} s; {os.cpu_count()} processors")
        runs: dict[str, list[list[Stage]]] = {candidate: [] for candidate in chosen}
        agreed: dict[str, int] = {}
        for turn in range(options.repeat):
            for candidate in chosen:
                if turn and candidate in ONCE:
                    continue
                stages, found = in_a_fresh_process(candidate, folder)
                runs[candidate].append(stages)
                if found and agreed and found != agreed:
                    sys.exit(f"{candidate} found {found}, the others {agreed}")
                agreed = found or agreed
        for candidate, measured in runs.items():
            show(candidate, measured)
        if agreed:
            print("\nall agree on " + ", ".join(f"{name} {value:,}" for name, value in agreed.items()))


if __name__ == "__main__":
    main()

"""What benchmarks of the engine share: a made-up lake, a stopwatch for stages, a fresh process for each candidate."""

import argparse
import json
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
from typing import Any

AS_OF = date(2026, 11, 1)

# Name, seconds, peak megabytes, and seconds that the processors worked for it: these a busy machine does not lengthen.
Stage = tuple[str, float, float, float]


class Stopwatch:
    """Seconds and peak megabytes of each stage; Linux keeps the peak and lets us begin it anew."""

    def __init__(self) -> None:
        self.stages: list[Stage] = []
        self.begin()

    def begin(self) -> None:
        Path("/proc/self/clear_refs").write_text("5")
        self.since, self.worked = time.perf_counter(), time.process_time()

    def lap(self, name: str) -> None:
        status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
        seconds, worked = time.perf_counter() - self.since, time.process_time() - self.worked
        self.stages.append((name, seconds, int(status["VmHWM"].split()[0]) / 1024, worked))
        self.begin()


def lake_of(folder: Path) -> tuple[list[str], list[date]]:
    paths = sorted(folder.glob("*.parquet"))
    return [str(path) for path in paths], [date.fromisoformat(path.stem) for path in paths]


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


@contextmanager
def unchecked() -> Iterator[Any]:
    """A cursor by which rows are written without asking row by row what constraints ask: they are made to be right."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica; SET synchronous_commit = off")
        yield cursor
        cursor.execute("SET session_replication_role = origin; RESET synchronous_commit")


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
    """Stages, and totals to compare; a candidate that cannot run here says why in a stage that took no time."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.bench_engine", "--run", candidate, "--folder", str(folder)],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    answer = json.loads(done.stdout.splitlines()[-1])
    return [tuple(stage) for stage in answer["stages"]], answer["found"]


def show(candidate: str, runs: list[list[Stage]]) -> None:
    totals = [sum(seconds for _, seconds, _, _ in stages) for stages in runs]
    middle = runs[totals.index(statistics.median_low(totals))]
    print(f"\n{candidate}")

    def line(name: str, seconds: float, peak: float, worked: float, more: str = "") -> None:
        work = f"{worked:9.2f} s of work" if worked else " " * 19
        print(f"    {name:<48}{seconds:9.2f} s{work}{peak:10,.0f} MB{more}")

    for stage in middle if len(middle) > 1 else []:
        line(*stage)
    spread = f"   ({min(totals):.2f} to {max(totals):.2f} in {len(runs)} runs)" if len(runs) > 1 else "   (1 run)"
    highest = max(peak for stages in runs for _, _, peak, _ in stages)
    line("whole", statistics.median_low(totals), highest, sum(stage[3] for stage in middle), spread)


def over_a_log(measure: Callable[[Path, int, int], None], *, about: str | None) -> None:
    """Ask on the command line how large a made-up log is to be, write it, and have it measured.

    measure: called with its folder of Parquet files, the number of accounts, and how many of them are members'.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    from tests.benchmarks import synthetic

    parser = argparse.ArgumentParser(description=about.splitlines()[0] if about else None)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--members", type=int, default=10_000)
    parser.add_argument("--posts", type=int, default=50)
    given = parser.parse_args()
    synthetic.POSTS = given.posts
    with tempfile.TemporaryDirectory(prefix="klout-bench-") as folder:
        for day, columns in synthetic.days(given.events, given.accounts, as_of=AS_OF):
            columns["occurred_at"] = columns["occurred_at"].astype("datetime64[us]")
            pq.write_table(pa.table(columns), Path(folder) / f"{day}.parquet", compression="zstd")
        measure(Path(folder), given.accounts, given.members)

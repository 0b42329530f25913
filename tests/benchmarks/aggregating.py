"""The core of the aggregation by each candidate: for each target and verb, distinct actors and two decayed sums."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tests.benchmarks.measuring import AS_OF, Stopwatch, lake_of, server_memory

if TYPE_CHECKING:
    # Not loaded here: it would stand in the memory of every peer.
    from scoring.engine.kernel import Reduced

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
# Above this the ORM would keep its rows for minutes.
MOST_OF_ORM = 1_000_000
NAMES = ("rows", "actors", "recent", "long", "by_target", "by_verb")


def end() -> int:
    """The score's day, since 1970."""
    return (AS_OF - date(1970, 1, 1)).days


def decay() -> dict[str, np.ndarray]:
    from scoring.engine.steps import decay as decay_table

    return {name: decay_table(end())[name] for name in ("day", "recent", "long")}


def nothing(*names: str) -> dict[str, np.ndarray]:
    return {name: np.zeros(0, dtype=np.int64) for name in names}


def run_scan(folder: Path, watch: Stopwatch) -> dict[str, int]:
    import duckdb

    watch.begin()
    with duckdb.connect() as connection:
        connection.read_parquet(lake_of(folder)[0]).create_view("log")
        columns = ", ".join(f"SUM({name})" for name in ("target", "actor", "post", "verb", "network"))
        connection.execute(f"SELECT {columns}, SUM(epoch_us(occurred_at)) FROM log").fetchall()
    watch.lap("sums of six columns")
    return {}


def reduce_log(folder: Path) -> "Reduced":
    """Edges and pairs of the whole log, by the kernel."""
    from scoring.engine import kernel, steps

    return kernel.reduce(
        files=lake_of(folder)[0],
        newest=nothing("target", "actor", "verb", "network", "origin", "day"),
        relations=nothing("target", "actor", "verb", "network", "origin"),
        erased=np.zeros(0, dtype=np.int64),
        owners=nothing("account", "person"),
        pauses=nothing("account", "from_day", "until_day", "base", "keep"),
        decay=steps.decay(end()),
        end=end(),
    )


def run_kernel(folder: Path, watch: Stopwatch) -> dict[str, int]:
    """The edges as the engine makes them, pairs included, and the sums by SQL."""
    import duckdb

    watch.begin()
    reduced = reduce_log(folder)
    watch.lap(f"edges and pairs ({len(reduced.edges):,} and {len(reduced.pairs):,} rows)")
    with duckdb.connect(config={"preserve_insertion_order": False}) as connection:
        connection.register("edges", reduced.edges)
        connection.execute(
            f"""
            CREATE TABLE core AS
            SELECT CAST(target AS BIGINT) + {reduced.base} AS target, verb, COUNT(*) AS actors,
                CAST(SUM(recent) AS BIGINT) AS recent, CAST(SUM(long) AS BIGINT) AS long
            FROM edges WHERE own = 0 GROUP BY target, verb
            """
        )
        watch.lap("sums")
        ((*found,),) = connection.execute(TOTALS).fetchall()
    return dict(zip(NAMES, map(int, found), strict=True))


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


def run_polars(folder: Path, watch: Stopwatch) -> dict[str, int]:
    import polars as pl

    weights = pl.DataFrame(decay()).lazy()
    watch.begin()
    edges = (
        pl.scan_parquet(lake_of(folder)[0])
        .select("target", "actor", "verb", day=pl.col("occurred_at").dt.epoch("d").cast(pl.Int64))
        .filter(pl.col("target") != pl.col("actor"))
        .join(weights, on="day")
        .group_by("target", "actor", "verb")
        .agg(pl.col("recent").sum(), pl.col("long").sum())
    )
    sums = edges.group_by("target", "verb").agg(pl.len().alias("actors"), pl.col("recent").sum(), pl.col("long").sum())
    core = sums.collect(engine="streaming")
    watch.lap("edges and sums")
    return {
        "rows": len(core),
        "actors": int(core["actors"].cast(pl.Int64).sum()),
        "recent": int(core["recent"].sum()),
        "long": int(core["long"].sum()),
        "by_target": int((core["actors"].cast(pl.Int64) * (core["target"] % 1009)).sum()),
        "by_verb": int((core["recent"] % 1009 * core["verb"].cast(pl.Int64)).sum()),
    }


def run_spark(folder: Path, watch: Stopwatch) -> dict[str, int]:
    """Local mode on all processors, its start outside the clock; memory is Python's and the Java machine's."""
    from scoring.engine import spark_session

    if why := spark_session.missing():
        watch.stages.append((why, 0.0, 0.0, 0.0))
        return {}
    import pandas as pd

    with spark_session.session(temp_folder=folder) as spark:
        spark.createDataFrame(pd.DataFrame(decay())).createOrReplaceTempView("decay")
        spark.sql("SELECT SUM(long) FROM decay").collect()
        watch.begin()
        spark.read.parquet(*lake_of(folder)[0]).createOrReplaceTempView("log")
        day = "CAST(unix_micros(i.occurred_at) DIV 86400000000 AS BIGINT)"
        spark.sql(CORE.format(day=day)).createOrReplaceTempView("core")
        row = spark.sql(TOTALS).collect()[0]
        watch.lap("edges and sums")
        machine = spark.sparkContext._jvm.java.lang.management.ManagementFactory  # type: ignore[union-attr]
        pid = int(machine.getRuntimeMXBean().getName().split("@")[0])
        status = Path(f"/proc/{pid}/status").read_text().splitlines()
        java = sum(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
    name, seconds, peak, _ = watch.stages.pop()
    watch.stages.append((name, seconds, peak + java, 0.0))
    return dict(zip(NAMES, map(int, row), strict=True))


def load_postgres(folder: Path, cursor: object, *, weighed: bool = False) -> None:
    """The table bench_log; `weighed` with the weights of each row's day in it, which an ORM cannot join."""
    import pyarrow.parquet as pq
    from django.db import connection

    from scoring import columns as binary

    weights, first = decay(), int(decay()["day"].min())
    more = ", recent int8, long int8" if weighed else ""
    cursor.execute("DROP TABLE IF EXISTS bench_log")  # type: ignore[attr-defined]
    cursor.execute(  # type: ignore[attr-defined]
        f"CREATE UNLOGGED TABLE bench_log (day int8, target int8, actor int8, post int8, verb int2{more})"
    )
    for path in lake_of(folder)[0]:
        table = pq.read_table(path, columns=["occurred_at", "target", "actor", "post", "verb"])
        rows = {name: table.column(name).to_numpy() for name in ("target", "actor", "post", "verb")}
        rows["day"] = table.column("occurred_at").to_numpy().astype("datetime64[us]").astype(np.int64) // 86_400_000_000
        if weighed:
            by_day = {name: weights[name][np.argsort(weights["day"])] for name in ("recent", "long")}
            rows |= {name: values[rows["day"] - first] for name, values in by_day.items()}
        binary.write(connection, "bench_log", rows)
    cursor.execute("ANALYZE bench_log")  # type: ignore[attr-defined]


def run_postgres(folder: Path, watch: Stopwatch, query: str = CORE) -> dict[str, int]:
    import django

    django.setup()
    from django.db import connection

    from scoring import columns as binary

    with connection.cursor() as cursor:
        cursor.execute("SET work_mem = '512MB'; SET max_parallel_workers_per_gather = 2")
        cursor.execute("CREATE TEMP TABLE decay (day bigint, recent bigint, long bigint)")
        try:
            binary.write(connection, "decay", decay())
            load_postgres(folder, cursor)
            cursor.execute("ANALYZE decay")
            with server_memory(connection) as most:
                watch.begin()
                statement = query.format(day="i.day").replace("FROM log", "FROM bench_log")
                cursor.execute("CREATE TEMP TABLE core AS " + statement)
                watch.lap("edges and sums")
            name, seconds, _, _ = watch.stages.pop()
            watch.stages.append((name, seconds, most[0], 0.0))
            cursor.execute(TOTALS)
            return dict(zip(NAMES, map(int, cursor.fetchone()), strict=True))
        finally:
            cursor.execute("DROP TABLE bench_log")


def run_orm(folder: Path, watch: Stopwatch) -> dict[str, int]:
    import django

    django.setup()
    from django.db import connection, models

    with connection.cursor() as cursor:
        try:
            load_postgres(folder, cursor, weighed=True)
            cursor.execute("SELECT COUNT(*) FROM bench_log")
            rows = cursor.fetchone()[0]
            if rows > MOST_OF_ORM:
                watch.stages.append((f"left out: more than {MOST_OF_ORM:,} interactions", 0.0, 0.0, 0.0))
                return {}

            class BenchLog(models.Model):  # noqa: DJ008
                target = models.BigIntegerField(primary_key=True)
                actor = models.BigIntegerField()
                verb = models.SmallIntegerField()
                recent = models.BigIntegerField()
                long = models.BigIntegerField()

                class Meta:
                    app_label, managed, db_table = "scoring", False, "bench_log"

            watch.begin()
            found = (
                BenchLog.objects.exclude(actor=models.F("target"))
                .values_list("target", "verb")
                .annotate(models.Count("actor", distinct=True), models.Sum("recent"), models.Sum("long"))
            )
            core = list(found)
            watch.lap("edges and sums")
        finally:
            cursor.execute("DROP TABLE bench_log")
    return {
        "rows": len(core),
        "actors": sum(row[2] for row in core),
        "recent": int(sum(row[3] for row in core)),
        "long": int(sum(row[4] for row in core)),
        "by_target": sum(row[2] * (row[0] % 1009) for row in core),
        "by_verb": int(sum(row[3] % 1009 * row[1] for row in core)),
    }


RUNS: dict[str, Callable[[Path, Stopwatch], dict[str, int]]] = {
    "scan": run_scan,
    "kernel": run_kernel,
    "duckdb": run_duckdb,
    "polars": run_polars,
    "pandas": run_pandas,
    "spark": run_spark,
    "postgres": run_postgres,
    "postgres-distinct": lambda folder, watch: run_postgres(folder, watch, DISTINCT),
    "orm": run_orm,
}

"""The engine's other stages beside what is usual for each: PageRank beside networkx, writing beside bulk_create."""

import types
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.benchmarks.aggregating import nothing, reduce_log
from tests.benchmarks.measuring import AS_OF, Stopwatch, lake_of


def run_engine(folder: Path, watch: Stopwatch, *, kernel: bool = True) -> dict[str, int]:
    """All of scoring.engine.duckdb.compute: every column of the catalogue and the graph."""
    from scoring.engine.base import Inputs
    from scoring.engine.duckdb import compute

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
    output = compute(
        inputs,
        kernel=kernel,
        progress=lambda stage, rows: watch.lap(f"{stage} ({rows:,} rows)"),
        temp_folder=folder,
    )
    table = output.features
    watch.lap(f"fct_features ({len(table):,} rows, {len(table.columns)} columns)")
    return {
        "rows": len(table),
        "columns": len(table.columns),
        "standing": int(output.standing.sum()),
        "values": sum(int(values.astype(np.float64).sum()) for values in table.columns.values()) % 1_000_003,
    }


def pairs_of(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Actor, target and weight of every pair in the log, made outside the clock."""
    pairs = reduce_log(folder).pairs
    actor, target, weight = (pairs.column(name).to_numpy().astype(np.int64) for name in ("actor", "target", "hands"))
    return actor[weight > 0], target[weight > 0], weight[weight > 0]


def totals_of(account: np.ndarray, rank: np.ndarray) -> dict[str, int]:
    """What two rankings that agree within about 1e-7 have in common."""
    return {
        "accounts": len(account),
        "first": int(account[rank.argmax()]),
        "largest": round(float(rank.max()) * 1e6),
        "by_account": round(float((rank * (account % 1009)).sum()) * 1e3),
    }


def run_pagerank(folder: Path, watch: Stopwatch) -> dict[str, int]:
    from scoring.engine.graph import pagerank

    actor, target, weight = pairs_of(folder)
    watch.begin()
    account, rank = pagerank(actor, target, weight)
    watch.lap(f"PageRank ({len(account):,} accounts, {len(actor):,} pairs)")
    return totals_of(account, rank)


def run_networkx(folder: Path, watch: Stopwatch) -> dict[str, int]:
    """The same damping and the same tolerance, which networkx means for each account."""
    import networkx

    from scoring.engine.graph import DAMPING, MOST_ROUNDS, TOLERANCE

    actor, target, weight = pairs_of(folder)
    edges = list(zip(actor.tolist(), target.tolist(), weight.tolist(), strict=True))
    watch.begin()
    graph = networkx.DiGraph()
    graph.add_weighted_edges_from(edges)
    watch.lap("making the graph")
    found = networkx.pagerank(graph, alpha=DAMPING, max_iter=MOST_ROUNDS, tol=TOLERANCE / len(graph))
    watch.lap("PageRank")
    return totals_of(np.fromiter(found, dtype=np.int64), np.fromiter(found.values(), dtype=np.float64))


class Scores(types.SimpleNamespace):
    """As much of scoring.formula.base.Scored as is written."""

    def __len__(self) -> int:
        return len(self.entity)


def run_written(folder: Path, watch: Stopwatch, *, bulk: bool) -> dict[str, int]:
    """A score for each account into an empty database of our own."""
    import django
    from django.test.utils import setup_databases, teardown_databases

    django.setup()
    from django.db import connection, transaction

    from scoring import publish
    from scoring.models import AccountScore

    count = max(int(values.max()) for values in pairs_of(folder)[:2])
    rng = np.random.default_rng(7)
    account = np.arange(1, count + 1)
    score = 1 + 99 * rng.random(count)
    third = score / 3
    confidence = rng.integers(0, 3, count)
    standing = rng.integers(5_000, 400_000, count)
    population = np.sort(score)
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        watch.begin()
        if bulk:
            percentile = publish.percentiles(score, population)
            columns = (account, score, third, third, third, percentile, standing, confidence)
            rows = zip(*(values.tolist() for values in columns), strict=True)
            names = ("account", "score", "reach", "amplification", "network_part", "percentile", "standing")
            AccountScore.objects.bulk_create(
                [AccountScore(**dict(zip((*names, "confidence"), row, strict=True))) for row in rows], batch_size=5_000
            )
            watch.lap(f"bulk_create ({count:,} rows)")
        else:
            scored = Scores(
                entity=account,
                score=score,
                reach=third,
                amplification=third,
                network_part=third,
                confidence=confidence,
                low=score,
                high=score,
            )
            results = types.SimpleNamespace(
                accounts=scored, population=population, standing=standing, account_bounds=None
            )
            with transaction.atomic():
                publish.write_accounts(results)
            watch.lap(f"write_accounts ({count:,} rows)")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT COUNT(*), ROUND(SUM(score)), ROUND(SUM(percentile)), SUM(standing), SUM(confidence)"
                " FROM scoring_accountscore"
            )
            return dict(
                zip(("rows", "score", "percentile", "standing", "confidence"), map(int, cursor.fetchone()), strict=True)
            )
    finally:
        teardown_databases(databases, verbosity=0)


RUNS: dict[str, Callable[[Path, Stopwatch], dict[str, int]]] = {
    "engine": run_engine,
    "engine-sql": lambda folder, watch: run_engine(folder, watch, kernel=False),
    "pagerank": run_pagerank,
    "networkx": run_networkx,
    "copy": lambda folder, watch: run_written(folder, watch, bulk=False),
    "bulk_create": lambda folder, watch: run_written(folder, watch, bulk=True),
}

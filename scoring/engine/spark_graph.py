"""PageRank on Spark, for graphs that no driver's memory holds: equations and end as in scoring.engine.graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as f

from scoring.engine.graph import DAMPING, MOST_ROUNDS, TOLERANCE
from scoring.features.base import ONE

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


# Rounds that go out as one piece of work; between two of them Spark forgets how it came by the ranks.
AT_ONCE = 5


def pagerank(pairs: DataFrame) -> DataFrame:
    """Frame (account, rank) of frame (actor, target, hands); ranks add up to 1.

    As scoring.engine.graph.pagerank, but that sums are taken in no fixed order, and that what the idle hand on and the
    sum of all are seen to every few rounds only: ranks agree to about TOLERANCE, and standings, which are far coarser,
    as whole numbers. A round is one shuffle of what the edges hand on, by target; the edges themselves stay where they
    are. Ranks are cut from their history in the checkpoint folder where Spark has one, else on the executors.
    """
    edges = pairs.where("hands > 0").groupBy("actor", "target").agg(f.sum("hands").alias("hands"))
    handed = edges.groupBy("actor").agg(f.sum("hands").alias("total"))
    shares = edges.join(handed, "actor").select("actor", "target", (f.col("hands") / f.col("total")).alias("share"))
    nodes = edges.select(f.col("actor").alias("account")).union(edges.select("target")).distinct()
    # An edge of no weight from each account to itself: each has a row in every round, and hands on what is known of it.
    itself = nodes.select(f.col("account").alias("actor"), f.col("account").alias("target"), f.lit(None).alias("share"))
    links = shares.unionByName(itself).repartition("actor").persist()
    idle = f.isnull("total").alias("idle")
    ranks = nodes.join(handed.withColumnRenamed("actor", "account"), "account", "left").select("account", idle)
    ranks = _cut(ranks.withColumn("rank", f.lit(1.0)))
    count, resting = ranks.agg(f.count("*"), f.coalesce(f.sum(f.col("idle").cast("int")), f.lit(0))).collect()[0]
    total = float(count)
    for _ in range(0, MOST_ROUNDS if count else 0, AT_ONCE):
        spread = (1.0 - DAMPING + DAMPING * resting / total) / count
        # As a column, so that the code which Spark makes of a round is the same each time, and made once.
        following = ranks.withColumn("rank", f.col("rank") / total).withColumn("spread", f.lit(spread))
        for _ in range(AT_ONCE):
            following = _round(links, following)
        following = _cut(following)
        total, change, resting = following.agg(
            f.sum("rank"),
            f.sum(f.abs(f.col("rank") - f.col("last"))),
            f.coalesce(f.sum(f.when(f.col("idle"), f.col("rank"))), f.lit(0.0)),
        ).collect()[0]
        ranks = following
        if change < TOLERANCE and abs(total - 1.0) < TOLERANCE:
            break
    links.unpersist()
    return ranks.select("account", (f.col("rank") / total).alias("rank"))


def _round(links: DataFrame, ranks: DataFrame) -> DataFrame:
    """Ranks after one more round, with the ones before it as `last`."""
    handed = f.coalesce(f.sum(f.col("share") * f.col("rank")), f.lit(0.0))
    itself = f.isnull("share")
    return (
        links.join(ranks.select(f.col("account").alias("actor"), "idle", "rank", "spread"), "actor")
        .groupBy("target")
        .agg(
            (DAMPING * handed + f.max("spread")).alias("rank"),
            f.max("spread").alias("spread"),
            f.max(f.when(itself, f.col("rank"))).alias("last"),
            f.max(f.when(itself, f.col("idle"))).alias("idle"),
        )
        .withColumnRenamed("target", "account")
    )


def standings(pairs: DataFrame) -> DataFrame:
    """Frame (account, value) of frame (actor, target, hands): what a reaction of each weighs, in 65,536ths."""
    ranks = pagerank(pairs).persist()
    count = ranks.count()
    relative = f.col("rank") * count
    value = f.rint(ONE * (0.5 + 0.5 * f.log2(1.0 + relative))).cast("bigint")
    return ranks.select("account", value.alias("value"))


def _cut(frame: DataFrame) -> DataFrame:
    """The frame as it stands, without the plan that led to it: over a hundred rounds that would grow without end."""
    if frame.sparkSession.sparkContext.getCheckpointDir() is None:
        return frame.localCheckpoint(eager=True)
    return frame.checkpoint(eager=True)

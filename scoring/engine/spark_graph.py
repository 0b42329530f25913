"""PageRank on Spark, for graphs that no driver's memory holds: equations and end as in scoring.engine.graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as f

from scoring.engine.graph import DAMPING, MOST_ROUNDS, TOLERANCE
from scoring.features.base import ONE

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def pagerank(pairs: DataFrame) -> DataFrame:
    """Frame (account, rank) of frame (actor, target, hands); ranks add up to 1.

    As scoring.engine.graph.pagerank, but that sums are taken in no fixed order: ranks agree to about 1e-15, and
    standings, which are far coarser, as whole numbers. Each round is one shuffle of the edges' contributions by target;
    ranks are cut from their history in each (in the checkpoint folder where Spark has one, else on the executors).
    """
    edges = pairs.where("hands > 0").groupBy("actor", "target").agg(f.sum("hands").alias("hands"))
    handed = edges.groupBy("actor").agg(f.sum("hands").alias("total"))
    shares = edges.join(handed, "actor").select("actor", "target", (f.col("hands") / f.col("total")).alias("share"))
    # An edge of no weight from each account to itself: each has a row in every round and hands its last rank on.
    nodes = edges.select(f.col("actor").alias("account")).union(edges.select("target")).distinct()
    itself = nodes.select(f.col("account").alias("actor"), f.col("account").alias("target"), f.lit(None).alias("share"))
    idle = nodes.join(handed, nodes.account == handed.actor, "left").select(
        "account", handed.actor.isNull().alias("idle")
    )
    links = _cut(shares.unionByName(itself).repartition("actor"))
    count = nodes.count()
    if not count:
        return nodes.select("account", f.lit(0.0).alias("rank"))
    ranks = _cut(idle.select("account", "idle", f.lit(1.0 / count).alias("rank")))
    resting = ranks.where("idle").count() / count
    for _ in range(MOST_ROUNDS):
        spread = (1.0 - DAMPING + DAMPING * resting) / count
        following = (
            links.join(ranks, links.actor == ranks.account)
            .groupBy("target")
            .agg(
                (DAMPING * f.coalesce(f.sum(f.col("share") * f.col("rank")), f.lit(0.0)) + spread).alias("rank"),
                f.max(f.when(f.col("share").isNull(), f.col("rank"))).alias("last"),
                f.max(f.when(f.col("share").isNull(), f.col("idle"))).alias("idle"),
            )
            .withColumnRenamed("target", "account")
        )
        following = _cut(following)
        ((total, change, resting),) = following.agg(
            f.sum("rank"),
            f.sum(f.abs(f.col("rank") - f.col("last"))),
            f.coalesce(f.sum(f.when(f.col("idle"), f.col("rank"))), f.lit(0.0)),
        ).collect()
        ranks.unpersist()
        ranks = following.select("account", "idle", "rank")
        if change < TOLERANCE:
            break
    return ranks.select("account", (f.col("rank") / total).alias("rank"))


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

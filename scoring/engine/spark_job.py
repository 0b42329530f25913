"""The daily computation on a cluster, without Django or a database: a folder of inputs in, features and scores out.

    manage.py recompute --prepare FOLDER        # where the database is
    python -m scoring.engine.spark_job FOLDER   # where the cluster is, with --master
    manage.py recompute --from FOLDER           # where the database is

FOLDER is a path that both sides see, or an address such as s3://bucket/folder. Features, guards and the scores of all
accounts and people are written there as Parquet; done.json comes last, so that half a result is never published.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scoring.engine.folders import ABOUT, DONE, BadFolder, Place, read_inputs
from scoring.engine.spark_session import SparkMissing, session

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from scoring.engine.base import Inputs


def run(
    address: str, *, spark: SparkSession, lake: str | None = None, driver_edges: int | None = None
) -> dict[str, int]:
    """Compute what `address` holds the inputs of, and write it there; returns the rows written by table.

    lake: where the cluster finds the lake's folder, if not where the database's side does. driver_edges: see
    scoring.engine.spark. Raises BadFolder, or ValueError where Spark cannot read the lake.
    """
    # PySpark is there once a session is.
    from scoring.engine import spark as engine
    from scoring.engine import spark_scores

    place = Place.at(address)
    about, inputs = place.read_json(ABOUT), read_inputs(place)
    inputs = replace(inputs, lake=lake_files(about, lake))
    # From here on until its end nothing in the folder is whole.
    place.remove(DONE)
    base = engine.address_of(address)
    begun = time.monotonic()

    def say(stage: str, rows: int) -> None:
        print(f"{time.monotonic() - begun:7.1f} s  {stage}: {rows:,} rows", flush=True)  # noqa: T201 (a command)

    with tempfile.TemporaryDirectory(prefix="klout-") as folder:
        spark_scores.ship(spark, Path(folder))
        with engine.aggregated(
            inputs, session=spark, progress=say, driver_edges=driver_edges or engine.DRIVER_EDGES
        ) as (found, ranked, guarded):
            place.write("guards.parquet", guarded)
            rows = spark_scores.with_ratios(engine.with_standing(found, ranked))
            rows.write.mode("overwrite").parquet(f"{base}/features")
        features = spark.read.parquet(engine.escaped(f"{base}/features"))
        written = {"features": features.count()}
        say("features", written["features"])
        members = of_people(spark, features, inputs, place.read("inputs/networks.parquet")["network"])
        for name, table, by in (("accounts", features, "account"), ("people", members, "person")):
            spark_scores.scored(table, by, about["formula"]).write.mode("overwrite").parquet(f"{base}/{name}")
            written[name] = spark.read.parquet(engine.escaped(f"{base}/{name}")).count()
            say(name, written[name])
    place.write_json(DONE, {**about, "rows": written, "seconds": round(time.monotonic() - begun, 1)})
    return written


def lake_files(about: Mapping[str, Any], lake: str | None) -> list[str]:
    """The lake's day files as Spark calls them, under the folder `lake` where one is given."""
    from scoring.engine import spark as engine

    if lake is None:
        return engine.addresses(about["lake"], about["lake_kind"])
    # Files lie under days/ in every lake (scoring.log.lake).
    root = engine.address_of(lake)
    return [engine.escaped(f"{root}/days/{file.rpartition('/days/')[2]}") for file in about["lake"]]


def of_people(spark: SparkSession, features: DataFrame, inputs: Inputs, networks: np.ndarray) -> DataFrame:
    """The rows of linked accounts with the person of each; an account that nobody was seen to react to has zeros."""
    from pyspark.sql import functions as f

    from scoring.engine import tables
    from scoring.engine.folders import ROW

    types = dict.fromkeys(("account", "person", "its_network"), tables.GIVEN["owners"]["account"])
    owners = spark.createDataFrame(tables.table({**inputs.owners, "its_network": networks}, types))
    names = [name for name in features.columns if name not in ROW]
    return owners.join(features, "account", "left").select(
        "account",
        "person",
        f.coalesce("network", "its_network").alias("network"),
        *(f.coalesce(name, f.lit(0)).alias(name) for name in ("supplied", *names)),
    )


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m scoring.engine.spark_job", description=__doc__.partition("\n")[0])
    parser.add_argument("folder", help="what `manage.py recompute --prepare` wrote: a path, or an address (s3://...)")
    parser.add_argument("--lake", help="the lake's address as the cluster sees it, if it is another there")
    parser.add_argument("--master", default="local[*]", help="Spark's master, such as yarn (default: %(default)s)")
    parser.add_argument("--memory", default="4g", help="memory of a local Spark (default: %(default)s)")
    parser.add_argument("--driver-edges", type=int, help="edges beyond which Spark ranks the graph, not the driver")
    chosen = parser.parse_args(arguments)
    try:
        Place.at(chosen.folder).read_json(ABOUT)
        with session(master=chosen.master, memory=chosen.memory) as spark:
            run(chosen.folder, spark=spark, lake=chosen.lake, driver_edges=chosen.driver_edges)
    except (BadFolder, SparkMissing, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 (a command)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

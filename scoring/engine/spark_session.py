"""The door to Spark: whether it can run here, and a session that computes as the statements want it (ANSI, UTC)."""

from __future__ import annotations

import importlib.util
import logging
import os
import shutil
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# What the statements depend on; everything else is the cluster's own (spark-defaults.conf, spark-submit).
NEEDED: Mapping[str, str] = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # The last step joins some fifty tables.
    "spark.sql.maxPlanStringLength": "1000",
    "spark.sql.debug.maxToStringFields": "10",
}
STARTING: Mapping[str, str] = {
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    # The pairs come to the driver, for the guards.
    "spark.driver.maxResultSize": "0",
}


class SparkMissing(RuntimeError):
    """Spark cannot run here; the text says what to install."""


# PySpark hands Arrow's tables over only where pandas is there too, though nothing here uses it.
PACKAGES = ("pyspark", "pandas")


def missing() -> str | None:
    """What keeps Spark from running here, as a sentence for operators; None where nothing does."""
    for package in PACKAGES:
        if importlib.util.find_spec(package) is None:
            return f"{package} is not installed: `uv sync --group spark` installs it."
    home = os.environ.get("JAVA_HOME")
    if not (home and (Path(home) / "bin" / "java").exists()) and shutil.which("java") is None:
        return "There is no Java: Spark wants a runtime of version 17 or newer (Debian: openjdk-17-jre-headless)."
    return None


def local_settings(master: str, memory: str) -> dict[str, str]:
    """For Spark in processes of this machine alone: nothing listens where others could reach it."""
    cores = os.cpu_count() or 1 if "*" in master else int("".join(filter(str.isdigit, master.split(",")[0])) or 1)
    return {
        "spark.driver.memory": memory,
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": str(4 * cores),
    }


@contextmanager
def session(
    *,
    master: str = "local[*]",
    memory: str = "4g",
    temp_folder: str | Path | None = None,
    more: Mapping[str, str] | None = None,
) -> Iterator[SparkSession]:
    """A session, ended after use unless it ran before.

    master: as Spark names it; local[...] runs in this machine alone, with `memory` for the JVM and `temp_folder` for
    what does not fit. For others memory is the cluster's matter. more: other settings, by Spark's names. Raises
    SparkMissing.
    """
    if reason := missing():
        raise SparkMissing(reason)
    with warnings.catch_warnings():
        # PySpark warns of a newer pandas, which nothing here uses.
        warnings.simplefilter("ignore", FutureWarning)
        from pyspark.errors import PySparkRuntimeError
        from pyspark.sql import SparkSession

        settings = {**NEEDED, **STARTING}
        if master.startswith("local"):
            settings |= local_settings(master, memory)
            # Its workers are of this interpreter; without this, of whatever python3 there is.
            os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
            if temp_folder is not None:
                settings["spark.local.dir"] = str(temp_folder)
        builder = SparkSession.builder.master(master).appName("klout")
        for name, value in {**settings, **(more or {})}.items():
            builder = builder.config(name, value)
        running = SparkSession.getActiveSession()
        try:
            spark = builder.getOrCreate()
        except PySparkRuntimeError as error:
            raise SparkMissing(f"Spark did not start: {error}") from error
    # It says good-bye when all output may be closed already.
    logging.getLogger("py4j").setLevel(logging.WARNING)
    try:
        yield spark
    finally:
        if running is None:
            spark.stop()

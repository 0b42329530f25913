"""One Spark for all tests of the engine: to start it costs more than most of them."""

from collections.abc import Iterator

import pytest

from scoring.engine import spark_session

# Compiled lightly: a test is over before more would pay.
QUICK = {"spark.sql.shuffle.partitions": "2", "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1"}


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    """A local Spark; skips where PySpark or Java is absent."""
    if reason := spark_session.missing():
        pytest.skip(reason)
    with spark_session.session(
        master="local[2]", memory="1g", temp_folder=tmp_path_factory.mktemp("spark"), more=QUICK
    ) as session:
        yield session

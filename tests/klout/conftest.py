"""Systems of their own: a state folder that nothing else uses, and what is left of it ended and removed afterwards."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from klout import embedded
from klout.processes import run_folder


@contextmanager
def own_systems() -> Iterator[Callable[..., Path]]:
    """Yields what makes state folders; with closed=True one that only its owner can enter, like one in root's home."""
    made: list[Path] = []

    def make(*, closed: bool = False) -> Path:
        # Not pytest's tmp_path: that is closed to other users, whom the database runs as under root.
        folder = Path(tempfile.mkdtemp(prefix="klout-test-"))
        folder.chmod(0o700 if closed else 0o755)
        made.append(folder / "var")
        return made[-1]

    try:
        yield make
    finally:
        for var in made:
            embedded.stop(var)
            data = var / "postgres"
            if data.is_symlink():
                shutil.rmtree(Path(os.readlink(data)).parent)
            shutil.rmtree(run_folder(var), ignore_errors=True)
            shutil.rmtree(var.parent)


@pytest.fixture
def make_var() -> Iterator[Callable[..., Path]]:
    with own_systems() as make:
        yield make


@pytest.fixture
def var(make_var: Callable[..., Path]) -> Path:
    return make_var()

"""Small exports of X and Mastodon, written by hand in the shape of real ones, and a Mastodon server on 127.0.0.1."""

import shutil
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import stamina

from accounts.networks.http import Http
from tests.fakes.mastodon import TOKEN, FakeMastodon

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "networks"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def twitter_export(tmp_path: Path) -> Path:
    """A folder that may be changed: Alice's export of X."""
    return Path(shutil.copytree(FIXTURES / "twitter", tmp_path / "twitter-export"))


@pytest.fixture
def mastodon_export(tmp_path: Path) -> Path:
    """A folder that may be changed: Alice's export of Mastodon."""
    return Path(shutil.copytree(FIXTURES / "mastodon", tmp_path / "mastodon-export"))


@pytest.fixture
def zipped(tmp_path: Path) -> Callable[[Path], Path]:
    """Makes a zip of a folder."""

    def make(folder: Path, name: str = "export.zip") -> Path:
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(folder.rglob("*")):
                if file.is_file():
                    archive.write(file, file.relative_to(folder).as_posix())
        return path

    return make


@pytest.fixture
def mastodon() -> Iterator[FakeMastodon]:
    with FakeMastodon() as server:
        yield server


@pytest.fixture
def call(mastodon: FakeMastodon) -> Iterator[Callable[..., Http]]:
    """Makes an Http to Alice's server, with her token and a clock that stands still at NOW; tries follow at once."""
    made: list[Http] = []

    def make(**changes: Any) -> Http:
        settings: dict[str, Any] = {
            "token": TOKEN,
            "user_agent": "Klout tests (+http://127.0.0.1)",
            "now": lambda: NOW,
            "private_hosts": [mastodon.host],
            "read_timeout": 0.5,
            "total_timeout": 2.0,
        }
        made.append(Http(changes.pop("base_url", mastodon.url), **(settings | changes)))
        return made[-1]

    with stamina.set_testing(True, attempts=4, cap=True):
        yield make
    for http in made:
        http.close()

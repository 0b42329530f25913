"""Fixtures that every room uses."""

import os
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

# The same examples in every run, so that a red test is about the change at hand; HYPOTHESIS_PROFILE=explore looks on.
hypothesis_settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis_settings.register_profile("explore", deadline=None)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

ROOT = Path(__file__).resolve().parent.parent
# Real third-party data lies beside the project, not in it; tests that read it skip where it is absent.
DATA = Path(os.environ.get("KLOUT_TEST_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture
def data() -> Path:
    """The folder of real third-party data; skips where it is absent."""
    if not DATA.is_dir():
        pytest.skip(f"real data is not at {DATA} (set KLOUT_TEST_DATA)")
    return DATA


@pytest.fixture(autouse=True)
def empty_cache(settings) -> Callable[[], None]:
    """A cache of each test's own; called, it is empty again. Emptying the server's would be felt by other tests."""

    def empty_cache() -> None:
        settings.CACHES = {"default": settings.CACHES["default"] | {"KEY_PREFIX": uuid.uuid4().hex}}

    empty_cache()
    return empty_cache


@pytest.fixture(autouse=True)
def unhashed_static_files(settings) -> None:
    """Pages are rendered without `collectstatic` having run; the addresses of static files keep their plain names."""
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }

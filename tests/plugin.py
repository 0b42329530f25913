"""Loaded before Django's settings: the tests use a system of their own under var/tests, unless told otherwise."""

import itertools
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("KLOUT_VAR", str(ROOT / "var" / "tests"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "klout.settings")
# A database that is thrown away need not survive a power cut.
os.environ.setdefault("KLOUT_POSTGRES_OPTIONS", "-c fsync=off -c synchronous_commit=off -c full_page_writes=off")

numbers = itertools.count()
current = 0


def cache_key(key: str, prefix: str, version: int) -> str:
    """Keys of their own for each test and process: the cache is shared, its contents are not."""
    return f"test-{os.getpid()}-{current}:{prefix}:{version}:{key}"


def pytest_configure(config: pytest.Config) -> None:
    from django.conf import settings

    settings.CACHES["default"]["KEY_FUNCTION"] = cache_key
    # Static files as they lie in the project: their names with hashes are made by collectstatic.
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    # Real hashing of passwords takes a tenth of a second each.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    global current
    current = next(numbers)

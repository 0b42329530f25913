"""Settings of the server that bench_claims starts: the project's own, on the benchmark's database, and one address
more, whose view does nothing."""

from __future__ import annotations

import os

from klout.settings import *  # noqa: F403
from klout.settings import DATABASES, LOGGING

DATABASES["default"]["NAME"] = os.environ["BENCH_DATABASE"]
ROOT_URLCONF = "tests.benchmarks.empty_stack"
# All clients come from one address.
PERKS_HOLDS_PER_RANGE = 10**9
# collectstatic has not run here.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# That most are told it is sold out is what the benchmark is about.
LOGGING["loggers"] = {"django.request": {"level": "ERROR"}}

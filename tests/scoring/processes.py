"""Code in a process of its own, on the test's database and lake: the way to see what a killed process leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from django.conf import settings
from django.db import connection

from tests.conftest import ROOT

PRELUDE = """
import json, os, signal, sys
import django
django.setup()
from django.conf import settings
from django.db import connection
given = json.loads(os.environ["TEST_PROCESS"])
connection.settings_dict.update(given["database"])
settings.LAKE = given["lake"]


def die():
    os.kill(os.getpid(), signal.SIGKILL)


"""


def run_python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `code` after Django's setup; it may call `die()` to be killed at that very point."""
    database = {key: connection.settings_dict[key] for key in ("NAME", "HOST", "PORT", "USER", "PASSWORD")}
    given = json.dumps({"database": database, "lake": settings.LAKE})
    return subprocess.run(
        [sys.executable, "-c", PRELUDE + code, *arguments],
        cwd=ROOT,
        env=os.environ | {"TEST_PROCESS": given, "DJANGO_SETTINGS_MODULE": "klout.settings"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

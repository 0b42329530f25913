"""Loaded before Django's settings: the tests use a system of their own under var/tests, unless told otherwise."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("KLOUT_VAR", str(ROOT / "var" / "tests"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "klout.settings")

"""The README is true: its settings are the ones there are, its commands exist, and CI runs its test command."""

import os
import re
import subprocess
import sys
from pathlib import Path

from django.core.management import get_commands

from accounts.networks import NETWORKS
from tests.production import PRODUCTION

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
# Made once where TOKEN_KEYS is not set, and nobody's to set.
INNER = {"TOKEN_KEY"}


def read_by_settings(**variables: str) -> set[str]:
    code = "from klout import settings, environment; print(*environment.KNOWN)"
    base = {"PATH": os.environ["PATH"], "KLOUT_VAR": os.environ["KLOUT_VAR"]}
    return set(
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=base | variables, capture_output=True, text=True, check=True
        ).stdout.split()
    )


def test_every_setting_is_in_the_table() -> None:
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", README, re.MULTILINE))
    # NETWORK_CLIENT_ID stands for the same of each network that the row names, with its secret.
    [row] = re.findall(r"NETWORK is ([A-Z, or]+) \|", README)
    networks = re.findall(r"[A-Z]{3,}", row)
    documented -= {"NETWORK_CLIENT_ID", "NETWORK_DAILY_USD"}
    documented |= {f"{network}_{name}" for network in networks for name in ("CLIENT_ID", "CLIENT_SECRET", "DAILY_USD")}
    assert documented == (read_by_settings() | read_by_settings(**PRODUCTION)) - INNER


def test_every_network_is_in_the_table() -> None:
    told = README.partition("## Networks")[2].partition("## Commands")[0].lower()
    assert [slug for slug, network in NETWORKS.items() if network.spec.label.lower() not in told] == []


def test_every_command_exists() -> None:
    named = set(re.findall(r"manage\.py ([a-z_]+)", README))
    assert named <= set(get_commands())
    assert {"up", "down", "doctor"} <= named


def test_ci_runs_the_test_command_of_the_readme() -> None:
    start, test = re.findall(r"^test -x .*$", README, re.MULTILINE)
    assert (ROOT / ".ci" / "run").read_text().rstrip().splitlines()[-1] == test
    assert "manage.py up" in start
    assert os.access(ROOT / ".ci" / "run", os.X_OK)

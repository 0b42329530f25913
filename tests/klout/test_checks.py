"""The system checks tell an operator what is missing, by id."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from klout import checks
from klout.postgres import programs
from tests.production import PRODUCTION

ROOT = Path(__file__).resolve().parents[2]


def check(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"]} | PRODUCTION | variables
    return subprocess.run(
        [sys.executable, "manage.py", "check", *arguments],
        cwd=ROOT,
        env={name: value for name, value in environment.items() if value},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_whole_production_system_passes_the_deployment_checks() -> None:
    answer = check("--deploy", "--fail-level", "WARNING")
    assert answer.returncode == 0, answer.stderr
    # Nothing but the note on networks that are off.
    assert re.findall(r"\(([a-z]+\.[A-Z][0-9]+)\)", answer.stdout + answer.stderr) == ["klout.I001"]


def test_production_without_anything_is_told_all_that_is_missing() -> None:
    nothing = dict.fromkeys(PRODUCTION, "") | {"KLOUT_MODE": "production", "SECRET_KEY": PRODUCTION["SECRET_KEY"]}
    answer = check(**nothing)
    assert answer.returncode == 1
    for number in ("E001", "E002", "E003", "E005", "E006", "E008", "E009", "W001"):
        assert f"klout.{number}" in answer.stderr


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DATABASE", None, "klout.E001"),
        ("REDIS_URL", "", "klout.E002"),
        ("TOKEN_KEYS", [], "klout.E003"),
        ("TOKEN_KEYS", ["x" * 40, "short"], "klout.E004"),
        ("OPT_OUT_KEY", "", "klout.E010"),
        ("OPT_OUT_KEY", "short", "klout.E010"),
        ("ALLOWED_HOSTS", [], "klout.E005"),
        ("SITE_URL", "http://klout.example", "klout.E006"),
        ("SITE_URL", "https://other.example", "klout.E007"),
        ("DEFAULT_FROM_EMAIL", "Klout <klout@localhost>", "klout.E009"),
        ("ALLOWED_HOSTS", ["*"], "klout.W002"),
    ],
)
def test_each_missing_thing_has_its_own_check(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, name: str, value: object, expected: str
) -> None:
    for variable in ("EMAIL_URL", "KLOUT_LAKE"):
        monkeypatch.setenv(variable, PRODUCTION[variable])
    settings.PRODUCTION = True
    settings.DATABASE = {"NAME": "klout"}
    settings.REDIS_URL = PRODUCTION["REDIS_URL"]
    settings.TOKEN_KEYS = [PRODUCTION["TOKEN_KEYS"]]
    settings.ALLOWED_HOSTS = ["klout.example"]
    settings.SITE_URL = PRODUCTION["SITE_URL"]
    settings.DEFAULT_FROM_EMAIL = PRODUCTION["DEFAULT_FROM_EMAIL"]
    assert checks.production(None) == []
    setattr(settings, name, value)
    assert [message.id for message in checks.production(None)] == [expected]
    assert all(message.hint for message in checks.production(None))


@pytest.mark.parametrize(("host", "told"), [("192.0.2.1", True), ("[2001:db8::1]", True), ("klout.example", False)])
def test_a_site_without_a_name_is_told_that_it_has_no_passkeys(settings: Settings, host: str, told: bool) -> None:
    settings.PRODUCTION = True
    settings.SITE_URL = f"https://{host}"
    assert ("klout.W004" in {message.id for message in run_checks()}) is told


def test_half_set_keys_of_a_network_are_an_error(settings: Settings) -> None:
    settings.NETWORK_KEYS = {"twitter": ("id", ""), "google": ("", "secret"), "github": ("id", "secret")}
    found = [message.msg for message in checks.half_set_keys(None)]
    assert found == ["Only TWITTER_CLIENT_ID is set.", "Only GOOGLE_CLIENT_SECRET is set."]


def test_networks_that_are_off_are_named_in_one_note_before_deploying(settings: Settings) -> None:
    settings.NETWORK_KEYS = {"twitter": ("", ""), "google": ("", ""), "github": ("id", "secret")}
    (message,) = checks.networks_that_are_off(None)
    assert "twitter is off: set TWITTER_CLIENT_ID and TWITTER_CLIENT_SECRET" in message.msg
    assert "GOOGLE_CLIENT_ID" in message.msg
    assert "GITHUB" not in message.msg
    # Not at every command.
    assert message.id not in {found.id for found in run_checks()}
    settings.NETWORK_KEYS = {"github": ("id", "secret")}
    assert checks.networks_that_are_off(None) == []


@pytest.mark.parametrize("version", ["v99", "plain"])
def test_an_unknown_formula_is_an_error_and_so_is_the_baseline(settings: Settings, version: str) -> None:
    settings.FORMULA = version
    assert "klout.E020" in {message.id for message in run_checks()}


def test_missing_programs_of_the_built_in_servers_are_an_error(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATABASE = None
    monkeypatch.setattr(programs, "_candidates", lambda: iter([]))
    (message,) = [message for message in checks.built_in_servers(None) if message.id == "klout.E021"]
    assert "DATABASE_URL" in message.msg
    settings.DATABASE = {"NAME": "elsewhere"}
    assert "klout.E021" not in {message.id for message in checks.built_in_servers(None)}


def test_a_misspelt_variable_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLOUT_LAEK", "/srv/lake")
    monkeypatch.setenv("KLOUT_LAKE_FILE", "/run/secrets/lake")
    found = [message.msg for message in checks.misspelt_variables(None)]
    assert found == ["KLOUT_LAEK is set, and nothing reads it."]


@pytest.mark.django_db
def test_an_old_database_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import connections

    assert checks.database_version(None, databases=["default"]) == []
    monkeypatch.setattr(connections["default"], "pg_version", 140012)
    assert [message.id for message in checks.database_version(None, databases=["default"])] == ["klout.E023"]


def test_the_variable_of_link_account_is_no_misspelt_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLOUT_TOKEN", "a token")
    assert checks.misspelt_variables(None) == []

"""Settings come from the environment, are loud on bad values, and take secrets from files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from klout import environment
from tests.production import PRODUCTION

ROOT = Path(__file__).resolve().parents[2]


def load(*names: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Load the settings in a fresh process; it prints the settings called `names`."""
    code = f"from django.conf import settings\nsettings.BASE_DIR\nfor name in {names!r}: print(getattr(settings, name))"
    base = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "klout.settings"}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=base | variables, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KLOUT_MODE", "prodution"),
        ("DEBUG", "perhaps"),
        ("SITE_URL", "klout.example"),
        ("SITE_URL", "https://klout.example/path"),
        ("SITE_URL", "https://klout.example:port"),
        ("DATABASE_URL", "mysql://klout@localhost/klout"),
        ("DATABASE_URL", "postgres://localhost"),
        ("DATABASE_URL", "postgres://localhost:54x2/klout"),
        ("REDIS_URL", "localhost:6379"),
        ("EMAIL_URL", "mail.example"),
        ("EMAIL_URL", "pigeon://mail.example"),
        ("RECOMPUTE_HOUR", "24"),
        ("RECOMPUTE_HOUR", "three"),
        ("UPLOAD_MAX_BYTES", "-1"),
        ("LOG_LEVEL", "LOUD"),
        ("SECRET_KEY_FILE", "/does/not/exist"),
    ],
)
def test_a_bad_value_stops_the_start_and_is_named(tmp_path: Path, name: str, value: str) -> None:
    answer = load(**{"KLOUT_VAR": str(tmp_path), name: value})
    assert answer.returncode != 0
    last = answer.stderr.strip().splitlines()[-1]
    assert last.startswith("django.core.exceptions.ImproperlyConfigured")
    assert name in last


def test_a_bad_database_url_does_not_show_its_password(tmp_path: Path) -> None:
    answer = load(KLOUT_VAR=str(tmp_path), DATABASE_URL="postgres://klout:hunter2@host:54x2/klout")
    assert "DATABASE_URL must be like" in answer.stderr
    assert "hunter2" not in answer.stderr


def test_production_refuses_debug_and_a_missing_secret_key() -> None:
    assert "DEBUG must be off" in load(**PRODUCTION, DEBUG="yes").stderr
    assert "SECRET_KEY" in load(**(PRODUCTION | {"SECRET_KEY": ""})).stderr


def test_secrets_come_from_files(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("a key with a line end\n")
    answer = load("SECRET_KEY", **(PRODUCTION | {"SECRET_KEY": "", "SECRET_KEY_FILE": str(tmp_path / "key")}))
    assert answer.stdout == "a key with a line end\n"


def test_a_value_and_a_file_for_it_are_one_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "url").write_text("redis://one")
    monkeypatch.setenv("REDIS_URL_FILE", str(tmp_path / "url"))
    monkeypatch.delenv("REDIS_URL", raising=False)
    assert environment.broker("REDIS_URL") == "redis://one"
    monkeypatch.setenv("REDIS_URL", "redis://other")
    with pytest.raises(ImproperlyConfigured, match="both set"):
        environment.broker("REDIS_URL")


@pytest.mark.parametrize(("value", "meant"), [("yes", True), ("1", True), ("On", True), ("false", False), ("", False)])
def test_yes_and_no_have_several_words(monkeypatch: pytest.MonkeyPatch, value: str, meant: bool) -> None:
    monkeypatch.setenv("DEBUG", value)
    assert environment.yes_or_no("DEBUG", default=False) is meant


def test_development_makes_its_secrets_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    first, second = (load("SECRET_KEY", KLOUT_VAR=str(tmp_path / "var")).stdout for _ in range(2))
    assert len(first) > 50
    assert first == second
    assert (tmp_path / "var" / "secrets" / "secret_key").stat().st_mode & 0o077 == 0
    assert load("SECRET_KEY", KLOUT_VAR=str(tmp_path / "other")).stdout != first


def test_production_makes_no_files() -> None:
    answer = load("SECRET_KEY", "MODE", "SESSION_COOKIE_SECURE", **PRODUCTION, KLOUT_VAR="/does/not/exist")
    assert answer.stdout.split() == [PRODUCTION["SECRET_KEY"], "production", "True"]
    assert not Path("/does/not/exist").exists()


def test_mail_goes_where_the_url_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMAIL_URL", "smtp+tls://klout:s%40fe@mail.example:587")
    assert environment.mail("EMAIL_URL", "") == {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": "mail.example",
        "EMAIL_PORT": 587,
        "EMAIL_HOST_USER": "klout",
        "EMAIL_HOST_PASSWORD": "s@fe",
        "EMAIL_USE_TLS": True,
    }
    monkeypatch.setenv("EMAIL_URL", "filemail:///srv/mail")
    assert environment.mail("EMAIL_URL", "")["EMAIL_FILE_PATH"] == "/srv/mail"


@pytest.mark.parametrize(("given", "address"), [({}, "203.0.113.9"), ({"TRUSTED_PROXIES": "0"}, "192.0.2.1")])
def test_in_production_attempts_are_counted_by_the_address_that_the_proxy_saw(given: dict, address: str) -> None:
    code = (
        "import django; django.setup()\n"
        "from django.test import RequestFactory\n"
        "from allauth.account.adapter import get_adapter\n"
        "request = RequestFactory().get('/', REMOTE_ADDR='192.0.2.1', HTTP_X_FORWARDED_FOR='10.0.0.1, 203.0.113.9')\n"
        "print(get_adapter(request).get_client_ip(request))"
    )
    base = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "klout.settings"}
    answer = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=base | PRODUCTION | given,
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == address


@pytest.mark.django_db
def test_the_database_compiles_no_query() -> None:
    """To compile one that is guessed to be long takes a second, far longer than any page may."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW jit")
        assert cursor.fetchone() == ("off",)

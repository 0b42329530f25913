"""The doctor says what is there, what is missing and what to do, and survives whatever is down."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.core.management import call_command
from pytest_django import Settings

from accounts.models import User
from accounts.second_factors import MFAAdapter
from klout import doctor, tasks
from klout.doctor import Finding, examine
from scoring.models import FormulaSwitch, ScoreRun, ShadowFormula
from tests.klout.test_up import manage

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def findings() -> dict[str, Finding]:
    return {finding.part: finding for finding in examine(NOW)}


@pytest.mark.django_db
def test_it_finds_a_system_well_that_only_lacks_its_worker() -> None:
    found = findings()
    for part in ("mode", "state", "database", "migrations", "broker", "secrets"):
        assert found[part].state == "ok", found[part]
    # Networks without keys are off, and what to register there is told.
    assert found["networks"].state == "note"
    assert "Mastodon" in found["networks"].text
    assert "TWITTER_CLIENT_SECRET; callback" in found["networks"].advice
    assert "/accounts/twitter_oauth2/login/callback/" in found["networks"].advice
    # In development nothing is wrong with a worker that was not started; it says how to.
    assert found["worker"].state == "note"
    assert "manage.py up" in found["worker"].advice


@pytest.mark.django_db
def test_in_production_a_missing_worker_is_missing(settings: Settings) -> None:
    settings.PRODUCTION = True
    found = findings()
    assert found["worker"].state == "missing"
    assert found["beat"].state == "missing"
    with pytest.raises(SystemExit) as ended:
        call_command("doctor")
    assert ended.value.code == 1


@pytest.mark.django_db
def test_the_heartbeat_shows_that_beat_lives() -> None:
    assert doctor.beat("beat", NOW).state == "note"
    tasks.heartbeat()
    written = datetime.fromtimestamp(cache.get(tasks.HEARTBEAT), tz=UTC)
    assert doctor.beat("beat", written + timedelta(seconds=80)).state == "ok"
    late = doctor.beat("beat", written + timedelta(hours=2))
    assert late.state == "note"
    assert "2:00:00 ago" in late.text


@pytest.mark.django_db
def test_it_says_whose_of_the_staff_has_no_second_factor(settings: Settings) -> None:
    settings.SITE_URL = "https://klout.example"
    found = findings()["log-in"]
    assert (found.state, "passkeys belong to klout.example" in found.text) == ("ok", True)
    staff = User.objects.create_superuser("alice@example.org", "a long and odd pass phrase")
    assert "of the staff 1 have none" in findings()["log-in"].text
    Authenticator.objects.create(user=staff, type="totp", data={"secret": MFAAdapter().encrypt("secret")})
    seed = {"seed": MFAAdapter().encrypt("seed"), "used_mask": 0}
    Authenticator.objects.create(user=staff, type="recovery_codes", data=seed)
    found = findings()["log-in"]
    assert (found.state, "1 log-ins have a second factor" in found.text) == ("ok", True)
    settings.TOKEN_KEYS = ["another key, which opens none of them"]
    assert findings()["log-in"].state == "missing"


@pytest.mark.django_db
def test_a_failed_run_is_shown_with_its_reason(settings: Settings) -> None:
    assert findings()["last run"].state == "note"
    run = ScoreRun.objects.create(
        as_of=NOW.date(), formula="v1", state=ScoreRun.State.FAILED, stage="computed", error="disk full"
    )
    found = findings()["last run"]
    assert found.state == "missing"
    assert "disk full" in found.text
    assert "recompute" in found.advice
    run.state = ScoreRun.State.DONE
    run.save()
    assert findings()["last run"].state == "ok"


@pytest.mark.django_db
def test_it_says_which_formula_counts_and_when_this_release_has_it_not() -> None:
    found = doctor.formula("formula", NOW)
    assert (found.state, found.text) == ("ok", "v2 counts, computed by duckdb")
    FormulaSwitch.objects.create(formula="v99", previous="v2", switched_at=NOW)
    found = doctor.formula("formula", NOW)
    assert found.state == "missing"
    assert "v99" in found.text
    assert "switch_formula --back" in found.advice


@pytest.mark.django_db
def test_a_shadow_that_this_release_has_not_is_noted() -> None:
    ShadowFormula.objects.create(formula="v99", started_at=NOW)
    found = doctor.formula("formula", NOW)
    assert found.state == "note"
    assert "shadow_formula v99 --stop" in found.advice


@pytest.mark.django_db
def test_a_lake_that_cannot_be_written_is_missing(settings: Settings, tmp_path: Path) -> None:
    settings.LAKE = str(tmp_path / "lake" / "deep")
    assert doctor.lake("lake", NOW).state == "ok"
    assert not (tmp_path / "lake").exists()
    (tmp_path / "lake").write_text("a file where a folder should be")
    found = findings()["lake"]
    assert found.state == "missing"
    assert "KLOUT_LAKE" in found.advice
    settings.LAKE = f"file://{tmp_path}/store"
    assert doctor.lake("lake", NOW).state == "ok"
    assert list((tmp_path / "store").iterdir()) == []


@pytest.mark.system
def test_it_survives_servers_that_are_down(var: Path) -> None:
    answer = manage(
        var,
        "doctor",
        DATABASE_URL="postgres://klout@127.0.0.1:9/klout",
        REDIS_URL="redis://127.0.0.1:9/0",
        EMAIL_URL="smtp://127.0.0.1:9",
    )
    assert answer.returncode == 1
    for part in ("database", "broker", "mail"):
        assert f"missing  {part}" in answer.stdout, answer.stdout
    for name in ("DATABASE_URL", "REDIS_URL", "EMAIL_URL"):
        assert name in answer.stdout
    assert "Traceback" not in answer.stderr


@pytest.mark.system
def test_a_fresh_system_is_told_to_migrate(var: Path) -> None:
    answer = manage(var, "doctor")
    assert "missing  migrations" in answer.stdout, answer.stdout
    assert "manage.py migrate" in answer.stdout
    assert answer.returncode == 1
    assert "Traceback" not in answer.stderr

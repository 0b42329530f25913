"""/healthz says whether the server can serve."""

from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from klout import health


@pytest.mark.django_db
def test_it_answers_200_when_all_is_well(client: Client) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"database": True, "cache": True}
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_it_answers_503_and_keeps_the_reason_to_itself(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise OSError("the password of the cache is wrong")

    monkeypatch.setattr(health, "ask_cache", broken)
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json() == {"database": True, "cache": False}
    assert b"password" not in answer.content


@pytest.mark.django_db
def test_it_only_allows_get(client: Client) -> None:
    assert client.post("/healthz").status_code == 405


@pytest.mark.django_db(transaction=True)
def test_a_test_that_moves_the_state_brings_up_no_other_server(settings: Settings, tmp_path: Path) -> None:
    settings.VAR = tmp_path / "var"
    connection.close()
    health.ask_database()
    health.ask_cache()
    assert not settings.VAR.exists()

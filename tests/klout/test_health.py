"""/healthz says whether the server can serve."""

import pytest
from django.test import Client

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

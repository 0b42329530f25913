"""Home, errors, and what holds for every page."""

import gzip
import re
from datetime import date

import numpy as np
import pytest
from django.conf import settings
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import Person
from scoring import formula
from scoring.formula import population
from scoring.models import ScoreRun
from tests.scoring.published import AS_OF, publish_score
from tests.scoring.reading import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(join) -> Person:
    person = join("Alice", twitter="1", mastodon="2")
    publish_score(person, history={1: 49.0, 30: 53.0})
    return person


# ---------------------------------------------------------------- addresses


@pytest.mark.parametrize("path", ["/al%00ice", "/al ice", "/%C3%A4lice", "/-alice", "/" + "a" * 3000])
def test_what_cannot_be_a_handle_is_not_found(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/", "/alice", "/nobody"])
def test_pages_only_allow_reading(client: Client, alice, path: str) -> None:
    assert client.post(path).status_code == 405


def test_the_admin_is_not_taken_for_a_handle(client: Client) -> None:
    assert client.get("/admin")["Location"] == "/admin/"


# ---------------------------------------------------------------- home and errors


def test_home_names_the_day_and_the_formula_of_the_newest_run(client: Client) -> None:
    assert "last computed" not in text_of(client.get("/"))
    ScoreRun.objects.create(as_of=AS_OF, formula="v1", state="done")
    ScoreRun.objects.create(as_of=date(2026, 11, 2), formula="v1", state="failed")
    assert "Scores were last computed as of 1 November 2026, by formula v1." in text_of(client.get("/"))


def test_home_says_of_the_scale_what_is_true_of_the_live_formula(client: Client) -> None:
    words = text_of(client.get("/"))
    table, entity = population.reference()
    scores = formula.get(settings.FORMULA).score(table, entity).score
    assert "made-up population" in words
    assert f"half of them stand at {np.median(scores):.0f} or more" in words
    assert f"the top 5% at {np.percentile(scores, 95):.0f} or more" in words


def test_home_takes_few_queries(client: Client, django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(2):
        assert client.get("/").status_code == 200


def test_every_page_of_a_demo_says_that_it_is_one(client: Client, alice, settings, tmp_path, monkeypatch) -> None:
    from accounts import context

    assert "made up" not in text_of(client.get("/"))
    monkeypatch.setattr(context, "is_demo", lambda: True)
    for path in ("/", "/alice", "/nobody", reverse("account_login")):
        assert "Everybody here is made up." in text_of(client.get(path)), path


@pytest.mark.parametrize(("view", "status"), [("server_error", 500), ("bad_request", 400)])
def test_pages_for_our_own_failures_need_neither_database_nor_session(
    view: str, status: int, django_assert_num_queries
) -> None:
    from django.views import defaults

    request = RequestFactory().get("/")
    with django_assert_num_queries(0):
        response = defaults.server_error(request) if view == "server_error" else defaults.bad_request(request, None)
    assert response.status_code == status
    assert b"<h1>" in response.content


def test_an_expired_form_says_what_to_do() -> None:
    response = Client(enforce_csrf_checks=True).post(reverse("account_login"), {"login": "a@example.com"})
    assert response.status_code == 403
    assert "This form has expired" in text_of(response)


def test_pages_carry_no_style_and_no_script_of_their_own(client: Client, alice) -> None:
    for path in ("/", "/alice", "/nobody"):
        markup = client.get(path).content.decode()
        # What is there for machines to read is executed by nobody.
        markup = markup.replace('<script type="application/ld+json">', "")
        assert not re.search(r"<style|<script(?! src=.*defer></script>)|\sstyle=|\son\w+=|javascript:", markup), path


def test_a_page_is_light(client: Client, alice) -> None:
    markup = client.get("/alice").content.decode()
    files = re.findall(r'(?:href|src)="/static/([^"]+\.(?:css|js))"', markup)
    assert len(files) >= 3
    packed = [len(gzip.compress((settings.BASE_DIR / "static" / name).read_bytes())) for name in files]
    assert sum(packed) < 20_000

"""Who is under 16 has no public profile, no picture, no answer of the API and no place in a search."""

import datetime as dt

import pytest
from django.test import Client

from accounts.models import Person
from scoring.models import Score, ScoreRun
from tests.accounts.conftest import link, logged_in

YEAR = dt.datetime.now(dt.UTC).year


@pytest.fixture(params=[(YEAR - 16, False), (YEAR - 17, True)], ids=["perhaps 15", "surely 16"])
def somebody(join, settings, request: pytest.FixtureRequest) -> tuple[Person, bool]:
    """A person with a score, and whether they are old enough to be shown: the youngest that a birth year allows."""
    settings.API_KEYS = ["key"]
    year, shown = request.param
    person = join("Charlie", birth_year=year)
    link(person, network="twitter", external_id="7", handle="charlie")
    today = dt.datetime.now(dt.UTC).date()
    run = ScoreRun.objects.create(as_of=today, formula="v1", state="done")
    points = {"score": 40.0, "reach": 20.0, "amplification": 10.0, "network_part": 10.0, "percentile": 50.0}
    Score.objects.create(person=person, run=run, confidence="fair", formula="v1", as_of=today, **points)
    return person, shown


def test_the_profile_is_for_the_grown_up_alone(somebody: tuple[Person, bool], bob: Person) -> None:
    person, shown = somebody
    for client in (Client(), logged_in(bob)):
        assert client.get("/charlie").status_code == (200 if shown else 404)
    assert logged_in(person).get("/charlie").status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "/v2/identity.json/tw/7",
        "/v2/identity.json/twitter?screenName=charlie",
        "/v2/identity.json/klout/{klout_id}/tw",
        "/v2/user.json/{klout_id}",
        "/v2/user.json/{klout_id}/score",
    ],
)
def test_the_api_knows_the_grown_up_alone(somebody: tuple[Person, bool], address: str) -> None:
    person, shown = somebody
    whole = address.format(klout_id=person.klout_id)
    response = Client().get(whole + ("&" if "?" in whole else "?") + "key=key")
    assert response.status_code == (200 if shown else 404)


def test_lists_are_made_of_people_who_may_be_shown(somebody: tuple[Person, bool]) -> None:
    person, shown = somebody
    today = dt.datetime.now(dt.UTC).date()
    assert Person.objects.public(today).filter(pk=person.pk).exists() is shown
    assert person.old_enough(today) is shown

"""Klout's old API as its clients knew it: shapes, keys, and whom it finds."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import Account, LinkedAccount, Person
from tests.scoring.published import publish_score

KEY = "a key that nobody guesses"


@pytest.fixture(autouse=True)
def keys(settings) -> None:
    settings.API_KEYS = ["another key", KEY]


@pytest.fixture
def get(client: Client) -> Callable[..., Any]:
    """get("user.json/1/score") calls the API with a good key."""

    def get(path: str, *, base: str = "/v2", key: str | None = KEY, **params: str) -> Any:
        return client.get(f"{base}/{path}", {**params, **({} if key is None else {"key": key})})

    return get


@pytest.fixture
def alice(join) -> Person:
    person = join("Alice", twitter="26565946")
    Account.objects.filter(external_id="26565946").update(handle="AliceTweets")
    publish_score(person, history={1: 20.0, 30: 30.0})
    return person


def shape(value: Any) -> Any:
    """The form of a JSON value: its keys and the types at the leaves."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return [shape(inner) for inner in value] if isinstance(value, list) else type(value).__name__


@pytest.mark.parametrize("base", ["/v2", "/api/v2"])
@pytest.mark.parametrize("path", ["identity.json/twitter", "identity.json/twitter/", "identity.json/tw"])
def test_it_finds_a_person_by_the_handle_of_a_linked_account(get, alice, base: str, path: str) -> None:
    answer = get(path, base=base, screenName="alicetweets")
    assert answer.status_code == 200
    assert answer.json() == {"id": str(alice.klout_id), "network": "ks"}


def test_it_finds_a_person_by_the_id_of_a_linked_account(get, alice) -> None:
    assert get("identity.json/tw/26565946").json() == {"id": str(alice.klout_id), "network": "ks"}


def test_it_gives_a_persons_id_on_a_network(get, alice) -> None:
    assert get(f"identity.json/klout/{alice.klout_id}/tw").json() == {"id": "26565946", "network": "tw"}


def test_it_gives_a_score_in_klouts_shape(get, alice) -> None:
    answer = get(f"user.json/{alice.klout_id}/score")
    score = alice.score.score
    assert answer.json() == {
        "score": score,
        "scoreDelta": {
            "dayChange": pytest.approx(score - 20.0),
            # No score of a week ago is known: a number all the same, since clients reckon with one.
            "weekChange": 0.0,
            "monthChange": pytest.approx(score - 30.0),
        },
        "bucket": "20-29",
    }


def test_its_answers_have_the_shapes_that_klout_recorded(get, alice, data: Path) -> None:
    recorded = {
        name: json.loads((data / "klout_api_v2" / f"{name}.json").read_text()) for name in ("score", "user", "id_ks")
    }
    assert shape(get(f"user.json/{alice.klout_id}/score").json()) == shape(recorded["score"])
    assert shape(get(f"user.json/{alice.klout_id}").json()) == shape(recorded["user"])
    assert shape(get("identity.json/tw/26565946").json()) == shape(recorded["id_ks"])


@pytest.mark.parametrize(
    ("score", "bucket"),
    [(1.0, "0-9"), (9.99, "0-9"), (10.0, "10-19"), (89.9, "80-89"), (90.0, "90-100"), (100.0, "90-100")],
)
def test_buckets_are_klouts(get, alice, score: float, bucket: str) -> None:
    alice.score.score = score
    alice.score.save()
    assert get(f"user.json/{alice.klout_id}").json()["score"] == {"score": score, "bucket": bucket}


@pytest.mark.parametrize("key", [None, "", "a wrong key", KEY + " "])
@pytest.mark.parametrize("path", ["identity.json/twitter", "user.json/1/score", "no/such/thing"])
def test_it_refuses_a_call_without_a_good_key(get, alice, key: str | None, path: str) -> None:
    answer = get(path, key=key, screenName="alicetweets")
    assert answer.status_code == 403
    assert answer["Content-Type"] == "application/json"
    assert answer.json() == {
        "error": 403,
        "description": "Invalid or unprovided API key. All calls must have a key.",
    }


@pytest.mark.parametrize("keys", [[], [""]])
def test_without_keys_in_the_settings_nobody_gets_in(get, alice, settings, keys: list[str]) -> None:
    settings.API_KEYS = keys
    assert [get("identity.json/tw/26565946", key=key).status_code for key in (None, "", KEY)] == [403, 403, 403]


@pytest.mark.parametrize("change", [{"visibility": "hidden"}, {"visibility": "members"}, {"birth_year": 2025}])
def test_who_is_not_public_is_answered_as_who_does_not_exist(get, alice, change: dict[str, Any]) -> None:
    calls = [
        ("identity.json/twitter", {"screenName": "alicetweets"}),
        ("identity.json/twitter", {"screenName": "alice"}),
        ("identity.json/tw/26565946", {}),
        (f"user.json/{alice.klout_id}", {}),
        (f"user.json/{alice.klout_id}/score", {}),
        (f"identity.json/klout/{alice.klout_id}/tw", {}),
    ]
    Person.objects.filter(pk=alice.pk).update(**change)
    nobody = get("identity.json/twitter", screenName="nobody")
    assert nobody.status_code == 404
    assert nobody.json() == {"error": 404, "description": "Not found."}
    for path, params in calls:
        answer = get(path, **params)
        assert (answer.status_code, answer.content, answer.headers) == (404, nobody.content, nobody.headers)


def test_whom_nobody_claimed_is_not_found(get, alice) -> None:
    alice.membership_set.all().delete()
    assert get("identity.json/tw/26565946").status_code == 404


def test_the_handle_here_counts_where_the_network_knows_nobody_by_it(get, alice, join) -> None:
    bob = join("Bob", mastodon="7")
    assert get("identity.json/twitter", screenName="@bob").json()["id"] == str(bob.klout_id)


def test_a_known_account_of_somebody_else_is_never_taken_for_a_namesakes(get, alice, join) -> None:
    join("Bob", mastodon="7")
    Account.objects.create(network="twitter", external_id="9", handle="BOB")
    assert get("identity.json/twitter", screenName="bob").status_code == 404


def test_a_freed_handle_leads_to_whoever_linked_it_last(get, alice, join) -> None:
    charlie = join("Charlie")
    account = Account.objects.create(network="twitter", external_id="10", handle="alicetweets")
    LinkedAccount.objects.create(account=account, person=charlie)
    assert get("identity.json/twitter", screenName="alicetweets").json()["id"] == str(charlie.klout_id)


@pytest.mark.parametrize(
    "path",
    [
        "user.json/0",
        f"user.json/{2**63}/score",
        f"user.json/{'9' * 400}",
        "identity.json/tw/%00",
        "identity.json/myspace",
        "identity.json/twitter",
        "topics.json",
        "",
    ],
)
def test_whatever_it_cannot_find_is_an_answer_that_a_client_can_read(get, alice, path: str) -> None:
    answer = get(path)
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/json"
    assert answer.json()["error"] == 404


def test_a_person_without_a_score_has_an_id_and_no_score(get, join) -> None:
    bob = join("Bob", twitter="5")
    assert get("identity.json/tw/5").json()["id"] == str(bob.klout_id)
    answer = get(f"user.json/{bob.klout_id}/score")
    assert (answer.status_code, answer.json()["description"]) == (404, "No score yet.")


def test_it_is_json_whatever_the_client_says_it_accepts(client: Client, alice) -> None:
    answer = client.get(f"/v2/user.json/{alice.klout_id}/score?key={KEY}", headers={"accept": "text/html, image/png"})
    assert answer.json()["bucket"] == "20-29"
    assert answer["Content-Type"] == "application/json"


def test_it_only_allows_get(client: Client, alice) -> None:
    answer = client.post(f"/v2/user.json/{alice.klout_id}/score?key={KEY}")
    assert (answer.status_code, answer.json()["error"]) == (405, 405)


def test_no_shared_cache_may_keep_an_answer(get, alice) -> None:
    assert "private" in get(f"user.json/{alice.klout_id}")["Cache-Control"]
    assert get("user.json/1")["Cache-Control"] == "no-store"
    assert get("user.json/1", key="wrong")["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_a_score_takes_few_queries(get, alice, django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(3):
        assert get(f"user.json/{alice.klout_id}/score").status_code == 200


# Run apart, since Klout's client and our own package bear one name.
CLIENT = """
import json, sys
from klout import Klout, KloutHTTPError
client = Klout(sys.argv[1], domain=sys.argv[2])
found = client.identity.klout(screenName=sys.argv[3])
by_number = client.identity.klout(tw="26565946")
score = client.user.score(kloutId=found["id"])
try:
    refused = Klout("wrong", domain=sys.argv[2]).identity.klout(screenName=sys.argv[3])
except KloutHTTPError as error:
    refused = error.e.code
print(json.dumps([found, by_number, score, refused]))
"""


@pytest.mark.django_db(transaction=True)
def test_klouts_own_client_gets_a_score_by_handle(alice, live_server, tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-I", "-c", CLIENT, KEY, live_server.url.removeprefix("http://"), "alicetweets"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    found, by_number, score, refused = json.loads(run.stdout)
    assert found == by_number == {"id": str(alice.klout_id), "network": "ks"}
    assert score["score"] == alice.score.score
    assert refused == 403

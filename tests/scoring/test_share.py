"""Passing on a score or an achievement: plain links, of what everybody may see, and nothing that posts by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from accounts.models import Person
from scoring.models import Award
from scoring.views.sharing import server_of
from tests.scoring.published import AS_OF, publish_score
from tests.scoring.reading import user_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(join: Callable[..., Person]) -> Person:
    person = join("Alice", twitter="1", mastodon="2")
    Person.objects.filter(pk=person.pk).update(name='Alice & "Ann" <3 / 100% é')
    publish_score(person)
    Award.objects.create(person=person, family="people", level=2, earned_on=AS_OF)
    return person


def ways(response: Any) -> dict[str, str]:
    return {way.slug: way.url for way in response.context["ways"]}


def query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query, strict_parsing=True).items()}


def test_links_carry_the_words_and_the_address(client: Client, alice: Person) -> None:
    response = client.get("/share/alice")
    text = 'Alice & "Ann" <3 / 100% é has a Klout score of 49.6 of 100, with every point explained.'
    url = "http://127.0.0.1:8000/alice"
    found = ways(response)
    assert query(found["x"]) == {"text": text, "url": url}
    assert query(found["bluesky"]) == {"text": f"{text} {url}"}
    assert query(found["whatsapp"]) == {"text": f"{text} {url}"}
    assert query(found["linkedin"]) == {"url": url}
    assert query(found["facebook"]) == {"u": url}
    assert query(found["mail"]) == {"subject": text, "body": f"{text}\n{url}"}
    assert not any("+" in address.partition("?")[2] for address in found.values())
    assert {urlsplit(address).hostname for slug, address in found.items() if slug != "mail"} == {
        *("x.com", "bsky.app", "www.linkedin.com", "www.facebook.com", "wa.me")
    }
    page = response.content.decode()
    assert "&lt;3 / 100%" in page
    assert "<3" not in page


def test_nothing_of_another_site_is_loaded_and_nothing_is_posted(client: Client, alice: Person) -> None:
    page = client.get("/share/alice").content.decode()
    assert 'method="post"' not in page
    assert "<iframe" not in page
    for tag in ("src=", "action="):
        for piece in page.split(tag)[1:]:
            assert piece[1:].startswith("/"), piece[:60]


def test_one_speaks_of_oneself_in_the_first_person(client: Client, alice: Person) -> None:
    client.force_login(user_of(alice))
    text = client.get("/share/alice").context["text"]
    assert text == "My Klout score is 49.6 of 100, with every point explained."


def test_an_achievement_that_was_earned_can_be_passed_on(client: Client, alice: Person) -> None:
    response = client.get("/share/alice?achievement=people-2")
    assert response.context["text"].endswith("earned “People moved”, level 2, on Klout: 10 or more people who reacted.")
    assert query(ways(response)["x"])["url"] == "http://127.0.0.1:8000/alice/achievements#people"


@pytest.mark.parametrize("asked", ["people-1", "people-3", "people-0", "people-99", "odd-1", "people", "-1", "../-2"])
def test_an_achievement_that_was_not_is_not_found(client: Client, alice: Person, asked: str) -> None:
    assert client.get("/share/alice", {"achievement": asked}).status_code == 404


def test_achievements_that_not_everybody_sees_are_not_passed_on(client: Client, alice: Person) -> None:
    Person.objects.filter(pk=alice.pk).update(shown={"achievements": "members"})
    client.force_login(user_of(alice))
    assert client.get("/share/alice?achievement=people-2").status_code == 404
    assert client.get("/share/alice").status_code == 200


@pytest.mark.parametrize("change", [{"visibility": "hidden"}, {"visibility": "members"}, {"birth_year": 2025}])
def test_only_what_everybody_may_see_is_passed_on(
    client: Client, alice: Person, join: Callable[..., Person], change: dict[str, Any]
) -> None:
    Person.objects.filter(pk=alice.pk).update(**change)
    unknown = client.get("/share/nobody")
    assert client.get("/share/alice").content == unknown.content
    client.force_login(user_of(join("Bob")))
    assert client.get("/share/alice").status_code == 404
    client.force_login(user_of(alice))
    response = client.get("/share/alice")
    assert response.status_code == 200
    assert "ways" not in response.context
    assert "would lead others nowhere" in response.content.decode()
    assert "49.6" not in response.content.decode()


def test_who_has_no_score_is_passed_on_without_one(client: Client, join: Callable[..., Person]) -> None:
    join("Bob")
    assert client.get("/share/bob").context["text"] == "Bob on Klout"


@pytest.mark.parametrize(
    ("typed", "server"),
    [
        ("town.example", "town.example"),
        (" Town.Example ", "town.example"),
        ("https://town.example/@me", "town.example"),
        ("@me@town.example", "town.example"),
        ("me@social.town.example", "social.town.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        *((odd, "") for odd in ("", "localhost", "127.0.0.1", "[::1]", "town", "town.example:8080", "a..b.example")),
        *((odd, "") for odd in ("javascript:alert(1)", "//evil.example", "town.example#x", "town.example?x", "a b.c")),
        *((odd, "") for odd in ("user:secret@town.example@", "https://https://x.example", "-a.example", "a-.example")),
        *((odd, "") for odd in ("x" * 64 + ".example", "a." * 150 + "example", "town.example\\@evil", "town.123")),
        *((odd, "") for odd in ("town.example\n", "1.2.3.4.5", "a@b@c.example", "\u2024evil.example")),
    ],
)
def test_a_server_is_a_plain_host_name(client: Client, alice: Person, typed: str, server: str) -> None:
    if typed == "town.example\n":
        # What stands around it is taken off, as in any field.
        server = "town.example"
    assert server_of(typed) == server
    response = client.get("/share/alice", {"server": typed})
    assert response.status_code == 200
    link = response.context["mastodon"]
    if server:
        parts = urlsplit(link)
        assert (parts.scheme, parts.netloc, parts.path) == ("https", server, "/share")
        assert query(link)["text"].endswith(" http://127.0.0.1:8000/alice")
        assert f"Open {server}" in response.content.decode()
    else:
        assert link == ""
        assert ("This is not the name of a server." in response.content.decode()) == bool(typed.strip())


def test_a_link_of_ours_sends_nobody_to_a_server_somebody_else_chose(client: Client, alice: Person) -> None:
    # It is shown, and opened by who reads it: an address of ours that redirected anywhere would help swindlers.
    assert client.get("/share/alice", {"server": "evil.example"}).status_code == 200


def test_sharing_takes_few_queries(client: Client, alice: Person, django_assert_max_num_queries) -> None:
    client.force_login(user_of(alice))
    with django_assert_max_num_queries(9):
        assert client.get("/share/alice?achievement=people-2").status_code == 200

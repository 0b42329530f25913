"""Who sees which parts of a profile, how its owner looks at it as others do, and what machines read there."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Person
from accounts.visibility import PARTS
from scoring import topics
from scoring.models import APART, Award, Endorsement, Score, Topic
from tests.scoring.published import AS_OF, publish_score
from tests.scoring.reading import text_of, user_of
from tests.scoring.test_profile import AT, moment, tie

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(join) -> Person:
    person = join("Alice", twitter="1", mastodon="2")
    publish_score(person, history={1: 49.0, 30: 53.0})
    return person


# ---------------------------------------------------------------- parts that fewer people see

# What of each part is on the page.
TRACES = {
    "chart": "The last 90 days",
    "why": "Every point explained",
    "moments": "Top moments",
    "networks": "Linked networks",
    "topics": "Bees",
    "achievements": "The whole shelf",
    "ties": "Who moves Alice",
    "style": "Style: ",
    "badge": "Share",
    "plus_k": "+K in 90 days",
}


@pytest.fixture
def everything(alice, join) -> Person:
    topics.choose(person=alice, chosen={"bees"}, hidden=set(), at=AT)
    moment(alice, 1, 2.0)
    Award.objects.create(person=alice, family="score", level=1, earned_on=AS_OF)
    bob = join("Bob")
    tie(bob, alice)
    given_at = timezone.now() - timedelta(hours=1)
    Endorsement.objects.create(
        giver=bob, receiver=alice, topic=Topic.objects.get(slug="bees"), given_at=given_at, until=given_at + APART
    )
    return alice


def test_there_is_a_trace_of_every_part_that_a_profile_has(client: Client, everything) -> None:
    text = text_of(client.get("/alice"))
    assert [part for part, trace in TRACES.items() if trace not in text] == []
    # The two others are about lists.
    assert set(PARTS) - set(TRACES) == {"leaderboards", "search"}


@pytest.mark.parametrize("part", TRACES)
@pytest.mark.parametrize("kept", ["members", "hidden"])
def test_a_part_is_shown_to_those_it_is_for(client: Client, everything, part: str, kept: str) -> None:
    Person.objects.filter(pk=everything.pk).update(shown={part: kept})
    trace = TRACES[part]
    assert trace not in text_of(client.get("/alice"))
    client.force_login(user_of(Person.objects.get(handle="Bob")))
    assert (trace in text_of(client.get("/alice"))) == (kept == "members")
    client.force_login(user_of(everything))
    assert trace in text_of(client.get("/alice"))


def test_without_networks_no_post_says_where_it_is(client: Client, everything) -> None:
    Person.objects.filter(pk=everything.pk).update(shown={"networks": "hidden"})
    markup = client.get("/alice").content.decode()
    assert "Top moments" in markup
    assert "town.example" not in markup
    assert "x.com" not in markup


@pytest.mark.parametrize("preview", ["public", "members"])
def test_a_preview_is_the_page_that_others_get(client: Client, everything, preview: str) -> None:
    parts = {"topics": "members", "style": "hidden", "moments": "public"}
    Person.objects.filter(pk=everything.pk).update(shown=parts)
    other = Client()
    if preview == "members":
        other.force_login(user_of(Person.objects.get(handle="Bob")))

    def traces(text: str) -> set[str]:
        return {part for part, trace in TRACES.items() if trace in text}

    client.force_login(user_of(everything))
    seen = text_of(client.get(f"/alice?as={preview}"))
    assert traces(seen) == traces(text_of(other.get("/alice")))
    assert traces(seen) < traces(text_of(client.get("/alice")))


@pytest.mark.parametrize(
    ("change", "public", "members"),
    [
        ({"visibility": "hidden"}, False, False),
        ({"visibility": "members"}, False, True),
        ({"birth_year": 2025}, False, False),
    ],
)
def test_a_preview_says_who_would_find_nothing(
    client: Client, alice, change: dict[str, Any], public: bool, members: bool
) -> None:
    Person.objects.filter(pk=alice.pk).update(**change)
    client.force_login(user_of(alice))
    for preview, found in (("public", public), ("members", members)):
        text = text_of(client.get(f"/alice?as={preview}"))
        assert ("is told that there is no such page" in text or "are told that" in text) == (not found)
        assert ("Higher than" in text) == found


def test_a_preview_is_for_whose_profile_it_is(client: Client, alice, join) -> None:
    Person.objects.filter(pk=alice.pk).update(visibility="members")
    client.force_login(user_of(join("Bob")))
    assert client.get("/alice?as=public").status_code == 200
    assert "See the profile as" not in client.get("/alice").content.decode()
    Person.objects.filter(pk=alice.pk).update(visibility="hidden")
    assert client.get("/alice?as=members").status_code == 404


# ---------------------------------------------------------------- what machines read


def head(client: Client, path: str = "/alice") -> str:
    return client.get(path).content.decode().partition("</head>")[0]


def json_in(markup: str) -> dict[str, Any]:
    (found,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', markup, re.DOTALL)
    value: dict[str, Any] = json.loads(found)
    return value


def test_machines_are_told_whose_page_it_is_and_where_else_they_are(client: Client, alice) -> None:
    Person.objects.filter(pk=alice.pk).update(bio="Tea & bees")
    page = json_in(head(client))
    entity = page["mainEntity"]
    assert (page["@type"], entity["@type"], entity["name"]) == ("ProfilePage", "Person", "Alice")
    assert entity["identifier"] == str(alice.klout_id)
    assert entity["description"] == "Tea & bees"
    assert entity["sameAs"] == ["https://x.com/alice"]
    assert page["url"] == "http://127.0.0.1:8000/alice"
    assert "Rating" not in json.dumps(page)
    Person.objects.filter(pk=alice.pk).update(kind="organisation", shown={"networks": "members"})
    entity = json_in(head(client))["mainEntity"]
    assert entity["@type"] == "Organization"
    assert "sameAs" not in entity


def test_a_name_cannot_leave_the_script_element(client: Client, alice) -> None:
    scripts = client.get("/alice").content.count(b"<script")
    name = "</script><script>alert(1)</script><!--\u2028 &"
    Person.objects.filter(pk=alice.pk).update(name=name, bio="</SCRIPT>")
    markup = client.get("/alice").content.decode()
    assert markup.count("</script>") == markup.count("<script") == scripts
    assert json_in(markup)["mainEntity"]["name"] == name


def test_links_to_the_profile_show_its_card(client: Client, alice) -> None:
    markup = head(client)
    card = reverse("card", args=["alice"])
    assert f'<meta property="og:image" content="http://127.0.0.1:8000{card}">' in markup
    for name, content in (("og:image:width", "1200"), ("og:image:height", "630"), ("og:type", "profile")):
        assert f'<meta property="{name}" content="{content}">' in markup
    assert '<meta property="og:image:alt" content="The card of Alice' in markup
    assert '<meta name="twitter:card" content="summary_large_image">' in markup
    assert (
        'type="application/json+oembed" href="http://127.0.0.1:8000/oembed?format=json&amp;url=http%3A%2F%2F' in markup
    )


def test_feeds_are_announced_where_there_is_something_in_them(client: Client, alice) -> None:
    assert "application/atom+xml" not in head(client)
    moment(alice, 1, 2.0)
    feed = reverse("moments_feed", args=["alice"])
    assert f'type="application/atom+xml" href="http://127.0.0.1:8000{feed}"' in head(client)
    Person.objects.filter(pk=alice.pk).update(shown={"moments": "members"})
    assert "application/atom+xml" not in head(client)


def test_search_engines_get_what_everybody_sees_and_means_something(client: Client, alice) -> None:
    assert "noindex" not in head(client)
    Score.objects.update(confidence="provisional")
    assert '<meta name="robots" content="noindex">' in head(client)
    Score.objects.update(confidence="fair")
    client.force_login(user_of(alice))
    assert "noindex" in head(client, "/alice?as=public")
    Person.objects.filter(pk=alice.pk).update(visibility="members")
    assert "noindex" in head(client)
    assert "ld+json" not in head(client)
    assert "og:" not in head(client)

"""The Atom feed of moments: well formed, the same for everybody, and there only for whom everybody may see."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from django.test import Client
from django.utils.http import http_date, parse_http_date

from accounts.models import Person
from scoring.models import HiddenMoment, Moment, Post, Score
from tests.scoring.reading import user_of
from tests.scoring.test_moments_page import alice, listed

__all__ = ["alice"]

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"
PATH = "/alice/moments.atom"


def entries(client: Client) -> list[ElementTree.Element]:
    response = client.get(PATH)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    return ElementTree.fromstring(response.content).findall(f"{ATOM}entry")


def test_the_newest_posts_come_first_with_points_link_and_an_id_that_stays(client: Client, alice) -> None:
    found = entries(client)
    links = [entry.find(f"{ATOM}link").get("href") for entry in found]
    # What brought nothing that one could see, and what took away, is no news.
    assert links == [f"https://{name}.example/{post}" for name, post in
                     [("twitter", 11), ("mastodon", 14), ("mastodon", 12), ("twitter", 13)]]  # fmt: skip
    assert "Twitter/X: +2.00 points" in found[0].findtext(f"{ATOM}title")
    assert found[0].findtext(f"{ATOM}summary") == "11 people by name, 22 reactions."
    ids = [entry.findtext(f"{ATOM}id") for entry in found]
    assert len(set(ids)) == 4
    assert all(name.startswith("tag:") for name in ids)
    Person.objects.filter(pk=alice.pk).update(name="Alice B.")
    Moment.objects.update(points=3.0)
    assert [entry.findtext(f"{ATOM}id") for entry in entries(client)][:1] != []
    assert set(ids) <= {entry.findtext(f"{ATOM}id") for entry in entries(client)}


def test_the_page_and_the_feed_know_each_other(client: Client, alice) -> None:
    page = client.get("/alice/moments").content.decode()
    assert 'type="application/atom+xml" href="http://127.0.0.1:8000/alice/moments.atom"' in page
    feed = ElementTree.fromstring(client.get(PATH).content)
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert links == {
        "alternate": "http://127.0.0.1:8000/alice/moments",
        "self": "http://127.0.0.1:8000/alice/moments.atom",
    }


def test_what_has_not_changed_is_not_sent_again(client: Client, alice) -> None:
    first = client.get(PATH)
    assert client.get(PATH, headers={"If-None-Match": first["ETag"]}).status_code == 304
    assert client.get(PATH, headers={"If-Modified-Since": first["Last-Modified"]}).status_code == 304
    older = http_date(parse_http_date(first["Last-Modified"]) - 60)
    assert client.get(PATH, headers={"If-Modified-Since": older}).status_code == 200
    HiddenMoment.objects.create(person=alice, account=Moment.objects.get(post=11).account, post=11)
    fresh = client.get(PATH, headers={"If-None-Match": first["ETag"]})
    assert fresh.status_code == 200
    assert fresh["ETag"] != first["ETag"]


def test_a_hidden_post_is_not_in_it_even_for_its_author(client: Client, alice) -> None:
    HiddenMoment.objects.create(person=alice, account=Moment.objects.get(post=11).account, post=11)
    client.force_login(user_of(alice))
    assert 11 in listed(client)
    assert len(entries(client)) == 3


@pytest.mark.parametrize(
    "change",
    [{"visibility": "hidden"}, {"visibility": "members"}, {"birth_year": 2025}, {"shown": {"moments": "members"}}],
)
def test_who_may_not_be_seen_by_everybody_has_none_not_even_for_themselves(client: Client, alice, change) -> None:
    Person.objects.filter(pk=alice.pk).update(**change)
    unknown = client.get("/nobody/moments.atom")
    client.force_login(user_of(alice))
    answer = client.get(PATH)
    assert (answer.status_code, unknown.status_code) == (404, 404)
    assert "moments.atom" not in client.get("/alice/moments").content.decode()
    client.logout()
    assert client.get(PATH).content == unknown.content


def test_who_hides_the_linked_networks_leads_nobody_to_them(client: Client, alice) -> None:
    Person.objects.filter(pk=alice.pk).update(shown={"networks": "members"})
    text = client.get(PATH).content.decode()
    assert "twitter" not in text.lower()
    assert "mastodon" not in text.lower()
    assert len(entries(client)) == 4


def test_capitals_lead_to_the_one_address_and_there_may_be_nothing_in_it(client: Client, alice, join) -> None:
    assert client.get("/ALICE/moments.atom")["Location"] == "/alice/moments.atom"
    join("Bob")
    assert client.get("/bob/moments.atom").status_code == 200
    first, second = (client.get("/bob/moments.atom")["ETag"] for _ in range(2))
    assert first == second


def test_text_from_outside_stays_text(client: Client, alice) -> None:
    Person.objects.filter(pk=alice.pk).update(name="<b>Alice</b> & Co")
    Post.objects.filter(post=11).update(url='https://evil.example/"><script>')
    feed = ElementTree.fromstring(client.get(PATH).content)
    assert feed.findtext(f"{ATOM}title") == "Moments of <b>Alice</b> & Co"
    Score.objects.all().delete()
    assert client.get(PATH).status_code == 200

"""Webmentions: a page elsewhere is believed for what is found there, counted once, and by nobody's word alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stamina
from celery import current_app
from django.db import connection
from django.test import Client
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts import privacy
from accounts.models import Account, LinkedAccount, Person
from accounts.networks.base import VERB_NAMES, Unreachable
from scoring import log, tasks, webmention
from scoring.collect import webmentions
from scoring.collect.clean_html import cleaned
from scoring.collect.keys import post_number
from scoring.models import Interaction
from tests.fakes.loopback import Asked, Loopback, Reply

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
TARGET = "https://alice.example/blog/2026/good-morning/"
HTML = {"Content-Type": "text/html; charset=utf-8"}
LINK = f'<a href="{TARGET}">Alice</a>'


class Web(Loopback):
    """Other people's pages, by path.

    Written by hand after the W3C's Webmention and microformats.org (h-entry, h-card); nothing was recorded.
    """

    def __init__(self) -> None:
        super().__init__()
        self.pages: dict[str, Reply] = {}

    def put(self, path: str, html: str, **headers: str) -> str:
        self.pages[path] = Reply(body=html.encode(), headers=HTML | headers)
        return f"{self.url}{path}"

    def route(self, asked: Asked) -> Reply:
        return self.pages.get(asked.path, Reply(404, body=b"", headers=HTML))


@pytest.fixture
def web(settings) -> Iterator[Web]:
    with Web() as fake, stamina.set_testing(True, attempts=1, cap=True):
        settings.NETWORK_PRIVATE_HOSTS = [fake.host]
        yield fake


@pytest.fixture
def alice(join) -> Person:
    return join("Alice", blog="alice.example/blog")


@pytest.fixture
def queue(monkeypatch) -> list[tuple[str, str]]:
    queued: list[tuple[str, str]] = []

    def send_task(name: str, args: list[str], **options: Any) -> None:
        assert name == tasks.verify_webmention.name
        assert options["queue"] == "pull.blog"
        queued.append((args[0], args[1]))

    monkeypatch.setattr(current_app, "send_task", send_task)
    return queued


def send(client: Client, source: str, target: str = TARGET) -> Any:
    return client.post("/webmention", {"source": source, "target": target})


def receive(source: str, target: str = TARGET, at: datetime = AT) -> str:
    return webmentions.receive(source=source, target=target, at=at)


def stored() -> list[tuple[str, str]]:
    """(verb, actor) of all that is in the log."""
    names = dict(Account.objects.values_list("pk", "external_id"))
    rows = Interaction.objects.order_by("occurred_at", "key").values_list("verb", "actor")
    return [(VERB_NAMES[verb], names[actor]) for verb, actor in rows]


def entry(inside: str, **more: str) -> str:
    return f"<!doctype html><body><article class='h-entry'>{inside}</article></body>"


# ---------------------------------------------------------------- the door


def test_it_is_taken_in_and_looked_at_later(alice, queue):
    answer = send(Client(enforce_csrf_checks=True), "https://bob.example/reply")
    assert answer.status_code == 202
    assert answer["Content-Type"].startswith("text/plain")
    assert queue == [("https://bob.example/reply", TARGET)]


def test_who_sends_the_form_in_a_browser_sees_a_page(alice, queue):
    def answer(target: str) -> Any:
        sent = {"source": "https://bob.example/reply", "target": target}
        return Client().post("/webmention", sent, headers={"accept": "text/html,*/*;q=0.8"})

    wrong = answer("https://nobody.example/")
    assert wrong.status_code == 400
    assert 'role="alert"' in wrong.content.decode()
    assert 'value="https://bob.example/reply"' in wrong.content.decode()
    right = answer(TARGET)
    assert right.status_code == 202
    assert 'role="status"' in right.content.decode()
    assert "bob.example" not in right.content.decode()


@pytest.mark.parametrize(
    ("source", "target", "reason"),
    [
        ("", TARGET, "source is not the address"),
        ("https://bob.example/", "", "target is not the address"),
        ("javascript:alert(1)", TARGET, "source is not the address"),
        ("ftp://bob.example/", TARGET, "source is not the address"),
        ("https://localhost/", TARGET, "source is not the address"),
        ("https://user:secret@bob.example/", TARGET, "source is not the address"),
        ("https://bob.example/" + "x" * 2000, TARGET, "source is not the address"),
        ("https://[bad", TARGET, "source is not the address"),
        ("http://127.0.0.1/", TARGET, "private"),
        ("http://169.254.169.254/latest/meta-data", TARGET, "private"),
        ("http://10.0.0.7:8080/", TARGET, "private"),
        ("http://alice.example/blog/2026/good-morning#x", TARGET, "the same page"),
        ("https://klout.example/bob", TARGET, "of this site"),
        ("https://bob.example/", "https://nobody.example/", "no page of a blog"),
        ("https://bob.example/", "https://alice.example/blogs-of-others", "no page of a blog"),
        ("https://bob.example/", "https://klout.example/nobody", "no page of a blog"),
    ],
)
def test_a_bad_one_is_told_why(alice, queue, client, settings, source, target, reason):
    settings.SITE_URL = "https://klout.example"
    answer = send(client, source, target)
    assert answer.status_code == 400
    assert reason in answer.content.decode()
    assert queue == []


def test_a_profile_with_a_blog_may_be_mentioned_and_a_hidden_one_is_as_if_it_were_not(alice, join, queue, settings):
    settings.SITE_URL = "https://klout.example"
    join("Bob", visibility="hidden", blog="bob.example")
    join("Charlie")
    assert send(Client(), "https://dora.example/", "https://klout.example/alice").status_code == 202
    hidden, blogless, nobody = (
        send(Client(), "https://dora.example/", f"https://klout.example/{handle}")
        for handle in ("bob", "charlie", "nobody-here")
    )
    assert hidden.status_code == blogless.status_code == nobody.status_code == 400
    assert hidden.content == blogless.content == nobody.content


def test_a_profile_says_where_to_send_them(alice, client, settings):
    settings.SITE_URL = "https://klout.example"
    assert '<link rel="webmention" href="https://klout.example/webmention">' in client.get("/alice").content.decode()


def test_a_broken_link_takes_nothing(alice, queue, client):
    LinkedAccount.objects.update(state="broken")
    assert send(client, "https://bob.example/reply").status_code == 400


def test_the_same_pair_is_looked_at_once_for_a_while(alice, queue, client):
    assert {send(client, "https://bob.example/reply").status_code for _ in range(3)} == {202}
    assert len(queue) == 1


def test_one_host_and_one_blog_are_bounded(alice, join, queue, client, monkeypatch):
    monkeypatch.setattr(webmention, "FROM_ONE_HOST", 3)
    monkeypatch.setattr(webmention, "FOR_ONE_BLOG", 5)
    answers = [send(client, f"https://bob.example/{number}") for number in range(4)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
    assert int(answers[-1]["Retry-After"]) > 0
    others = [send(client, f"https://host{number}.example/") for number in range(3)]
    assert [answer.status_code for answer in others] == [202, 202, 429]
    join("Bob", blog="bob.example")
    assert send(client, "https://dora.example/", "https://bob.example/").status_code == 202


def test_without_a_broker_it_asks_to_be_told_again(alice, client, monkeypatch):
    def away(*_: Any, **__: Any) -> None:
        raise OperationalError

    monkeypatch.setattr(current_app, "send_task", away)
    assert send(client, "https://bob.example/reply").status_code == 503
    queued = []
    monkeypatch.setattr(current_app, "send_task", lambda *args, **_: queued.append(args))
    assert send(client, "https://bob.example/reply").status_code == 202
    assert queued


def test_a_person_who_looks_is_told_what_it_is(client, settings):
    settings.SITE_URL = "https://klout.example"
    page = client.get("/webmention").content.decode()
    assert "Webmention" in page
    assert "&lt;link rel=&quot;webmention&quot;" in page or '&lt;link rel="webmention"' in page
    assert "https://klout.example/webmention" in page
    assert client.put("/webmention").status_code == 405


# ---------------------------------------------------------------- what a page says


@pytest.mark.parametrize(
    ("inside", "verb"),
    [
        (f'<a class="u-in-reply-to" href="{TARGET}">Alice wrote</a>', "reply"),
        (f'<a class="u-like-of" href="{TARGET}">liked</a>', "like"),
        (f'<a class="u-repost-of" href="{TARGET}">shared</a>', "share"),
        (f'<a class="u-bookmark-of" href="{TARGET}">kept</a>', "save"),
        (f'<div class="u-in-reply-to h-cite"><a class="u-url" href="{TARGET}">Alice</a></div>', "reply"),
        (f'<div class="e-content"><p>See {LINK}</p></div>', "mention"),
        (f'<link class="u-like-of" href="{TARGET}">', "like"),
        (f'<a class="u-in-reply-to" href="https://other.example/">Other</a> and {LINK}', "mention"),
    ],
)
def test_an_entry_says_what_it_is(alice, web, inside, verb):
    assert receive(web.put("/note", entry(inside))) == verb
    assert stored() == [(verb, web.host)]
    row = Interaction.objects.get()
    assert row.post == post_number("blog", "alice.example/blog/2026/good-morning")
    assert row.target == alice.links.get().account_id


def test_a_page_without_marks_links(alice, web):
    assert receive(web.put("/old", f"<html><body><p>{LINK}</body>")) == "link"


@pytest.mark.parametrize(
    "href",
    [
        "http://www.alice.example/blog/2026/good-morning",
        "//alice.example/blog/2026/good-morning/#comments",
        "HTTPS://ALICE.example/blog/2026/good-morning/",
    ],
)
def test_the_same_page_may_be_written_in_other_ways(alice, web, href):
    assert receive(web.put("/old", f'<p><a href="{href}">Alice</a>')) == "link"


@pytest.mark.parametrize(
    "html",
    [
        "<p>Nothing</p>",
        f"<!-- {LINK} -->",
        f"<!-- {LINK}",
        f"<script>document.write('{LINK}')</script>",
        f"<template>{LINK}</template>",
        f"<style>{LINK}</style>",
        f"<noscript>{LINK}</noscript>",
        f"<p>{TARGET}</p>",
        f'<a href="{TARGET}-and-more">other</a>',
        f'<a title="{TARGET}">no link</a>',
        f'<link rel="canonical" href="{TARGET}"><p>a copy',
        f'<a href="https://evil.example/?to={TARGET}">elsewhere</a>',
        "",
    ],
)
def test_a_page_that_does_not_link_is_not_believed(alice, web, html):
    with pytest.raises(webmentions.NoMention, match="does not link"):
        receive(web.put("/liar", html))
    assert stored() == []


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(404, body=b"", headers=HTML), "is gone"),
        (Reply(410, body=LINK.encode(), headers=HTML), "is gone"),
        (Reply(403, body=LINK.encode(), headers=HTML), "answered 403"),
        (Reply(body=LINK.encode(), headers={"Content-Type": "application/pdf"}), "not HTML"),
        (Reply(body=LINK.encode(), headers={"Content-Type": "text/plain"}), "not HTML"),
    ],
)
def test_what_is_no_page_is_not_believed(alice, web, reply, reason):
    web.pages["/x"] = reply
    with pytest.raises(webmentions.NoMention, match=reason):
        receive(f"{web.url}/x")
    assert stored() == []


# ---------------------------------------------------------------- whose it is


def author(url: str) -> str:
    return f'<a class="p-author h-card" href="{url}">Somebody</a>'


def test_the_author_is_believed_below_their_own_page_alone(alice, web):
    reply = f'<a class="u-in-reply-to" href="{TARGET}">re</a>'
    receive(web.put("/~bob/1", entry(reply + author("/~bob/"))))
    receive(web.put("/~mallory/1", entry(reply + author("/~bob/"))))
    receive(web.put("/~mallory/2", entry(reply + author("https://famous.example/"))))
    receive(web.put("/~mallory/3", entry(reply + '<span class="p-author">Famous / Writer</span>')))
    receive(web.put("/home/1", entry(reply + author("/"))))
    assert {actor for _, actor in stored()} == {f"{web.host}/~bob", web.host}
    assert [actor for _, actor in stored()].count(f"{web.host}/~bob") == 1


def test_a_blog_that_we_know_is_its_owners(alice, join, web):
    join("Bob", blog=f"{web.host}/bob")
    receive(web.put("/bob/1", f"<p>{LINK}"))
    receive(web.put("/bobby/1", f"<p>{LINK}"))
    assert {actor for _, actor in stored()} == {f"{web.host}/bob", web.host}


def test_what_a_blog_says_of_itself_is_its_owners_own(join, web):
    join("Alice", blog=f"{web.host}/blog")
    target = f"{web.url}/blog/old"
    receive(web.put("/blog/new", f'<p><a href="{target}">before</a>'), target)
    row = Interaction.objects.get()
    assert row.actor == row.target


def test_no_account_is_renamed_by_what_a_page_says(alice, join, web):
    join("Bob", blog=f"{web.host}/bob")
    receive(web.put("/bob/1", f"<p>{LINK}"))
    assert Account.objects.get(external_id=f"{web.host}/bob").handle == "bob"


# ---------------------------------------------------------------- once


def test_a_page_is_counted_once_however_it_changes_and_is_sent(alice, web):
    source = web.put("/note", entry(f'<a class="u-like-of" href="{TARGET}">like</a>'))
    assert receive(source) == "like"
    assert receive(source, at=AT + timedelta(days=3)) == "known"
    web.put("/note", entry(f'<a class="u-repost-of" href="{TARGET}">share</a>'))
    assert receive(f"{source}#again", "http://www.alice.example/blog/2026/good-morning") == "known"
    web.pages["/note"] = Reply(410, body=b"", headers=HTML)
    with pytest.raises(webmentions.NoMention):
        receive(source)
    assert stored() == [("like", web.host)]


def test_it_is_known_when_its_day_has_been_closed(alice, web):
    source = web.put("/note", f"<p>{LINK}")
    receive(source)
    log.compact(AT.date() + timedelta(days=1), at=AT + timedelta(days=1))
    assert not Interaction.objects.exists()
    assert receive(source, at=AT + timedelta(days=9)) == "known"
    assert not Interaction.objects.exists()


def test_detours_to_one_page_are_one_mention(alice, web):
    web.put("/note", entry(f'<a class="u-url" href="/note">here</a><a class="u-like-of" href="{TARGET}">like</a>'))
    for number in range(3):
        web.pages[f"/hop{number}"] = Reply(302, body=b"", headers={"Location": f"/note?from={number}"})
        receive(f"{web.url}/hop{number}")
        receive(f"{web.url}/note?utm={number}")
    assert len(stored()) == 1


def test_one_page_may_mention_several(alice, web):
    other = "https://alice.example/blog/evening"
    source = web.put("/note", f'<p>{LINK} <a href="{other}">more</a>')
    assert (receive(source), receive(source, other)) == ("link", "link")
    assert len(stored()) == 2


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        ("2026-11-20T08:00:00+01:00", datetime(2026, 11, 20, 7, tzinfo=UTC)),
        ("2099-01-01T00:00:00Z", AT),
        ("1970-01-01T00:00:00Z", AT),
        ("in the evening", AT),
        ("2026-11-22T12:20:00Z", AT),
    ],
)
def test_it_happened_when_its_author_says_within_reason(alice, web, published, expected):
    inside = f'<time class="dt-published" datetime="{published}">then</time>{LINK}'
    receive(web.put("/note", entry(inside)))
    assert Interaction.objects.get().occurred_at == expected


# ---------------------------------------------------------------- hostile and tired servers


def test_no_private_address_is_called_by_whatever_way(alice, web, settings):
    hops = web.put("/note", "")
    web.pages["/note"] = Reply(302, body=b"", headers={"Location": "http://127.0.0.1:1/admin"})
    with pytest.raises(Unreachable):
        receive(hops)
    settings.NETWORK_PRIVATE_HOSTS = []
    asked = len(web.asked)
    with pytest.raises(Unreachable):
        receive(f"https://{web.host}/note")
    assert len(web.asked) == asked


def test_pages_in_a_circle_end(alice, web):
    web.pages["/a"] = Reply(302, body=b"", headers={"Location": "/b"})
    web.pages["/b"] = Reply(302, body=b"", headers={"Location": "/a"})
    with pytest.raises(Unreachable, match="address to address"):
        receive(f"{web.url}/a")
    assert len(web.asked) < 10


@pytest.mark.parametrize(
    "piece",
    ["<a ", "<div class='h-entry'>", "<", "<!--", "<a href='", "<div class='h-entry'><p class='p-author h-card'>"],
)
def test_a_page_made_to_choke_parsers_is_read_in_seconds(alice, web, piece):
    began = timezone.now()
    source = web.put("/choke", f"<p>{LINK}</p>" + piece * (200_000 // len(piece)))
    assert receive(source) in ("link", "mention")
    assert timezone.now() - began < timedelta(seconds=8)


def test_what_is_cleaned_keeps_links_and_marks_alone():
    html = (
        '<DIV class="h-entry" onclick="x()"><b>A &amp; <i>b</b><img src=x onerror=y></DIV></p><base href="https://e/">'
    )
    assert cleaned(html).html == '<div class="h-entry"><b>A &amp; <i>b</i></b><img src="x"></div>'
    assert cleaned("<svg><a href='/x'>hidden</a></svg><a href='/y'>y</a>").html == '<a href="/y">y</a>'
    assert cleaned('<a href="/1" href="/2">x').html == '<a href="/1">x</a>'


def test_the_task_tries_a_tired_server_again_and_a_liar_never(alice, web):
    web.pages["/tired"] = Reply(503, body=b"", headers=HTML)

    def verify(source: str) -> int:
        asked = len(web.asked)
        tasks.verify_webmention.apply((source, TARGET))
        return len(web.asked) - asked

    assert verify(f"{web.url}/tired") == 1 + tasks.verify_webmention.max_retries
    assert verify(web.put("/liar", "<p>no link")) == 1
    assert verify("http://10.0.0.1/") == 0
    assert stored() == []
    assert verify(web.put("/note", f"<p>{LINK}")) == 1
    assert stored() == [("link", web.host)]


def test_nothing_is_stored_for_who_has_left(alice, web):
    source = web.put("/note", f"<p>{LINK}")
    privacy.erase_person(person=alice, at=AT)
    with pytest.raises(webmentions.NoMention):
        receive(source)
    assert stored() == []


@pytest.mark.django_db(transaction=True)
def test_nothing_is_stored_for_a_blog_that_was_removed_meanwhile(alice, web):
    source = web.put("/note", f"<p>{LINK}")

    def remove(_: Asked) -> None:
        privacy.unlink(link=alice.links.get(), at=AT)
        connection.close()

    web.faults.append(remove)
    with pytest.raises(webmentions.NoMention, match="no longer linked"):
        receive(source)
    assert not Account.objects.exists()
    assert stored() == []


def test_an_http_page_is_asked_for_by_https(alice, web, monkeypatch) -> None:
    asked: list[str] = []

    def fetch(self: object, url: str, **_: Any) -> Any:
        asked.append(url)
        raise Unreachable("it is down")

    monkeypatch.setattr(webmentions.Http, "fetch", fetch)
    for source in ("http://bob.example/1", "https://bob.example/2", f"{web.url}/3"):
        with pytest.raises(Unreachable):
            receive(source)
    assert asked == ["https://bob.example/1", "https://bob.example/2", f"{web.url}/3"]

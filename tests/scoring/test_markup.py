"""What people call themselves is text wherever it stands: in pages, feeds, pictures, files, and what machines read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client

from accounts import watching
from accounts.models import Person
from scoring.models import Post, Topic
from tests.scoring.everywhere import ADDRESSES, HOST, addresses_about, somebody_known
from tests.scoring.reading import user_of

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 2, tzinfo=UTC)
EVIL = "</script>]]>--><img src=x onerror=1>\"' x"
# What no XML may hold, and what turns words around.
UNSEEN = "\x01\x0b\x1f\x85\u202e\u2066\ufffe\uffff"


@pytest.fixture
def alice(join: Callable[..., Person], settings: Any) -> Person:
    settings.API_KEYS = ["a-key"]
    return join("Alice", mastodon="2")


@pytest.fixture
def zeb(alice: Person, join: Callable[..., Person]) -> Person:
    """All that Zeb can choose, and all that networks tell of Zeb, is markup."""
    zeb = somebody_known(alice, join)
    zeb.name = zeb.bio = EVIL
    zeb.save()
    account = zeb.links.get().account
    account.handle = EVIL
    account.save()
    Topic.objects.update(name=EVIL, names={"de": EVIL})
    Post.objects.update(url="javascript:alert(1)//https://")
    watching.create(owner=alice, name=EVIL[:60], at=AT)
    return zeb


def test_markup_is_text_on_every_page(alice: Person, zeb: Person) -> None:
    lists = ("/lists", "/leaderboards", "/leaderboards/topic/lighthouses", "/alice", "/alice/activity", "/compare")
    for reader in (None, alice, zeb):
        client = Client()
        if reader is not None:
            client.force_login(user_of(reader))
        pages = [*addresses_about("zebulon", zeb.klout_id), *lists, f"/search?q={EVIL}", f"/compare?people={EVIL}"]
        for path in [
            *pages,
            f"/preferences?next={EVIL}",
            f"/zebulon/moments?sort={EVIL}&as={EVIL}",
            f"/share/zebulon?server={EVIL}",
        ]:
            response = client.get(path, follow=True)
            if response["Content-Type"].startswith(("text/html", "image/svg", "application/atom", "text/xml")):
                text = response.content.decode()
                assert "<img src=x" not in text, path
                assert "javascript:" not in text, path
                # Within an attribute no quote of theirs may end it.
                assert not re.search(r"""onerror=1>["']""", text), path
            if response["Content-Type"].startswith("text/csv") and not response.streaming:
                assert not re.search(r"(?m)^[=+@-]", response.content.decode()), path


def test_what_machines_read_is_whole(zeb: Person, client: Client) -> None:
    page = client.get("/zebulon").content.decode()
    told = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert told
    assert json.loads(told[1])["mainEntity"]["name"] == EVIL
    for path in ("/zebulon/moments.atom", f"/oembed?format=xml&url={HOST}/zebulon", *ADDRESSES["badge"][:2]):
        assert ElementTree.fromstring(client.get(path.format(h="zebulon")).content) is not None, path
    told = client.get(f"/oembed?url={HOST}/zebulon").json()
    assert told["author_name"] == EVIL
    assert "<img" not in told["html"]


def test_a_name_without_letters_that_can_be_seen_spoils_nothing(join: Callable[..., Person], client: Client) -> None:
    """Such a character in a name would be an error of ours in every feed and badge of that person."""
    alice = join("Alice", mastodon="2")
    zeb = somebody_known(alice, join)
    client.force_login(user_of(zeb))
    form = {"handle": "zebulon", "name": f"Ze{UNSEEN}b", "bio": f"Two{UNSEEN}\r\nlines", "time_zone": "UTC"}
    assert client.post("/settings", form | {"birth_year": "1980"}).status_code == 302
    zeb.refresh_from_db()
    assert (zeb.name, zeb.bio.split()) == ("Zeb", ["Two", "lines"])
    for path in (*ADDRESSES["moments_feed"], *ADDRESSES["oembed"], *ADDRESSES["badge"], *ADDRESSES["card"]):
        assert client.get(path.format(h="zebulon")).status_code == 200, path

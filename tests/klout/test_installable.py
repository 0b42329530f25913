"""What makes the site one to install: its manifest, its icons, its service worker and the page shown offline."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from PIL import Image

from accounts.models import Membership, Person, User

STATIC = Path(settings.BASE_DIR) / "static"


def known(text: str) -> dict:
    match = re.match(r"const KNOWN = (\{.*\});\n", text)
    assert match
    return json.loads(match[1])


@pytest.mark.django_db
def test_the_manifest_names_icons_that_are_there(client: Client, django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        response = client.get("/manifest.webmanifest")
    assert response["Content-Type"] == "application/manifest+json"
    data = response.json()
    assert (data["name"], data["start_url"], data["scope"], data["display"]) == ("Klout", "/", "/", "standalone")
    sizes = {}
    for icon in data["icons"]:
        file = finders.find(icon["src"].removeprefix("/static/"))
        assert file, icon
        if icon["type"] == "image/png":
            assert "{}x{}".format(*Image.open(file).size) == icon["sizes"]
        sizes[icon["purpose"], icon["sizes"]] = file
    assert {("any", "192x192"), ("any", "512x512"), ("maskable", "512x512")} <= sizes.keys()


def test_a_maskable_icon_fills_its_square_and_keeps_to_the_middle() -> None:
    picture = Image.open(STATIC / "img" / "icon-maskable-512.png").convert("RGBA")
    paper = picture.getpixel((0, 0))
    assert paper[3] == 255
    # What a mask may cut off: all outside the circle of four fifths (W3C, Web Application Manifest).
    inked = [
        (x, y)
        for x in range(0, 512, 4)
        for y in range(0, 512, 4)
        if sum(abs(a - b) for a, b in zip(picture.getpixel((x, y)), paper, strict=True)) > 60
    ]
    assert len(inked) > 1000
    assert max((x - 256) ** 2 + (y - 256) ** 2 for x, y in inked) <= 205**2


def test_pages_lead_to_manifest_icon_and_script(client: Client, db) -> None:
    page = client.get("/").content.decode()
    assert '<link rel="manifest" href="/manifest.webmanifest">' in page
    assert '<link rel="apple-touch-icon" href="/static/img/apple-touch-icon.png">' in page
    assert Image.open(STATIC / "img" / "apple-touch-icon.png").size == (180, 180)
    assert '<script src="/static/js/app.js" defer></script>' in page


def test_the_service_worker_is_served_at_the_root_and_never_stale(client: Client) -> None:
    response = client.get("/sw.js")
    assert response["Content-Type"] == "text/javascript; charset=utf-8"
    assert response["Cache-Control"] == "no-cache"
    assert "worker-src 'self'" in response["Content-Security-Policy"]
    told = known(response.content.decode())
    assert told["offline"] == "/offline"
    for path in (*told["kept"], told["icon"], told["badge"]):
        assert finders.find(path.removeprefix("/static/")), path


def test_another_release_is_another_store(client: Client, monkeypatch) -> None:
    from klout import installable

    before = known(client.get("/sw.js").content.decode())["version"]
    assert known(client.get("/sw.js").content.decode())["version"] == before
    monkeypatch.setattr(installable, "static", lambda name: f"/static/{name}?another")
    assert known(client.get("/sw.js").content.decode())["version"] != before


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/offline", "/sw.js", "/manifest.webmanifest"])
def test_what_a_browser_keeps_names_nobody(client: Client, path: str, django_assert_num_queries) -> None:
    visitor = client.get(path)
    user = User.objects.create_user("alice@example.org", "a long pass phrase")
    person = Person.objects.create(handle="Alice", name="Alice Archer", time_zone="Asia/Tokyo")
    Membership.objects.create(user=user, person=person)
    client.force_login(user)
    with django_assert_num_queries(0):
        member = client.get(path)
    assert member.content == visitor.content
    assert b"Alice" not in member.content
    assert member.cookies == {}


def test_the_page_shown_offline_needs_no_more_than_what_is_kept(client: Client) -> None:
    page = client.get("/offline").content.decode()
    told = known(client.get("/sw.js").content.decode())
    wanted = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page)
    assert len(wanted) >= 3
    assert set(wanted) <= set(told["kept"])
    assert "You are offline" in page

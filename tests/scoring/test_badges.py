"""Badges, frames and oEmbed: what other sites get of a person, and that who may not be shown cannot be told apart."""

from __future__ import annotations

import gzip
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from io import BytesIO
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from accounts.models import Erasure, FormerHandle, Membership, Person
from scoring import badges
from scoring.models import Score
from scoring.typefaces import BOLD, MEDIUM, fitted, lettering, noto, png
from scoring.views.outside import public_score
from tests.scoring.published import publish_score
from tests.scoring.reading import user_of

pytestmark = pytest.mark.django_db

SVG = "{http://www.w3.org/2000/svg}"
ADDRESSES = [
    *("/badge/{}/small-light.svg", "/badge/{}/large-dark.svg", "/badge/{}/medium-light.png"),
    *("/embed/{}", "/embed/{}?theme=dark", "/{}/card.png"),
    *("/oembed?url=http://127.0.0.1:8000/{}", "/oembed?format=xml&url=http://127.0.0.1:8000/{}"),
]


@pytest.fixture
def alice(join: Callable[..., Person]) -> Person:
    person = join("Alice", twitter="1", mastodon="2")
    publish_score(person)
    return person


def hide(person: Person, how: str) -> None:
    if how == "erasing":
        at = timezone.now()
        Erasure.objects.create(person=person, requested_at=at, due_at=at, visibility="public")
    elif how == "erased":
        person.delete()
    elif how == "unclaimed":
        person.membership_set.all().delete()
    elif how == "without a score":
        Score.objects.all().delete()
    else:
        changes: dict[str, Any] = {
            "hidden": {"visibility": "hidden"},
            "for members": {"visibility": "members"},
            "too young": {"birth_year": 2025},
            "badge off": {"shown": {"badge": "hidden"}},
            "badge for members": {"shown": {"badge": "members"}},
        }
        Person.objects.filter(pk=person.pk).update(**changes[how])


HIDDEN = [
    *("hidden", "for members", "too young", "erasing", "erased", "unclaimed", "without a score"),
    *("badge off", "badge for members"),
]


@pytest.mark.parametrize("how", HIDDEN)
def test_who_is_not_to_be_shown_is_answered_byte_for_byte_as_who_does_not_exist(
    client: Client, alice: Person, how: str
) -> None:
    hide(alice, how)
    for address in ADDRESSES:
        if address.endswith("card.png") and how.startswith("badge"):
            # The card goes with the profile, not with the badge.
            continue
        answer, unknown = client.get(address.format("alice")), client.get(address.format("nobody"))
        assert answer.status_code == unknown.status_code, address
        assert answer.content == unknown.content, address
        assert answer.headers == unknown.headers, address
        assert answer.cookies == unknown.cookies == {}, address
        assert answer.status_code == (404 if "oembed" in address else 200)


@pytest.mark.parametrize("how", HIDDEN)
def test_whoever_it_is_there_is_one_query(client: Client, alice: Person, how: str, django_assert_num_queries) -> None:
    hide(alice, how)
    for handle in ("alice", "nobody"):
        with django_assert_num_queries(1):
            assert client.get(f"/badge/{handle}/medium-light.svg").status_code == 200


def test_the_owner_gets_what_everybody_gets(client: Client, alice: Person) -> None:
    hide(alice, "hidden")
    unknown = client.get("/badge/nobody/small-light.svg")
    client.force_login(user_of(alice))
    answer = client.get("/badge/alice/small-light.svg")
    assert (answer.content, answer.headers) == (unknown.content, unknown.headers)


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_answer_knows_no_cookie_and_no_log_in(
    client: Client, alice: Person, address: str, django_assert_num_queries
) -> None:
    visitor = client.get(address.format("alice"))
    client.force_login(user_of(alice))
    with django_assert_num_queries(1):
        member = client.get(address.format("alice"))
    assert (member.content, member.headers) == (visitor.content, visitor.headers)
    assert member.cookies == {}
    assert "Cookie" not in member.get("Vary", "")


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("encoding", ["identity", "gzip, br"])
def test_what_a_cache_has_already_is_not_sent_again(client: Client, alice: Person, address: str, encoding: str) -> None:
    headers = {"Accept-Encoding": encoding}
    first, again = (client.get(address.format("alice"), headers=headers) for _ in range(2))
    assert first["ETag"] == again["ETag"]
    assert first["ETag"].startswith('"')
    assert first.content == again.content
    assert first["Cache-Control"] == "public, max-age=3600, stale-while-revalidate=3600"
    known = client.get(address.format("alice"), headers=headers | {"If-None-Match": first["ETag"]})
    assert (known.status_code, known.content) == (304, b"")
    assert known["Cache-Control"] == first["Cache-Control"]
    Score.objects.update(score=77.7)
    newer = client.get(address.format("alice"), headers=headers | {"If-None-Match": first["ETag"]})
    assert newer.status_code == 200


def test_a_packed_answer_is_the_same_text_under_another_etag(client: Client, alice: Person) -> None:
    address = "/badge/alice/large-light.svg"
    plain, packed = client.get(address), client.get(address, headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.content) == plain.content
    assert packed["ETag"] != plain["ETag"]
    assert "Accept-Encoding" in packed["Vary"]
    assert "Accept-Encoding" in plain["Vary"]


# ---------------------------------------------------------------- what a badge says


@pytest.mark.parametrize("theme", badges.THEMES)
@pytest.mark.parametrize("size", badges.SIZES)
def test_a_badge_is_a_picture_with_a_title(client: Client, alice: Person, size: str, theme: str) -> None:
    response = client.get(f"/badge/alice/{size}-{theme}.svg")
    root = ElementTree.fromstring(response.content)
    said = f"Alice has a Klout score of {alice.score.score:.1f} of 100"
    assert root.get("role") == "img"
    assert root.get("aria-label") == said
    assert root.findtext(f"{SVG}title") == said
    # Neither may stand in an image of a strict page.
    text = response.content.decode()
    assert not re.search(r"<style|<script|\sstyle=|\son\w+=|href", text)
    picture = Image.open(BytesIO(client.get(f"/badge/alice/{size}-{theme}.png").content))
    assert picture.format == "PNG"
    assert picture.size == (2 * int(root.get("width")), 2 * int(root.get("height")))


def test_the_neutral_badge_names_nobody_and_no_number(client: Client) -> None:
    text = client.get("/badge/nobody/large-light.svg").content.decode()
    assert "<title>Klout: no public score</title>" in text
    assert "nobody" not in text.replace("nobody's", "")


def test_a_name_is_text_from_outside(client: Client, alice: Person) -> None:
    Person.objects.filter(pk=alice.pk).update(name="<script>\"&'</script>")
    for address in ("/badge/alice/large-light.svg", "/embed/alice"):
        text = client.get(address).content.decode()
        assert "<script>" not in text
    ElementTree.fromstring(client.get("/badge/alice/large-light.svg").content)


@pytest.mark.parametrize("path", ["huge-light.svg", "small-blue.svg", "small-light.gif", "small-light.svg/x", "small"])
def test_other_badges_do_not_exist(client: Client, alice: Person, path: str) -> None:
    assert client.get(f"/badge/alice/{path}").status_code == 404


def test_a_badge_follows_the_person_to_another_handle(client: Client, alice: Person) -> None:
    before = client.get("/badge/alice/large-light.svg").content
    Person.objects.filter(pk=alice.pk).update(handle="Alicia")
    FormerHandle.objects.get_or_create(handle="Alice", defaults={"person": alice, "given_up_at": timezone.now()})
    followed = client.get("/badge/ALICE/large-light.svg")
    assert followed.content == client.get("/badge/alicia/large-light.svg").content != before
    assert "/alicia" in client.get("/embed/alice").content.decode()
    hide(alice, "hidden")
    assert client.get("/badge/alice/large-light.svg").content == client.get("/badge/nobody/large-light.svg").content


def test_a_handle_is_looked_up_in_indexes(alice: Person) -> None:
    # Of a handful of people, looking at each is the cheapest way.
    pairs = ("".join(pair) for pair in product("abcdefhjkpqrstuxyz", repeat=2))
    others = Person.objects.bulk_create(Person(handle=f"some{pair}") for pair in pairs)
    same = {"run": alice.score.run, "score": 40.0, "reach": 20.0, "amplification": 10.0, "network_part": 10.0}
    same |= {"percentile": 50.0, "confidence": "fair", "formula": "v1", "as_of": alice.score.as_of}
    Score.objects.bulk_create(Score(person=other, **same) for other in others)
    user = alice.users.get()
    Membership.objects.bulk_create(Membership(user=user, person=other) for other in others)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE accounts_person, accounts_membership, scoring_score")
        cursor.execute("SET LOCAL enable_seqscan = off")
        with CaptureQueriesContext(connection) as captured:
            assert public_score("alice", timezone.now().date(), part="badge") is not None
        cursor.execute("EXPLAIN " + captured[0]["sql"])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "person_handle_once" in plan
    assert "former_handle_once" in plan
    assert "Seq Scan" not in plan


def test_among_few_no_share_is_told(alice: Person) -> None:
    alice.score.run.counts = {"population": 19}
    assert badges.standing(alice.score) == ""
    alice.score.run.counts = {"population": 20}
    assert badges.standing(alice.score) == "Higher than 83.2% of everybody"
    alice.score.score = 1.0
    assert badges.standing(alice.score) == ""


# ---------------------------------------------------------------- letters


def test_our_own_outlines_are_the_ones_of_the_file() -> None:
    # Drawn as outlines by us and as text by the renderer, a word looks the same.
    words, size = "Ägypten & 49.6 çé", 60
    assert BOLD.has(words)
    as_text = (
        f'<text x="10" y="80" font-family="Bricolage Grotesque" font-weight="700" font-size="{size}">{words}</text>'
    )
    pictures = [
        Image.open(
            BytesIO(
                png(
                    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 700 110">'
                    f'<rect width="700" height="110" fill="#fff"/>{inner.replace("&", "&amp;")}</svg>',
                    width=700,
                )
            )
        ).convert("L")
        for inner in (BOLD.outline(words, size, 10, 80, "#000"), as_text)
    ]
    dark = [sum(1 for pixel in picture.tobytes() if pixel < 128) for picture in pictures]
    assert dark[0] > 3000
    # The renderer kerns, we do not.
    assert dark[0] == pytest.approx(dark[1], rel=0.03)
    right = [picture.point(lambda pixel: 255 - pixel).getbbox()[2] for picture in pictures]
    assert right[0] == pytest.approx(right[1], abs=12)


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("Wren Tolliver", "Bricolage Grotesque"),
        ("Łódź Nguyễn", "Noto Sans"),
        ("Ελένη Кирилл", "Noto Sans"),
        ("مريم", "Noto Sans Arabic"),
        ("רחל", "Noto Sans Hebrew"),
        ("प्रिया", "Noto Sans Devanagari"),
        ("বীণা", "Noto Sans Bengali"),
        ("தமிழ்", "Noto Sans Tamil"),
        ("สมชาย", "Noto Sans Thai"),
        ("Հայկ", "Noto Sans Armenian"),
        ("ნინო", "Noto Sans Georgian"),
    ],
)
def test_names_of_these_scripts_are_drawn_with_typefaces_of_ours(name: str, family: str) -> None:
    written = lettering(name)
    assert written.pieces == ((family, name),)
    assert (written.files, written.whole) == ((), True)
    # What the renderer cannot draw it draws as boxes: each letter would look like the other.
    boxes = written.svg(48, 10, 60, "#000").replace(name, "\U0001f30a" * len(name))
    drawn, unknown = (
        png(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 500 90">{inner}</svg>', width=500)
        for inner in (written.svg(48, 10, 60, "#000"), boxes)
    )
    assert family == "Bricolage Grotesque" or drawn != unknown


def test_letters_that_no_typeface_has_are_left_out(monkeypatch) -> None:
    monkeypatch.setattr("scoring.typefaces.of_this_machine", lambda letters: ("", ""))
    assert lettering("Ana 🌊 Łuk").text == "Ana Łuk"
    assert not lettering("Ana 🌊").whole
    assert lettering("山田").text == ""


def test_letters_of_this_machine_are_used_where_it_has_them(monkeypatch) -> None:
    monkeypatch.setattr(
        "scoring.typefaces.of_this_machine",
        lambda letters: ("/fonts/han.ttf", "Han") if letters.isalpha() else ("", ""),
    )
    written = lettering("山田 🌊 Ana")
    assert written.pieces == (("Han", "山田"), ("Noto Sans", " Ana"))
    assert written.files == ("/fonts/han.ttf",)


def test_who_has_a_name_that_cannot_be_drawn_is_called_by_the_handle(
    client: Client, alice: Person, monkeypatch
) -> None:
    monkeypatch.setattr("scoring.typefaces.of_this_machine", lambda letters: ("", ""))
    Person.objects.filter(pk=alice.pk).update(name="山田太郎")
    score = public_score("alice", timezone.now().date())
    written, _size = badges.name_of(score, size=20, least=13, room=200)
    assert written.text == "@Alice"
    # Who cannot see it is told the name all the same.
    assert "山田太郎" in client.get("/badge/alice/large-light.svg").content.decode()


def test_a_long_name_is_smaller_and_then_cut() -> None:
    written, size = fitted("Bartholomew Featherstonehaugh", size=40, least=20, room=400)
    assert 20 <= size < 40
    assert written.text == "Bartholomew Featherstonehaugh"
    assert written.width(size) <= 400.5
    cut, size = fitted("Bartholomew Featherstonehaugh " * 4, size=40, least=20, room=400)
    assert size == 20
    assert cut.text.endswith("…")
    assert cut.width(size) <= 400


def test_every_typeface_says_what_it_has() -> None:
    assert {face.family for face in noto()} >= {"Noto Sans", "Noto Sans Arabic", "Noto Sans Thai"}
    assert all(ord("ა") not in face.letters for face in (BOLD, MEDIUM))
    assert BOLD.width("00", 10) == 2 * BOLD.width("0", 10) > 0


# ---------------------------------------------------------------- frames and oEmbed


def test_the_frame_alone_may_be_framed(client: Client, alice: Person) -> None:
    response = client.get("/embed/alice")
    assert "frame-ancestors *" in response["Content-Security-Policy"]
    assert "X-Frame-Options" not in response
    assert "default-src 'none'" in response["Content-Security-Policy"]
    for path in ("/alice", "/badge/alice/small-light.svg", "/share/alice"):
        other = client.get(path)
        assert "frame-ancestors 'none'" in other["Content-Security-Policy"], path
        assert other["X-Frame-Options"] == "DENY", path


def test_the_frame_leads_to_the_profile(client: Client, alice: Person) -> None:
    text = client.get("/embed/alice").content.decode()
    assert '<a href="http://127.0.0.1:8000/alice" target="_blank" rel="noopener"' in text
    assert text.count("<svg") == 2
    assert client.get("/embed/alice?theme=dark").content.decode().count("<svg") == 1
    assert client.get("/embed/alice?theme=odd").content == client.get("/embed/alice").content
    assert "<script" not in text


def test_a_profile_says_where_its_oembed_and_its_card_are(client: Client, alice: Person) -> None:
    page = client.get("/alice").content.decode()
    [link] = re.findall(
        r'<link rel="alternate" type="application/json\+oembed" href="http://127.0.0.1:8000([^"]+)"', page
    )
    assert client.get(unescape(link)).json()["author_url"] == "http://127.0.0.1:8000/alice"
    [picture] = re.findall(r'<meta property="og:image" content="http://127.0.0.1:8000([^"]+)"', page)
    assert client.get(picture)["Content-Type"] == "image/png"


def test_oembed_hands_out_the_frame_as_json_and_as_xml(client: Client, alice: Person) -> None:
    asked = {"url": "http://127.0.0.1:8000/Alice"}
    data = client.get("/oembed", asked).json()
    assert data["type"] == "rich"
    assert data["version"] == "1.0"
    assert 'src="http://127.0.0.1:8000/embed/alice"' in data["html"]
    assert (data["width"], data["height"]) == (356, 148)
    assert data["author_name"] == "Alice"
    assert data["thumbnail_url"] == "http://127.0.0.1:8000/alice/card.png"
    response = client.get("/oembed", asked | {"format": "xml"})
    assert response["Content-Type"].startswith("text/xml")
    root = ElementTree.fromstring(response.content)
    assert {child.tag: child.text for child in root} == {name: str(value) for name, value in data.items()}


@pytest.mark.parametrize(
    ("bounds", "frame"),
    [
        ({"maxwidth": "300"}, True),
        ({"maxwidth": "279"}, False),
        ({"maxwidth": "40"}, False),
        ({"maxheight": "30"}, False),
        ({"maxwidth": "1000", "maxheight": "9"}, False),
    ],
)
def test_oembed_keeps_to_the_bounds(client: Client, alice: Person, bounds: dict[str, str], frame: bool) -> None:
    data = client.get("/oembed", {"url": "http://127.0.0.1:8000/alice"} | bounds).json()
    assert data["width"] <= int(bounds.get("maxwidth", 10_000))
    assert data["height"] <= int(bounds.get("maxheight", 10_000))
    assert ("<iframe" in data["html"]) == frame
    assert f'width="{data["width"]}"' in data["html"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"url": "http://127.0.0.1:8000/nobody"}, 404),
        ({"url": "http://elsewhere.example/alice"}, 404),
        ({"url": "http://127.0.0.1:8001/alice"}, 404),
        ({"url": "javascript:alert(1)"}, 404),
        ({"url": "http://[::1/alice"}, 404),
        ({"url": "http://127.0.0.1:port/alice"}, 404),
        ({}, 404),
        ({"url": "http://127.0.0.1:8000/alice", "format": "yaml"}, 501),
        ({"url": "http://127.0.0.1:8000/alice", "maxwidth": "wide"}, 400),
        ({"url": "http://127.0.0.1:8000/alice", "maxwidth": "-1"}, 400),
    ],
)
def test_oembed_refuses_what_it_has_not(client: Client, alice: Person, query: dict[str, str], status: int) -> None:
    assert client.get("/oembed", query).status_code == status


def test_pages_of_a_person_lead_to_oembed_too(client: Client, alice: Person) -> None:
    assert client.get("/oembed", {"url": "https://127.0.0.1:8000/alice/chart?days=30#x"}).status_code == 200


# ---------------------------------------------------------------- the studio


def test_the_studio_has_codes_that_work(client: Client, alice: Person) -> None:
    client.force_login(user_of(alice))
    response = client.get("/badges", {"size": "medium", "theme": "dark"})
    codes = {code.slug: code.text for code in response.context["codes"]}
    picture = "http://127.0.0.1:8000/badge/alice/medium-dark.svg"
    said = f"Alice has a Klout score of {alice.score.score:.1f} of 100"
    assert codes["markdown"] == f"[![{said}]({picture})](http://127.0.0.1:8000/alice)"
    assert codes["html"] == f'<a href="http://127.0.0.1:8000/alice"><img src="{picture}" alt="{said}"></a>'
    assert codes["svg"] == picture
    for address in re.findall(r"http://127\.0\.0\.1:8000(/[^\"()\s]*)", " ".join(codes.values())):
        assert client.get(address).status_code == 200, address
    page = response.content.decode()
    fields = {}
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: fields.update({dict(attrs).get("id"): dict(attrs).get("value")})  # type: ignore[method-assign]
    parser.feed(page)
    assert {slug: fields[f"code-{slug}"] for slug in codes} == codes
    assert "neutral at the moment" not in page


def test_the_colours_of_a_badge_are_not_those_of_the_page(client: Client, alice: Person) -> None:
    client.force_login(user_of(alice))
    assert "data-theme" not in client.get("/badges?theme=dark").content.decode()


def test_codes_carry_any_name(client: Client, alice: Person) -> None:
    Person.objects.filter(pk=alice.pk).update(name='A]("x<b>')
    client.force_login(user_of(alice))
    codes = {code.slug: code.text for code in client.get("/badges").context["codes"]}
    assert r"A\](" in codes["markdown"]
    assert "&quot;x&lt;b&gt;" in codes["html"]
    assert "<b>" not in codes["html"] + codes["iframe"]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("hidden", "Your profile is not open to everybody."),
        ("badge off", "You have turned the badge off."),
        ("without a score", "There is no score of yours to show yet."),
    ],
)
def test_the_studio_says_when_the_badge_is_neutral(client: Client, alice: Person, how: str, said: str) -> None:
    hide(alice, how)
    client.force_login(user_of(alice))
    page = client.get("/badges").content.decode()
    assert said in page
    assert "Klout: no public score" in page


def test_the_studio_is_of_ones_own_people_alone(client: Client, alice: Person, join: Callable[..., Person]) -> None:
    assert client.get("/badges").status_code == 302
    bob, firm = join("Bob"), join("Firm")
    Membership.objects.create(user=user_of(bob), person=firm)
    client.force_login(user_of(bob))
    assert client.get("/badges?person=alice").status_code == 404
    page = client.get("/badges?person=firm")
    assert page.context["person"] == firm
    assert 'name="person" value="Firm"' in page.content.decode()


def test_the_studio_takes_few_queries(client: Client, alice: Person, django_assert_max_num_queries) -> None:
    client.force_login(user_of(alice))
    with django_assert_max_num_queries(9):
        assert client.get("/badges").status_code == 200


def test_a_badge_is_quickly_drawn(client: Client, alice: Person) -> None:
    client.get("/badge/alice/large-light.svg")
    started = timezone.now()
    for _ in range(10):
        client.get("/badge/alice/large-light.svg")
    assert (timezone.now() - started).total_seconds() < 1

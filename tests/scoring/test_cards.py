"""The picture beside a link: of whom everybody may see, in any script, quickly, and drawn once."""

from __future__ import annotations

import time
from collections.abc import Callable
from io import BytesIO

import pytest
from django.test import Client
from PIL import Image

from accounts.models import Person
from scoring import cards
from scoring.models import Score
from tests.scoring.published import publish_score

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(join: Callable[..., Person]) -> Person:
    person = join("Alice", twitter="1", mastodon="2")
    publish_score(person)
    return person


def test_a_card_is_of_the_size_that_other_sites_want(client: Client, alice: Person) -> None:
    response = client.get("/alice/card.png")
    assert response["Content-Type"] == "image/png"
    picture = Image.open(BytesIO(response.content))
    assert (picture.format, picture.size) == ("PNG", (1200, 630))
    assert response["ETag"].startswith('"')
    assert "public" in response["Cache-Control"]
    assert "Cookie" not in response["Vary"]


@pytest.mark.parametrize(("score", "band"), [(49.6, ""), (50.0, "Considerable"), (99.0, "Extraordinary")])
def test_a_card_says_name_handle_band_parts_and_day(alice: Person, score: float, band: str) -> None:
    alice.score.score = score
    drawn: list[str] = []
    for face in (cards.BOLD, cards.MEDIUM):
        assert face.has("Alice")
    outline, written = cards.MEDIUM.outline, cards.BOLD.outline
    try:
        for face, before in ((cards.MEDIUM, outline), (cards.BOLD, written)):
            object.__setattr__(
                face, "outline", lambda text, *rest, before=before: (drawn.append(text), before(text, *rest))[1]
            )
        cards.card(alice.score)
    finally:
        for face in (cards.MEDIUM, cards.BOLD):
            object.__delattr__(face, "outline")
    told = set(drawn)
    assert {"Alice", "@Alice", "Klout", "1 Nov 2026", "Reach", "Amplification", "Network"} <= told
    assert {"Average", "Considerable", "Extraordinary"} & told == ({band} if band else set())
    assert "Higher than 83.2% of everybody scored" in told
    for value in (alice.score.reach, alice.score.amplification, alice.score.network_part):
        assert f"{value:.1f}" in told


def test_a_card_is_drawn_once_for_each_content(client: Client, alice: Person, monkeypatch) -> None:
    drawn = []
    png = cards.png
    monkeypatch.setattr(cards, "png", lambda *args, **options: (drawn.append(1), png(*args, **options))[1])
    first, again = client.get("/alice/card.png"), client.get("/alice/card.png")
    assert (len(drawn), first.content) == (1, again.content)
    Score.objects.update(score=77.7)
    newer = client.get("/alice/card.png", headers={"If-None-Match": first["ETag"]})
    assert (newer.status_code, len(drawn)) == (200, 2)
    assert newer["ETag"] != first["ETag"]
    assert client.get("/alice/card.png", headers={"If-None-Match": newer["ETag"]}).status_code == 304


@pytest.mark.parametrize(
    "name",
    [
        "Wren Tolliver",
        "Łódź Nguyễn Ștefan",
        "مريم بنت عبد الله الطويلة الاسم جدا جدا",
        "प्रिया " * 12,
        "Ana 🌊🌊🌊",
        "山田太郎",
        "x" * 100,
        "",
        "\u202eevil\u202c",
    ],
)
def test_any_name_makes_a_card_within_a_tenth_of_a_second(alice: Person, name: str, empty_cache) -> None:
    alice.name = name[:100].strip()
    alice.score.person = alice
    # What is read once is read: the typefaces, and what this machine has.
    cards.card(alice.score)
    # The processor's time: what else this machine does is not the card's.
    times = []
    for _ in range(3):
        empty_cache()
        started = time.process_time()
        picture = cards.card(alice.score)
        body = cards.rendered(picture, width=picture.width)
        times.append(time.process_time() - started)
    assert Image.open(BytesIO(body)).size == (1200, 630)
    assert min(times) < 0.1


def test_who_is_not_public_has_the_card_of_who_does_not_exist(client: Client, alice: Person) -> None:
    shown = client.get("/alice/card.png").content
    Person.objects.filter(pk=alice.pk).update(visibility="members")
    assert client.get("/alice/card.png").content == client.get("/nobody/card.png").content != shown


def test_the_card_goes_with_the_profile_and_not_with_the_badge(client: Client, alice: Person) -> None:
    shown = client.get("/alice/card.png").content
    Person.objects.filter(pk=alice.pk).update(shown={"badge": "hidden"})
    assert client.get("/alice/card.png").content == shown

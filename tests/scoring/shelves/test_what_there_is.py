"""What there is to earn: the catalogue, the page of one family, and what the staff defined."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from scoring.achievements.catalogue import FAMILIES
from scoring.models import Award, AwardProgress
from tests.scoring.published import publish_score
from tests.scoring.reading import text_of, user_of
from tests.scoring.shelves.earning import EARNED, define, earn, rare

# ---------------------------------------------------------------- what there is to earn


def test_the_catalogue_shows_every_level_of_every_family_to_anybody(client: Client, db: None) -> None:
    define()
    rare("lists", 7, 3)
    text = text_of(client.get("/achievements/all"))
    for family in FAMILIES:
        assert str(family.text) in text
    assert f"{len(FAMILIES) + 1} families with {sum(len(one.levels) for one in FAMILIES) + 2} levels" in text
    assert "Harbour lights" in text
    assert "10,000 Level 7 few" in text
    assert "✓" not in text


def test_ones_own_levels_are_marked_and_the_others_are_outlines(own: Client) -> None:
    page = own.get("/achievements/all")
    assert text_of(page).count("✓ yours") == 4
    [lists] = re.findall(r'id="of-lists".*?</article>', page.content.decode(), re.DOTALL)
    assert lists.count(" locked") == 4
    assert "You, for level 4: 72 of 100 lists." in text_of(page)


def test_groups_are_in_one_order_and_no_family_is_left_out(client: Client, db: None) -> None:
    page = client.get("/achievements/all").content.decode()
    assert re.findall(r'<h2 id="([a-z]+)"', page) == [
        *("reach", "amplification", "network", "community", "places", "standing")
    ]
    assert set(re.findall(r'<h3 id="of-([a-z-]+)"', page)) == {family.slug for family in FAMILIES}


# ---------------------------------------------------------------- one family


def test_a_family_says_how_it_is_counted_and_how_rare_each_level_is(client: Client, db: None) -> None:
    rare("retweeters", 1, 5_000)
    rare("retweeters", 2, 12)
    text = text_of(client.get("/achievements/retweeters"))
    assert "Each person counts once, however often they do it and however long ago it was." in text
    assert "Only Twitter/X counts." in text
    assert "7 10,000 nobody yet" in text
    assert "2 10 few 1 1 40%" in text


def test_a_family_says_where_the_reader_is_and_leads_on(own: Client) -> None:
    page = own.get("/achievements/lists")
    text = text_of(page)
    assert "You have level 3 of 7, since 3 October 2026." in text
    assert "Level 4 72 of 100 lists" in text
    for address in ("/alice/why", "/share/alice?achievement=lists-3", "/achievements"):
        assert f'href="{address}"' in page.content.decode()


def test_who_earned_it_of_late_is_named_once_with_the_highest_level(client: Client, alice: Person, join) -> None:
    earn(join("Bob"), "lists", 1, earned_on=EARNED + timedelta(days=1))
    page = client.get("/achievements/lists").content.decode()
    assert re.findall(r'class="named"><a href="/(\w+)"', page) == ["bob", "alice"]
    assert "Level 3, on 3 October 2026" in text_of(client.get("/achievements/lists"))


def hide(person: Person) -> None:
    Person.objects.filter(pk=person.pk).update(visibility="hidden")


def members_only(person: Person) -> None:
    Person.objects.filter(pk=person.pk).update(visibility="members")


def keep_back(person: Person) -> None:
    Person.objects.filter(pk=person.pk).update(shown={"achievements": "members"})


def grow_young(person: Person) -> None:
    Person.objects.filter(pk=person.pk).update(birth_year=timezone.now().year - 10)


def lose_it(person: Person) -> None:
    Award.objects.filter(person=person).update(revoked_at=timezone.now())


@pytest.mark.parametrize("gone", [hide, members_only, keep_back, grow_young, lose_it])
@pytest.mark.parametrize("logged_in", [False, True])
def test_who_does_not_show_achievements_to_everybody_is_named_to_nobody(
    client: Client, alice: Person, join, gone: Callable[[Person], None], logged_in: bool
) -> None:
    earn(bob := join("Bob"), "lists", 1)
    if logged_in:
        client.force_login(user_of(alice))
    assert "Bob" in text_of(client.get("/achievements/lists"))
    gone(bob)
    assert "Bob" not in text_of(client.get("/achievements/lists"))


def test_twenty_are_named_at_most(client: Client, join) -> None:
    for number in range(23):
        earn(join(f"person{number}"), "lists", 1)
    page = client.get("/achievements/lists").content.decode()
    assert re.findall(r'class="named"><a href="/(\w+)"', page) == [f"person{number}" for number in range(22, 2, -1)]


# ---------------------------------------------------------------- the staff's own


def test_what_the_staff_defined_stands_beside_what_ships_in_the_readers_language(own: Client, alice: Person) -> None:
    words = {"de": {"name": "Hafenlichter", "unit": "Boote gesehen", "text": "Für gesehene Boote."}}
    define(translations=words)
    earn(alice, "harbour", 1)
    AwardProgress.objects.create(person=alice, family="harbour", value=3)
    pages = ("/achievements", "/alice/achievements", "/alice", "/achievements/all", "/achievements/harbour")
    for path in (*pages, "/settings/pinned", "/share/alice?achievement=harbour-1"):
        assert "Harbour lights" in text_of(own.get(path)), path
    assert "3 of 5 boats seen" in text_of(own.get("/achievements"))
    publish_score(alice)
    assert "3 of 5 boats seen" in text_of(own.get("/dashboard"))
    german = Client(headers={"accept-language": "de"})
    for path in ("/alice/achievements", "/achievements/all", "/achievements/harbour", "/alice"):
        assert "Hafenlichter" in text_of(german.get(path)), path


def test_a_draft_is_nowhere(own: Client, alice: Person) -> None:
    define(state="draft")
    for path in ("/achievements", "/achievements/all"):
        assert "Harbour" not in text_of(own.get(path))
    assert own.get("/achievements/harbour").status_code == 404
    assert own.get("/achievements/harbour/1.svg").status_code == 404


def test_what_is_retired_is_a_thing_of_those_who_have_it(own: Client, alice: Person) -> None:
    define(state="retired")
    assert "Harbour" not in text_of(own.get("/achievements"))
    assert own.get("/achievements/harbour").status_code == 404
    earn(alice, "harbour", 1)
    assert "It can be earned no more." in text_of(own.get("/achievements"))
    assert "It can be earned no more." in text_of(own.get("/achievements/harbour"))
    assert "Harbour" in text_of(Client().get("/alice/achievements"))
    assert "Harbour" not in text_of(own.get("/achievements/all"))
    assert Client().get("/achievements/harbour").status_code == 404
    assert Client().get("/achievements/harbour/1.svg").status_code == 200

"""The checklist's words: what is met, how far the rest is, and where it is changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone, translation

from accounts.models import Account, LinkedAccount, Person
from perks.eligibility import Check, check
from perks.models import AwardRequirement, Campaign, PartRequirement, Tier, TopicRequirement
from scoring.models import AwardProgress, Component, PersonTopic, Topic
from tests.perks.campaigns import make_brand, make_campaign, make_member, make_score

pytestmark = pytest.mark.django_db


def checked(person: Person, **wanted: Any) -> Check:
    """The only line of the checklist for a campaign that wants this alone."""
    campaign = make_campaign(**{"confirmed_only": False} | wanted)
    [found] = check(person=person, campaign=campaign, at=timezone.now()).checks
    return found


def test_a_score_says_how_much_more_it_takes(alice: Person) -> None:
    make_score(alice, 43.04)
    found = checked(alice, minimum_score=45)
    assert not found.met
    assert found.text == "Score 43 of 45: 2 more."
    assert 0 < found.gap < 0.1
    assert found.url == "/alice/why"
    assert checked(alice, minimum_score=40).text == "Score 43: 40 or more is wanted."


def test_a_score_counts_as_it_is_shown(alice: Person) -> None:
    make_score(alice, 44.96)
    assert checked(alice, minimum_score=45).met
    make_score(alice, 44.94)
    found = checked(alice, minimum_score=45)
    assert not found.met
    assert found.text == "Score 44.9 of 45: 0.1 more."


def test_a_rest_does_not_open_what_would_be_closed_without(alice: Person) -> None:
    make_score(alice, 50.0, unrested=44.0)
    found = checked(alice, minimum_score=45)
    assert not found.met
    assert found.have == 44.0
    assert "without" in found.text


def test_a_rest_does_not_keep_up_the_percentile_either(alice: Person, bob: Person) -> None:
    make_score(bob, 40.0, percentile=60.0)
    make_score(alice, 50.0, percentile=90.0)
    assert checked(alice, minimum_percentile=80).met
    make_score(alice, 50.0, percentile=90.0, unrested=41.0)
    found = checked(alice, minimum_percentile=80)
    assert not found.met
    assert found.text == "Top 40%, the top 20% is wanted."


def test_who_has_no_score_is_led_to_one() -> None:
    found = checked(make_member("Charlie", None), minimum_score=45)
    assert not found.met
    assert found.url == "/settings/connect?person=Charlie"


def test_parts_and_networks_say_how_many_points_there_are(alice: Person) -> None:
    make_score(alice, 50.0, network_part=14.2)
    campaign = make_campaign(confirmed_only=False)
    PartRequirement.objects.create(campaign=campaign, of="network", points=18)
    PartRequirement.objects.create(campaign=campaign, of="instagram", points=3)
    part, network = sorted(check(person=alice, campaign=campaign, at=timezone.now()).checks, key=lambda one: one.text)
    assert part.text == "Network part: 14.2 of 18 points."
    assert network.text == "Points from Instagram: 0 of 3."
    assert network.url == "/settings/connect/instagram?person=Alice"


def test_a_hidden_topic_neither_counts_nor_is_named(alice: Person) -> None:
    coffee, tea = (Topic.objects.create(slug=name, name=name.title()) for name in ("zq-coffee", "zq-tea"))
    campaign = make_campaign(confirmed_only=False)
    TopicRequirement.objects.create(campaign=campaign, topic=coffee)
    TopicRequirement.objects.create(campaign=campaign, topic=tea, expertise=0.6)
    own = PersonTopic.objects.create(person=alice, topic=coffee, expertise=0.9, hidden=True, added_at=timezone.now())
    [found] = check(person=alice, campaign=campaign, at=timezone.now()).checks
    assert not found.met
    assert found.text == "For people with one of these topics: Zq-Coffee or Zq-Tea."
    own.hidden = False
    own.save()
    [found] = check(person=alice, campaign=campaign, at=timezone.now()).checks
    assert found.met
    assert found.text == "Zq-Coffee is among your topics."


def test_all_topics_are_a_line_each(alice: Person) -> None:
    campaign = make_campaign(confirmed_only=False, any_topic=False)
    for name in ("zq-coffee", "zq-tea"):
        topic = Topic.objects.create(slug=name, name=name)
        TopicRequirement.objects.create(campaign=campaign, topic=topic, expertise=0.6)
    PersonTopic.objects.create(person=alice, topic=topic, expertise=0.42, added_at=timezone.now())
    coffee, tea = check(person=alice, campaign=campaign, at=timezone.now()).checks
    assert not coffee.met
    assert tea.text == "Expertise in zq-tea: 42 of 60."


def test_who_has_not_said_where_they_live_is_asked(alice: Person) -> None:
    found = checked(alice, countries=["AT", "DE"])
    assert found.text == "For people in Austria or Germany. We do not know where you live."
    assert found.url == "/settings?person=Alice"
    assert found.within_reach
    alice.country = "FR"
    alice.save()
    found = checked(alice, countries=["AT", "DE"])
    assert found.text == "For people in Austria or Germany. You told us that you live here: France."
    assert not found.within_reach


def test_a_region_narrows_its_own_country_alone(alice: Person) -> None:
    Person.objects.filter(pk=alice.pk).update(country="DE", region="DE-BE")
    assert not checked(alice, countries=["AT", "DE"], regions=["DE-BY"]).met
    Person.objects.filter(pk=alice.pk).update(country="DE", region="DE-BY")
    assert checked(alice, countries=["AT", "DE"], regions=["DE-BY"]).met
    Person.objects.filter(pk=alice.pk).update(country="AT", region="")
    assert checked(alice, countries=["AT", "DE"], regions=["DE-BY"]).met


def test_a_language_is_the_one_that_was_chosen_or_the_sites(alice: Person) -> None:
    assert checked(alice, languages=["en"]).met
    found = checked(alice, languages=["de"])
    assert found.text == "For people who read these pages in German."
    alice.users.update(language="de")
    assert checked(alice, languages=["de"]).met


def test_an_achievement_says_how_far_it_is(alice: Person) -> None:
    AwardProgress.objects.create(person=alice, family="people", value=72.9)
    campaign = make_campaign(confirmed_only=False)
    AwardRequirement.objects.create(campaign=campaign, family="people", level=3)
    [found] = check(person=alice, campaign=campaign, at=timezone.now()).checks
    assert "72 of 100" in found.text
    assert found.gap == pytest.approx(0.28)


def test_a_network_that_is_missing_can_be_connected(alice: Person) -> None:
    found = checked(alice, networks=["mastodon"])
    assert found.text == "Mastodon is not connected yet."
    assert found.url == "/settings/connect/mastodon?person=Alice"
    account = Account.objects.create(network="mastodon", external_id="1")
    LinkedAccount.objects.create(account=account, person=alice)
    assert checked(alice, networks=["mastodon"]).met


@pytest.mark.parametrize(("birth_year", "met"), [(None, False), (2008, False), (2007, True)])
def test_an_age_is_the_youngest_that_the_year_allows(alice: Person, birth_year: int | None, met: bool) -> None:
    Person.objects.filter(pk=alice.pk).update(birth_year=birth_year)
    campaign = make_campaign(confirmed_only=False, minimum_age=18)
    at = timezone.now().replace(year=2026, month=12, day=31)
    [found] = check(person=alice, campaign=campaign, at=at).checks
    assert found.met is met
    assert bool(found.url) is (birth_year is None)


def test_half_of_the_points_must_be_confirmed_where_much_is_given(alice: Person) -> None:
    for proof, points in (("network", 10.0), ("upload", 10.1)):
        account = Account.objects.create(network="twitter", external_id=proof)
        LinkedAccount.objects.create(account=account, person=alice, proof=proof)
        leaf = {"person": alice, "network": "twitter", "account": account.pk, "part": "reach", "value": 1}
        Component.objects.create(feature="any_actors_long", points=points, **leaf)
    found = checked(alice, value="99.00", confirmed_only=None)
    assert not found.met
    assert found.text.endswith("of yours 49.8% do.")
    Component.objects.filter(points=10.1).update(points=10.0)
    assert checked(alice, value="99.00", confirmed_only=None).met


def test_who_is_left_out_is_told_so(monkeypatch: pytest.MonkeyPatch, alice: Person) -> None:
    monkeypatch.setattr("perks.hold_out.held_out", lambda campaign, person: True)
    campaign = make_campaign(confirmed_only=False, hold_out=10)
    checklist = check(person=alice, campaign=campaign, at=timezone.now())
    assert checklist.held_out
    assert not checklist.ok
    assert not checklist.almost
    assert "10% of the people who qualify are left out" in checklist.checks[0].text


def test_the_lowest_tier_is_what_it_takes(alice: Person) -> None:
    campaign = make_campaign(confirmed_only=False, kind="discount", minimum_score=20)
    for least in (40, 60, 80):
        Tier.objects.create(campaign=campaign, minimum_score=least, name=f"from {least}", benefit="-")
    for score, tier in ((39.0, None), (59.96, "from 60"), (90.0, "from 80")):
        make_score(alice, score)
        found = check(person=alice, campaign=campaign, at=timezone.now())
        assert found.ok is (tier is not None)
        assert (found.tier.name if found.tier else None) == tier


def test_perks_go_to_people_of_16_who_stay(alice: Person) -> None:
    campaign = make_campaign(confirmed_only=False)
    at = timezone.now()
    assert check(person=alice, campaign=campaign, at=at).ok
    Person.objects.filter(pk=alice.pk).update(kind="organisation")
    assert check(person=alice, campaign=campaign, at=at).checks[0].text == "Perks go to people, not to organisations."
    Person.objects.filter(pk=alice.pk).update(kind="person", birth_year=at.year - 15)
    assert check(person=alice, campaign=campaign, at=at).checks[0].text == "Perks are for people aged 16 or more."
    Person.objects.filter(pk=alice.pk).update(visibility="hidden", birth_year=1980)
    assert check(person=alice, campaign=campaign, at=at).ok


def test_a_checklist_is_in_the_readers_language_at_the_time() -> None:
    with translation.override("de"):
        found = checked(make_member("Dora", 43.2), minimum_score=45)
    assert "43,2" in found.text


def test_nothing_of_a_check_asks_anybody_to_post_more(alice: Person) -> None:
    make_score(alice, 12.0)
    texts = [
        checked(alice, minimum_score=45).text,
        checked(alice, minimum_percentile=95).text,
        checked(alice, new_to_brand=True, brand=make_brand("Zenith")).text,
    ]
    assert texts
    assert not any(word in text.lower() for text in texts for word in ("post more", "only", "too low", "sorry", "poor"))


def test_what_was_had_of_a_brand_ends_being_new_to_it(alice: Person) -> None:
    brand = make_brand("Zenith")
    first, second = (make_campaign(brand, confirmed_only=False, new_to_brand=True) for _number in range(2))
    claimed(first, alice)
    at = timezone.now()
    [found] = check(person=alice, campaign=second, at=at).checks
    assert not found.met
    # The first itself is not held against its own limit of two.
    first.per_person = 2
    first.save()
    assert check(person=alice, campaign=first, at=at).ok


def claimed(campaign: Campaign, person: Person) -> None:
    at = timezone.now()
    campaign.claims.create(
        variant=campaign.variants.get(),
        person=person,
        ordinal=1,
        allowed=1,
        state="claimed",
        key="a",
        held_at=at - timedelta(hours=1),
        expires_at=at,
        claimed_at=at,
        terms=campaign.terms,
        accepted_at=at,
    )

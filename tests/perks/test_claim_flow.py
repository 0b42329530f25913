"""The way to a perk, as somebody goes it: terms, a hold, what is asked, and the receipt."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Erasure, Membership, Person
from perks import claims
from perks.models import Campaign, Claim, Terms, Variant
from tests.perks.campaigns import make_brand, make_campaign, make_member, make_team
from tests.perks.claiming import address_sent, client_of, hold_for
from tests.scoring.reading import text_of, user_of

pytestmark = pytest.mark.django_db


def way_to(campaign: Campaign) -> str:
    return reverse("perk_claim", args=[campaign.pk])


def filled(response: Any, **changes: Any) -> dict[str, Any]:
    """What the form on the page sends when both are ticked."""
    form = response.context["form"]
    sent = {name: form[name].value() for name in ("terms", "key", "variant")}
    return {**sent, "accept": "on", "disclose": "on", **changes}


def test_the_page_shows_the_terms_in_full_and_the_words_that_disclose(alice: Person) -> None:
    campaign = make_campaign()
    text = text_of(client_of(alice).get(way_to(campaign)))
    assert "One for each person. Say so when you post about it." in text
    assert "Version 1" in text
    assert "I got this for nothing from Acme through Klout. #gifted" in text
    assert "You need not post anything, and what you say need not be kind." in text


@pytest.mark.parametrize("missing", ["accept", "disclose"])
def test_both_ticks_are_needed_each_for_itself(alice: Person, missing: str) -> None:
    campaign, client = make_campaign(), client_of(alice)
    sent = filled(client.get(way_to(campaign)))
    del sent[missing]
    response = client.post(way_to(campaign), sent)
    assert response.status_code == 200
    assert "This needs your tick." in text_of(response)
    assert not Claim.objects.exists()


def test_accepting_holds_one_and_leads_to_it(alice: Person) -> None:
    campaign, client = make_campaign(), client_of(alice)
    response = client.post(way_to(campaign), filled(client.get(way_to(campaign))))
    claim = Claim.objects.get()
    assert response.url == claim.get_absolute_url()
    assert (claim.state, claim.person, claim.terms) == ("held", alice, campaign.terms)
    assert claim.network_hint
    page = text_of(client.get(claim.get_absolute_url()))
    assert "Held for you until" in page
    assert "10 more minutes" in page


def test_a_double_click_and_a_reload_lead_to_the_same_claim(alice: Person) -> None:
    campaign, client = make_campaign(per_person=3), client_of(alice)
    sent = filled(client.get(way_to(campaign)))
    first, again = client.post(way_to(campaign), sent), client.post(way_to(campaign), sent)
    assert first.url == again.url
    assert Claim.objects.count() == 1
    # Another form is another wish.
    other = client.post(way_to(campaign), filled(client.get(way_to(campaign))))
    assert other.url != first.url


def test_a_reload_is_never_refused_for_being_one_of_many(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign, client = make_campaign(), client_of(alice)
    sent = filled(client.get(way_to(campaign)))
    first = client.post(way_to(campaign), sent)
    assert all(client.post(way_to(campaign), sent).url == first.url for _time in range(15))


def test_too_many_tries_are_told_so(alice: Person) -> None:
    campaign, client = make_campaign(stock=50, per_person=20), client_of(alice)
    answers = [client.post(way_to(campaign), filled(client.get(way_to(campaign)))) for _time in range(11)]
    assert answers[-1].status_code == 409
    assert "That was a lot in a short time." in text_of(answers[-1])
    assert Claim.objects.count() == 10


def test_what_is_not_met_is_said_and_nothing_can_be_held(alice: Person) -> None:
    campaign, client = make_campaign(minimum_score=60), client_of(alice)
    page = client.get(way_to(campaign))
    assert "Not everything is met" in text_of(page)
    assert "60" in text_of(page)
    assert "Accept and hold" not in text_of(page)
    sent = filled(page)
    assert client.post(way_to(campaign), sent).status_code == 409
    assert not Claim.objects.exists()


def test_sold_out_meanwhile_says_so_and_where_one_can_wait(alice: Person, bob: Person) -> None:
    campaign, client = make_campaign(stock=1), client_of(alice)
    sent = filled(client.get(way_to(campaign)))
    hold_for(bob, campaign)
    response = client.post(way_to(campaign), sent)
    assert response.status_code == 409
    assert "Everything is taken, or held by others at the moment." in text_of(response)
    assert "You can wait for one" in text_of(response)


def test_terms_that_changed_meanwhile_are_shown_anew_and_unticked(alice: Person) -> None:
    campaign, client = make_campaign(), client_of(alice)
    sent = filled(client.get(way_to(campaign)))
    Terms.objects.create(campaign=campaign, version=2, text="Quite other terms.", disclosure="Gifted.")
    response = client.post(way_to(campaign), sent)
    assert response.status_code == 409
    text = text_of(response)
    assert "The terms have changed meanwhile." in text
    assert "Quite other terms." in text
    assert " checked" not in response.content.decode()
    assert not Claim.objects.exists()


def test_before_it_opens_nothing_is_asked(alice: Person) -> None:
    campaign = make_campaign(opens=timedelta(hours=1))
    text = text_of(client_of(alice).get(way_to(campaign)))
    assert "Opens on" in text
    assert "I have read the terms" not in text


def test_whoever_has_one_is_led_to_it(alice: Person) -> None:
    campaign = make_campaign()
    claim = hold_for(alice, campaign)
    response = client_of(alice).get(way_to(campaign))
    assert "One is held for you until" in text_of(response)
    assert claim.get_absolute_url() in response.content.decode()
    assert "Accept and hold" not in text_of(response)


def test_a_size_is_chosen_and_another_campaigns_is_not(alice: Person) -> None:
    campaign, client = make_campaign(kind="voucher"), client_of(alice)
    Variant.objects.filter(campaign=campaign).update(name="S")
    large = Variant.objects.create(campaign=campaign, name="L", quantity=2, place=2)
    foreign = make_campaign(kind="voucher").variants.get()
    page = client.get(way_to(campaign))
    assert "L (2 left)" in text_of(page)
    assert client.post(way_to(campaign), filled(page, variant=foreign.pk)).status_code == 200
    assert not Claim.objects.exists()
    client.post(way_to(campaign), filled(page, variant=large.pk))
    assert Claim.objects.get().variant == large


def test_a_log_in_that_speaks_for_several_says_for_whom(alice: Person) -> None:
    campaign, client = make_campaign(), client_of(alice)
    second = make_member("Second")
    Membership.objects.create(user=user_of(alice), person=second)
    club = Person.objects.create(handle="Club", kind="organisation")
    Membership.objects.create(user=user_of(alice), person=club)
    page = client.get(f"{way_to(campaign)}?person=second")
    assert "Club" not in page.content.decode()
    client.post(way_to(campaign), filled(page, person="Second"))
    assert Claim.objects.get().person == second
    assert client.post(way_to(campaign), filled(page, person="Club")).status_code == 404


def test_nobody_claims_for_somebody_else_nor_as_a_viewer(alice: Person, bob: Person) -> None:
    campaign, client = make_campaign(), client_of(alice)
    Membership.objects.create(user=user_of(alice), person=bob, role="viewer")
    sent = filled(client.get(way_to(campaign)))
    assert client.post(way_to(campaign), sent | {"person": "Bob"}).status_code == 404
    assert not Claim.objects.exists()


def test_whoever_has_all_they_may_have_is_told_so_also_from_an_old_tab(alice: Person) -> None:
    campaign, client = make_campaign(), client_of(alice)
    sent = filled(client.get(way_to(campaign)))
    hold_for(alice, campaign)
    response = client.post(way_to(campaign), sent)
    assert response.status_code == 409
    assert "You have as many of these as one person may have." in text_of(response)
    assert "Not everything is met" not in text_of(response)
    assert Claim.objects.count() == 1


def test_whoever_is_too_young_is_told_so_and_holds_nothing(alice: Person) -> None:
    campaign, client = make_campaign(), client_of(alice)
    page = client.get(way_to(campaign))
    Person.objects.update(birth_year=timezone.now().year - 15)
    assert "Perks are for people of 16 years and older." in text_of(client.get(way_to(campaign)))
    assert client.post(way_to(campaign), filled(page)).status_code == 409
    assert not Claim.objects.exists()


def test_a_log_in_that_speaks_for_no_person_reads_why_there_is_no_form(alice: Person) -> None:
    campaign, client = make_campaign(), client_of(alice)
    Person.objects.update(kind="organisation")
    text = text_of(client.get(way_to(campaign)))
    assert "Perks go to people" in text
    assert "I have read the terms" not in text


def test_whoever_is_about_to_be_erased_claims_nothing(alice: Person) -> None:
    campaign, client = make_campaign(), client_of(alice)
    sent = filled(client.get(way_to(campaign)))
    Erasure.objects.create(
        person=alice, requested_at=timezone.now(), due_at=timezone.now() + timedelta(days=7), visibility="public"
    )
    client.post(way_to(campaign), sent)
    assert not Claim.objects.exists()


def test_what_is_not_public_is_nowhere(alice: Person) -> None:
    brand = make_brand()
    drafts = [make_campaign(state="draft"), make_campaign(state="archived")]
    assert [client_of(alice).get(way_to(campaign)).status_code for campaign in drafts] == [404, 404]
    shown = make_campaign()
    brand.suspended = True
    brand.save()
    assert client_of(alice).get(way_to(shown)).status_code == 404


def test_a_claim_is_nobody_elses(alice: Person, bob: Person, client: Client) -> None:
    campaign = make_campaign()
    address = hold_for(alice, campaign).get_absolute_url()
    olga = make_team(campaign.brand, olga="fulfilment")["olga"]
    staff = user_of(make_member("Staff"))
    staff.is_staff = True
    staff.save()
    for user in (user_of(bob), olga, staff):
        client.force_login(user)
        assert client.get(address).status_code == 404
        assert client.post(address, {"action": "confirm"}).status_code == 404
    assert Client().get(address).status_code == 302
    assert Claim.objects.get().state == "held"
    assert client_of(alice).get(address).status_code == 200


def test_more_time_is_given_once(alice: Person) -> None:
    claim, client = hold_for(alice, make_campaign()), client_of(alice)
    client.post(claim.get_absolute_url(), {"action": "extend"})
    extended = Claim.objects.get()
    assert extended.expires_at - claim.expires_at == timedelta(minutes=10)
    page = client.get(claim.get_absolute_url())
    assert "10 more minutes" not in text_of(page)
    again = client.post(claim.get_absolute_url(), {"action": "extend"}, follow=True)
    assert "The time was extended once already." in text_of(again)
    assert Claim.objects.get().expires_at == extended.expires_at


def test_what_is_given_back_is_free_for_others(alice: Person) -> None:
    campaign = make_campaign(stock=1)
    claim, client = hold_for(alice, campaign), client_of(alice)
    text = text_of(client.post(claim.get_absolute_url(), {"action": "release"}, follow=True))
    assert "You gave it back" in text
    assert Variant.objects.get().left == 1
    assert "Accept and hold" in text_of(client.get(way_to(campaign)))


def test_a_hold_that_is_over_says_what_happened_and_what_can_be_done(alice: Person) -> None:
    campaign, client = make_campaign(), client_of(alice)
    claim = hold_for(alice, campaign)
    passed = timezone.now() - timedelta(minutes=30)
    Claim.objects.update(held_at=passed, expires_at=passed + timedelta(minutes=10))
    # No worker has been there: the page goes by the time all the same.
    assert Claim.objects.get().state == "held"
    text = text_of(client.get(claim.get_absolute_url()))
    assert "The time is over" in text
    assert "Try again" in text
    assert "Confirm" not in text
    late = client.post(claim.get_absolute_url(), {"action": "confirm"}, follow=True)
    assert "The time for which this was held for you is over." in text_of(late)
    assert Claim.objects.get().claimed_at is None


def test_an_offer_is_accepted_on_the_same_page_first(alice: Person) -> None:
    campaign, client = make_campaign(stock=1), client_of(alice)
    claim = claims.offer(
        campaign=campaign,
        variant=campaign.variants.get(),
        person=alice,
        source="waiting",
        hours=24,
        user=user_of(alice),
    )
    address = claim.get_absolute_url()
    text = text_of(client.get(address))
    assert "One for each person." in text
    assert "What happened" in text
    unticked = client.post(address, {"action": "accept", "terms": campaign.terms.pk, "accept": "on"})
    assert "This needs your tick." in text_of(unticked)
    refused = client.post(address, {"action": "confirm"}, follow=True)
    assert "Please accept the terms first." in text_of(refused)
    ticked = {"action": "accept", "terms": campaign.terms.pk, "accept": "on", "disclose": "on"}
    client.post(address, ticked)
    client.post(address, {"action": "confirm"})
    claim.refresh_from_db()
    assert (claim.state, claim.terms) == ("claimed", campaign.terms)


def test_an_unknown_button_does_nothing(alice: Person) -> None:
    claim, client = hold_for(alice, make_campaign()), client_of(alice)
    text = text_of(client.post(claim.get_absolute_url(), {"action": "redeem"}, follow=True))
    assert "Please use one of the buttons." in text
    assert Claim.objects.get().state == "held"


def test_the_page_asks_little_of_the_database_however_much_there_is(alice: Person) -> None:
    campaign, client = make_campaign(per_person=20, stock=60), client_of(alice)
    client.get(way_to(campaign))

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            response = client.get(way_to(campaign))
        assert response.status_code == 200
        return len(queries)

    before = asked()
    for number in range(5):
        hold_for(alice, campaign, key=f"{number}")
        Variant.objects.create(campaign=campaign, name=f"size {number}", quantity=3)
    assert asked() == before <= 12


def test_a_claim_costs_two_statements_beside_the_log_in(alice: Person) -> None:
    campaign, client = make_campaign(minimum_score=40, confirmed_only=False), client_of(alice)
    form = filled(client.get(way_to(campaign)))
    with CaptureQueriesContext(connection) as queries:
        response = client.post(way_to(campaign), form)
    assert response.status_code == 302
    assert Claim.objects.get().get_absolute_url() == response["Location"]
    asked = [query for query in queries if "SAVEPOINT" not in (query["sql"] or "")]
    # The log-in takes three: session, user, and the person with their zone.
    assert len(asked) == 5


ODD = ["", str(2**63), "x" * 5000, "a\x00\u00b2\U0001f600"]
# What each button reads.
READ = {
    "confirm": ("to-name", "to-street_address", "to-postal_code", "to-country", "to-shown", "to-keep", "share"),
    "country": ("to-country", "to-name"),
    "accept": ("terms",),
    "withdraw": ("field",),
}


@pytest.mark.parametrize("odd", ODD)
def test_whatever_is_sent_is_answered(alice: Person, odd: str) -> None:
    campaign, client = make_campaign(kind="shipped", asks_for=["email"]), client_of(alice)
    way, sent = way_to(campaign), filled(client.get(way_to(campaign)))
    claim = hold_for(alice, campaign)
    here = claim.get_absolute_url()
    answers = [client.post(way, sent | {name: odd}) for name in ("key", "variant", "terms", "person")]
    answers += [client.get(way, {"person": odd}), client.post(here, {"action": odd})]
    for action, names in READ.items():
        # With a code that is wrong: nothing is confirmed by what is right.
        known = address_sent() | {"to-postal_code": "1", "action": action}
        answers += [client.post(here, known | {name: odd}) for name in names]
    assert {response.status_code for response in answers} <= {200, 302, 404, 409}
    claim.refresh_from_db()
    assert claim.state == "held"


def test_nothing_of_it_is_kept_by_caches(alice: Person) -> None:
    campaign, client = make_campaign(), client_of(alice)
    claim = hold_for(alice, campaign)
    for path in (way_to(campaign), claim.get_absolute_url()):
        assert re.search("no-store", client.get(path)["Cache-Control"])

"""What a brand learns of somebody who has a perk: what they ticked, as it is now, until they take it back."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import Account, Consent, LinkedAccount, Person
from perks import claims, consent
from perks.models import Shared
from tests.perks.campaigns import make_campaign
from tests.perks.claiming import claim_for, client_of, hold_for
from tests.scoring.reading import text_of, user_of

pytestmark = pytest.mark.django_db
ALL = ["name", "email", "handle", "networks"]


def test_nothing_is_ticked_and_nothing_is_given_by_itself(alice: Person) -> None:
    claim, client = hold_for(alice, make_campaign(asks_for=ALL)), client_of(alice)
    page = client.get(claim.get_absolute_url()).content.decode()
    assert page.count('name="share"') == 4
    assert " checked" not in page
    client.post(claim.get_absolute_url(), {"action": "confirm"})
    claim.refresh_from_db()
    assert claim.state == "claimed"
    assert consent.shared_with(claim) == {}


def test_a_brand_that_asks_for_nothing_learns_nothing(alice: Person) -> None:
    claim, client = hold_for(alice, make_campaign()), client_of(alice)
    assert "Acme learns nothing of you." in text_of(client.get(claim.get_absolute_url()))
    client.post(claim.get_absolute_url(), {"action": "confirm", "share": ["email", "name"]})
    claim.refresh_from_db()
    assert consent.shared_with(claim) == {}
    assert not Consent.objects.exists()


def test_what_is_ticked_is_given_field_by_field_and_each_answer_is_recorded(alice: Person) -> None:
    claim, client = hold_for(alice, make_campaign(asks_for=ALL)), client_of(alice)
    client.post(claim.get_absolute_url(), {"action": "confirm", "share": ["email", "name"]})
    claim.refresh_from_db()
    assert consent.shared_with(claim) == {"name": "Alice Archer", "email": "alice@example.org"}
    rows = dict(Consent.objects.values_list("subject", "given"))
    assert rows == {"perk:name": True, "perk:email": True, "perk:handle": False, "perk:networks": False}
    wording = Consent.objects.get(subject="perk:email").wording
    assert wording == "Acme may have your e-mail address, because of “A headset”."


def test_the_brand_sees_what_it_is_now_not_what_it_was(alice: Person) -> None:
    claim = claim_for(alice, make_campaign(asks_for=ALL), ticked=("name", "networks", "handle"))
    assert "networks" not in consent.shared_with(claim)
    account = Account.objects.create(network="mastodon", external_id="1", handle="alice@town.example")
    LinkedAccount.objects.create(account=account, person=alice)
    alice.name = "Alice Baker"
    alice.save()
    claim.refresh_from_db()
    seen = consent.shared_with(claim)
    assert seen["name"] == "Alice Baker"
    assert seen["networks"] == "Mastodon: alice@town.example"
    assert seen["handle"].endswith("/alice")


def test_it_can_be_taken_back_and_given_again(alice: Person) -> None:
    claim = claim_for(alice, make_campaign(asks_for=["email"]), ticked=("email",))
    client = client_of(alice)
    text = text_of(client.post(claim.get_absolute_url(), {"action": "withdraw", "field": "email"}, follow=True))
    assert "You took back your e-mail address." in text
    assert consent.shared_with(claim) == {}
    assert Shared.objects.get().withdrawn_at is not None
    # A second click is no second answer.
    client.post(claim.get_absolute_url(), {"action": "withdraw", "field": "email"})
    assert list(Consent.objects.order_by("pk").values_list("given", flat=True)) == [True, False]
    assert "may no longer have your e-mail address" in Consent.objects.order_by("pk").last().wording
    client.post(claim.get_absolute_url(), {"action": "share", "field": "email"})
    assert consent.shared_with(claim) == {"email": "alice@example.org"}


def test_what_the_campaign_does_not_ask_for_cannot_be_given(alice: Person) -> None:
    claim = claim_for(alice, make_campaign(asks_for=["email"]))
    for field in ("networks", "birth_year", ""):
        client_of(alice).post(claim.get_absolute_url(), {"action": "share", "field": field})
    assert not Shared.objects.exists()


def test_what_came_to_nothing_and_who_is_gone_tell_nothing(alice: Person) -> None:
    claim = claim_for(alice, make_campaign(asks_for=["email", "name"]), ticked=("email", "name"))
    assert consent.shared_with(claim)
    claim.user = None
    assert list(consent.shared_with(claim)) == ["name"]
    claims.cancel(claim=claim, user=None, reason="Gone.")
    assert consent.shared_with(claim) == {}
    claim.state, claim.person = "claimed", None
    assert consent.shared_with(claim) == {}


def test_the_settings_say_it_in_words(alice: Person) -> None:
    claim_for(alice, make_campaign(asks_for=["email"]), ticked=("email",))
    text = text_of(client_of(alice).get("/settings/consents"))
    assert "Given to a brand: your e-mail address" in text
    assert "Acme may have your e-mail address" in text
    assert "perk:" not in text


def test_it_is_recorded_at_the_time_that_it_is_given(alice: Person) -> None:
    claim, at = hold_for(alice, make_campaign(asks_for=["email"])), timezone.now()
    consent.share(claim=claim, user=user_of(alice), ticked={"email"}, at=at)
    assert Consent.objects.get().at == Shared.objects.get().given_at == at


def test_what_is_no_longer_asked_for_can_be_taken_back(alice: Person) -> None:
    """A brand may change what it asks for at any time; what it was given before stays its person's to take back."""
    campaign = make_campaign(asks_for=["email"])
    claim, client = claim_for(alice, campaign, ticked=("email",)), client_of(alice)
    campaign.asks_for = []
    campaign.save(update_fields=["asks_for"])
    claim.refresh_from_db()
    assert consent.shared_with(claim) == {"email": "alice@example.org"}
    assert "Acme may have your e-mail address" in text_of(client.get(claim.get_absolute_url()))
    client.post(claim.get_absolute_url(), {"action": "withdraw", "field": "email"})
    assert consent.shared_with(claim) == {}
    assert not Consent.objects.order_by("-pk").first().given
    # And what was never asked for is not given by sending its name.
    client.post(claim.get_absolute_url(), {"action": "share", "field": "name"})
    assert consent.shared_with(claim) == {}

"""Forms of the brands' site that were written by hand: rows of others, brands of others, addresses of others."""

from __future__ import annotations

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

import perks.admin  # noqa: F401  (registers the pages)
from accounts.models import User
from perks.models import AuditEntry, Brand, BrandInvitation, BrandMembership, Campaign, Counter, Variant, Window
from perks.team_mail import tell_team
from tests.perks.campaigns import make_brand, make_campaign, make_team, second_factor

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> dict[str, User]:
    found = make_team(make_brand("Acme"), olga="owner", ed="editor", ben="fulfilment", vera="viewer")
    for user in found.values():
        second_factor(user)
    return found


def of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def step(campaign: Campaign, slug: str) -> str:
    return reverse("brands:perks_campaign_change", args=[campaign.pk]) + f"?step={slug}"


STOCK = {
    "per_person": "1",
    "offer_hours": "24",
    "variants-TOTAL_FORMS": "1",
    "variants-INITIAL_FORMS": "1",
    "variants-MIN_NUM_FORMS": "0",
    "variants-MAX_NUM_FORMS": "30",
    "variants-0-name": "Mine now",
    "variants-0-quantity": "1",
    "variants-0-reserve": "0",
    "variants-0-place": "0",
}


@pytest.mark.parametrize("removed", [False, True])
def test_a_variant_of_another_brand_is_not_changed_from_below_ones_own_campaign(team, removed: bool) -> None:
    own, foreign = make_campaign(Brand.objects.get(), state="draft"), make_campaign(make_brand("Beta"), state="draft")
    theirs = foreign.variants.get()
    before = Variant.objects.filter(pk=theirs.pk).values().get()
    sent = STOCK | {"variants-0-id": theirs.pk, "variants-0-campaign": own.pk}
    answer = of(team["ed"]).post(step(own, "stock"), sent | ({"variants-0-DELETE": "on"} if removed else {}))
    assert answer.status_code in {200, 302}
    assert Variant.objects.filter(pk=theirs.pk).values().get() == before
    assert own.variants.count() == 1


def test_a_row_is_not_moved_below_another_campaign(team) -> None:
    """Neither below another brand's, nor below another one of one's own."""
    own, other = (make_campaign(Brand.objects.get(), state="draft") for _time in range(2))
    foreign = make_campaign(make_brand("Beta"), state="draft")
    mine = own.variants.get()
    for to in (foreign, other):
        sent = STOCK | {"variants-0-id": mine.pk, "variants-0-campaign": to.pk}
        of(team["ed"]).post(step(own, "stock"), sent)
        mine.refresh_from_db()
        assert mine.campaign == own


def test_a_window_of_another_brand_is_not_changed(team) -> None:
    own, foreign = make_campaign(Brand.objects.get(), state="draft"), make_campaign(make_brand("Beta"), state="draft")
    theirs = foreign.windows.get()
    before = Window.objects.filter(pk=theirs.pk).values().get()
    sent = {
        "terms_text": "x",
        "disclosure": "y",
        "windows-TOTAL_FORMS": "1",
        "windows-INITIAL_FORMS": "1",
        "windows-0-id": theirs.pk,
        "windows-0-campaign": foreign.pk,
        "windows-0-kind": "all",
        "windows-0-time_zone": "UTC",
        "windows-0-opens": "2030-01-01T09:00",
        "windows-0-closes": "2030-01-05T09:00",
    }
    assert of(team["ed"]).post(step(own, "windows"), sent).status_code in {200, 302}
    assert Window.objects.filter(pk=theirs.pk).values().get() == before
    assert own.windows.count() == 1


def test_a_row_of_ones_own_is_not_given_to_another_brand(team) -> None:
    campaign, beta = make_campaign(Brand.objects.get(), state="draft"), make_brand("Beta")
    counter = Counter.objects.create(brand=campaign.brand, name="Till", number="123456")
    client = of(team["olga"])
    client.post(step(campaign, "offer"), {"title": "Theirs", "brand": beta.pk, "state": "live", "is_template": "on"})
    at = reverse("brands:perks_counter_change", args=[counter.pk])
    client.post(at, {"name": "Till 2", "brand": beta.pk, "active": "on", "number": "1", "pin_hash": "x"})
    membership = BrandMembership.objects.get(user=team["vera"])
    at = reverse("brands:perks_brandmembership_change", args=[membership.pk])
    client.post(at, {"role": "editor", "brand": beta.pk, "user": team["ed"].pk})
    for row in (campaign, counter, membership):
        row.refresh_from_db()
        assert row.brand.name == "Acme"
    assert (campaign.state, campaign.is_template) == ("draft", False)
    assert (counter.name, counter.number, counter.pin_hash) == ("Till 2", "123456", "")
    assert (membership.user, membership.role) == (team["vera"], "editor")


@pytest.mark.parametrize("who", ["ed", "ben", "vera"])
def test_only_owners_say_who_works_for_the_brand(team, who: str) -> None:
    client, acme = of(team[who]), Brand.objects.get()
    own = BrandMembership.objects.get(user=team[who])
    for name, row in (("change", own), ("delete", BrandMembership.objects.get(user=team["olga"]))):
        at = reverse(f"brands:perks_brandmembership_{name}", args=[row.pk])
        assert client.post(at, {"role": "owner", "post": "yes"}).status_code in {403, 404}
    sent = {"brand": acme.pk, "email": "eve@example.org", "role": "owner"}
    assert client.post(reverse("brands:perks_brandinvitation_add"), sent).status_code == 403
    assert BrandMembership.objects.filter(role="owner").get().user == team["olga"]
    assert not BrandInvitation.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("who", ["ben", "vera"])
def test_who_may_only_look_changes_nothing_by_sending_a_form(team, who: str) -> None:
    campaign = make_campaign(Brand.objects.get(), state="draft")
    variant, client = campaign.variants.get(), of(team[who])
    before = Campaign.objects.filter(pk=campaign.pk).values().get(), Variant.objects.values().get()
    sent = STOCK | {"variants-0-id": variant.pk, "variants-0-campaign": campaign.pk, "title": "New"}
    for slug in ("offer", "audience", "stock", "windows", "review"):
        client.post(step(campaign, slug), sent)
    for name, more in (("move", ["send"]), ("duplicate", []), ("template", []), ("codes", [variant.pk])):
        at = reverse(f"brands:perks_campaign_{name}", args=[campaign.pk, *more])
        assert client.post(at, {"reason": "x", "number": "1"}).status_code == 403
    assert (Campaign.objects.filter(pk=campaign.pk).values().get(), Variant.objects.values().get()) == before
    assert Campaign.objects.count() == 1


def test_without_a_second_factor_nothing_is_seen(team) -> None:
    zoe = make_team(Brand.objects.get(), zoe="owner")["zoe"]
    draft = make_campaign(Brand.objects.get(), state="draft")
    client = of(zoe)
    assert client.get(step(draft, "offer")).status_code in {302, 403}
    assert client.get(f"{draft.get_absolute_url()}?preview").status_code == 404, "its page before it is published"
    assert of(team["vera"]).get(f"{draft.get_absolute_url()}?preview").status_code == 200


def test_a_title_with_a_lines_end_makes_no_header_and_keeps_no_mail_back(
    team, django_capture_on_commit_callbacks
) -> None:
    campaign = make_campaign(Brand.objects.get(), title="Mug\r\nBcc: eve@example.org")
    with django_capture_on_commit_callbacks(execute=True):
        tell_team(
            brand=campaign.brand,
            template="campaign_moved",
            subject="Your campaign %(title)s was sent back",
            path="/brands/",
            context={"title": campaign.title, "brand": "Acme", "action": "pause", "reason": "Wait."},
        )
    assert {message.to[0] for message in mail.outbox} == {"olga@acme.example", "ed@acme.example"}
    for message in mail.outbox:
        assert message.subject == "Your campaign Mug Bcc: eve@example.org was sent back"
        assert message.recipients() == message.to

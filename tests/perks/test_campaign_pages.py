"""A brand makes a campaign: five steps that are saved, what is locked, what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from perks import campaigns
from perks.brands.campaign_windows import STAGES
from perks.models import AuditEntry, Brand, Campaign, Claim, Terms, Variant, Window
from perks.openings import stages_by_band
from tests.perks.campaigns import HOUR, make_brand, make_campaign, make_member, make_team, second_factor

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Brand:
    return make_brand("Acme")


@pytest.fixture
def olga(acme: Brand) -> Client:
    """An owner's browser."""
    return browser(make_team(acme, olga="owner")["olga"])


def browser(user: User) -> Client:
    client = Client()
    client.force_login(second_factor(user))
    return client


def page(campaign: Campaign, step: str = "") -> str:
    address = reverse("brands:perks_campaign_change", args=[campaign.pk])
    return f"{address}?step={step}" if step else address


def empty(*prefixes: str) -> dict[str, Any]:
    """What a form sends for inlines without rows."""
    found: dict[str, Any] = {}
    for prefix in prefixes:
        found |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    return found


OFFER = {"title": "A kettle", "text": "It boils.", "kind": "shipped", "value": "20", "currency": "EUR"}


def claim_one(campaign: Campaign) -> Claim:
    """As perks.claims writes a hold."""
    variant = campaign.variants.get()
    Variant.objects.filter(pk=variant.pk).update(held=1)
    at = timezone.now()
    return Claim.objects.create(
        campaign=campaign,
        variant=variant,
        person=make_member("Bob"),
        ordinal=1,
        allowed=1,
        key="k",
        held_at=at,
        expires_at=at + timedelta(minutes=10),
    )


def test_a_campaign_is_made_in_five_steps_and_sent_to_review(olga: Client, acme: Brand) -> None:
    answer = olga.post(reverse("brands:perks_campaign_add"), {"from": "pattern:try"})
    campaign = Campaign.objects.get()
    assert answer.url == page(campaign, "offer")
    assert campaign.brand == acme
    answer = olga.post(page(campaign, "offer"), OFFER | empty("pictures", "tiers"))
    assert answer.url == page(campaign, "audience")
    answer = olga.post(
        page(campaign, "audience"),
        {
            "minimum_score": "45",
            "countries": ["DE", "PT"],
            "networks": ["twitter"],
            "any_topic": "on",
            "hold_out": "10",
            "confirmed_only": "no",
        }
        | empty("topic_requirements", "part_requirements", "award_requirements"),
    )
    assert answer.url == page(campaign, "stock")
    variant = campaign.variants.get()
    answer = olga.post(
        page(campaign, "stock"),
        {
            "per_person": "1",
            "waiting_list": "on",
            "offer_hours": "24",
            "variants-TOTAL_FORMS": "1",
            "variants-INITIAL_FORMS": "1",
            "variants-0-id": variant.pk,
            "variants-0-campaign": campaign.pk,
            "variants-0-name": "",
            "variants-0-quantity": "20",
            "variants-0-reserve": "2",
            "variants-0-place": "1",
        },
    )
    assert answer.url == page(campaign, "windows")
    opens = timezone.now() + timedelta(days=40)
    answer = olga.post(page(campaign, "windows"), window(opens, opens + timedelta(days=2)))
    assert answer.url == page(campaign, "review")
    text = olga.get(answer.url).content.decode()
    assert "Everything is there" in text
    assert "Send to review" in text
    answer = olga.post(reverse("brands:perks_campaign_move", args=[campaign.pk, "send"]), {"reason": ""})
    campaign.refresh_from_db()
    assert (campaign.state, campaign.title, campaign.minimum_score, campaign.countries) == (
        "review",
        "A kettle",
        45,
        ["DE", "PT"],
    )
    assert campaign.confirmed_only is False
    assert campaign.hold_out == 10
    variant.refresh_from_db()
    assert (variant.quantity, variant.reserve) == (20, 2)
    assert campaign.terms is not None
    assert campaign.terms.version == 1
    assert AuditEntry.objects.filter(campaign=campaign, action="send to review", brand=acme).count() == 1


def window(opens: datetime, closes: datetime, **fields: Any) -> dict[str, Any]:
    """The fourth step with one new window, in Lisbon's time unless said otherwise."""
    return {
        "terms_text": "One each.",
        "disclosure": "A gift from Acme. #gifted",
        "tell_hours": "24",
        "windows-TOTAL_FORMS": "1",
        "windows-INITIAL_FORMS": "0",
        "windows-0-kind": "all",
        "windows-0-time_zone": "UTC",
        "windows-0-opens": f"{opens:%Y-%m-%dT%H:%M}",
        "windows-0-closes": f"{closes:%Y-%m-%dT%H:%M}",
    } | {f"windows-0-{name}": value for name, value in fields.items()}


def test_times_are_of_the_stated_zone(olga: Client) -> None:
    campaign = make_campaign(state="draft")
    campaign.windows.all().delete()
    sent = window(datetime(2027, 7, 1, 9), datetime(2027, 7, 3, 9), time_zone="America/New_York")
    olga.post(page(campaign, "windows"), sent)
    kept = campaign.windows.get()
    assert kept.opens_at == datetime(2027, 7, 1, 13, tzinfo=UTC)
    assert kept.time_zone == "America/New_York"
    text = olga.get(page(campaign, "windows")).content.decode()
    assert 'value="2027-07-01T09:00"' in text
    assert "1 Jul 2027, 13:00 in UTC" in text


@pytest.mark.parametrize(
    ("typed", "said"),
    [(datetime(2027, 3, 28, 2, 30), "there is no 02:30"), (datetime(2026, 10, 25, 2, 30), "02:30 comes twice")],
)
def test_an_hour_that_is_not_or_comes_twice_is_refused(olga: Client, typed: datetime, said: str) -> None:
    campaign = make_campaign(state="draft")
    campaign.windows.all().delete()
    answer = olga.post(page(campaign, "windows"), window(typed, typed + timedelta(days=3), time_zone="Europe/Berlin"))
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not campaign.windows.exists()


def test_a_short_window_wants_a_reason(olga: Client) -> None:
    campaign = make_campaign(state="draft")
    campaign.windows.all().delete()
    opens = datetime(2027, 7, 1, 9)
    answer = olga.post(page(campaign, "windows"), window(opens, opens + timedelta(hours=3)))
    assert "less than 24 hours" in answer.content.decode()
    assert not campaign.windows.exists()
    olga.post(page(campaign, "windows"), window(opens, opens + timedelta(hours=3), short_reason="A concert is short."))
    assert campaign.windows.get().short_reason == "A concert is short."


def test_stages_are_filled_in_by_hours(olga: Client) -> None:
    campaign = make_campaign(state="draft")
    campaign.windows.all().delete()
    opens = datetime(2027, 7, 1, 9)
    sent = window(
        opens,
        opens + timedelta(days=5),
        kind="staggered",
        first_score="63",
        second_score="50",
        second_hours="12",
        everybody_hours="24",
    )
    olga.post(page(campaign, "windows"), sent)
    assert campaign.windows.get().stages == [[63.0, 0], [50.0, 720], [1, 1440]]


def test_stages_by_band_are_proposed(olga: Client) -> None:
    campaign = make_campaign(state="draft")
    campaign.windows.all().delete()
    shown = olga.get(page(campaign, "windows")).context["inline_admin_formsets"][0].formset.forms[0]
    proposed = {name: shown.initial[name] for name in STAGES}
    opens = datetime(2027, 7, 1, 9)
    olga.post(page(campaign, "windows"), window(opens, opens + timedelta(days=5), kind="staggered", **proposed))
    assert campaign.windows.get().stages == stages_by_band(24)


def test_nothing_is_proposed_for_a_window_that_has_opened(olga: Client) -> None:
    campaign = make_campaign(state="live", kind="shipped", text="It boils.")
    opened, new = olga.get(page(campaign, "windows")).context["inline_admin_formsets"][0].formset.forms
    assert [opened[name].value() for name in STAGES] == [None] * len(STAGES)
    assert new["first_score"].value() == 63


def test_a_row_whose_proposed_stages_are_left_as_they_are_makes_no_window(olga: Client) -> None:
    campaign = make_campaign(state="draft")
    shown = olga.get(page(campaign, "windows")).context["inline_admin_formsets"][0].formset.forms[1]
    sent = {f"windows-1-{name}": shown.initial.get(name) or "" for name in (*STAGES, "time_zone", "opens", "closes")}
    kept = campaign.windows.get()
    first = window(kept.opens_at, kept.closes_at, id=kept.pk) | {"windows-INITIAL_FORMS": "1"}
    olga.post(page(campaign, "windows"), first | sent | {"windows-TOTAL_FORMS": "2", "windows-1-kind": "all"})
    assert campaign.windows.count() == 1


def test_windows_do_not_overlap(olga: Client) -> None:
    campaign = make_campaign(state="draft")
    answer = olga.post(
        page(campaign, "windows"),
        window(datetime.now(UTC), datetime.now(UTC) + timedelta(days=9))
        | {
            "windows-TOTAL_FORMS": "2",
            "windows-INITIAL_FORMS": "1",
            "windows-1-kind": "all",
            "windows-1-time_zone": "UTC",
            "windows-1-opens": "2020-01-01T00:00",
            "windows-1-closes": "2040-01-01T00:00",
            "windows-0-id": campaign.windows.get().pk,
        },
    )
    assert "overlap" in answer.content.decode()
    assert campaign.windows.count() == 1


def test_what_is_locked_is_shown_and_refused_however_it_is_sent(olga: Client) -> None:
    campaign = make_campaign(state="scheduled", minimum_score=40)
    claim_one(campaign)
    shown = olga.get(page(campaign, "audience")).content.decode()
    assert "can no longer be changed" in shown
    assert "Save and go on" not in shown
    sent = {"minimum_score": "99", "any_topic": "on", "hold_out": "0"}
    inlines = empty("topic_requirements", "part_requirements", "award_requirements")
    answer = olga.post(page(campaign, "audience"), sent | inlines, follow=True)
    campaign.refresh_from_db()
    assert campaign.minimum_score == 40
    assert "can no longer be changed" in answer.content.decode()


def test_targeting_may_change_until_somebody_holds_one(olga: Client) -> None:
    campaign = make_campaign(state="scheduled", minimum_score=40, kind="shipped", text="It boils.")
    sent = {"minimum_score": "41", "any_topic": "on", "hold_out": "0"}
    inlines = empty("topic_requirements", "part_requirements", "award_requirements")
    olga.post(page(campaign, "audience"), sent | inlines)
    campaign.refresh_from_db()
    assert campaign.minimum_score == 41
    entry = AuditEntry.objects.get(campaign=campaign, action="change")
    assert entry.changes["minimum_score"] == ["40.0", "41.0"]


def test_stock_never_falls_below_what_is_given_out(olga: Client) -> None:
    campaign = make_campaign(state="live", kind="shipped", stock=5, text="It boils.")
    claim_one(campaign)
    variant = campaign.variants.get()
    sent = {
        "per_person": "1",
        "offer_hours": "24",
        "variants-TOTAL_FORMS": "1",
        "variants-INITIAL_FORMS": "1",
        "variants-0-id": variant.pk,
        "variants-0-quantity": "2",
        "variants-0-reserve": "2",
        "variants-0-place": "1",
    }
    answer = olga.post(page(campaign, "stock"), sent)
    assert "there must be at least 3" in answer.content.decode()
    variant.refresh_from_db()
    assert variant.quantity == 5
    olga.post(page(campaign, "stock"), sent | {"variants-0-quantity": "3"})
    variant.refresh_from_db()
    assert (variant.quantity, variant.held) == (3, 1)


def test_an_emptied_text_of_what_people_see_is_refused(olga: Client) -> None:
    campaign = make_campaign(state="scheduled", kind="shipped", text="It boils.")
    answer = olga.post(page(campaign, "offer"), OFFER | {"text": ""} | empty("pictures", "tiers"), follow=True)
    assert "There is no text that says what people get." in answer.content.decode()
    campaign.refresh_from_db()
    assert campaign.text == "It boils."


@pytest.mark.parametrize("role", ["viewer", "fulfilment"])
def test_who_may_not_edit_sees_the_steps_and_changes_nothing(acme: Brand, role: str) -> None:
    campaign = make_campaign(acme, state="draft", countries=["DE"])
    client = browser(make_team(acme, vera=role)["vera"])
    for step in ("offer", "audience", "stock", "windows", "review"):
        assert client.get(page(campaign, step)).status_code == 200
    assert "Germany" in client.get(page(campaign, "audience")).content.decode()
    answer = client.post(page(campaign, "offer"), OFFER | empty("pictures", "tiers"))
    assert answer.status_code == 403
    assert client.post(reverse("brands:perks_campaign_move", args=[campaign.pk, "send"])).status_code == 403
    assert client.post(reverse("brands:perks_campaign_duplicate", args=[campaign.pk])).status_code == 403
    campaign.refresh_from_db()
    assert campaign.title == "A headset"
    assert campaign.state == "draft"


def test_another_brands_campaign_is_not_there(olga: Client) -> None:
    other = make_campaign(make_brand("Bolt"))
    variant = other.variants.get()
    names: list[tuple[str, list[Any]]] = [
        ("move", [other.pk, "pause"]),
        ("duplicate", [other.pk]),
        ("template", [other.pk]),
        ("codes", [other.pk, variant.pk]),
    ]
    assert olga.get(page(other, "offer")).status_code == 404
    assert olga.post(page(other, "offer"), OFFER).status_code == 404
    for name, arguments in names:
        assert olga.post(reverse(f"brands:perks_campaign_{name}", args=arguments)).status_code == 404, name
    assert Campaign.objects.get(pk=other.pk).title == "A headset"
    assert "A headset" not in olga.get(reverse("brands:index")).content.decode()


def test_pausing_from_the_list_asks_why(olga: Client) -> None:
    campaign = make_campaign(state="live")
    address = reverse("brands:perks_campaign_changelist")
    sent = {"action": "pause_them", "_selected_action": [campaign.pk]}
    assert "Kept in the log" in olga.post(address, sent).content.decode()
    answer = olga.post(address, sent | {"confirmed": "yes", "reason": ""})
    assert "Please say why" in answer.content.decode()
    olga.post(address, sent | {"confirmed": "yes", "reason": "The warehouse is flooded."})
    campaign.refresh_from_db()
    assert campaign.state == "paused"
    assert AuditEntry.objects.get(campaign=campaign, action="pause").reason == "The warehouse is flooded."


def test_a_window_that_is_open_can_be_made_longer_and_nothing_else(olga: Client) -> None:
    campaign = make_campaign(state="live", text="It boils.", kind="shipped")
    kept = campaign.windows.get()
    closes = (timezone.now() + timedelta(days=9)).replace(second=0, microsecond=0)
    sent = window(timezone.now() + HOUR, closes, kind="lottery", id=kept.pk) | {"windows-INITIAL_FORMS": "1"}
    olga.post(page(campaign, "windows"), sent)
    after = Window.objects.get(pk=kept.pk)
    assert (after.kind, after.opens_at, after.closes_at) == ("all", kept.opens_at, closes)


@pytest.mark.parametrize("state", ["live", "paused", "draft"])
def test_a_lottery_that_somebody_has_entered_keeps_its_kind_and_times(olga: Client, state: str) -> None:
    campaign = make_campaign(state="live", text="It boils.", kind="shipped")
    campaign.windows.update(kind="lottery")
    kept = campaign.windows.get()
    at = timezone.now()
    kept.entries.create(variant=campaign.variants.get(), person=make_member("Alice"), entered_at=at)
    Campaign.objects.update(state=state)
    closes = (at + timedelta(days=9)).replace(second=0, microsecond=0)
    sent = window(at + HOUR, closes, kind="all", id=kept.pk) | {"windows-INITIAL_FORMS": "1"}
    olga.post(page(campaign, "windows"), sent)
    olga.post(page(campaign, "windows"), sent | {"windows-0-DELETE": "on"})
    after = Window.objects.get(pk=kept.pk)
    assert (after.kind, after.opens_at, after.closes_at) == ("lottery", kept.opens_at, kept.closes_at)


def test_a_campaign_leads_to_its_page_and_its_results(olga: Client) -> None:
    draft, live = make_campaign(state="draft"), make_campaign(state="live", brand=Brand.objects.get())
    of_draft, of_live = (olga.get(page(one, "review")).content.decode() for one in (draft, live))
    results = "brands:perks_campaignresults_change"
    assert f'href="{draft.get_absolute_url()}?preview"' in of_draft
    assert olga.get(f"{draft.get_absolute_url()}?preview").status_code == 200
    assert reverse(results, args=[draft.pk]) not in of_draft
    assert f'href="{live.get_absolute_url()}"' in of_live
    assert reverse(results, args=[live.pk]) in of_live


@pytest.mark.parametrize(("role", "told"), [("editor", True), ("fulfilment", False), ("viewer", False)])
def test_the_first_page_says_what_wants_doing_to_who_may_do_it(acme: Brand, role: str, told: bool) -> None:
    make_campaign(acme, state="draft")
    text = browser(make_team(acme, vera=role)["vera"]).get(reverse("brands:index")).content.decode()
    assert "A headset" in text
    assert ("finish it and send it to review" in text) is told


def test_the_list_and_the_first_page_ask_as_often_for_many(
    olga: Client, acme: Brand, django_assert_max_num_queries
) -> None:
    make_campaign(acme)
    for address in (reverse("brands:index"), reverse("brands:perks_campaign_changelist")):
        with django_assert_max_num_queries(40) as few:
            assert "A headset" in olga.get(address).content.decode()
        for _number in range(4):
            make_campaign(acme)
        with django_assert_max_num_queries(len(few)):
            olga.get(address)


def test_terms_that_somebody_accepted_stay_and_others_follow(acme: Brand) -> None:
    campaign = make_campaign(acme)
    olga = make_team(acme, olga="owner")["olga"]
    at = timezone.now()
    campaigns.save_terms(campaign=campaign, text="New.", disclosure="#gifted", user=olga, at=at)
    assert [terms.version for terms in campaign.all_terms.all()] == [1]
    claim_one(campaign)
    campaigns.save_terms(campaign=campaign, text="Newer.", disclosure="#gifted", user=olga, at=at)
    campaigns.save_terms(campaign=campaign, text="Newer.", disclosure="#gifted", user=olga, at=at)
    assert list(Terms.objects.order_by("version").values_list("version", "text")) == [(1, "New."), (2, "Newer.")]

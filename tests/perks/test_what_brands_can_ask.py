"""A brand that asks its lists cleverly learns no more of a claimer than they show."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import reverse
from django.utils import timezone

import perks.admin  # noqa: F401  (registers the pages)
from accounts.models import User
from perks.brands.site import site
from perks.models import Brand, Campaign, Claim, Counter
from scoring.topics import load
from tests.perks.campaigns import make_brand, make_team, second_factor
from tests.perks.everything import make_everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows() -> dict[Any, Any]:
    load()
    team = make_team(make_brand("Acme"), ben="fulfilment", olga="owner")
    for user in team.values():
        second_factor(user)
    found = make_everything("Acme")
    Claim.objects.update(user=User.objects.get(email="acme-claimer@example.org"), score=63.4, network_hint="abc")
    Counter.objects.update(pin_hash="pbkdf2$1$x")
    return found | {"team": team}


def of(rows: dict[Any, Any], who: str) -> Client:
    client = Client()
    client.force_login(rows["team"][who])
    return client


@pytest.mark.parametrize(
    "asked",
    [
        *("person={person}", "person__exact={person}", "person__in={person}", "user={user}", "score__gte=60"),
        *("network_hint__startswith=a", "device_hint=", "key__startswith=a", "percentile__isnull=True"),
        *("shared__field=name", "flags__isnull=False", "address__isnull=False", "review__isnull=False"),
        *("mentions__isnull=False", "address__country=IE"),
    ],
)
def test_claims_are_not_narrowed_down_to_a_person(rows: dict[Any, Any], asked: str) -> None:
    """Whether a row is left after such a question would be the answer to it."""
    claim = Claim.objects.get()
    assert claim.person is not None
    said = asked.format(person=claim.person_id, user=claim.user_id)
    answer = of(rows, "ben").get(reverse("brands:perks_claim_changelist") + "?" + said)
    assert answer.status_code == 400, "it is answered"


@pytest.mark.parametrize(
    ("page", "asked"),
    [
        ("perks_counter", "pin_hash__startswith=pbkdf2"),
        ("perks_brandinvitation", "digest__startswith=zq"),
        ("accounts_webhookendpoint", "secret__isnull=False"),
        ("perks_review", "claim=1"),
        ("perks_shipment", "claim=1"),
        ("perks_problem", "claim__in=1,2"),
        ("perks_campaign", "claims__isnull=False"),
    ],
)
def test_what_a_list_does_not_show_is_not_asked_of_it(rows: dict[Any, Any], page: str, asked: str) -> None:
    who = "ben" if page in {"perks_shipment", "perks_problem"} else "olga"
    assert of(rows, who).get(reverse(f"brands:{page}_changelist") + "?" + asked).status_code == 400


def test_each_filter_that_a_list_offers_works(rows: dict[Any, Any]) -> None:
    """Every link of every list's filters, and of its days."""
    followed = 0
    for who in ("ben", "olga"):
        client = of(rows, who)
        for model in site._registry:
            at = reverse(f"brands:{model._meta.app_label}_{model._meta.model_name}_changelist")
            page = client.get(at)
            shown = getattr(page, "context_data", None) or {}
            if page.status_code != 200 or "cl" not in shown:
                continue
            for spec in shown["cl"].filter_specs:
                for choice in spec.choices(shown["cl"]):
                    followed += 1
                    assert client.get(at + choice["query_string"]).status_code == 200, (at, choice["query_string"])
    assert followed > 30
    day = timezone.now()
    by_day = f"?at__year={day.year}&at__month={day.month}&at__day={day.day}"
    assert of(rows, "olga").get(reverse("brands:perks_auditentry_changelist") + by_day).status_code == 200


def test_the_history_of_a_row_does_not_name_our_staff(rows: dict[Any, Any]) -> None:
    """Colleagues are named to each other; who of the staff did something is the staff's to know, as in the log."""
    staff = User.objects.create(email="sam@staff.example", is_staff=True)
    campaign, kind = rows[Campaign], ContentType.objects.get_for_model(Campaign)
    for user in (staff, rows["team"]["olga"]):
        about = {"content_type": kind, "object_id": campaign.pk, "object_repr": "x", "action_flag": CHANGE}
        LogEntry.objects.create(user=user, change_message="[]", **about)
    page = of(rows, "olga").get(reverse("brands:perks_campaign_history", args=[campaign.pk])).content.decode()
    assert rows["team"]["olga"].email in page
    assert "sam@staff.example" not in page
    assert "our staff" in page


def test_the_brand_has_a_team(rows: dict[Any, Any]) -> None:
    """What the tests above go by: both get their pages."""
    assert Brand.objects.count() == 1
    assert of(rows, "ben").get(reverse("brands:perks_claim_changelist") + "?state__exact=redeemed").status_code == 200
    assert timezone.now() - rows[Claim].claimed_at < timedelta(minutes=5)

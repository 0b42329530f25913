"""What a brand may learn of who has a perk: nothing but what the person ticks, for one claim, while it stands.

Nothing is copied: `shared_with` looks the values up when they are wanted, and what was taken back is not among them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts import consent
from accounts.models import LinkedAccount, Person, User
from accounts.networks import NETWORKS
from perks import timeline
from perks.models import Campaign, Claim, Shared
from perks.timeline import FIELD_NAMES

# The first part of the subjects in accounts.consent: "perk:email".
SUBJECT = "perk"


@dataclass(frozen=True, slots=True)
class Field:
    """Something of a person's own: what it is called on the page and to the brand, and what it is now ("" for none)."""

    label: str | Promise
    value: Callable[[Person, User | None], str]


def _networks(person: Person, user: User | None) -> str:
    links = LinkedAccount.objects.connected().filter(person=person).select_related("account").order_by("pk")
    return ", ".join(
        f"{network.spec.label}: {link.account.handle}"
        for link in links
        if (network := NETWORKS.get(link.account.network)) and link.account.handle
    )


# In the order of the page. Campaign.asks_for takes from these.
FIELDS: Mapping[str, Field] = {
    "name": Field(FIELD_NAMES["name"], lambda person, user: person.name),
    "email": Field(FIELD_NAMES["email"], lambda person, user: user.email if user else ""),
    "handle": Field(FIELD_NAMES["handle"], lambda person, user: f"{settings.SITE_URL}{person.get_absolute_url()}"),
    "networks": Field(FIELD_NAMES["networks"], _networks),
}


def register() -> None:
    """Tell accounts.consent how what is recorded here reads (AppConfig.ready)."""
    consent.register_subject(SUBJECT, _lazy("Given to a brand"), FIELD_NAMES)


def asked(campaign: Campaign) -> list[str]:
    """What the campaign would like to know, of FIELDS, in their order."""
    return [slug for slug in FIELDS if slug in campaign.asks_for]


def shown(campaign: Campaign, given: Collection[str]) -> list[str]:
    """What a claim's page has a line for: what is asked for, and what was given while it was; in their order."""
    return [slug for slug in FIELDS if slug in campaign.asks_for or slug in given]


def wording(campaign: Campaign, field: str) -> str:
    """What is ticked, in the active language. Raises KeyError for no field."""
    return _("%(brand)s may have %(what)s, because of “%(title)s”.") % {
        "brand": campaign.brand.name,
        "what": FIELDS[field].label,
        "title": campaign.title,
    }


def withdrawal(campaign: Campaign, field: str) -> str:
    """What is recorded when a field is taken back, in the active language. Raises KeyError for no field."""
    return _("%(brand)s may no longer have %(what)s that it had because of “%(title)s”.") % {
        "brand": campaign.brand.name,
        "what": FIELDS[field].label,
        "title": campaign.title,
    }


@transaction.atomic
def share(*, claim: Claim, user: User, ticked: Collection[str], at: datetime) -> None:
    """Keep what was ticked, and what was left alone, of what the campaign asks for; each with its wording.

    Fields that the campaign does not ask for are passed over.
    """
    for field in asked(claim.campaign):
        given = field in ticked
        words = wording(claim.campaign, field)
        consent.record(user=user, person=claim.person, subject=f"{SUBJECT}:{field}", given=given, wording=words, at=at)
        if given:
            _give(claim, field, at)


@transaction.atomic
def change(*, claim: Claim, user: User, field: str, given: bool, at: datetime) -> None:
    """Give a field afterwards, or take it back, also once the campaign no longer asks for it.

    Raises KeyError for one that is not asked for, or is none.
    """
    if field not in (asked(claim.campaign) if given else FIELDS):
        raise KeyError(field)
    if given == (field in standing(claim)):
        return
    words = wording(claim.campaign, field) if given else withdrawal(claim.campaign, field)
    consent.record(user=user, person=claim.person, subject=f"{SUBJECT}:{field}", given=given, wording=words, at=at)
    if given:
        _give(claim, field, at)
    else:
        Shared.objects.filter(claim=claim, field=field).update(withdrawn_at=at)
        timeline.note(claim.pk, "withdrawn", at, field=field)


def _give(claim: Claim, field: str, at: datetime) -> None:
    Shared.objects.update_or_create(claim=claim, field=field, defaults={"given_at": at, "withdrawn_at": None})
    timeline.note(claim.pk, "shared", at, field=field)


def standing(claim: Claim) -> set[str]:
    """The fields that the brand may see now."""
    return set(Shared.objects.filter(claim=claim, withdrawn_at=None).values_list("field", flat=True))


def shared_with(claim: Claim) -> dict[str, str]:
    """{field: value} that the brand may see now, in the order of FIELDS; without those that have no value.

    Nothing of somebody who is gone, nor of a claim that never came about or came to nothing.
    """
    if claim.person is None or claim.state not in (Claim.State.CLAIMED, Claim.State.REDEEMED):
        return {}
    given = standing(claim)
    values = {slug: FIELDS[slug].value(claim.person, claim.user) for slug in FIELDS if slug in given}
    return {slug: value for slug, value in values.items() if value}

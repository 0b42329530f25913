"""What perks keep about people: how it is handed out, and how it is erased (accounts.privacy).

A brand's stock and its numbers stay right when somebody goes: claims that were confirmed stay as rows that name nobody,
what was only held goes back, and a parcel that was not sent yet is not sent.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_noop as _

from accounts import privacy, tokens
from accounts.models import Person
from perks import addresses, codes
from perks.models import (
    Address,
    BrandInvitation,
    BrandMembership,
    Claim,
    ClaimEvent,
    Entry,
    Flag,
    Mention,
    PrintedPass,
    Problem,
    Review,
    ReviewReport,
    Seen,
    Shared,
    Shipment,
    ToldOpening,
    WaitingPlace,
)

# What is emptied of a person, and what names nobody but hangs on a brand, whose team are users.
OF_PEOPLE = (
    *("Claim", "ClaimEvent", "Address", "Shared", "WaitingPlace", "Entry", "ToldOpening", "Shipment", "Redemption"),
    *("Review", "Mention", "Problem", "Seen", "Flag", "Flag_claims", "Code", "BrandMembership", "BrandInvitation"),
    *("PrintedPass", "ReviewReport"),
)
OF_BRANDS = (
    *("AuditEntry", "Campaign", "Terms", "Picture", "Tier", "PartRequirement", "TopicRequirement", "AwardRequirement"),
    *("Variant", "CodeBatch", "Window", "Draw", "CampaignDay", "CampaignCount", "CampaignResults", "Counter"),
)
# Why a parcel is not sent any more, for the brand's log.
GONE = "The person was erased."


def register() -> None:
    """Tell accounts.privacy what this app keeps; called once, when the app is ready."""
    privacy.register(
        "perks",
        export_person,
        erase_person,
        models=[f"perks.{name}" for name in (*OF_PEOPLE, *OF_BRANDS)],
        count=count_person,
    )


def export_person(person: Person) -> dict[str, Any]:
    """Claims with their codes, addresses and timelines, what brands may know, queues, lotteries, words, posts."""
    mine = {"claim__person": person}
    users = privacy.users_of_nobody_else(person)
    return {
        "claims": [_exported(claim) for claim in _claims(person)],
        "shared_with_brands": _rows(
            Shared.objects.filter(**mine), "claim__reference", "field", "given_at", "withdrawn_at"
        ),
        "waiting": _rows(
            WaitingPlace.objects.filter(person=person), "joined_at", "variant__campaign__title", "state", "score"
        ),
        "lotteries": _rows(
            Entry.objects.filter(person=person), "entered_at", "window__campaign__title", "ticket", "rank", "score"
        ),
        "told_of_openings": _rows(ToldOpening.objects.filter(person=person), "at", "window__campaign__title"),
        "seen": _rows(Seen.objects.filter(person=person), "shown_at", "campaign__title", "viewed_at"),
        "reviews": _rows(
            Review.objects.filter(**mine), "written_at", "claim__campaign__title", "stars", "text", "hidden_reason"
        ),
        "reviews_that_you_reported": _rows(
            ReviewReport.objects.filter(user__in=users), "at", "review__claim__campaign__title", "text"
        ),
        "posts_about_perks": _rows(
            Mention.objects.filter(person=person), "found_at", "campaign__title", "source", "network", "url"
        ),
        "problems": _rows(
            Problem.objects.filter(**mine), "reported_at", "claim__campaign__title", "kind", "text", "answer"
        ),
        "works_for_brands": _rows(
            BrandMembership.objects.filter(user__in=users), "created_at", "brand__name", "role", "user__email"
        ),
    }


def _claims(person: Person) -> QuerySet[Claim]:
    rows = Claim.objects.filter(person=person).order_by("held_at", "pk")
    return rows.select_related("campaign__brand", "variant", "tier", "terms", "code", "address", "shipment")


def _exported(claim: Claim) -> dict[str, Any]:
    code, address = getattr(claim, "code", None), getattr(claim, "address", None)
    shipment, events = getattr(claim, "shipment", None), ClaimEvent.objects.filter(claim=claim)
    return {
        "reference": str(claim.reference),
        "brand": claim.campaign.brand.name,
        "perk": claim.campaign.title,
        "variant": claim.variant.name,
        "tier": claim.tier.name if claim.tier else "",
        "state": claim.state,
        "source": claim.source,
        "score": claim.score,
        "formula": claim.formula,
        "terms": {"version": claim.terms.version, "text": claim.terms.text} if claim.terms else None,
        "code": _opened(lambda: codes.unseal(code.sealed)) if code else None,
        "address": _opened(lambda: addresses.unseal(address.sealed)) if address else None,
        "parcel": {"carrier": shipment.carrier, "tracking": shipment.tracking} if shipment else None,
        **{name: _time(getattr(claim, name)) for name in ("held_at", "accepted_at", "claimed_at", "redeemed_at")},
        "timeline": _rows(events, "at", "kind", "details"),
    }


def _opened(read: Any) -> Any:
    """What `read` opens; a key that was lost keeps nobody from the rest."""
    try:
        return read()
    except tokens.LostKey:
        return None


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _rows(rows: QuerySet[Any], *fields: str) -> list[dict[str, Any]]:
    """The `fields` of `rows` in their own order, as JSON can carry them."""
    found = rows.order_by(*fields[:2]).values_list(*fields)
    return [{name.split("__")[-1]: _plain(value) for name, value in zip(fields, row, strict=True)} for row in found]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, (str, int, float, bool, dict, list, type(None))) else str(value)


def erase_person(person: Person, at: datetime) -> dict[str, int]:
    """Give back what is held, let queues and lotteries go on without them, and delete what names them."""
    from perks import claims, waiting

    waiting.forget(person=person, at=at)
    mine = Claim.objects.filter(person=person)
    for claim in mine.filter(state=Claim.State.HELD).order_by("pk"):
        claims.release(claim=claim, at=at)
    unsent = mine.filter(state=Claim.State.CLAIMED, shipment__state=Shipment.State.WAITING)
    for claim in unsent.order_by("pk"):
        claims.cancel(claim=claim, user=None, reason=GONE, at=at)
    users = privacy.users_of_nobody_else(person)
    of_claims = Q(claim__in=mine)
    removed = {
        "addresses for parcels": Address.objects.filter(of_claims).delete()[0],
        "things that brands may know": Shared.objects.filter(of_claims).delete()[0],
        "reviews of perks": Review.objects.filter(of_claims).delete()[0],
        "reports of reviews": ReviewReport.objects.filter(user__in=users).delete()[0],
        "posts about perks": Mention.objects.filter(person=person).delete()[0],
        "reported problems": Problem.objects.filter(of_claims).delete()[0],
        "lines of timelines": ClaimEvent.objects.filter(of_claims).delete()[0],
        "passes on paper": PrintedPass.objects.filter(of_claims).delete()[0],
        "campaigns seen": Seen.objects.filter(person=person).delete()[0],
        "openings told of": ToldOpening.objects.filter(person=person).delete()[0],
        "places in queues": WaitingPlace.objects.filter(person=person).delete()[0],
        "lottery tickets": Entry.objects.filter(person=person).update(person=None, score=None, formula=""),
        "invitations to brands": BrandInvitation.objects.filter(email__in=users.values("email")).delete()[0],
    }
    Shipment.objects.filter(of_claims).update(carrier="", tracking="", tracking_url="")
    _leave_flags(mine)
    nothing: dict[str, Any] = {"score": None, "percentile": None, "scored_on": None}
    nothing |= {"formula": "", "network_hint": "", "device_hint": "", "user": None}
    removed["claims of perks"] = mine.update(person=None, **nothing)
    return removed


def _leave_flags(mine: QuerySet[Claim]) -> None:
    """A suspicion that several people are one needs two of them."""
    flags = list(Flag.objects.filter(claims__in=mine).distinct().values_list("pk", flat=True))
    Flag.claims.through.objects.filter(claim__in=mine).delete()
    left = Flag.objects.filter(pk__in=flags).annotate(number=Count("claims__person", distinct=True))
    left.filter(number__lt=2).delete()


def count_person(person: Person) -> dict[str, int]:
    """What would go, in numbers by kind."""
    numbers = {
        _("claims of perks"): Claim.objects.filter(person=person).count(),
        _("addresses for parcels"): Address.objects.filter(claim__person=person).count(),
        _("reviews of perks"): Review.objects.filter(claim__person=person).count(),
        _("posts about perks"): Mention.objects.filter(person=person).count(),
        _("places in queues"): WaitingPlace.objects.filter(person=person).count(),
        _("lottery tickets"): Entry.objects.filter(person=person).count(),
    }
    return {kind: number for kind, number in numbers.items() if number}

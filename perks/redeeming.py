"""Passes at a counter: what a counter may see of one, and taking it, once.

A counter learns of a pass of its own brand what it needs: whether it is good, for what, in which tier, and a first
name. Of any other pass, also an old one, it learns no more than of a forged one. That a pass is taken once is the
claim's own state (perks.claims.redeem), which moves in one statement; what is looked at here is for the sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Person
from perks import claims, passes
from perks.errors import NotNow, PerkError
from perks.models import Claim, Counter, PrintedPass, Redemption, Window
from perks.passes import PassExpired, PassForged, PassReplaced

LISTED = 20


class PassUsed(PerkError):
    code = "pass_used"
    text = gettext_lazy("This pass was used before.")


class NotYet(PerkError):
    code = "not_yet"
    text = gettext_lazy("It is too early for this pass.")


class Over(PerkError):
    code = "over"
    text = gettext_lazy("The time in which this pass could be used is over.")


@dataclass(frozen=True, slots=True)
class Shown:
    """All that a counter sees of a pass that is good. tier, benefit: "" without tiers."""

    title: str
    kind: str
    variant: str
    tier: str
    benefit: str
    first_name: str


def first_name(person: Person) -> str:
    """The first word of what a person is called."""
    return person.display_name.split()[0]


def look(*, token: str, counter: Counter, at: datetime) -> Shown:
    """What `counter` sees of the pass with `token`.

    Raises PassForged, PassExpired, PassReplaced, PassUsed, NotYet, Over, NotNow.
    """
    claim = _good(token, counter, at)
    assert claim.person is not None
    return Shown(
        title=claim.campaign.title,
        kind=claim.campaign.get_kind_display(),
        variant=claim.variant.name,
        tier=claim.tier.name if claim.tier else "",
        benefit=claim.tier.benefit if claim.tier else "",
        first_name=first_name(claim.person),
    )


def take(*, token: str, counter: Counter, at: datetime) -> Redemption:
    """Take the pass, for good. Raises what `look` raises; of many at once all but one have PassUsed."""
    claim = _good(token, counter, at)
    try:
        return claims.redeem(claim=claim, counter=counter, at=at)
    except PerkError:
        claim.refresh_from_db()
        _refuse_used(claim)
        raise


def taken_today(counter: Counter, at: datetime) -> list[Redemption]:
    """The newest that `counter` took since midnight in the active zone, with campaign and tier; no names."""
    midnight = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    found = Redemption.objects.filter(counter=counter, at__gte=midnight).select_related(
        "claim__campaign", "claim__tier"
    )
    return list(found.order_by("-at", "-pk")[:LISTED])


def zone_of(counter: Counter) -> ZoneInfo:
    """The time zone that the brand stated last, for a window: nobody is logged in at a counter, whose own one it is."""
    windows = Window.objects.filter(campaign__brand=counter.brand_id).order_by("-pk")
    return ZoneInfo(windows.values_list("time_zone", flat=True).first() or "UTC")


def _good(token: str, counter: Counter, at: datetime) -> Claim:
    reading: passes.Reading | None = None
    try:
        reading = passes.read(token, at)
        reference = reading.reference
    except PassExpired as error:
        reference = error.details["reference"]
    # The brand is part of the question: what is not found here is as good as forged, however old.
    found_claim = (
        Claim.objects.select_related("campaign", "variant", "tier", "person")
        .filter(reference=reference, campaign__brand=counter.brand_id, person__isnull=False)
        .first()
    )
    if found_claim is None:
        raise PassForged
    _refuse_used(found_claim)
    if reading is None:
        raise PassExpired
    if found_claim.state != Claim.State.CLAIMED:
        raise NotNow(_("This was cancelled, and cannot be used any more."))
    if reading.paper:
        _check_sheet(found_claim, reading, at)
    _check_time(found_claim, at)
    return found_claim


def _check_sheet(claim: Claim, reading: passes.Reading, at: datetime) -> None:
    sheet = PrintedPass.objects.filter(claim=claim, serial=reading.serial).first()
    if sheet is None:
        raise PassReplaced
    if at >= passes.paper_until(claim.campaign, sheet.made_at):
        raise Over(
            _("This sheet was good for a time that is over. The pass can be opened on a phone, or printed anew.")
        )


def _check_time(claim: Claim, at: datetime) -> None:
    begins, ends = passes.good_between(claim.campaign)
    if begins is not None and at < begins:
        raise NotYet(_("It is too early: this pass is taken from %(time)s.") % {"time": _written(begins)})
    if ends is not None and at >= ends:
        raise Over(_("It is too late: this pass could be used until %(time)s.") % {"time": _written(ends)})


def _refuse_used(claim: Claim) -> None:
    redemption = Redemption.objects.select_related("counter").filter(claim=claim).first()
    if redemption is None:
        if claim.state == Claim.State.REDEEMED:
            raise PassUsed
        return
    known = {"time": _written(redemption.at), "counter": redemption.counter.name if redemption.counter else ""}
    if redemption.counter is None:
        raise PassUsed(_("This pass was used before: %(time)s.") % known, at=redemption.at)
    raise PassUsed(_("This pass was used before: %(time)s, at %(counter)s.") % known, at=redemption.at)


def _written(at: datetime) -> str:
    return date_format(timezone.localtime(at), "DATETIME_FORMAT")


def just_taken(counter: Counter, number: int, at: datetime) -> Redemption | None:
    """The redemption of this number, if this counter took it in the last minutes: what its page says after the form."""
    since = at - timedelta(minutes=5)
    found = Redemption.objects.filter(pk=number, counter=counter, at__gte=since)
    return found.select_related("claim__campaign", "claim__tier", "claim__variant", "claim__person").first()

"""An item is held for somebody: because they ask in an open window, or because it is their turn."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import Person, User
from perks import timeline
from perks.claims import statements
from perks.claims.ending import sweep
from perks.claims.hooks import tell
from perks.claims.running import persist, run
from perks.errors import AlreadyClaimed, HoldOver, KeyReused, NotEligible, NotNow, NotOpen, SoldOut, TermsChanged
from perks.models import Campaign, Claim, Terms, Tier, Variant, Window
from perks.states import CLAIMABLE, State

# How long an item is held for who asks for it, and by how much that can be extended, once.
HOLD = timedelta(minutes=10)
# A lottery is drawn when its window has closed: the campaign may have ended by then.
DRAWABLE = CLAIMABLE | {State.ENDED}


class Qualified(Protocol):
    """What is kept of how somebody qualified; perks.eligibility.Checklist is one."""

    @property
    def ok(self) -> bool: ...
    @property
    def score(self) -> float | None: ...
    @property
    def percentile(self) -> float | None: ...
    @property
    def formula(self) -> str: ...
    @property
    def scored_on(self) -> date | None: ...
    @property
    def tier(self) -> Tier | None: ...


def hold(
    *,
    campaign: Campaign,
    variant: Variant,
    person: Person,
    user: User | None,
    key: str,
    terms: Terms,
    checklist: Qualified,
    at: datetime | None = None,
    network_hint: str = "",
    device_hint: str = "",
) -> Claim:
    """Hold an item of `variant` for `person` for ten minutes; the same (person, key) again returns the same claim.

    key: names the request, at most 64 characters. Its claim is returned as it is by now: held, claimed or over.
    Raises NotEligible, KeyReused, NotOpen, TermsChanged, AlreadyClaimed or SoldOut, the first that is so.
    """
    if not checklist.ok:
        raise NotEligible(checklist=checklist)
    values = _values(
        campaign=campaign,
        variant=variant,
        person=person,
        user=user,
        key=key,
        source=Claim.Source.WINDOW,
        lasting=HOLD,
        qualified=checklist,
        at=at,
    )
    values |= {
        "terms": terms.pk,
        "version": terms.version if terms.campaign_id == campaign.pk else 0,
        "states": list(CLAIMABLE),
        "network_hint": network_hint,
        "device_hint": device_hint,
        "event": "held",
    }
    claim, facts = _take(statements.HOLD, values)
    if claim is None:
        raise _why_not(facts)
    return claim


def offer(
    *,
    campaign: Campaign,
    variant: Variant,
    person: Person,
    source: str,
    hours: int,
    user: User | None = None,
    qualified: Qualified | None = None,
    score: float | None = None,
    formula: str = "",
    window: Window | None = None,
    key: str = "",
    from_reserve: bool = False,
    at: datetime | None = None,
) -> Claim | None:
    """Hold an item for who waits or was drawn, `hours` long and without terms yet; None where there is none.

    source: Claim.Source.WAITING, in an open window (of a staggered one: from their score's stage on); or
    Claim.Source.LOTTERY with the `window` that was drawn, which has closed. from_reserve: where nothing is free, also
    of what is kept back. key: the same one again returns the same offer. qualified, or score and formula: how they
    qualified, to be kept. None too while the campaign is paused. Raises AlreadyClaimed where they have as many as they
    may have. Of several people each is offered in a transaction of its own: a variant's row is never kept while another
    is wanted.
    """
    known = qualified or _Kept(score, formula)
    values = _values(
        campaign=campaign,
        variant=variant,
        person=person,
        user=user,
        key=key or uuid.uuid4().hex,
        source=source,
        lasting=timedelta(hours=hours),
        qualified=known,
        at=at,
    )
    drawn = source == Claim.Source.LOTTERY
    values |= {
        "terms": None,
        "version": None,
        "states": list(DRAWABLE if drawn else CLAIMABLE),
        "network_hint": "",
        "device_hint": "",
        "event": "drawn" if drawn else "offered",
        "from_reserve": from_reserve,
        "window": window.pk if window is not None else None,
    }
    claim, facts = _take(statements.OFFER[source], values)
    error = None if claim is not None else _why_not(facts)
    if isinstance(error, AlreadyClaimed):
        raise error
    return claim


def accept(*, claim: Claim, terms: Terms, at: datetime | None = None) -> Claim:
    """The person of an offer accepts the terms. Raises TermsChanged, HoldOver, NotNow; brings `claim` up to date."""
    if terms.campaign_id != claim.campaign_id or terms.campaign.terms != terms:
        raise TermsChanged()
    with transaction.atomic():
        row = run(statements.ACCEPT, {"claim": claim.pk, "terms": terms.pk, "at": at})
        if row is None:
            raise over(claim)
        timeline.note(claim.pk, "accepted", row[0], version=terms.version)
    claim.refresh_from_db()
    return claim


def extend(*, claim: Claim, at: datetime | None = None) -> Claim:
    """Ten more minutes, once. Raises HoldOver, or NotNow the second time; brings `claim` up to date."""
    with transaction.atomic():
        row = run(statements.EXTEND, {"claim": claim.pk, "lasting": HOLD, "at": at})
        if row is None:
            error = over(claim)
            if claim.extended and claim.state == Claim.State.HELD:
                raise NotNow(_("The time was extended once already."))
            raise error
        timeline.note(claim.pk, "extended", row[1], until=row[0])
    claim.refresh_from_db()
    return claim


def over(claim: Claim) -> HoldOver | NotNow:
    """Why a hold does not go on; brings `claim` up to date."""
    claim.refresh_from_db()
    if claim.state in (Claim.State.HELD, Claim.State.EXPIRED):
        return HoldOver()
    texts = {
        Claim.State.CLAIMED: _("It is claimed already."),
        Claim.State.REDEEMED: _("It was used already."),
        Claim.State.RELEASED: _("It was given back."),
        Claim.State.CANCELLED: _("The brand has cancelled it."),
    }
    return NotNow(texts[Claim.State(claim.state)])


class _Kept:
    """A score that was kept when somebody began to wait."""

    ok, percentile, scored_on, tier = True, None, None, None

    def __init__(self, score: float | None, formula: str) -> None:
        self.score, self.formula = score, formula


def _values(
    *,
    campaign: Campaign,
    variant: Variant,
    person: Person,
    user: User | None,
    key: str,
    source: str,
    lasting: timedelta,
    qualified: Qualified,
    at: datetime | None,
) -> dict[str, Any]:
    score = qualified.score
    return {
        "reference": uuid.uuid4(),
        "campaign": campaign.pk,
        "variant": variant.pk,
        "person": person.pk,
        "user": user.pk if user is not None else None,
        "key": key,
        "source": str(source),
        "lasting": lasting,
        "score": score,
        # As perks.openings: a score counts as it is shown, to a tenth.
        "shown": 0.0 if score is None else round(score, 1),
        "percentile": qualified.percentile,
        "formula": qualified.formula,
        "scored_on": qualified.scored_on,
        "tier": qualified.tier.pk if qualified.tier is not None else None,
        "at": at,
    }


# What stands on a claim as it was given.
KEPT = ("reference", "key", "source", "score", "percentile", "formula", "scored_on", "network_hint", "device_hint")
# claimable, free, terms in force, ordinal, window: what a claim that was not made lacked.
Facts = tuple[bool, bool, bool, int | None, int | None]


def _take(statement: str, values: dict[str, Any]) -> tuple[Claim | None, Facts]:
    """The claim that was made or is known by its key, or why there is none. Raises KeyReused, NotNow."""
    for swept in (False, True):
        row = persist(statement, values)
        assert row is not None
        number, held_at, expires_at, ordinal, allowed, window, claimable, free, terms, known, its_campaign, late = row
        facts = (bool(claimable), bool(free), bool(terms), ordinal, window)
        if known is not None:
            if its_campaign != values["campaign"]:
                raise KeyReused()
            return Claim.objects.get(pk=known), facts
        if number is not None:
            break
        if swept or not late or not (claimable and window and terms):
            return None, facts
        # Something is over, and no worker has been there yet.
        sweep(variant=values["variant"], at=values["at"])
        sweep_own(values["campaign"], values["person"], at=values["at"])
    else:
        return None, facts
    claim = Claim(
        pk=number,
        held_at=held_at,
        expires_at=expires_at,
        ordinal=ordinal,
        allowed=allowed,
        window_id=window,
        state=Claim.State.HELD,
        accepted_at=held_at if values["terms"] is not None else None,
        **{name: values[name] for name in KEPT},
        **{f"{name}_id": values[name] for name in ("campaign", "variant", "person", "user", "tier", "terms")},
    )
    claim._state.adding, claim._state.db = False, connection.alias
    tell("held" if values["event"] == "held" else "offered", number)
    return claim, facts


def sweep_own(campaign: int, person: int, *, at: datetime | None) -> None:
    """End the person's holds of the campaign that are over, of whichever variant."""
    held = Claim.objects.filter(campaign_id=campaign, person_id=person, state=Claim.State.HELD)
    for variant in sorted(set(held.values_list("variant_id", flat=True))):
        sweep(variant=variant, at=at)


def _why_not(facts: Facts) -> Exception:
    claimable, _free, terms, ordinal, window = facts
    if not claimable or window is None:
        return NotOpen()
    if not terms:
        return TermsChanged()
    return SoldOut() if ordinal is not None else AlreadyClaimed()

"""The queue for what is sold out: who waits, in the order of joining, and what is offered to them.

Guarantees, whatever happens at once and whether or not a worker is late or killed:

- Nobody is passed by: offers go in the order of joining, and while somebody waits nobody else can take what is free
  (perks.claims looks at `Variant.waiting`, which changes in the transaction that changes a place).
- Never more offers than items: an offer is a hold like any other, made by perks.claims, and ends by the clock.
- Who qualified when they joined keeps their place: a later score takes nothing away. Only who has had all that one may
  have, is too young, or is about to be erased is passed over.
- An offer that is not answered goes to the next in line; whoever let it pass may join again at the end.
- Offers are made while a window is open, as every claim is: between two windows and while the campaign is paused the
  queue stands still, and keeps its order. An offer that was made can be taken in its time, also after the close.
- When the last window has closed, or the campaign is ended, the queue closes and everybody in it is told.

Each offer is a transaction of its own, so that a killed process loses none: what is due is read from the rows, by the
beat too. Order of locks: the queue's (advisory), then claims and the variant as in perks.claims, then places.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from celery import current_app
from django.db import IntegrityError, connection, transaction
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import notify
from accounts.models import Person, User
from perks import claims, openings
from perks.eligibility import Checklist
from perks.errors import AlreadyClaimed, NotEligible, NotNow, NotOpen
from perks.models import Campaign, Claim, Variant, WaitingPlace
from perks.offers import has_all, may_have, tell_offer, tell_offer_over
from perks.openings import Phase
from perks.states import State

WAITING, OFFERED, DONE = WaitingPlace.State.WAITING, WaitingPlace.State.OFFERED, WaitingPlace.State.DONE
# Any number will do, as long as nothing else in this database locks the same.
QUEUE = 0x71756575
QUEUE_LOCK = "SELECT pg_advisory_xact_lock(%s, %s)"
# Places that one call serves or closes; the next one goes on.
LIMIT = 500
# The variant's row comes first and is looked at again once it is had: numbers of places rise in the order of joining.
JOIN = """
    WITH queue AS (
        UPDATE perks_variant SET waiting = waiting + 1
        WHERE id = %(variant)s AND (waiting > 0 OR quantity - claimed - held - reserve <= 0)
        AND NOT EXISTS (
            SELECT FROM perks_waitingplace
            WHERE variant_id = %(variant)s AND person_id = %(person)s AND state IN ('waiting', 'offered')
        )
        RETURNING id
    )
    INSERT INTO perks_waitingplace (variant_id, person_id, user_id, state, joined_at, score, formula)
    SELECT id, %(person)s, %(user)s, 'waiting', %(at)s, %(score)s, %(formula)s FROM queue
"""
CLOSE = """
    WITH gone AS (
        UPDATE perks_waitingplace SET state = 'done'
        WHERE variant_id = %(variant)s AND state = 'waiting' AND id = ANY(%(places)s) RETURNING id, person_id
    ), queue AS (
        UPDATE perks_variant SET waiting = waiting - (SELECT count(*) FROM gone)
        WHERE id = %(variant)s AND EXISTS (SELECT FROM gone)
    )
    SELECT person_id FROM gone ORDER BY id
"""


def register() -> None:
    """Have what becomes free offered at once (AppConfig.ready); what gets lost is found by the beat."""
    claims.after("freed", serve_soon)


def serve_soon(variant: int) -> None:
    """Have a worker serve a variant's queue, if there is one."""
    if Variant.objects.filter(pk=variant, waiting__gt=0).exists():
        # By its name: tasks import this.
        current_app.send_task("perks.tasks.serve_queue", [variant])


def place_of(person: Person, campaign: Campaign) -> QuerySet[WaitingPlace]:
    """Where `person` waits for `campaign`, or is offered something, with `before`: how many wait before them."""
    ahead = WaitingPlace.objects.filter(variant=OuterRef("variant"), state=WAITING, pk__lt=OuterRef("pk"))
    number = ahead.order_by().values("variant").annotate(number=Count("pk")).values("number")
    places = WaitingPlace.objects.filter(
        Q(state=WAITING) | Q(state=OFFERED, offer__state=Claim.State.HELD), person=person, variant__campaign=campaign
    )
    return places.annotate(before=Coalesce(Subquery(number), 0)).select_related("variant", "offer").order_by("pk")


# ---------------------------------------------------------------- joining and leaving


def join(*, variant: Variant, person: Person, user: User | None, checklist: Checklist, at: datetime) -> WaitingPlace:
    """Queue `person` up for `variant`; the same place again where they have one.

    Raises NotEligible, AlreadyClaimed, NotOpen outside a window, NotNow where there is no queue or one is free.
    """
    campaigns = Campaign.objects.select_related("brand").prefetch_related("windows", "variants")
    _refuse(campaigns.get(pk=variant.campaign_id), checklist, at)
    # An offer that has ended keeps nobody from joining again.
    _own(variant, person).filter(state=OFFERED).exclude(offer__state=Claim.State.HELD).update(state=DONE)
    values = {"variant": variant.pk, "person": person.pk, "user": user.pk if user else None, "at": at}
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(JOIN, values | {"score": checklist.score, "formula": checklist.formula})
            if cursor.rowcount:
                # Something may be kept back for who waits.
                transaction.on_commit(lambda: serve_soon(variant.pk), robust=True)
    except IntegrityError:
        # The same person at the same time; the one that was first has made the place.
        pass
    place = _own(variant, person).first()
    if place is None:
        raise NotNow(_("One of these is free: you can claim it, there is nobody to wait behind."))
    return place


def _refuse(campaign: Campaign, checklist: Checklist, at: datetime) -> None:
    if not checklist.ok:
        if any(check.code == "limit" and not check.met for check in checklist.checks):
            raise AlreadyClaimed()
        raise NotEligible(checklist=checklist)
    if not campaign.waiting_list:
        raise NotNow(_("There is no waiting list for this perk."))
    opening = openings.state_at(campaign, at, checklist.score)
    if opening.phase not in (Phase.OPEN, Phase.SOLD_OUT) or campaign.brand.suspended:
        raise NotOpen()


def _own(variant: Variant, person: Person) -> QuerySet[WaitingPlace]:
    return WaitingPlace.objects.filter(variant=variant, person=person, state__in=[WAITING, OFFERED])


def leave(*, variant: Variant, person: Person, at: datetime) -> bool:
    """Give a place up, or what it was offered; whether there was one. Who comes behind moves up."""
    with transaction.atomic():
        # The variant's row before the place's, as everywhere.
        Variant.objects.select_for_update(no_key=True).get(pk=variant.pk)
        place = _own(variant, person).first()
        if place is None:
            return False
        if place.state == WAITING:
            _close(variant.pk, [place.pk])
            return True
    offer = place.offer
    if offer is not None and offer.state == Claim.State.HELD:
        claims.release(claim=offer, at=at)
    return bool(WaitingPlace.objects.filter(pk=place.pk, state=OFFERED).update(state=DONE))


def forget(*, person: Person, at: datetime) -> int:
    """Take `person` out of every queue; what they were offered is perks.claims' to give back. How many places."""
    places = WaitingPlace.objects.filter(person=person, state=WAITING)
    number = 0
    for variant, place in list(places.order_by("variant_id").values_list("variant_id", "pk")):
        number += len(_close(variant, [place]))
    return number


def _close(variant: int, places: Iterable[int]) -> list[int]:
    """End `places` of a variant that still wait, and count them off; the people's numbers."""
    with transaction.atomic():
        Variant.objects.select_for_update(no_key=True).get(pk=variant)
        with connection.cursor() as cursor:
            cursor.execute(CLOSE, {"variant": variant, "places": list(places)})
            return [person for (person,) in cursor.fetchall()]


# ---------------------------------------------------------------- offers


class _Left(Exception):
    """Whoever was next has left in this moment."""


def serve(variant: int, at: datetime | None = None, *, limit: int = LIMIT) -> int:
    """Offer what is free of a variant to whoever is next, until nothing is free or nobody waits; how many offers.

    Without `at` the database's clock says whether a window is open.
    """
    made = 0
    while made < limit and offer_next(variant, at) is not None:
        made += 1
    return made


def offer_next(variant: int, at: datetime | None = None) -> Claim | None:
    """Offer one item to the first in line, who is told; None where nothing is free, or nobody waits."""
    while True:
        try:
            offer, passed = _offer_first(variant, at)
        except (_Left, AlreadyClaimed):
            # In this moment; looked at again, they are passed over.
            continue
        if not passed:
            return offer


@transaction.atomic
def _offer_first(variant: int, at: datetime | None) -> tuple[Claim | None, bool]:
    """An offer to whoever is first, if there is one to make; and whether they were passed over instead."""
    with connection.cursor() as cursor:
        # One at a time: the second one would take the same place for the first.
        cursor.execute(QUEUE_LOCK, [QUEUE, variant % 2**31])
    row = Variant.objects.select_related("campaign__brand").get(pk=variant)
    place = _line(row).select_related("person", "user").first()
    if place is None or not (row.left or row.reserve):
        return None, False
    if not may_have(place.person, row.campaign, at or timezone.now()):
        if _close(variant, [place.pk]) and has_all(place.person, row.campaign):
            _tell(place.person, "perk_queue_left", row.campaign)
        return None, True
    offer = claims.offer(
        campaign=row.campaign,
        variant=row,
        person=place.person,
        user=place.user,
        source=Claim.Source.WAITING,
        hours=row.campaign.offer_hours,
        score=place.score,
        formula=place.formula,
        key=f"waiting {place.pk}",
        from_reserve=True,
        at=at,
    )
    if offer is None:
        return None, False
    if not WaitingPlace.objects.filter(pk=place.pk, state=WAITING).update(state=OFFERED, offer=offer):
        raise _Left
    Variant.objects.filter(pk=variant).update(waiting=F("waiting") - 1)
    tell_offer(offer)
    return offer, False


def _line(variant: Variant) -> QuerySet[WaitingPlace]:
    return WaitingPlace.objects.filter(variant=variant, state=WAITING).order_by("pk")


def _tell(person: Person, kind: str, campaign: Campaign) -> None:
    """Tell somebody that they no longer wait; in the transaction that ends their place."""
    context = {"title": campaign.title, "brand": campaign.brand.name, "url": campaign.get_absolute_url()}
    notify.notify(person=person, kind=kind, context=context)


# ---------------------------------------------------------------- what the beat finds


def settle(at: datetime, *, clock: datetime | None = None) -> dict[str, int]:
    """Do whatever is due at `at` and was not done in the moment it became so; in numbers. Safe to be run twice.

    clock: instead of the database's, for offers.
    """
    found = {"over": _end_offers(), "closed": 0, "offered": 0, "counted": _count_again()}
    queues = Variant.objects.filter(waiting__gt=0).select_related("campaign__brand").order_by("pk")
    for variant in queues.prefetch_related("campaign__windows"):
        if _is_over(variant.campaign, at):
            found["closed"] += _close_all(variant)
        elif variant.left or variant.reserve:
            found["offered"] += serve(variant.pk, clock)
    return found


def _end_offers() -> int:
    """Close the places whose offers were taken, given back or let pass; the last ones are told. How many."""
    ended = WaitingPlace.objects.filter(state=OFFERED).exclude(offer__state=Claim.State.HELD).order_by("pk")
    number = 0
    for place in ended.select_related("offer__campaign__brand", "offer__person")[:LIMIT]:
        with transaction.atomic():
            if WaitingPlace.objects.filter(pk=place.pk, state=OFFERED).update(state=DONE):
                number += 1
                if place.offer is not None and place.offer.state == Claim.State.EXPIRED:
                    tell_offer_over(place.offer)
    return number


def _is_over(campaign: Campaign, at: datetime) -> bool:
    closes = openings.last_close(campaign)
    return closes is None or at >= closes or campaign.state in (State.ENDED, State.ARCHIVED)


def _close_all(variant: Variant) -> int:
    """Close the queue of a variant, and tell everybody in it; how many."""
    campaign, number = variant.campaign, 0
    while places := list(_line(variant).values_list("pk", flat=True)[:100]):
        with transaction.atomic():
            for person in Person.objects.in_bulk(_close(variant.pk, places)).values():
                _tell(person, "perk_queue_over", campaign)
                number += 1
    return number


def _count_again() -> int:
    """Put `Variant.waiting` right where places went in another way than by this module; how many variants."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT id FROM perks_variant AS variant LEFT JOIN (
                SELECT variant_id, count(*) AS number FROM perks_waitingplace
                WHERE state = 'waiting' GROUP BY variant_id
            ) AS places ON variant_id = id
            WHERE waiting <> coalesce(number, 0)
            """
        )
        variants = [variant for (variant,) in cursor.fetchall()]
    for variant in variants:
        with transaction.atomic():
            # Counted once the row is had: what others have not committed yet is in neither number.
            row = Variant.objects.select_for_update(no_key=True).get(pk=variant)
            row.waiting = _line(row).count()
            row.save(update_fields=["waiting"])
    return len(variants)

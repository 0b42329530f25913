"""Windows that are lotteries: entering them, drawing them, and offering what there is to the places in their order.

Guarantees, whatever happens at once and whether or not a worker is late or killed:

- The seed's fingerprint is there before anybody can enter: it is made when the campaign is scheduled, and an entry
  without it is refused. The seed itself stays encrypted until the draw.
- An entry counts if the database's clock said that the window was open. Entries hold the draw's row shared, the draw
  holds it alone: an entry is either among the tickets that are ranked, or refused; none comes afterwards.
- A window is drawn once, in one transaction: seed, fingerprint of the tickets and places appear together or not at all.
- Offers go by place; one that is not answered, or given back, goes to the next place for that variant. There are never
  more than `Window.winners` at a time (None: than there is stock), and none later than SERVED after the close.
- Who qualified when they entered stays in: a later score takes nothing away.

Order of locks: the draw's row, then claims and the variant as in perks.claims, then entries.
"""

from __future__ import annotations

import logging
import secrets
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import notify, tokens
from accounts.models import Person
from perks import campaigns, claims, openings
from perks.drawing import SEED_BYTES, commitment_of, digest_of, in_order
from perks.eligibility import Checklist
from perks.errors import AlreadyClaimed, NotEligible, NotNow, NotOpen
from perks.models import Campaign, Claim, Draw, Entry, Variant, Window
from perks.offers import may_have, tell_offer, tell_offer_over
from perks.states import CLAIMABLE, State

log = logging.getLogger(__name__)

# For how long after the close places are served, unless it can no longer be used sooner.
SERVED = timedelta(days=14)
# People told in one transaction, and offers that one call makes; the next one goes on.
BATCH = 100
LIMIT = 500
NOW = "COALESCE(%(at)s::timestamptz, clock_timestamp())"
ENTER = f"""
    INSERT INTO perks_entry (window_id, person_id, variant_id, ticket, entered_at, score, formula)
    SELECT w.id, %(person)s, v.id, %(ticket)s::uuid, {NOW}, %(score)s::float8, %(formula)s
    FROM perks_window w
    JOIN perks_campaign c ON c.id = w.campaign_id
    JOIN perks_brand b ON b.id = c.brand_id
    JOIN perks_variant v ON v.campaign_id = c.id AND v.id = %(variant)s
    JOIN perks_draw d ON d.window_id = w.id AND d.drawn_at IS NULL
    WHERE w.id = %(window)s AND w.kind = 'lottery' AND w.opens_at <= {NOW} AND {NOW} < w.closes_at
      AND c.state = ANY(%(states)s) AND NOT c.is_template AND NOT b.suspended
    ON CONFLICT (window_id, person_id) DO UPDATE SET variant_id = EXCLUDED.variant_id
    RETURNING id
"""  # noqa: S608 (constants alone)
WITHDRAW = f"""
    DELETE FROM perks_entry e USING perks_window w
    WHERE w.id = e.window_id AND e.window_id = %(window)s AND e.person_id = %(person)s AND e.rank IS NULL
      AND {NOW} < w.closes_at
"""  # noqa: S608 (constants alone)


def register() -> None:
    """Seeds are made as campaigns are scheduled, and what becomes free is offered at once (AppConfig.ready)."""
    campaigns.when_moved(State.SCHEDULED, commit_all)
    claims.after("freed", serve_soon)


# ---------------------------------------------------------------- before the draw


def commit_all(campaign: Campaign, at: datetime) -> None:
    """Make the seeds of a campaign's lotteries that have none."""
    for window in campaign.windows.filter(kind=Window.Kind.LOTTERY, draw__isnull=True):
        commit(window=window, at=at)


def commit(*, window: Window, at: datetime) -> Draw:
    """The draw of a lottery, with its seed's fingerprint; made where there is none. Raises tokens.LostKey."""
    seed = secrets.token_bytes(SEED_BYTES)
    made = {"commitment": commitment_of(seed), "sealed_seed": tokens.encrypt(seed.hex()), "committed_at": at}
    return Draw.objects.get_or_create(window=window, defaults=made)[0]


def enter(
    *, window: Window, variant: Variant, person: Person, checklist: Checklist, at: datetime | None = None
) -> Entry:
    """`person`'s entry, with a ticket; again, it is the same one, for `variant` from now on.

    Raises NotEligible, AlreadyClaimed, NotOpen by the database's clock (tests: `at`), or where it was drawn.
    """
    if not checklist.ok:
        if any(check.code == "limit" and not check.met for check in checklist.checks):
            raise AlreadyClaimed()
        raise NotEligible(checklist=checklist)
    values: dict[str, Any] = {
        "window": window.pk,
        "variant": variant.pk,
        "person": person.pk,
        "ticket": uuid.uuid4(),
        "score": checklist.score,
        "formula": checklist.formula,
        "states": list(CLAIMABLE),
        "at": at,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        _share(window)
        cursor.execute(ENTER, values)
        row = cursor.fetchone()
        if row is None:
            raise NotOpen()
        return Entry.objects.get(pk=row[0])


def withdraw(*, window: Window, person: Person, at: datetime | None = None) -> bool:
    """Take an entry back while the window is open; whether there was one. Raises NotNow once it has closed."""
    with transaction.atomic(), connection.cursor() as cursor:
        _share(window)
        cursor.execute(WITHDRAW, {"window": window.pk, "person": person.pk, "at": at})
        if cursor.rowcount:
            return True
    if Entry.objects.filter(window=window, person=person).exists():
        raise NotNow(_("The window has closed, and the tickets are fixed. If you are drawn, you can let it pass."))
    return False


def _share(window: Window) -> None:
    """Keep the draw from being held while an entry is written. Raises NotOpen where no seed was made yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM perks_draw WHERE window_id = %s FOR SHARE", [window.pk])
        if cursor.fetchone() is None:
            raise NotOpen()


# ---------------------------------------------------------------- the draw


@transaction.atomic
def draw(*, window: Window, at: datetime | None = None) -> Draw:
    """Reveal the seed and give every ticket its place; again, it is the same draw.

    Raises NotNow before the window has closed by the database's clock (tests: `at`), and where the campaign was ended
    before that; Draw.DoesNotExist for what is no lottery, tokens.LostKey.
    """
    found = Draw.objects.select_for_update(of=("self",)).select_related("window__campaign").get(window=window)
    if found.drawn_at is not None:
        return found
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {NOW}", {"at": at})
        [now] = cursor.fetchone()
    if now < found.window.closes_at or openings.is_ended_early(found.window.campaign):
        raise NotNow()
    entries = {str(ticket): pk for pk, ticket in Entry.objects.filter(window=window).values_list("pk", "ticket")}
    seed = bytes.fromhex(tokens.decrypt(found.sealed_seed))
    ranked = [entries[ticket] for ticket in in_order(seed, entries)]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE perks_entry SET rank = place
            FROM unnest(%s::bigint[]) WITH ORDINALITY AS ranked (entry, place) WHERE id = entry
            """,
            [ranked],
        )
    found.seed, found.tickets_digest, found.drawn_at = seed.hex(), digest_of(entries).hex(), now
    found.save(update_fields=["seed", "tickets_digest", "drawn_at"])
    return found


# ---------------------------------------------------------------- offers


def served_until(window: Window) -> datetime:
    """Until when places of a lottery are offered what there is."""
    campaign = window.campaign
    ends = (campaign.use_until, campaign.takes_place_at)
    return min([window.closes_at + SERVED, *(end for end in ends if end is not None)])


def serve_soon(variant: int) -> None:
    """Have a worker serve the places of a variant's campaign, if it has any."""
    windows = Window.objects.filter(campaign__variants=variant, draw__drawn_at__isnull=False)
    for window in windows.values_list("pk", flat=True):
        # By its name: tasks import this.
        current_app.send_task("perks.tasks.serve_draw", [window])


def serve(*, window: Window, at: datetime, clock: datetime | None = None, limit: int = LIMIT) -> int:
    """Offer what is free to the places of a drawn lottery, in their order; how many offers. Safe to be run by two.

    clock: instead of the database's, for offers.
    """
    campaign = window.campaign
    allowed = campaign.state in CLAIMABLE or campaign.state == State.ENDED
    if not allowed or campaign.brand.suspended or at >= served_until(window) or openings.is_ended_early(campaign):
        return 0
    made, last = 0, 0
    while made < limit:
        try:
            rank, offered = _offer_next(window, last, at, clock)
        except AlreadyClaimed:
            # In this moment; looked at again, they are passed over.
            continue
        if rank is None:
            break
        made, last = made + offered, rank
    return made


@transaction.atomic
def _offer_next(window: Window, last: int, at: datetime, clock: datetime | None) -> tuple[int | None, bool]:
    """The next place after `last` that something is free for, and whether it was offered; None: there is none."""
    # One at a time: offers are counted against the number of winners.
    found = Draw.objects.select_for_update(of=("self",), no_key=True).get(window=window)
    mine = Claim.objects.filter(window=window, source=Claim.Source.LOTTERY, state__in=Claim.ACTIVE)
    if found.drawn_at is None or (window.winners is not None and mine.count() >= window.winners):
        return None, False
    free = Variant.objects.filter(
        campaign=window.campaign_id, waiting=0, quantity__gt=F("claimed") + F("held") + F("reserve")
    )
    entry = waiting_places(window).filter(rank__gt=last, variant__in=free).select_related("person", "variant").first()
    if entry is None or entry.rank is None or entry.person is None:
        return None, False
    if not may_have(entry.person, window.campaign, at):
        return entry.rank, False
    offer = claims.offer(
        campaign=window.campaign,
        variant=entry.variant,
        person=entry.person,
        source=Claim.Source.LOTTERY,
        hours=window.campaign.offer_hours,
        score=entry.score,
        formula=entry.formula,
        window=window,
        key=f"ticket {entry.ticket}",
        at=clock,
    )
    if offer is None:
        # Taken, paused or ended in this moment: whatever is free later is offered then.
        return None, False
    # Whoever is offered something needs not be told their place as well.
    Entry.objects.filter(pk=entry.pk).update(offer=offer, told_at=at)
    tell_offer(offer)
    return entry.rank, True


def waiting_places(window: Window) -> QuerySet[Entry]:
    """Places to which nothing was offered yet, in their order."""
    return Entry.objects.filter(window=window, rank__isnull=False, offer=None, person__isnull=False).order_by("rank")


# ---------------------------------------------------------------- what the beat finds


def settle(at: datetime, *, clock: datetime | None = None) -> dict[str, int]:
    """Do whatever is due at `at`: seeds, draws, offers, telling people; in numbers. Safe to be run twice.

    clock: instead of the database's, for draws and offers.
    """
    found = {"seeds": 0, "drawn": 0, "offered": 0, "told": 0, "over": _tell_over(at), "not_drawn": _tell_not_drawn(at)}
    lotteries = Window.objects.filter(kind=Window.Kind.LOTTERY, campaign__is_template=False)
    lotteries = lotteries.select_related("campaign__brand").order_by("closes_at", "pk")
    for window in lotteries.filter(campaign__state__in=CLAIMABLE | {State.PAUSED}, draw=None, closes_at__gt=at):
        commit(window=window, at=at)
        found["seeds"] += 1
    late = Q(closes_at__lte=at, closes_at__gt=at - SERVED, campaign__state__in=CLAIMABLE | {State.PAUSED, State.ENDED})
    for window in lotteries.filter(late, draw__isnull=False):
        found["drawn"] += _draw_late(window, clock)
        offered = serve(window=window, at=at, clock=clock)
        found["offered"] += offered
        # Once everybody who is offered something knows that.
        found["told"] += 0 if offered else tell_places(window=window, at=at)
    return found


def _draw_late(window: Window, clock: datetime | None) -> bool:
    if Draw.objects.filter(window=window, drawn_at__isnull=False).exists():
        return False
    try:
        draw(window=window, at=clock)
    except NotNow:
        return False
    except tokens.LostKey:
        # One seed that nobody can open any more keeps no other lottery from its draw.
        log.exception("the lottery of window %s cannot be drawn", window.pk)
        return False
    return True


def tell_places(*, window: Window, at: datetime) -> int:
    """Tell everybody who entered which place they came to, once; who was offered something knows. How many."""
    if not Draw.objects.filter(window=window, drawn_at__isnull=False).exists():
        return 0
    campaign = window.campaign
    entries = Entry.objects.filter(window=window)
    context = {
        "title": campaign.title,
        "brand": campaign.brand.name,
        "tickets": entries.count(),
        "url": path_of(window),
    }
    untold = entries.filter(told_at=None, rank__isnull=False, person__isnull=False).order_by("rank")
    return _tell_entries(untold, "perk_drawn", context, at)


def _tell_entries(untold: QuerySet[Entry], kind: str, context: dict[str, Any], at: datetime) -> int:
    """Tell those of `untold` (with a person, not told yet) whom no other process has told meanwhile; how many."""
    told = 0
    for found in _batches(untold):
        with transaction.atomic():
            for entry in found:
                if Entry.objects.filter(pk=entry.pk, told_at=None).update(told_at=at):
                    assert entry.person is not None, "only those with a person were asked for"
                    more = {"rank": entry.rank} if entry.rank is not None else {}
                    notify.notify(person=entry.person, kind=kind, context=context | more)
                    told += 1
    return told


def _batches(entries: QuerySet[Entry]) -> Iterator[list[Entry]]:
    while found := list(entries.select_related("person")[:BATCH]):
        yield found


def _tell_over(at: datetime) -> int:
    """Tell those who have let an offer pass that it went on; how many."""
    ended = Entry.objects.filter(offer__state=Claim.State.EXPIRED, over_at=None).order_by("pk")
    number = 0
    for entry in ended.select_related("offer__campaign__brand", "offer__person")[:LIMIT]:
        with transaction.atomic():
            if Entry.objects.filter(pk=entry.pk, over_at=None).update(over_at=at) and entry.offer is not None:
                tell_offer_over(entry.offer)
                number += 1
    return number


def _tell_not_drawn(at: datetime) -> int:
    """Tell those who entered what was ended before its draw that there will be none, once; how many."""
    untold = Entry.objects.filter(told_at=None, rank=None, person__isnull=False).order_by("pk")
    undrawn = Window.objects.filter(
        Exists(untold.filter(window=OuterRef("pk"))),
        kind=Window.Kind.LOTTERY,
        draw__drawn_at=None,
        campaign__state__in=[State.ENDED, State.ARCHIVED],
    )
    number = 0
    for window in undrawn.select_related("campaign__brand").order_by("pk"):
        campaign = window.campaign
        if not openings.is_ended_early(campaign):
            continue
        context = {"title": campaign.title, "brand": campaign.brand.name, "url": campaign.get_absolute_url()}
        number += _tell_entries(untold.filter(window=window), "perk_not_drawn", context, at)
    return number


def path_of(window: Window) -> str:
    """The page of a draw."""
    return reverse("perk_draw", args=[window.campaign_id, window.pk])

"""Reviews: what somebody says of a perk they had, the brand's answer, and what the staff takes from the page.

Nobody is asked for one, nothing depends on what it says: neither a score nor who qualifies for anything reads this
table. That one was written at all, whatever the stars, is told to the log (perks.reviewed), for an achievement.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Case, CharField, Count, Exists, F, OuterRef, QuerySet, Value, When
from django.utils.translation import gettext as _

from accounts import notify
from accounts.models import Person, User
from accounts.models.people import visible
from perks import audit, reviewed, timeline
from perks.errors import NotNow, PerkError
from perks.models import Campaign, Claim, Review, ReviewReport

# Fewer stars than these have no average: one voice more would turn it.
ENOUGH = 5
# How long it is kept what somebody told the staff of a review, and that it was they.
REPORTS_KEPT = timedelta(days=365)
HAD = (Claim.State.CLAIMED, Claim.State.REDEEMED)


def write(*, claim: Claim, stars: int | None, text: str, at: datetime) -> Review:
    """The claim's review, new or changed. Raises NotNow for what was never had, PerkError where nothing is said."""
    text = visible(text).strip()
    if stars is None and not text:
        raise PerkError(_("Give stars, or say something in words; or leave it."))
    with transaction.atomic():
        if Claim.objects.select_for_update().get(pk=claim.pk).state not in HAD:
            raise NotNow(_("Only a perk that you have can be reviewed."))
        review = Review.objects.filter(claim=claim).first()
        if review is None:
            timeline.note(claim.pk, "reviewed", at)
            reviewed.follow(claim.pk)
            return Review.objects.create(claim=claim, stars=stars, text=text, written_at=at)
        if (review.stars, review.text) != (stars, text):
            review.stars, review.text, review.changed_at = stars, text, at
            # What the staff took from the page for its words is looked at anew by the staff, not by changing them.
            review.save(update_fields=["stars", "text", "changed_at"])
    return review


def remove(*, claim: Claim) -> bool:
    """Delete the claim's review, with the answer to it; whether there was one. That it was written stays true."""
    deleted, _of = Review.objects.filter(claim=claim).delete()
    return deleted > 0


def answer(*, review: Review, text: str, user: User, at: datetime) -> None:
    """The brand's answer, new, changed or ("") taken back; the person is told of the first."""
    text = visible(text).strip()
    with transaction.atomic():
        locked = Review.objects.select_for_update(of=("self",)).select_related(
            "claim__person", "claim__campaign__brand"
        )
        review = locked.get(pk=review.pk)
        if review.answer == text:
            return
        first = not review.answer
        review.answer, review.answered_at = text, (at if text else None)
        review.save(update_fields=["answer", "answered_at"])
        campaign = review.claim.campaign
        about = f"review {review.pk}"
        audit.record(brand=campaign.brand, user=user, action="answer review", campaign=campaign, about=about, at=at)
        if first and review.claim.person is not None:
            context = {"brand": campaign.brand.name, "title": campaign.title, "answer": text}
            context["url"] = f"{campaign.get_absolute_url()}#reviews"
            notify.notify(person=review.claim.person, kind="review_answered", context=context)


def hide(*, review: Review, reason: str, user: User, at: datetime) -> None:
    """The staff takes a review from the page, or ("") puts it back; the brand's log says so, not whose it is."""
    with transaction.atomic():
        Review.objects.filter(pk=review.pk).update(hidden_reason=reason)
        campaign = review.claim.campaign
        audit.record(
            brand=campaign.brand,
            user=user,
            action="hide review" if reason else "show review",
            campaign=campaign,
            about=f"review {review.pk}",
            reason=reason,
            at=at,
        )


def report(*, review: Review, user: User, text: str, at: datetime) -> ReviewReport:
    """Ask the staff to look at a review; the same user's second report changes the first."""
    values = {"text": visible(text).strip()[:500], "at": at}
    return ReviewReport.objects.update_or_create(review=review, user=user, defaults=values)[0]


def forget_reports(at: datetime) -> int:
    """Delete the reports that are older than REPORTS_KEPT; how many."""
    return ReviewReport.objects.filter(at__lte=at - REPORTS_KEPT).delete()[0]


def shown(campaign: Campaign, reader: object, day: date) -> QuerySet[Review]:
    """The campaign's reviews as `reader` (a User or AnonymousUser) sees them, newest first, each with `known_as`.

    known_as: what its author is called, "" where the reader may not see who that is.
    """
    seen = Person.objects.visible_to(reader, day).filter(pk=OuterRef("claim__person"))
    name = Case(
        When(claim__person__name="", then=F("claim__person__handle")),
        default=F("claim__person__name"),
        output_field=CharField(),
    )
    rows = on_page(campaign).annotate(known_as=Case(When(Exists(seen), then=name), default=Value("")))
    return rows.order_by("-written_at", "-pk")


def on_page(campaign: Campaign) -> QuerySet[Review]:
    return Review.objects.filter(claim__campaign=campaign, hidden_reason="")


def distribution(campaign: Campaign) -> dict[int | None, int]:
    """How many gave how many stars: {5: 3, 4: 0, ..., 1: 1, None: words alone}; one query."""
    counted = on_page(campaign).order_by().values("stars").annotate(number=Count("pk"))
    found = {row["stars"]: row["number"] for row in counted}
    return {stars: found.get(stars, 0) for stars in (5, 4, 3, 2, 1, None)}


def average(counts: dict[int | None, int]) -> float | None:
    """The mean number of stars of a distribution; None of fewer than ENOUGH."""
    rated = {stars: number for stars, number in counts.items() if stars is not None}
    total = sum(rated.values())
    if total < ENOUGH:
        return None
    return sum(stars * number for stars, number in rated.items()) / total

"""Problems with a perk: told by who has it, answered by the brand, and shown to the staff where nobody answers."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import notify
from accounts.models import User
from accounts.models.people import visible
from perks import audit, timeline
from perks.errors import NotNow, PerkError, TooMany
from perks.models import Claim, Problem

# Of one claim at a time.
MOST_OPEN = 3
# After this time without an answer the staff is shown it.
PATIENCE = timedelta(days=3)
# Also of what was cancelled: that may be the problem.
HAD = (Claim.State.CLAIMED, Claim.State.REDEEMED, Claim.State.CANCELLED)


def report(*, claim: Claim, kind: str, text: str, at: datetime) -> Problem:
    """Tell the brand. Raises NotNow for what was never had, TooMany, PerkError for a kind that needs words."""
    text = visible(text).strip()
    if kind == Problem.Kind.OTHER and not text:
        raise PerkError(_("Please say in your words what happened."))
    with transaction.atomic():
        if Claim.objects.select_for_update().get(pk=claim.pk).state not in HAD:
            raise NotNow(_("Only of a perk that you have, a problem can be told."))
        opened = Problem.objects.filter(claim=claim, state=Problem.State.OPEN)
        # A form that was sent twice is one problem.
        same = opened.filter(kind=kind, text=text).first()
        if same is not None:
            return same
        if opened.count() >= MOST_OPEN:
            raise TooMany(_("There are three open problems with this already. Please wait for an answer."))
        timeline.note(claim.pk, "problem", at)
        return Problem.objects.create(claim=claim, kind=kind, text=text, reported_at=at)


def answer(*, problem: Problem, text: str, user: User, at: datetime) -> None:
    """The brand's (or the staff's) answer, told to the person by news and mail. Raises PerkError without words."""
    text = visible(text).strip()
    if not text:
        raise PerkError(_("An answer has words."))
    with transaction.atomic():
        locked = Problem.objects.select_for_update(of=("self",)).select_related(
            "claim__person", "claim__campaign__brand"
        )
        problem = locked.get(pk=problem.pk)
        if problem.answer == text:
            return
        problem.answer, problem.answered_at = text, at
        if problem.state == Problem.State.OPEN:
            problem.state = Problem.State.ANSWERED
        problem.save(update_fields=["answer", "answered_at", "state"])
        claim, campaign = problem.claim, problem.claim.campaign
        timeline.note(claim.pk, "answered", at)
        about = f"problem {problem.pk}"
        audit.record(brand=campaign.brand, user=user, action="answer problem", campaign=campaign, about=about, at=at)
        if claim.person is not None:
            context = {"brand": campaign.brand.name, "title": campaign.title, "answer": text}
            context["url"] = reverse("perk_problem", args=[claim.reference])
            notify.notify(person=claim.person, kind="problem_answered", context=context)


def settle(*, problem: Problem) -> None:
    """Its person says that it is settled, with or without an answer."""
    Problem.objects.filter(pk=problem.pk).update(state=Problem.State.CLOSED)


def unanswered(at: datetime) -> QuerySet[Problem]:
    """Open for longer than PATIENCE, the oldest first: the staff's list."""
    rows = Problem.objects.filter(state=Problem.State.OPEN, reported_at__lte=at - PATIENCE)
    return rows.select_related("claim__campaign__brand").order_by("reported_at")

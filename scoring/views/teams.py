"""The teams of who is logged in, and the first page of one: where it stands, its accounts, its month, what was done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import teams as flows
from accounts.freshness import freshness_of
from accounts.models import Membership, Person, User
from accounts.views.team_changes import newest
from accounts.views.team_parts import team_of
from scoring.models import Score
from scoring.models.scores import CHANGE_DAYS
from scoring.views.month_days import history_of, month_at, month_of
from scoring.views.month_drawing import bars

NEWEST = 5


@login_required
@never_cache
@require_safe
def teams(request: HttpRequest) -> HttpResponse:
    """Every team with the reader's role in it and its score."""
    assert isinstance(request.user, User)
    mine = Membership.objects.filter(user=request.user, person__kind=Person.Kind.ORGANISATION)
    found = list(mine.select_related("person__score").order_by("person__name", "pk"))
    own = sum(one.role == Membership.Role.OWNER for one in found)
    context: dict[str, Any] = {
        "memberships": [(one, getattr(one.person, "score", None), flows.ROLES[one.role]) for one in found],
        "may_make": own < flows.MOST_OWNED,
        "most": flows.MOST_OWNED,
    }
    return render(request, "accounts/teams.html", context)


@login_required
@never_cache
@require_safe
def team(request: HttpRequest, handle: str) -> HttpResponse:
    """A team's first page, for its members."""
    found = team_of(request, handle, also=("score__run",))
    at = timezone.now()
    score: Score | None = getattr(found.person, "score", None)
    before = [score.as_of - timedelta(days=days) for days in CHANGE_DAYS] if score else []
    first = month_at("", at.date())
    history = history_of(found.person, first, before)
    month = month_of(found.person, first, at.date(), history)
    links = freshness_of(found.person, at)
    context = found.context("team") | {
        "score": score,
        "gains": score.changes(history, as_read=True) if score else {},
        "links": links,
        "month": month,
        "drawing": bars(month),
        "lines": newest(found.person, NEWEST, at.date(), [one.link for one in links]),
        "may": [(what, [role in roles for role in Membership.Role.values]) for what, roles in flows.MAY],
        "role_says": flows.ROLES[found.membership.role],
    }
    return render(request, "accounts/team.html", context)

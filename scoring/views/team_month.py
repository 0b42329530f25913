"""A team's month, day by day: as a drawing, a table and a file; for its members."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.spreadsheets import safe, written
from accounts.views.team_parts import Team, team_of
from scoring.views.month_days import ACTIVITY_DAYS, Month, month_at, month_of
from scoring.views.month_drawing import bars

HEADINGS = (
    *("day", "score", "change", "posts", "reactions", "people"),
    *("best_post_network", "best_post", "best_post_reactions"),
)


@login_required
@never_cache
@require_safe
def team_month(request: HttpRequest, handle: str) -> HttpResponse:
    """?month=2026-10, else the current one."""
    team, month = asked(request, handle)
    context = team.context("month") | {
        "month": month,
        "drawing": bars(month),
        "told_days": ACTIVITY_DAYS,
        "is_current": month.after is None,
    }
    return render(request, "accounts/team_month.html", context)


@login_required
@never_cache
@require_safe
def team_month_csv(request: HttpRequest, handle: str) -> HttpResponseBase:
    """The days of the month that have begun."""
    team, month = asked(request, handle)
    return StreamingHttpResponse(
        written(file_rows(month)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{team.handle}-{month.first:%Y-%m}.csv"'},
    )


def asked(request: HttpRequest, handle: str) -> tuple[Team, Month]:
    team, today = team_of(request, handle), timezone.now().date()
    return team, month_of(team.person, month_at(request.GET.get("month", ""), today), today)


def file_rows(month: Month) -> Iterator[tuple[object, ...]]:
    """What is not known is empty: no score, or days before the log of reactions begins."""
    yield HEADINGS
    for day in month.past:
        score = "" if day.score is None else f"{day.score:.1f}"
        change = "" if day.change is None else f"{day.change:.1f}"
        counted = ["" if number is None else number for number in (day.reactions, day.people)]
        best = (day.best.network, safe(day.best.url), day.best.reactions) if day.best else ("", "", "")
        yield (day.day.isoformat(), score, change, day.posts, *counted, *best)

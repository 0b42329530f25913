"""The page of what a user was told: newest first, a page at a time; opening something marks it read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.context import unread
from accounts.matters import KINDS, MATTERS, kinds_of
from accounts.models import Notification, User
from accounts.preferences import path_here

PAGE = 20
# Older ones are forgotten (`forget_old`).
KEPT = timedelta(days=180)
BATCH = 10_000


class Place(NamedTuple):
    """Where a page begins: after the row of this time and key."""

    at: datetime
    pk: int

    @classmethod
    def read(cls, text: str) -> Place | None:
        """The place that `written` wrote; None for anything else."""
        at, _mark, pk = text.partition("_")
        try:
            place = cls(datetime.fromisoformat(at), int(pk))
        except ValueError:
            return None
        return place if timezone.is_aware(place.at) and 0 < place.pk < 2**63 else None

    @property
    def written(self) -> str:
        return f"{self.at.isoformat()}_{self.pk}"


@dataclass(frozen=True, slots=True)
class Filter:
    """A choice of what the page shows: `address` leads to it."""

    label: str | Promise
    address: str
    chosen: bool


@login_required
@never_cache
@require_safe
def notifications(request: HttpRequest) -> HttpResponse:
    """?matter= shows what is about one matter, ?before= an older page."""
    assert isinstance(request.user, User)
    wanted = request.GET.get("matter", "")
    matter = wanted if wanted in MATTERS else ""
    place = Place.read(request.GET.get("before", ""))
    rows = list(page_of(request.user, matter=matter, after=place)[: PAGE + 1])
    shown, more = rows[:PAGE], len(rows) > PAGE
    older = urlencode(
        ({"matter": matter} if matter else {}) | {"before": Place(shown[-1].created_at, shown[-1].pk).written}
        if more
        else {}
    )
    here = reverse("notifications")
    return render(
        request,
        "accounts/notifications.html",
        {
            "rows": [(row, MATTERS[KINDS[row.kind].matter].label if row.kind in KINDS else "") for row in shown],
            "filters": filters(request.user, matter),
            "matter": matter,
            "matter_label": MATTERS[matter].label if matter else "",
            "older": f"{here}?{older}" if more else "",
            "newest": f"{here}?{urlencode({'matter': matter})}" if matter else here,
            "paged": place is not None,
        },
    )


def page_of(user: User, *, matter: str, after: Place | None) -> QuerySet[Notification]:
    """What `user` was told (about `matter`, if any), the newest first, after a place."""
    rows = Notification.objects.filter(user=user, on_site=True).select_related("person")
    if matter:
        rows = rows.filter(kind__in=kinds_of(matter))
    if after is not None:
        # The first condition is what an index can be searched by.
        rows = rows.filter(Q(created_at__lt=after.at) | Q(pk__lt=after.pk), created_at__lte=after.at)
    return rows.order_by("-created_at", "-pk")


def filters(user: User, matter: str) -> list[Filter]:
    """A choice for each matter that there is news about; none where all is about one."""
    kinds = Notification.objects.filter(user=user, on_site=True).order_by().values_list("kind", flat=True).distinct()
    there = {KINDS[kind].matter for kind in kinds if kind in KINDS} | ({matter} if matter else set())
    if len(there) < 2:
        there &= {matter}
    here = reverse("notifications")
    shown = [
        Filter(known.label, f"{here}?{urlencode({'matter': slug})}", chosen=slug == matter)
        for slug, known in MATTERS.items()
        if slug in there
    ]
    return [Filter(_("Everything"), here, chosen=not matter), *shown] if shown else []


@login_required
@never_cache
@require_safe
def open_notification(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark it read, and lead to what it is about: always to a page of this site."""
    row = get_object_or_404(Notification, pk=pk, user=request.user)
    if row.read_at is None:
        Notification.objects.filter(pk=row.pk, read_at__isnull=True).update(read_at=timezone.now())
    return redirect(path_here(row.url) or reverse("notifications"))


@login_required
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark all of it read, or what is about one matter."""
    assert isinstance(request.user, User)
    rows = Notification.objects.filter(user=request.user, read_at__isnull=True, on_site=True)
    matter = request.POST.get("matter", "")
    if matter in MATTERS:
        rows = rows.filter(kind__in=kinds_of(matter))
    rows.update(read_at=timezone.now())
    if not unread(request):
        messages.success(request, _("Everything is marked as read."))
    return redirect(f"{reverse('notifications')}?{urlencode({'matter': matter})}" if matter else "notifications")


def forget_old(*, at: datetime) -> int:
    """Delete what was told long ago, in batches; how many."""
    forgotten = 0
    while True:
        old = Notification.objects.filter(created_at__lt=at - KEPT).values_list("pk", flat=True)[:BATCH]
        number = Notification.objects.filter(pk__in=list(old)).delete()[0]
        forgotten += number
        if number < BATCH:
            return forgotten

"""The front page: what this is, how the score works, and a way to look somebody up."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.handles import FORM
from accounts.models import Person, User
from accounts.networks import NETWORKS
from accounts.networks.klout import OWN
from scoring import bands
from scoring.models import Score, ScoreRun

# Nobody's: what the lines of an explanation look like. They add up to the example's bubble.
SAMPLE: tuple[tuple[str, Promise | str, float], ...] = (
    ("reach", _("612 people who follow"), 12.6),
    ("reach", _("84 different people who reacted this month"), 8.7),
    ("amplification", _("31 people who shared something"), 9.1),
    ("amplification", _("27 people who replied"), 5.6),
    ("network", _("How much those 84 move others themselves"), 9.9),
)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What this is; ?handle= leads to that profile, or to a search for it: looking somebody up needs no script."""
    wanted = request.GET.get("handle", "").replace("\x00", "").strip().removeprefix("@")
    if wanted:
        return redirect(looked_up(request, wanted))
    newest = ScoreRun.objects.filter(state=ScoreRun.State.DONE, kind=ScoreRun.Kind.DAILY).order_by("-as_of", "-pk")
    context: dict[str, Any] = {
        "newest": newest.first(),
        "networks": [network.spec.label for slug, network in NETWORKS.items() if slug != OWN],
        "scale": bands.along(),
        "sample": SAMPLE,
        "sample_total": sum(points for _part, _label, points in SAMPLE),
    }
    person = request.user.person if isinstance(request.user, User) else None
    if person is not None:
        score = Score.objects.filter(person=person).first()
        context |= {"mine": person, "score": score, "band": bands.band_of(score.score) if score else None}
    return render(request, "scoring/home.html", context)


def looked_up(request: HttpRequest, wanted: str) -> str:
    """Where to go for what somebody typed: the profile of that handle, else a search for it."""
    handle = wanted.lower() if FORM.fullmatch(wanted) else ""
    # Who may not be seen is looked for like who does not exist.
    people = Person.objects.visible_to(request.user, timezone.now().date())
    if handle and people.by_handle(handle).exists():
        return reverse("profile", args=[handle])
    return f"{reverse('search')}?{urlencode({'q': wanted})}"

"""The page of every released formula: what it changed, since when it counted here, and what runs in its shadow."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np
from django.db.models import Count, Max, Min
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.networks import BY_CODE
from scoring import formula, versions
from scoring.formula.pooled import Pooled
from scoring.measured import PART_WORDS
from scoring.models import FormulaSwitch, ScoreRun, ShadowFormula
from scoring.releases import GROUPS, Release, releases


@dataclass(frozen=True, slots=True)
class Told:
    """A formula and its part here. state: live, waiting (switched to, before its first run), shadow, past or unused.

    first, last: the days whose scores are by it; days: how many there are.
    """

    release: Release
    state: str
    first: date | None = None
    last: date | None = None
    days: int = 0
    shadow_since: datetime | None = None
    numbers: Mapping[str, Any] = field(default_factory=dict)


@require_safe
def formulas(request: HttpRequest) -> HttpResponse:
    """Every formula of this release, the live one first; and each time that one took another's place here."""
    at = timezone.now()
    shown, live = versions.shown_formula(at), versions.live_formula(at)
    daily = ScoreRun.objects.filter(state=ScoreRun.State.DONE, kind=ScoreRun.Kind.DAILY)
    ran: dict[str, Any] = {
        row["formula"]: row
        for row in daily.values("formula").annotate(
            first=Min("as_of"), last=Max("as_of"), days=Count("as_of", distinct=True)
        )
    }
    shadows = dict(ShadowFormula.objects.values_list("formula", "started_at"))
    told = []
    for release in releases():
        version = release.version
        days = ran.get(version, {})
        if version == shown:
            state = "live"
        elif version == live:
            state = "waiting"
        elif version in shadows:
            state = "shadow"
        else:
            state = "past" if days else "unused"
        told.append(
            Told(
                release,
                state,
                days.get("first"),
                days.get("last"),
                days.get("days", 0),
                shadows.get(version),
                numbers_of(version),
            )
        )
    context = {
        "here": "formulas",
        "formulas": sorted(told, key=lambda one: one.state != "live"),
        "switches": FormulaSwitch.objects.filter(switched_at__lte=at)[:100],
    }
    return render(request, "scoring/formulas.html", context)


def numbers_of(version: str) -> Mapping[str, Any]:
    """What a formula declares, for tables: its groups, the networks' weights, and the anchors of its scale."""
    scorer = formula.get(version)
    if not isinstance(scorer, Pooled):
        return {}
    return {
        "groups": [
            (GROUPS.get(group.name, group.name), PART_WORDS[group.part], group.weight, group.scale, group.bounded)
            for group in scorer.groups
        ],
        "anchors": [(latent, score) for latent, score in scorer.anchors if math.isfinite(latent)],
        "top": scorer.anchors[-1][1],
        "weights": [
            (BY_CODE[code].spec.label, weight) for code, weight in scorer.network_weights.items() if code in BY_CODE
        ],
        "other_weight": scorer.other_network_weight,
        # Networks that stand apart, and the score at which each ends by itself.
        "ends": [
            (BY_CODE[code].spec.label, float(scorer.curve(np.array([bound]))[0]))
            for code, bound in scorer.network_bounds.items()
            if code in BY_CODE
        ],
    }

"""The pages of how the score is made, with the live formula's own numbers, and of everything that is measured."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from accounts.networks import BY_CODE
from accounts.pauses import DAYS_A_YEAR
from scoring import bands, formula, measured, versions
from scoring.features.catalogue import WINDOWS
from scoring.formula.pooled import Pooled

# Until a run or a release changes it.
SECONDS = 24 * 60 * 60


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """How a score comes about, in plain words with the numbers of the formula that current scores are by."""
    version = version_shown(timezone.now())
    scorer = formula.get(version)
    context: dict[str, Any] = {
        "here": "transparency",
        "version": version,
        "half_lives": WINDOWS,
        "bands": bands.BANDS,
        "rest_days": DAYS_A_YEAR,
        "networks": len(BY_CODE),
    }
    if isinstance(scorer, Pooled):
        context |= numbers_of(scorer)
    return render(request, "scoring/transparency.html", context)


def numbers_of(scorer: Pooled) -> dict[str, Any]:
    """The numbers of a formula that pages name: where they are not round, rounded for reading."""
    heavy = [(BY_CODE[code].spec.label, weight) for code, weight in scorer.network_weights.items() if code in BY_CODE]
    finite = [(latent, score) for latent, score in scorer.anchors if math.isfinite(latent)]
    bound = float(scorer.curve(np.array([scorer.supplied_bound]))[0]) if math.isfinite(scorer.supplied_bound) else None
    return {
        "anchors": finite,
        "weights": sorted((pair for pair in heavy if pair[1] > 0), key=lambda pair: -pair[1]),
        "apart": [label for label, weight in heavy if weight <= 0],
        "other_weight": scorer.other_network_weight,
        # Of two equal networks the second adds so much of what one brings to the latent value.
        "second_network": scorer.breadth * math.log(2.0),
        "supplied_bound": bound,
        "ends": [
            (BY_CODE[code].spec.label, float(scorer.curve(np.array([bound]))[0]))
            for code, bound in scorer.network_bounds.items()
            if code in BY_CODE
        ],
        "unanswered_percent": 100.0 * (1.0 - scorer.unanswered),
        "solid_confirmed": int(scorer.solid_confirmed),
        "fair_people": int(scorer.fair_people),
        "groups": scorer.groups,
    }


@require_safe
def features(request: HttpRequest) -> HttpResponse:
    """All measurements by network, in plain words; the list is made once for each run and release."""
    run, version = measured.newest(), version_shown(timezone.now())
    key = f"features:{measured.DIGEST}:{version}:{run.pk if run else 0}:{get_language()}"
    found: dict[str, object] | None = cache.get(key)
    if found is None:
        found = _made(version, measured.accounts_of(run))
        cache.set(key, found, SECONDS)
    # Our own template's markup, in which everything was escaped when it was made.
    shown = mark_safe(str(found["html"]))  # noqa: S308
    context = {**found, "list": shown, "run": run, "version": version, "here": "features"}
    return render(request, "scoring/features.html", context)


def version_shown(at: datetime) -> str:
    """The formula that current scores are by; where this release has it no more, the one that it has."""
    version = versions.shown_formula(at)
    return version if version in formula.VERSIONS else formula.RELEASED


def _made(version: str, accounts: Mapping[str, Mapping[str, int]]) -> dict[str, object]:
    sections = measured.sections(version, accounts)
    return {
        "html": render_to_string("scoring/_features.html", {"sections": sections, "known": bool(accounts)}),
        "total": sum(len(section.lines) for section in sections),
        "there": sum(section.there for section in sections),
        "networks": len(sections),
        "contents": [{"slug": section.slug, "label": section.label} for section in sections],
    }

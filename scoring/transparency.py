"""The page of everything that is measured: every network, every measurement, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from scoring import formula, measured, versions

# Until a run or a release changes it.
SECONDS = 24 * 60 * 60


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
    return render(request, "scoring/features.html", {**found, "list": shown, "run": run, "version": version})


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

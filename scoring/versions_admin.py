"""The staff's page of formulas: which one counts, which run in shadow, and who would move by those, as published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.models import Person
from accounts.read_only import ReadOnly
from scoring import comparisons, formula, versions
from scoring.comparisons import FAR, FEATURES_EACH, Bucket, Comparison, Mover
from scoring.formula.explain import PART_LABELS
from scoring.models import FormulaSwitch, ScoreRun, ShadowFormula

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Version:
    """A formula as the page lists it; state: live, shadow, baseline or released. run: its last shadow run."""

    name: str
    state: str
    since: datetime | None
    run: ScoreRun | None


@dataclass(frozen=True, slots=True)
class Bar:
    """A bucket of the histogram, with the length of its bar in hundredths and its share of people in percent."""

    label: str
    people: int
    length: float
    percent: float


@dataclass(frozen=True, slots=True)
class Moved:
    """Somebody who would move far, by handle, with what moves in words and points."""

    person: Person
    mover: Mover
    parts: Sequence[tuple[str, float]]
    networks: Sequence[tuple[str, float]]
    features: Sequence[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Shown:
    """One comparison as the page shows it."""

    comparison: Comparison
    run: ScoreRun
    bars: Sequence[Bar]
    parts: Sequence[tuple[str, float, float]]
    networks: Sequence[tuple[str, comparisons.OfNetwork]]
    features: Sequence[tuple[str, float]]
    movers: Sequence[Moved]


def listed(at: datetime) -> list[Version]:
    """Every formula of this release, and live or shadow ones that it has no more."""
    live = versions.live_formula(at)
    shadows = {row.formula: row.started_at for row in ShadowFormula.objects.all()}
    switch = FormulaSwitch.objects.filter(switched_at__lte=at).first()
    runs = last_runs()
    found = []
    for name in dict.fromkeys([*formula.VERSIONS, live, *shadows]):
        if name == live:
            found.append(Version(name, "live", switch.switched_at if switch else None, runs.get(name)))
        elif name in shadows:
            found.append(Version(name, "shadow", shadows[name], runs.get(name)))
        else:
            state = "baseline" if name == formula.BASELINE else "released"
            found.append(Version(name, state, None, runs.get(name)))
    return found


def last_runs() -> Mapping[str, ScoreRun]:
    """Formula -> its last shadow run, however that ended."""
    runs = ScoreRun.objects.filter(kind=ScoreRun.Kind.SHADOW).order_by("formula", "-pk").distinct("formula")
    return {run.formula: run for run in runs}


def compared() -> list[Shown]:
    """The last comparison of each formula that runs in shadow."""
    done = ScoreRun.objects.filter(kind=ScoreRun.Kind.SHADOW, state=ScoreRun.State.DONE)
    running = list(ShadowFormula.objects.order_by("started_at", "formula").values_list("formula", flat=True))
    newest = {run.formula: run for run in done.filter(formula__in=running).order_by("pk")}
    found = []
    for name in running:
        run = newest.get(name)
        if run and run.counts.get("comparison"):
            found.append(shown(run, Comparison.from_json(run.counts["comparison"])))
    return found


def shown(run: ScoreRun, comparison: Comparison) -> Shown:
    movers = comparisons.published_movers(comparison.old, comparison.new, run.as_of, SHOWN)
    people = Person.objects.in_bulk([mover.person for mover in movers])
    return Shown(
        comparison=comparison,
        run=run,
        bars=bars_of(comparison.buckets, comparison.people),
        parts=[(PART_LABELS[row.part], row.before, row.after) for row in comparison.parts],
        networks=[(comparisons.network_label(row.network), row) for row in comparison.networks],
        features=[(comparisons.label_of(row), row.points) for row in comparison.features],
        movers=[moved(people[mover.person], mover) for mover in movers if mover.person in people],
    )


def bars_of(buckets: Sequence[Bucket], people: int) -> list[Bar]:
    lengths = comparisons.bars(buckets).tolist()
    return [
        Bar(comparisons.bucket_label(bucket), bucket.people, 100 * length, 100 * bucket.people / people)
        for bucket, length in zip(buckets, lengths, strict=True)
    ]


def moved(person: Person, mover: Mover) -> Moved:
    return Moved(
        person,
        mover,
        [(PART_LABELS[part], points) for part, points in mover.parts.items()],
        [(comparisons.network_label(slug), points) for slug, points in mover.networks.items()],
        [(comparisons.label_of(row), row.points) for row in mover.features[:FEATURES_EACH]],
    )


@admin.register(FormulaSwitch)
class FormulaSwitchAdmin(ReadOnly):
    """Switches and roll backs, below which formula counts and who would move by those in shadow."""

    change_list_template = "admin/scoring/formulaswitch/change_list.html"
    list_display = ["switched_at", "previous", "formula", "told_at", "switched_by", "note"]
    list_select_related = ["switched_by"]
    ordering = ["-switched_at", "-pk"]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            return super().changelist_view(request)
        more = {
            "title": "Formulas",
            "versions": listed(timezone.now()),
            "comparisons": compared(),
            "far": FAR,
        }
        return super().changelist_view(request, (extra_context or {}) | more)

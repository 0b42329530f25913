"""Where somebody begins: a handle, one network or an upload, the first score. What is next follows from what is there,
so that one may leave at any step, skip it, and come back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import offers
from accounts.freshness import Fresh, freshness_of
from accounts.models import Person, User
from accounts.naming import name_of
from accounts.networks import NETWORKS
from accounts.views import chosen_person, named
from accounts.views.profile import join_page
from scoring import bands, imports
from scoring.models import ImportJob, Score

STEPS: tuple[tuple[str, Promise | str], ...] = (
    ("handle", _("Your handle")),
    ("connect", _("One network")),
    ("score", _("Your first score")),
)
# A score that has not come so long after everything was read will come with the nightly run.
LATE = timedelta(minutes=30)
JOBS = 5
# In the session: that pages on which an account is connected lead back here.
BEGINNING = "welcome"


@dataclass(frozen=True, slots=True)
class Reading:
    """Something that the first score waits for. state: waiting, reading, done or trouble; `done` of `total` is read."""

    label: str
    name: str
    address: str
    state: str
    done: float
    total: float
    ended_at: datetime | None = None

    @classmethod
    def of_link(cls, one: Fresh) -> Reading:
        link = one.link
        state = "trouble" if one.state in {"broken", "parked"} else "reading" if one.state == "reading" else "done"
        total = max(one.streams, 1)
        done = total if state != "reading" else min(one.streams_read, total)
        address = reverse("link_progress", args=[link.pk])
        ended_at = link.first_read_at or link.linked_at
        return cls(one.label, name_of(link.account), address, state, done, total, ended_at)

    @classmethod
    def of_job(cls, job: ImportJob) -> Reading:
        network = NETWORKS.get(job.network)
        label = network.spec.label if network else str(_("Data export"))
        progress = job.summary.get("progress") or {}
        total = float(progress.get("total") or 0) or 1.0
        done = min(float(progress.get("done") or 0), total)
        states = {"waiting": "waiting", "running": "reading", "done": "done", "failed": "trouble"}
        state = states[job.state]
        address = reverse("import_job", args=[job.pk])
        return cls(label, job.file_name, address, state, total if state == "done" else done, total, job.finished_at)

    @property
    def share(self) -> float:
        """0 to 1."""
        return self.done / self.total


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest) -> HttpResponse:
    """The step that is next for a person; who has a score already is shown it, and led on."""
    assert isinstance(request.user, User)
    person, people = chosen_person(request)
    if person is None:
        if Person.objects.of(request.user).exists():
            # Somebody who may look at a score, and connect nothing for it.
            return redirect("dashboard")
        return join_page(request, "scoring/welcome_handle.html")
    at = timezone.now()
    score = Score.objects.filter(person=person).select_related("run").first()
    readings = [Reading.of_link(one) for one in freshness_of(person, at)]
    readings += [Reading.of_job(job) for job in jobs_of(person, request.user)]
    unfinished = any(reading.state in {"reading", "waiting"} for reading in readings)
    done = [reading for reading in readings if reading.state == "done"]
    last = max((reading.ended_at for reading in done if reading.ended_at), default=None)
    computing = bool(done) and score is None and not unfinished
    late = computing and last is not None and at - last > LATE
    step = "score" if score or unfinished or done else "connect"
    begun(request, finished=score is not None and not unfinished)
    context: dict[str, Any] = {
        "person": person,
        "people": people,
        "named": named(person, people),
        "steps": steps(step),
        "step": step,
        "readings": readings,
        "unfinished": (unfinished or computing) and not late,
        "computing": computing,
        "late": late,
        # The score itself is the last of what is waited for.
        "progress": sum(reading.share for reading in readings) + (score is not None),
        "whole": len(readings) + 1,
        "score": score,
        "band": bands.band_of(score.score) if score else None,
        "few": score is not None and score.run.population < bands.FEW,
    }
    if step == "connect":
        context |= ways(person)
    return render(request, "scoring/welcome.html", context)


def jobs_of(person: Person, user: User) -> list[ImportJob]:
    """The uploads of `user` for `person` that are still news, newest first."""
    return list(ImportJob.objects.filter(person=person, user=user).order_by("-created_at")[:JOBS])


def steps(now: str) -> list[tuple[str, Promise | str, str]]:
    """Each step with its name and where it stands: done, now or ahead."""
    place = [slug for slug, _label in STEPS].index(now)
    return [
        (slug, label, "done" if number < place else "now" if number == place else "ahead")
        for number, (slug, label) in enumerate(STEPS)
    ]


def begun(request: HttpRequest, *, finished: bool) -> None:
    """Remember that somebody is on the way to a first score; written only where it changes."""
    if finished:
        request.session.pop(BEGINNING, None)
    elif BEGINNING not in request.session:
        request.session[BEGINNING] = True


def ways(person: Person) -> dict[str, Any]:
    """How to begin: the networks that can be connected here with what each reads, and those read by an upload."""
    found = [offer for offer in offers.offers([]) if offer.way and not offer.off]
    exports = [network.spec.label for network in imports.archive_networks()]
    return {
        "ways": [(offer, offers.terms_of(NETWORKS[offer.spec.slug])) for offer in found],
        "exports": exports,
    }

"""What people agreed to or refused, in the words that they were shown: rows are only added (a trigger holds it)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import Consent, Person, User
from accounts.networks import NETWORKS

# The first part of a subject, in words; upper apps add theirs in AppConfig.ready.
SUBJECTS: dict[str, object] = {
    "connect": _("Reading an account"),
    "opt_out": _("Leaving an account out"),
    "erase": _("Erasing everything"),
}
# Of those whose second part is no network: what that is called.
PARTS: dict[str, Mapping[str, object]] = {}


def register_subject(kind: str, label: object, parts: Mapping[str, object]) -> None:
    """Add subjects "<kind>:<part>" with their words. Raises ValueError for a kind that is taken."""
    if kind in SUBJECTS:
        raise ValueError(f"the subject {kind!r} is registered twice")
    SUBJECTS[kind], PARTS[kind] = label, parts


def record(*, user: User, person: Person | None, subject: str, given: bool, wording: str, at: datetime) -> Consent:
    """Keep that `user` agreed to (or refused) `subject`, such as "connect:twitter", as `wording` says it.

    Raises ValueError where there is no wording: what nobody was shown, nobody agreed to.
    """
    wording = wording.strip()
    if not wording:
        raise ValueError(f"a consent to {subject!r} needs the wording that was shown")
    fingerprint = hashlib.sha256(wording.encode()).hexdigest()
    return Consent.objects.create(
        user=user, person=person, subject=subject, given=given, wording=wording, wording_hash=fingerprint, at=at
    )


def is_given(*, user: User, subject: str) -> bool:
    """Whether the last word of `user` on `subject` was yes."""
    last = Consent.objects.filter(user=user, subject=subject).order_by("-at", "-pk").first()
    return last is not None and last.given


def in_words(subject: str) -> str:
    """A subject as people read it: "connect:twitter" is reading an account, Twitter/X."""
    kind, _colon, slug = subject.partition(":")
    network = NETWORKS.get(slug)
    what = str(SUBJECTS.get(kind, kind))
    part = PARTS[kind].get(slug, slug) if kind in PARTS else network.spec.label if network else slug
    return f"{what}: {part}" if slug else what


@login_required
@never_cache
@require_safe
def consents(request: HttpRequest) -> HttpResponse:
    """All that the user agreed to or refused, newest first, in the words of that day."""
    assert isinstance(request.user, User)
    rows = Consent.objects.filter(user=request.user).select_related("person").order_by("-at", "-pk")
    return render(request, "accounts/consents.html", {"consents": [(in_words(row.subject), row) for row in rows[:500]]})

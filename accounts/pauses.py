"""Times during which what an account brought does not fade: begun and ended here, reckoned with by the score."""

from __future__ import annotations

from datetime import datetime

from accounts.models import LinkedAccount, Pause


def begin(*, link: LinkedAccount, reason: Pause.Reason, at: datetime) -> None:
    """Begin a pause of `link`; one that goes on already stays as it is."""
    if not Pause.objects.filter(link=link, reason=reason, ended_at__isnull=True).exists():
        Pause.objects.create(person=link.person, link=link, reason=reason, started_at=at)


def end(*, link: LinkedAccount, reason: Pause.Reason, at: datetime) -> None:
    """End the pause of `link` that goes on, if any. A broken link rested for BROKEN_REST at most."""
    for pause in Pause.objects.filter(link=link, reason=reason, ended_at__isnull=True):
        pause.ended_at = max(pause.started_at, pause.until(at))
        pause.save(update_fields=["ended_at"])

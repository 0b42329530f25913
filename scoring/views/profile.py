"""The profile of a person, as those see it who look at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from accounts import pauses
from accounts.models import Membership, Person, User
from scoring import bands, styles
from scoring.achievements import shelf
from scoring.models import Score
from scoring.plots import plot_of
from scoring.views.people import Shown, shown_person
from scoring.views.plus_k import reader_of
from scoring.views.profile_parts import Facts, Linked, facts_of, ties_of, top_moments
from scoring.views.profile_words import structured

CHART_DAYS = 90


@require_safe
def profile(request: HttpRequest, handle: str) -> HttpResponse:
    """A person as the reader may see them. Who may not be seen is answered as who does not exist."""
    shown = shown_person(request, handle)
    person, today = shown.person, timezone.now().date()
    open_to_all = person.visibility == Person.Visibility.PUBLIC and person.old_enough(today)
    context: dict[str, Any] = {
        "shown": shown,
        "person": person,
        "own": shown.own,
        "may_edit": shown.speaks in (Membership.Role.OWNER, Membership.Role.EDITOR),
        "old_enough": person.old_enough(today),
        "open_to_all": open_to_all,
        "address": person.get_absolute_url(),
        # Only what everybody sees, and what says something, is for search engines.
        "indexed": False,
    }
    if not shown.found:
        return render(request, "scoring/profile_unseen.html", context)
    facts = facts_of(shown, reader_of(request), timezone.now())
    score: Score | None = getattr(person, "score", None)
    links = links_of(shown, facts)
    context |= {
        "networks": links,
        "topics": facts.topics if shown.sees("topics") else (),
        **achievements(shown, facts),
        **scored(shown, score, facts.by_feature),
        "ties": ties_of(person, facts, shown.viewer, today) if shown.sees("ties") else (),
        "compare_at": compare_address(request, person),
        "indexed": open_to_all and shown.indexed,
        "structured": structured(person, [link.url for link in links if link.url]) if open_to_all else "",
        "share_at": shown.sees("badge") and open_to_all and reverse("share", args=[person.handle.lower()]),
        "card_at": open_to_all and reverse("card", args=[person.handle.lower()]),
    }
    return render(request, "scoring/profile.html", context)


def links_of(shown: Shown, facts: Facts) -> Sequence[Linked]:
    """The linked accounts that the reader may see; what each brings is told by who says where points come from."""
    if not shown.sees("networks"):
        return ()
    return facts.links if shown.sees("why") else [replace(link, points=None) for link in facts.links]


def provisional(score: Score) -> bool:
    return score.confidence == Score.Confidence.PROVISIONAL


def achievements(shown: Shown, facts: Facts) -> dict[str, Any]:
    """The pinned ones (without any, the newest ones) that stand first, and how many more there are."""
    if not shown.sees("achievements"):
        return {}
    awards = shelf.seen_by(shown.viewer, shown.person, facts.awards)
    pinned: Sequence[shelf.Achieved] = [one for one in awards if one.pinned] or awards[: shelf.MOST]
    return {"pinned": pinned, "others": len(awards) - len(pinned)}


def scored(shown: Shown, score: Score | None, by_feature: dict[str, float]) -> dict[str, Any]:
    """What the profile says of a score; nothing where there is none."""
    if score is None:
        return {}
    standing = styles.standing_of(by_feature) if not provisional(score) else None
    plot = plot_of(shown.person, CHART_DAYS, shown.viewer)
    return {
        "score": score,
        "band": bands.band_of(score.score),
        "few": score.run.population < bands.FEW,
        "plot": plot,
        # Others are not told while it goes on.
        "rest": pauses.rest_of(shown.person, timezone.now()) if shown.own else None,
        "changes": score.changes(plot.days, as_read=True) if plot else {},
        "style": standing if shown.sees("style") else None,
        "style_picture": drawn(standing) if standing and shown.sees("style") else "",
        "style_rows": list(reversed(styles.GRID)),
        "axes": (styles.ACROSS, styles.UP),
        "shows_style": shown.sees("style") and score.score > 1,
        "moments": top_moments(shown.person, shown.viewer) if shown.sees("moments") else [],
    }


def drawn(standing: styles.Standing) -> SafeString:
    return mark_safe(styles.picture(standing))  # noqa: S308  (it escapes what it is given)


def compare_address(request: HttpRequest, person: Person) -> str:
    """Where `person` is compared with whom the reader speaks for."""
    reader = request.user.person if isinstance(request.user, User) else None
    people = [reader.handle.lower()] if reader is not None and reader != person else []
    return f"{reverse('compare')}?{urlencode({'people': ','.join([*people, person.handle.lower()])}, safe=',')}"

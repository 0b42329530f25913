"""All that was counted for a person in the last 90 days, line by line with its weight; for who speaks for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.naming import name_of
from accounts.networks import NETWORKS
from scoring.spreadsheets import safe, written
from scoring.views.activity_lines import (
    LINES,
    VERB_WORDS,
    Asked,
    Line,
    Part,
    Sum,
    gathered,
    lines_of,
    named,
    sums_of,
    with_address,
    with_posts,
)
from scoring.views.moments import address, label_of, linked_accounts
from scoring.views.people import Shown, shown_person

# Of how many days the log tells (scoring.engine.activity).
DAYS = 90
# Rows of the file on their way at a time.
ROWS = 2000
HEADINGS = ("day", "network", "account", "verb", "post", "who", "people", "reactions", "weight")


@dataclass(frozen=True, slots=True)
class Day:
    """A day on the page: the lines of it that are on this page, and the sum of all of its lines."""

    day: date
    lines: Sequence[Line]
    whole: Sum


@login_required
@never_cache
@require_safe
def activity(request: HttpRequest, handle: str) -> HttpResponse:
    """By day, the newest first. For anybody else as if nobody were there."""
    shown, asked = own_person(request, handle), Asked.of(request.GET)
    person, today = shown.person, timezone.now().date()
    linked = linked_accounts(person)
    rows = asked.rows(person)
    sums = sums_of(rows)
    found = lines_of(rows, request.user, today, after=asked.after, most=LINES + 1)
    lines = with_posts(found[:LINES], person)
    spoken = [NETWORKS[link.account.network].spec for link in linked if link.account.network in NETWORKS]
    verbs = {verb for spec in spoken for verb in (*spec.verbs, *(counter.verb for counter in spec.counters))}
    context = {
        "shown": shown,
        "person": person,
        "asked": asked,
        "networks": {link.account.network: label_of(link.account.network) for link in linked}.items(),
        "accounts": [(link.account_id, label_of(link.account.network), name_of(link.account)) for link in linked],
        "names": {link.account_id: name_of(link.account) for link in linked},
        "verbs": [(verb, words) for verb, words in VERB_WORDS.items() if verb in verbs],
        "days": [Day(day, list(same), sums[day]) for day, same in groupby(lines, key=lambda line: line.day)],
        "whole": Sum(sum(one.reactions for one in sums.values()), sum(one.weight for one in sums.values())),
        "post_at": posted_at(lines, asked),
        "score": getattr(person, "score", None),
        "next": address(request, after=lines[-1].key) if len(found) > LINES else "",
        "first": address(request) if asked.after else "",
        "file": with_query(request, reverse("activity_csv", args=[person.handle.lower()])),
        "told_days": DAYS,
    }
    return render(request, "scoring/activity.html", context)


def own_person(request: HttpRequest, handle: str) -> Shown:
    """The person, for who speaks for them; raises Http404 for anybody else, and Moved."""
    shown = shown_person(request, handle)
    if not shown.own:
        raise Http404
    return shown


def with_query(request: HttpRequest, path: str) -> str:
    """Another address with the same filters."""
    query = request.GET.copy()
    query.pop("after", None)
    return f"{path}{'?' * bool(query)}{query.urlencode()}"


def posted_at(lines: Sequence[Line], asked: Asked) -> datetime | None:
    """When the one post was posted that is asked for, where a line says it."""
    return next((line.posted_at for line in lines if asked.post and line.posted_at), None)


@login_required
@never_cache
@require_safe
def activity_csv(request: HttpRequest, handle: str) -> HttpResponseBase:
    """All lines that are asked for as a file, a row for each member who may be named and one for all others."""
    shown = own_person(request, handle)
    rows = with_address(named(Asked.of(request.GET).rows(shown.person), request.user, timezone.now().date()))
    names = {link.account_id: name_of(link.account) for link in linked_accounts(shown.person)}
    name = f"{shown.person.handle.lower()}-activity.csv"
    return StreamingHttpResponse(
        written(file_rows(gathered(rows.iterator(ROWS)), names)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def file_rows(lines: Iterable[Line], names: Mapping[int, str]) -> Iterator[tuple[object, ...]]:
    """The lines as programs read them, whatever the reader's language."""
    yield HEADINGS
    for line in lines:
        about = (line.day.isoformat(), line.network, safe(names.get(line.account, "")), line.verb_name, line.url)
        for part in line.parts:
            yield (*about, who(part), part.people, part.reactions, f"{part.weight:.6f}")


def who(part: Part) -> str:
    if part.person is not None:
        return part.person.handle
    return "others" if part.people else "without names"

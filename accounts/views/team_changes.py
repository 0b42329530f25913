"""Who changed what of a team, and when: for its members, on pages and as a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import LinkedAccount, Membership, Person, TeamChange
from accounts.naming import name_of
from accounts.offers import label_of
from accounts.spreadsheets import safe, written
from accounts.team_log import GROUPS, field_in_words, words_of
from accounts.team_members import Names, names
from accounts.views.team_parts import team_of
from accounts.visibility import PARTS

LINES = 50
# Rows of the file: a log of years is cut off there, the newest first.
MOST_ROWS = 20_000
ROLES = dict(Membership.Role.choices)
SHOWN_TO = dict(Person.Visibility.choices)
HEADINGS = ("at", "who", "action", "about", "field", "before", "after")


@dataclass(frozen=True, slots=True)
class Line:
    """A change as the page tells it; `changes` are (field, before, after)."""

    change: TeamChange
    who: str
    words: str
    about: str
    changes: list[tuple[str, str, str]]


@login_required
@never_cache
@require_safe
def changes(request: HttpRequest, handle: str) -> HttpResponse:
    """The newest first; ?of= names a group of actions, ?by= a member, ?before= the line after which to go on."""
    team = team_of(request, handle)
    group, by, before = asked(request)
    found = chosen(team.person, group, by)
    if before:
        last = TeamChange.objects.filter(person=team.person, pk=before).values("at")
        found = found.filter(Q(at__lt=Subquery(last)) | Q(at=Subquery(last), pk__lt=before))
    rows = list(found[: LINES + 1])
    today = timezone.now().date()
    users = list(Membership.objects.filter(person=team.person).order_by("pk").values_list("user", flat=True))
    known = names(team.person, [*users, *people_in(rows[:LINES])], today)
    query = request.GET.copy()
    query.pop("before", None)
    file = reverse("team_changes_csv", args=[team.handle])
    context = team.context("changes") | {
        "lines": told(rows[:LINES], known, accounts_in(team.person, rows[:LINES])),
        "groups": [(name, label) for name, (label, _actions) in GROUPS.items()],
        "group": group,
        "members": sorted(((str(user), known.of(user)) for user in users), key=lambda pair: pair[1].lower()),
        "by": by,
        "filtered": bool(group or by),
        "older": with_query(query, before=str(rows[LINES - 1].pk)) if len(rows) > LINES else "",
        "newest": with_query(query) if before else "",
        "file": f"{file}{'?' * bool(query)}{query.urlencode()}",
    }
    return render(request, "accounts/team_changes.html", context)


@login_required
@never_cache
@require_safe
def changes_csv(request: HttpRequest, handle: str) -> HttpResponseBase:
    """The lines that are asked for as a file, one row for each field that was changed."""
    team = team_of(request, handle)
    group, by, _before = asked(request)
    rows = list(chosen(team.person, group, by)[:MOST_ROWS])
    known = names(team.person, people_in(rows), timezone.now().date())
    lines = told(rows, known, accounts_in(team.person, rows))
    return StreamingHttpResponse(
        written(file_rows(lines)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{team.handle}-changes.csv"'},
    )


def newest(organisation: Person, number: int, today: date, links: Iterable[LinkedAccount]) -> list[Line]:
    """The last changes, for a team's first page; `links`: all its accounts."""
    rows = list(chosen(organisation, "", "")[:number])
    accounts = {link.account_id: name_of(link.account) for link in links}
    return told(rows, names(organisation, people_in(rows), today), accounts)


def asked(request: HttpRequest) -> tuple[str, str, int]:
    """The group of actions, the member's user id as text ("" for all), the line to go on after (0 for the newest)."""
    group, by, before = (request.GET.get(name, "") for name in ("of", "by", "before"))
    return group if group in GROUPS else "", str(number(by) or ""), number(before)


def number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else 0


def with_query(query: Any, **more: str) -> str:
    changed = query.copy()
    for name, value in more.items():
        changed[name] = value
    return f"?{changed.urlencode()}"


def chosen(organisation: Person, group: str, by: str) -> QuerySet[TeamChange]:
    found = TeamChange.objects.filter(person=organisation).order_by("-at", "-pk")
    if group:
        found = found.filter(action__in=list(GROUPS[group][1]))
    return found.filter(user=int(by)) if by else found


def people_in(rows: Iterable[TeamChange]) -> list[int | None]:
    """The users that lines name: who changed something, and the member that it was about."""
    found: list[int | None] = []
    for row in rows:
        found += [row.user_id, member_in(row.about)]
    return found


def member_in(about: str) -> int | None:
    """The user of "member 12"."""
    word, _space, rest = about.partition(" ")
    return number(rest) or None if word == "member" else None


def account_in(about: str) -> tuple[int, str] | None:
    """The number and the network of "account 12 mastodon"."""
    word, _space, rest = about.partition(" ")
    found, _space, network = rest.partition(" ")
    return (number(found), network) if word == "account" and number(found) else None


def accounts_in(organisation: Person, rows: Iterable[TeamChange]) -> dict[int, str]:
    """The names of the accounts that lines are about, as far as they are linked still; one query, or none."""
    named = [found for found in (account_in(row.about) for row in rows) if found]
    if not named:
        return {}
    links = LinkedAccount.objects.filter(person=organisation, account__in={found[0] for found in named})
    return {link.account_id: name_of(link.account) for link in links.select_related("account")}


def told(rows: Iterable[TeamChange], known: Names, accounts: Mapping[int, str]) -> list[Line]:
    lines = []
    for row in rows:
        fields = [
            (str(PARTS.get(name) or field_in_words(name)), value_in_words(name, before), value_in_words(name, after))
            for name, (before, after) in row.changes.items()
        ]
        about = about_in_words(row.about, known, accounts)
        lines.append(Line(row, known.of(row.user_id), words_of(row.action), about, fields))
    return lines


def value_in_words(field: str, value: Any) -> str:
    """What a field was or became; what was chosen from a list in the words of that list."""
    if field == "visibility" or field in PARTS:
        return str(SHOWN_TO.get(value, value))
    if field in {"is_shown", "hidden", "chosen"} and value in {"yes", "no"}:
        return _("yes") if value == "yes" else _("no")
    return str(ROLES.get(value, value)) if field == "role" else str(value)


def about_in_words(about: str, known: Names, accounts: Mapping[int, str]) -> str:
    """What a line is about, with the names of today: those of who or what is gone are gone too."""
    if member := member_in(about):
        return known.of(member)
    if account := account_in(about):
        label = label_of(account[1])
        return f"{label}, {accounts[account[0]]}" if account[0] in accounts else label
    role = about.removeprefix("as ")
    return _("as %(role)s") % {"role": ROLES[role]} if role != about and role in ROLES else about


def file_rows(lines: Iterable[Line]) -> Iterator[tuple[object, ...]]:
    """The lines as programs read them: what was done by its own name, whatever the reader's language."""
    yield HEADINGS
    for line in lines:
        at = line.change.at.isoformat(timespec="seconds")
        first = (at, safe(line.who), line.change.action, safe(line.about))
        for field, before, after in line.changes or [("", "", "")]:
            yield (*first, safe(field), safe(before), safe(after))

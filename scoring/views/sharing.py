"""Passing on a score or an achievement by plain links: nothing is posted by itself, and no other site is asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.models import Person
from accounts.visibility import Viewer, may_see
from scoring.achievements import catalogue, shelf
from scoring.achievements.catalogue import Family
from scoring.models import Score
from scoring.numbers import points
from scoring.views.people import Shown, shown_person

ACHIEVEMENT = re.compile(r"([a-z0-9-]{1,40})-([0-9]{1,3})")
# A host name with a dot and letters at its end: no address by numbers, no port, no user name.
LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
SERVER = re.compile(rf"(?:{LABEL}\.)+(?:[a-z]{{2,63}}|xn--[a-z0-9-]{{1,59}})")
LONGEST_SERVER = 253


@dataclass(frozen=True, slots=True)
class Way:
    """A place to pass something on to; `url` opens its own form, filled in."""

    slug: str
    label: str | Promise
    url: str


@require_safe
def share(request: HttpRequest, handle: str) -> HttpResponse:
    """Links that pass on the score, or with ?achievement=<family>-<level> that; ?server= is one of Mastodon's."""
    shown = shown_person(request, handle)
    person = shown.person
    everybody = open_to_everybody(person)
    if not everybody and not shown.own:
        raise Http404
    score: Score | None = getattr(person, "score", None)
    asked = request.GET.get("achievement", "")
    earned = achievement(person, asked) if asked else None
    if asked and earned is None:
        raise Http404
    context = {"person": person, "own": shown.own, "everybody": everybody, "score": score, "achievement": asked}
    if everybody:
        text = words(shown, score, earned)
        path = reverse("shelf", args=[person.handle.lower()]) if earned else person.get_absolute_url()
        url = f"{settings.SITE_URL}{path}" + (f"#{earned.family.slug}" if earned else "")
        typed = request.GET.get("server", "").strip()
        server = server_of(typed)
        context |= {
            "text": text,
            "url": url,
            "earned": earned,
            "ways": ways(text, url),
            "typed": typed,
            "server": server,
            "mastodon": f"https://{server}/share?{encoded(text=f'{text} {url}')}" if server else "",
        }
    return render(request, "scoring/share.html", context)


def open_to_everybody(person: Person) -> bool:
    """Whether somebody who is not logged in would find the profile that a link leads to."""
    return Person.objects.public(timezone.now().date()).filter(pk=person.pk).exists()


@dataclass(frozen=True, slots=True)
class Earned:
    """A level of a family that somebody has."""

    family: Family
    level: int


def achievement(person: Person, asked: str) -> Earned | None:
    """The level that `asked` names, if the person has it and everybody may see it."""
    match = ACHIEVEMENT.fullmatch(asked)
    if match is None or not may_see(person, "achievements", Viewer.ANYBODY):
        return None
    slug, level = match[1], int(match[2])
    family = catalogue.known().get(slug)
    if family is None or not 1 <= level <= len(family.levels):
        return None
    if not shelf.may_be_told(family, Viewer.ANYBODY, person):
        return None
    return Earned(family, level) if shelf.awards_of(person).filter(family=slug, level=level).exists() else None


def words(shown: Shown, score: Score | None, earned: Earned | None) -> str:
    """What is passed on, as the person itself or as somebody else would say it."""
    known = {"name": shown.person.display_name, "site": settings.SITE_NAME}
    if earned is not None:
        family = earned.family
        known |= {
            "achievement": str(family.name),
            "level": str(earned.level),
            "least": points(family.levels[earned.level - 1], 0),
            "unit": str(family.unit),
        }
        if shown.own:
            return _("I earned “%(achievement)s”, level %(level)s, on %(site)s: %(least)s or more %(unit)s.") % known
        return _("%(name)s earned “%(achievement)s”, level %(level)s, on %(site)s: %(least)s or more %(unit)s.") % known
    if score is None:
        return _("%(name)s on %(site)s") % known
    known["score"] = points(score.score)
    if shown.own:
        return _("My %(site)s score is %(score)s of 100, with every point explained.") % known
    return _("%(name)s has a %(site)s score of %(score)s of 100, with every point explained.") % known


def encoded(**parameters: str) -> str:
    """A query in which a space is %20: not everybody takes a plus for one."""
    return urlencode(parameters, quote_via=quote)


def ways(text: str, url: str) -> list[Way]:
    """Each network's own page for writing something, filled in; the mail is the reader's own program."""
    both = f"{text} {url}"
    return [
        Way("x", "X", f"https://x.com/intent/post?{encoded(text=text, url=url)}"),
        Way("bluesky", "Bluesky", f"https://bsky.app/intent/compose?{encoded(text=both)}"),
        Way("linkedin", "LinkedIn", f"https://www.linkedin.com/sharing/share-offsite/?{encoded(url=url)}"),
        Way("facebook", "Facebook", f"https://www.facebook.com/sharer/sharer.php?{encoded(u=url)}"),
        Way("whatsapp", "WhatsApp", f"https://wa.me/?{encoded(text=both)}"),
        Way("mail", gettext_lazy("E-mail"), f"mailto:?{encoded(subject=text, body=f'{text}{chr(10)}{url}')}"),
    ]


def server_of(typed: str) -> str:
    """The host of a Mastodon server as somebody typed it (town.example, @me@town.example, https://town.example/@me);
    "" for anything that is no plain host name."""
    text = typed.strip().lower().removeprefix("https://").removeprefix("http://").partition("/")[0]
    # The name of an account ends in its server.
    host = text.rpartition("@")[2] if re.fullmatch(r"@?[a-z0-9_.-]+@[^@]+", text) else text
    try:
        host = host.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
    return host if len(host) <= LONGEST_SERVER and SERVER.fullmatch(host) else ""

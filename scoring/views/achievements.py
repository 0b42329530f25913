"""Achievements: one's own shelf, anybody's as far as they show it, what there is to earn, and each family by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Membership, Person, User
from accounts.visibility import Viewer, may_see
from scoring import badges
from scoring.achievements import catalogue, earners, kinds, medals, progress, seen, shelf
from scoring.achievements.catalogue import Family
from scoring.achievements.progress import Step
from scoring.achievements.rarity import Rare, Rarities, rarities
from scoring.achievements.shelf import Achieved
from scoring.views.dashboard import chosen
from scoring.views.outside import for_everybody, own_language
from scoring.views.people import shown_person

# So many of the nearest next levels stand at the top of one's own shelf.
NEAREST = 3
# So many of the new ones are shown above it, the highest levels first.
GLIMPSED = 6
# No number of an award is larger: PostgreSQL's bigint.
LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Card:
    """A family on a shelf: what somebody has of it, how rare that is, and what comes next, as far as that is told."""

    achieved: Achieved
    rare: Rare
    step: Step | None = None
    new: bool = False
    # Whether there is a page about it: of what is earned no more there is none.
    linked: bool = True


@dataclass(frozen=True, slots=True)
class Level:
    """A level of a family: from how many on, how rare it is, and since when the reader has it."""

    number: int
    least: int
    rare: Rare
    earned_on: date | None


@dataclass(frozen=True, slots=True)
class Line:
    """A family in the catalogue, with the reader's step in it."""

    family: Family
    levels: Sequence[Level]
    step: Step | None
    network: str

    @property
    def mine(self) -> int:
        """The highest level that the reader has; 0 for none."""
        return max((level.number for level in self.levels if level.earned_on), default=0)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def achievements(request: HttpRequest) -> HttpResponse:
    """One's own shelf (?person= among several); POST says that what was new up to `upto` has been looked through."""
    assert isinstance(request.user, User)
    speaking = list(
        Membership.objects.filter(user=request.user)
        .select_related("person")
        .order_by("-person__kind", "created_at", "pk")
    )
    if not speaking:
        return redirect("welcome")
    speaks = chosen(speaking, request.GET.get("person"))
    person, several = speaks.person, len(speaking) > 1
    named = f"?person={person.handle}" if several else ""
    may_edit = speaks.role != Membership.Role.VIEWER
    if request.method == "POST":
        if may_edit and (upto := number_of(request.POST.get("upto", ""))):
            seen.look_through(person=person, upto=upto)
        return redirect(reverse("achievements") + named)
    known, open_now = catalogue.known(), catalogue.families()
    achieved, steps = shelf.of_person(person, known), progress.next_steps(person.pk, open_now)
    new = seen.new_for(person, known.values())
    fresh = sorted((one for one in achieved if one.family in new.levels), key=lambda one: -one.level)
    context = {
        "person": person,
        "people": [other.person for other in speaking],
        "named": named,
        "may_edit": may_edit,
        "shows": person.shown.get("achievements", Person.Visibility.PUBLIC),
        "number": sum(len(one.levels) for one in achieved),
        "families": len(achieved),
        "new": new,
        "fresh": fresh[:GLIMPSED],
        "more": len(fresh) - GLIMPSED,
        "nearest": [step for step in steps if step.have][:NEAREST],
        "cards": cards(achieved, rarities(), open_now, steps, new.levels),
        "waiting": [family for family in open_now if family.slug not in {one.family for one in achieved}],
    }
    return render(request, "scoring/achievements.html", context)


def number_of(text: str) -> int | None:
    """A positive number as a form sends it; None for anything else."""
    return min(int(text), LARGEST) if text.isascii() and text.isdecimal() and len(text) < 20 else None


def cards(
    achieved: Iterable[Achieved],
    rare: Rarities,
    open_now: Iterable[Family],
    steps: Iterable[Step] = (),
    new: Iterable[str] = (),
) -> list[Card]:
    """What somebody achieved, with what comes next. new: slugs of families."""
    next_of = {step.family.slug: step for step in steps}
    live, fresh = by_slug(open_now), set(new)
    return [
        Card(
            one,
            rare.of(one.family, one.level),
            next_of.get(one.family),
            new=one.family in fresh,
            linked=one.family in live,
        )
        for one in achieved
    ]


@require_safe
def public_shelf(request: HttpRequest, handle: str) -> HttpResponse:
    """The shelf of `handle` as the reader may see it; nothing of how far they are from what they have not earned."""
    shown = shown_person(request, handle, part="achievements")
    person = shown.person
    achieved = shelf.seen_by(shown.viewer, person, shelf.of_person(person))
    everybody = person.visibility == Person.Visibility.PUBLIC and person.old_enough(timezone.now().date())
    context = {
        "shown": shown,
        "person": person,
        "number": sum(len(one.levels) for one in achieved),
        "families": len(achieved),
        "cards": cards(achieved, rarities(), catalogue.families()),
        "public": everybody and may_see(person, "achievements", Viewer.ANYBODY),
    }
    return render(request, "scoring/shelf.html", context)


@require_safe
def achievement_catalogue(request: HttpRequest) -> HttpResponse:
    """All there is to earn, by group; to who is logged in it says what of that they have, and how far they are."""
    open_now, rare = catalogue.families(), rarities()
    person = reader(request)
    achieved = {one.family: one for one in shelf.of_person(person, by_slug(open_now))} if person else {}
    steps = {step.family.slug: step for step in progress.next_steps(person.pk, open_now)} if person else {}
    groups = [
        (group, [line(family, rare, achieved.get(family.slug), steps.get(family.slug)) for family in families])
        for group, families in kinds.grouped(open_now)
    ]
    context = {
        "person": person,
        "groups": groups,
        "families": len(open_now),
        "levels": sum(len(family.levels) for family in open_now),
        "among": rare.among,
    }
    return render(request, "scoring/achievement_catalogue.html", context)


@require_safe
def achievement_family(request: HttpRequest, family: str) -> HttpResponse:
    """One family: its levels, how it is counted, how far the reader is, and who earned it of late."""
    known, person = catalogue.known(), reader(request)
    asked = known.get(family)
    if asked is None:
        raise Http404
    open_now = asked.slug in by_slug(catalogue.families())
    achieved = (
        next((one for one in shelf.of_person(person, known) if one.family == asked.slug), None) if person else None
    )
    # What is earned no more is a thing of those who have it.
    if not open_now and achieved is None:
        raise Http404
    steps = progress.next_steps(person.pk, [asked]) if person and open_now else []
    rare, today = rarities(), timezone.now().date()
    context = {
        "person": person,
        "line": line(asked, rare, achieved, steps[0] if steps else None),
        "among": rare.among,
        "share_at": share_address(person, achieved, today) if person and achieved else "",
        "achieved": achieved,
        "group": kinds.group_of(asked),
        "counted": kinds.counted(asked),
        "open_now": open_now,
        "earners": earners.of_family(asked, today) if open_now else [],
    }
    return render(request, "scoring/achievement_family.html", context)


@require_safe
def achievement_picture(request: HttpRequest, family: str, level: int) -> HttpResponseBase:
    """A medal as a picture, for other sites; ?theme=dark for dark ones. It knows no cookie and nobody's log-in."""
    found = catalogue.BY_SLUG.get(family) or catalogue.known().get(family)
    if found is None or not 1 <= level <= len(found.levels):
        raise Http404
    theme = badges.THEMES["dark" if request.GET.get("theme") == "dark" else "light"]
    colours = medals.Colours(
        paper=theme.paper,
        brand=theme.brand,
        on_brand=theme.on_brand,
        tint=theme.tint,
        on_tint=theme.on_tint,
        gold=dict(theme.parts)["amplification"],
    )
    language = own_language()
    with translation.override(language):
        label = _("%(name)s, level %(level)s") % {"name": found.name, "level": level}
        picture = medals.picture(found.symbol, level, label=label, colours=colours)
    return for_everybody(request, picture.encode(), "image/svg+xml", language=language)


def reader(request: HttpRequest) -> Person | None:
    """For whom the reader speaks first; None for visitors and who speaks for nobody."""
    return request.user.person if isinstance(request.user, User) else None


def share_address(person: Person, achieved: Achieved, today: date) -> str:
    """Where it is passed on; "" where not everybody may see it."""
    everybody = person.visibility == Person.Visibility.PUBLIC and person.old_enough(today)
    told = may_see(person, "achievements", Viewer.ANYBODY) and shelf.may_be_told(achieved.kind, Viewer.ANYBODY, person)
    if not (everybody and told):
        return ""
    return f"{reverse('share', args=[person.handle.lower()])}?achievement={achieved.family}-{achieved.level}"


def by_slug(families: Iterable[Family]) -> dict[str, Family]:
    return {family.slug: family for family in families}


def line(family: Family, rare: Rarities, achieved: Achieved | None, step: Step | None) -> Line:
    """A family with all its levels."""
    earned: Mapping[int, date] = achieved.levels if achieved else {}
    levels = [
        Level(number, least, rare.of(family.slug, number), earned.get(number))
        for number, least in enumerate(family.levels, start=1)
    ]
    return Line(family, levels, step, kinds.network_name(family))

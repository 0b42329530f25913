"""The profile of a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import pauses
from accounts.models import LinkedAccount, Membership, Person
from accounts.naming import name_of
from accounts.networks import NETWORKS
from accounts.visibility import Viewer
from scoring import days as days_of_change
from scoring import explanations, suspicions
from scoring.achievements.catalogue import BY_SLUG
from scoring.formula import explain
from scoring.formula.base import Node
from scoring.models import Award, Score, ScoreRun
from scoring.plots import plot_of
from scoring.views.people import shown_person

CHART_DAYS = 90
# What the tree can be rolled up by first; the first is what one sees without asking.
ROLLS = ("part", "network")


@require_safe
def profile(request: HttpRequest, handle: str) -> HttpResponse:
    """A person's score and where it comes from. Who may not be seen is answered as who does not exist."""
    at = timezone.now()
    shown = shown_person(request, handle)
    person, speaks = shown.person, shown.speaks
    own = speaks is not None
    rests = pauses.rests_of(person)
    by = request.GET["by"] if request.GET.get("by") in ROLLS else ROLLS[0]
    links = list(person.links.select_related("account").order_by("linked_at", "pk"))
    context: dict[str, Any] = {
        "person": person,
        "own": own,
        "rest": next((rest for rest in rests if own and rest.goes_on(at)), None),
        "may_edit": speaks is not None and speaks.role != Membership.Role.VIEWER,
        "old_enough": person.old_enough(at.date()),
        "awards": awards(person),
        "by": by,
    }
    score: Score | None = getattr(person, "score", None)
    if score:
        context |= scored(score, links, by, shown.viewer)
        # What counts less is between us and whose score it is.
        context["suspicions"] = suspicions.told(person) if context["own"] else []
    else:
        context["networks"] = [Linked.of(link, None) for link in links]
    return render(request, "scoring/profile.html", context)


def scored(score: Score, links: Sequence[LinkedAccount], by: str, viewer: Viewer) -> dict[str, Any]:
    """What the profile shows of a score: its changes, its days and its explanation."""
    plot = plot_of(score.person, CHART_DAYS, viewer)
    leaves = explanations.current_leaves(score.person)
    return {
        "score": score,
        "changes": score.changes(plot.days) if plot else {},
        "plot": plot,
        # A provisional score counts what no run has explained yet.
        "day": days_of_change.day_of(score.person_id, score.as_of) if score.run.kind == ScoreRun.Kind.DAILY else None,
        "networks": [Linked.of(link, leaves.points[leaves.account == link.account_id].sum()) for link in links],
        "tree": shortened(
            explain.tree(
                leaves,
                by=by,
                account_names={link.account_id: name_of(link.account) for link in links},
                network_names=explanations.network_names(),
            )
        ),
    }


def shortened(node: Node) -> Node:
    """The same tree, a network with a single account being one line with it: fewer clicks to the leaves."""
    children = tuple(shortened(child) for child in node.children)
    if node.kind == "network" and len(children) == 1 and children[0].kind == "account":
        return replace(children[0], label=f"{node.label} {children[0].label}")
    return replace(node, children=children)


@dataclass(frozen=True, slots=True)
class Linked:
    """A linked account as the profile names it; `points` is None where nothing is scored yet."""

    label: str
    name: str
    url: str
    points: float | None

    @classmethod
    def of(cls, link: LinkedAccount, points: float | None) -> Linked:
        network = NETWORKS.get(link.account.network)
        label = network.spec.label if network else link.account.network
        return cls(label, name_of(link.account), profile_url(link), points)


def profile_url(link: LinkedAccount) -> str:
    """Where the account is on its network; "" where that is not known. A handle is text from outside: it is quoted."""
    handle = link.account.handle
    network = NETWORKS.get(link.account.network)
    if not handle or network is None:
        return ""
    if network.spec.profile_url:
        return network.spec.profile_url.format(handle=quote(handle, safe=""))
    if link.server.startswith("https://"):
        return f"{link.server.rstrip('/')}/@{quote(handle.partition('@')[0], safe='')}"
    return ""


@dataclass(frozen=True, slots=True)
class Achieved:
    """The highest level of a family that a person reached."""

    name: str
    level: int
    text: str
    earned_on: date


def awards(person: Person) -> list[Achieved]:
    """The highest level of each family, the one earned last first; families of old catalogues are left out."""
    highest: dict[str, Award] = {}
    for award in Award.objects.filter(person=person).order_by("family", "level"):
        if award.family in BY_SLUG and award.level <= len(BY_SLUG[award.family].levels):
            highest[award.family] = award
    newest = sorted(highest.values(), key=lambda award: (award.earned_on, award.family), reverse=True)
    achieved = []
    for award in newest:
        family = BY_SLUG[award.family]
        text = _("%(least)s or more %(unit)s") % {"least": f"{family.levels[award.level - 1]:,}", "unit": family.unit}
        achieved.append(Achieved(str(family.name), award.level, text, award.earned_on))
    return achieved

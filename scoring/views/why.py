"""Why a score is what it is: every point down to the last measurement, the posts behind it, and how sure it all is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import Abs, RowNumber
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import pauses
from accounts.models import LinkedAccount
from accounts.naming import name_of
from accounts.networks import NETWORKS
from accounts.networks.klout import OWN
from scoring import days as days_of_change
from scoring import explanations, suspicions
from scoring.days import LEAST, Told
from scoring.features.catalogue import ANY, BY_KEY, SLUGS, STANDING_VERBS, VERBS, WINDOW_WORDS
from scoring.formula import explain
from scoring.formula.base import UPLOADED, Leaves, Node
from scoring.models import DayChange, Moment, Score, ScoreRun
from scoring.numbers import gained
from scoring.views.people import Shown, shown_person

# What the tree can be rolled up by first; the first is what one sees without asking.
ROLLS = ("part", "network")
# Posts of an account that the page names.
POSTS = 5


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the tree, and of a leaf what lies beyond it.

    fades: how long what it counts goes on counting; posts, activity: where the posts and the counted reactions are, ""
    where there are none or they are nobody else's business.
    """

    node: Node
    children: tuple[Line, ...] = ()
    fades: str = ""
    posts: str = ""
    activity: str = ""

    @property
    def opens(self) -> bool:
        return bool(self.children or self.fades)


@dataclass(frozen=True, slots=True)
class Behind:
    """The posts of an account that bring most, each with where its counted reactions are ("" for others than oneself);
    and where all of its posts are."""

    account: int
    label: str
    posts: tuple[tuple[Told, str], ...]
    moments: str


@require_safe
def why(request: HttpRequest, handle: str) -> HttpResponse:
    """Where every point comes from. Who keeps that back is answered as who does not exist."""
    shown = shown_person(request, handle, part="why")
    person = shown.person
    score: Score | None = getattr(person, "score", None)
    context: dict[str, Any] = {"shown": shown, "person": person, "score": score}
    if score is not None:
        context |= explained(shown, score, request.GET.get("by", ""))
    return render(request, "scoring/why.html", context)


def explained(shown: Shown, score: Score, by: str) -> dict[str, Any]:
    """The tree and all that is told beside it."""
    named = shown.sees("networks")
    by = by if by in ROLLS and named else ROLLS[0]
    links = list(shown.person.links.select_related("account").order_by("linked_at", "pk"))
    posts, day = told(shown, score)
    behind = posts_behind(shown, links, posts) if named else []
    leaves = explanations.current_leaves(shown.person)
    tree = explain.tree(
        leaves,
        by=by,
        account_names={link.account_id: name_of(link.account) for link in links},
        network_names=explanations.network_names(),
    )
    beyond = Beyond(shown, {group.account for group in behind})
    now = timezone.now()
    rests = pauses.rests_of(shown.person) if shown.own else []
    # A provisional score counts what no run has explained yet.
    day = day if score.run.kind == ScoreRun.Kind.DAILY else None
    return {
        "by": by,
        "named": named,
        "tree": tree,
        "lines": [
            beyond.line(shortened(node if shown.sees("plus_k") else plus_k_in_all(node)) if named else parts_only(node))
            for node in tree.children
        ],
        "uploaded": uploaded(leaves),
        "behind": behind,
        "day": day,
        "gained": gained(score.score, score.score - day.points) if day else None,
        "rest": next((rest for rest in rests if rest.goes_on(now)), None),
        # What counts less is between us and whose score it is.
        "suspicions": suspicions.told(shown.person, links) if shown.own else [],
    }


# ---------------------------------------------------------------- the tree


def shortened(node: Node) -> Node:
    """The same tree, a network with a single account being one line with it: fewer clicks to the leaves."""
    children = tuple(shortened(child) for child in node.children)
    if node.kind == "network" and len(children) == 1 and children[0].kind == "account":
        return replace(children[0], label=f"{node.label} {children[0].label}")
    return replace(node, children=children)


def parts_only(node: Node) -> Node:
    """A part without what is below it, for those who may not see the networks."""
    return replace(node, children=())


def plus_k_in_all(node: Node) -> Node:
    """The same tree without what is below Klout itself, for those who may not see the +K that somebody was given."""
    if node.kind in {"network", "account"} and SLUGS.get(node.network) == OWN:
        return replace(node, children=())
    return replace(node, children=tuple(map(plus_k_in_all, node.children)))


def uploaded(leaves: Leaves) -> bool:
    """Whether anything of the score is vouched for by an upload alone."""
    return any(str(feature).endswith(UPLOADED) for feature in leaves.feature.tolist())


class Beyond:
    """Makes lines of nodes: of each leaf, how it fades and where what it counts can be looked at."""

    def __init__(self, shown: Shown, with_posts: set[int]) -> None:
        self.with_posts = with_posts
        self.activity = address_of("activity", shown) if shown.own else ""

    def line(self, node: Node) -> Line:
        if node.kind != "feature":
            return Line(node, tuple(self.line(child) for child in node.children))
        feature = BY_KEY.get((SLUGS.get(node.network, ""), node.feature.removesuffix(UPLOADED)))
        if feature is None:
            return Line(node)
        on_posts = feature.verb == ANY or (feature.verb in VERBS and feature.verb not in STANDING_VERBS)
        return Line(
            node,
            fades=_(WINDOW_WORDS[feature.window]),
            posts=f"#posts-{node.account}" if on_posts and node.account in self.with_posts else "",
            activity=self.log_of(node.account, feature.verb) if feature.verb == ANY or feature.verb in VERBS else "",
        )

    def log_of(self, account: int, verb: str) -> str:
        """Where the log of the account's reactions of one verb is."""
        if not self.activity:
            return ""
        asked = {"account": account} if verb == ANY else {"account": account, "verb": verb}
        return f"{self.activity}?{urlencode(asked)}"


def address_of(name: str, shown: Shown, asked: Mapping[str, object] | None = None) -> str:
    """The address of another page about the person, seen as this one is."""
    address = reverse(name, args=[shown.person.handle.lower()])
    query = urlencode({**(asked or {}), **({"as": shown.preview} if shown.preview else {})})
    return f"{address}?{query}" if query else address


# ---------------------------------------------------------------- posts and the day


def told(shown: Shown, score: Score) -> tuple[list[Told], days_of_change.Day | None]:
    """The posts that bring most of each account, and what is told of the day's change. Two queries."""
    given = days_of_change.told_to(shown.person, shown.viewer)
    rows = days_of_change.told_of(moving(shown.person.pk).filter(given))
    # Today's score and its change are the score of the day before.
    changes = DayChange.objects.filter(person=shown.person, as_of=score.as_of) if shown.sees("chart") else []
    change = next(iter(changes), None)
    visible = shown.sees("moments")
    day = days_of_change.day_from(change, [row for row in rows if row.change]) if change else None
    if day is not None and not (visible and shown.sees("networks")):
        day = replace(day, posts=())
    hidden_too = [row for row in rows if shown.own or not row.hidden]
    return (hidden_too if visible else []), day


def moving(person_id: int) -> QuerySet[Any]:
    """The posts of a person that bring most of each account, and all that moved the score on its last day."""
    moments = days_of_change.with_urls(person_id, hidden=True).exclude(post=0)
    place = Window(RowNumber(), partition_by="account", order_by=[Abs("points").desc(), F("post").asc()])
    top = Moment.objects.filter(person=person_id).exclude(post=0).annotate(place=place)
    # Some more than are named: hidden ones are left out for others.
    return moments.filter(Q(pk__in=top.filter(place__lte=4 * POSTS).values("pk")) | ~Q(change=0))


def posts_behind(shown: Shown, links: Sequence[LinkedAccount], posts: Iterable[Told]) -> list[Behind]:
    """By linked account, the posts that bring most; accounts without any are left out."""
    found = []
    for link in links:
        own = [post for post in posts if post.account == link.account_id and abs(post.points) >= LEAST]
        if own:
            first = sorted(own, key=lambda post: -abs(post.points))[:POSTS]
            network = NETWORKS.get(link.account.network)
            label = f"{network.spec.label if network else link.account.network} {name_of(link.account)}"
            moments = address_of("moments", shown, {"account": link.account_id})
            found.append(Behind(link.account_id, label, tuple((post, log_of(shown, post)) for post in first), moments))
    return found


def log_of(shown: Shown, post: Told) -> str:
    """Where the counted reactions to a post are, for who speaks for its author."""
    return address_of("activity", shown, {"post": f"{post.account}:{post.post}"}) if shown.own else ""

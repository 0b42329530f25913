"""Which topics somebody chooses, hides, or says are not theirs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import Person, User
from accounts.preferences import path_here
from accounts.views.choosing import around, chosen_person, named, settings_address
from scoring import topics
from scoring.models import PersonTopic, Topic, TopicDispute
from scoring.topics import disputes, reasons, tree

# As many topics as a level shows at once, and a search.
SHOWN, FOUND = 60, 40


@dataclass(frozen=True, slots=True)
class Choice:
    """A topic to choose; below: how many lie right under it."""

    topic: Topic
    name: str
    chosen: bool
    below: int


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def topics_page(request: HttpRequest) -> HttpResponse:
    """Choose up to topics.MOST topics and hide others; ?q= finds some, ?under= and ?after= are a level of the tree."""
    assert isinstance(request.user, User)
    person, people = chosen_person(request)
    if person is None:
        return redirect("settings")
    address = settings_address(person, people, "topics")
    error = ""
    if request.method == "POST":
        try:
            messages.success(request, changed(request, person, request.user))
        except topics.TooMany:
            error = too_many()
        else:
            return redirect(path_here(request.POST.get("next", "")) or address)
    words = text_of(request, "q")
    mine = list(PersonTopic.objects.filter(person=person).select_related("topic"))
    chosen = {row.topic_id for row in mine if row.chosen}
    looking = words or text_of(request, "under")
    context = {
        **around(request.user, person, people),
        "here": "topics",
        "address": address,
        "back": request.get_full_path(),
        "carried": named(person, people).removeprefix("?"),
        "words": words,
        **offered(words, text_of(request, "under"), text_of(request, "after"), chosen),
        "own": own_lines(person, mine, told=not looking),
        "kept_away": list(TopicDispute.objects.filter(person=person).select_related("topic").order_by("-created_at")),
        "number": len(chosen),
        "most": topics.MOST,
        "error": error,
    }
    return render(request, "scoring/topics.html", context, status=422 if error else 200)


def changed(request: HttpRequest, person: Person, user: User) -> str:
    """Do what the form asks for, and say what was done: add or give up one topic, or save all. Raises TooMany."""
    now = timezone.now()
    for name in ("add", "give_up"):
        if slug := text_of(request, name, request.POST):
            topic = get_object_or_404(topics.listed(), slug=slug)
            called = {"topic": topics.name_in(topic)}
            if name == "add":
                topics.add(person=person, topic=topic, at=now, user=user)
                return _("%(topic)s is one of your topics.") % called
            topics.give_up(person=person, topic=topic, at=now, user=user)
            return _("You have not chosen %(topic)s any more.") % called
    chosen, hidden = slugs(request, "topic"), slugs(request, "hidden")
    kept = topics.choose(person=person, chosen=chosen, hidden=hidden, at=now, user=user)
    text = ngettext("Saved: you have chosen %(number)s topic.", "Saved: %(number)s topics.", len(kept))
    return text % {"number": len(kept)}


def too_many() -> str:
    return ngettext(
        "Please choose at most %(most)s topic: then people see what you are really about.",
        "Please choose at most %(most)s topics: then people see what you are really about.",
        topics.MOST,
    ) % {"most": topics.MOST}


def offered(words: str, slug: str, after: str, chosen: Collection[int]) -> dict[str, Any]:
    """What can be chosen: what was found, a level of the tree and the way to it, or its top."""
    if words:
        return {"offer": choices(topics.found(words, limit=FOUND), chosen)}
    if not slug:
        return {"offer": choices(tree.tops(), chosen)}
    level_of = get_object_or_404(topics.listed(), slug=slug)
    level = tree.around(level_of, number=SHOWN, after=after)
    return {
        "level_of": level_of,
        "way": level.ways[0] if level.ways else [],
        "offer": choices(level.below, chosen),
        "further": level.after,
    }


def choices(found: Sequence[Topic], chosen: Collection[int]) -> list[Choice]:
    """`found` as lines to choose from; one query for how many topics lie under each."""
    edges = Topic.parents.through.objects.filter(to_topic__in=[topic.pk for topic in found])
    below = dict(edges.values_list("to_topic").annotate(number=Count("pk")))
    return [Choice(topic, topics.name_in(topic), topic.pk in chosen, below.get(topic.pk, 0)) for topic in found]


def own_lines(
    person: Person, mine: Sequence[PersonTopic], *, told: bool
) -> list[tuple[PersonTopic, str, Sequence[Any]]]:
    """(row, name, why), what people chose first, then what most speaks for; why only where it is to be told."""
    why = reasons.why(person) if told else {}
    ordered = sorted(mine, key=lambda row: (not row.chosen, -row.expertise, topics.name_in(row.topic)))
    return [(row, topics.name_in(row.topic), why.get((person.pk, row.topic_id), ())) for row in ordered]


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def dispute_page(request: HttpRequest) -> HttpResponse:
    """Say that ?topic= is not one's own, with a reason if one likes; or take that back."""
    assert isinstance(request.user, User)
    person, people = chosen_person(request)
    if person is None:
        return redirect("settings")
    given = request.POST if request.method == "POST" else request.GET
    topic = get_object_or_404(Topic, slug=text_of(request, "topic", given))
    address = settings_address(person, people, "topics")
    called = {"topic": topics.name_in(topic)}
    if request.method == "POST":
        now = timezone.now()
        if request.POST.get("action") == "take back":
            if disputes.take_back(person=person, topic=topic, at=now, user=request.user):
                messages.success(
                    request,
                    _("%(topic)s may come back: with the next daily count, if anything speaks for it.") % called,
                )
            return redirect(address)
        try:
            reason = text_of(request, "reason", request.POST, disputes.LONGEST_REASON)
            disputes.dispute(person=person, topic=topic, reason=reason, at=now, user=request.user)
        except disputes.NotTheirs:
            messages.info(request, _("%(topic)s is none of your topics.") % called)
        else:
            messages.success(request, _("%(topic)s is gone from your profile, and stays away.") % called)
        return redirect(address)
    mine = PersonTopic.objects.filter(person=person, topic=topic).first()
    if mine is None and not TopicDispute.objects.filter(person=person, topic=topic).exists():
        raise Http404
    context = {
        **around(request.user, person, people),
        "here": "topics",
        "address": address,
        "action": settings_address(person, people, "topic_dispute"),
        "topic": topic,
        "name": called["topic"],
        "mine": mine,
        "why": reasons.why(person, [topic]).get((person.pk, topic.pk), ()),
        "longest": disputes.LONGEST_REASON,
    }
    return render(request, "scoring/topic_dispute.html", context)


def slugs(request: HttpRequest, name: str) -> set[str]:
    """What was ticked, as far as it can be a topic: the database takes no NUL."""
    return {slug for slug in request.POST.getlist(name) if "\x00" not in slug}


def text_of(request: HttpRequest, name: str, given: Any = None, longest: int = tree.LONGEST) -> str:
    """What was typed or asked for; the database takes no NUL."""
    return str((request.GET if given is None else given).get(name, "")).replace("\x00", "").strip()[:longest]

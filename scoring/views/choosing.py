"""What people choose of their profile: their topics, and the achievements that stand first."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.views.choosing import around, chosen_person, settings_address
from scoring import topics
from scoring.achievements import shelf
from scoring.models import PersonTopic

# As long as a word of a search may be.
LONGEST = 60


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def topics_page(request: HttpRequest) -> HttpResponse:
    """Choose up to topics.MOST topics, and hide those that others shall not see; ?q= shows those that match alone."""
    assert isinstance(request.user, User)
    person, people = chosen_person(request)
    if person is None:
        return redirect("settings")
    address = settings_address(person, people, "topics")
    mine = {row.topic.slug: row for row in PersonTopic.objects.filter(person=person).select_related("topic")}
    chosen = {slug for slug, row in mine.items() if row.chosen}
    error = ""
    if request.method == "POST":
        chosen = slugs(request, "topic")
        try:
            kept = topics.choose(person=person, chosen=chosen, hidden=slugs(request, "hidden"), at=timezone.now())
        except topics.TooMany:
            error = ngettext(
                "Please choose at most %(most)s topic: then people see what you are really about.",
                "Please choose at most %(most)s topics: then people see what you are really about.",
                topics.MOST,
            ) % {"most": topics.MOST}
        else:
            text = ngettext("Saved: you have chosen %(number)s topic.", "Saved: %(number)s topics.", len(kept))
            messages.success(request, text % {"number": len(kept)})
            return redirect(address)
    # The database takes no NUL.
    words = request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST]
    matching = {topic.slug for topic in topics.found(words, limit=50)} if words else None
    branches = []
    for top, below in topics.branches():
        shown = [topic for topic in (top, *below) if matching is None or topic.slug in matching]
        if shown:
            lines = [(topic, topics.name_in(topic), topic.slug in chosen) for topic in shown]
            branches.append((topics.name_in(top), lines, sum(line[2] for line in lines)))
    seen = {topic.slug for _top, lines, _number in branches for topic, _name, _on in lines}
    own = sorted(mine.values(), key=lambda row: (-row.expertise, topics.name_in(row.topic)))
    context = {
        **around(request.user, person, people),
        "here": "topics",
        "address": address,
        "words": words,
        "branches": branches,
        # What a search leaves out stays chosen.
        "kept": sorted(chosen - seen),
        "own": [(row, topics.name_in(row.topic)) for row in own],
        "number": len(chosen),
        "most": topics.MOST,
        "error": error,
    }
    return render(request, "scoring/topics.html", context, status=422 if error else 200)


def slugs(request: HttpRequest, name: str) -> set[str]:
    """What was ticked, as far as it can be a topic: the database takes no NUL."""
    return {slug for slug in request.POST.getlist(name) if "\x00" not in slug}


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def pinned_page(request: HttpRequest) -> HttpResponse:
    """Choose up to shelf.MOST achievements that stand first on the profile."""
    assert isinstance(request.user, User)
    person, people = chosen_person(request)
    if person is None:
        return redirect("settings")
    achieved = shelf.of_person(person)
    error = ""
    chosen = {one.family for one in achieved if one.pinned}
    if request.method == "POST":
        chosen = set(request.POST.getlist("family"))
        if len(chosen) <= shelf.MOST:
            shelf.pin(person=person, families=[one.family for one in achieved if one.family in chosen])
            messages.success(request, _("Saved."))
            return redirect(person.get_absolute_url() + "#achievements")
        error = _("Please choose at most %(most)s achievements.") % {"most": shelf.MOST}
    context = {
        **around(request.user, person, people),
        "here": "profile",
        "address": settings_address(person, people, "pinned"),
        "achieved": achieved,
        "chosen": chosen,
        "most": shelf.MOST,
        "error": error,
        "topics_at": reverse("topics"),
    }
    return render(request, "scoring/pinned.html", context, status=422 if error else 200)

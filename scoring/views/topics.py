"""The topics: where they begin, and the page of each one, with the people who know about it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Membership, Person, User
from scoring import topics
from scoring.models import Topic
from scoring.plus_k.states import states
from scoring.questions.lists import newest
from scoring.topics import boards, reasons, tree
from scoring.views.topic_settings import text_of, too_many

# As many are found, shown as those of most people, and shown below a topic.
FOUND, POPULAR, BELOW, QUESTIONS = 40, 24, 30, 5


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The top of the tree, and the topics of most people; ?q= finds topics in the reader's language and others."""
    words = text_of(request, "q")
    context: dict[str, Any] = {
        "words": words,
        "found": topics.found(words, limit=FOUND) if words else [],
        "tops": [] if words else tree.tops(),
        "popular": [] if words else tree.most_used(POPULAR),
        "attribution": tree.ATTRIBUTION if tree.imported() else "",
    }
    return render(request, "scoring/topic_index.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def topic(request: HttpRequest, slug: str) -> HttpResponse:
    """A topic: ways to it, what lies below, who knows about it; ?after= goes on in the list, POST chooses it."""
    if slug != slug.lower():
        return redirect("topic", slug=slug.lower(), permanent=True)
    me = speaker(request)
    try:
        found, mine = boards.topic_called(slug, me)
    except Topic.DoesNotExist:
        raise Http404 from None
    if here := tree.folded_into(found):
        return redirect("topic", slug=here, permanent=True)
    if request.method == "POST":
        return choose(request, found)
    now = timezone.now()
    after = text_of(request, "after")
    people = boards.people_for(request.user, now.date())
    lists = boards.lists(found, people, me=me, at=now, after=after)
    related = tree.around(found, number=BELOW, after=text_of(request, "below"))
    buttons = states(me, [(line.person.pk, found.pk) for line in lists.by_expertise], now)
    somebody = bool(lists.by_expertise or lists.by_plus_k or lists.new or found.ranked)
    context = {
        "topic": found,
        "name": topics.name_in(found),
        "here": reverse("topic", args=[slug]),
        "ways": related.ways,
        "below": related.below,
        "below_after": related.after,
        "lists": lists,
        "experts": [(line, buttons.get((line.person.pk, found.pk))) for line in lists.by_expertise],
        "begun": bool(after or request.GET.get("below")),
        "me": me,
        "mine": mine,
        "why": reasons.why(me, [found]).get((me.pk, found.pk), ()) if me and mine else (),
        "questions": newest(found, request.user, QUESTIONS, day=now.date()),
        # Only what says something is for search engines, and the first page alone.
        "indexed": somebody and not after and not request.GET.get("below"),
        "attribution": tree.ATTRIBUTION if found.external_id else "",
    }
    return render(request, "scoring/topic.html", context)


def choose(request: HttpRequest, found: Topic) -> HttpResponse:
    """Choose the topic for whom the reader speaks for, or give it up."""
    here = reverse("topic", args=[found.slug])
    if not isinstance(request.user, User):
        return redirect_to_login(here)
    me = speaker(request)
    if me is None:
        messages.info(request, _("Choose a handle first: then you can choose topics."))
        return redirect("settings")
    if not may_edit(request, me):
        text = _("Only owners and editors of %(name)s choose its topics.") % {"name": me.display_name}
        messages.error(request, text)
        return redirect(here)
    called = {"topic": topics.name_in(found)}
    now = timezone.now()
    if request.POST.get("action") == "give up":
        topics.give_up(person=me, topic=found, at=now, user=request.user)
        messages.success(request, _("You have not chosen %(topic)s any more.") % called)
        return redirect(here)
    try:
        topics.add(person=me, topic=found, at=now, user=request.user)
    except topics.TooMany:
        messages.error(request, f"{too_many()} {_('Give one up first.')}")
        return redirect("topics")
    messages.success(request, _("%(topic)s is one of your topics.") % called)
    return redirect(here)


def speaker(request: HttpRequest) -> Person | None:
    """Whom who is logged in speaks for."""
    return request.user.person if isinstance(request.user, User) else None


def may_edit(request: HttpRequest, me: Person) -> bool:
    roles = (Membership.Role.OWNER, Membership.Role.EDITOR)
    return bool(Membership.objects.filter(user=request.user.pk, person=me, role__in=roles).exists())

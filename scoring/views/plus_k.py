"""+K: giving it and taking it back, who gave it to somebody, and one's own page about it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Person, User
from accounts.preferences import path_here
from accounts.views.choosing import EDITORS, chosen_person
from scoring.models import Endorsement, PersonTopic, Topic
from scoring.plus_k import giving, purse, received, states, whom
from scoring.plus_k.errors import CannotGive, NoneLeft, Silent, TooSoon
from scoring.plus_k.states import UNDO_TAG
from scoring.topics.tree import name_in
from scoring.views.people import Shown, shown_person

# Of what one gave and got, so many on a page of one's own.
OWN = 10


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def give_plus_k(request: HttpRequest, handle: str) -> HttpResponse:
    """Who gave +K to a person and in what, for those who may see it; POST gives one (topic, giver, next)."""
    if request.method == "POST":
        return _give(request, handle)
    shown = shown_person(request, handle, part="plus_k")
    if not shown.sees("topics"):
        raise Http404
    at = timezone.now()
    rows, following = received.given_to(shown.person, request.user, at, after=request.GET.get("after", ""))
    context = {
        "shown": shown,
        "person": shown.person,
        "rows": [(row, name_in(row.topic)) for row in rows],
        "next_at": _following(request, following),
        "first": not request.GET.get("after"),
        "mine": _buttons(shown, request),
        "days": received.DAYS,
    }
    return render(request, "scoring/plus_k_of.html", context)


def _following(request: HttpRequest, after: str) -> str:
    """The query of the next page; "" where there is none."""
    query = request.GET.copy()
    query["after"] = after
    return f"?{query.urlencode()}" if after else ""


def _buttons(shown: Shown, request: HttpRequest) -> list[dict[str, Any]]:
    """The person's topics with what the reader can give in each; none of one's own."""
    if shown.speaks:
        return []
    mine = PersonTopic.objects.filter(person=shown.person, hidden=False).select_related("topic")
    topics = [row.topic for row in mine.order_by("-plus_k", "-expertise", "topic__name")]
    found = states.of_topics(reader_of(request), shown.person, topics, timezone.now())
    return [{"topic": topic, "name": name_in(topic), "state": found[topic.pk]} for topic in topics]


def reader_of(request: HttpRequest) -> Person | None:
    """For whom who is logged in gives where nothing else is said."""
    return request.user.person if isinstance(request.user, User) else None


def _give(request: HttpRequest, handle: str) -> HttpResponse:
    after = path_here(request.POST.get("next", "")) or f"/{handle.lower()}"
    if not isinstance(request.user, User):
        return redirect_to_login(after)
    # Capitals are no reason to lose a form.
    receiver = shown_person(request, handle.lower()).person
    topic = get_object_or_404(Topic, slug=request.POST.get("topic", "").replace("\x00", ""))
    giver = _chosen(request)
    if giver is None:
        return redirect("settings")
    try:
        given = giving.give(giver=giver, receiver=receiver, topic=topic, user=request.user)
    except CannotGive as error:
        messages.warning(request, told(error))
    else:
        words = {
            "name": receiver.display_name,
            "topic": name_in(topic),
            "time": date_format(timezone.localtime(given.given_at + giving.UNDO), "TIME_FORMAT"),
        }
        text = _("You gave %(name)s +K in %(topic)s. Until %(time)s you can take it back.") % words
        messages.success(request, text, extra_tags=f"{UNDO_TAG}{given.pk}")
    return redirect(after)


def _chosen(request: HttpRequest) -> Person | None:
    """Whom the form gives for: `giver`, a handle, else whom the user speaks for first. 404 for anybody else's."""
    handle = request.POST.get("giver")
    if not handle:
        return reader_of(request)
    people = Person.objects.of(request.user, *EDITORS)  # type: ignore[arg-type]
    return get_object_or_404(people.by_handle(handle))


def told(error: CannotGive) -> str:
    """The error as a sentence with the time that it is about."""
    when = error.details.get("until")
    if isinstance(error, TooSoon) and error.details.get("endorsement"):
        when = error.details["endorsement"].until
        text = _("You have given it already. To the same person in the same topic there is one again from %(when)s on.")
    elif isinstance(error, NoneLeft):
        when = error.details.get("renews_at")
        text = _("You have given all the +K you had for today. There are new ones from %(when)s on.")
    elif isinstance(error, Silent):
        text = _("You cannot give +K until %(when)s: %(reason)s")
    if when is None:
        return str(error)
    written = date_format(timezone.localtime(when), "DATETIME_FORMAT")
    return text % {"when": written, "reason": error.details.get("reason", "")}


@login_required
@never_cache
@require_POST
def undo_plus_k(request: HttpRequest, number: int) -> HttpResponse:
    """Take back what was just given; 404 for anybody else's."""
    assert isinstance(request.user, User)
    mine = Endorsement.objects.select_related("giver", "receiver", "topic")
    # What is no number of a row is as unknown as another's.
    endorsement = get_object_or_404(
        mine.filter(giver__in=Person.objects.of(request.user, *EDITORS).order_by()), pk=min(number, 2**63 - 1)
    )
    try:
        giving.undo(endorsement=endorsement, user=request.user)
    except CannotGive as error:
        messages.warning(request, str(error))
    else:
        words = {"name": endorsement.receiver.display_name, "topic": name_in(endorsement.topic)}
        messages.success(request, _("Taken back: your +K for %(name)s in %(topic)s.") % words)
    return redirect(path_here(request.POST.get("next", "")) or reverse("plus_k"))


@login_required
@never_cache
@require_safe
def plus_k(request: HttpRequest) -> HttpResponse:
    """How many somebody has to give today and why, what they gave and got, and to whom they might give."""
    assert isinstance(request.user, User)
    person, people = chosen_person(request)
    if person is None:
        return redirect("settings")
    at = timezone.now()
    given, more_given = received.given_by(person, request.user, at, after=request.GET.get("given", ""), most=OWN)
    got, more_got = received.given_to(person, request.user, at, after=request.GET.get("got", ""), most=OWN)
    might = whom.whom(person, request.user, at) if person.old_enough(at.date()) else []
    pairs = [(one.pk, topic.pk) for one, topics in might for topic in topics]
    found = states.states(person, pairs, at)
    context = {
        "person": person,
        "people": people,
        "page": "plus_k",
        "purse": purse.state_of(person, at),
        "old_enough": person.old_enough(at.date()),
        "base": purse.BASE,
        "most": purse.MOST,
        "given": [(row, name_in(row.topic), _undoable(row, at)) for row in given],
        "got": [(row, name_in(row.topic)) for row in got],
        "more_given": _page_at(request, "given", more_given),
        "more_got": _page_at(request, "got", more_got),
        "might": [
            (one, [(topic, name_in(topic), found[one.pk, topic.pk]) for topic in topics]) for one, topics in might
        ],
        "undo_minutes": int(giving.UNDO.total_seconds() // 60),
        "days": received.DAYS,
    }
    return render(request, "scoring/plus_k.html", context)


def _undoable(row: Endorsement, at: Any) -> Any:
    """Until when it can be taken back; None where that is over."""
    until = row.given_at + giving.UNDO
    return until if row.settled_at is None and until > at else None


def _page_at(request: HttpRequest, name: str, after: str) -> str:
    query = request.GET.copy()
    query[name] = after
    return f"?{query.urlencode()}" if after else ""

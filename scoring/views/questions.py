"""Pages of questions: the lists, one question with its answers, and asking."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Person, User
from scoring import topics
from scoring.models import Topic
from scoring.models.questions import State
from scoring.questions import answering, asking, lists, showing, standing
from scoring.questions.errors import AnsweredAlready, QuestionError, SaidBefore
from scoring.views.question_words import gone_lines, structured
from scoring.views.speaking import acting, speaking

LONGEST_SEARCH = 60
MATCHING = 20


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """?show=unanswered|mine, ?q= words of topics or ?topic= one, ?by= what somebody answered; ?after= the next page."""
    day, after = timezone.now().date(), request.GET.get("after", "")[:40]
    people = speaking(request)
    if handle := request.GET.get("by", "")[:60]:
        return answers_by(request, handle, people)
    show = request.GET.get("show", "")
    words = request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST_SEARCH]
    slug = request.GET.get("topic", "")[:80].replace("\x00", "")
    topic = Topic.objects.filter(slug=slug).first() if slug else None
    among = [topic] if topic else topics.found(words, limit=MATCHING) if words else None
    show = show if show == "unanswered" or (show == "mine" and people) else ""
    page = lists.page(
        request.user,
        day,
        topics=among,
        unanswered=show == "unanswered",
        asked_by=people if show == "mine" else None,
        after=after,
    )
    carried = {name: value for name, value in (("show", show), ("q", words), ("topic", slug)) if value}
    context = {
        "page": page,
        "show": show,
        "words": words,
        "topic": topic,
        "among": among or [],
        "begun": bool(after),
        "may_ask": bool(people),
        "next_at": f"?{urlencode({**carried, 'after': page.next})}" if page.next else "",
        "mine": lists.answers_by(people, own=True, number=10).lines if show == "mine" and not after else [],
    }
    return render(request, "scoring/questions/index.html", context)


def answers_by(request: HttpRequest, handle: str, people: list[Person]) -> HttpResponse:
    """What somebody whom the reader may see has answered."""
    seen = Person.objects.visible_to(request.user, timezone.now().date())
    person = seen.by_handle(handle).first()
    if person is None:
        raise Http404
    page = lists.answers_by([person], after=request.GET.get("after", "")[:40])
    following = {"by": person.handle.lower(), "after": page.next}
    context = {"person": person, "page": page, "next_at": f"?{urlencode(following)}" if page.next else ""}
    return render(request, "scoring/questions/by.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def question(request: HttpRequest, pk: int) -> HttpResponse:
    """A question with its answers; POST answers it."""
    at = timezone.now()
    found = showing.question_for(number(pk), request.user, at.date())
    if found is None:
        raise Http404
    people, me = acting(request)
    text = error = ""
    if request.method == "POST":
        if me is None or not isinstance(request.user, User):
            return redirect(f"{reverse('account_login')}?{urlencode({'next': found.get_absolute_url()})}")
        text = request.POST.get("text", "")
        try:
            given = answering.answer(question=found, person=me, user=request.user, text=text, at=at)
        except (AnsweredAlready, SaidBefore) as refused:
            known = refused.details.get("answer") or refused.details["question"]
            messages.warning(request, str(refused))
            return redirect(known.get_absolute_url())
        except QuestionError as refused:
            error = str(refused)
        else:
            messages.success(request, said_of(given.state, _("Your answer is on the page. Thank you.")))
            return redirect(given.get_absolute_url())
    page = page_of(request)
    shown = showing.shown(found, people=people, me=me, reader=request.user, at=at, page=page)
    visible = found.state == State.VISIBLE
    public = visible and found.answered > 0
    context: dict[str, Any] = {
        "shown": shown,
        "question": found,
        "visible": visible,
        "readable": visible or shown.own,
        "public": public,
        "gone": gone_lines(found) if visible else [],
        "structured": structured(shown) if public and page == 1 and not request.user.is_authenticated else "",
        "people": people,
        "me": me,
        "text": text,
        "error": error,
        "page": page,
        "may_answer": visible and me is not None and not shown.own and can_answer(shown),
        "most_words": answering.MOST_WORDS,
    }
    status = 422 if error else 410 if not visible and not shown.own and found.state != State.HELD else 200
    return render(request, "scoring/questions/question.html", context, status=status)


def page_of(request: HttpRequest) -> int:
    """?page=, the first one where that is no small number."""
    asked = request.GET.get("page", "")
    return max(1, int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 1


def can_answer(shown: showing.Shown) -> bool:
    return shown.mine is None or answering.can_answer_anew(shown.mine)


def number(pk: int) -> int:
    """A number that the database can have, else 404."""
    if pk >= 2**63:
        raise Http404
    return pk


def said_of(state: str, done: str) -> str:
    """What is told of something that was just written."""
    if state == State.HELD:
        return _("Thank you. It has a link, and you are new here: our staff reads it first, and you are told then.")
    return done


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask in a topic; what cannot be asked comes back with what is wrong."""
    assert isinstance(request.user, User)
    topic = get_object_or_404(Topic, slug=slug)
    people, me = acting(request)
    if me is None:
        return redirect("settings")
    values = {name: request.POST.get(name, "") for name in ("title", "text")}
    error: QuestionError | None = None
    if request.method == "POST":
        try:
            asked = asking.ask(
                topic=topic,
                person=me,
                user=request.user,
                language=get_language() or "",
                at=timezone.now(),
                **values,
            )
        except SaidBefore as refused:
            messages.warning(request, str(refused))
            return redirect(refused.details["question"])
        except QuestionError as refused:
            error = refused
        else:
            messages.success(request, said_of(asked.state, _("Your question is on the page. You are told of answers.")))
            return redirect(asked)
    context = {
        "topic": topic,
        "values": values,
        "error": error,
        "field": error.details.get("field", "") if error else "",
        "people": people,
        "me": me,
        "title_most": asking.LONGEST_TITLE,
        "text_most": asking.LONGEST_TEXT,
        "most": standing.MOST_QUESTIONS,
    }
    return render(request, "scoring/questions/ask.html", context, status=422 if error else 200)

"""What can be done about a question or an answer that is there: change, withdraw, report, object, give +K."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Person, User
from scoring.models import Answer, Question, Report
from scoring.models.questions import State
from scoring.plus_k.errors import CannotGive, TooSoon
from scoring.questions import answering, asking, reporting, showing
from scoring.questions.errors import QuestionError
from scoring.questions.states import Thing
from scoring.views.questions import number, said_of
from scoring.views.speaking import acting, speaking

View = Callable[..., HttpResponse]


def question_of(pk: int) -> Question:
    found = Question.objects.select_related("topic", "person").filter(pk=number(pk)).first()
    if found is None:
        raise Http404
    return found


def answer_of(pk: int) -> Answer:
    found = Answer.objects.select_related("question__topic", "question__person", "person").filter(pk=number(pk)).first()
    if found is None:
        raise Http404
    return found


def author_in(request: HttpRequest, thing: Thing) -> Person:
    """Whom the reader speaks for and who wrote `thing`; 404 where that is somebody else."""
    for person in speaking(request):
        if person.pk == thing.person_id:
            return person
    raise Http404


def around(thing: Thing) -> dict[str, Any]:
    """What the pages about `thing` want to know."""
    return {
        "thing": thing,
        "is_answer": isinstance(thing, Answer),
        "question": thing.question if isinstance(thing, Answer) else thing,
    }


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit_question(request: HttpRequest, pk: int) -> HttpResponse:
    thing = question_of(pk)
    values = {name: request.POST.get(name, getattr(thing, name)) for name in ("title", "text")}

    def change(person: Person, user: User, at: datetime) -> Thing:
        return asking.change(question=thing, person=person, user=user, at=at, **values)

    return _edited(request, thing, values, change)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit_answer(request: HttpRequest, pk: int) -> HttpResponse:
    thing = answer_of(pk)
    values = {"text": request.POST.get("text", thing.text)}

    def change(person: Person, user: User, at: datetime) -> Thing:
        return answering.change(answer=thing, person=person, user=user, at=at, **values)

    return _edited(request, thing, values, change)


def _edited(
    request: HttpRequest, thing: Thing, values: dict[str, str], change: Callable[[Person, User, datetime], Thing]
) -> HttpResponse:
    assert isinstance(request.user, User)
    person, at = author_in(request, thing), timezone.now()
    error: QuestionError | None = None
    if request.method == "POST":
        try:
            changed = change(person, request.user, at)
        except QuestionError as refused:
            error = refused
        else:
            messages.success(request, said_of(changed.state, _("Saved.")))
            return redirect(thing)
    context = {
        **around(thing),
        "values": values,
        "error": error,
        "field": error.details.get("field", "") if error else "",
        "changeable": showing.changeable(thing, at),
        "title_most": asking.LONGEST_TITLE,
        "text_most": asking.LONGEST_TEXT,
        "most_words": answering.MOST_WORDS,
    }
    return render(request, "scoring/questions/edit.html", context, status=422 if error else 200)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw_question(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks whether that is meant."""
    return _withdrawn(request, question_of(pk))


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw_answer(request: HttpRequest, pk: int) -> HttpResponse:
    return _withdrawn(request, answer_of(pk))


def _withdrawn(request: HttpRequest, thing: Thing) -> HttpResponse:
    assert isinstance(request.user, User)
    person = author_in(request, thing)
    if request.method != "POST":
        return render(request, "scoring/questions/withdraw.html", around(thing))
    done = {"person": person, "user": request.user, "at": timezone.now()}
    try:
        if isinstance(thing, Answer):
            answering.withdraw(answer=thing, **done)  # type: ignore[arg-type]
        else:
            asking.withdraw(question=thing, **done)  # type: ignore[arg-type]
    except QuestionError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("It is withdrawn: nobody else sees it any more."))
    return redirect(thing.question if isinstance(thing, Answer) else thing)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def report_question(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the staff to look at a question."""
    thing = question_of(pk)
    return _reported(request, thing, thing.state == State.VISIBLE)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def report_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the staff to look at an answer."""
    thing = answer_of(pk)
    return _reported(request, thing, thing.state == thing.question.state == State.VISIBLE)


def _reported(request: HttpRequest, thing: Thing, there: bool) -> HttpResponse:
    assert isinstance(request.user, User)
    people, me = acting(request)
    if not there or me is None:
        raise Http404
    error = ""
    reason, text = request.POST.get("reason", ""), request.POST.get("text", "")
    if request.method == "POST":
        try:
            reporting.report(thing=thing, reporter=me, user=request.user, reason=reason, text=text, at=timezone.now())
        except QuestionError as refused:
            error = str(refused)
        else:
            messages.success(request, _("Thank you. Our staff reads it, and you are told what comes of it."))
            return redirect(thing.question if isinstance(thing, Answer) else thing)
    context = {
        **around(thing),
        "reasons": Report.Reason.choices,
        "reason": reason,
        "text": text,
        "error": error,
        "me": me,
        "people": people,
    }
    return render(request, "scoring/questions/report.html", context, status=422 if error else 200)


@login_required
@require_POST
def object_question(request: HttpRequest, pk: int) -> HttpResponse:
    """Say once why one's own question should stand."""
    return _objected(request, question_of(pk))


@login_required
@require_POST
def object_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Say once why one's own answer should stand."""
    return _objected(request, answer_of(pk))


def _objected(request: HttpRequest, thing: Thing) -> HttpResponse:
    assert isinstance(request.user, User)
    person = author_in(request, thing)
    text = request.POST.get("text", "")
    try:
        reporting.object_to(thing=thing, person=person, user=request.user, text=text, at=timezone.now())
    except QuestionError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Thank you. Our staff reads it, and you are told what they decide."))
    return redirect(thing)


@login_required
@require_POST
def answer_plus_k(request: HttpRequest, pk: int) -> HttpResponse:
    """Give +K for an answer, in the question's topic."""
    assert isinstance(request.user, User)
    answer = answer_of(pk)
    _people, me = acting(request)
    if me is None:
        return redirect("settings")
    seen = Person.objects.visible_to(request.user, timezone.now().date()).filter(pk=answer.person_id)
    if answer.state != State.VISIBLE or not seen.exists():
        # Who may not see who wrote it does not learn it by what they are answered either.
        messages.error(request, _("+K for this answer cannot be given: its author is not to be seen."))
        return redirect(answer.question)
    try:
        answering.plus_k(answer=answer, giver=me, user=request.user)
    except TooSoon:
        messages.info(request, _("You have given it: one to the same person in the same topic, every seven days."))
    except (CannotGive, QuestionError) as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("+K is given. You can take it back for ten minutes."))
    return redirect(answer)

"""What the staff decides about a question or an answer: let it stand, remove it. Everybody concerned is told why."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.models.people import visible
from accounts.notify import notify
from scoring import moderation
from scoring.models import Answer, Report
from scoring.models.questions import Ground, State
from scoring.questions import experts
from scoring.questions.answering import tell_asker
from scoring.questions.errors import NotNow, Unfit
from scoring.questions.reporting import reports_of
from scoring.questions.states import Thing, locked, named, put, tell_author

# Why the staff removes something; the others are rules'.
GROUNDS = [Ground(value) for value in Report.Reason.values]


@transaction.atomic
def let_stand(*, thing: Thing, user: User, note: str = "", at: datetime) -> Thing:
    """Put `thing` back where it was held or removed, else turn its reports down. note: why, for the log.

    Raises NotNow where it was withdrawn, or nothing waits for a decision.
    """
    thing = locked(thing)
    before = State(thing.state)
    if before == State.WITHDRAWN:
        raise NotNow(_("It was withdrawn by who wrote it."))
    open_ = reports_of(thing).filter(decided_at=None)
    if before == State.VISIBLE and not open_.exists():
        raise NotNow(_("Nothing waits for a decision here."))
    action = {State.VISIBLE: "dismiss", State.HELD: "show", State.REMOVED: "restore"}[before]
    moderation.record(user=user, action=action, **named(thing), reason=visible(note).strip(), at=at)
    first = thing.ground == Ground.LINK
    _objection_is_answered(thing, used=False)
    put(thing, State.VISIBLE)
    _answer_reports(thing, upheld=False, at=at)
    if before != State.VISIBLE:
        tell_author(thing, "post_shown")
    if before == State.HELD and first:
        # What was held from the first is new to everybody else now.
        if isinstance(thing, Answer):
            tell_asker(thing, at)
        else:
            experts.tell_later(thing)
    return thing


@transaction.atomic
def remove(*, thing: Thing, user: User, ground: Ground, note: str, at: datetime) -> Thing:
    """Take `thing` from the page. ground: what stands in its place; note: why, for who wrote it.

    Raises Unfit without a note, NotNow where it is removed or was withdrawn.
    """
    note = visible(note).strip()
    if not note:
        raise Unfit(_("Please say why: who wrote it reads this."), field="note")
    if ground not in GROUNDS:
        raise Unfit(_("Please choose a ground."), field="ground")
    thing = locked(thing)
    if thing.state in (State.REMOVED, State.WITHDRAWN):
        raise NotNow(_("It is not on the page any more."))
    _objection_is_answered(thing, used=False)
    put(thing, State.REMOVED, ground=ground, note=note)
    moderation.record(user=user, action="remove", **named(thing), reason=f"{ground.value}: {note}", at=at)
    _answer_reports(thing, upheld=True, at=at)
    tell_author(thing, "post_removed", ground=ground.label, note=note)
    return thing


@transaction.atomic
def refuse_objection(*, thing: Thing, user: User, note: str, at: datetime) -> Thing:
    """Leave `thing` removed though who wrote it has objected; they are told why. Raises Unfit or NotNow."""
    note = visible(note).strip()
    if not note:
        raise Unfit(_("Please say why: who wrote it reads this."), field="note")
    thing = locked(thing)
    if thing.state != State.REMOVED or thing.objected_at is None:
        raise NotNow(_("There is no objection to decide."))
    _objection_is_answered(thing, used=True)
    moderation.record(user=user, action="refuse objection", **named(thing), reason=note, at=at)
    tell_author(thing, "objection_refused", note=note)
    return thing


def _objection_is_answered(thing: Thing, *, used: bool) -> None:
    """used: it was the one objection that there is against this decision."""
    thing.objected_at = None
    if not used:
        thing.objection = ""
    thing.save(update_fields=["objected_at", "objection"])


def _answer_reports(thing: Thing, *, upheld: bool, at: datetime) -> None:
    """Decide what is open about a locked `thing`, and tell who reported it."""
    open_ = list(reports_of(thing).filter(decided_at=None).select_related("reporter").order_by("pk"))
    reports_of(thing).filter(pk__in=[row.pk for row in open_]).update(decided_at=at, upheld=upheld)
    for row in open_:
        context = {"upheld": upheld, "is_answer": isinstance(thing, Answer), "url": thing.get_absolute_url()}
        notify(person=row.reporter, kind="report_decided", context=context)

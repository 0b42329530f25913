"""Anybody who is a member may report a question or an answer; several reports hold it; who wrote it may object."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from accounts import team_log
from accounts.models import Membership, Person, User
from accounts.models.people import visible
from scoring.models import ModerationEntry, Question, Report, Score
from scoring.models.questions import Ground, State
from scoring.questions import standing
from scoring.questions.asking import is_own
from scoring.questions.errors import NotAllowed, NotNow, Unfit
from scoring.questions.states import LIVE, Thing, hold, locked

# Whoever is here for less, or has no score, can report, but their reports alone hold nothing.
MEMBER_FOR = timedelta(days=7)
# So many such people hold it.
REPORTS_TO_HOLD = 3
# Whose reports were turned down so often, and more often than not, hold nothing either.
TURNED_DOWN = 3
LONGEST_OBJECTION = 1000
# How long it is kept who reported what, once the staff has decided.
KEPT = timedelta(days=365)
LET_STAND = ("dismiss", "show", "restore")


@transaction.atomic
def report(*, thing: Thing, reporter: Person, user: User, reason: str, text: str = "", at: datetime) -> Report:
    """Tell the staff that `thing` should not stand here; a second report of the same person is the first one.

    reason: of Report.Reason. Raises Unfit, NotAllowed (also for one's own), NotNow or TooMany.
    """
    text = " ".join(visible(text).split())[:500]
    if reason not in Report.Reason.values:
        raise Unfit(_("Please say what is wrong with it."), field="reason")
    if reason == Report.Reason.OTHER and not text:
        raise Unfit(_("Please say in a few words what is wrong with it."), field="text")
    standing.turn(reporter)
    standing.may_act(person=reporter, user=user, at=at)
    thing = locked(thing)
    if thing.state not in LIVE:
        raise NotNow(_("It is not on the page any more."))
    if thing.person_id is not None and Membership.objects.filter(user=user, person=thing.person_id).exists():
        raise NotAllowed(_("You wrote this yourself: you can withdraw it."), why="own")
    if before := reports_of(thing).filter(reporter=reporter).first():
        return before
    standing.within_the_day(Report, person=reporter, at=at)
    which = {"question": thing} if isinstance(thing, Question) else {"answer": thing}
    row = Report.objects.create(**which, reporter=reporter, reason=reason, text=text, created_at=at)
    team_log.note(person=reporter, user=user, action="report", about=name_of(thing), at=at)
    if thing.state == State.VISIBLE and not _let_stand(thing):
        number = weighty(thing, at)
        if number >= REPORTS_TO_HOLD:
            hold(thing, ground=Ground.REPORTS, reason=f"{number} people reported it.", at=at)
    return row


def name_of(thing: Thing) -> str:
    """How a team's log names it: by the number of the question."""
    return f"question {thing.pk if isinstance(thing, Question) else thing.question_id}"


def reports_of(thing: Thing) -> QuerySet[Report]:
    return Report.objects.filter(question=thing) if isinstance(thing, Question) else Report.objects.filter(answer=thing)


def weighty(thing: Thing, at: datetime) -> int:
    """How many people with a standing have reported `thing` and wait for the staff: with a score, no newcomers, and
    not mostly turned down before."""
    open_ = reports_of(thing).filter(decided_at=None, reporter__kind=Person.Kind.PERSON)
    scored = open_.filter(Exists(Score.objects.filter(person=OuterRef("reporter"))))
    reporters = Person.objects.filter(pk__in=scored.values("reporter"), created_at__lte=at - MEMBER_FOR)
    counted = reporters.annotate(
        turned_down=Count("reports_made", filter=Q(reports_made__upheld=False)),
        upheld=Count("reports_made", filter=Q(reports_made__upheld=True)),
    )
    return counted.exclude(turned_down__gte=TURNED_DOWN, turned_down__gt=F("upheld")).count()


def _let_stand(thing: Thing) -> bool:
    """Whether the staff has looked at these very words and let them stand: no number of reports holds them again."""
    which = {"question": thing, "answer": None} if isinstance(thing, Question) else {"answer": thing}
    looked = ModerationEntry.objects.filter(**which, action__in=LET_STAND, user__isnull=False)
    if thing.changed_at is not None:
        looked = looked.filter(at__gte=thing.changed_at)
    return looked.exists()


@transaction.atomic
def object_to(*, thing: Thing, person: Person, user: User, text: str, at: datetime) -> None:
    """Say once why `thing`, which is held or was removed, should stand; the staff decides again.

    Raises Unfit, NotAllowed or NotNow.
    """
    text = visible(text).strip()[:LONGEST_OBJECTION]
    if not text:
        raise Unfit(_("Please say why it should stand."), field="text")
    standing.turn(person)
    standing.may_act(person=person, user=user, at=at)
    thing = locked(thing)
    is_own(thing, person)
    if thing.state not in (State.HELD, State.REMOVED):
        raise NotNow(_("There is nothing to object to."))
    if thing.objection:
        raise NotNow(_("You have objected already: our staff reads it."))
    thing.objection, thing.objected_at = text, at
    thing.save(update_fields=["objection", "objected_at"])
    team_log.note(person=person, user=user, action="object", about=name_of(thing), at=at)


def forget_reports(at: datetime) -> int:
    """Delete the reports that were decided longer than KEPT ago, or never were in twice that time; how many."""
    old = Q(decided_at__lte=at - KEPT) | Q(created_at__lte=at - 2 * KEPT)
    return Report.objects.filter(old).delete()[0]


def with_open_reports(rows: QuerySet[Any], which: str) -> QuerySet[Any]:
    """Rows with `open_reports`, how many wait for a decision; which: "question" or "answer"."""
    open_ = Report.objects.filter(**{which: OuterRef("pk")}, decided_at=None).order_by().values(which)
    number = Coalesce(Subquery(open_.annotate(number=Count("pk")).values("number")), 0)
    annotated: QuerySet[Any] = rows.annotate(open_reports=number)
    return annotated


def waiting(which: str) -> Q:
    """What of the questions, or answers (which: "question" or "answer"), waits for the staff."""
    reported = Report.objects.filter(**{f"{which}__isnull": False}, decided_at=None).values(which)
    return Q(pk__in=reported, state__in=LIVE) | Q(state=State.HELD) | Q(objected_at__isnull=False)

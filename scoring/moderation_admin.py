"""The staff's queue of questions and answers: what is reported, held or objected to, most reports first; who reported,
what its author wrote before, and the decision, each one written down with who, when and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Person, User
from accounts.read_only import ReadOnly
from scoring import moderation
from scoring.models import Answer, ModerationEntry, Question, Report, Silenced
from scoring.models.questions import Ground, State
from scoring.questions import deciding, reporting
from scoring.questions.errors import QuestionError

SHOWN = 30


class Decision(forms.ModelForm):  # type: ignore[type-arg]
    """What is decided, and whether its author may not write for some days."""

    decision = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        choices=[
            ("", gettext_lazy("none yet")),
            ("stand", gettext_lazy("Let it stand, or put it back: reports are turned down")),
            ("remove", gettext_lazy("Remove it")),
            ("refuse", gettext_lazy("Refuse the objection: it stays removed")),
        ],
        required=False,
    )
    removed_for = forms.ChoiceField(
        label=gettext_lazy("Ground of a removal"),
        choices=[("", "---"), *((ground.value, ground.label) for ground in deciding.GROUNDS)],
        required=False,
        help_text=gettext_lazy("Stands in its place, for everybody."),
    )
    why = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Its author reads this, and it stands in the log. No names of who reported it."),
    )
    silence = forms.IntegerField(
        label=gettext_lazy("Days for which its author may not write"),
        min_value=1,
        max_value=moderation.LONGEST_SILENCE.days,
        required=False,
        help_text=gettext_lazy("Neither ask nor answer nor give +K. They are told why."),
    )

    def clean(self) -> dict[str, Any]:
        known: dict[str, Any] = super().clean() or {}
        decision, why = known.get("decision"), known.get("why", "").strip()
        if decision == "remove" and not known.get("removed_for"):
            raise ValidationError({"removed_for": _("Please choose a ground.")})
        if (decision in {"remove", "refuse"} or known.get("silence")) and not why:
            raise ValidationError({"why": _("Please say why: its author reads this.")})
        if known.get("silence") and self.instance.person_id is None:
            raise ValidationError({"silence": _("Its author is not here any more.")})
        return known


class WaitingFilter(admin.SimpleListFilter):
    """What waits for the staff, if nothing else is asked for."""

    title = gettext_lazy("queue")
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        return [
            ("objected", _("with an objection")),
            ("held", _("held for the staff")),
            ("all", _("everything there is")),
        ]

    def choices(self, changelist: Any) -> Iterator[Any]:
        yield {
            "selected": self.value() is None,
            "query_string": changelist.get_query_string(remove=[self.parameter_name]),
            "display": _("waits for a decision"),
        }
        for value, label in self.lookup_choices:
            yield {
                "selected": self.value() == value,
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": label,
            }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        which = "question" if queryset.model is Question else "answer"
        asked: dict[str | None, Q] = {
            "objected": Q(objected_at__isnull=False),
            "held": Q(state=State.HELD),
            "all": Q(),
        }
        return queryset.filter(asked.get(self.value(), reporting.waiting(which)))


class JudgedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A queue of questions, or of answers."""

    which = ""
    form = Decision
    list_filter = [WaitingFilter, "state", "ground", ("reports__reason", admin.ChoicesFieldListFilter)]
    actions = None
    show_full_result_count = False
    decided = ["decision", "removed_for", "why", "silence"]
    facts = ["written", "topic_name", "author", "state_now", "objection_shown", "reports_shown", "history", "log_shown"]

    class Media:
        css = {"all": ["css/staff.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # Not Django's own, which would order by what is not there yet.
        rows = reporting.with_open_reports(self.model._default_manager.all(), self.which)
        return rows.order_by(*self.get_ordering(request))

    def get_ordering(self, request: HttpRequest) -> Any:
        # Of everything there is, the newest: to count the reports of all of it would take long.
        return ["-created_at"] if request.GET.get("queue") == "all" else ["-open_reports", "created_at"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*self.facts, *self.decided]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return self.facts

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return [(None, {"fields": self.facts}), (_("Decision"), {"fields": self.decided})]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("open reports"), ordering="open_reports")
    def reported(self, thing: Any) -> int:
        return int(thing.open_reports)

    @admin.display(description=gettext_lazy("objection"), boolean=True)
    def objected(self, thing: Any) -> bool:
        return thing.objected_at is not None

    @admin.display(description=gettext_lazy("author"))
    def author(self, thing: Any) -> str:
        return _person(thing.person)

    @admin.display(description=gettext_lazy("state"))
    def state_now(self, thing: Any) -> str:
        ground = f" ({thing.get_ground_display()})" if thing.ground else ""
        return f"{thing.get_state_display()}{ground} {thing.note}".strip()

    @admin.display(description=gettext_lazy("objection"))
    def objection_shown(self, thing: Any) -> str:
        if not thing.objection:
            return _("none")
        return _("open: %(text)s") % {"text": thing.objection} if thing.objected_at else thing.objection

    @admin.display(description=gettext_lazy("reports"))
    def reports_shown(self, thing: Any) -> str:
        """Beside each report how often its reporter was right: who reports falsely is seen."""
        rows = reporting.reports_of(thing).select_related("reporter").order_by("decided_at", "-created_at")[:SHOWN]
        records = records_of([row.reporter_id for row in rows])
        lines = [
            (
                _when(row.created_at),
                row.get_reason_display(),
                row.text,
                _person(row.reporter),
                _("%(upheld)s right, %(turned_down)s turned down") % records.get(row.reporter_id, NO_RECORD),
                _("open") if row.decided_at is None else _("upheld") if row.upheld else _("turned down"),
            )
            for row in rows
        ]
        heads = (_("When"), _("Reason"), _("In their words"), _("By"), _("Reports of theirs before"), _("State"))
        return _table(heads, lines)

    @admin.display(description=gettext_lazy("its author before"))
    def history(self, thing: Any) -> str:
        person = thing.person
        if person is None:
            return _("not here any more")
        numbers = {"asked": Question.objects.filter(person=person).count()}
        numbers["answered"] = Answer.objects.filter(person=person).count()
        numbers["removed"] = (
            Question.objects.filter(person=person, state=State.REMOVED).count()
            + Answer.objects.filter(person=person, state=State.REMOVED).count()
        )
        said = _("%(asked)s questions, %(answered)s answers, %(removed)s of them removed.") % numbers
        entries = ModerationEntry.objects.filter(person=person).select_related("user").order_by("-at")[:SHOWN]
        return format_html("<p>{}</p>{}", said, _log(entries))

    @admin.display(description=gettext_lazy("what was done about it"))
    def log_shown(self, thing: Any) -> str:
        about = {"answer": thing} if isinstance(thing, Answer) else {"question": thing, "answer": None}
        return _log(ModerationEntry.objects.filter(**about).select_related("user").order_by("-at")[:SHOWN])

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        values, at = form.cleaned_data, timezone.now()
        why = values["why"].strip()
        by: dict[str, Any] = {"user": request.user, "at": at}
        if values["decision"] == "stand":
            deciding.let_stand(thing=obj, note=why, **by)
        elif values["decision"] == "remove":
            deciding.remove(thing=obj, ground=Ground(values["removed_for"]), note=why, **by)
        elif values["decision"] == "refuse":
            deciding.refuse_objection(thing=obj, note=why, **by)
        if values["silence"]:
            moderation.silence(person=obj.person, days=values["silence"], reason=why, **by)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            answer: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
        except QuestionError as error:
            # Django's transaction is over: nothing of it was kept.
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(request.path)
        return answer


@admin.register(Question)
class QuestionAdmin(JudgedAdmin):
    which = "question"
    list_display = ["title", "topic", "author", "state", "ground", "reported", "objected", "answered", "created_at"]
    list_select_related = ["topic", "person"]
    search_fields = ["title", "=person__handle"]

    @admin.display(description=gettext_lazy("question"))
    def written(self, question: Question) -> str:
        return format_html(
            '<p><a href="{}"><strong>{}</strong></a></p>{}',
            question.get_absolute_url(),
            question.title,
            _paragraphs(question.text),
        )

    @admin.display(description=gettext_lazy("topic"))
    def topic_name(self, question: Question) -> str:
        return question.topic.name


@admin.register(Answer)
class AnswerAdmin(JudgedAdmin):
    which = "answer"
    list_display = ["excerpt", "question", "author", "state", "ground", "reported", "objected", "plus_k", "created_at"]
    list_select_related = ["question", "person"]
    search_fields = ["text", "=person__handle"]

    @admin.display(description=gettext_lazy("answer"))
    def excerpt(self, answer: Answer) -> str:
        return answer.text if len(answer.text) <= 80 else f"{answer.text[:79]}\u2026"

    @admin.display(description=gettext_lazy("answer"))
    def written(self, answer: Answer) -> str:
        return format_html(
            '<p>{} <a href="{}">{}</a></p>{}',
            _("To the question:"),
            answer.get_absolute_url(),
            answer.question.title,
            _paragraphs(answer.text),
        )

    @admin.display(description=gettext_lazy("topic"))
    def topic_name(self, answer: Answer) -> str:
        return answer.question.topic.name


@admin.register(Report)
class ReportAdmin(ReadOnly):
    """All reports, to look for who reports falsely; the decision is on the page of what is reported."""

    list_display = ["created_at", "reason", "what", "text", "reporter", "decided_at", "upheld"]
    list_filter = [("decided_at", admin.EmptyFieldListFilter), "upheld", "reason"]
    list_select_related = ["reporter", "question", "answer"]
    search_fields = ["=reporter__handle", "text"]
    ordering = ["-created_at"]

    @admin.display(description=gettext_lazy("what"))
    def what(self, report: Report) -> str:
        which, pk = ("question", report.question_id) if report.question_id else ("answer", report.answer_id)
        address = reverse(f"admin:scoring_{which}_change", args=[pk])
        return format_html('<a href="{}">{} {}</a>', address, _("question") if which == "question" else _("answer"), pk)


@admin.register(ModerationEntry)
class ModerationEntryAdmin(ReadOnly):
    """Everything the staff or a rule did: lines are only added."""

    list_display = ["at", "by", "action", "about", "person", "reason"]
    list_filter = ["action", ("user", admin.EmptyFieldListFilter)]
    list_select_related = ["user", "person"]
    search_fields = ["=person__handle", "about", "reason"]
    date_hierarchy = "at"
    ordering = ["-at", "-pk"]

    @admin.display(description=gettext_lazy("by"))
    def by(self, entry: ModerationEntry) -> str:
        return str(entry.user) if entry.user else _("a rule")


class SilenceForm(forms.ModelForm):  # type: ignore[type-arg]
    days = forms.IntegerField(label=gettext_lazy("Days"), min_value=1, max_value=moderation.LONGEST_SILENCE.days)

    class Meta:
        model = Silenced
        fields = ["person", "reason"]


@admin.register(Silenced)
class SilencedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Who may not write until when. To delete a line ends it; both are written down, and told."""

    form = SilenceForm
    fields = ["person", "days", "reason"]
    raw_id_fields = ["person"]
    list_display = ["person", "until", "reason", "created_at"]
    list_select_related = ["person"]
    search_fields = ["=person__handle"]
    ordering = ["-until"]
    actions = None

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Silenced, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        values = form.cleaned_data
        saved = moderation.silence(
            person=values["person"],
            user=request.user,
            days=values["days"],
            reason=values["reason"],
            at=timezone.now(),
        )
        obj.until, obj.created_at = saved.until, saved.created_at

    def delete_model(self, request: HttpRequest, obj: Silenced) -> None:
        assert isinstance(request.user, User)
        at = timezone.now()
        if not moderation.unsilence(person=obj.person, user=request.user, reason="", at=at):
            # It was over already: nothing to tell.
            obj.delete()


NO_RECORD = {"upheld": 0, "turned_down": 0}


def records_of(people: Iterable[int]) -> dict[int, dict[str, int]]:
    """Reporter -> how many of their reports were upheld, and turned down; one query."""
    rows = Report.objects.filter(reporter__in=list(people)).order_by().values("reporter")
    counted = rows.annotate(right=Count("pk", filter=Q(upheld=True)), wrong=Count("pk", filter=Q(upheld=False)))
    return {row["reporter"]: {"upheld": row["right"], "turned_down": row["wrong"]} for row in counted}


def _person(person: Person | None) -> str:
    if person is None:
        return _("not here any more")
    return format_html('<a href="{}">@{}</a>', reverse("admin:accounts_person_change", args=[person.pk]), person.handle)


def _when(at: Any) -> str:
    return date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT")


def _paragraphs(text: str) -> str:
    return format_html_join("", "<p>{}</p>", ((part,) for part in text.split("\n") if part.strip()))


def _log(entries: Iterable[ModerationEntry]) -> str:
    lines = [
        (_when(entry.at), str(entry.user) if entry.user else _("a rule"), entry.action, entry.about, entry.reason)
        for entry in entries
    ]
    return _table((_("When"), _("By"), _("What"), _("About"), _("Why")), lines)


def _table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    if not lines:
        return _("nothing")
    body = format_html_join(
        "", "<tr>{}</tr>", ((format_html_join("", "<td>{}</td>", ((cell,) for cell in line)),) for line in lines)
    )
    head = format_html_join("", '<th scope="col">{}</th>', ((text,) for text in heads))
    return format_html('<div class="wide"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>', head, body)

"""The staff's pages of topics: the tree, what people dispute, and words that mislead."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.read_only import ReadOnly
from scoring import moderation
from scoring.models import MisleadingWords, Topic, TopicDispute
from scoring.topics import disputes
from scoring.topics.words import normalised


@admin.register(Topic)
class TopicAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """There are thousands: parents are given by number, and nobody's topic is deleted by a click."""

    list_display = ["name", "slug", "ranked", "external_id", "wikidata"]
    search_fields = ["name", "slug", "=external_id", "=wikidata"]
    ordering = ["-ranked", "name"]
    raw_id_fields = ["parents"]
    readonly_fields = ["external_id", "ranked"]
    exclude = ["people"]
    show_full_result_count = False

    def get_readonly_fields(self, request: HttpRequest, obj: Topic | None = None) -> list[str]:
        # Addresses stay.
        return ["slug", *self.readonly_fields] if obj else [*self.readonly_fields]

    def has_delete_permission(self, request: HttpRequest, obj: Topic | None = None) -> bool:
        return False


class DisputeForm(forms.ModelForm):  # type: ignore[type-arg]
    """What the staff decides: which of the words mislead, and what the person is told."""

    decision = forms.ChoiceField(
        label=gettext_lazy("decision"),
        required=False,
        choices=[
            ("", gettext_lazy("look at it later")),
            ("uphold", gettext_lazy("the words mislead: they speak for this topic of nobody any more")),
            ("close", gettext_lazy("the words are right for others: it stays away from this person alone")),
        ],
    )
    words = forms.MultipleChoiceField(
        label=gettext_lazy("words that mislead"), required=False, widget=forms.CheckboxSelectMultiple
    )
    told = forms.CharField(
        label=gettext_lazy("what the person is told"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    class Meta:
        model = TopicDispute
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["words"].choices = [(one, one) for one in disputes.words_of(self.instance)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("decision") == "uphold" and disputes.words_of(self.instance) and not given.get("words"):
            raise ValidationError(_("Say which words mislead."))
        return given


@admin.register(TopicDispute)
class TopicDisputeAdmin(ReadOnly):
    """The queue of what people say is not theirs, the open ones first."""

    form = DisputeForm
    list_display = ["topic", "person", "why", "reason", "state", "created_at", "decided_by"]
    list_filter = ["state"]
    list_select_related = ["topic", "person", "decided_by"]
    search_fields = ["topic__name", "topic__slug", "person__handle"]
    ordering = ["-created_at", "-pk"]

    class Media:
        css = {"all": ["css/staff.css"]}

    def has_change_permission(self, request: HttpRequest, obj: TopicDispute | None = None) -> bool:
        allowed = admin.ModelAdmin.has_change_permission(self, request, obj)
        return allowed and (obj is None or obj.state == TopicDispute.State.OPEN)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not request.GET and self.has_view_permission(request):
            return redirect(reverse("admin:scoring_topicdispute_changelist", query={"state__exact": "open"}))
        return super().changelist_view(request, extra_context)

    def get_fields(self, request: HttpRequest, obj: TopicDispute | None = None) -> Any:
        known = ["person", "topic", "reason", "why", "others", "created_at"]
        if self.has_change_permission(request, obj):
            return [*known, "decision", "words", "told"]
        return [*known, "state", "decided_at", "decided_by"]

    def get_readonly_fields(self, request: HttpRequest, obj: TopicDispute | None = None) -> list[str]:
        return ["person", "topic", "reason", "why", "others", "created_at", "state", "decided_at", "decided_by"]

    @admin.display(description=gettext_lazy("what we had said why"))
    def why(self, row: TopicDispute) -> str:
        lines = ((" ".join(filter(None, line[:2])), line[2]) for line in row.evidence if len(line) > 2)
        told = (f"{source}: {words}" if words else source for source, words in lines)
        return ", ".join(told) or str(_("own choice or +K alone"))

    @admin.display(description=gettext_lazy("others who dispute this topic"))
    def others(self, row: TopicDispute) -> int:
        return TopicDispute.objects.filter(topic=row.topic).exclude(pk=row.pk).count()

    def save_model(self, request: HttpRequest, obj: TopicDispute, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        given = {"dispute": obj, "reason": form.cleaned_data["told"], "user": request.user, "at": timezone.now()}
        try:
            if form.cleaned_data["decision"] == "uphold":
                disputes.uphold(words=form.cleaned_data["words"], **given)
            elif form.cleaned_data["decision"] == "close":
                disputes.close(**given)
        except disputes.DecidedAlready:
            messages.error(request, _("It was decided, or taken back, meanwhile."))


class MisleadingForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = MisleadingWords
        fields = ["topic", "words", "reason"]

    def clean_words(self) -> str:
        words = normalised(self.cleaned_data["words"])
        if not words:
            raise ValidationError(_("There is no word in this."))
        return words


@admin.register(MisleadingWords)
class MisleadingWordsAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Words that speak for a topic of nobody; what is changed here counts from the next daily run on."""

    form = MisleadingForm
    list_display = ["words", "topic", "reason", "created_at"]
    list_select_related = ["topic"]
    search_fields = ["words", "topic__name", "topic__slug"]
    raw_id_fields = ["topic"]
    ordering = ["-created_at"]

    def save_model(self, request: HttpRequest, obj: MisleadingWords, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        self.note(request, "misleading words", obj)

    def delete_model(self, request: HttpRequest, obj: MisleadingWords) -> None:
        self.note(request, "words mislead no more", obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[MisleadingWords]) -> None:
        for one in queryset.select_related("topic"):
            self.note(request, "words mislead no more", one)
        super().delete_queryset(request, queryset)

    @staticmethod
    def note(request: HttpRequest, action: str, row: MisleadingWords) -> None:
        """A line of the moderation log."""
        assert isinstance(request.user, User)
        about = f"{row.topic.slug}: {row.words}"
        moderation.record(user=request.user, action=action, about=about, reason=row.reason, at=timezone.now())

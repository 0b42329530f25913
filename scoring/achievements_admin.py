"""The staff's pages of achievements: its own definitions, with who would get them, and levels taken back for fraud."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from scoring.achievements import definitions, revoking
from scoring.achievements.catalogue import BY_SLUG, rising
from scoring.achievements.symbols import SYMBOLS
from scoring.achievements.terms import DID, WHOLE, parsed
from scoring.features.catalogue import NETWORKS
from scoring.models import Award, Definition, PreviewedAward
from scoring.tasks import preview_achievement

# Of those who would get a draft, how many are named.
SHOWN = 100
WORDS = frozenset({"name", "unit", "text"})


class DefinitionForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Definition
        fields = [
            *("slug", "network", "measure", "levels", "name", "unit", "text", "translations", "symbol", "revocable")
        ]
        widgets = {
            "text": forms.Textarea(attrs={"rows": 2}),
            "translations": forms.Textarea(attrs={"rows": 4}),
        }
        help_texts = {
            "measure": gettext_lazy(
                "Terms joined by “+”: people:share,quote (different people who ever did it; people:any for anything), "
                "post:share (to the one post to which most did), follow_surplus or checkins_counter (what a counter "
                "says), did:%(did)s. Or one word by itself: %(whole)s."
            )
            % {"did": ", did:".join(DID), "whole": ", ".join(WHOLE)},
            "slug": gettext_lazy("Small letters, digits and hyphens; it stays as it is once it is live."),
            "translations": gettext_lazy('As {"de": {"name": "…", "unit": "…", "text": "…"}}.'),
            "revocable": gettext_lazy("Whether a level may be taken back from somebody who came by it unfairly."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        networks = [("", _("all networks")), *((slug, network.label) for slug, network in NETWORKS.items())]
        symbols = sorted(((name, str(symbol.label)) for name, symbol in SYMBOLS.items()), key=lambda choice: choice[1])
        choices = {"network": networks, "symbol": symbols}
        for name in choices.keys() & self.fields.keys():
            field = self.fields[name]
            self.fields[name] = forms.ChoiceField(
                choices=choices[name], required=name == "symbol", label=field.label, help_text=field.help_text
            )

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if slug in BY_SLUG:
            raise ValidationError(_("An achievement that ships has this address."))
        if slug == "all":
            raise ValidationError(_("The list of all achievements has this address."))
        return slug

    def clean_levels(self) -> list[int]:
        levels: list[int] = self.cleaned_data["levels"]
        if not rising(tuple(levels)):
            raise ValidationError(_("Levels are above zero, and each is above the one before."))
        return levels

    def clean_translations(self) -> dict[str, Any]:
        given: Any = self.cleaned_data["translations"] or {}
        known = dict(settings.LANGUAGES)
        if not isinstance(given, dict):
            raise ValidationError(_("Please give words by language."))
        for code, words in given.items():
            if code not in known:
                raise ValidationError(_("“%(code)s” is no language of this site."), params={"code": code})
            if (
                not isinstance(words, dict)
                or words.keys() - WORDS
                or not all(isinstance(x, str) for x in words.values())
            ):
                raise ValidationError(_("A language has texts for name, unit and text, and nothing else."))
        return given

    def clean(self) -> dict[str, Any]:
        known: dict[str, Any] = super().clean() or {}
        if "measure" in known:
            try:
                parsed(known["measure"], known.get("network", ""))
            except ValueError as error:
                raise ValidationError({"measure": str(error)}) from error
        return known


@admin.register(Definition)
class DefinitionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A draft is looked at before it goes live: who would get it, by what the newest run has kept."""

    form = DefinitionForm
    change_form_template = "admin/scoring/definition/change_form.html"
    list_display = ["name", "slug", "state", "network", "measure", "levels", "live_since"]
    list_filter = ["state"]
    search_fields = ["name", "slug", "measure"]
    ordering = ["-pk"]
    actions = None
    show_full_result_count = False

    def get_readonly_fields(self, request: HttpRequest, obj: Definition | None = None) -> list[str]:
        if obj is None or obj.state == Definition.State.DRAFT:
            return []
        # Whoever has earned it has earned that: only its words and its drawing may change.
        return ["slug", "network", "measure", "levels"]

    def has_delete_permission(self, request: HttpRequest, obj: Definition | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or obj.state == Definition.State.DRAFT)

    def save_model(self, request: HttpRequest, obj: Definition, form: Any, change: bool) -> None:
        if not change:
            obj.created_by = _user(request)
        fields = [field.name for field in Definition._meta.fields if field.name in form.cleaned_data]
        if change:
            # The task writes the preview, and the buttons the state: neither is written over.
            obj.save(update_fields=fields) if fields else None
        else:
            obj.save()

    def response_add(self, request: HttpRequest, obj: Definition, post_url_continue: str | None = None) -> HttpResponse:
        if "_preview" in request.POST:
            return self._step(request, obj)
        return super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Definition) -> HttpResponse:
        if {"_preview", "_publish", "_retire"} & request.POST.keys():
            return self._step(request, obj)
        return super().response_change(request, obj)

    def _step(self, request: HttpRequest, definition: Definition) -> HttpResponse:
        """One step of the flow, after what was typed has been saved."""
        given: dict[str, Any] = {"definition": definition, "user": _user(request), "at": timezone.now()}
        try:
            if "_preview" in request.POST:
                definitions.ask_preview(**given)
                preview_achievement.delay_on_commit(definition.pk)
                self.message_user(request, _("Who would get it is being counted. Load this page again in a moment."))
            elif "_publish" in request.POST:
                definitions.publish(**given)
                self.message_user(request, _("It is live: the next daily run awards it."), messages.SUCCESS)
            else:
                definitions.retire(**given)
                self.message_user(request, _("Nobody earns it any more; who has it keeps it."), messages.SUCCESS)
        except definitions.NotPreviewed:
            self.message_user(
                request, _("Please look at a preview of what it counts now before it goes live."), messages.ERROR
            )
        except definitions.DefinitionRefused as error:
            self.message_user(request, str(error), messages.ERROR)
        return HttpResponseRedirect(reverse("admin:scoring_definition_change", args=[definition.pk]))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        definition = self.get_object(request, object_id)
        more = shown(definition) if definition is not None else {}
        return super().change_view(request, object_id, form_url, (extra_context or {}) | more)


def shown(definition: Definition) -> dict[str, Any]:
    """What the page shows of the last preview: people by level with their share, the histogram, the first SHOWN."""
    found = definition.preview
    draft = definition.state == Definition.State.DRAFT
    context: dict[str, Any] = {
        "draft": draft,
        "live": definition.state == Definition.State.LIVE,
        "waits": definitions.waits(definition),
        "error": found.get("error", ""),
        "asked_at": parse_datetime(found.get("asked_at", "") or ""),
        "previewed": definitions.previewed(definition),
    }
    if not context["previewed"]:
        return context
    among = found["among"]
    return context | {
        "as_of": parse_date(found["as_of"]),
        "among": among,
        "by_level": [
            (level, least, people, 100 * people / among if among else 0.0)
            for level, (least, people) in enumerate(zip(definition.levels, found["people"], strict=True), start=1)
        ],
        "histogram": bars(found["histogram"]),
        "first": PreviewedAward.objects.filter(definition=definition)
        .select_related("person")
        .order_by("-value", "person")[:SHOWN],
        "shown": SHOWN,
    }


def bars(rows: list[list[Any]]) -> list[tuple[float, float | None, int, float]]:
    """Each row with the length of its bar, in hundredths of the longest."""
    longest = max((people for _low, _high, people in rows), default=0)
    return [(low, high, people, 100 * people / longest if longest else 0.0) for low, high, people in rows]


class AwardForm(forms.ModelForm):  # type: ignore[type-arg]
    step = forms.ChoiceField(
        label=gettext_lazy("What to do"),
        choices=[
            ("", gettext_lazy("Nothing")),
            ("revoke", gettext_lazy("Take it back, and the levels above it")),
            ("give back", gettext_lazy("Give it back, and the levels below it")),
        ],
        required=False,
    )
    reason = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("The person reads it, and it stands in the moderation log."),
    )

    class Meta:
        model = Award
        fields: list[str] = []

    def clean(self) -> dict[str, Any]:
        known: dict[str, Any] = super().clean() or {}
        if known.get("step") and not known.get("reason", "").strip():
            raise ValidationError({"reason": _("Please say why.")})
        return known


@admin.register(Award)
class AwardAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """What people have earned; a level that was come by unfairly is taken back here, and given back."""

    form = AwardForm
    list_display = ["person", "family", "level", "earned_on", "revoked_at"]
    list_filter = [("revoked_at", admin.EmptyFieldListFilter), "level"]
    list_select_related = ["person"]
    search_fields = ["person__handle", "=family"]
    ordering = ["-pk"]
    actions = None
    show_full_result_count = False
    readonly_fields = ["person", "family", "level", "earned_on", "revoked_at", "revoked_for"]
    fields = [*readonly_fields, "step", "reason"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("person")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        # Who may only look has no form to fill in.
        return [*self.readonly_fields, *(["step", "reason"] if self.has_change_permission(request, obj) else [])]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Award, form: Any, change: bool) -> None:
        """Nothing is saved but by the flow."""
        step = form.cleaned_data.get("step")
        given: dict[str, Any] = {
            "award": obj,
            "user": _user(request),
            "reason": form.cleaned_data.get("reason", ""),
            "at": timezone.now(),
        }
        try:
            if step == "revoke":
                count = revoking.revoke(**given)
                self.message_user(request, _("Levels taken back: %(count)s. The person is told.") % {"count": count})
            elif step == "give back":
                count = revoking.give_back(**given)
                self.message_user(request, _("Levels given back: %(count)s. The person is told.") % {"count": count})
        except revoking.RevokingRefused as error:
            self.message_user(request, str(error), messages.ERROR)


def _user(request: HttpRequest) -> User:
    user: Any = request.user
    return user  # type: ignore[no-any-return]

"""A campaign's windows as a brand types them: times of the clock in a stated zone, stages in hours."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from perks import openings, states
from perks.brands.campaign_fields import PlainTime, in_zone, offset, zone_choices
from perks.brands.campaign_inlines import CampaignInline
from perks.models import Window
from perks.models.windows import SHORTEST
from perks.states import PUBLIC
from scoring.bands import BANDS

LAST = BANDS[0].least
# The early stages that can be filled in: names of the fields of score and of hours (the first begins with the window).
EARLY = (("first_score", ""), ("second_score", "second_hours"), ("third_score", "third_hours"))
STAGES = [name for pair in EARLY for name in pair if name] + ["everybody_hours"]


# Between the first who may come and everybody, where a brand says nothing else.
DAY = 24


def is_entered(window: Window) -> bool:
    """Whether it is a lottery that somebody takes part in."""
    return window.pk is not None and window.entries.exists()


def _plain(number: float) -> float:
    return int(number) if number == int(number) else number


def _score(label: Any) -> forms.FloatField:
    return forms.FloatField(label=label, required=False, min_value=1, max_value=100)


def _hours(label: Any) -> forms.FloatField:
    return forms.FloatField(label=label, required=False, min_value=0, max_value=24 * 60)


class WindowForm(forms.ModelForm):  # type: ignore[type-arg]
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=zone_choices,
        help_text=gettext_lazy("Of the two times below. People see them in their own."),
    )
    opens = PlainTime(label=gettext_lazy("Opens"))
    closes = PlainTime(label=gettext_lazy("Closes"), help_text=gettext_lazy("At least 24 hours later."))
    first_score = _score(gettext_lazy("At once: from a score of"))
    second_score = _score(gettext_lazy("Then: from a score of"))
    second_hours = _hours(gettext_lazy("so many hours after it opens"))
    third_score = _score(gettext_lazy("Then: from a score of"))
    third_hours = _hours(gettext_lazy("so many hours after it opens"))
    everybody_hours = _hours(gettext_lazy("Everybody who qualifies, so many hours after it opens"))

    class Meta:
        labels = {"kind": gettext_lazy("Who comes first")}
        help_texts = {
            "kind": gettext_lazy(
                "In a lottery people enter while it is open, and are drawn when it has closed, by a seed that anybody "
                "can check."
            ),
            "short_reason": gettext_lazy("Only for a window of less than 24 hours. People see it."),
            "winners": gettext_lazy("Only for a lottery. Empty: as many as there are items."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        window = self.instance
        self.initial.setdefault("time_zone", str(timezone.get_current_timezone()))
        if window.pk:
            self._fill(window)
        else:
            self.initial["time_zone"] = str(timezone.get_current_timezone())
        if not window.stages:
            self._fill_stages(openings.stages_by_band(DAY))
        if "first_score" in self.fields:
            first, second = openings.EARLY[0], openings.EARLY[1]
            self.fields["first_score"].help_text = format_lazy(
                "{} {}",
                _("Such as %(score)g: the top 5%%.") % {"score": first},
                _("This and the fields of scores and hours below count where a window is staggered by score."),
            )
            self.fields["second_score"].help_text = _("Such as %(score)g.") % {"score": second}

    def _fill(self, window: Window) -> None:
        zone = ZoneInfo(window.time_zone)
        for name, moment in (("opens", window.opens_at), ("closes", window.closes_at)):
            self.initial[name] = moment.astimezone(zone).replace(tzinfo=None)
            if name in self.fields:
                self.fields[name].help_text = _("That is %(time)s in %(zone)s (%(offset)s), and %(utc)s in UTC.") % {
                    "time": date_format(moment.astimezone(zone), "SHORT_DATETIME_FORMAT"),
                    "zone": zone.key,
                    "offset": offset(moment, zone),
                    "utc": date_format(moment.astimezone(UTC), "SHORT_DATETIME_FORMAT"),
                }
        self._fill_stages(list(window.stages))

    def _fill_stages(self, stages: list[Any]) -> None:
        if stages:
            self.initial["everybody_hours"] = _plain(stages[-1][1] / 60)
        for (score, hours), stage in zip(EARLY, stages[:-1], strict=False):
            self.initial[score] = _plain(stage[0])
            if hours:
                self.initial[hours] = _plain(stage[1] / 60)

    def lock(self, campaign: Any, at: datetime) -> None:
        """What people were told stays: an open window can be made longer, a closed one is over, and a lottery that
        somebody has entered keeps all that it was entered for."""
        window = self.instance
        entered = is_entered(window)
        if not entered and (not window.pk or campaign.state not in PUBLIC or window.opens_at > at):
            return
        for name, field in self.fields.items():
            if name in ("DELETE", "id", "campaign"):
                continue
            if entered or name != "closes" or window.closes_at <= at:
                field.disabled = True
        # Nothing is proposed where nothing can be chosen.
        if not window.stages:
            for name in STAGES:
                self.initial.pop(name, None)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        values = self.cleaned_data
        zone = ZoneInfo(values.get("time_zone") or "UTC")
        for name in ("opens", "closes"):
            typed = values.get(name)
            if typed is None:
                continue
            # What was not changed is the moment it was: of an hour that comes twice it may be the second one.
            if name in self.changed_data or "time_zone" in self.changed_data or not self.instance.pk:
                try:
                    setattr(self.instance, f"{name}_at", in_zone(typed, zone))
                except ValidationError as error:
                    self.add_error(name, error)
        if not self.errors:
            self._check(values)
        return cleaned

    def _check(self, values: dict[str, Any]) -> None:
        window = self.instance
        if window.closes_at <= window.opens_at:
            self.add_error("closes", _("It closes before it opens."))
            return
        if window.closes_at - window.opens_at < SHORTEST and not values.get("short_reason", "").strip():
            self.add_error(
                "short_reason",
                _("It is open for less than 24 hours. Make it longer, or say here why not: people will read it."),
            )
            return
        window.kind = values.get("kind") or window.kind
        window.short_reason = values.get("short_reason", window.short_reason)
        window.stages = self._stages(values) if window.kind == Window.Kind.STAGGERED else []
        if self.errors:
            return
        try:
            openings.validate_stages(window)
        except ValidationError as error:
            self.add_error("first_score", error.messages)

    def _stages(self, values: dict[str, Any]) -> list[list[float]]:
        stages: list[list[float]] = []
        for score, hours in EARLY:
            if values.get(score) is None:
                continue
            if hours and values.get(hours) is None:
                self.add_error(hours, _("After how many hours?"))
                continue
            stages.append([values[score], round(values[hours] * 60) if hours else 0])
        if values.get("everybody_hours") is None:
            self.add_error("everybody_hours", _("After how many hours may everybody who qualifies come?"))
        else:
            stages.append([LAST, round(values["everybody_hours"] * 60)])
        return stages


class Windows(forms.BaseInlineFormSet):  # type: ignore[type-arg]
    """Windows do not overlap, and what people were told is not taken away."""

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        form = super()._construct_form(i, **kwargs)  # type: ignore[misc]
        form.lock(self.instance, timezone.now())
        return form

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        at, kept = timezone.now(), []
        for form in self.forms:
            window = form.instance
            if form.cleaned_data.get("DELETE"):
                if is_entered(window) or (window.pk and self.instance.state in PUBLIC and window.opens_at <= at):
                    raise ValidationError(_("A window that has opened is not removed: pause or end the campaign."))
                continue
            if window.pk or form.has_changed():
                kept.append(window)
            if form.has_changed() and self.instance.state in PUBLIC and window.closes_at <= at < window.opens_at:
                raise ValidationError(_("A window cannot close in the past."))
            if "closes" in form.changed_data and self.instance.state in PUBLIC and window.closes_at <= at:
                raise ValidationError(_("A window cannot close in the past: end the campaign, if it is to be over."))
        kept.sort(key=lambda window: window.opens_at)
        for before, after in pairwise(kept):
            if after.opens_at < before.closes_at:
                raise ValidationError(_("Two windows overlap: one has to close before the next one opens."))


class WindowInline(CampaignInline):
    group = states.WINDOWS
    model = Window
    form = WindowForm
    formset = Windows
    max_num = 20
    fields = [
        "kind",
        "time_zone",
        ("opens", "closes"),
        "short_reason",
        "first_score",
        ("second_score", "second_hours"),
        ("third_score", "third_hours"),
        "everybody_hours",
        "winners",
    ]

    # For who may look and not change: the rows are shown by these, where the form has fields that are no columns.
    @staticmethod
    def _in_zone(moment: datetime, window: Window) -> str:
        return date_format(moment.astimezone(ZoneInfo(window.time_zone)), "SHORT_DATETIME_FORMAT")

    def opens(self, window: Window) -> str:
        return self._in_zone(window.opens_at, window) if window.pk else ""

    def closes(self, window: Window) -> str:
        return self._in_zone(window.closes_at, window) if window.pk else ""

    def get_fields(self, request: Any, obj: Any = None) -> Any:
        if self.has_change_permission(request, obj) or self.has_add_permission(request, obj):
            return self.fields
        return ["kind", "time_zone", "opens", "closes", "short_reason", "shown_stages", "winners"]

    def get_readonly_fields(self, request: Any, obj: Any = None) -> Any:
        if self.has_change_permission(request, obj) or self.has_add_permission(request, obj):
            return []
        return ["opens", "closes", "shown_stages"]

    def shown_stages(self, window: Window) -> str:
        return "; ".join(
            _("from a score of %(score)g after %(hours)g hours") % {"score": score, "hours": minutes / 60}
            for score, minutes in window.stages
        )

    shown_stages.short_description = gettext_lazy("stages")  # type: ignore[attr-defined]

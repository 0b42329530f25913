"""Fields of the campaign's forms: choices by name, times in a stated zone, topics that are typed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import places
from accounts.networks import NETWORKS
from accounts.networks.klout import OWN
from perks.consent import FIELDS
from scoring import topics
from scoring.achievements.catalogue import FAMILIES
from scoring.models import Topic

Choice = tuple[str, str]
TYPED = "%Y-%m-%dT%H:%M"


class Several(forms.MultipleChoiceField):
    """Boxes to tick, in a frame that scrolls where there are many; what is chosen comes first."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, choices: Callable[[], Iterable[Choice]], **options: Any) -> None:
        options.setdefault("required", False)
        super().__init__(choices=choices, **options)
        self.widget.attrs["class"] = "several"


def network_choices() -> list[Choice]:
    return sorted(
        ((slug, str(network.spec.label)) for slug, network in NETWORKS.items() if slug != OWN), key=places.by_name
    )


def language_choices() -> list[Choice]:
    """Of the site: what people chose to read it in is all that is known of their languages."""
    from django.conf import settings

    return [(code, str(name)) for code, name in settings.LANGUAGES]


def field_choices() -> list[Choice]:
    return [(slug, str(field.label)) for slug, field in FIELDS.items()]


def region_choices(countries: Iterable[str]) -> list[Choice]:
    """Regions of `countries`, each with its country where there are several."""
    chosen = list(countries)
    return [
        (code, name if len(chosen) == 1 else f"{name}, {places.country_name(country)}")
        for country in chosen
        for code, name in places.regions(country)
    ]


def zone_choices() -> list[tuple[str, list[Choice]]]:
    """Time zones by continent, as a select shows them."""
    return [
        ("UTC", [("UTC", "UTC")]),
        *(
            (continent, [(name, name.partition("/")[2].replace("_", " ").replace("/", ", ")) for name in names])
            for continent, names in places.time_zones().items()
        ),
    ]


def part_choices() -> list[tuple[str, Any]]:
    return [
        ("", _("choose")),
        ("reach", _("Reach")),
        ("amplification", _("Amplification")),
        ("network", _("Network")),
        (_("From one network"), network_choices()),
    ]


def award_choices() -> list[tuple[str, Any]]:
    """(family, [("people:2", "level 2: 10 people who reacted"), ...]) of every achievement."""
    families = [
        (
            str(family.name),
            [
                (
                    f"{family.slug}:{level}",
                    _("%(name)s, level %(level)s: %(number)s %(unit)s")
                    % {"name": family.name, "level": level, "number": least, "unit": family.unit},
                )
                for level, least in enumerate(family.levels, 1)
            ],
        )
        for family in FAMILIES
    ]
    return [("", _("choose")), *families]


class TypedTopic(forms.CharField):
    """A topic by its name, as one types it; gives the Topic. Nothing of a long list is sent to the page."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=120, **options)
        self.widget.attrs["list"] = "topic-names"
        self.widget.attrs["autocomplete"] = "off"

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Topic):
            return topics.name_in(value)
        if isinstance(value, int):
            topic = Topic.objects.filter(pk=value).first()
            return topics.name_in(topic) if topic else ""
        return value

    def clean(self, value: Any) -> Topic | None:
        text = super().clean(value)
        if not text:
            return None
        near = topics.found(text, limit=5)
        wanted = text.casefold()
        exact = [topic for topic in near if wanted in (topic.name.casefold(), topics.name_in(topic).casefold())]
        exact = exact or list(Topic.objects.filter(name__iexact=text)[:1])
        if exact:
            return exact[0]
        if near:
            names = ", ".join(topics.name_in(topic) for topic in near)
            raise ValidationError(_("No topic is called so. Perhaps one of these: %(names)s.") % {"names": names})
        raise ValidationError(_("No topic is called so."))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((self.prepare_value(initial) or "") != (data or ""))


class PlainTime(forms.DateTimeField):
    """A day and a time of the clock as typed, in no zone yet (naive): the form knows in which one it is meant."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=TYPED)
        super().__init__(input_formats=[TYPED, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"], widget=widget, **options)

    def prepare_value(self, value: Any) -> Any:
        # A naive one is shown as it is; Django would take it for one of the reader's zone.
        return value

    def to_python(self, value: Any) -> datetime | None:
        with timezone.override(UTC):
            found = super().to_python(value)
        return None if found is None else found.replace(tzinfo=None)


def in_zone(typed: datetime, zone: ZoneInfo) -> datetime:
    """The moment at which clocks in `zone` show `typed`. Raises ValidationError where none does, or two do."""
    first, second = (typed.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    names = {"time": f"{typed:%H:%M}", "zone": zone.key}
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != typed:
        raise ValidationError(
            _("Clocks in %(zone)s go forward that night: there is no %(time)s. Choose an hour before or after.") % names
        )
    raise ValidationError(
        _("Clocks in %(zone)s go back that night: %(time)s comes twice. Choose an hour before or after.") % names
    )


def offset(moment: datetime, zone: ZoneInfo) -> str:
    """As "UTC+1" or "UTC-3:30"."""
    minutes = int((moment.astimezone(zone).utcoffset() or timedelta()).total_seconds() // 60)
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    return f"UTC{sign}{hours}:{rest:02}" if rest else f"UTC{sign}{hours}" if hours else "UTC"

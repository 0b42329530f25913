"""Forms about people: joining, and the settings of a person."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import avatars
from accounts.handles import LONGEST, validate_handle
from accounts.joining import is_handle_free
from accounts.models import HANDLE_TAKEN, MINIMUM_AGE, Person, User
from accounts.places import countries, regions, time_zones
from accounts.privacy import delete_after_commit
from accounts.team_log import note_profile

HANDLE_HELP = _("Your page will be at this address. 2 to 30 letters a to z, digits, or . _ -")
TIME_ZONE_HELP = _("For the times shown to you; the days of the score are counted in UTC.")
BIRTH_YEAR_HELP = _("Never shown. People under 16 have no public page.")


def handle_field() -> forms.CharField:
    # Not autocapitalised or corrected by a phone; "username" lets a password manager offer it.
    attributes = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
    return forms.CharField(
        label=_("Handle"), max_length=LONGEST + 1, help_text=HANDLE_HELP, widget=forms.TextInput(attrs=attributes)
    )


def birth_year_field() -> forms.IntegerField:
    attributes = {"autocomplete": "bday-year", "inputmode": "numeric"}
    return forms.IntegerField(
        label=_("Year of birth"), help_text=BIRTH_YEAR_HELP, widget=forms.NumberInput(attrs=attributes)
    )


def clean_new_handle(handle: str, *, but: Person | None = None) -> str:
    """`handle` without a leading @. Raises ValidationError where it has a wrong form, is reserved or taken."""
    handle = handle.strip().removeprefix("@")
    if but is not None and handle == but.handle:
        return handle
    validate_handle(handle)
    if not is_handle_free(handle, but=but):
        raise forms.ValidationError(HANDLE_TAKEN, code="handle_taken")
    return handle


def checked_birth_year(year: int, today: date) -> int:
    if not 1900 <= year <= today.year:
        raise forms.ValidationError(
            _("This is no year that somebody alive was born in (1900 to %(year)s)."),
            code="birth_year",
            params={"year": today.year},
        )
    return year


class JoinForm(forms.Form):
    """A handle and a year of birth: what a log-in without a person is asked for."""

    handle = handle_field()
    birth_year = birth_year_field()

    def clean_handle(self) -> str:
        return clean_new_handle(self.cleaned_data["handle"])

    def clean_birth_year(self) -> int:
        return checked_birth_year(self.cleaned_data["birth_year"], timezone.now().date())


class SignupForm(JoinForm):
    """What allauth's sign-up asks beside e-mail address and password; the adapter makes the person."""

    field_order = ["handle", "email", "password1", "password2", "birth_year"]

    def signup(self, request: HttpRequest, user: User) -> None:
        """Nothing: allauth calls this after the user was saved, which is too late for one transaction."""


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a person may change of themselves. An organisation has no year of birth."""

    handle = handle_field()
    avatar = forms.FileField(
        label=_("Picture"),
        required=False,
        help_text=_("PNG, JPEG, WebP or GIF, up to 10 MB. Where it was taken and other hidden data are removed."),
        widget=forms.ClearableFileInput(attrs={"accept": "image/png,image/jpeg,image/webp,image/gif"}),
    )
    country = forms.ChoiceField(label=_("Country"), required=False)
    region = forms.ChoiceField(label=_("Region"), required=False)
    time_zone = forms.ChoiceField(label=_("Time zone"), help_text=TIME_ZONE_HELP)
    birth_year = birth_year_field()

    class Meta:
        model = Person
        fields = [
            *("name", "handle", "bio", "avatar"),
            *("country", "region", "time_zone", "birth_year"),
        ]
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "bio": forms.Textarea(attrs={"rows": 3, "maxlength": 280}),
        }
        help_texts = {"bio": _("Up to 280 characters.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        person = self.instance
        # Compared with later: a ModelForm writes into its instance while it validates.
        self.before = Person(
            pk=person.pk,
            handle=person.handle,
            name=person.name,
            bio=person.bio,
            time_zone=person.time_zone,
            country=person.country,
            region=person.region,
            birth_year=person.birth_year,
        )
        self.stored_avatar = person.avatar.name if person.avatar else ""
        if person.kind == Person.Kind.ORGANISATION:
            del self.fields["birth_year"]
        self._choices("country", [("", _("not given")), *countries()])
        # Without JavaScript the regions are those of the country last sent; a new country shows its own when saved.
        country = self._sent_country() if self.is_bound else person.country
        self._choices("region", [("", _("not given")), *regions(country)])
        if not regions(country):
            self.fields["region"].help_text = _("Choose a country and save; its regions are then offered here.")
        zones: list[Any] = [("UTC", "UTC")]
        zones += [
            (continent, [(name, name.partition("/")[2].replace("_", " ")) for name in names])
            for continent, names in time_zones().items()
        ]
        if person.time_zone not in {"UTC", *(name for names in time_zones().values() for name in names)}:
            zones.append((person.time_zone, person.time_zone))
        self._choices("time_zone", zones)

    def _sent_country(self) -> str:
        """The country in the data; where it is a new one, the old one's region left in the form is taken out."""
        country_name, region_name = self.add_prefix("country"), self.add_prefix("region")
        country = str(self.data.get(country_name, ""))
        if country != self.before.country and self.data.get(region_name) == self.before.region:
            data = QueryDict(mutable=True)
            data.update(self.data)
            data[region_name] = ""
            self.data = data
        return country

    def _choices(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean_handle(self) -> str:
        return clean_new_handle(self.cleaned_data["handle"], but=self.before)

    def clean_avatar(self) -> Any:
        """A new picture as WebP; the old one or False (remove it) as they are."""
        chosen = self.cleaned_data["avatar"]
        if isinstance(chosen, UploadedFile) and chosen.file is not None:
            return avatars.encode(chosen.file, chosen.size or 0)
        return chosen

    def clean_birth_year(self) -> int:
        today = timezone.now().date()
        year = checked_birth_year(self.cleaned_data["birth_year"], today)
        grown = Person(birth_year=year).old_enough(today)
        if not self.before.old_enough(today) and grown:
            # The age gate would be none if one could simply walk back through it.
            raise forms.ValidationError(
                _("You told us that you are under %(age)s. If that was a mistake, write to %(address)s."),
                code="birth_year_gate",
                params={"age": MINIMUM_AGE, "address": settings.DEFAULT_FROM_EMAIL},
            )
        return year

    def save(self, commit: bool = True) -> Person:
        """Save the person; the picture that was replaced or removed goes too. Raises IntegrityError."""
        person: Person = self.instance
        try:
            with transaction.atomic():
                super().save(commit)
        except IntegrityError:
            if person.avatar and person.avatar.name != self.stored_avatar:
                person.avatar.storage.delete(str(person.avatar.name))
            raise
        if self.stored_avatar and self.stored_avatar != person.avatar.name:
            delete_after_commit(Path(person.avatar.storage.path(self.stored_avatar)))
        return person

    def saved_by(self, user: User, at: datetime) -> Person:
        """`save`, written down where the person is an organisation. Raises IntegrityError."""
        with transaction.atomic():
            person = self.save()
            picture = self.stored_avatar != (person.avatar.name if person.avatar else "")
            note_profile(before=self.before, after=person, picture=picture, user=user, at=at)
        return person

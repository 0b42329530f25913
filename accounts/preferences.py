"""In which language and colours somebody wants the pages, visitors included: kept in cookies, and with the log-in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.context import THEME_COOKIE, THEMES
from accounts.models import User

SECONDS_KEPT = 365 * 24 * 3600
# In the order of accounts.context.THEMES.
THEME_NAMES = dict(zip(THEMES, (gettext_lazy("Light"), gettext_lazy("Dark")), strict=True))


class PreferencesForm(forms.Form):
    """Nothing chosen means: as the browser and the device say."""

    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False, widget=forms.RadioSelect)
    theme = forms.ChoiceField(label=gettext_lazy("Colours"), required=False, widget=forms.RadioSelect)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for name, first, choices in (
            ("language", gettext_lazy("As the browser says"), settings.LANGUAGES),
            ("theme", gettext_lazy("As the device says"), THEME_NAMES.items()),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", first), *choices]


def path_here(address: str) -> str:
    """`address` where it is a path of this site, whatever a browser makes of it, else ""."""
    if address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None):
        return address
    return ""


def chosen_language(request: HttpRequest) -> str:
    """What was chosen, by who is logged in or in this browser; "" where nothing was."""
    cookie = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    language = (request.user.language if isinstance(request.user, User) else "") or cookie
    return language if language in dict(settings.LANGUAGES) else ""


def set_or_delete(response: HttpResponse, name: str, value: str) -> None:
    """Keep a choice in the browser for a year; "" forgets it."""
    if value:
        response.set_cookie(
            name, value, max_age=SECONDS_KEPT, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax"
        )
    else:
        response.delete_cookie(name, samesite="Lax")


@receiver(user_logged_in)
def speak_as_wanted(sender: type[User], user: User, **_kwargs: Any) -> None:
    """What is said to somebody who has just come in is said in their language already."""
    if user.language in dict(settings.LANGUAGES):
        translation.activate(user.language)


@receiver(user_logged_out)
def speak_as_to_anybody(sender: type[User], request: HttpRequest, **_kwargs: Any) -> None:
    """And to who has just gone out in this browser's."""
    translation.activate(translation.get_language_from_request(request))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Choose language and colours; ?next= leads back to a page of this site."""
    back = path_here(request.POST.get("next", "") or request.GET.get("next", ""))
    theme = request.COOKIES.get(THEME_COOKIE, "")
    now = {"language": chosen_language(request), "theme": theme if theme in THEMES else ""}
    form = PreferencesForm(request.POST or None, initial=now)
    if request.method == "POST" and form.is_valid():
        language, theme = form.cleaned_data["language"], form.cleaned_data["theme"]
        if isinstance(request.user, User) and request.user.language != language:
            request.user.language = language
            request.user.save(update_fields=["language"])
        if language:
            # What is said next is said in it already.
            translation.activate(language)
        response = redirect(back or reverse("preferences"))
        if not back:
            messages.success(request, _("Saved."))
        set_or_delete(response, settings.LANGUAGE_COOKIE_NAME, language)
        set_or_delete(response, THEME_COOKIE, theme)
        return response
    return render(request, "accounts/preferences.html", {"form": form, "next": back})

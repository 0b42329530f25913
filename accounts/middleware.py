"""Pages in the reader's language and time zone."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from accounts.models import User


class PersonalMiddleware:
    """Dates in the time zone of the person who is logged in, words in the language they chose (else the browser's)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user if settings.SESSION_COOKIE_NAME in request.COOKIES else None
        if isinstance(user, User):
            if user.language in dict(settings.LANGUAGES):
                translation.activate(user.language)
                request.LANGUAGE_CODE = user.language
            if user.person is not None:
                timezone.activate(zoneinfo.ZoneInfo(user.person.time_zone))
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()

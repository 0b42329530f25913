"""Pages in the reader's language and time zone."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers, patch_cache_control

from accounts import devices
from accounts.models import User

# What other sites and every cache get, and what a browser keeps for all who use it: the same whoever is logged in.
IMPERSONAL = re.compile(
    r"/badge/|/embed/|/oembed$|/offline$|/sw\.js$|/manifest\.webmanifest$|/[^/]+/(?:card\.png|moments\.atom)$"
    r"|/achievements/[^/]+/[0-9]+\.svg$"
)


class PersonalMiddleware:
    """Dates in the time zone of the person who is logged in, words in the language they chose (else the browser's).

    It also notes that the browser was seen.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        known = settings.SESSION_COOKIE_NAME in request.COOKIES and not IMPERSONAL.match(request.path_info)
        user = request.user if known else None
        if isinstance(user, User):
            if user.language in dict(settings.LANGUAGES):
                translation.activate(user.language)
                request.LANGUAGE_CODE = user.language
            if user.person is not None:
                timezone.activate(zoneinfo.ZoneInfo(user.person.time_zone))
        try:
            response = self.get_response(request)
        finally:
            timezone.deactivate()
        if request.path.startswith("/accounts/") and not response.has_header("Cache-Control"):
            # Recovery codes, keys to be scanned, tokens of forms: what is about a log-in is nobody else's to keep.
            add_never_cache_headers(response)
        elif isinstance(user, User) and not response.has_header("Cache-Control"):
            # Made for one reader: also for caches that do not look at what an answer varies by.
            patch_cache_control(response, private=True)
        if isinstance(user, User) and request.session.session_key:
            devices.see(request.session.session_key, timezone.now())
        return response


class PackingMiddleware(GZipMiddleware):
    """Packs answers, save those that name a strong ETag: they say byte for byte what they are, and are packed already
    where that helps."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.get("ETag", "").startswith('"'):
            return response
        return super().process_response(request, response)

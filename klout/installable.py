"""What makes the site one to install: the manifest, the service worker at the root, and the page shown offline.

A browser keeps these for all who use it, so that they know nothing of who is logged in (accounts.middleware).
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

# Kept from the first visit on, so that the page shown offline looks as it should.
KEPT = (
    *(f"css/{name}.css" for name in ("tokens", "base", "frame", "parts", "people", "networks")),
    *("fonts/bricolage-grotesque.woff2", "img/mark.svg", "img/icon-192.png"),
)

# file, sizes, type, purpose
ICONS = (
    ("icon-192.png", "192x192", "image/png", "any"),
    ("icon-512.png", "512x512", "image/png", "any"),
    ("icon-maskable-512.png", "512x512", "image/png", "maskable"),
    ("mark.svg", "any", "image/svg+xml", "any"),
)


@require_safe
@cache_control(public=True, max_age=3600)
def manifest(request: HttpRequest) -> HttpResponse:
    """What an installed app is called, how it looks and where it starts."""
    data = {
        "id": "/",
        "name": settings.SITE_NAME,
        "short_name": settings.SITE_NAME[:12],
        "description": _("An open influence score that explains every point."),
        "lang": get_language(),
        "dir": "rtl" if get_language_bidi() else "ltr",
        "start_url": reverse("home"),
        "scope": "/",
        "display": "standalone",
        "background_color": "#f6f3ec",
        "theme_color": "#f6f3ec",
        "icons": [
            {"src": static(f"img/{name}"), "sizes": sizes, "type": kind, "purpose": purpose}
            for name, sizes, kind, purpose in ICONS
        ],
    }
    return JsonResponse(data, content_type="application/manifest+json")


@require_safe
@cache_control(no_cache=True)
def service_worker(request: HttpRequest) -> HttpResponse:
    """The service worker, with the names that its files have in this release; at the root, to serve all pages."""
    kept = [static(name) for name in KEPT]
    offline = reverse("offline")
    version = hashlib.sha256("\n".join([offline_digest(), *kept]).encode()).hexdigest()[:12]
    known = {
        "version": version,
        "offline": offline,
        "kept": kept,
        "assets": settings.STATIC_URL,
        "icon": static("img/icon-192.png"),
        "badge": static("img/badge-96.png"),
        "site": settings.SITE_NAME,
    }
    # As JSON within a script of its own file; "<" could not end it, yet costs nothing to hide.
    head = f"const KNOWN = {json.dumps(known).replace('<', chr(92) + 'u003c')};\n"
    return HttpResponse(head + worker_text(), content_type="text/javascript; charset=utf-8")


@lru_cache(maxsize=1)
def worker_text() -> str:
    return (settings.BASE_DIR / "static" / "js" / "worker.js").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def offline_digest() -> str:
    """Changes with the template of the page shown offline, so that browsers fetch it anew."""
    template = settings.BASE_DIR / "templates" / "offline.html"
    return hashlib.sha256(template.read_bytes()).hexdigest()


@require_safe
@cache_control(no_cache=True)
def offline(request: HttpRequest) -> HttpResponse:
    """What a reader sees who is not connected."""
    return render(request, "offline.html")

"""Scores on other sites: the badge, the card in a frame, and oEmbed. They know no cookie and nobody's log-in."""

from __future__ import annotations

import re
from io import StringIO
from urllib.parse import urlsplit
from xml.sax.xmlreader import AttributesImpl

from csp.decorators import csp_replace
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.xmlutils import SimplerXMLGenerator
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from accounts.handles import FORM
from scoring import badges, cards
from scoring.models import Score
from scoring.views.outside import FRESH, for_everybody, own_language, public_score

# Of the card in its frame, in pixels; below NARROWEST a linked badge stands in for it.
FRAME_WIDTH, FRAME_HEIGHT = 356, 148
NARROWEST = 280


def badge_score(handle: str) -> Score | None:
    """The score that the badge of `handle` shows; None for the neutral one."""
    return public_score(handle, timezone.now().date(), part="badge")


@require_safe
def badge(request: HttpRequest, handle: str, size: str, theme: str, form: str) -> HttpResponseBase:
    """The badge as SVG or PNG; one and the same for all of whom no public score is to be shown."""
    language = own_language()
    with translation.override(language):
        picture = badges.draw(badge_score(handle), size=size, theme=theme)
    if form == "svg":
        return for_everybody(request, picture.svg.encode(), "image/svg+xml", language=language)
    body = cards.rendered(picture, width=badges.FINER * picture.width)
    return for_everybody(request, body, "image/png", language=language)


@require_safe
def card(request: HttpRequest, handle: str) -> HttpResponseBase:
    """The picture that goes with a link to the profile."""
    language = own_language()
    with translation.override(language):
        picture = cards.card(public_score(handle, timezone.now().date()))
    return for_everybody(request, cards.rendered(picture, width=picture.width), "image/png", language=language)


@require_safe
@xframe_options_exempt
@csp_replace({"frame-ancestors": ["*"]})  # type: ignore[arg-type]
def embed(request: HttpRequest, handle: str) -> HttpResponseBase:
    """The card as a page for an iframe; ?theme=light, dark or auto (as the reader's device has it)."""
    score = badge_score(handle)
    theme = request.GET["theme"] if request.GET.get("theme") in badges.THEMES else "auto"
    shown = badges.THEMES if theme == "auto" else (theme,)
    pictures = [(name, mark_safe(badges.draw(score, size="large", theme=name).svg)) for name in shown]  # noqa: S308
    context = {
        "score": score,
        "said": badges.in_words(score),
        "theme": theme,
        "pictures": pictures,
        "site_name": settings.SITE_NAME,
        "address": settings.SITE_URL + (score.person.get_absolute_url() if score else "/"),
    }
    body = render_to_string("scoring/embed.html", context).encode()
    return for_everybody(request, body, "text/html; charset=utf-8")


def frame(handle: str, said: str, *, theme: str = "auto", width: int = FRAME_WIDTH) -> SafeString:
    """The code that puts the card of `handle` on another site."""
    address = settings.SITE_URL + reverse("embed", args=[handle.lower()]) + (f"?theme={theme}" * (theme != "auto"))
    return format_html(
        '<iframe src="{}" title="{}" width="{}" height="{}" frameborder="0" loading="lazy"></iframe>',
        *(address, said, width, FRAME_HEIGHT),
    )


def picture_link(handle: str, said: str, *, size: str, theme: str, width: int = 0) -> SafeString:
    """The code of a badge that leads to the profile; `width` in pixels, where it is not to have its own."""
    place = reverse("badge", args=[handle.lower(), size, theme, "svg"])
    sized = format_html(' width="{}"', width) if width else ""
    link = f"{settings.SITE_URL}/{handle.lower()}"
    return format_html('<a href="{}"><img src="{}{}" alt="{}"{}></a>', link, settings.SITE_URL, place, said, sized)


@require_safe
def oembed(request: HttpRequest) -> HttpResponseBase:
    """https://oembed.com: the card for the address of a profile. Whoever has none is answered as who does not exist."""
    form = request.GET.get("format", "json")
    if form not in ("json", "xml"):
        return HttpResponse(status=501)
    handle = handle_of(request.GET.get("url", ""))
    score = badge_score(handle) if handle else None
    try:
        widest, highest = (limit(request.GET.get(name, "")) for name in ("maxwidth", "maxheight"))
    except ValueError:
        return HttpResponse(status=400)
    if score is None:
        missing = HttpResponse(status=404)
        missing["Cache-Control"] = f"public, max-age={FRESH}"
        return missing
    data = representation(score, widest, highest)
    if form == "json":
        return for_everybody(request, JsonResponse(data).content, "application/json")
    return for_everybody(request, as_xml(data), "text/xml; charset=utf-8")


def limit(text: str) -> int:
    """A bound in pixels; none is a large one. Raises ValueError."""
    if not text:
        return 10_000
    if not re.fullmatch("[0-9]{1,6}", text):
        raise ValueError(text)
    return int(text)


def handle_of(url: str) -> str:
    """The handle in the address of a page about somebody; "" for any other address."""
    try:
        asked, ours = urlsplit(url), urlsplit(settings.SITE_URL)
        same = asked.scheme in ("http", "https") and (asked.hostname, asked.port) == (ours.hostname, ours.port)
    except ValueError:
        return ""
    handle = asked.path.strip("/").partition("/")[0]
    return handle if same and FORM.fullmatch(handle) else ""


def representation(score: Score, widest: int, highest: int) -> dict[str, str | int]:
    """What oEmbed hands out, not larger than asked for."""
    handle, said = score.person.handle, badges.in_words(score)
    if widest >= NARROWEST and highest >= FRAME_HEIGHT:
        width, height = min(widest, FRAME_WIDTH), FRAME_HEIGHT
        html = frame(handle, said, width=width)
    else:
        picture = badges.draw(score, size="small", theme="light")
        # As wide as it may be, and not larger than it is.
        width = max(1, min(picture.width, widest, picture.width * highest // picture.height))
        height = max(1, round(picture.height * width / picture.width))
        html = picture_link(handle, said, size="small", theme="light", width=width)
    return {
        "version": "1.0",
        "type": "rich",
        "title": said,
        "author_name": score.person.display_name,
        "author_url": f"{settings.SITE_URL}{score.person.get_absolute_url()}",
        "provider_name": settings.SITE_NAME,
        "provider_url": f"{settings.SITE_URL}/",
        "cache_age": FRESH,
        "thumbnail_url": f"{settings.SITE_URL}{reverse('card', args=[handle.lower()])}",
        "thumbnail_width": cards.WIDTH,
        "thumbnail_height": cards.HEIGHT,
        "html": str(html),
        "width": width,
        "height": height,
    }


def as_xml(data: dict[str, str | int]) -> bytes:
    stream = StringIO()
    xml = SimplerXMLGenerator(stream, "utf-8")
    xml.startDocument()
    xml.startElement("oembed", AttributesImpl({}))
    for name, value in data.items():
        xml.addQuickElement(name, str(value))
    xml.endElement("oembed")
    xml.endDocument()
    return stream.getvalue().encode()

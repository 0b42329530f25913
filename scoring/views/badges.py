"""The badge studio: every badge as it looks now, and the codes that put it on other sites."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import Person, User
from scoring import badges
from scoring.views import embeds
from scoring.views.outside import own_language

SIZE_WORDS: dict[str, str | Promise] = {
    "small": _("Small: flat, for a line of badges"),
    "medium": _("Medium: the bubble in a square"),
    "large": _("Large: a card with your name"),
}
THEME_WORDS: dict[str, str | Promise] = {"light": _("For light pages"), "dark": _("For dark pages")}


@dataclass(frozen=True, slots=True)
class Code:
    """A text to copy, and what it is for."""

    slug: str
    label: str | Promise
    help: str | Promise
    text: str


@login_required
@never_cache
@require_safe
def studio(request: HttpRequest) -> HttpResponse:
    """All badges of a person (?person= where one speaks for several), and the codes of one (?size= and ?theme=)."""
    assert isinstance(request.user, User)
    people = list(Person.objects.of(request.user))
    if not people:
        return redirect("settings")
    wanted = request.GET.get("person", people[0].handle).lower()
    person = next((one for one in people if one.handle.lower() == wanted), None)
    if person is None:
        raise Http404
    size = request.GET["size"] if request.GET.get("size") in badges.SIZES else "small"
    theme = request.GET["theme"] if request.GET.get("theme") in badges.THEMES else "light"
    with translation.override(own_language()):
        score = embeds.badge_score(person.handle)
        said = badges.in_words(score)
        picture = badges.draw(score, size=size, theme=theme)
    context = {
        "person": person,
        "people": people,
        "score": score,
        "size": size,
        "colours": theme,
        "said": said,
        "width": picture.width,
        "height": picture.height,
        "sizes": [(name, SIZE_WORDS[name]) for name in badges.SIZES],
        "themes": [(name, THEME_WORDS[name]) for name in badges.THEMES],
        "codes": codes(person, said, size, theme),
    }
    return render(request, "scoring/badges.html", context)


def codes(person: Person, said: str, size: str, theme: str) -> list[Code]:
    """What to paste where; the alternative text is filled in."""
    handle = person.handle.lower()
    profile = f"{settings.SITE_URL}{person.get_absolute_url()}"
    svg = settings.SITE_URL + reverse("badge", args=[handle, size, theme, "svg"])
    png = settings.SITE_URL + reverse("badge", args=[handle, size, theme, "png"])
    markdown = f"[![{in_markdown(said)}]({svg})]({profile})"
    html = str(embeds.picture_link(handle, said, size=size, theme=theme))
    return [
        Code("markdown", _("Markdown"), _("For a README or a forum."), markdown),
        Code("html", _("HTML"), _("For a site of your own."), html),
        Code(
            "iframe",
            _("HTML, as a frame"),
            _("The large card in a frame; it follows the light or dark of who reads."),
            str(embeds.frame(handle, said)),
        ),
        Code("svg", _("Address of the picture"), _("SVG, sharp at any size."), svg),
        Code("png", _("Address of the picture as PNG"), _("For places that take no SVG."), png),
        Code(
            "link",
            _("Address of your profile"),
            _("Sites that know oEmbed, such as WordPress, make a card of it by themselves."),
            profile,
        ),
    ]


def in_markdown(text: str) -> str:
    """`text` with what Markdown would take for its own put behind a backslash."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>!" else letter for letter in text)

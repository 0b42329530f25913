"""The pictures of people."""

from __future__ import annotations

from pathlib import PurePath

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import condition, require_safe

from accounts.models import Person


def _avatar_etag(request: HttpRequest, handle: str) -> str | None:
    person, _public = _with_avatar(request, handle)
    return f'"{PurePath(str(person.avatar.name)).stem}"' if person else None


def _with_avatar(request: HttpRequest, handle: str) -> tuple[Person | None, bool]:
    """The person of `handle` if it has a picture that this visitor may see, and whether everybody may."""
    if not hasattr(request, "_with_avatar"):
        today = timezone.now().date()
        pictured = Person.objects.exclude(avatar="")
        person = pictured.public(today).by_handle(handle).first()
        public = person is not None
        if person is None:
            person = pictured.visible_to(request.user, today).by_handle(handle).first()
        request._with_avatar = person, public  # type: ignore[attr-defined]
    found: tuple[Person | None, bool] = request._with_avatar  # type: ignore[attr-defined]
    return found


@require_safe
@condition(etag_func=_avatar_etag)
def avatar(request: HttpRequest, handle: str) -> HttpResponse:
    """A person's picture. Shared caches keep it for minutes if everybody may see it, and not at all otherwise."""
    person, public = _with_avatar(request, handle)
    if person is None:
        raise Http404
    try:
        with person.avatar.open("rb") as file:
            response = HttpResponse(file.read(), content_type="image/webp")
    except FileNotFoundError:
        raise Http404 from None
    response["Cache-Control"] = "public, max-age=300" if public else "private, no-cache"
    if not public:
        patch_vary_headers(response, ["Cookie"])
    return response

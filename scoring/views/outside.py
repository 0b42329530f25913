"""What other sites get of a person: found without regard to who asks, and answered so that every cache may keep it."""

from __future__ import annotations

import gzip
import hashlib
from datetime import date

from django.conf import settings
from django.db.models import Q, Subquery
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers

from accounts.models import FormerHandle, Person
from accounts.visibility import Viewer, showing
from scoring.models import Score

# For how long caches keep an answer, and for how much longer they may hand it out while they ask for a newer one.
FRESH, STALE = 3600, 3600
# Below this packing gains nothing.
PACKED_FROM = 1000


def public_score(handle: str, today: date, *, part: str = "") -> Score | None:
    """The score of who has or had `handle`, where everybody may see the profile (and `part` of it); else None.

    One query, whoever it is: who is hidden, too young, being erased, unknown or without a score cannot be told apart.
    """
    handle = handle.lower()
    formers = FormerHandle.objects.alias(lower=Lower("handle")).filter(lower=handle).values("person")
    # A single value, so that both sides of the "or" are looked up in an index.
    people = Person.objects.public(today).alias(lower=Lower("handle"))
    people = people.filter(Q(lower=handle) | Q(pk=Subquery(formers[:1])), score__isnull=False)
    if part:
        people = people.filter(showing(part, Viewer.ANYBODY))
    found = sorted(people.select_related("score__run")[:2], key=lambda person: person.handle.lower() != handle)
    return found[0].score if found else None


def for_everybody(request: HttpRequest, body: bytes, content_type: str, *, language: str = "") -> HttpResponseBase:
    """A public answer with a strong ETag, or 304 where the caller has it already.

    It is packed here, where that is worth it: what packs all other answers would add a random length to it.
    """
    packs = len(body) >= PACKED_FROM and not content_type.startswith("image/png")
    packed = packs and "gzip" in request.headers.get("Accept-Encoding", "")
    if packed:
        body = gzip.compress(body, mtime=0)
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    response = HttpResponse(body, content_type=content_type)
    response["ETag"] = etag
    response["Cache-Control"] = f"public, max-age={FRESH}, stale-while-revalidate={STALE}"
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    if language:
        response["Content-Language"] = language
    if packs:
        patch_vary_headers(response, ["Accept-Encoding"])
    if packed:
        response["Content-Encoding"] = "gzip"
    return get_conditional_response(request, etag=etag, response=response) or response


def own_language() -> str:
    """The language of pictures: whoever fetches one is seldom who looks at it."""
    return settings.LANGUAGE_CODE

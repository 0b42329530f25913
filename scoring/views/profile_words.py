"""What a profile tells machines: schema.org's ProfilePage as JSON-LD."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from accounts.models import Person

TYPES = {Person.Kind.PERSON: "Person", Person.Kind.ORGANISATION: "Organization"}


def structured(person: Person, elsewhere: Sequence[str]) -> SafeString:
    """The page as JSON for a script element that nobody executes; `elsewhere` are the person's pages at networks.

    The score is in the page's own words and not in here: schema.org's ratings are for what people rate.
    """
    address = f"{settings.SITE_URL}{person.get_absolute_url()}"
    entity: dict[str, Any] = {
        "@type": TYPES[Person.Kind(person.kind)],
        "@id": f"{address}#person",
        "name": person.display_name,
        "alternateName": f"@{person.handle}",
        "identifier": str(person.klout_id),
        "url": address,
    }
    if person.bio:
        entity["description"] = person.bio
    if person.avatar_url:
        entity["image"] = f"{settings.SITE_URL}{person.avatar_url}"
    if elsewhere:
        entity["sameAs"] = list(elsewhere)
    page = {
        "@context": "https://schema.org",
        "@type": "ProfilePage",
        "@id": address,
        "url": address,
        "name": person.display_name,
        "dateCreated": person.created_at.isoformat(),
        "mainEntity": entity,
    }
    return in_a_script(page)


# Within a script element nothing is HTML but the end of it, and what opens a comment.
ESCAPES = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def in_a_script(value: Any) -> SafeString:
    """`value` as JSON that cannot leave the script element that it stands in."""
    return mark_safe(json.dumps(value, ensure_ascii=False).translate(ESCAPES))  # noqa: S308  (escaped above)

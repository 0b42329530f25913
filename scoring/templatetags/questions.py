"""How pages show what people wrote: paragraphs, and addresses that lead there. Nothing of it is markup."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django import template
from django.core.cache import cache
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from scoring.questions import totals
from scoring.questions.words import ADDRESS, count
from scoring.topics import name_in

register = template.Library()
register.filter("words_in", count)
register.filter("topic_name", name_in)

# At the end of an address these belong to the sentence around it.
AFTER = ".,;:!?'\u2019*_~"
LONGEST_SHOWN = 80
PAIRS = {")": "(", "]": "["}
# A number below this one is told as "fewer than 5": it would be about somebody.
FEWEST = 5
KEY = "transparency:moderation"
SECONDS = 6 * 60 * 60


@register.filter
def as_written(text: str) -> SafeString:
    """`text` in paragraphs, everything in it escaped, with links where it has http(s) addresses.

    The links are nobody's recommendation (nofollow, ugc), and what they lead to cannot reach back (noopener).
    """
    paragraphs = re.split(r"\n{2,}", text.strip())
    # Each part was escaped by _linked.
    return mark_safe(  # noqa: S308
        "".join(f'<p dir="auto">{_linked(part)}</p>' for part in paragraphs if part.strip())
    )


def _linked(text: str) -> str:
    parts, end = [], 0
    for found in ADDRESS.finditer(text):
        address = _ended(found.group())
        if not _leads_somewhere(address):
            continue
        parts.append(_lines(text[end : found.start()]))
        shown = address if len(address) <= LONGEST_SHOWN else address[: LONGEST_SHOWN - 1] + "\u2026"
        parts.append(format_html('<a href="{}" rel="nofollow ugc noopener">{}</a>', address, shown))
        end = found.start() + len(address)
    parts.append(_lines(text[end:]))
    return "".join(parts)


def _lines(text: str) -> str:
    return str(escape(text)).replace("\n", "<br>")


def _ended(address: str) -> str:
    """The address without what follows it: the end of a sentence, a bracket that was opened before it."""
    while address and (address[-1] in AFTER or address[-1] in PAIRS):
        last = address[-1]
        if last in PAIRS and address.count(PAIRS[last]) >= address.count(last):
            break
        address = address[:-1]
    return address


def _leads_somewhere(address: str) -> bool:
    """Whether it is an address of a host; one with a name before it (user@host) only looks like one."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
        parts.port  # noqa: B018
    except ValueError:
        return False
    return bool(host) and parts.scheme.lower() in {"http", "https"} and "@" not in parts.netloc


@register.inclusion_tag("scoring/_moderation_totals.html")
def moderation_totals() -> dict[str, Any]:
    """How often what was decided in the last year; made anew some times a day. Small numbers are not told."""
    found: list[tuple[str, int, int]] | None = cache.get(KEY)
    if found is None:
        found = [(total.action, total.staff, total.rules) for total in totals.of_a_year(timezone.now())]
        cache.set(KEY, found, SECONDS)
    told = [(totals.words_of(action), _told(staff), _told(rules)) for action, staff, rules in found]
    return {"totals": told, "days": totals.LOOKING_BACK.days, "minimum": FEWEST}


def _told(number: int) -> str:
    if 0 < number < FEWEST:
        return gettext("fewer than %(number)s") % {"number": FEWEST}
    return number_format(number, force_grouping=True)

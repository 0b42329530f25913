"""How pages show networks: a mark of ours for each, and the buttons that log in with one."""

from __future__ import annotations

from functools import cache
from typing import Any

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from accounts import naming, offers

register = template.Library()


@cache
def _drawn(slug: str) -> bool:
    return slug.isalnum() and finders.find(f"img/networks/{slug}.svg") is not None


@register.simple_tag
def network_mark(slug: str) -> SafeString:
    """The network's letter on a tile, an ornament beside its name; nothing for one that has no drawing yet."""
    if not _drawn(slug):
        return SafeString("")
    address = static(f"img/networks/{slug}.svg")
    return format_html('<img class="network-mark" src="{}" alt="" width="40" height="40">', address)


register.filter("account_name", naming.name_of)


@register.filter
def in_words(text: str) -> str:
    """A text that a network declares (Spec.archive_note, say), in the reader's language."""
    return gettext(text) if text else ""


@register.filter
def before_bracket(label: str) -> str:
    """A network's name without what stands in brackets: one logs in with Google, not with YouTube."""
    return label.partition(" (")[0]


register.simple_tag(offers.login_networks, name="login_networks")


@register.inclusion_tag("accounts/_sign_in.html", takes_context=True)
def sign_in_buttons(context: dict[str, Any]) -> dict[str, Any]:
    """A button for each network that signs people in here; nothing where the operator has set up none."""
    return {
        "specs": offers.login_networks(),
        "csrf_token": context.get("csrf_token", ""),
        "redirect_field": context.get("redirect_field", ""),
    }

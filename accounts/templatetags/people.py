"""How pages show people."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import Person

register = template.Library()


@register.simple_tag
def avatar(person: Person, size: str = "") -> SafeString:
    """The person's picture, or the first letter of the name; `size` is "" or "small". It says nothing to who cannot see
    it: the name stands beside it."""
    pixels = 40 if size else 64
    if person.avatar_url:
        return format_html(
            '<img class="avatar {}" src="{}" alt="" width="{}" height="{}">', size, person.avatar_url, pixels, pixels
        )
    return format_html(
        '<span class="avatar {}" aria-hidden="true">{}</span>', size, (person.display_name[:1] or "?").upper()
    )

"""What pages say of +K beside the button itself."""

from __future__ import annotations

from typing import Any

from django import template

from scoring.plus_k.states import UNDO_TAG

register = template.Library()


@register.inclusion_tag("scoring/_plus_k_undo.html", takes_context=True)
def undo_plus_k(context: dict[str, Any], message: Any) -> dict[str, Any]:
    """After a message that a +K was given: a button that takes it back. Nothing after any other message."""
    tags = (message.extra_tags or "").split()
    number = next((tag.removeprefix(UNDO_TAG) for tag in tags if tag.startswith(UNDO_TAG)), "")
    request = context.get("request")
    return {
        "number": int(number) if number.isdecimal() else None,
        "next": request.get_full_path() if request else "",
        "csrf_token": context.get("csrf_token", ""),
    }

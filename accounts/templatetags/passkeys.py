"""What the pages about passkeys hand to their script."""

from __future__ import annotations

import json
from typing import Any

from django import template
from django.core.serializers.json import DjangoJSONEncoder

from accounts import second_factors

register = template.Library()


@register.filter
def as_json(value: Any) -> str:
    """`value` for a data- attribute; the template escapes it as any other text."""
    return json.dumps(value, cls=DjangoJSONEncoder)


@register.simple_tag(takes_context=True)
def passkeys_work(context: template.Context) -> bool:
    """Whether a browser makes and uses passkeys at the address that was asked."""
    return second_factors.passkeys_work(context["request"])

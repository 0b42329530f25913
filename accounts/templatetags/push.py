"""What the settings of notifications show of browsers."""

from __future__ import annotations

from typing import Any

from django import template

from accounts import push
from accounts.models import PushSubscription

register = template.Library()


@register.simple_tag(takes_context=True)
def woken(context: dict[str, Any]) -> dict[str, Any]:
    """The reader's browsers that we may wake, and the key by which browsers know us ("" where push is off)."""
    ours = push.keys()
    mine = PushSubscription.objects.filter(user=context["user"]).order_by("-created_at", "-pk")
    return {
        "key": ours.public if ours else "",
        "browsers": [(subscription, push.digest(subscription)) for subscription in mine],
    }

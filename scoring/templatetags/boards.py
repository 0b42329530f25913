"""How search and leaderboards name topics and networks."""

from __future__ import annotations

from django import template

from accounts.networks import NETWORKS
from scoring.models import Topic
from scoring.topics import name_in

register = template.Library()


@register.filter
def topic_name(topic: Topic) -> str:
    """The topic's name in the reader's language."""
    return name_in(topic)


@register.filter
def network_label(slug: str) -> str:
    """What a network is called; its slug where it is unknown."""
    return NETWORKS[slug].spec.label if slug in NETWORKS else slug

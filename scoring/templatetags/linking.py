"""What scoring adds to the pages on which accounts are connected: what has been found, and the score of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template
from django.db.models import Count, Sum
from django.utils.translation import gettext_lazy as _

from accounts.models import LinkedAccount
from accounts.networks.base import VERB_NAMES
from scoring.models import CounterReading, Interaction, PostTotal, Relation, Score
from scoring.templatetags.scores import unlink_effect

register = template.Library()

FOUND = {
    "like": _("likes"),
    "share": _("shares"),
    "reply": _("replies"),
    "mention": _("mentions"),
    "follow": _("followers"),
    "list": _("lists"),
    "quote": _("quotes"),
    "recommend": _("recommendations"),
    "endorse": _("endorsements"),
    "tip": _("tips"),
    "save": _("times saved"),
    "checkin": _("check-ins"),
    "visit": _("views"),
    "link": _("links"),
    "plus-k": _("+K"),
    "connect": _("connections"),
}


@register.inclusion_tag("scoring/_found_so_far.html")
def found_so_far(link: LinkedAccount) -> dict[str, Any]:
    """How much was read of an account by verb, named reactions and those in totals together, in four queries."""
    account = link.account_id
    found: dict[int, int] = {}
    for rows in (
        Interaction.objects.filter(target=account).values_list("verb").annotate(number=Count("pk")),
        Relation.objects.filter(target=account).values_list("verb").annotate(number=Count("actor")),
        PostTotal.objects.filter(account=account).values_list("verb").annotate(number=Sum("total")),
    ):
        for verb, number in rows.order_by("verb"):
            found[verb] = found.get(verb, 0) + (number or 0)
    newest = CounterReading.objects.filter(account=account).order_by("name", "-day").distinct("name")
    return {
        "found": [
            (FOUND.get(VERB_NAMES[verb], VERB_NAMES[verb]), number)
            for verb, number in sorted(found.items(), key=lambda item: (-item[1], item[0]))
            if number
        ],
        "counters": [(name.replace("_", " "), value) for name, value in newest.values_list("name", "value")],
    }


@register.inclusion_tag("scoring/_first_score.html")
def first_score(link: LinkedAccount) -> dict[str, Any]:
    """The newest score of the account's person, and what this account does for it once that is known."""
    score = Score.objects.filter(person=link.person_id).first()
    return {"score": score, "points": unlink_effect(link), "person": link.person}


@register.inclusion_tag("scoring/_unlink_effect.html")
def effect_of_unlinking(link: LinkedAccount, pages: Sequence[LinkedAccount] = ()) -> dict[str, Any]:
    """What removing an account, and the pages that go with it, does to its person's score, as far as it was computed.

    What each does alone is known: all together do at least the sum of that, since what one brings another may cover.
    """
    score = Score.objects.filter(person=link.person_id).first()
    known = [unlink_effect(one) for one in (link, *pages) if one.person_id == link.person_id]
    points = None if score is None or None in known else sum(filter(None, known))
    after = None if score is None or points is None else max(0.0, score.score - points)
    return {"score": score, "points": points, "after": after, "at_least": len(known) > 1}

"""What scoring adds to the pages on which accounts are connected: what has been found, and the score of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template
from django.db import connection
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import LinkedAccount
from accounts.networks.base import STANDING_VERBS, VERB_NAMES, VERBS
from scoring.collect.links import counted_twice
from scoring.models import CounterReading, Score
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
    "tip": pgettext_lazy("money given", "tips"),
    "save": _("times saved"),
    "checkin": _("check-ins"),
    "visit": _("views"),
    "link": _("links"),
    "plus-k": _("+K"),
    "connect": _("connections"),
}


# Of reactions to a post, those known by name are among its total; who follows may be told as an event and in a list.
FOUND_SO_FAR = """
    WITH named AS (
        SELECT verb, post, count(*) AS number FROM scoring_interaction
        WHERE target = %(account)s AND verb <> ALL(%(standing)s) GROUP BY verb, post
    ), total AS (
        SELECT verb, post, total FROM scoring_posttotal WHERE account = %(account)s
    ), lasting AS (
        SELECT verb, actor FROM scoring_relation WHERE target = %(account)s
        UNION SELECT verb, actor FROM scoring_interaction WHERE target = %(account)s AND verb = ANY(%(standing)s)
    )
    SELECT verb, sum(number)::bigint FROM (
        SELECT verb, GREATEST(COALESCE(number, 0), COALESCE(total, 0)) AS number
        FROM named FULL JOIN total USING (verb, post)
        UNION ALL SELECT verb, count(*) FROM lasting GROUP BY verb
    ) AS found GROUP BY verb
"""


@register.inclusion_tag("scoring/_found_so_far.html")
def found_so_far(link: LinkedAccount) -> dict[str, Any]:
    """How much was read of an account by verb, nothing twice, and what its network counts, in two queries."""
    account = link.account_id
    standing = [VERBS[name] for name in STANDING_VERBS]
    with connection.cursor() as cursor:
        cursor.execute(FOUND_SO_FAR, {"account": account, "standing": standing})
        found: dict[int, int] = dict(cursor.fetchall())
    newest = CounterReading.objects.filter(account=account).order_by("name", "-day").distinct("name")
    return {
        "twin": counted_twice(link),
        "found": [
            (FOUND.get(VERB_NAMES[verb], VERB_NAMES[verb]), number)
            for verb, number in sorted(found.items(), key=lambda item: (-item[1], item[0]))
            if number
        ],
        "counters": [(_(name.replace("_", " ")), value) for name, value in newest.values_list("name", "value")],
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

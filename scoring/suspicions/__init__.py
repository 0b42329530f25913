"""Whose reactions to a member count less, why and what that takes off, in plain words; and what an operator says to it.

What the guards found (scoring.engine.guards), and what the formula's bounds take off (scoring.formula.bounds), is told
to the person whom it concerns, with the points (weighing.py). An operator who finds the reactions honest trusts the
account, and from the next score on no guard looks at it; the bounds are the same for everybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from django.db import connection
from django.db.models import Value
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from numpy.typing import NDArray

from accounts.models import Account, LinkedAccount, Person
from accounts.naming import name_of
from accounts.networks import NETWORKS
from accounts.networks.klout import OWN
from scoring import columns
from scoring.models import Suspicion, Trust
from scoring.numbers import points

# Since the end of 2015 the number of an account on X holds the moment in which it was made, in milliseconds from this
# one on; lower numbers are older and tell no date. Other networks' ids tell none, or not to us: GitHub counts up,
# Mastodon's and Bluesky's name a server and a key.
X_EPOCH = 1_288_834_974_657
X_FIRST = 600_000_000_000_000_000
# Days within which everybody is new: a place that has just opened has no old ones.
FOUNDERS = 60
# Points that are 0.0 once they are rounded.
LEAST = 0.05


def trusted() -> NDArray[np.int64]:
    """The accounts that operators trust, in order."""
    found = columns.read(connection, "SELECT account FROM scoring_trust ORDER BY account", [], {"account": np.int64})
    return found["account"]


def born() -> dict[str, NDArray[np.int64]]:
    """Columns account and day (since 1970): when accounts were made, of those whose network's id tells it, and of
    Klout's own, which are as old as their person is here; who founded the place with others was never new to it."""
    return columns.read(
        connection,
        """
        SELECT id AS account, ((number >> 22) + %s) / 86400000 AS day
        FROM (
            SELECT id,
                   CASE WHEN external_id ~ '^([0-9]{18}|[1-8][0-9]{18})$' THEN external_id::bigint ELSE 0 END AS number
            FROM accounts_account WHERE network = 'twitter'
        ) AS numbered
        WHERE number >= %s
        UNION ALL
        SELECT link.account_id, floor(extract(epoch FROM person.created_at) / 86400)::bigint - CASE
            WHEN person.created_at < (SELECT min(created_at) FROM accounts_person) + %s * interval '1 day' THEN %s
            ELSE 0 END
        FROM accounts_linkedaccount AS link
        JOIN accounts_account AS account ON account.id = link.account_id
        JOIN accounts_person AS person ON person.id = link.person_id
        WHERE account.network = %s
        ORDER BY account
        """,
        [X_EPOCH, X_FIRST, FOUNDERS, FOUNDERS, OWN],
        {"account": np.int64, "day": np.int64},
    )


@dataclass(frozen=True, slots=True)
class Told:
    """One reason in plain words: on which account, and what it takes off."""

    account: str
    text: str
    trusted: bool = False


def told(person: Person, links: Iterable[LinkedAccount] | None = None) -> Sequence[Told]:
    """What counts less of the reactions to `person`, what costs most first; and whom an operator trusts.

    links: the person's, with their accounts, where they have been read already.
    """
    if links is None:
        links = person.links.select_related("account")
    names = {link.account_id: labelled(link.account) for link in links}
    rows = Suspicion.objects.filter(person=person).values_list("account", "reason", "people", "counted_as", "points")
    # One query for both: a trusted account has no reason.
    trusted = Trust.objects.filter(account__in=names).values_list("account", Value(""), *[Value(0.0)] * 3)
    told = []
    for account, reason, people, counted_as, taken in sorted(rows.union(trusted, all=True), key=in_order):
        if not reason:
            text = _("Somebody of the staff looked at who reacts here and found it honest: it counts in full.")
            told.append(Told(names[account], text, trusted=True))
        elif account in names:
            row = Suspicion(account=account, reason=reason, people=people, counted_as=counted_as, points=taken)
            told.append(Told(names[account], in_words(row)))
    return told


def in_order(row: tuple[int, str, float, float, float]) -> tuple[bool, float, int, str]:
    """What costs most first, and who is trusted last."""
    account, reason, _people, _counted_as, taken = row
    return not reason, -taken, account, reason


def labelled(account: Account) -> str:
    """An account with its network: people call themselves the same on most."""
    network = NETWORKS.get(account.network)
    return f"{network.spec.label if network else account.network} {name_of(account)}"


def number(value: float) -> str:
    """So many people, in tenths where they are few: 5 that count as 4.6 count less, too."""
    whole = value >= 10 or round(value, 1) == round(value)
    return points(value, 0 if whole else 1)


def in_words(row: Suspicion) -> str:
    """A sentence or two on one reason."""
    people = round(row.people)
    words = {"people": points(people, 0), "counted_as": number(row.counted_as)}
    if row.reason == Suspicion.Reason.BURST:
        text = ngettext(
            "The reactions of %(people)s new account that nobody reacts to, which came with others all at once, count "
            "less: as those of %(counted_as)s.",
            "The reactions of %(people)s new accounts that nobody reacts to, and that came all at once, count less: as "
            "those of %(counted_as)s.",
            people,
        )
    elif row.reason == Suspicion.Reason.CIRCLE:
        text = ngettext(
            "The reactions of %(people)s account in a closed circle, whose members all react to each other, count "
            "less: as those of %(counted_as)s.",
            "The reactions of %(people)s accounts in a closed circle, whose members all react to each other, count "
            "less: as those of %(counted_as)s.",
            people,
        )
    elif row.reason == Suspicion.Reason.FOLLOWERS:
        text = ngettext(
            "%(people)s follower counts as %(counted_as)s: so few react that more is not borne out.",
            "%(people)s followers count as %(counted_as)s: so few react that more is not borne out.",
            people,
        )
    else:
        text = _(
            "What you uploaded yourself is vouched for by nobody else: it counts up to %(counted_as)s points, whatever "
            "it says."
        )
    if row.points < LEAST:
        taken = _("That takes off less than %(points)s points.") % {"points": points(0.1)}
    else:
        taken = _("That takes off %(points)s points.") % {"points": points(row.points)}
    return f"{text % words} {taken}"

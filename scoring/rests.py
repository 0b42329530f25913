"""Rests as the daily run reckons with them: who rests, what waits until a rest ends, and by which score perks go."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from accounts import pauses
from accounts.models import LinkedAccount, Pause
from accounts.networks import NETWORKS
from accounts.networks.base import ORIGINS
from scoring import columns
from scoring.models import Score

Columns = dict[str, NDArray[Any]]
API, UPLOADED = ORIGINS["api"], ORIGINS["archive"]
EPOCH = date(1970, 1, 1).toordinal()

# Of each counter what was read last before the rest began, and the first reading at all where there is none.
COUNTERS = """
    SELECT DISTINCT ON (account, name, origin = %s) account, network, name::text, value, origin
    FROM scoring_counterreading
    JOIN unnest(%s::bigint[], %s::timestamptz[]) AS resting (number, since) ON number = account
    WHERE observed_at < %s
    ORDER BY account, name, origin = %s, observed_at < since DESC, CASE WHEN observed_at < since THEN day END DESC, day
"""
# Whoever began to follow, list ... while the account rested, as far as the network says it day by day.
RELATIONS = """
    SELECT target, actor, verb
    FROM scoring_relation
    JOIN unnest(%s::bigint[], %s::timestamptz[]) AS resting (number, since) ON number = target
    WHERE observed_at >= since AND observed_at < %s AND origin = %s AND network = ANY(%s)
"""


def perk_score(score: Score) -> float:
    """The score that opens perks: what it would be without any rest, where that is lower."""
    return score.score if score.unrested is None else min(score.score, score.unrested)


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def day_number(at: datetime) -> int:
    """Days since 1970."""
    return at.astimezone(UTC).toordinal() - EPOCH


def paused(as_of: date, *, rests: bool = True) -> Columns:
    """Columns account, start, end (days since 1970) and held, of the pauses before `as_of`, as an engine takes them.

    A person's own rest is all accounts'; one that goes on at midnight holds back what happens in it. Without `rests`
    there are those of broken links alone.
    """
    until = midnight(as_of)
    rows = [
        (account, day_number(pause.started_at), day_number(pause.until(until)), 0)
        for pause, account in (
            (pause, pause.link.account_id)
            for pause in Pause.objects.filter(started_at__lt=until, reason=Pause.Reason.BROKEN)
            .select_related("link")
            .order_by("pk")
            if pause.link
        )
    ]
    own = _rests_before(as_of) if rests else {}
    for person, account in _accounts_of(list(own)):
        rows += [
            (account, day_number(rest.start), day_number(min(rest.end, until)), int(rest.goes_on(until)))
            for rest in own[person]
        ]
    table = np.array(rows, dtype=np.int64).reshape(-1, 4)
    return dict(zip(("account", "start", "end", "held"), table.T, strict=True))


def of_people(as_of: date) -> Columns:
    """Columns person, start and end (days since 1970, start < end) of people's own rests before `as_of`."""
    before = midnight(as_of)
    rows = [
        (person, day_number(rest.start), day_number(min(rest.end, before)))
        for person, rests in _rests_before(as_of).items()
        for rest in rests
        if day_number(rest.start) < day_number(min(rest.end, before))
    ]
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return dict(zip(("person", "start", "end"), table.T, strict=True))


def rested_people(as_of: date) -> NDArray[np.int64]:
    """People with a day of rest before `as_of`: of them alone it can be asked what the score would be without."""
    before = midnight(as_of)
    rested = [
        person
        for person, rests in _rests_before(as_of).items()
        if any(day_number(rest.start) < day_number(min(rest.end, before)) for rest in rests)
    ]
    return np.array(sorted(rested), dtype=np.int64)


def _rests_before(as_of: date) -> dict[int, list[pauses.Rest]]:
    """person -> rests that began before `as_of`, the oldest first."""
    # Ordered, so that the same day has the same fingerprint.
    begun = Pause.objects.filter(started_at__lt=midnight(as_of), reason=Pause.Reason.REST)
    return pauses.counted(begun)


def _accounts_of(people: list[int]) -> list[tuple[int, int]]:
    links = LinkedAccount.objects.filter(person__in=people).order_by("person", "account")
    return list(links.values_list("person", "account"))


def held_back(counters: Mapping[str, Any], relations: Mapping[str, Any], as_of: date) -> tuple[Columns, Columns]:
    """The gauges and lasting relations of the log (scoring.log.snapshot) without what changed in a rest that goes on.

    Counters stay as they were when the rest began. Of relations, those that a network's API first named in it wait;
    where a network's words are kept for some days only, nobody knows any more when it named whom first.
    """
    counters, relations = dict(counters), dict(relations)
    until = midnight(as_of)
    since = {
        person: rest.start for person, rests in _rests_before(as_of).items() for rest in rests if rest.goes_on(until)
    }
    resting = {account: since[person] for person, account in _accounts_of(list(since))}
    if not resting:
        return counters, relations
    accounts, begun = list(resting), list(resting.values())
    before = columns.read(
        connection,
        COUNTERS,
        [UPLOADED, accounts, begun, until, UPLOADED],
        {"account": "int8", "network": "int2", "name": "text", "value": "int8", "origin": "int2"},
    )
    others = ~np.isin(counters["account"], accounts)
    counters = {name: np.concatenate([values[others], before[name]]) for name, values in counters.items()}
    # An account that was linked in the rest is known as it was found.
    known = LinkedAccount.objects.filter(account__in=accounts).values_list("account", "linked_at")
    older = {account: resting[account] for account, linked_at in known if linked_at < resting[account]}
    kept_for_good = [network.spec.code for network in NETWORKS.values() if not network.spec.retain_days]
    new = columns.read(
        connection,
        RELATIONS,
        [list(older), list(older.values()), until, API, kept_for_good],
        {"target": "int8", "actor": "int8", "verb": "int2"},
    )
    waiting = set(zip(*(new[name].tolist() for name in ("target", "actor", "verb")), strict=True))
    if waiting:
        mine = np.flatnonzero(np.isin(relations["target"], list(older)))
        named = zip(*(relations[name][mine].tolist() for name in ("target", "actor", "verb")), strict=True)
        left_out = mine[[row in waiting for row in named]]
        relations = {name: np.delete(values, left_out) for name, values in relations.items()}
    return counters, relations

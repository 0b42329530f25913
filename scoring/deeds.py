"""What people do on Klout itself, written to the log as of network "klout" and read from it again: +K, and reviews.

The door for upper modules: a Deed becomes an interaction between accounts of that network, a person's known by its
klout_id and linked to the person, a brand's by "brand:<id>", which is nobody's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from accounts.models import LinkedAccount
from accounts.networks import NETWORKS
from accounts.networks.base import VERBS
from accounts.networks.klout import OWN
from scoring import columns, log
from scoring.collect.merging import merge
from scoring.collect.staging import Staging
from scoring.collect.summary import Summary
from scoring.collect.times import microseconds
from scoring.features.base import ONE
from scoring.log.compaction import midnight

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

SPEC = NETWORKS[OWN].spec
# Deeds of one transaction.
SLICE = 50_000


@dataclass(frozen=True, slots=True)
class Deed:
    """Somebody did `verb` ("plus-k", "review") to a person or to a brand.

    actor, target: ids of Person; brand: a brand's id, where target is None. about: the topic's slug, or what else says
    which; it becomes the post. key: makes the same deed known when it is recorded again, for its target.
    """

    verb: str
    actor: int
    target: int | None
    about: str
    key: str
    occurred_at: datetime
    brand: int | None = None


def record(deeds: Sequence[Deed], at: datetime) -> int:
    """Write `deeds` to the log and return how many it did not hold yet; `at` is now.

    Set-wise, in transactions of SLICE deeds unless the caller has opened one. Who was erased meanwhile is left out, as
    actor and as target: whoever comes back is somebody else. Raises ValueError for a deed that cannot be (an unknown
    verb, no target, a time to come), with nothing of its slice written.
    """
    return sum(_record(deeds[start : start + SLICE], at) for start in range(0, len(deeds), SLICE))


def _record(deeds: Sequence[Deed], at: datetime) -> int:
    summary = Summary(SPEC.slug)
    with transaction.atomic():
        named = _accounts_of({*(deed.actor for deed in deeds), *(deed.target for deed in deeds if deed.target)})
        with Staging(spec=SPEC, origin="api", at=at) as staging:
            for deed in deeds:
                actor = named.get(deed.actor)
                if deed.target is not None:
                    target = named.get(deed.target)
                elif deed.brand is not None:
                    target = f"brand:{deed.brand}"
                else:
                    raise ValueError(f"{deed.key}: a deed is done to a person or to a brand")
                if actor is None or target is None:
                    continue
                if wrong := staging.interaction(
                    verb=deed.verb,
                    target=target,
                    actor=actor,
                    occurred_at=microseconds(deed.occurred_at),
                    post=deed.about,
                    key=deed.key,
                ):
                    raise ValueError(f"{deed.key}: {wrong}")
            merge(staging, summary)
    return summary.new


def _accounts_of(persons: Iterable[int]) -> dict[int, str]:
    """The id on network klout of each of `persons` that there is, with an account of theirs, made where there is none.

    Within a transaction, to whose end nobody of them is erased.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, klout_id::text FROM accounts_person WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE",
            [sorted(persons)],
        )
        found: dict[int, str] = dict(cursor.fetchall())
        people, ids = list(found), list(found.values())
        cursor.execute(
            """
            INSERT INTO accounts_account (network, external_id, handle)
            SELECT %(network)s, external_id, '' FROM unnest(%(ids)s::text[]) AS mine (external_id)
            WHERE NOT EXISTS (
                SELECT FROM accounts_account AS known
                WHERE (known.network, known.external_id) = (%(network)s, mine.external_id)
            )
            ORDER BY external_id
            ON CONFLICT (network, external_id) DO NOTHING
            """,
            {"network": OWN, "ids": ids},
        )
        cursor.execute(
            """
            INSERT INTO accounts_linkedaccount (account_id, person_id, kind, proof, server, state, linked_at)
            SELECT account.id, mine.person, %(kind)s, %(proof)s, '', %(state)s, now()
            FROM unnest(%(people)s::bigint[], %(ids)s::text[]) AS mine (person, external_id)
            JOIN accounts_account AS account
              ON (account.network, account.external_id) = (%(network)s, mine.external_id)
            WHERE NOT EXISTS (SELECT FROM accounts_linkedaccount AS known WHERE known.account_id = account.id)
            ORDER BY account.id
            ON CONFLICT (account_id) DO NOTHING
            """,
            {
                "network": OWN,
                "ids": ids,
                "people": people,
                "kind": LinkedAccount.Kind.PROFILE,
                "proof": LinkedAccount.Proof.OPERATOR,
                "state": LinkedAccount.State.ACTIVE,
            },
        )
    return found


# ---------------------------------------------------------------- reading


def damped(as_of: date) -> dict[str, Int64]:
    """Columns target, actor and weight (65,536ths) of those of whose +K each counts less: favours returned, small
    rings, givers who are new or have no standing (scoring.plus_k.damping). Of several in one pair the largest stands.
    """
    found = columns.read(
        connection,
        """
        WITH mine AS (
            SELECT link.person_id AS person, link.account_id AS account FROM accounts_linkedaccount AS link
            JOIN accounts_account AS account ON account.id = link.account_id WHERE account.network = %s
        )
        SELECT receiver.account, giver.account, max(plus_k.weight)
        FROM scoring_endorsement AS plus_k
        JOIN mine AS receiver ON receiver.person = plus_k.receiver_id
        JOIN mine AS giver ON giver.person = plus_k.giver_id
        WHERE plus_k.undone_at IS NULL AND plus_k.given_at < %s
        GROUP BY receiver.account, giver.account HAVING max(plus_k.weight) < 1
        ORDER BY receiver.account, giver.account
        """,
        [OWN, midnight(as_of)],
        {"target": "int8", "actor": "int8", "weight": "float8"},
    )
    return {**found, "weight": np.rint(found["weight"] * ONE).astype(np.int64)}


def done(as_of: date, persons: Int64) -> Mapping[str, Float64]:
    """What each of `persons` (ids, sorted, each once) did on Klout before `as_of`, 0:00 UTC; float64 [n] by name.

    plus_k_given: times; plus_k_receivers, plus_k_topics: different people given to, different topics given in;
    reviews_written: different campaigns reviewed. Only what the log holds: a +K that is still open to being taken back
    is not in it, nor is one that was.
    """
    found = log.doings(SPEC.code, as_of)
    owned = columns.read(
        connection,
        """
        SELECT link.account_id AS account, link.person_id AS person FROM accounts_linkedaccount AS link
        JOIN accounts_account AS account ON account.id = link.account_id
        WHERE account.network = %s ORDER BY link.account_id
        """,
        [OWN],
        {"account": "int8", "person": "int8"},
    )
    place = _places(owned, persons, found["actor"])
    given = (found["verb"] == VERBS["plus-k"]) & (place >= 0)
    reviewed = (found["verb"] == VERBS["review"]) & (place >= 0)
    count = len(persons)
    return {
        "plus_k_given": np.bincount(place[given], minlength=count).astype(np.float64),
        "plus_k_receivers": _different(place[given], found["target"][given], count),
        "plus_k_topics": _different(place[given], found["post"][given], count),
        "reviews_written": _different(place[reviewed], found["post"][reviewed], count),
    }


def _places(owned: Mapping[str, Int64], persons: Int64, actor: Int64) -> Int64:
    """The place in `persons` of whose each actor is; -1 for who is none of them."""
    account, known = columns.places(owned["account"], actor)
    among, there = columns.places(persons, owned["person"][account])
    place = np.full(len(actor), -1, dtype=np.int64)
    place[np.flatnonzero(known)[there]] = among
    return place


def _different(place: Int64, what: Int64, count: int) -> Float64:
    """How many different values of `what` each of `count` places has."""
    order = np.lexsort((what, place))
    place, what = place[order], what[order]
    new = np.ones(len(place), dtype=bool)
    new[1:] = (place[1:] != place[:-1]) | (what[1:] != what[:-1])
    return np.bincount(place[new], minlength=count).astype(np.float64)

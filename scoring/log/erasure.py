"""Forgetting accounts: rows in PostgreSQL at once, the number at once for readers, days in the lake at compaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from django.db import connection
from django.db.models import Q
from numpy.typing import NDArray

from accounts.models import Account
from scoring import columns
from scoring.log.locks import moving
from scoring.models import AccountScore, CounterReading, Interaction, Post, PostTotal, Relation, Tombstone


def erase_accounts(ids: Sequence[int], at: datetime) -> None:
    """Delete the accounts `ids` and everything that names them, as target or actor; the lake follows at compaction.

    One transaction. Whoever is seen again later is a new account with a new number.
    """
    ids = list(ids)
    named = Q(target__in=ids) | Q(actor__in=ids)
    with moving():
        Tombstone.objects.bulk_create([Tombstone(account=id_, erased_at=at) for id_ in ids], ignore_conflicts=True)
        Interaction.objects.filter(named).delete()
        Relation.objects.filter(named).delete()
        for model in (CounterReading, PostTotal, Post, AccountScore):
            model.objects.filter(account__in=ids).delete()
        Account.objects.filter(pk__in=ids).delete()


def erased_accounts() -> NDArray[np.int64]:
    """The numbers of all that were ever erased, sorted."""
    return columns.read(connection, "SELECT account FROM scoring_tombstone ORDER BY account", [], {"account": "int8"})[
        "account"
    ]

"""The log of what was counted for each member lately (scoring.engine.activity), written anew by every daily run.

Members who reacted are named in it by their number, others only together. Whether one may be named is asked when the
log is shown: whoever is hidden by then is among the others. A row has no foreign key, so that loading stays fast; who
leaves while a run goes on is looked for after it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.models import Q
from numpy.typing import NDArray

from accounts.networks import BY_CODE
from scoring import columns
from scoring.engine import activity as engine
from scoring.engine.base import Columns, Inputs
from scoring.features.base import ONE, Int64
from scoring.models import Activity

TABLE = Activity._meta.db_table
MOST = (1 << 31) - 1


def write(
    *,
    rows: Inputs,
    owners: Columns,
    standing: tuple[Int64, Int64],
    guards: Columns | None,
    only: bool = False,
    temp_folder: Path | None = None,
) -> int:
    """Write what was counted for the people in `owners` (account, person): `only` theirs between two daily runs, else
    nobody else has any afterwards. Returns the rows.

    rows: the log of their accounts (scoring.engine.moments.rows_of), with all owners in it, who are members then.
    standing, guards: as for scoring.engine.duckdb.compute.
    """
    parts = engine.counted(
        rows, accounts=np.asarray(owners["account"]), standing=standing, guards=guards, temp_folder=temp_folder
    )
    written = replace(parts, persons=np.unique(owners["person"]) if only else None)
    forget_who_left(rows.owners)
    return written


def replace(parts: Iterable[Columns], *, persons: Int64 | None) -> int:
    """Put `parts` in the place of everybody's rows, or of those of `persons`; returns how many there are now."""
    written = 0
    with transaction.atomic(), connection.cursor() as cursor:
        if persons is None:
            cursor.execute(f"DELETE FROM {TABLE}")  # noqa: S608 (our own name)
        else:
            cursor.execute(f"DELETE FROM {TABLE} WHERE person_id = ANY(%s)", [persons.tolist()])  # noqa: S608
        for part in parts:
            for network in np.unique(part["network"]).tolist():
                here, named = part["network"] == network, part["actor"] != 0
                mine, others = here & named, here & ~named
                written += columns.write(
                    connection, TABLE, stored(part, mine, network) | {"actor_id": part["actor"][mine]}
                )
                written += columns.write(connection, TABLE, stored(part, others, network))
    return written


def stored(part: Columns, chosen: NDArray[np.bool_], network: int) -> dict[str, NDArray[Any] | str]:
    """The columns of the table for the `chosen` rows of `part`, all of one network; but not who reacted."""
    return {
        "person_id": part["person"][chosen],
        "day": part["day"][chosen].astype("datetime64[D]"),
        "account": part["account"][chosen],
        "network": BY_CODE[network].spec.slug if network in BY_CODE else "",
        "verb": part["verb"][chosen].astype(np.int16),
        "post": part["post"][chosen],
        "people": np.minimum(part["people"][chosen], MOST).astype(np.int32),
        "reactions": np.minimum(part["reactions"][chosen], MOST).astype(np.int32),
        "weight": part["weight"][chosen] / ONE,
    }


def forget_who_left(owners: Columns) -> None:
    """Delete rows of accounts that `owners` had and that are nobody's now, and those that name whose they were."""
    known = columns.read(
        connection,
        "SELECT account_id AS account, person_id AS person FROM accounts_linkedaccount",
        [],
        {"account": "int8", "person": "int8"},
    )
    now = set(zip(known["account"].tolist(), known["person"].tolist(), strict=True))
    then = zip(np.asarray(owners["account"]).tolist(), np.asarray(owners["person"]).tolist(), strict=True)
    if gone := set(then) - now:
        accounts, persons = zip(*gone, strict=True)
        Activity.objects.filter(Q(account__in=accounts) | Q(actor__in=persons)).delete()

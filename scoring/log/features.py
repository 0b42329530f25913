"""Feature rows of each run, kept in the lake, so that a score of any day can be explained again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from scoring.log.erasure import erased_accounts
from scoring.log.lake import Lake, Manifest, open_lake
from scoring.log.locks import writing_lake


class NoFeatures(Exception):
    """No run has left features of that day and formula."""


def name_of(as_of: date, formula: str) -> str:
    return f"{as_of.isoformat()}/{formula}"


def write_features(as_of: date, formula: str, columns: Mapping[str, NDArray[Any]]) -> None:
    """Keep a run's features: `account` and any other columns of the same length. An earlier run's are superseded.

    Whoever was erased since they were computed is left out: what took them from the lake may have come and gone.
    """
    order = np.argsort(columns["account"], kind="stable")
    table = pa.table({name: pa.array(values[order]) for name, values in columns.items()})
    with writing_lake():
        named = naming(table, erased_accounts())
        if named.any():
            table = table.filter(pa.array(~named))
        lake = open_lake()
        manifest = lake.manifest()
        file = lake.create_table(f"features/{as_of.isoformat()}", table)
        lake.commit(replace(manifest, features={**manifest.features, name_of(as_of, formula): file}))


def read_features(
    as_of: date, formula: str, accounts: NDArray[np.int64] | None = None, *, names: list[str] | None = None
) -> dict[str, NDArray[Any]]:
    """The columns of that day's run (of `names` alone where given), sorted by account; of `accounts` alone where given.

    Raises NoFeatures, also where a former release left them without some of `names`.
    """
    lake = open_lake()
    file = lake.manifest().features.get(name_of(as_of, formula))
    if file is None:
        raise NoFeatures(f"no run as of {as_of.isoformat()} by {formula} has left its features in the lake")
    if names and not set(names) <= lake.columns_of(file):
        raise outdated(as_of, formula)
    filters = None if accounts is None else pc.field("account").isin(pa.array(accounts, type=pa.int64()))
    table = lake.read_table(file, columns=names, filters=filters)
    return {name: table.column(name).to_numpy() for name in table.column_names}


def outdated(as_of: date, formula: str) -> NoFeatures:
    """What to raise where a former release left a day's features, which measured other things."""
    return NoFeatures(
        f"the features of {as_of.isoformat()} by {formula} in the lake are of a former release; "
        f"run `manage.py recompute --as-of {as_of.isoformat()}`"
    )


def forget_features(ending: str, *, before: date) -> None:
    """Keep no longer what lies beside features under names that end so, of days before a day."""
    with writing_lake():
        lake = open_lake()
        manifest = lake.manifest()
        kept = {
            name: file
            for name, file in manifest.features.items()
            if not (name.endswith(ending) and name < before.isoformat())
        }
        if len(kept) < len(manifest.features):
            lake.commit(replace(manifest, features=kept))


def copy_features(as_of: date, formula: str, other: str) -> None:
    """Let what a day's run by `formula` kept stand for a run by `other` too. Raises NoFeatures where it kept none.

    Features know no formula: the two share their files until an erasure writes either anew.
    """
    with writing_lake():
        lake = open_lake()
        manifest = lake.manifest()
        name, new = name_of(as_of, formula), name_of(as_of, other)
        if name not in manifest.features:
            raise NoFeatures(f"no run as of {as_of.isoformat()} by {formula} has left its features in the lake")
        # What lies beside them (.guards) goes with them.
        kept = {
            new + key.removeprefix(name): file
            for key, file in manifest.features.items()
            if key == name or key.startswith(f"{name}.")
        }
        lake.commit(replace(manifest, features={**manifest.features, **kept}))


def naming(table: pa.Table, accounts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The rows that name one of `accounts`, as what they are of or as who reacted."""
    named = np.zeros(len(table), dtype=bool)
    for name in {"account", "actor"}.intersection(table.column_names):
        named |= np.isin(table.column(name).to_numpy(), accounts)
    return named


def without_accounts(lake: Lake, manifest: Manifest, accounts: NDArray[np.int64]) -> dict[str, str]:
    """Feature files that name `accounts`, written anew without them: name -> new file."""
    written = {}
    for name, file in manifest.features.items():
        table = lake.read_table(file)
        named = naming(table, accounts)
        if named.any():
            written[name] = lake.create_table(f"features/{name.partition('/')[0]}", table.filter(pa.array(~named)))
    return written

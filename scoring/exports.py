"""Scores as a table for other programs: CSV, Parquet or JSON lines, full precision, in batches."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from django.db import connection

from accounts.models import Account
from scoring import computing, daily, formula
from scoring.formula.base import CONFIDENCES, Leaves
from scoring.log.parquet_file import write_parquet
from scoring.models import ScoreRun
from scoring.publish import percentiles

COLUMNS = {
    "network": "text",
    "external_id": "text",
    "handle": "text",
    "score": "float",
    "reach": "float",
    "amplification": "float",
    "network_part": "float",
    "percentile": "float",
    "confidence": "text",
    "formula": "text",
    "as_of": "date",
}
BATCH = 50_000

Row = tuple[Any, ...]


class NothingToExport(Exception):
    """No run of that day was published."""


def published_run(as_of: date | None) -> ScoreRun:
    """The run that stands for `as_of`, or the newest. Raises NothingToExport."""
    runs = ScoreRun.objects.filter(state=ScoreRun.State.DONE, kind=ScoreRun.Kind.DAILY).order_by("-as_of", "-pk")
    run = (runs.filter(as_of=as_of) if as_of else runs).first()
    if run is None:
        day = f"for {as_of} " if as_of else ""
        raise NothingToExport(
            f"nothing was published {day}yet; run `manage.py recompute{f' --as-of {as_of}' * bool(as_of)}`"
        )
    return run


def export_scores(*, path: Path, as_of: date | None = None, accounts: bool = False) -> int:
    """Write the scores of people, or of all `accounts` seen, to `path`, by its ending; returns the number of rows.

    Raises NothingToExport, and ValueError where the ending is none of csv, parquet, jsonl.
    """
    writers = {".csv": write_csv, ".jsonl": write_jsonl, ".parquet": write_rows_parquet}
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise ValueError(f"{path.name}: the file's ending must be one of {', '.join(sorted(writers))}")
    run = published_run(as_of)
    batches = account_rows(run) if accounts else person_rows(run)
    # A part of a file must not pass for the whole: it gets its name when it is complete.
    part = path.with_name(path.name + ".part")
    counter = Counted(batches)
    try:
        writer(part, counter)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return counter.rows


class Counted:
    """Batches passed on, their rows counted."""

    def __init__(self, batches: Iterable[list[Row]]) -> None:
        self.batches = batches
        self.rows = 0

    def __iter__(self) -> Iterator[list[Row]]:
        for batch in self.batches:
            self.rows += len(batch)
            yield batch


def person_rows(run: ScoreRun) -> Iterator[list[Row]]:
    """People's rows of the run's day, highest first; who was erased since is gone from the history too."""
    yield from fetched(
        """
        SELECT '', '', person.handle, history.score, history.reach, history.amplification, history.network_part,
               history.percentile, history.confidence, history.formula, history.as_of
        FROM scoring_scorehistory AS history JOIN accounts_person AS person ON person.id = history.person_id
        WHERE history.as_of = %s ORDER BY history.score DESC, person.id
        """,
        [run.as_of],
    )


def account_rows(run: ScoreRun) -> Iterator[list[Row]]:
    """Every account's row of the run's day: of the newest run as published, else from the stored features."""
    if run.pk == published_run(None).pk:
        yield from fetched(
            """
            SELECT account.network, account.external_id, account.handle, score, reach, amplification, network_part,
                   percentile, (%s::text[])[confidence + 1], %s, %s::date
            FROM scoring_accountscore JOIN accounts_account AS account ON account.id = scoring_accountscore.account
            ORDER BY score DESC, account.id
            """,
            [list(CONFIDENCES), run.formula, run.as_of],
        )
        return
    table, standing = computing.stored_features(run.as_of, run.formula)
    results = daily.results_of(formula.get(run.formula), table, standing, computing.owned_accounts())
    scored = results.accounts
    percentile = percentiles(scored.score, results.population)
    order = np.lexsort((scored.entity, -scored.score))
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        known = Account.objects.in_bulk(scored.entity[chosen].tolist())
        yield [
            (
                known[number].network,
                known[number].external_id,
                known[number].handle,
                float(scored.score[i]),
                float(scored.reach[i]),
                float(scored.amplification[i]),
                float(scored.network_part[i]),
                float(percentile[i]),
                CONFIDENCES[scored.confidence[i]],
                run.formula,
                run.as_of,
            )
            for i in chosen.tolist()
            if (number := int(scored.entity[i])) in known
        ]


def fetched(sql: str, params: list[Any]) -> Iterator[list[Row]]:
    """Rows of a query in batches, through a cursor on the server."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, params)
        while batch := cursor.fetchmany(BATCH):
            yield batch


def write_csv(path: Path, batches: Iterable[list[Row]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for batch in batches:
            writer.writerows(batch)


def write_jsonl(path: Path, batches: Iterable[list[Row]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for batch in batches:
            for row in batch:
                record = dict(zip(COLUMNS, row, strict=True)) | {"as_of": row[-1].isoformat()}
                file.write(json.dumps(record, ensure_ascii=False) + "\n")


def write_rows_parquet(path: Path, batches: Iterable[list[Row]]) -> None:
    write_parquet(path, COLUMNS, batches)


def stored_leaves(person: int, *, as_of: date) -> Leaves:
    """The leaves that explain `person`'s score of a past day, derived again from the features its run stored.

    Raises NothingToExport where no run of the day was published.
    """
    run = published_run(as_of)
    owners = computing.owned_accounts()
    mine = {name: values[owners["person"] == person] for name, values in owners.items()}
    table, _ = computing.stored_features(run.as_of, run.formula, accounts=mine["account"])
    members, entity = computing.members_table(table, mine)
    scored = formula.get(run.formula).score(members, entity)
    return scored.leaves(scored.entity)


def account_leaves(account: int, *, as_of: date | None = None) -> Leaves:
    """The leaves that explain the score of an account by itself, linked or not; else as `stored_leaves`."""
    run = published_run(as_of)
    table, _ = computing.stored_features(run.as_of, run.formula, accounts=np.array([account], dtype=np.int64))
    scored = formula.get(run.formula).score(table, table.account)
    return scored.leaves(scored.entity)

"""After a run is published: what each post of a member brought, and how the day's change came about.

Safe to do again: a day's second time takes the first one's place. What totals of posts were on the last day is kept in
the lake beside that day's features, since they have no dates of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from scoring import changes, formula, log, moments
from scoring.engine.base import Columns, Inputs, Output
from scoring.engine.moments import leaving_out, of_accounts
from scoring.features.base import Int64
from scoring.models import ScoreRun

# Beside a run's features: the totals of members' posts.
TOTALS = ".totals"

# The log as of a day, as an engine takes it.
LogOf = Callable[[date], Inputs]


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found of `run`'s day, for the change of the day: posts, and the log of members' accounts."""

    run: ScoreRun
    since: ScoreRun | None
    rows: Inputs
    owners: Columns
    found: moments.Moments


def tell_moments(
    *, run: ScoreRun, output: Output, owners: Columns, rows: Inputs, temp_folder: Path | None = None
) -> Looked:
    """Write what each post of everybody in `owners` (account, person; sorted by account) brought to `run`'s scores.

    rows: the log of their accounts (scoring.engine.moments.rows_of).
    """
    since = changes.day_before(run)
    proper = output.features.supplied == 0
    found = moments_in(
        rows,
        owners=owners,
        standing=(output.features.account[proper], output.standing[proper]),
        guards=output.guards,
        version=run.formula,
        since=since,
        temp_folder=temp_folder,
    )
    moments.write(found)
    keep_totals(run, rows, since)
    return Looked(run, since, rows, owners, found)


def refresh_moments(
    *,
    rows: Inputs,
    owners: Columns,
    standing: tuple[Int64, Int64],
    guards: Columns | None,
    version: str,
    temp_folder: Path | None = None,
) -> int:
    """The same for some people between two daily runs, with the last one's standings; returns the rows written."""
    found = moments_in(
        rows,
        owners=owners,
        standing=standing,
        guards=guards,
        version=version,
        since=None,
        temp_folder=temp_folder,
    )
    return moments.write(found, persons=np.unique(owners["person"]))


def moments_in(
    rows: Inputs,
    *,
    owners: Columns,
    standing: tuple[Int64, Int64],
    guards: Columns | None,
    version: str,
    since: ScoreRun | None,
    temp_folder: Path | None,
) -> moments.Moments:
    if not (np.any(rows.newest["post"]) or len(rows.totals["post"]) or len(rows.published["post"])):
        return moments.nobody()
    with leaving_out(
        rows,
        accounts=np.asarray(owners["account"]),
        standing=standing,
        guards=guards,
        since=since.as_of if since else rows.as_of,
        earlier=kept_totals(since) if since else None,
        temp_folder=temp_folder,
    ) as look:
        return moments.of_posts(look, owners, formula.get(version))


def tell_change(
    looked: Looked,
    *,
    by_formula: Mapping[int, float],
    log_of: LogOf,
    guards_of: Callable[[date, str], Columns],
    temp_folder: Path | None = None,
) -> int:
    """Write how each score came from the last published day's; returns the number of people.

    by_formula: person -> points that a switch of formulas moved; nobody where there was none. guards_of: the reactions
    that a day's run by a formula let count less; it may raise log.NoFeatures.
    """
    run, since = looked.run, looked.since
    if since is None:
        return 0
    accounts = np.asarray(looked.owners["account"])
    try:
        kept = log.read_features(since.as_of, since.formula, names=["account", "supplied", "standing"])
        guards = guards_of(since.as_of, since.formula)
    except log.NoFeatures:
        # The day was published by hand, or long ago: nothing says what anybody's reactions weighed on it.
        return 0
    proper = kept["supplied"] == 0
    faded = changes.faded(
        now=looked.rows,
        then=changes.earlier(looked.rows, of_accounts(log_of(since.as_of), accounts)),
        owners=looked.owners,
        standing=(kept["account"][proper], kept["standing"][proper]),
        guards=guards,
        scorer=formula.get(run.formula),
        temp_folder=temp_folder,
    )
    return changes.write(
        run=run, since=since, faded=faded, brought=looked.found.change_by_person(), by_formula=by_formula
    )


def keep_totals(run: ScoreRun, rows: Inputs, since: ScoreRun | None) -> None:
    """Keep what totals of posts are on `run`'s day, and forget those of days before the last one."""
    log.write_features(
        run.as_of, run.formula + TOTALS, {name: rows.totals[name] for name in ("account", "post", "verb", "total")}
    )
    log.forget_features(TOTALS, before=since.as_of if since else run.as_of)


def kept_totals(run: ScoreRun) -> Columns | None:
    try:
        return log.read_features(run.as_of, run.formula + TOTALS)
    except log.NoFeatures:
        return None

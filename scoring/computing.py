"""What a run computes from: the log as an engine takes it, features as a run stored them, and whose each row is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
from django.conf import settings
from django.db import connection
from numpy.typing import NDArray

from accounts.models import Account
from accounts.networks import NETWORKS
from accounts.networks.klout import OWN
from scoring import columns, deeds, log, rests, suspicions
from scoring.engine import duckdb as engine
from scoring.engine import spark_session
from scoring.engine.base import Columns, Inputs, Output
from scoring.features.base import FeatureTable
from scoring.models import ScoreRun

# Beside a run's features, the reactions that it let count less.
GUARDS = ".guards"
GUARDED = ("weight", "reason")

# say(stage, text): what an operator reads while the run goes on.
Say = Callable[[str, str], None]


def quiet(stage: str, text: str) -> None:
    """Say nothing."""


def owned_accounts() -> dict[str, NDArray[np.int64]]:
    """Columns account and person of every linked account of whoever connected any, by account.

    Who has nothing but what members say of each other here (network klout) has no score, as who linked nothing has.
    """
    rows = columns.read(
        connection,
        """
        SELECT link.account_id AS account, link.person_id AS person, here.id IS NOT NULL AS own
        FROM accounts_linkedaccount AS link
        LEFT JOIN (SELECT id FROM accounts_account WHERE network = %s) AS here ON here.id = link.account_id
        ORDER BY link.account_id
        """,
        [OWN],
        {"account": np.int64, "person": np.int64, "own": np.bool_},
    )
    account, person, own = rows["account"], rows["person"], rows["own"]
    if own.any():
        connected = np.isin(person, person[~own])
        account, person = account[connected], person[connected]
    return {"account": account, "person": person}


def inputs(as_of: date, *, resting: bool = True) -> Inputs:
    """The log before `as_of`, who owns which account, who rested, whom operators trust and when accounts were made, as
    an engine takes them; without `resting` as if nobody had rested of their own choice."""
    known = log.snapshot(as_of)._asdict()
    if resting:
        known["counters"], known["relations"] = rests.held_back(known["counters"], known["relations"], as_of)
    paused = rests.paused(as_of, rests=resting)
    return Inputs(
        as_of=as_of,
        owners=owned_accounts(),
        pauses=paused,
        trusted=suspicions.trusted(),
        born=suspicions.born(),
        damped=deeds.damped(as_of),
        **known,
    )


def spill_folder() -> Path:
    """Where the engine puts what does not fit in memory: on the disk that holds our state, not in a small /tmp."""
    folder: Path = settings.VAR / "spill"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def compute(as_of: date, *, say: Say = quiet, on: str | None = None) -> Output:
    """Features and standings of every account, from the whole log, by the engine `on` (duckdb or spark)."""
    given = inputs(as_of)

    def progress(stage: str, rows: int) -> None:
        say("compute", f"{stage}: {rows:,} rows")

    if (on or settings.ENGINE) == "spark":
        with spark_session.session(
            master=settings.SPARK_MASTER, memory=settings.SPARK_MEMORY, temp_folder=spill_folder()
        ) as session:
            # PySpark is optional: only who wants it has it.
            from scoring.engine import spark

            return spark.compute(given, session=session, progress=progress)
    return engine.compute(given, progress=progress, temp_folder=spill_folder())


def stored_features(
    as_of: date, version: str, accounts: NDArray[np.int64] | None = None
) -> tuple[FeatureTable, NDArray[np.int64]]:
    """Features and standings as a run stored them, of all or some accounts. Raises log.NoFeatures where none did."""
    stored = dict(log.read_features(as_of, version, accounts=accounts))
    if "supplied" not in stored:
        raise log.outdated(as_of, version)
    account, network, supplied, standing = (stored.pop(name) for name in ("account", "network", "supplied", "standing"))
    return FeatureTable(account, network, stored, supplied), standing


def stored_output(as_of: date, version: str) -> Output:
    """All that a run stored: features, standings and guards. Raises log.NoFeatures where none did."""
    features, standing = stored_features(as_of, version)
    return Output(features, standing, stored_guards(as_of, version))


def stored_guards(as_of: date, version: str) -> Columns:
    """The reactions that a run let count less (target, actor, weight, reason)."""
    stored = log.read_features(as_of, version + GUARDS)
    return {"target": stored["account"], **{name: stored[name] for name in ("actor", *GUARDED)}}


def members_table(table: FeatureTable, owners: dict[str, NDArray[np.int64]]) -> tuple[FeatureTable, NDArray[np.int64]]:
    """The rows of linked accounts, sorted, with the person of each; one that nobody was seen to react to has zeros."""
    known = table.take(np.isin(table.account, owners["account"]))
    missing = owners["account"][~np.isin(owners["account"], known.account)]
    account = np.concatenate([known.account, missing])
    network = np.concatenate([known.network, networks_of(missing)])
    supplied = np.concatenate([known.supplied, np.zeros(len(missing), dtype=np.int64)])
    order = np.lexsort((supplied, account))
    nothing = np.zeros(len(missing), dtype=np.int64)
    columns = {name: np.concatenate([values, nothing])[order] for name, values in known.columns.items()}
    members = FeatureTable(account[order], network[order], columns, supplied[order])
    return members, owners["person"][np.searchsorted(owners["account"], members.account)]


def networks_of(accounts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The network code of each of `accounts`; 0 for one that was unlinked while the run went on."""
    slugs = dict(Account.objects.filter(pk__in=accounts.tolist()).values_list("pk", "network"))
    codes = {slug: network.spec.code for slug, network in NETWORKS.items()}
    return np.array([codes.get(slugs.get(account, ""), 0) for account in accounts.tolist()], dtype=np.int64)


def standings_in(output: Output) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Accounts and their standing, each once."""
    proper = output.features.supplied == 0
    return output.features.account[proper], output.standing[proper]


def last_standings() -> tuple[tuple[NDArray[np.int64], NDArray[np.int64]], Columns | None]:
    """Accounts and their standing as the last run published them, and the reactions that it let count less."""
    last = columns.read(
        connection,
        "SELECT account, standing::bigint AS value FROM scoring_accountscore",
        [],
        {"account": np.int64, "value": np.int64},
    )
    run = ScoreRun.objects.filter(state=ScoreRun.State.DONE, kind=ScoreRun.Kind.DAILY).order_by("-as_of", "-pk").first()
    try:
        guards = stored_guards(run.as_of, run.formula) if run else None
    except log.NoFeatures:
        guards = None
    return (last["account"], last["value"]), guards

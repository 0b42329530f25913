"""The daily run: collect, compact, compute, publish, award. Resumable stage by stage; two at once are impossible."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection
from numpy.typing import NDArray

from accounts.models import Account, LinkedAccount, Pause
from accounts.networks import NETWORKS
from scoring import columns, effects, formula, log, shadows, versions
from scoring.achievements import award as awarding
from scoring.achievements.catalogue import FAMILIES
from scoring.collect import pulling
from scoring.comparisons import FAR
from scoring.engine import duckdb as engine
from scoring.engine.base import Columns, Inputs, Output
from scoring.features.base import ONE, FeatureTable
from scoring.formula.base import Scored
from scoring.models import Score, ScoreRun
from scoring.publish import Results, forget_scores, is_newest, publish, publish_provisional

STAGES = ("collect", "compact", "compute", "publish", "award")
# Beside a run's features, the reactions that it let count less.
GUARDS = ".guards"
GUARDED = ("weight", "reason")
# Any number will do, as long as nothing else in this database locks the same.
LOCK = 0x6B6C6F7574
# Tenths of a second.
PATIENCE = 20

# say(stage, text): what an operator reads while the run goes on.
Say = Callable[[str, str], None]


class AlreadyRunning(Exception):
    """Another run is under way in this database."""


def quiet(stage: str, text: str) -> None:
    """Say nothing."""


@contextmanager
def only_one() -> Iterator[None]:
    """Hold the run's lock; PostgreSQL lets go of it when the process dies. Raises AlreadyRunning."""
    with connection.cursor() as cursor:
        for _ in range(PATIENCE):
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
            if cursor.fetchone()[0]:
                break
            # PostgreSQL needs a moment to notice that a killed run is gone.
            time.sleep(0.1)
        else:
            raise AlreadyRunning("another run is under way; two at once would publish each other's halves")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def run(*, as_of: date, at: datetime, version: str | None = None, say: Say = quiet) -> ScoreRun:
    """Score everybody by what happened before `as_of` 00:00 UTC; `at` is now.

    A past `as_of` collects nothing, and leaves current scores alone unless no later day has been published. A run of
    the day that crashed after computing is taken up again if the log has not changed since. Without a `version` the
    live formula counts. Raises AlreadyRunning.
    """
    version = version or versions.live_formula(at)
    formula.get(version)
    with only_one():
        crashed = close_crashed()
        if as_of >= at.date():
            say("collect", pulling.pull_due(at=at, progress=lambda text: say("collect", text)).line())
        compacted = log.compact(min(as_of, at.date()), at=at, progress=lambda text: say("compact", text))
        say("compact", compacted.line())
        fingerprint = fingerprint_of(as_of)
        run = resumable(crashed, as_of, version, fingerprint)
        resumed = run is not None
        run = run or ScoreRun.objects.create(as_of=as_of, formula=version)
        with failing(run, at):
            if resumed:
                say("compute", f"taken up from run {run.pk}, which computed this day from the same log")
                output = stored_output(as_of, version)
            else:
                output = computed(run, fingerprint, say)
            moves = publish_and_award(run, output, at=at, say=say)
    # Without the lock: mails take their time.
    tell_moved(run, moves, at=at, say=say)
    return run


@contextmanager
def failing(run: ScoreRun, at: datetime) -> Iterator[None]:
    """Note in `run` what ended it before it was published."""
    try:
        yield
    except Exception as error:
        ScoreRun.objects.filter(pk=run.pk).exclude(state=ScoreRun.State.DONE).update(
            state=ScoreRun.State.FAILED, error=f"{type(error).__name__}: {error}"[:2000], finished_at=at
        )
        raise


def tell_moved(run: ScoreRun, moves: versions.Moves | None, *, at: datetime, say: Say) -> None:
    """After the first run by another formula: note that it has been seen, and tell whoever moved far because of it."""
    if run.counts["current"] and (told := versions.tell(moves=moves, version=run.formula, at=at)):
        say("award", f"{told:,} people told that the formula moved them by more than {FAR:.0f} points")


def fingerprint_of(as_of: date) -> str:
    """What a day's features depend on: the log before it, whose each account is (own reactions do not count), rests."""
    owners, rested = owned_accounts(), pauses(as_of)
    whose = b"".join(column.tobytes() for column in (*owners.values(), *rested.values()))
    return hashlib.sha256(log.fingerprint(as_of).encode() + whose).hexdigest()


def computed(run: ScoreRun, fingerprint: str, say: Say) -> Output:
    """Compute features and standings of `run`'s day, and keep them in the lake for a resumed run and for explaining."""
    output = compute(run.as_of, say=say)
    table = output.features
    say("compute", f"{len(table):,} rows of {len(table.columns)} features")
    guarded = {"account": output.guards["target"], **{name: output.guards[name] for name in ("actor", *GUARDED)}}
    log.write_features(run.as_of, run.formula + GUARDS, guarded)
    log.write_features(
        run.as_of,
        run.formula,
        {
            "account": table.account,
            "network": table.network,
            "supplied": table.supplied,
            "standing": output.standing,
            **table.columns,
        },
    )
    run.stage, run.log_fingerprint = "compute", fingerprint
    run.save(update_fields=["stage", "log_fingerprint"])
    say("compute", "features kept in the lake")
    return output


def publish_and_award(run: ScoreRun, output: Output, *, at: datetime, say: Say) -> versions.Moves | None:
    """Score and publish `output` as `run`'s; returns what another formula moved, where this is its first run."""
    owners, table = owned_accounts(), output.features
    results = results_of(run.formula, table, output.standing, owners)
    persons = len(results.persons.entity)
    run.counts = {
        "accounts": len(results.accounts.entity),
        "persons": persons,
        "population": len(results.population),
    }
    say("publish", f"{persons:,} people and {run.counts['accounts']:,} accounts scored by {run.formula}")
    newest = is_newest(run.as_of)
    provisional_scores = Score.objects.filter(run__kind=ScoreRun.Kind.PROVISIONAL, as_of__gte=run.as_of)
    fresher = list(provisional_scores.values_list("person_id", flat=True))
    written = publish(run=run, results=results, at=at)
    say("publish", ", ".join(f"{rows:,} {name}" for name, rows in written.items()))
    awarded = awarding.award(
        persons=results.persons.entity, values=achievement_values(results, table, owners), as_of=run.as_of
    )
    say("award", f"{awarded:,} new levels")
    if newest and fresher:
        # They imported something after this run's day had ended: what they saw must not vanish overnight.
        provisional(persons=fresher, at=at, version=run.formula)
    run.stage, run.counts = "award", {**run.counts, **written, "awards": awarded, "current": newest}
    run.save(update_fields=["stage", "counts"])
    if not newest:
        return None
    mine, person = members_table(table, owners)
    run_shadows(run, mine, person, results.persons, at=at, say=say)
    return versions.moves_of_switch(run=run, table=mine, person=person, scored=results.persons, at=at)


def run_shadows(
    run: ScoreRun, mine: FeatureTable, person: NDArray[np.int64], live: Scored, *, at: datetime, say: Say
) -> None:
    """Score everybody by the formulas in the shadow of `run`; one that fails leaves the others, and `run`, alone."""
    for version in shadows.versions_beside(run.formula):
        try:
            shadows.run_shadow(version=version, beside=run, table=mine, person=person, live=live, at=at)
        except Exception as error:
            # Whatever a formula that is only tried does wrong must not cost anybody the day's score.
            say("publish", f"the shadow of {version} failed: {type(error).__name__}: {error}")
        else:
            say("publish", f"{len(live):,} people scored by {version} in the shadow")
    shadows.forget_stopped(run.formula)


def close_crashed() -> list[ScoreRun]:
    """The newest attempt of each day, when it ended before publishing. One still marked running died without a word."""
    ScoreRun.objects.filter(state=ScoreRun.State.RUNNING).update(
        state=ScoreRun.State.FAILED, error="the process ended without a word"
    )
    newest = (
        ScoreRun.objects.filter(kind=ScoreRun.Kind.DAILY)
        .order_by("as_of", "formula", "-pk")
        .distinct("as_of", "formula")
    )
    return [run for run in newest if run.state == ScoreRun.State.FAILED]


def resumable(crashed: list[ScoreRun], as_of: date, version: str, fingerprint: str) -> ScoreRun | None:
    """The crashed run of this day whose features still fit the log, set going again."""
    for run in crashed:
        if (run.as_of, run.formula, run.stage, run.log_fingerprint) == (as_of, version, "compute", fingerprint):
            run.state, run.error, run.finished_at = ScoreRun.State.RUNNING, "", None
            run.save(update_fields=["state", "error", "finished_at"])
            return run
    return None


def owned_accounts() -> dict[str, NDArray[np.int64]]:
    """Columns account, person and network of every linked account, by account."""
    rows = columns.read(
        connection,
        """
        SELECT link.account_id AS account, link.person_id AS person
        FROM accounts_linkedaccount AS link ORDER BY link.account_id
        """,
        [],
        {"account": np.int64, "person": np.int64},
    )
    return {"account": rows["account"], "person": rows["person"]}


def pauses(as_of: date) -> dict[str, NDArray[np.int64]]:
    """Columns account, start and end (days since 1970) of the pauses before `as_of`; a person's own rest is all
    accounts'."""
    midnight = datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC)
    begun = Pause.objects.filter(started_at__lt=midnight).select_related("link").order_by("pk")
    resting = [pause.person_id for pause in begun if pause.link is None]
    accounts: dict[int, list[int]] = {}
    for person, account in LinkedAccount.objects.filter(person__in=resting).values_list("person", "account"):
        accounts.setdefault(person, []).append(account)
    rows = [
        (account, engine.day_number(pause.started_at.date()), engine.day_number(pause.until(midnight).date()))
        for pause in begun
        for account in ([pause.link.account_id] if pause.link else accounts.get(pause.person_id, []))
    ]
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return dict(zip(("account", "start", "end"), table.T, strict=True))


def inputs(as_of: date) -> Inputs:
    """The log before `as_of`, who owns which account, and who rested, as an engine takes them."""
    return Inputs(as_of=as_of, owners=owned_accounts(), pauses=pauses(as_of), **log.snapshot(as_of)._asdict())


def spill_folder() -> Path:
    """Where the engine puts what does not fit in memory: on the disk that holds our state, not in a small /tmp."""
    folder: Path = settings.VAR / "spill"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def compute(as_of: date, *, say: Say = quiet) -> Output:
    """Features and standings of every account, from the whole log."""
    return engine.compute(
        inputs(as_of),
        progress=lambda stage, rows: say("compute", f"{stage}: {rows:,} rows"),
        temp_folder=spill_folder(),
    )


def stored_features(
    as_of: date, version: str, accounts: NDArray[np.int64] | None = None
) -> tuple[FeatureTable, NDArray[np.int64]]:
    """Features and standings as a run stored them, of all or some accounts. Raises log.NoFeatures where none did."""
    stored = dict(log.read_features(as_of, version, accounts=accounts))
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


def results_of(
    version: str, table: FeatureTable, standing: NDArray[np.int64], owners: dict[str, NDArray[np.int64]]
) -> Results:
    """Score each account for itself and each person over the accounts that are theirs."""
    scorer = formula.get(version)
    accounts = scorer.score(table, table.account)
    mine, person = members_table(table, owners)
    persons = scorer.score(mine, person)
    linked = np.isin(accounts.entity, owners["account"], assume_unique=True)
    # Percentiles are among people and those other accounts that anybody reacted to at all.
    others = accounts.score[~linked & (accounts.score > 1.0)]
    return Results(
        persons=persons,
        leaves=persons.leaves(persons.entity),
        accounts=accounts,
        standing=standing[table.supplied == 0],
        population=np.sort(np.concatenate([persons.score, others])),
        effects=effects.of_unlinking(scorer, mine, person, persons),
    )


def members_table(table: FeatureTable, owners: dict[str, NDArray[np.int64]]) -> tuple[FeatureTable, NDArray[np.int64]]:
    """The rows of linked accounts, sorted, with the person of each; an account that nobody was seen to react to has zeros."""
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


def achievement_values(
    results: Results, table: FeatureTable, owners: dict[str, NDArray[np.int64]]
) -> dict[str, NDArray[np.float64]]:
    """measure -> value of each of `results.persons`, for the achievements' catalogue."""
    mine, person = members_table(table, owners)
    place = np.searchsorted(results.persons.entity, person)
    count = len(results.persons.entity)
    pairs = np.unique(np.stack([person, mine.network]), axis=1)
    networks = np.bincount(np.searchsorted(results.persons.entity, pairs[0]), minlength=count)
    values = {"score": results.persons.score, "networks": networks.astype(np.float64)}
    for family in FAMILIES:
        if family.measure not in values:
            total = np.zeros(count)
            for name in family.measure.split("+"):
                total += np.bincount(place, weights=mine.column(name) / ONE, minlength=count)
            values[family.measure] = total
    return values


def provisional(*, persons: list[int], at: datetime, version: str | None = None) -> ScoreRun | None:
    """Score `persons` anew by all that is known `at` now, with the last run's standings; None where nobody is linked:
    a person without accounts has no score.

    The scores are current until the next daily run, and are no part of the history.
    """
    version = version or versions.shown_formula(at)
    owners = owned_accounts()
    chosen = np.isin(owners["person"], np.array(persons, dtype=np.int64))
    linked = set(owners["person"][chosen].tolist())
    if bare := [person for person in persons if person not in linked]:
        # Whoever removed the last account has nothing left that a score could be of.
        forget_scores(bare)
    if not linked:
        return None
    mine = {name: values[chosen] for name, values in owners.items()}
    table, standing = score_accounts(mine["account"], as_of=at.date() + timedelta(days=1))
    scorer = formula.get(version)
    members, person = members_table(table, mine)
    scored = scorer.score(members, person)
    with only_one():
        run = ScoreRun.objects.create(as_of=at.date(), formula=version, kind=ScoreRun.Kind.PROVISIONAL)
        population = columns.read(
            connection,
            """
            SELECT score FROM scoring_score WHERE person_id <> ALL(%s)
            UNION ALL
            SELECT score FROM scoring_accountscore
            WHERE score > 1 AND account NOT IN (SELECT account_id FROM accounts_linkedaccount)
            """,
            [scored.entity.tolist()],
            {"score": np.float64},
        )["score"]
        results = Results(
            persons=scored,
            leaves=scored.leaves(scored.entity),
            accounts=scorer.score(table, table.account),
            standing=standing[table.supplied == 0],
            population=np.sort(np.concatenate([population, scored.score])),
            effects=effects.of_unlinking(scorer, members, person, scored),
        )
        run.counts = {"persons": len(scored.entity), "population": len(results.population)}
        publish_provisional(run=run, results=results, at=at)
    return run


def score_accounts(accounts: NDArray[np.int64], *, as_of: date) -> tuple[FeatureTable, NDArray[np.int64]]:
    """Features and standings of `accounts` alone: the same SQL, filtered, with the last run's standings."""
    last = columns.read(
        connection,
        "SELECT account, standing::bigint AS value FROM scoring_accountscore",
        [],
        {"account": np.int64, "value": np.int64},
    )
    standing = last["account"], last["value"]
    run = ScoreRun.objects.filter(state=ScoreRun.State.DONE, kind=ScoreRun.Kind.DAILY).order_by("-as_of", "-pk").first()
    try:
        guards = stored_guards(run.as_of, run.formula) if run else None
    except log.NoFeatures:
        guards = None
    output = engine.compute(inputs(as_of), standing=standing, only=accounts, guards=guards, temp_folder=spill_folder())
    return output.features, output.standing

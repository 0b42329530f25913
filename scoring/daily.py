"""The daily run: collect, compact, compute, publish, award. Resumable stage by stage; two at once are impossible."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from accounts.networks import NETWORKS
from accounts.networks.klout import OWN
from scoring import (
    activity,
    apart,
    columns,
    deeds,
    effects,
    formula,
    intervals,
    log,
    measured,
    rankings,
    reasons,
    rests,
    shadows,
    suggestions,
    suspicions,
    tellings,
    ties,
    versions,
)
from scoring.achievements import awarding
from scoring.achievements.measures import Day
from scoring.collect import pulling
from scoring.comparisons import FAR
from scoring.computing import (
    GUARDED,
    GUARDS,
    Say,
    compute,
    inputs,
    last_standings,
    members_table,
    owned_accounts,
    quiet,
    spill_folder,
    standings_in,
    stored_guards,
    stored_output,
)
from scoring.engine import duckdb as engine
from scoring.engine.base import Columns, Inputs, Output
from scoring.engine.moments import rows_of
from scoring.features.base import FeatureTable
from scoring.formula.base import Formula, Scored
from scoring.models import Score, ScoreRun
from scoring.plus_k import damping, settling
from scoring.publish import Results, forget_scores, is_newest, publish, publish_provisional
from scoring.questions import ordering
from scoring.suspicions import weighing
from scoring.topics import evidence

STAGES = ("collect", "compact", "compute", "publish", "award")
# Any number will do, as long as nothing else in this database locks the same.
LOCK = 0x6B6C6F7574
# Tenths of a second.
PATIENCE = 20


class AlreadyRunning(Exception):
    """Another run is under way in this database."""


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


def run(*, as_of: date, at: datetime, version: str | None = None, on: str | None = None, say: Say = quiet) -> ScoreRun:
    """Score everybody by what happened before `as_of` 00:00 UTC; `at` is now.

    A past `as_of` collects nothing, and leaves current scores alone unless no later day has been published. A run of
    the day that crashed after computing is taken up again if the log has not changed since. Without a `version` the
    live formula counts. on: the engine, duckdb or spark, if not the settings'. Raises AlreadyRunning.
    """
    version = version or versions.live_formula(at)
    formula.get(version)
    with only_one():
        crashed = close_crashed()
        bring_up_to_date(as_of=as_of, at=at, say=say)
        fingerprint = fingerprint_of(as_of)
        run = resumable(crashed, as_of, version, fingerprint)
        resumed = run is not None
        run = run or ScoreRun.objects.create(as_of=as_of, formula=version)
        with failing(run, at):
            if resumed:
                say("compute", f"taken up from run {run.pk}, which computed this day from the same log")
                output = stored_output(as_of, version)
            else:
                output = compute(as_of, say=say, on=on)
                keep(run, output, fingerprint, say)
            moves = publish_and_award(run, output, at=at, say=say)
    # Without the lock: mails take their time.
    tell_moved(run, moves, at=at, say=say)
    return run


def bring_up_to_date(*, as_of: date, at: datetime, say: Say) -> None:
    """Collect what is due, unless `as_of` is past, and move closed days to the lake."""
    if as_of >= at.date():
        say("collect", f"{settling.settle(at=at):,} +K settled, {settling.forget_undone(at=at):,} forgotten")
        say("collect", pulling.pull_due(at=at, progress=lambda text: say("collect", text)).line())
    compacted = log.compact(min(as_of, at.date()), at=at, progress=lambda text: say("compact", text))
    say("compact", compacted.line())
    if is_newest(as_of):
        # Before the run, which lets them count so.
        say("collect", f"{damping.write(as_of=as_of):,} weights of +K changed")


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
    """Tell whoever moved far, by another formula that this was the first run of or else, and who earned something."""
    if not run.counts["current"]:
        return
    if told := versions.tell(moves=moves, version=run.formula, at=at):
        say("award", f"{told:,} people told that the formula moved them by more than {FAR:.0f} points")
    far = moves.person[np.abs(moves.points) > FAR].tolist() if moves else []
    news = tellings.tell(run=run, told_of_formula=far)
    say("award", f"{news.moved:,} people told that their score moved, {news.earned:,} what they have earned")


def fingerprint_of(as_of: date) -> str:
    """What a day's features depend on: the log before it, whose each account is (own reactions do not count), rests,
    what +K counts less, and whom operators trust."""
    known = (owned_accounts(), rests.paused(as_of), deeds.damped(as_of), {"trusted": suspicions.trusted()})
    whose = b"".join(column.tobytes() for table in known for column in table.values())
    return hashlib.sha256(log.fingerprint(as_of).encode() + whose).hexdigest()


def keep(run: ScoreRun, output: Output, fingerprint: str, say: Say) -> None:
    """Keep what was computed of `run`'s day in the lake, for a resumed run and for explaining."""
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


def publish_and_award(
    run: ScoreRun, output: Output, *, at: datetime, say: Say, scorer: Formula | None = None
) -> versions.Moves | None:
    """Score and publish `output` as `run`'s; returns what another formula moved, where this is its first run.

    scorer: knows the scores of the run's formula, where they were computed elsewhere.
    """
    owners, table = owned_accounts(), output.features
    results = results_of(scorer or formula.get(run.formula), table, output.standing, owners)
    members, person = members_table(table, owners)
    persons = len(results.persons.entity)
    run.counts = {
        "accounts": len(results.accounts.entity),
        "persons": persons,
        "population": len(results.population),
        measured.KEY: measured.counted(table),
    }
    say("publish", f"{persons:,} people and {run.counts['accounts']:,} accounts scored by {run.formula}")
    newest = is_newest(run.as_of)
    if newest:
        # What was done to members, read once for all that is said of it.
        rows = rows_of(inputs(run.as_of), owners["account"])
        results = beside(results, output, owners, run, rows)
    provisional_scores = Score.objects.filter(run__kind=ScoreRun.Kind.PROVISIONAL, as_of__gte=run.as_of)
    fresher = list(provisional_scores.values_list("person_id", flat=True))
    written = publish(run=run, results=results, at=at)
    say("publish", ", ".join(f"{rows:,} {name}" for name, rows in written.items()))
    looked = None
    if newest:
        looked = reasons.tell_moments(run=run, output=output, owners=owners, rows=rows, temp_folder=spill_folder())
        activity.write(
            rows=rows, owners=owners, standing=standings_in(output), guards=output.guards, temp_folder=spill_folder()
        )
        tied = ties.write(rows=rows, standing=standings_in(output), guards=output.guards, temp_folder=spill_folder())
        suspected = weighing.tell(
            formula.get(run.formula),
            rows=rows,
            members=members,
            person=person,
            scored=results.persons,
            standing=standings_in(output),
            guards=output.guards,
            temp_folder=spill_folder(),
        )
        say("publish", f"{len(looked.found):,} moments, {tied:,} ties, {suspected:,} reasons why reactions count less")
        # Topics and answers that count are awarded below.
        known = evidence.write(as_of=run.as_of, at=at, rows=rows.newest, guards=output.guards)
        say("award", f"{known:,} topics of people came, went or changed")
        say("award", f"{ordering.write(as_of=run.as_of):,} answers have another weight")
    awarded = awarding.award_day(
        Day(
            as_of=run.as_of,
            persons=results.persons.entity,
            scores=results.persons.score,
            members=members,
            person=person,
            rows=lambda: rows if newest else rows_of(inputs(run.as_of), owners["account"]),
            guards=output.guards,
            newest=newest,
            temp_folder=spill_folder(),
        ),
        scorer=formula.get(run.formula),
        scored=results.persons,
    )
    say("award", f"{awarded.new:,} new levels, {awarded.changed:,} people a step on or back")
    if newest and fresher:
        # They imported something after this run's day had ended: what they saw must not vanish overnight.
        provisional(persons=fresher, at=at, version=run.formula)
    if newest:
        say("award", f"{rankings.write(as_of=run.as_of):,} places on leaderboards changed")
    run.stage, run.counts = "award", {**run.counts, **written, "awards": awarded.new, "current": newest}
    run.save(update_fields=["stage", "counts"])
    if looked is None:
        return None
    run_shadows(run, members, person, results.persons, at=at, say=say)
    moves = versions.moves_of_switch(run=run, table=members, person=person, scored=results.persons, at=at)
    told = reasons.tell_change(
        looked,
        by_formula=versions.points_by_formula(
            since=looked.since, run=run, table=members, person=person, scored=results.persons
        ),
        log_of=inputs,
        guards_of=stored_guards,
        temp_folder=spill_folder(),
    )
    say("publish", f"{told:,} changes of the day explained")
    return moves


def beside(
    results: Results, output: Output, owners: dict[str, NDArray[np.int64]], run: ScoreRun, rows: Inputs
) -> Results:
    """`results` with what is said of current scores alone: what they would be without a rest, what would raise them.

    rows: the log of members' accounts.
    """
    table, accounts = output.features, output.features.supplied == 0
    standing = table.account[accounts], output.standing[accounts]
    mine, person = members_table(table, owners)
    found = suggestions.suggest(
        formula.get(run.formula),
        members=mine,
        person=person,
        scored=results.persons,
        table=table,
        accounts=results.accounts,
    )
    scorer = formula.get(run.formula)
    return replace(
        results,
        person_bounds=intervals.from_log(
            scorer,
            rows,
            members=mine,
            person=person,
            scored=results.persons,
            standing=standing,
            guards=output.guards,
            temp_folder=spill_folder(),
        ),
        account_bounds=intervals.of_accounts(scorer, table, results.accounts),
        unrested=unrested(run.formula, run.as_of, owners, standing, output.guards),
        suggestions=found.columns(),
    )


def unrested(
    version: str,
    as_of: date,
    owners: dict[str, NDArray[np.int64]],
    standing: tuple[NDArray[np.int64], NDArray[np.int64]],
    guards: Columns | None,
) -> Columns:
    """Columns person and score: what the scores of those of `owners` who ever rested would be if they had not."""
    rested = np.isin(owners["person"], rests.rested_people(as_of))
    mine = {name: values[rested] for name, values in owners.items()}
    if not rested.any():
        return {"person": mine["person"], "score": np.zeros(0)}
    output = engine.compute(
        inputs(as_of, resting=False),
        standing=standing,
        only=mine["account"],
        guards=guards,
        temp_folder=spill_folder(),
    )
    scored = formula.get(version).score(*members_table(output.features, mine))
    return {"person": scored.entity, "score": scored.score}


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


def results_of(
    scorer: Formula, table: FeatureTable, standing: NDArray[np.int64], owners: dict[str, NDArray[np.int64]]
) -> Results:
    """Score each account for itself and each person over the accounts that are theirs."""
    accounts = scorer.score(table, table.account)
    mine, person = members_table(table, owners)
    persons = scorer.score(mine, person)
    linked = np.isin(accounts.entity, owners["account"], assume_unique=True)
    # Percentiles are among people and those other accounts that anybody reacted to at all, elsewhere than here.
    elsewhere = table.network[table.supplied == 0] != NETWORKS[OWN].spec.code
    others = accounts.score[~linked & elsewhere & (accounts.score > 1.0)]
    return Results(
        persons=persons,
        leaves=persons.leaves(persons.entity),
        accounts=accounts,
        standing=standing[table.supplied == 0],
        population=np.sort(np.concatenate([persons.score, others])),
        effects=effects.of_unlinking(scorer, mine, person, persons),
        apart=apart.of_youtube(scorer.version, mine, person, persons),
    )


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
    as_of = at.date() + timedelta(days=1)
    last, guards = last_standings()
    known = rows_of(inputs(as_of), mine["account"])
    output = engine.compute(known, standing=last, only=mine["account"], guards=guards, temp_folder=spill_folder())
    table = output.features
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
              AND NOT EXISTS (SELECT FROM accounts_account AS here WHERE here.id = account AND here.network = %s)
            """,
            [scored.entity.tolist(), OWN],
            {"score": np.float64},
        )["score"]
        results = Results(
            persons=scored,
            leaves=scored.leaves(scored.entity),
            accounts=scorer.score(table, table.account),
            standing=output.standing[table.supplied == 0],
            population=np.sort(np.concatenate([population, scored.score])),
            effects=effects.of_unlinking(scorer, members, person, scored),
            apart=apart.of_youtube(scorer.version, members, person, scored),
            person_bounds=intervals.from_log(
                scorer,
                known,
                members=members,
                person=person,
                scored=scored,
                standing=last,
                guards=guards,
                temp_folder=spill_folder(),
            ),
            unrested=unrested(version, as_of, mine, last, guards),
        )
        run.counts = {"persons": len(scored.entity), "population": len(results.population)}
        publish_provisional(run=run, results=results, at=at)
        awarding.award_at_once(
            Day(
                as_of=at.date(),
                persons=scored.entity,
                scores=scored.score,
                members=members,
                person=person,
                rows=lambda: known,
                guards=guards,
                newest=True,
                temp_folder=spill_folder(),
            ),
            scorer=scorer,
            scored=scored,
        )
        weighing.tell(
            scorer,
            rows=known,
            members=members,
            person=person,
            scored=scored,
            standing=last,
            guards=guards,
            temp_folder=spill_folder(),
            persons=scored.entity,
        )
        reasons.refresh_moments(
            rows=known, owners=mine, standing=last, guards=guards, version=version, temp_folder=spill_folder()
        )
        activity.write(rows=known, owners=mine, standing=last, guards=guards, only=True, temp_folder=spill_folder())
        evidence.write(as_of=as_of, at=at, rows=known.newest, guards=guards, persons=scored.entity.tolist())
    return run

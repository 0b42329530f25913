"""Writes one run's results in one transaction: scores, history, the leaves that explain them, scores of all accounts.

Readers see the old run or the new one, never a mixture. Everything is loaded by COPY and merged set-wise.
"""
# ruff: noqa: S608 (statements are put together from constants alone)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from accounts.networks import NETWORKS
from scoring import columns
from scoring.formula.base import CONFIDENCES, Leaves, Scored
from scoring.models import (
    Component,
    DayChange,
    Moment,
    Score,
    ScoreRun,
    ShadowScore,
    Suggestion,
    Suspicion,
    UnlinkEffect,
)

Float64 = NDArray[np.float64]

# Whoever connected an account: one of Klout itself, which we made, is none.
CONNECTED = """
    SELECT link.person_id FROM accounts_linkedaccount AS link
    WHERE NOT EXISTS (
        SELECT FROM accounts_account AS here WHERE here.id = link.account_id AND here.network = 'klout'
    )
"""


@dataclass(frozen=True, slots=True)
class Results:
    """What a run computed: `persons` with their `leaves`, `accounts` each for itself with its `standing` (aligned)."""

    persons: Scored
    leaves: Leaves
    accounts: Scored
    standing: NDArray[np.int64]
    # Sorted scores of everybody that a percentile is taken among.
    population: Float64
    # Columns account, person and points: what removing each linked account would take off its person's score.
    effects: Mapping[str, NDArray[Any]]
    # Columns person and score: what those who ever rested would have if they had not.
    unrested: Mapping[str, NDArray[Any]] = field(
        default_factory=lambda: {"person": np.zeros(0, int), "score": np.zeros(0)}
    )
    # Columns person and points: what YouTube would add to the scores of those who linked it.
    apart: Mapping[str, NDArray[Any]] = field(
        default_factory=lambda: {"person": np.zeros(0, int), "points": np.zeros(0)}
    )
    # Bounds (low, high) of the scores of `persons` and of `accounts`; None where nothing is said of them.
    person_bounds: tuple[Float64, Float64] | None = None
    account_bounds: tuple[Float64, Float64] | None = None
    # Columns of Suggestion, the network as its code; None where nothing is said of what would raise scores.
    suggestions: Mapping[str, NDArray[Any]] | None = None


def percentiles(scores: Float64, population: Float64) -> Float64:
    """The share of `population` (sorted) that lies below each of `scores`, ties counted half; 0 to 100."""
    if not len(population):
        return np.zeros(len(scores))
    below = np.searchsorted(population, scores, side="left")
    up_to = np.searchsorted(population, scores, side="right")
    return np.asarray(50.0 * (below + up_to) / len(population))


def is_newest(as_of: date) -> bool:
    """Whether no later day has been published: only then the current scores are this run's."""
    done = ScoreRun.objects.filter(state=ScoreRun.State.DONE, kind=ScoreRun.Kind.DAILY)
    return not done.filter(as_of__gt=as_of).exists()


def publish(*, run: ScoreRun, results: Results, at: datetime) -> dict[str, int]:
    """Write `results` as `run`'s and mark the run done; returns the rows written by table."""
    newest = is_newest(run.as_of)
    with transaction.atomic():
        history_partition(run.as_of)
        stage_persons(results)
        written = {"history": write_history(run)}
        if newest:
            written["scores"] = write_scores(run, everybody=True)
            written["components"] = write_components()
            write_effects(results)
            if results.suggestions is not None:
                written["suggestions"] = write_suggestions(results.suggestions)
            written["accounts"] = write_accounts(results)
        finish(run, at)
    forget_who_left(results)
    with connection.cursor() as cursor:
        # No constraint holds days of history to their people, so that nothing else would take these along.
        cursor.execute(
            "DELETE FROM scoring_scorehistory WHERE as_of = %s AND person_id NOT IN (SELECT id FROM accounts_person)",
            [run.as_of],
        )
    return written


def publish_provisional(*, run: ScoreRun, results: Results, at: datetime) -> dict[str, int]:
    """Write the scores of `results`' people alone, between two daily runs; history and others stay as they are."""
    with transaction.atomic():
        stage_persons(results)
        written = {"scores": write_scores(run, everybody=False), "components": write_components()}
        write_effects(results)
        finish(run, at)
    forget_who_left(results)
    return written


def forget_who_left(results: Results) -> None:
    """Take off what has just been published of people who removed their last account, or were erased, meanwhile.

    After the commit: what they did saw nothing of ours before it, and whatever they do from now on sees all of it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT person FROM unnest(%s::bigint[]) AS person
            WHERE person NOT IN (SELECT person_id FROM ({CONNECTED}) AS connected)
            """,
            [results.persons.entity.tolist()],
        )
        forget_scores([person for (person,) in cursor.fetchall()])


def forget_scores(persons: Sequence[int]) -> None:
    """Take the current scores of `persons` off, with what explains them; the days of their history stay."""
    with transaction.atomic():
        for model in (Score, Component, UnlinkEffect, Moment, DayChange, Suggestion, Suspicion, ShadowScore):
            model.objects.filter(person__in=persons).delete()


def finish(run: ScoreRun, at: datetime) -> None:
    run.state, run.stage, run.finished_at, run.error = ScoreRun.State.DONE, "publish", at, ""
    run.save(update_fields=["state", "stage", "finished_at", "error", "counts"])


def history_partition(as_of: date) -> None:
    """Make the partition of `as_of`'s month if it is not there."""
    first = as_of.replace(day=1)
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE IF NOT EXISTS scoring_scorehistory_{first:%Y_%m} PARTITION OF scoring_scorehistory "
            f"FOR VALUES FROM ('{first:%Y-%m-%d}') TO ('{after:%Y-%m-%d}')"
        )


def scored_columns(scored: Scored, population: Float64, name: str) -> dict[str, NDArray[Any]]:
    return {
        name: scored.entity,
        "score": scored.score,
        "reach": scored.reach,
        "amplification": scored.amplification,
        "network_part": scored.network_part,
        "percentile": percentiles(scored.score, population),
    }


def slugs() -> NDArray[Any]:
    """The slug of each network by its code; "" for none."""
    slug_of: Mapping[int, str] = {0: "", **{network.spec.code: slug for slug, network in NETWORKS.items()}}
    return np.array([slug_of.get(code, "") for code in range(max(slug_of) + 1)])


def bounds_or_all(bounds: tuple[Float64, Float64] | None, count: int) -> tuple[Float64, Float64]:
    """`bounds`, or the whole scale."""
    return bounds or (np.full(count, 1.0), np.full(count, 100.0))


def by_place(entity: NDArray[np.int64], persons: NDArray[Any], values: NDArray[Any]) -> Float64:
    """The values of `persons` where they stand in `entity` (sorted); not a number for everybody else."""
    found = np.full(len(entity), np.nan)
    there = np.isin(persons, entity)
    found[np.searchsorted(entity, persons[there])] = values[there]
    return found


def stage_persons(results: Results) -> None:
    """COPY people's scores and leaves into temporary tables, and leave out who was erased, or removed the last account,
    while the run went on."""
    persons, leaves = results.persons, results.leaves
    # COPY knows no NULL here: not a number stands for it.
    low, high = bounds_or_all(results.person_bounds, len(persons))
    unrested = by_place(persons.entity, results.unrested["person"], results.unrested["score"])
    apart = by_place(persons.entity, results.apart["person"], results.apart["points"])
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DROP TABLE IF EXISTS person_score, leaf;
            CREATE TEMP TABLE person_score (
                person_id bigint PRIMARY KEY, score float8, reach float8, amplification float8, network_part float8,
                percentile float8, confidence text, low float8, high float8, unrested float8, apart float8
            ) ON COMMIT DROP;
            CREATE TEMP TABLE leaf (
                person_id bigint, network text, account bigint, part text, feature text, value float8, points float8
            ) ON COMMIT DROP
            """
        )
        columns.write(
            connection,
            "person_score",
            {
                **scored_columns(persons, results.population, "person_id"),
                "confidence": np.array(CONFIDENCES)[persons.confidence],
                "low": low,
                "high": high,
                "unrested": unrested,
                "apart": apart,
            },
        )
        columns.write(
            connection,
            "leaf",
            {
                "person_id": leaves.entity,
                "network": slugs()[leaves.network],
                "account": leaves.account,
                "part": leaves.part,
                "feature": leaves.feature,
                "value": leaves.value,
                "points": leaves.points,
            },
        )
        cursor.execute(
            f"""
            DELETE FROM person_score WHERE person_id NOT IN (SELECT person_id FROM ({CONNECTED}) AS connected);
            DELETE FROM leaf WHERE person_id NOT IN (SELECT person_id FROM person_score);
            ANALYZE person_score;
            ANALYZE leaf
            """
        )


def write_history(run: ScoreRun) -> int:
    """Put the staged scores into the history of the run's day, in place of what stood there."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM scoring_scorehistory WHERE as_of = %s", [run.as_of])
        cursor.execute(
            """
            INSERT INTO scoring_scorehistory
                (person_id, as_of, score, reach, amplification, network_part, percentile, confidence, networks, formula,
                 run_id)
            SELECT person_id, %(as_of)s, score, reach, amplification, network_part, percentile, confidence,
                   coalesce(points.networks, '{}'), %(formula)s, %(run)s
            FROM person_score
            LEFT JOIN (
                SELECT person_id, jsonb_object_agg(network, points) AS networks
                FROM (
                    SELECT person_id, network, sum(points ORDER BY account, part, feature) AS points
                    FROM leaf WHERE network <> '' GROUP BY person_id, network
                ) AS by_network
                GROUP BY person_id
            ) AS points USING (person_id)
            """,
            {"as_of": run.as_of, "formula": run.formula, "run": run.pk},
        )
        written: int = cursor.rowcount
        return written


def write_scores(run: ScoreRun, *, everybody: bool) -> int:
    """Make the staged scores current; with `everybody`, who is not staged has no score any more."""
    with connection.cursor() as cursor:
        if everybody:
            cursor.execute(
                """
                DELETE FROM scoring_score WHERE person_id NOT IN (SELECT person_id FROM person_score);
                DELETE FROM scoring_component WHERE person_id NOT IN (SELECT person_id FROM person_score);
                DELETE FROM scoring_unlinkeffect WHERE person_id NOT IN (SELECT person_id FROM person_score)
                """
            )
        cursor.execute(
            """
            INSERT INTO scoring_score
                (person_id, run_id, score, reach, amplification, network_part, percentile, confidence, formula, as_of,
                 low, high, unrested, apart)
            SELECT person_id, %s, score, reach, amplification, network_part, percentile, confidence, %s, %s,
                   low, high, nullif(unrested, 'NaN'), nullif(apart, 'NaN')
            FROM person_score
            ON CONFLICT (person_id) DO UPDATE SET
                run_id = excluded.run_id, score = excluded.score, reach = excluded.reach,
                amplification = excluded.amplification, network_part = excluded.network_part,
                percentile = excluded.percentile, confidence = excluded.confidence, formula = excluded.formula,
                as_of = excluded.as_of, low = excluded.low, high = excluded.high,
                unrested = excluded.unrested, apart = excluded.apart
            """,
            [run.pk, run.formula, run.as_of],
        )
        written: int = cursor.rowcount
        return written


def write_components() -> int:
    """Make the staged leaves the ones that explain the staged people."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM scoring_component WHERE person_id IN (SELECT person_id FROM person_score)")
        cursor.execute(
            """
            INSERT INTO scoring_component (person_id, network, account, part, feature, value, points)
            SELECT person_id, network, account, part, feature, value, points FROM leaf
            """
        )
        written: int = cursor.rowcount
        return written


def write_effects(results: Results) -> None:
    """Make the effects of removing the accounts of the staged people the current ones."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM scoring_unlinkeffect WHERE person_id IN (SELECT person_id FROM person_score);
            DROP TABLE IF EXISTS effect;
            CREATE TEMP TABLE effect (account bigint, person_id bigint, points float8) ON COMMIT DROP
            """
        )
        columns.write(connection, "effect", {**results.effects})
        # An account may have been unlinked, and linked by somebody else, while the run went on.
        cursor.execute(
            """
            INSERT INTO scoring_unlinkeffect (account, person_id, points)
            SELECT account, effect.person_id, points FROM effect
            JOIN accounts_linkedaccount AS link ON link.account_id = account AND link.person_id = effect.person_id
            ON CONFLICT (account) DO UPDATE SET person_id = excluded.person_id, points = excluded.points
            """
        )


def write_suggestions(suggestions: Mapping[str, NDArray[Any]]) -> int:
    """Make these what would raise people's scores; what was said before is gone."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM scoring_suggestion;
            DROP TABLE IF EXISTS suggested;
            CREATE TEMP TABLE suggested (
                person_id bigint, rank bigint, network text, account bigint, feature text, value float8,
                attainable float8, points float8
            ) ON COMMIT DROP
            """
        )
        columns.write(connection, "suggested", {**suggestions, "network": slugs()[suggestions["network"]]})
        # Of people and accounts that are still there: anybody may have left while the run went on.
        cursor.execute(
            """
            INSERT INTO scoring_suggestion (person_id, rank, network, account, feature, value, attainable, points)
            SELECT suggested.person_id, rank, network, account, feature, value, attainable, points FROM suggested
            JOIN accounts_linkedaccount AS link ON link.account_id = account AND link.person_id = suggested.person_id
            """
        )
        written: int = cursor.rowcount
        return written


def write_accounts(results: Results) -> int:
    """Replace the scores of all accounts by the run's."""
    accounts = results.accounts
    low, high = bounds_or_all(results.account_bounds, len(accounts))
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM scoring_accountscore")
        written: int = columns.write(
            connection,
            "scoring_accountscore",
            {
                **scored_columns(accounts, results.population, "account"),
                "standing": results.standing.astype(np.int32),
                "confidence": accounts.confidence.astype(np.int16),
                "low": low,
                "high": high,
            },
        )
        # Whoever was erased while the run went on must not come back with it.
        cursor.execute("DELETE FROM scoring_accountscore WHERE account IN (SELECT account FROM scoring_tombstone)")
    return written

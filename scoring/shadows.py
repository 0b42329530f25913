"""Formulas in the shadow of the live one: on the same features, aggregated once, and seen by the staff alone."""

from __future__ import annotations

import json
from datetime import datetime

import numpy as np
from django.db import connection, transaction

from accounts.networks import NETWORKS
from scoring import columns, comparisons, formula
from scoring.comparisons import Comparison, OfFeature, Side
from scoring.features.base import FeatureTable, Int64
from scoring.formula.base import Scored
from scoring.models import ScoreRun, ShadowFormula, ShadowScore


def versions_beside(live: str) -> list[str]:
    """The formulas that run in shadow while `live` counts."""
    shadows = ShadowFormula.objects.exclude(formula=live).order_by("started_at", "formula")
    return list(shadows.values_list("formula", flat=True))


def run_shadow(
    *, version: str, beside: ScoreRun, table: FeatureTable, person: Int64, live: Scored, at: datetime
) -> ScoreRun:
    """Score everybody by `version` on the features of the run `beside`, and compare with its own scores `live`.

    table, person: the rows of linked accounts and whose each is. What fails is kept in the run, and raised.
    """
    run = ScoreRun.objects.create(
        as_of=beside.as_of,
        formula=version,
        kind=ScoreRun.Kind.SHADOW,
        log_fingerprint=beside.log_fingerprint,
        counts={"beside": beside.formula},
    )
    try:
        scored = formula.get(version).score(table, person)
        comparison, features = compared(beside, version, live, scored)
        counts = {"persons": len(scored.entity), "comparison": comparison.to_json() if comparison else None}
        with transaction.atomic():
            written = write(run, scored, features)
            run.counts |= {**counts, "written": written}
            run.state, run.stage, run.finished_at = ScoreRun.State.DONE, "publish", at
            run.save(update_fields=["state", "stage", "finished_at", "counts"])
        forget_who_left()
    except Exception as error:
        ScoreRun.objects.filter(pk=run.pk).update(
            state=ScoreRun.State.FAILED, error=f"{type(error).__name__}: {error}"[:2000], finished_at=at
        )
        raise
    return run


def compared(
    beside: ScoreRun, version: str, live: Scored, scored: Scored
) -> tuple[Comparison | None, dict[int, tuple[OfFeature, ...]]]:
    """The comparison, and what moved of those who move most; None where nobody is scored."""
    try:
        old, new = comparisons.paired(Side.of(beside.formula, live), Side.of(version, scored))
    except comparisons.Incomparable:
        return None, {}
    farthest = comparisons.farthest(old, new, comparisons.EXPLAINED)
    features = comparisons.feature_moves(live.leaves(farthest), scored.leaves(farthest))
    return comparisons.compare(old, new, as_of=beside.as_of, features=features), features


def write(run: ScoreRun, scored: Scored, features: dict[int, tuple[OfFeature, ...]]) -> int:
    """Make `scored` what the formula's shadow says of everybody; returns the rows written."""
    slug_of = {network.spec.code: slug for slug, network in NETWORKS.items()}
    networks = scored.networks()
    slugs = np.array([slug_of.get(code, str(code)) for code in networks.network.tolist()], dtype=str)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DROP TABLE IF EXISTS shadow, shadow_network, shadow_feature;
            CREATE TEMP TABLE shadow (
                person_id bigint PRIMARY KEY, score float8, reach float8, amplification float8, network_part float8
            ) ON COMMIT DROP;
            CREATE TEMP TABLE shadow_network (person_id bigint, network text, points float8) ON COMMIT DROP;
            CREATE TEMP TABLE shadow_feature (person_id bigint PRIMARY KEY, features text) ON COMMIT DROP
            """
        )
        parts = {name: getattr(scored, name) for name in ("score", "reach", "amplification", "network_part")}
        columns.write(connection, "shadow", {"person_id": scored.entity, **parts})
        columns.write(
            connection,
            "shadow_network",
            {"person_id": networks.entity, "network": slugs, "points": networks.points},
        )
        people = np.array(list(features), dtype=np.int64)
        texts = np.array([json.dumps(rows) for rows in features.values()], dtype=str)
        columns.write(connection, "shadow_feature", {"person_id": people, "features": texts})
        cursor.execute("DELETE FROM scoring_shadowscore WHERE formula = %s", [run.formula])
        cursor.execute(
            """
            INSERT INTO scoring_shadowscore
                (person_id, formula, as_of, score, reach, amplification, network_part, networks, features)
            SELECT person_id, %s, %s, score, reach, amplification, network_part, coalesce(points.networks, '{}'),
                   coalesce(features::jsonb, '[]')
            FROM shadow
            LEFT JOIN (
                SELECT person_id, jsonb_object_agg(network, points) AS networks FROM shadow_network GROUP BY person_id
            ) AS points USING (person_id)
            LEFT JOIN shadow_feature USING (person_id)
            WHERE person_id IN (SELECT person_id FROM accounts_linkedaccount)
            """,
            [run.formula, run.as_of],
        )
        written: int = cursor.rowcount
        return written


def forget_who_left() -> None:
    """Take off the scores of people who removed their last account while the run went on; after its commit."""
    ShadowScore.objects.exclude(person__links__isnull=False).delete()


def forget_stopped(live: str) -> None:
    """Take off what shadows said that run no more."""
    ShadowScore.objects.exclude(formula__in=versions_beside(live)).delete()

"""Rows as a daily run would have published them, for tests of what is shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from accounts.models import Person
from scoring.models import Component, Score, ScoreHistory, ScoreRun
from scoring.publish import history_partition

AS_OF = date(2026, 11, 1)
PARTS = ("reach", "amplification", "network")
# part, feature, value, points: what each linked account brings.
FEATURES = [
    ("reach", "follow_actors_ever", 412.0, 6.5),
    ("reach", "any_actors_long", 84.0, 4.25),
    ("amplification", "share_actors_recent", 12.0, 8.0),
    ("amplification", "like_anonymous_recent", 6.0, 0.03),
    ("amplification", "quote_posts_recent", 2.0, 0.02),
    ("network", "any_standing_recent", 33.0, 5.5),
]


def publish_score(
    person: Person,
    *,
    as_of: date = AS_OF,
    history: Mapping[int, float] | None = None,
    confidence: str = "fair",
    features: list[tuple[str, str, float, float]] | None = None,
    population: int = 1000,
) -> Score:
    """Publish a score for `person`: FEATURES for each linked account, and `history` as days before -> score."""
    counts = {"persons": 300, "accounts": 9000, "population": population}
    run = ScoreRun.objects.create(as_of=as_of, formula="v1", state=ScoreRun.State.DONE, stage="award", counts=counts)
    leaves = [Component(person=person, part=part, feature="start", value=1 / 3, points=1 / 3) for part in PARTS]
    for link in person.links.select_related("account").order_by("pk"):
        for part, feature, value, points in FEATURES if features is None else features:
            leaves.append(
                Component(
                    person=person,
                    network=link.account.network,
                    account=link.account_id,
                    part=part,
                    feature=feature,
                    value=value,
                    points=points,
                )
            )
    Component.objects.bulk_create(leaves)
    parts = {part: sum(leaf.points for leaf in leaves if leaf.part == part) for part in PARTS}
    total = sum(parts.values())
    for days, score in {0: total, **(history or {})}.items():
        day = as_of - timedelta(days=days)
        history_partition(day)
        ScoreHistory.objects.create(
            person_id=person.pk,
            as_of=day,
            score=score,
            reach=score / 2,
            amplification=score / 4,
            network_part=score / 4,
            percentile=70.0,
            confidence=confidence,
            formula="v1",
            run_id=run.pk,
        )
    return Score.objects.create(
        person=person,
        run=run,
        score=total,
        reach=parts["reach"],
        amplification=parts["amplification"],
        network_part=parts["network"],
        percentile=83.24,
        confidence=confidence,
        formula="v1",
        as_of=as_of,
    )

"""A small log for achievements, written as a network's own reader, a table or an upload writes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np

from accounts.models import Person
from accounts.networks import NETWORKS
from accounts.networks.base import Counter, PostTotal
from scoring.achievements.award import award
from scoring.achievements.awarding import kept_day, run_of
from scoring.achievements.catalogue import Family
from scoring.achievements.measures import Day, values
from scoring.collect.merging import merge
from scoring.collect.staging import Staging
from scoring.collect.summary import Summary
from scoring.collect.times import microseconds
from scoring.models import Award, ScoreHistory, ScoreRun
from scoring.publish import history_partition
from tests.scoring.conftest import AT, TODAY

WHEN = datetime(2026, 10, 20, 10, tzinfo=UTC)


def reactions(
    network: str,
    target: str,
    verb: str,
    actors: Iterable[str],
    *,
    post: str = "",
    when: datetime | None = WHEN,
    origin: str = "bulk",
) -> None:
    """`actors` did `verb` to `target`, all at `when`; None: it lasts and has no date."""
    with Staging(spec=NETWORKS[network].spec, origin=origin, at=AT if when else WHEN) as staging:
        for actor in actors:
            wrong = staging.interaction(
                verb=verb,
                target=target,
                actor=actor,
                occurred_at=microseconds(when) if when else None,
                post=post,
            )
            assert not wrong, wrong
        merge(staging, Summary(network))


def counter(network: str, owner: str, name: str, value: int, *, origin: str = "api", when: datetime = WHEN) -> None:
    with Staging(spec=NETWORKS[network].spec, origin=origin, at=when) as staging:
        assert not staging.counter(owner, Counter(name, value))
        merge(staging, Summary(network))


def total(network: str, owner: str, post: str, verb: str, number: int, *, origin: str = "api") -> None:
    with Staging(spec=NETWORKS[network].spec, origin=origin, at=WHEN) as staging:
        assert not staging.total(owner, PostTotal(post, verb, number, WHEN))
        merge(staging, Summary(network))


def highest(person: Person) -> dict[str, int]:
    """The highest level of each family that `person` has and that was not taken back."""
    found: dict[str, int] = {}
    for row in Award.objects.filter(person=person, revoked_at=None).order_by("level"):
        found[row.family] = row.level
    return found


def history(person: Person, scores: dict[int, float], *, as_of: date = TODAY, formula: str = "v1") -> None:
    """The score of `person` so many days ago, each day with a run of its own."""
    for ago, score in scores.items():
        day = as_of - timedelta(days=ago)
        run = ScoreRun.objects.filter(as_of=day, kind=ScoreRun.Kind.DAILY).first() or ScoreRun.objects.create(
            as_of=day, formula=formula, state=ScoreRun.State.DONE, stage="award"
        )
        history_partition(day)
        ScoreHistory.objects.create(
            person_id=person.pk,
            as_of=day,
            score=score,
            reach=score,
            amplification=0,
            network_part=0,
            percentile=50,
            confidence="fair",
            formula=run.formula,
            run_id=run.pk,
        )


def newest_day() -> Day:
    """What the newest run has kept."""
    return kept_day(run_of(None))[0]


def give(day: Day, families: Sequence[Family]) -> int:
    return award(persons=day.persons, values=values(day, families), families=families, as_of=day.as_of)


def value_of(day: Day, family: Family, person: Person) -> float:
    return float(values(day, [family])[family.slug][np.searchsorted(day.persons, person.pk)])

"""Awarding every achievement set-wise, beside a loop over people, in one run: seconds and queries.

    python -m tests.benchmarks.bench_awards [--people 20000] [--events-each 5] [--weeks 8] [--sample 1000]

In a database of its own (made for this run and dropped after it, on DATABASE_URL's server or the built-in one) are made
up: members with an account each, some weeks of scores, and a log of reactions among them (tests.benchmarks.synthetic).
Not in the clock: features, guards and scores, which the run has by then. In the clock, as the daily run does it: what
everybody has of each family, from the log, features and history; what the next level would bring; the levels that are
new, how far everybody is, and how rare each level is. Then all of it once more, as on a day on which nothing is new.

The loop beside it does for each of the sample what a loop does: it asks for the levels that a person has in a family,
adds what is missing, and keeps how far the person is. It is given the values, which a loop would have to count first,
and leaves out what a level would bring. Both must come to the same levels.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.benchmarks import synthetic
from tests.benchmarks.measuring import AS_OF, lake_of, unchecked

PEOPLE = """
INSERT INTO accounts_person (id, kind, handle, klout_id, name, bio, avatar, country, region, time_zone, birth_year,
                             visibility, shown, created_at)
SELECT number, 'person', 'bench.' || number, number, 'Somebody', '', '', '', '', 'UTC', 1980, 'public', '{}',
       now() - number %% 4000 * interval '1 day'
FROM generate_series(1, %(people)s) AS number;
INSERT INTO accounts_account (id, network, external_id, handle)
SELECT number, (%(networks)s::text[])[1 + number %% 3], number::text, 'bench' || number
FROM generate_series(1, %(people)s) AS number;
INSERT INTO accounts_linkedaccount (account_id, person_id, kind, proof, server, state, linked_at)
SELECT number, number, 'profile', 'network', '', 'active', now() - interval '2 years'
FROM generate_series(1, %(people)s) AS number
"""
HISTORY = """
INSERT INTO scoring_scorehistory (person_id, as_of, score, reach, amplification, network_part, percentile, confidence,
                                  networks, formula, run_id)
SELECT person_id, %(day)s, greatest(1, least(100, score + 3 * random() - 1.5)), reach, amplification, network_part,
       percentile, confidence, '{}', formula, run_id
FROM scoring_score
"""


PEAKS: list[float] = []


def peak() -> float:
    """The most memory (MB) that this process held since `counted` began last."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 1024


@contextmanager
def counted(name: str) -> Iterator[None]:
    """Print what the block took: seconds, statements (a COPY is one), and how much memory this process held."""
    from django.db import connection

    from scoring import columns

    number = 0

    def one(execute: Callable[..., Any], *given: Any) -> Any:
        nonlocal number
        number += 1
        return execute(*given)

    write, batches = columns.write, columns.batches

    def written(*given: Any, **named: Any) -> int:
        nonlocal number
        number += 1
        return write(*given, **named)

    def read(*given: Any, **named: Any) -> Any:
        nonlocal number
        number += 1
        return batches(*given, **named)

    columns.write, columns.batches = written, read
    inside = len(PEAKS)
    Path("/proc/self/clear_refs").write_text("5")
    began = time.perf_counter()
    try:
        with connection.execute_wrapper(one):
            yield
    finally:
        columns.write, columns.batches = write, batches
    seconds = time.perf_counter() - began
    PEAKS.append(max(peak(), *PEAKS[inside:], 0))
    print(f"    {name:<44}{seconds:9.2f} s{number:10,} queries{PEAKS[-1]:8,.0f} MB", flush=True)


def history(weeks: int, as_of: Any) -> None:
    """Everybody's scores of some weeks; those of today are there already."""
    from scoring.models import ScoreRun
    from scoring.publish import history_partition

    for week in range(1, weeks + 1):
        day = as_of - timedelta(days=7 * week)
        history_partition(day)
        with unchecked() as cursor:
            cursor.execute(HISTORY, {"day": day})
        ScoreRun.objects.create(as_of=day, formula="v1", state="done", stage="award")


def measure(people: int, events: int, weeks: int, sample: int) -> None:
    from django.db import connection

    from accounts.networks import NETWORKS
    from scoring import columns, formula
    from scoring.achievements import award, worth
    from scoring.achievements.catalogue import families
    from scoring.achievements.measures import Day, values
    from scoring.computing import members_table, spill_folder
    from scoring.engine import duckdb as engine
    from scoring.engine.base import Inputs, none
    from scoring.engine.moments import rows_of
    from scoring.formula.base import CONFIDENCES
    from scoring.models import ScoreRun

    began = time.perf_counter()

    def said(what: str) -> None:
        print(f"    {what} made up after {time.perf_counter() - began:.0f} s", flush=True)

    run = ScoreRun.objects.create(as_of=AS_OF, formula="v1", state="running", stage="compute")
    slugs = list(NETWORKS)[:3]
    with unchecked() as cursor:
        cursor.execute(PEOPLE, {"people": people, "networks": slugs})
    said("members and their accounts")
    account = np.arange(1, people + 1, dtype=np.int64)
    owners = {"account": account, "person": account}
    with tempfile.TemporaryDirectory(prefix="klout-bench-") as folder:
        for day, rows in synthetic.days(events, people, as_of=AS_OF):
            rows["occurred_at"] = rows["occurred_at"].astype("datetime64[us]")
            pq.write_table(pa.table(rows), Path(folder) / f"{day}.parquet", compression="zstd")
        lake, lake_days = lake_of(Path(folder))
        empty = ("target", "actor", "post", "network", "verb", "origin", "key_high", "key_low", "occurred_at")
        inputs = Inputs(
            as_of=AS_OF,
            lake=lake,
            lake_days=lake_days,
            newest=none(*empty),
            relations=none("target", "actor", "verb", "network", "origin"),
            counters={**none("account", "network", "value", "origin"), "name": np.zeros(0, dtype=np.str_)},
            totals=none("account", "post", "verb", "total", "network", "origin", "occurred_at"),
            erased=np.zeros(0, dtype=np.int64),
            owners=owners,
        )
        said("a log")
        output = engine.compute(inputs, temp_folder=spill_folder())
        log = rows_of(inputs, account)
    said("features")
    members, person = members_table(output.features, owners)
    scorer = formula.get("v1")
    scored = scorer.score(members, person)
    confidence = np.array(CONFIDENCES)[scored.confidence]
    score = {
        "person_id": scored.entity,
        "score": scored.score,
        "reach": scored.reach,
        "amplification": scored.amplification,
        "network_part": scored.network_part,
        "percentile": np.full(len(scored), 50.0),
        "confidence": confidence,
        "run_id": np.full(len(scored), run.pk, dtype=np.int64),
        "as_of": np.full(len(scored), np.datetime64(AS_OF)),
        "formula": "v1",
    }
    with unchecked():
        columns.write(connection, "scoring_score", score)
    history(weeks, AS_OF)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    said(f"{people:,} people, {events:,} reactions, {weeks} weeks of scores")
    known = families()
    day = Day(AS_OF, scored.entity, scored.score, members, person, lambda: log, output.guards, newest=True)

    def once() -> tuple[dict[str, Any], int]:
        with counted("what everybody has of each family"):
            found = values(day, known)
        with counted("what the next level would bring"):
            points = worth.of_next_levels(
                scorer, members=members, person=person, scored=scored, values=found, families=known
            )
        with counted("levels"):
            new = award.award(persons=day.persons, values=found, families=known, as_of=AS_OF)
        with counted("how far everybody is"):
            award.keep_progress(persons=day.persons, values=found, points=points, families=known, everybody=True)
        with counted("how rare each level is"):
            award.count_rarity(known)
        return found, new

    print(f"  set-wise, {len(known)} families, {sum(len(family.levels) for family in known)} levels")
    since = time.perf_counter()
    with counted("all of the first day"):
        found, new = once()
    seconds = time.perf_counter() - since
    print(f"    {new:,} levels were new")
    with counted("all of a day on which nothing is new"):
        once()
    loop(people, sample, found, seconds, day, known)


def loop(people: int, sample: int, found: dict[str, Any], seconds: float, day: Any, known: Any) -> None:
    """The same for a sample, person by person and family by family, in a transaction that is rolled back."""
    from django.db import transaction

    from scoring.models import Award, AwardProgress

    chosen = np.random.default_rng(3).choice(people, min(sample, people), replace=False)
    ids = day.persons[chosen].tolist()
    set_wise = set(Award.objects.filter(person__in=ids).values_list("person", "family", "level"))
    print(f"  a loop over {len(ids):,} people")
    with transaction.atomic():
        Award.objects.filter(person__in=ids).delete()
        AwardProgress.objects.filter(person__in=ids).delete()
        began = time.perf_counter()
        with counted("levels, and how far they are"):
            for place, pk in zip(chosen.tolist(), ids, strict=True):
                for family in known:
                    value = float(found[family.slug][place])
                    if value <= 0:
                        continue
                    has = set(Award.objects.filter(person=pk, family=family.slug).values_list("level", flat=True))
                    for level in range(1, family.level_of(value) + 1):
                        if level not in has:
                            Award.objects.create(person_id=pk, family=family.slug, level=level, earned_on=day.as_of)
                    AwardProgress.objects.update_or_create(person_id=pk, family=family.slug, defaults={"value": value})
        took = time.perf_counter() - began
        looped = set(Award.objects.filter(person__in=ids).values_list("person", "family", "level"))
        transaction.set_rollback(True)
    assert looped == set_wise, "the loop and the set-wise run come to different levels"
    whole = took / len(ids) * people
    print(f"    for {people:,} people that would be {whole:,.0f} s: {whole / seconds:.0f} times as long as set-wise")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--events-each", type=int, default=5, help="reactions for each of them")
    parser.add_argument("--weeks", type=int, default=8, help="weeks of scores")
    parser.add_argument("--sample", type=int, default=1_000, help="people whom the loop goes through")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "klout.settings")
    import django
    from django.test.utils import setup_databases, teardown_databases

    django.setup()
    databases = setup_databases(verbosity=0, interactive=False)
    print(f"Awards, {datetime.now(UTC):%Y-%m-%d}; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    try:
        measure(options.people, options.people * options.events_each, options.weeks, options.sample)
    finally:
        teardown_databases(databases, verbosity=0)


if __name__ == "__main__":
    main()

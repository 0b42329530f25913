"""What moments and the day's change take beside a daily run: time and peak memory of each stage.

    python -m tests.benchmarks.bench_moments [--events 10000000] [--accounts 1000000] [--members 10000] [--posts 50]

The made-up log of bench_engine, `--posts` posts of each account reacted to, as day files in a folder; the members are
the accounts that are reacted to most. In the clock, in one process: reading their rows out of the lake (once), every
member's posts each left out alone, what is fresh of it, and all of them together, scored by the formula; and the log of
the day before, scored as of that day and as of this one. Not in it: writing to PostgreSQL (a row for each post).
"""

import os
from datetime import timedelta
from pathlib import Path

import numpy as np

from tests.benchmarks.measuring import AS_OF, Stopwatch, lake_of, over_a_log, show


def measure(folder: Path, accounts: int, members: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "klout.settings")
    import django

    django.setup()
    from scoring import changes, formula, moments
    from scoring.engine.base import Inputs, none
    from scoring.engine.moments import before, leaving_out, rows_of

    number = np.arange(1, members + 1, dtype=np.int64)
    owners = {"account": number, "person": number}
    everybody = np.arange(1, accounts + 1, dtype=np.int64)
    standing = everybody, np.full(accounts, 1 << 16, dtype=np.int64)
    lake, lake_days = lake_of(folder)
    newest = none("target", "actor", "post", "network", "verb", "origin", "key_high", "key_low", "occurred_at")
    inputs = Inputs(
        as_of=AS_OF,
        lake=lake,
        lake_days=lake_days,
        newest=newest,
        relations=none("target", "actor", "verb", "network", "origin"),
        counters={**none("account", "network", "value", "origin"), "name": np.zeros(0, dtype=np.str_)},
        totals=none("account", "post", "verb", "total", "network", "origin", "occurred_at"),
        erased=np.zeros(0, dtype=np.int64),
        owners=owners,
    )
    scorer = formula.get(formula.RELEASED)
    watch = Stopwatch()
    rows = rows_of(inputs, number)
    watch.lap("rows of members")
    yesterday = AS_OF - timedelta(days=1)
    with leaving_out(rows, accounts=number, standing=standing, guards=None, since=yesterday) as look:
        watch.lap("features and posts")
        found = moments.of_posts(look, owners, scorer)
        watch.lap("moments")
        posts = len(look.posts)
    faded = changes.faded(
        now=rows,
        then=before(rows, yesterday),
        owners=owners,
        standing=standing,
        guards=none("target", "actor", "weight", "reason"),
        scorer=scorer,
    )
    watch.lap("what faded")
    reactions = len(rows.newest["target"])
    print(f"{members:,} members, {reactions:,} reactions to them, {posts:,} posts, {len(found):,} moments")
    print(f"{len(faded.person):,} people faded by {-faded.points.mean():.3f} points on average")
    show("moments", [watch.stages])


if __name__ == "__main__":
    over_a_log(measure, about=__doc__)

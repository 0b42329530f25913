"""Evidence for everybody's topics, set-wise: seconds of a first run, and of one more on which nothing is new.

    python -m tests.benchmarks.bench_topics [--people 20000]

In a database of its own (made for this run and dropped after it, on DATABASE_URL's server or the built-in one) are made
up: members with an account each, ten posts of theirs with two hashtags, five lists that they are on, and three others
who react to each post. The topics are those of our own tree.
"""

from __future__ import annotations

import argparse
import os
import time
from datetime import UTC, date, datetime

import numpy as np

AS_OF, AT = date(2026, 11, 1), datetime(2026, 11, 1, 3, tzinfo=UTC)
TAGS = [
    *("beekeeping", "jazz", "photography", "ai", "opensource", "python", "climbing", "running", "coffee", "baking"),
    *("hiking", "law", "gardening", "love", "photooftheday", "apple", "music", "travel", "birds", "sailing", "yoga"),
]
LISTS = ["Jazz people", "AI & ML folks", "Photographers", "friends", "my list", "Beekeepers", "journalists", "sailing"]
POSTS = """
INSERT INTO scoring_post (account, post, external_id, url, posted_at, tags, links)
SELECT account.id, account.id * 100 + n, n::text, '', timestamptz '2026-10-30' - n * interval '3 days',
       ARRAY[(%(tags)s::text[])[1 + account.id %% 21], (%(tags)s::text[])[1 + (account.id + n) %% 21]], '{}'
FROM accounts_account AS account CROSS JOIN generate_series(1, 10) AS n
"""
ATTACHED = """
INSERT INTO scoring_attachedwords (account, source, words, actor, network, origin, observed_at)
SELECT account.id, 'list', (%(lists)s::text[])[1 + (account.id + n / 2) %% 8], 1000000000 + n, 1, 1,
       timestamptz '2026-10-01'
FROM accounts_account AS account CROSS JOIN generate_series(1, 5) AS n
"""


def measure(people: int) -> None:
    from django.db import connection

    from scoring.topics import current, evidence
    from tests.benchmarks.bench_awards import PEOPLE

    with connection.cursor() as cursor:
        cursor.execute(PEOPLE, {"people": people, "networks": ["twitter", "mastodon", "bluesky"]})
        cursor.execute(POSTS, {"tags": TAGS})
        cursor.execute(ATTACHED, {"lists": LISTS})
        cursor.execute("ANALYZE")
        cursor.execute("SELECT account, post FROM scoring_post ORDER BY account, post")
        posts = np.array(cursor.fetchall(), dtype=np.int64)
    rows = {
        "target": np.repeat(posts[:, 0], 3),
        "post": np.repeat(posts[:, 1], 3),
        "actor": np.random.default_rng(1).integers(1, people + 1, 3 * len(posts)),
    }
    begun = time.perf_counter()
    current.vocabulary(fresh=True)
    print(f"{'vocabulary':16} {time.perf_counter() - begun:6.2f} s")
    for what in ("first run", "nothing new"):
        begun = time.perf_counter()
        changed = evidence.write(as_of=AS_OF, at=AT, rows=rows)
        seconds = time.perf_counter() - begun
        print(f"{what:16} {seconds:6.1f} s, {changed:,} topics changed; {seconds * 1e6 / people:,.0f} s for a million")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=20_000)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "klout.settings")
    import django
    from django.test.utils import setup_databases, teardown_databases

    django.setup()
    databases = setup_databases(verbosity=0, interactive=False)
    print(f"Topics of {options.people:,} people, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    try:
        measure(options.people)
    finally:
        teardown_databases(databases, verbosity=0)


if __name__ == "__main__":
    main()

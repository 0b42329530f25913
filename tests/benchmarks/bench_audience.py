"""How long a preview of a campaign's audience takes among a million members, criterion by criterion.

    DATABASE_URL=postgres://... python -m tests.benchmarks.bench_audience --people 1000000

The database must be empty and migrated, or filled by an earlier run (--filled).
"""

from __future__ import annotations

import argparse
import os
import time
from datetime import UTC, datetime

FILL = """
SET session_replication_role = replica;
SET synchronous_commit = off;
SELECT setseed(0.5);
INSERT INTO scoring_scorerun (id, as_of, formula, state, kind, stage, log_fingerprint, counts, error, started_at)
VALUES (1, '2026-11-01', 'v1', 'done', 'daily', 'award', '', '{"population": 1000000}', '', now());
INSERT INTO accounts_user (id, password, is_superuser, email, is_staff, is_active, date_joined, language, digest)
SELECT n, '!', false, 'u' || n || '@example.org', false, true, now(), CASE WHEN n %% 3 = 0 THEN 'de' ELSE '' END,
       'weekly' FROM generate_series(1, %(people)s) AS n;
INSERT INTO accounts_person (id, kind, handle, klout_id, name, bio, avatar, country, region, time_zone, birth_year,
                             visibility, shown, created_at)
SELECT n, 'person', 'p' || n, (random() * 2 ^ 62)::bigint, '', '', '',
       (ARRAY['US', 'DE', 'FR', 'AT', ''])[1 + n %% 5], '', 'UTC',
       1950 + n %% 60, 'public', '{}', now() FROM generate_series(1, %(people)s) AS n;
INSERT INTO accounts_membership (user_id, person_id, role, created_at)
SELECT n, n, 'owner', now() FROM generate_series(1, %(people)s) AS n;
INSERT INTO scoring_score (person_id, run_id, score, reach, amplification, network_part, percentile, confidence, low,
                           high, formula, as_of)
SELECT n, 1, score, score / 2, score / 4, score / 4, percentile, 'fair', 1, 100, 'v1', '2026-11-01'
FROM (SELECT n, 1 + 99 * power(part, 1.6) AS score, 100 * part AS percentile
      FROM (SELECT n, random() AS part FROM generate_series(1, %(people)s) AS n) AS drawn) AS scored;
INSERT INTO accounts_account (id, network, external_id, handle)
SELECT n, (ARRAY['twitter', 'mastodon'])[1 + n %% 2], n, '' FROM generate_series(1, %(people)s) AS n;
INSERT INTO accounts_linkedaccount (account_id, person_id, kind, proof, server, state, linked_at)
SELECT n, n, 'profile', CASE WHEN n %% 4 = 0 THEN 'upload' ELSE 'network' END, '', 'active', now()
FROM generate_series(1, %(people)s) AS n;
INSERT INTO scoring_component (person_id, network, account, part, feature, value, points)
SELECT n, (ARRAY['twitter', 'mastodon'])[1 + n %% 2], n, 'reach', 'feature' || f, 1, 3
FROM generate_series(1, %(people)s) AS n, generate_series(1, 8) AS f;
INSERT INTO scoring_topic (id, slug, name, names, ranked)
SELECT 900000 + n, 'bench-' || n, 'Topic ' || n, '{}', 0 FROM generate_series(1, 20) AS n;
INSERT INTO scoring_persontopic (person_id, topic_id, chosen, hidden, expertise, added_at)
SELECT n, 900001 + (n * t * 31) %% 20, true, n %% 50 = 0, random(), now()
FROM generate_series(1, %(people)s) AS n, generate_series(1, 2) AS t ON CONFLICT DO NOTHING;
INSERT INTO scoring_award (person_id, family, level, earned_on)
SELECT n, 'people', level, '2026-10-01'
FROM generate_series(1, %(people)s) AS n, generate_series(1, 1 + n %% 3) AS level;
"""
TABLES = (
    *("accounts_user", "accounts_person", "accounts_membership", "scoring_score", "accounts_account"),
    *("accounts_linkedaccount", "scoring_component", "scoring_persontopic", "scoring_award"),
)


def fill(people: int) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for statement in FILL.split(";\n"):
            if statement.strip():
                began = time.perf_counter()
                cursor.execute(statement, {"people": people} if "%(people)s" in statement else None)
                print(f"    {time.perf_counter() - began:6.1f} s  {statement.strip()[:60]}", flush=True)
        for table in TABLES:
            cursor.execute(f"VACUUM ANALYZE {table}")
        cursor.execute("SET session_replication_role = origin")


def measure(runs: int) -> None:
    """The seconds of each campaign's preview, the middle of `runs` after a first one."""
    from django.core.cache import cache
    from django.db import transaction

    from perks import audience
    from perks.models import Brand, Campaign, PartRequirement, TopicRequirement
    from scoring.models import Topic

    at = datetime.now(UTC)
    with transaction.atomic():
        brand = Brand.objects.create(slug="bench", name="Bench")
        wanted: dict[str, dict[str, object]] = {
            "a score of 45": {"minimum_score": 45},
            "the top 5%": {"minimum_percentile": 95},
            "a score of 45, in two countries": {"minimum_score": 45, "countries": ["DE", "AT"]},
            "a score of 30, data confirmed": {"minimum_score": 30, "confirmed_only": True},
            "data confirmed, of everybody": {"confirmed_only": True},
            "a score of 40, 10 points of twitter": {"minimum_score": 40, "of": "twitter"},
            "a score of 40, one of two topics": {"minimum_score": 40, "topics": 2},
            "all of it": {
                "minimum_score": 40,
                "minimum_percentile": 50,
                "of": "reach",
                "topics": 2,
                "languages": ["de", "en"],
                "countries": ["DE", "US", "FR"],
                "minimum_age": 18,
                "confirmed_only": True,
                "hold_out": 10,
                "networks": ["twitter"],
                "new_to_brand": True,
            },
        }
        for name, values in wanted.items():
            of, topics = values.pop("of", None), int(str(values.pop("topics", 0)))
            campaign = Campaign.objects.create(brand=brand, title=name, **{"confirmed_only": False} | values)
            if of:
                PartRequirement.objects.create(campaign=campaign, of=of, points=10)
            for topic in Topic.objects.filter(slug__startswith="bench-")[:topics]:
                TopicRequirement.objects.create(campaign=campaign, topic=topic, expertise=0.5)
            times = []
            for _run in range(runs + 1):
                cache.clear()
                began = time.perf_counter()
                found = audience.preview(campaign, at)
                times.append(time.perf_counter() - began)
            middle = sorted(times[1:])[runs // 2]
            print(f"{name:40} {middle:6.2f} s   qualify: {found.qualify.number}", flush=True)
        transaction.set_rollback(True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--filled", action="store_true", help="measure what an earlier run has filled")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "klout.settings")
    import django
    from django.conf import settings

    django.setup()
    # The server's own cache stays as it is.
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    if not options.filled:
        fill(options.people)
    measure(options.runs)
    print(f"    {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()

"""A made-up million of members for the benchmark of pages, written by the database itself: names as common as real
ones, scores, days of history, leaves, ties, topics."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import date, timedelta

from django.db import connection

from scoring import rankings
from scoring.publish import history_partition

# The commonest are written first: the n-th is borne by about 1/n as many as the first.
FIRST = """
maria james anna john mary david peter sara michael laura robert linda jose thomas elena daniel julia paul sofia
mark emma luis lucas nina carlos eva martin alice ivan clara felix irene hugo marta oscar paula simon rosa victor
helen oliver ruth henry diana arthur sylvia george monica walter teresa leon vera max ines erik lena axel ida otto
greta samir leila omar nadia yusuf amina kenji yuki hiro mei wei li chen jun min ana beatriz joao pedro ines tiago
zoe léa rené chloé andré françois josé maría sofía björn åsa jürgen zoë łukasz
""".split()  # noqa: SIM905
LAST = """
silva smith garcia muller johnson martin jones brown lopez nguyen williams davis kim lee wang schmidt rossi novak
kowalski ivanov papadopoulos jensen hansen larsen johansson andersson nilsson virtanen dubois moreau laurent
fischer weber wagner becker costa santos pereira oliveira ferreira gomez diaz torres ruiz moreno khan singh patel
sharma kumar tanaka suzuki sato yamamoto park choi zhang liu murphy kelly walsh byrne campbell stewart robertson
clark lewis hill wood ward turner parker cooper bailey reed howard ortiz vargas castro romero núñez muñoz gonçalves
kovács
""".split()  # noqa: SIM905
SYLLABLES = "ka lo mi ren ta vos dal her bri ston wick ford ham ley mar qui zel nor fen gar bel tri sho pol".split()  # noqa: SIM905
COUNTRIES = ["US", "IN", "BR", "DE", "GB", "FR", "ES", "MX", "IT", "JP", "PL", "NL", "SE", "PT", "IE", "IS", "LI"]
WORDS = """
music sailing football cooking science history cinema travel photography chess gardening politics economics design
fashion games running cycling books poetry theatre painting astronomy physics biology medicine law teaching
parenting food wine coffee tea cars trains planes boats fishing hiking climbing skiing tennis golf rugby boxing
""".split()  # noqa: SIM905
TOPICS = 10_000
BATCH = 100_000
# Of whom there are 90 days; of everybody there are these many.
DEEP, DAYS, EVERYBODY = 20_000, 90, 3

PEOPLE = """
INSERT INTO accounts_person (id, kind, handle, klout_id, name, bio, avatar, country, region, time_zone, birth_year,
                             visibility, shown, created_at)
SELECT number, CASE WHEN number %% 50 = 0 THEN 'organisation' ELSE 'person' END,
       -- Digits that nobody takes for letters, so that no two handles look alike.
       left(translate(klout_plain(first), ' ', ''), 9) || CASE number %% 3 WHEN 0 THEN '.' WHEN 1 THEN '' ELSE '-' END
           || left(translate(klout_plain(last), ' ', ''), 11) || 'x' || translate(number::text, '01', 'zy'),
       number, initcap(first || ' ' || last), '', '',
       CASE WHEN number %% 10 = 0 THEN '' ELSE (%(countries)s::text[])[
           least(%(country_count)s, 1 + floor(%(country_count)s * random() ^ 3))::int] END,
       '', 'UTC', CASE WHEN number %% 97 = 0 THEN %(year)s - 10 ELSE 1980 END,
       CASE WHEN number %% 40 = 0 THEN 'hidden' WHEN number %% 20 = 0 THEN 'members' ELSE 'public' END,
       CASE WHEN number %% 60 = 1 THEN '{"leaderboards": "hidden"}' WHEN number %% 60 = 2 THEN '{"search": "hidden"}'
            ELSE '{}' END::jsonb,
       now()
FROM (
    SELECT number,
           (%(first)s::text[])[floor(exp(random() * ln(%(first_count)s)))::int] AS first,
           CASE WHEN random() < 0.4 THEN (%(last)s::text[])[floor(exp(random() * ln(%(last_count)s)))::int]
                ELSE (SELECT string_agg((%(syllables)s::text[])[1 + floor(random() * %(syllable_count)s)::int], '')
                      FROM generate_series(1, 3 + (number %% 2)) WHERE number > 0)
           END AS last
    FROM generate_series(%(begin)s, %(end)s) AS number
) AS made
"""
OTHERS = """
INSERT INTO accounts_user (id, password, is_superuser, email, is_staff, is_active, date_joined, language, digest)
SELECT id, '', false, 'person' || id || '@example.com', false, true, now(), '', 'weekly' FROM accounts_person
WHERE id BETWEEN %(begin)s AND %(end)s;
INSERT INTO accounts_membership (user_id, person_id, role, created_at)
SELECT id, id, 'owner', now() FROM accounts_person WHERE id BETWEEN %(begin)s AND %(end)s;
INSERT INTO accounts_account (id, network, external_id, handle)
SELECT id * 2 + nth, CASE nth WHEN 0 THEN 'twitter' ELSE 'mastodon' END, id::text,
       CASE nth WHEN 0 THEN translate(handle, '.-', '')
            ELSE split_part(klout_plain(name), ' ', 2) || id || '@town.example' END
FROM accounts_person, generate_series(0, 1) AS nth
WHERE id BETWEEN %(begin)s AND %(end)s AND (nth = 0 OR id %% 3 = 0);
INSERT INTO accounts_linkedaccount (account_id, person_id, kind, proof, server, state, linked_at)
SELECT id, external_id::bigint, 'profile', 'network', '', 'active', now() FROM accounts_account
WHERE id BETWEEN %(begin)s * 2 AND %(end)s * 2 + 1;
INSERT INTO scoring_score (person_id, run_id, score, reach, amplification, network_part, percentile, confidence, low,
                           high, formula, as_of)
SELECT id, %(run)s, score, score * 0.4, score * 0.4, score * 0.2, score, 'fair', score - 1, score + 1, 'v1', %(as_of)s
FROM (SELECT id, greatest(1.0, least(100.0, 40 + 13.5 * sqrt(-2 * ln(random() + 1e-12)) * cos(2 * pi() * random())))
          AS score FROM accounts_person WHERE id BETWEEN %(begin)s AND %(end)s) AS drawn;
INSERT INTO scoring_component (person_id, network, account, part, feature, value, points)
SELECT score.person_id, '', 0, part, 'start', 1 / 3.0, 1 / 3.0
FROM scoring_score AS score, unnest(ARRAY['reach', 'amplification', 'network']) AS part
WHERE score.person_id BETWEEN %(begin)s AND %(end)s
UNION ALL
SELECT score.person_id, 'twitter', score.person_id * 2, part, feature, 10, (score.score - 1) / 4
FROM scoring_score AS score, (VALUES ('reach', 'follow_actors_ever'), ('reach', 'any_actors_long'),
    ('amplification', 'share_actors_recent'), ('network', 'any_standing_recent')) AS leaf (part, feature)
WHERE score.person_id BETWEEN %(begin)s AND %(end)s;
INSERT INTO scoring_tie (influencer_id, influencee_id, weight, reactions, follows)
SELECT DISTINCT ON (influencer, influencee) influencer, influencee, random(), 3, random() < 0.5 FROM (
    SELECT 1 + floor(%(people)s * random() ^ 2)::int AS influencer, influencee
    FROM generate_series(%(begin)s, %(end)s) AS influencee, generate_series(1, 3) WHERE influencee > 0
) AS drawn WHERE influencer <> influencee AND influencer <= %(end)s ON CONFLICT DO NOTHING;
INSERT INTO scoring_persontopic (person_id, topic_id, chosen, hidden, expertise, added_at)
SELECT DISTINCT person, topic, true, false, 0.5, now() FROM (
    SELECT person, floor(exp(random() * ln(%(topics)s)))::int AS topic
    FROM generate_series(%(begin)s, %(end)s) AS person, generate_series(1, 3) WHERE person > 0
) AS drawn;
"""
HISTORY = """
INSERT INTO scoring_scorehistory (person_id, as_of, score, reach, amplification, network_part, percentile, confidence,
                                  networks, formula, run_id)
SELECT person_id, %(day)s, greatest(1, least(100, score + random() - 0.5)), reach, amplification, network_part,
       percentile, confidence, '{"twitter": 10}', formula, run_id
FROM scoring_score WHERE person_id <= %(last)s
"""


def fill(people: int, *, as_of: date, say: Callable[[str], None]) -> None:
    """Make `people` members, numbered from 1, and give them places; the database is to be empty."""
    numbers = random.Random(1)
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute(
            """
            INSERT INTO scoring_scorerun
                (as_of, formula, state, kind, stage, log_fingerprint, counts, error, started_at)
            VALUES (%s, 'v1', 'done', 'daily', 'award', '', jsonb_build_object('population', %s::int), '', now())
            RETURNING id
            """,
            [as_of, people],
        )
        run = cursor.fetchone()[0]
        # The tree of topics comes with the migrations: numbered from 1 it is as good as any.
        cursor.execute("TRUNCATE scoring_topic CASCADE")
        names = [*WORDS]
        while len(names) < TOPICS:
            names.append(f"{numbers.choice(WORDS)} {''.join(numbers.choices(SYLLABLES, k=3))}")
        cursor.execute(
            "INSERT INTO scoring_topic (id, slug, name, names, ranked) "
            "SELECT number, 'topic-' || number, initcap(name), '{}', 0 FROM unnest(%s::text[]) WITH ORDINALITY "
            "AS topic (name, number)",
            [names],
        )
        # What constraints check and triggers write row by row is right by the way it is made; indexes of words are
        # built once, when everybody is there.
        cursor.execute("SET session_replication_role = replica; SET synchronous_commit = off")
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'accounts_findable' AND indexdef LIKE '%gin%'"
        )
        indexes = dict(cursor.fetchall())
        for name in indexes:
            cursor.execute(f"DROP INDEX {name}")
        for begin in range(1, people + 1, BATCH):
            values = {
                "begin": begin,
                "end": min(people, begin + BATCH - 1),
                "people": people,
                "run": run,
                "as_of": as_of,
                "year": as_of.year,
                "topics": TOPICS,
                "countries": COUNTRIES,
                "first": FIRST,
                "last": LAST,
                "syllables": SYLLABLES,
                "country_count": len(COUNTRIES),
                "first_count": len(FIRST) + 1,
                "last_count": len(LAST) + 1,
                "syllable_count": len(SYLLABLES),
            }
            cursor.execute(PEOPLE, values)
            cursor.execute(OTHERS, values)
            cursor.execute(
                "SELECT accounts_find_anew(ARRAY("
                "SELECT id FROM accounts_person WHERE id BETWEEN %(begin)s AND %(end)s))",
                values,
            )
            say(f"{values['end']:,} people after {time.perf_counter() - began:.0f} s")
        for definition in indexes.values():
            cursor.execute(definition)
        say(f"indexes of words after {time.perf_counter() - began:.0f} s")
        for days in range(DAYS):
            day = as_of - timedelta(days=days)
            history_partition(day)
            cursor.execute(HISTORY, {"day": day, "last": people if days < EVERYBODY else min(people, DEEP)})
        say(f"history after {time.perf_counter() - began:.0f} s")
        before = time.perf_counter()
        cursor.execute("SET session_replication_role = origin; RESET synchronous_commit")
        cursor.execute("ANALYZE")
        rankings.write(as_of=as_of)
        say(f"places of everybody in {time.perf_counter() - before:.0f} s")
        cursor.execute("VACUUM ANALYZE")
        say(f"filled in {time.perf_counter() - began:.0f} s")

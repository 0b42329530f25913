"""Everybody's place, written by the daily run: among all, in their country, and in each of their topics.

Who is ranked are members whom somebody else may see, who are old enough, stay, and did not leave leaderboards. Equal
scores, as shown (to a tenth), share a place, and the next one comes after all of them: 1, 2, 2, 4.
"""

from __future__ import annotations

from datetime import date

from django.db import IntegrityError, connection, transaction

from accounts.models import MINIMUM_AGE, Person
from scoring.models import PersonTopic, Ranking

# Up to which place somebody is among the foremost, and among the known (accounts.models.finding.Findable.Tier).
FOREMOST, KNOWN = 1_000, 30_000
ATTEMPTS = 3

# to_char rounds as Python's format does, so that places are shared by what pages show as equal.
RANKED = """
WITH ranked AS (
    SELECT person.id AS person_id, person.kind, person.country, score.score,
           to_char(score.score, 'FM990.0')::numeric AS shown
    FROM scoring_score AS score
    JOIN accounts_person AS person ON person.id = score.person_id
    WHERE person.visibility IN ('public', 'members')
      AND coalesce(person.shown ->> 'leaderboards', 'public') IN ('public', 'members')
      AND (person.kind = 'organisation' OR person.birth_year IS NULL OR person.birth_year < %(born_before)s)
      AND EXISTS (SELECT FROM accounts_membership AS membership WHERE membership.person_id = person.id)
      AND NOT EXISTS (SELECT FROM accounts_erasure AS erasure WHERE erasure.person_id = person.id)
), placed AS (
    SELECT person_id, kind, country, score,
           rank() OVER (ORDER BY shown DESC) AS rank,
           rank() OVER (PARTITION BY country ORDER BY shown DESC) AS country_rank
    FROM ranked
), gone AS (
    DELETE FROM scoring_ranking AS ranking
    WHERE NOT EXISTS (SELECT FROM ranked WHERE ranked.person_id = ranking.person_id)
)
INSERT INTO scoring_ranking (person_id, kind, country, score, rank, country_rank)
SELECT person_id, kind, country, score, rank, country_rank FROM placed
ON CONFLICT (person_id) DO UPDATE SET
    kind = excluded.kind, country = excluded.country, score = excluded.score, rank = excluded.rank,
    country_rank = excluded.country_rank
WHERE (scoring_ranking.kind, scoring_ranking.country, scoring_ranking.score, scoring_ranking.rank,
       scoring_ranking.country_rank)
    IS DISTINCT FROM (excluded.kind, excluded.country, excluded.score, excluded.rank, excluded.country_rank)
"""

# Whoever keeps the topic, or the topics, to themselves has no place in it.
BY_TOPIC = """
WITH placed AS (
    SELECT topic.id, rank() OVER (PARTITION BY topic.topic_id ORDER BY ranking.rank) AS place
    FROM scoring_persontopic AS topic
    JOIN scoring_ranking AS ranking ON ranking.person_id = topic.person_id
    JOIN accounts_person AS person ON person.id = topic.person_id
    WHERE NOT topic.hidden AND coalesce(person.shown ->> 'topics', 'public') IN ('public', 'members')
), place AS (
    SELECT topic.id, placed.place FROM scoring_persontopic AS topic LEFT JOIN placed USING (id)
    WHERE topic.place IS DISTINCT FROM placed.place
)
UPDATE scoring_persontopic AS topic SET place = place.place FROM place WHERE place.id = topic.id
"""
PEOPLE_OF_TOPICS = """
UPDATE scoring_topic AS topic SET ranked = counted.number
FROM (
    SELECT topic.id, count(place.id) AS number
    FROM scoring_topic AS topic
    LEFT JOIN scoring_persontopic AS place ON place.topic_id = topic.id AND place.place IS NOT NULL
    GROUP BY topic.id
) AS counted
WHERE counted.id = topic.id AND topic.ranked <> counted.number
"""
TIERS = """
UPDATE accounts_findable AS findable SET tier = place.tier
FROM (
    SELECT findable.person_id,
           CASE WHEN ranking.rank <= %(foremost)s THEN 2 WHEN ranking.rank <= %(known)s THEN 1 ELSE 0 END AS tier
    FROM accounts_findable AS findable
    LEFT JOIN scoring_ranking AS ranking ON ranking.person_id = findable.person_id
) AS place
WHERE place.person_id = findable.person_id AND findable.tier <> place.tier
"""


def write(*, as_of: date) -> int:
    """Give everybody with a score a place among the others on `as_of`; returns how many places changed."""
    for _ in range(ATTEMPTS - 1):
        try:
            return attempt(as_of)
        except IntegrityError:
            # Somebody was erased meanwhile: the next attempt does not see them.
            continue
    return attempt(as_of)


def attempt(as_of: date) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(RANKED, {"born_before": as_of.year - MINIMUM_AGE})
        written: int = cursor.rowcount
        cursor.execute("ANALYZE scoring_ranking")
        cursor.execute(BY_TOPIC)
        cursor.execute(PEOPLE_OF_TOPICS)
        cursor.execute(TIERS, {"foremost": FOREMOST, "known": KNOWN})
        cursor.execute("ANALYZE accounts_findable")
    return written


def leave(person: Person) -> None:
    """Take `person` off all leaderboards at once, and for as long as they do not come back."""
    with transaction.atomic():
        # The row is held, so that nothing else that is chosen meanwhile is lost.
        chosen = Person.objects.select_for_update().get(pk=person.pk).shown
        Person.objects.filter(pk=person.pk).update(shown=chosen | {"leaderboards": Person.Visibility.HIDDEN})
        Ranking.objects.filter(person=person).delete()
        PersonTopic.objects.filter(person=person).update(place=None)


def come_back(person: Person) -> None:
    """Let everybody see the places of `person` again; the next run gives them."""
    with transaction.atomic():
        chosen = Person.objects.select_for_update().get(pk=person.pk).shown
        Person.objects.filter(pk=person.pk).update(
            shown={part: value for part, value in chosen.items() if part != "leaderboards"}
        )

"""Everybody's place, written by the daily run: among all, in their country, and in each of their topics.

Who is ranked are members whom somebody else may see, who are old enough, stay, and did not leave leaderboards. Equal
scores, as shown (to a tenth), share a place, and the next one comes after all of them: 1, 2, 2, 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from django.db import connection, transaction

from accounts.models import MINIMUM_AGE, Person
from scoring.attempts import again
from scoring.models import PersonTopic, Ranking

# Up to which place somebody is among the foremost, and among the known (accounts.models.finding.Findable.Tier).
FOREMOST, KNOWN = 1_000, 30_000
# For a statement of the daily run; and how many places in topics are written at once.
WORK_MEMORY, BATCH = "64MB", 20_000

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

# Whoever keeps the topic, or the topics, to themselves has no place in it. What changes is written down first: held
# back are then those alone whose rows are being written.
NEW_PLACES = """
CREATE TEMPORARY TABLE scoring_new_place AS
WITH placed AS (
    SELECT topic.id, rank() OVER (PARTITION BY topic.topic_id ORDER BY ranking.rank) AS place
    FROM scoring_persontopic AS topic
    JOIN scoring_ranking AS ranking ON ranking.person_id = topic.person_id
    JOIN accounts_person AS person ON person.id = topic.person_id
    WHERE NOT topic.hidden AND coalesce(person.shown ->> 'topics', 'public') IN ('public', 'members')
)
SELECT topic.topic_id, topic.id, placed.place FROM scoring_persontopic AS topic LEFT JOIN placed USING (id)
WHERE topic.place IS DISTINCT FROM placed.place
"""
CHANGED_TOPICS = "SELECT topic_id, count(*) FROM scoring_new_place GROUP BY topic_id ORDER BY topic_id"
BY_TOPIC = """
UPDATE scoring_persontopic AS topic SET place = new.place
FROM scoring_new_place AS new
WHERE new.topic_id BETWEEN %(first)s AND %(last)s AND new.id = topic.id
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
    return again(lambda: attempt(as_of))


def attempt(as_of: date) -> int:
    with connection.cursor() as cursor:
        with transaction.atomic():
            # Everybody is sorted three times: that is to happen in memory.
            cursor.execute(f"SET LOCAL work_mem = '{WORK_MEMORY}'")
            cursor.execute(RANKED, {"born_before": as_of.year - MINIMUM_AGE})
            written: int = cursor.rowcount
        cursor.execute("ANALYZE scoring_ranking")
        by_topic()
        with transaction.atomic():
            cursor.execute(f"SET LOCAL work_mem = '{WORK_MEMORY}'")
            cursor.execute(PEOPLE_OF_TOPICS)
            cursor.execute(TIERS, {"foremost": FOREMOST, "known": KNOWN})
        cursor.execute("ANALYZE accounts_findable")
    return written


def by_topic() -> None:
    """Give places in topics, some whole topics at a time: who chooses topics meanwhile waits for no more than those."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS scoring_new_place")
        with transaction.atomic():
            cursor.execute(f"SET LOCAL work_mem = '{WORK_MEMORY}'")
            cursor.execute(NEW_PLACES)
        cursor.execute("CREATE INDEX ON scoring_new_place (topic_id)")
        cursor.execute("ANALYZE scoring_new_place")
        cursor.execute(CHANGED_TOPICS)
        for first, last in together(cursor.fetchall()):
            with transaction.atomic():
                # Row by row along the key: anything else would read the whole table each time.
                cursor.execute("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off")
                cursor.execute(BY_TOPIC, {"first": first, "last": last})
        cursor.execute("DROP TABLE scoring_new_place")


def together(topics: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """(first, last) of runs of `topics`, (number, rows) in order, that have BATCH rows together, or one topic more."""
    first, rows = None, 0
    for number, of_topic in topics:
        first, rows = number if first is None else first, rows + of_topic
        if rows >= BATCH:
            yield first, number
            first, rows = None, 0
    if first is not None:
        yield first, topics[-1][0]


def leave(person: Person) -> None:
    """Take `person` off all leaderboards at once, and for as long as they do not come back."""
    with transaction.atomic():
        # The row is held, so that nothing else that is chosen meanwhile is lost.
        chosen = Person.objects.select_for_update().get(pk=person.pk).shown
        Person.objects.filter(pk=person.pk).update(shown=chosen | {"leaderboards": Person.Visibility.HIDDEN})
        # Places that the daily run is just writing are not waited for: nobody is shown them, and the next run goes by
        # what was chosen.
        place = Ranking.objects.select_for_update(skip_locked=True).filter(person=person)
        Ranking.objects.filter(pk__in=list(place.values_list("pk", flat=True))).delete()
        mine = PersonTopic.objects.select_for_update(skip_locked=True).filter(person=person)
        PersonTopic.objects.filter(pk__in=list(mine.values_list("pk", flat=True))).update(place=None)


def come_back(person: Person) -> None:
    """Let everybody see the places of `person` again; the next run gives them."""
    with transaction.atomic():
        chosen = Person.objects.select_for_update().get(pk=person.pk).shown
        Person.objects.filter(pk=person.pk).update(
            shown={part: value for part, value in chosen.items() if part != "leaderboards"}
        )

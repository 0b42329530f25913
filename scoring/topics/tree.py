"""The tree of topics: a small one of our own that is always there, and how topics are found and called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import get_language

from scoring.models import Topic

DATA = Path(__file__).parents[1] / "data"
TREE = DATA / "topics.txt"
# What the licence of imported topics asks to be said wherever they are shown.
ATTRIBUTION = (
    "Klout Topic Ontology (github.com/klout/opendata), © Klout / Lithium Technologies, "
    "licence CC BY 3.0, changed and added to."
)


@dataclass(frozen=True, slots=True)
class Line:
    """A topic of the tree; `parents` are slugs."""

    slug: str
    name: str
    german: str
    parents: tuple[str, ...]


def read_tree(text: str) -> list[Line]:
    """The lines of the tree. Raises ValueError for one that is wrong or says what another did, or names no topic."""
    lines = []
    for row in text.splitlines():
        if row.strip() and not row.startswith("#"):
            slug, name, german, parents = (field.strip() for field in row.split("|"))
            lines.append(Line(slug, name, german, tuple(parents.split())))
    slugs = {line.slug for line in lines}
    if len(slugs) != len(lines):
        raise ValueError("a topic is there twice")
    for line in lines:
        if unknown := set(line.parents) - slugs:
            raise ValueError(f"{line.slug} lies under what is no topic: {', '.join(sorted(unknown))}")
    return lines


def own_lines() -> list[Line]:
    """Our own tree."""
    return read_tree(TREE.read_text())


def read_same(text: str) -> dict[tuple[str, str], str]:
    """(id, slug) in Klout's open ontology -> the slug of the same topic here."""
    rows = (row.split("|") for row in text.splitlines() if row.strip() and not row.startswith("#"))
    return {(identity.strip(), there.strip()): here.strip() for identity, there, here in rows}


SAME = read_same((DATA / "same_topics.txt").read_text())
# id -> slug here. Where ours has another id of theirs, a topic of this id is kept for the id's sake and shown nowhere.
HERE = {identity: here for (identity, _there), here in SAME.items()}
FOLDED = {there for _identity, there in SAME} - set(HERE.values())


def folded_into(topic: Topic) -> str:
    """The slug of the topic that stands for `topic`; "" where it stands for itself."""
    here = HERE.get(topic.external_id or "", topic.slug)
    return "" if here == topic.slug else here


def listed() -> QuerySet[Topic]:
    """All topics but those for which another one stands."""
    return Topic.objects.exclude(external_id__in=HERE, slug__in=FOLDED)


def load(text: str | None = None) -> int:
    """Bring the tree into the database, set-wise; what is there of it takes the tree's names. Returns the new topics.

    Topics that come from elsewhere, and what people chose, stay as they are.
    """
    lines = read_tree(TREE.read_text() if text is None else text)
    with transaction.atomic():
        before = Topic.objects.count()
        known = dict(Topic.objects.filter(slug__in=[line.slug for line in lines]).values_list("slug", "names"))
        Topic.objects.bulk_create(
            [
                Topic(slug=line.slug, name=line.name, names=known.get(line.slug, {}) | {"de": line.german})
                for line in lines
            ],
            update_conflicts=True,
            unique_fields=["slug"],
            update_fields=["name", "names"],
        )
        number = dict(Topic.objects.filter(slug__in=[line.slug for line in lines]).values_list("slug", "pk"))
        under = Topic.parents.through
        under.objects.bulk_create(
            [
                under(from_topic_id=number[line.slug], to_topic_id=number[parent])
                for line in lines
                for parent in line.parents
            ],
            ignore_conflicts=True,
        )
        return Topic.objects.count() - before


def load_after_migrating(sender: Any, **_kwargs: Any) -> None:
    """The tree after each migration; nothing where the tables of topics are not there (any more), or are older ones."""
    with connection.cursor() as cursor:
        if Topic._meta.db_table not in connection.introspection.table_names(cursor):
            return
        there = {column.name for column in connection.introspection.get_table_description(cursor, Topic._meta.db_table)}
    if there >= {field.column for field in Topic._meta.concrete_fields}:
        load()


def name_in(topic: Topic, language: str | None = None) -> str:
    """What `topic` is called in `language` (the reader's, if none is given); in English where that has no name.

    An English name among `names` is another one, by which the topic is found.
    """
    code = (language or get_language() or "en").partition("-")[0]
    return str((topic.names.get(code) if code != "en" else "") or topic.name)


def language_now() -> str:
    """The code of the reader's language without its country."""
    return (get_language() or "en").partition("-")[0]


# ---------------------------------------------------------------- finding
# As it is indexed (migration 0006_leaderboards): in all languages, with their codes, which are too short to be sought.
NAMES = "klout_plain(name || ' ' || names::text)"
# Shorter words are part of too much: a topic is to be called just so.
SHORTEST = 3
LONGEST = 60
BEST_FIRST = """
ORDER BY klout_plain(name) = plain OR coalesce(klout_plain(names ->> %(language)s) = plain, false) DESC,
         klout_plain(name) LIKE plain || '%%'
             OR coalesce(klout_plain(names ->> %(language)s) LIKE plain || '%%', false) DESC,
         ' ' || klout_plain(name) || ' ' LIKE '%% ' || plain || ' %%' DESC, ranked DESC, length(name), name, id
LIMIT %(limit)s
"""


def found(words: str, *, limit: int) -> list[Topic]:
    """Topics with a word, in any language, that begins with `words`; else those that have them anywhere, or nearly.

    At most `limit`: what is called just so first, then what begins so, then what most people have. Two queries at most,
    by index.
    """
    words = words.replace("\0", "").strip()[:LONGEST]
    if not words:
        return []
    sought = "klout_plain(%(words)s)"
    given = {"words": words, "language": language_now(), "limit": limit, "folded": list(HERE), "slugs": list(FOLDED)}
    rows = f"SELECT topic.*, {sought} AS plain FROM scoring_topic AS topic WHERE {sought} <> '' AND "  # noqa: S608
    shown = "(external_id IS NULL OR NOT (external_id = ANY(%(folded)s) AND slug = ANY(%(slugs)s)))"
    short = "(lower(name) = lower(%(words)s) OR lower(names ->> %(language)s) = lower(%(words)s))"
    begun = f"({NAMES} LIKE {sought} || '%%' OR {NAMES} LIKE '%% ' || {sought} || '%%')"
    within = f"({NAMES} LIKE '%%' || {sought} || '%%' OR {sought} <%% {NAMES})"
    for condition in [short] if len(words) < SHORTEST else [begun, within]:
        query = f"SELECT * FROM ({rows} {condition} AND {shown}) AS found {BEST_FIRST}"  # noqa: S608  (all of it is ours)
        if topics := list(Topic.objects.raw(query, given)):
            return topics
    return []


# ---------------------------------------------------------------- level by level
def tops() -> list[Topic]:
    """The topics at the top of the tree, by name in the reader's language; one query."""
    return sorted(listed().filter(parents=None), key=by_name)


def by_name(topic: Topic) -> str:
    return name_in(topic).casefold()


# Several ways may lead up; UNION ends at those that were there, so that no circle is walked twice.
AROUND = """
WITH RECURSIVE above AS (
    SELECT from_topic_id AS child, to_topic_id AS parent FROM scoring_topic_parents WHERE from_topic_id = %(topic)s
    UNION
    SELECT edge.from_topic_id, edge.to_topic_id FROM scoring_topic_parents AS edge
    JOIN above ON above.parent = edge.from_topic_id
), under AS (
    SELECT topic.id, topic.ranked, topic.name,
           (SELECT count(*) FROM scoring_topic_parents AS further WHERE further.to_topic_id = topic.id) AS wide
    FROM scoring_topic AS topic JOIN scoring_topic_parents AS edge ON edge.from_topic_id = topic.id
    WHERE edge.to_topic_id = %(topic)s
), below AS (
    SELECT under.* FROM under LEFT JOIN under AS last ON last.id = %(after)s
    WHERE last.id IS NULL
       OR (-under.ranked, -under.wide, under.name, under.id) > (-last.ranked, -last.wide, last.name, last.id)
    ORDER BY under.ranked DESC, under.wide DESC, under.name, under.id LIMIT %(number)s
)
SELECT child, 0 AS wide, topic.* FROM above JOIN scoring_topic AS topic ON topic.id = above.parent
UNION ALL
SELECT NULL, below.wide, topic.* FROM below JOIN scoring_topic AS topic ON topic.id = below.id
"""
WAYS, DEEPEST = 3, 12


@dataclass(frozen=True, slots=True)
class Around:
    """The ways from the top to a topic, which ends none of them, the shortest first; and a level below it.

    after: the number (as text) after which the rest of the level begins; "" where there is no rest.
    """

    ways: list[list[Topic]]
    below: list[Topic]
    after: str = ""


def around(topic: Topic, *, number: int, after: str = "") -> Around:
    """At most WAYS ways to `topic`, and `number` of the topics right under it; one query.

    What most people have comes first, then what has most below it: of music the genres, then the bands.
    """
    last = int(after) if after.isdecimal() and len(after) < 19 else None
    given = {"topic": topic.pk, "after": last, "number": number + 1}
    above: dict[int, list[Topic]] = {}
    below: list[Any] = []
    found: Iterable[Any] = Topic.objects.raw(AROUND, given)
    for one in found:
        if one.child is None:
            below.append(one)
        else:
            above.setdefault(one.child, []).append(one)
    below.sort(key=lambda one: (-one.ranked, -one.wide, one.name, one.pk))
    for parents in above.values():
        parents.sort(key=lambda one: (-one.ranked, one.name))
    more = str(below[number - 1].pk) if len(below) > number else ""
    return Around(ways_to(topic, above), below[:number], more)


def ways_to(topic: Topic, above: Mapping[int, Sequence[Topic]]) -> list[list[Topic]]:
    """At most WAYS ways up through `above` (topic -> what lies right above it), the shortest first."""
    ways: list[list[Topic]] = []
    waiting: list[list[Topic]] = [[parent] for parent in above.get(topic.pk, ())]
    # Level by level: what reaches the top first is shortest.
    while waiting and len(ways) < WAYS:
        longer: list[list[Topic]] = []
        for way in waiting:
            further = above.get(way[0].pk, ())
            if not further:
                ways.append(way)
            seen = {one.pk for one in way} | {topic.pk}
            longer += [[one, *way] for one in further if one.pk not in seen and len(way) < DEEPEST]
        waiting = longer[:100]
    return ways[:WAYS]


def most_used(number: int) -> list[Topic]:
    """The topics that most people have a place in; one query."""
    return list(listed().filter(ranked__gt=0).order_by("-ranked", "name")[:number])


def imported() -> bool:
    """Whether any topic is not our own, so that its source is to be named."""
    return Topic.objects.filter(external_id__isnull=False).exists()

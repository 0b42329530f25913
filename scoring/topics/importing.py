"""Bringing an ontology of topics into ours: `manage.py import_topics`. Importing the same again changes nothing.

Topics are known again by their id there, then by their slug. Our own tree keeps its names, its German ones and its top;
data/same_topics.txt says which topics of Klout's are called otherwise here. Nothing is ever taken away: what people
chose, what lies under what, and topics that a newer file has no more all stay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.db import connection, transaction

from scoring.models import Topic
from scoring.topics import ontology_files, tree
from scoring.topics.ontology_files import EdgeRow, NoOntology, Ontology, Problem, TopicRow

__all__ = ["NoOntology", "Summary", "import_topics"]

# The lock that keeps two from importing at once: any number, as long as nothing else locks the same.
LOCK = 0x696D7470
BATCH = 5_000

# Why an edge is left out.
ROOT = "the root, or a topic under itself"
UNKNOWN = "one end is no topic that is known"
FOLDED = "both ends are the same topic here"
TOP = "the lower one is at the top of our own tree"
CIRCLE = "it would lead in a circle"


@dataclass(slots=True)
class Summary:
    """What came of an import. topics, edges: word -> number; names: language -> number of topics called in it."""

    topics: Counter[str] = field(default_factory=Counter)
    edges: Counter[str] = field(default_factory=Counter)
    names: Counter[str] = field(default_factory=Counter)
    # Names of topics that are in none of the files.
    names_left_out: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """What to tell whoever imports, without the problems."""
        yield f"Topics: {told(self.topics)}."
        if self.names:
            languages = ", ".join(f"{number:,} {language}" for language, number in sorted(self.names.items()))
            beside = f"; {self.names_left_out:,} of topics that are in no file" if self.names_left_out else ""
            yield f"Names: {languages}{beside}."
        if self.edges or self.left_out:
            yield f"What lies under what: {told(self.edges) or 'nothing'}."
        for reason, number in self.left_out.most_common():
            yield f"  {number:,} left out: {reason}"
        yield f"Rows that could not be used: {len(self.problems):,}."


def told(numbers: Counter[str]) -> str:
    return ", ".join(f"{number:,} {word}" for word, number in numbers.items() if number) or "none"


def import_topics(*, paths: Sequence[Path], dry_run: bool = False) -> Summary:
    """Import the ontology in `paths` (files or folders) in one transaction; with dry_run it is taken back at the end.

    The same few queries whatever the number of topics. Raises NoOntology, before anything is written.
    """
    ontology = ontology_files.read(paths)
    summary = Summary(problems=ontology.problems)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        topics = write_topics(ontology, summary)
        write_edges(ontology, topics, summary)
        if dry_run:
            transaction.set_rollback(True)
    if not dry_run:
        with connection.cursor() as cursor:
            for model in (Topic, Topic.parents.through):
                cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")
    summary.problems.sort(key=lambda problem: (problem.file, problem.row))
    return summary


# ---------------------------------------------------------------- topics
def write_topics(ontology: Ontology, summary: Summary) -> dict[int, Topic]:
    """Write what is new or changed of the topics; returns all that there are, by their number."""
    before = list(Topic.objects.order_by("pk"))
    own = {line.slug: line for line in tree.own_lines()}
    by_id = {topic.external_id: topic for topic in before if topic.external_id is not None}
    by_slug = {topic.slug: topic for topic in before}
    new: list[Topic] = []
    changed: list[Topic] = []
    for row, slug in addressed(ontology.topics):
        topic = by_id.get(row.id) or by_slug.get(slug)
        if topic is not None and topic.external_id not in (None, row.id) and slug != row.slug:
            # Ours is another one of theirs already: this one stays beside it, out of sight (tree.FOLDED).
            slug = row.slug
            topic = by_slug.get(slug)
        if topic is None:
            topic = Topic(slug=slug, name=row.name, names={})
            word = "new"
        elif topic.external_id not in (None, row.id):
            reason = f"the slug {slug!r} is that of topic {topic.external_id} already"
            summary.problems.append(Problem(row.file, row.row, reason))
            continue
        else:
            word = "as before" if topic.external_id else "that we had already"
        if fill(topic, row, ontology.names.get(row.id, {}), own.get(topic.slug)):
            if word == "new":
                new.append(topic)
            else:
                changed.append(topic)
                word = "changed" if word == "as before" else word
        summary.topics[word] += 1
        summary.names.update(topic.names.keys())
        by_id[row.id] = by_slug[topic.slug] = topic
    known = {row.id for row in ontology.topics}
    summary.names_left_out = sum(len(names) for identity, names in ontology.names.items() if identity not in known)
    Topic.objects.bulk_create(new, batch_size=BATCH)
    Topic.objects.bulk_create(
        changed,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["name", "names", "external_id", "wikidata"],
    )
    return {topic.pk: topic for topic in (*before, *new)}


def addressed(rows: Sequence[TopicRow]) -> Iterator[tuple[TopicRow, str]]:
    """Each topic with its slug here: first those that are called alike, so that they are the ones that are ours."""
    later = []
    for row in rows:
        here = tree.SAME.get((row.id, row.slug))
        if here is None:
            yield row, row.slug
        else:
            later.append((row, here))
    yield from later


def fill(topic: Topic, row: TopicRow, names: dict[str, str], own: tree.Line | None) -> bool:
    """Give `topic` what the files say of it, save what our own tree says; returns whether anything is new to it."""
    before = (topic.name, topic.names, topic.external_id, topic.wikidata) if topic.pk else None
    topic.name = own.name if own else row.name
    topic.names = topic.names | {language: name for language, name in names.items() if language != "en"}
    if own:
        # How it is called there stays a way to find it.
        other = {"en": row.name} if row.name.casefold() != own.name.casefold() else {}
        topic.names |= {"de": own.german} | other
    topic.external_id = row.id
    topic.wikidata = row.wikidata or topic.wikidata
    return (topic.name, topic.names, topic.external_id, topic.wikidata) != before


# ---------------------------------------------------------------- what lies under what
def write_edges(ontology: Ontology, topics: dict[int, Topic], summary: Summary) -> None:
    """Add the edges that are new and lead to no circle; those that are there already are never given up for them."""
    through = Topic.parents.through
    above: dict[int, set[int]] = {}
    for lower, upper in through.objects.values_list("from_topic_id", "to_topic_id"):
        above.setdefault(lower, set()).add(upper)
    by_slug = {topic.slug: topic for topic in topics.values()}
    by_id = {topic.external_id: topic for topic in topics.values() if topic.external_id is not None}
    tops = {by_slug[line.slug].pk for line in tree.own_lines() if not line.parents and line.slug in by_slug}
    summary.left_out[ROOT] = ontology.empty_edges

    def end(identity: str, slug: str) -> int | None:
        """The topic that an end of an edge means here."""
        topic = by_id.get(identity) or by_slug.get(slug)
        if topic is not None and (here := tree.folded_into(topic)):
            topic = by_slug.get(here, topic)
        return topic.pk if topic else None

    added = []
    for edge in ontology.edges:
        child, parent = end(edge.child, edge.child_slug), end(edge.parent, edge.parent_slug)
        if child is None or parent is None:
            left_out_for = UNKNOWN
        elif child == parent:
            left_out_for = FOLDED
        elif parent in above.get(child, ()):
            summary.edges["as before"] += 1
            continue
        elif child in tops:
            left_out_for = TOP
        elif child in all_above(parent, above):
            left_out_for = CIRCLE
            summary.problems.append(circle(edge))
        else:
            above.setdefault(child, set()).add(parent)
            added.append(through(from_topic_id=child, to_topic_id=parent))
            summary.edges["new"] += 1
            continue
        summary.left_out[left_out_for] += 1
    summary.left_out = +summary.left_out
    through.objects.bulk_create(added, batch_size=BATCH, ignore_conflicts=True)


def circle(edge: EdgeRow) -> Problem:
    return Problem(edge.file, edge.row, f"{edge.child} under {edge.parent} would lead in a circle")


def all_above(topic: int, above: dict[int, set[int]]) -> set[int]:
    """Every topic above `topic`, however far."""
    found: set[int] = set()
    waiting = [topic]
    while waiting:
        for parent in above.get(waiting.pop(), ()):
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return found

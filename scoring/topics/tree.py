"""The tree of topics: a small one of our own that is always there, and how topics are found and called."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import get_language

from scoring.models import Topic

TREE = Path(__file__).parents[1] / "data" / "topics.txt"


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


def load(text: str | None = None) -> int:
    """Bring the tree into the database, set-wise; what is there of it takes the tree's names. Returns the new topics.

    Topics that come from elsewhere, and what people chose, stay as they are.
    """
    lines = read_tree(TREE.read_text() if text is None else text)
    with transaction.atomic():
        before = Topic.objects.count()
        Topic.objects.bulk_create(
            [Topic(slug=line.slug, name=line.name, names={"de": line.german}) for line in lines],
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
    """The tree after each migration; nothing where the tables of topics are not there (any more)."""
    if Topic._meta.db_table in connection.introspection.table_names():
        load()


def name_in(topic: Topic, language: str | None = None) -> str:
    """What `topic` is called in `language` (the reader's, if none is given); in English where that has no name."""
    code = (language or get_language() or "en").partition("-")[0]
    return str(topic.names.get(code) or topic.name)


def found(words: str, *, limit: int) -> list[Topic]:
    """Topics whose name, in any language, or slug begins with or has `words`; at most `limit`, the shortest first."""
    words = words.strip()
    if not words:
        return []
    like = Q(name__icontains=words) | Q(slug__icontains=words) | Q(names__de__icontains=words)
    topics = list(Topic.objects.filter(like)[: 10 * limit])
    topics.sort(key=lambda topic: (not name_in(topic).lower().startswith(words.lower()), len(name_in(topic))))
    return topics[:limit]


def branches() -> list[tuple[Topic, list[Topic]]]:
    """The topics at the top of the tree, each with what lies anywhere below it, by name; two queries.

    A topic under several stands with the first of them.
    """
    topics = {topic.pk: topic for topic in Topic.objects.all()}
    above: dict[int, list[int]] = {}
    pairs = Topic.parents.through.objects.order_by("pk").values_list("from_topic_id", "to_topic_id")
    for below, parent in pairs:
        above.setdefault(below, []).append(parent)

    def top_of(number: int) -> int:
        seen = {number}
        while number in above and above[number][0] not in seen:
            number = above[number][0]
            seen.add(number)
        return number

    grouped: dict[int, list[Topic]] = {number: [] for number in topics if number not in above}
    for number, topic in topics.items():
        if number in above:
            grouped.setdefault(top_of(number), []).append(topic)
    found = [(topics[number], sorted(below, key=name_in)) for number, below in grouped.items()]
    return sorted(found, key=lambda branch: name_in(branch[0]))

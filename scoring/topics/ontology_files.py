"""Reading an ontology of topics: CSV files told apart by the names of their columns, row by row; what is wrong is said.

The form is that of Klout's open ontology (github.com/klout/opendata, CC BY 3.0):
    topicId, topicSlug, topicDisplayName, wikiItemId (may be missing)      the topics
    parentTopicId, childTopicId, parrentTopicSlug (sic), childTopicSlug    which lies under which; slugs may be missing
    topicId, language, topicDisplayName                                    names in other languages
"""

from __future__ import annotations

import csv
import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.text import slugify

TOPICS = ("topicid", "topicslug", "topicdisplayname")
EDGES = ("parenttopicid", "childtopicid")
NAMES = ("topicid", "language", "topicdisplayname")
# Not a topic: the whole.
ROOT, ROOT_SLUG = "0", "_ROOT_"
LONGEST_ID, LONGEST_SLUG, LONGEST_NAME = 40, 80, 120
LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
WIKIDATA = re.compile(r"Q[1-9][0-9]{0,17}")
SEPARATORS = ",;\t"


class NoOntology(Exception):
    """The files cannot be read as an ontology at all; str() says why."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that was left out; rows are counted from 1, the header among them."""

    file: str
    row: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}, row {self.row}: {self.reason}"


@dataclass(frozen=True, slots=True)
class TopicRow:
    file: str
    row: int
    id: str
    slug: str
    name: str
    wikidata: str


@dataclass(frozen=True, slots=True)
class EdgeRow:
    """parent and child by id, and by slug where the file says it ("" else)."""

    file: str
    row: int
    parent: str
    parent_slug: str
    child: str
    child_slug: str


@dataclass(slots=True)
class Ontology:
    """What was read. names: id -> {language: name}; edges without those of the root and from a topic to itself."""

    topics: list[TopicRow] = field(default_factory=list)
    edges: list[EdgeRow] = field(default_factory=list)
    names: dict[str, dict[str, str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    # Rows that say nothing: the root, what lies right under it, a topic under itself.
    empty_edges: int = 0


def read(paths: Sequence[Path]) -> Ontology:
    """The ontology in `paths`: files, or folders whose CSV files count as far as they are of it. Raises NoOntology."""
    found = Ontology()
    seen = False
    for path, asked_for in files_of(paths):
        kind = kind_of(path)
        if kind is None and asked_for:
            raise NoOntology(
                f"{path.name} has none of the columns that are known: {', '.join(TOPICS)} for topics, "
                f"{', '.join(EDGES)} for what lies under what, {', '.join(NAMES)} for names in other languages"
            )
        if kind == "topics":
            seen = True
            read_topics(path, found)
        elif kind == "edges":
            read_edges(path, found)
        elif kind == "names":
            read_names(path, found)
    if not seen:
        raise NoOntology(f"no file has topics in it: columns {', '.join(TOPICS)} (capitals do not matter)")
    return found


def files_of(paths: Sequence[Path]) -> Iterator[tuple[Path, bool]]:
    """Each file once, and whether it was named itself. Raises NoOntology for what is not there."""
    seen = set()
    for path in paths:
        if path.is_dir():
            inside = [(file, False) for file in sorted(path.iterdir()) if file.suffix.lower() == ".csv"]
            if not inside:
                raise NoOntology(f"there is no CSV file in {path}")
        elif path.is_file():
            inside = [(path, True)]
        else:
            raise NoOntology(f"there is no file or folder {path}")
        for file, asked_for in inside:
            if file.resolve() not in seen:
                seen.add(file.resolve())
                yield file, asked_for


def kind_of(path: Path) -> str | None:
    """What is in a file by its header: "names", "topics", "edges", or None for something else."""
    header = next((cells for _row, cells in rows_of(path)), [])
    columns = {plain(cell) for cell in header}
    for kind, needed in (("names", NAMES), ("topics", TOPICS), ("edges", EDGES)):
        if columns.issuperset(needed):
            return kind
    return None


def rows_of(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(number, cells) of each row, the header first; rows that cannot be taken apart come as no cells.

    Bytes that are no UTF-8 stay in as lone surrogates: those rows are refused, not the file.
    """
    csv.field_size_limit(1 << 20)
    try:
        file = path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")
    except OSError as error:
        raise NoOntology(f"{path} cannot be read: {error.strerror}") from None
    with file:
        first = file.readline(1 << 16)
        separator = max(SEPARATORS, key=first.count)
        file.seek(0)
        reader = csv.reader(file, delimiter=separator)
        number = 0
        while True:
            number += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                cells = [""]
            if cells:
                yield number, cells


def plain(column: str) -> str:
    """A column's name as it is compared; `parrent` is how Klout's own file spells it."""
    return column.strip().lower().replace("_", "").replace("parrent", "parent")


def table(path: Path, found: Ontology) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows below the header by column, one space for any white space; broken ones become problems."""
    rows = rows_of(path)
    header = [plain(cell) for cell in next(rows)[1]]
    for number, cells in rows:
        text = "".join(cells)
        if not text.strip():
            if cells != [""]:
                continue
            reason = "it is empty or cannot be taken apart into columns"
        elif len(cells) != len(header):
            reason = f"it has {len(cells)} columns instead of {len(header)}"
        elif any("\udc80" <= letter <= "\udcff" for letter in text):
            reason = "it is no UTF-8"
        elif any(unicodedata.category(letter) in {"Cc", "Cs"} and letter not in "\t\r\n" for letter in text):
            reason = "it has control characters"
        else:
            yield number, {name: " ".join(cell.split()) for name, cell in zip(header, cells, strict=True)}
            continue
        found.problems.append(Problem(path.name, number, reason))


def read_topics(path: Path, found: Ontology) -> None:
    ids = {row.id for row in found.topics}
    slugs = {row.slug: row.id for row in found.topics}
    for number, cells in table(path, found):
        identity, raw, name = (cells[column] for column in TOPICS)
        if identity == ROOT or raw == ROOT_SLUG:
            continue
        slug = slugify(raw)
        reason = (
            bad_id(identity)
            or (f"the topic {identity} is there twice" if identity in ids else "")
            or (f"{raw!r} cannot be an address" if not slug or len(slug) > LONGEST_SLUG else "")
            or (f"the slug {slug!r} is that of topic {slugs[slug]} already" if slug in slugs else "")
            or bad_name(name)
        )
        if reason:
            found.problems.append(Problem(path.name, number, reason))
            continue
        ids.add(identity)
        slugs[slug] = identity
        wikidata = cells.get("wikiitemid", "")
        known = wikidata if WIKIDATA.fullmatch(wikidata) else ""
        found.topics.append(TopicRow(path.name, number, identity, slug, name, known))


def read_edges(path: Path, found: Ontology) -> None:
    for number, cells in table(path, found):
        parent, child = (cells[column] for column in EDGES)
        if parent in (ROOT, child):
            found.empty_edges += 1
        elif reason := bad_id(parent) or bad_id(child):
            found.problems.append(Problem(path.name, number, reason))
        else:
            slugs = (slugify(cells.get(f"{end}topicslug", "")) for end in ("parent", "child"))
            parent_slug, child_slug = slugs
            found.edges.append(EdgeRow(path.name, number, parent, parent_slug, child, child_slug))


def read_names(path: Path, found: Ontology) -> None:
    for number, cells in table(path, found):
        identity, language, name = cells["topicid"], cells["language"].lower(), cells["topicdisplayname"]
        reason = bad_id(identity) or bad_name(name)
        if not reason and not LANGUAGE.fullmatch(language):
            reason = f"{language!r} is no code of a language"
        if reason:
            found.problems.append(Problem(path.name, number, reason))
        elif identity != ROOT:
            found.names.setdefault(sys.intern(identity), {})[sys.intern(language)] = name


def bad_id(identity: str) -> str:
    """What is wrong with an id; "" where nothing is. It is text: some are larger than 64 bits."""
    if not identity or len(identity) > LONGEST_ID or " " in identity:
        return f"{identity[:60]!r} is no id: it is to be of 1 to {LONGEST_ID} characters without spaces"
    return ""


def bad_name(name: str) -> str:
    if not name or len(name) > LONGEST_NAME:
        return f"a name is to be of 1 to {LONGEST_NAME} characters: {name[:60]!r}"
    return ""

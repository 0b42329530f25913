"""Tables of interactions: CSV, TSV and their kin, or Parquet, of any size, into the log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

from accounts.networks import NETWORKS
from accounts.networks.base import STANDING_VERBS, Spec
from scoring.collect import times
from scoring.collect.merging import merge
from scoring.collect.staging import Staging
from scoring.collect.summary import Progress, Refused, Rejects, Summary, quiet
from scoring.collect.tables import Line, TextTable, Unreadable
from scoring.log.table_file import BadTable, ParquetTable

NEEDED = ("target", "actor", "verb", "occurred_at")
COLUMNS = (*NEEDED, "post", "key", "target_handle", "actor_handle")
# Rows between two reports of progress.
EVERY = 10_000


@dataclass(frozen=True, slots=True)
class Layout:
    """Where our columns are: name -> place (from 0); `width` is the number of columns where a header tells it."""

    places: Mapping[str, int]
    names: Sequence[str]
    width: int | None


def parse_mapping(text: str) -> dict[str, str]:
    """`target=user_id,actor=2` as {ours: theirs}. Raises Refused."""
    mapping: dict[str, str] = {}
    for pair in filter(None, (pair.strip() for pair in text.split(","))):
        ours, equals, theirs = (part.strip() for part in pair.partition("="))
        if not equals or not theirs or ours not in COLUMNS:
            raise Refused(f"{pair!r} in the mapping is not OURS=THEIRS, where OURS is one of {', '.join(COLUMNS)}")
        if ours in mapping:
            raise Refused(f"the mapping names {ours} twice")
        mapping[ours] = theirs
    return mapping


def import_rows(
    *,
    path: Path,
    network: str,
    at: datetime,
    mapping: Mapping[str, str] | None = None,
    verb: str = "",
    dry_run: bool = False,
    rejects: Path | None = None,
    progress: Progress = quiet,
) -> Summary:
    """Import the table at `path` and return what was new, known and rejected.

    mapping: our column -> theirs, by name, or by number (from 1) where the file has no header. verb: of rows that name
    none. rejects: where rejected rows go (else `path` with .rejects.csv after it). dry_run: count, write nothing.
    Raises Refused, with nothing imported, where the arguments or the file as a whole are wrong.
    """
    spec = known_network(network)
    if verb and verb not in spec.verbs:
        raise Refused(f"{network} has no verb {verb!r}; it has {', '.join(spec.verbs)}")
    if not path.is_file():
        raise Refused(f"{path}: there is no such file")
    with path.open("rb") as file:
        parquet = file.read(4) == b"PAR1"
    read = read_parquet if parquet else read_text
    summary = Summary(network)
    target = None if dry_run else rejects or path.with_name(f"{path.name}.rejects.csv")
    with Staging(spec=spec, origin="bulk", at=at) as staging:
        try:
            read(staging, path, dict(mapping or {}), verb, summary, target, progress)
        except (Unreadable, BadTable) as error:
            raise Refused(str(error)) from None
        merge(staging, summary, dry_run=dry_run, progress=progress)
    return summary


def known_network(slug: str) -> Spec:
    if slug not in NETWORKS:
        raise Refused(f"there is no network {slug!r}; there are {', '.join(sorted(NETWORKS))}")
    return NETWORKS[slug].spec


# ---------------------------------------------------------------- tables of text


def read_text(
    staging: Staging,
    path: Path,
    mapping: dict[str, str],
    verb: str,
    summary: Summary,
    target: Path | None,
    progress: Progress,
) -> None:
    """Stage the rows of a CSV or the like; the rejected ones go to `target`."""
    with TextTable(path) as table:
        rows = table.rows()
        layout, rows = laid_out(path, rows, mapping, verb)
        header = ["row", "reason", *layout.names]
        take = taker(staging, layout, verb)
        progress("reading", 0, table.size)
        with Rejects(summary, target, header) as rejects:
            for count, line in enumerate(rows, start=1):
                reason = line.reason or take(line.fields)
                if reason:
                    rejects.add(str(line.number), reason, line.fields, label=f"row {line.number}")
                if count % EVERY == 0:
                    progress("reading", table.position, table.size)
                summary.read += 1
        progress("reading", table.size, table.size)
    if not summary.read:
        raise Unreadable(f"{path}: the file has no rows, only a header")


def laid_out(path: Path, rows: Iterator[Line], mapping: dict[str, str], verb: str) -> tuple[Layout, Iterator[Line]]:
    """The layout by the header, or by numbers where the mapping has numbers, and the rows after it.

    Lines at the beginning that begin with `#` are comments; where there is a header, the last of them is it.
    """
    numbered = [theirs.isascii() and theirs.isdigit() for theirs in mapping.values()]
    comment: Line | None = None
    first: Line | None = None
    for line in rows:
        if not line.fields[0].lstrip().startswith("#"):
            first = line
            break
        comment = line
    rest = chain([first], rows) if first else rows
    if numbered and all(numbered):
        if any(int(theirs) < 1 for theirs in mapping.values()):
            raise Refused("columns are numbered from 1")
        places = {ours: int(theirs) - 1 for ours, theirs in mapping.items()}
        wide = max(len(first.fields) if first else 0, 1 + max(places.values()))
        names = [f"column {number}" for number in range(1, wide + 1)]
        check_needed(places, names, verb)
        return Layout(places, names, None), rest
    if any(numbered):
        raise Refused("the mapping mixes column names with column numbers (which mean that the file has no header)")
    if comment is not None:
        header, after = comment.fields, rest
    elif first is not None:
        header, after = first.fields, rows
    else:
        raise Unreadable(f"{path}: the file is empty")
    names = [plain(name) for name in header]
    if names and not names[0] and header[0].strip() == "#":
        names = names[1:]
    return by_name(names, mapping, verb), after


def plain(name: str) -> str:
    return name.strip().lstrip("#").strip()


def by_name(names: list[str], mapping: dict[str, str], verb: str) -> Layout:
    """The places of our columns among `names`; exact, else without regard to case. Raises Refused."""
    lower = [name.lower() for name in names]
    places = {}
    for ours in COLUMNS:
        theirs = plain(mapping.get(ours, ours))
        found = [place for place, name in enumerate(names) if name == theirs]
        found = found or [place for place, name in enumerate(lower) if name == theirs.lower()]
        if len(found) > 1:
            raise Refused(f"the file has {len(found)} columns named {theirs!r}")
        if found:
            places[ours] = found[0]
        elif ours in mapping:
            raise Refused(f"the file has no column {mapping[ours]!r} (for {ours}); it has {', '.join(names)}")
    check_needed(places, names, verb)
    return Layout(places, names, len(names))


def check_needed(places: Mapping[str, int], names: Sequence[str], verb: str) -> None:
    """Raise Refused where a column is missing that cannot be done without."""
    missing = [ours for ours in NEEDED if ours not in places]
    if verb and "verb" in missing:
        missing.remove("verb")
    # What stands has no date of its own.
    if verb in STANDING_VERBS and "occurred_at" in missing and "verb" not in places:
        missing.remove("occurred_at")
    if missing:
        hint = " (or give --verb)" if "verb" in missing else ""
        raise Refused(
            f"no column {', '.join(missing)}{hint}; the file has {', '.join(names)}: "
            f"name its columns with --map OURS=THEIRS, or by number where it has no header"
        )


def taker(staging: Staging, layout: Layout, verb: str) -> Any:
    """A function that stages one row of texts and returns why it cannot, or ""."""
    places, width = layout.places, layout.width
    needed = 1 + max(places.values())
    target_at, actor_at = places["target"], places["actor"]
    # A column that the file has not is read from beyond its end, where an empty text is put.
    verb_at, time_at, post_at, key_at, target_handle_at, actor_handle_at = (
        places.get(name, -1) for name in ("verb", "occurred_at", "post", "key", "target_handle", "actor_handle")
    )
    stage, parse = staging.interaction, times.parse

    def take(fields: list[str]) -> str:
        size = len(fields)
        if size < needed:
            return f"the row has {size} columns where {needed} are needed"
        if width is not None and size > width and any(fields[width:]):
            return f"the row has {size} columns where the header has {width}"
        fields = [*map(str.strip, fields), ""]
        try:
            occurred_at = parse(fields[time_at])
        except ValueError as error:
            return str(error)
        return stage(
            verb=fields[verb_at].lower() or verb,
            target=fields[target_at],
            actor=fields[actor_at],
            occurred_at=occurred_at,
            post=fields[post_at],
            key=fields[key_at],
            target_handle=fields[target_handle_at].removeprefix("@"),
            actor_handle=fields[actor_handle_at].removeprefix("@"),
        )

    return take


# ---------------------------------------------------------------- Parquet


def read_parquet(
    staging: Staging,
    path: Path,
    mapping: dict[str, str],
    verb: str,
    summary: Summary,
    target: Path | None,
    progress: Progress,
) -> None:
    """Stage the rows of a Parquet file; rejected ones go to `target` with the columns that were read."""
    with ParquetTable(path) as table:
        layout = by_name(table.columns, mapping, verb)
        if not table.rows:
            raise BadTable(f"{path}: the file has no rows")
        ours = list(layout.places)
        theirs = [table.columns[layout.places[name]] for name in ours]
        take = taker(staging, Layout({name: place for place, name in enumerate(ours)}, ours, None), verb)
        time_at = ours.index("occurred_at") if "occurred_at" in ours else None
        with Rejects(summary, target, ["row", "reason", *theirs]) as rejects:
            for columns in table.batches(theirs):
                texts = [
                    [as_time(value) if place == time_at else as_text(value) for value in column]
                    for place, column in enumerate(columns)
                ]
                for fields in zip(*texts, strict=True):
                    summary.read += 1
                    if reason := take(list(fields)):
                        rejects.add(str(summary.read), reason, fields, label=f"row {summary.read}")
                progress("reading", summary.read, table.rows)


def as_text(value: Any) -> str:
    """An id as text; whole numbers that pandas made floats lose their `.0`."""
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def as_time(value: Any) -> str:
    """A time as text that `times.parse` reads."""
    if isinstance(value, datetime):
        return value.isoformat()
    return "" if value is None or value != value else repr(value) if isinstance(value, float) else str(value)

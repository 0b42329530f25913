"""`manage.py score_counters IN.csv OUT.csv --network twitter`: a table of counters, scored row by row; no database."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from django.core.management.base import BaseCommand, CommandError

from scoring import formula
from scoring.formula.counters import BadTable, Summary, counted_by, counters_of, score_counters, tells_reactions


class Command(BaseCommand):
    help = (
        "Score each row of a CSV table of counters by a released formula, without history or a database. Every input "
        "column passes through unchanged and `score` is appended. A row with a bad value keeps its place with an empty "
        "score, and is reported by its number (the header is row 1)."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", metavar="IN.csv", help="the table, in UTF-8 with a header; - for standard input")
        parser.add_argument("out", metavar="OUT.csv", help="where to write it with the scores; - for standard output")
        parser.add_argument(
            "--network", required=True, metavar="SLUG", help="whose counters these are, such as twitter"
        )
        parser.add_argument("--formula", default=formula.RELEASED, help="the formula's version (default: %(default)s)")
        parser.add_argument("--strict", action="store_true", help="end with an error status if any row was not scored")

    def handle(self, *, source: str, out: str, network: str, strict: bool, **options: Any) -> None:
        version: str = options["formula"]
        try:
            formula.get(version)
            counters_of(network)
            counted_by(version, network)
            refuse_same_file(source, out)
            with reading(source) as table, writing(out) as scored:
                summary = score_counters(table, scored, network=network, version=version, tell=self.stderr.write)
        except BrokenPipeError as error:
            raise CommandError("the output was closed before the table ended") from error
        except BadTable as error:
            raise CommandError(f"{name_of(source)}: {error}") from error
        except formula.UnknownFormula as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.filename or name_of(source)}: {error.strerror}.") from error
        self.report(summary, network, version)
        if strict and summary.problems:
            raise CommandError(f"{summary.problems:,} rows could not be scored.")

    def report(self, summary: Summary, network: str, version: str) -> None:
        known = counters_of(network)
        if summary.missing:
            words = (f"{name} (taken as 0)" if known[name] else f"{name} (has no weight)" for name in summary.missing)
            self.stderr.write(f"columns that are missing: {', '.join(words)}")
        if not tells_reactions(network, set(known) - set(summary.missing)):
            self.stderr.write(
                "no column counts reactions, and followers count only as far as reactions bear them out: "
                "scores stay low and close together"
            )
        empty = [f"{name} {number:,}" for name, number in summary.empty.items() if number]
        if empty:
            self.stderr.write(f"empty cells, taken as 0: {', '.join(empty)}")
        rows = summary.rows - summary.blank
        self.stderr.write(
            f"{rows:,} rows: {summary.scored:,} scored by formula {version}, "
            f"{summary.problems:,} not (their score is left empty)"
        )


def name_of(path: str) -> str:
    return "standard input" if path == "-" else path


def refuse_same_file(source: str, out: str) -> None:
    if "-" in (source, out):
        return
    if not Path(source).exists():
        raise CommandError(f"{source}: there is no such file.")
    if Path(out).resolve() == Path(source).resolve() or (Path(out).exists() and Path(out).samefile(source)):
        raise CommandError(f"{out} is the table itself; name another file for the scores.")
    if not Path(out).absolute().parent.is_dir():
        raise CommandError(f"{out}: there is no folder {Path(out).absolute().parent}.")


def as_text(file: BinaryIO) -> TextIOWrapper:
    # Bytes that are no UTF-8 (an old customer list) and every line ending come out as they came in.
    return TextIOWrapper(file, encoding="utf-8", errors="surrogateescape", newline="")


@contextmanager
def reading(path: str) -> Iterator[TextIO]:
    if path == "-":
        text = as_text(sys.stdin.buffer)
        yield text
        text.detach()
    else:
        with Path(path).open("rb") as file:
            yield as_text(file)


@contextmanager
def writing(path: str) -> Iterator[TextIO]:
    """A file that gets its name when it is complete: a part of a table must not pass for the whole."""
    target = Path(path)
    if path == "-":
        text = as_text(sys.stdout.buffer)
        yield text
        text.detach()
    elif target.exists() and not target.is_file():
        with target.open("wb") as file, as_text(file) as text:
            yield text
    else:
        part = target.with_name(target.name + ".part")
        try:
            with part.open("wb") as file, as_text(file) as text:
                yield text
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)

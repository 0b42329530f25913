"""`manage.py backtest FILE`: does the score tell who will be reacted to, better than simpler counts do?"""

from __future__ import annotations

import json
import math
from argparse import ArgumentTypeError, RawDescriptionHelpFormatter
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from numpy.typing import NDArray

from scoring import computing, formula, log
from scoring.backtest import edges as reading
from scoring.backtest import report, splitting
from scoring.backtest.edges import BadEdges, Edges
from scoring.backtest.splitting import Split
from scoring.backtest.trial import GUARDS, Trial, aligned, run, scores
from scoring.engine import duckdb as engine
from scoring.features.catalogue import NETWORKS

ABOUT = """\
Scores everybody by what was known at a past date, and compares with how many different people reacted to them after
it; beside past distinct reactors, reactions weighed by how recent they are, PageRank and TunkRank. Needs no database
for a file.

FILE is a table of reactions, one a row: who acted, whom it was done to, and when; separated by spaces, tabs, commas or
the like, with or without a header, also with gzip, also a table that import_interactions takes. Without a header the
first column is the actor, the second the target, and that of the largest numbers the time (seconds, milliseconds or
microseconds, or ISO 8601). Else --map actor=3,target=1,time=4 (numbers from 1, or names).

  manage.py backtest CollegeMsg.txt                        split where half of the reactions have happened
  manage.py backtest edges.csv --split 0.25 0.5 0.75       at shares of the time, with their mean
  manage.py backtest higgs-mention.edgelist --no-times     no times: half of the actors are hidden instead
  manage.py backtest --lake --at 2026-10-01                the log of this installation
"""
NETWORK, VERB = "mastodon", "mention"


def share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < 1:
        raise ArgumentTypeError(f"{text!r} is no share between 0 and 1")
    return value


def days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 100_000):
        raise ArgumentTypeError(f"{text!r} is no number of days")
    return int(text)


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no day; a day is YYYY-MM-DD") from None


class Command(BaseCommand):
    help = ABOUT

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.formatter_class = RawDescriptionHelpFormatter
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", metavar="FILE", help="a table of reactions")
        parser.add_argument("--lake", action="store_true", help="test on the log of this installation instead")
        where = parser.add_mutually_exclusive_group()
        where.add_argument("--at", type=day, metavar="YYYY-MM-DD", help="split at the beginning of this day (UTC)")
        where.add_argument("--split", type=share, nargs="+", metavar="SHARE", help="split at these shares of the time")
        where.add_argument(
            "--split-events",
            type=share,
            nargs="+",
            metavar="SHARE",
            help="split where these shares of the reactions have happened (default: 0.5)",
        )
        where.add_argument("--no-times", action="store_true", help="the file has no times: hide half of the actors")
        parser.add_argument("--horizon", type=days, metavar="DAYS", help="look only so far ahead (default: to the end)")
        parser.add_argument("--map", default="", metavar="OURS=THEIRS,...", help="actor, target, time, weight, verb")
        parser.add_argument(
            "--network",
            choices=sorted(NETWORKS),
            default=NETWORK,
            metavar="SLUG",
            help="the network that a file's reactions count as (default: %(default)s)",
        )
        parser.add_argument("--verb", default=VERB, help="the verb of rows that name none (default: %(default)s)")
        parser.add_argument("--formula", default=settings.FORMULA, help="the formula's version (default: %(default)s)")
        parser.add_argument(
            "--guards", choices=sorted(GUARDS), default="on", help="each: with all, none, and each alone"
        )
        parser.add_argument("--seed", type=int, default=1, help="of everything drawn at random (default: %(default)s)")
        parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to this file too")

    def handle(self, *, file: Path | None, lake: bool, formula: str, **options: Any) -> None:
        self.refuse(file, lake, formula, options)
        try:
            edges = self.edges(file, options)
            name = "The log of this installation" if file is None else file.name
            splits = self.splits(edges, options)
            self.stdout.write(report.heading(name, edges))
            trials = [self.trial(split, edges, version=formula, options=options) for split in splits]
        except BadEdges as error:
            raise CommandError(str(error)) from None
        if len(trials) > 1:
            self.stdout.write(report.means(trials))
        if options["json"]:
            self.write(options["json"], report.figures(name, edges, trials, settings_of(formula, options)))

    def refuse(self, file: Path | None, lake: bool, version: str, options: Mapping[str, Any]) -> None:
        if (file is None) != lake:
            raise CommandError("Name one file of reactions, or --lake for this installation's own log.")
        if version not in formula.VERSIONS:
            raise CommandError(f"There is no formula {version!r}; known: {', '.join(formula.VERSIONS)}.")
        if options["seed"] < 0:
            raise CommandError("A seed is a whole number from 0 up.")
        if lake and (options["map"] or options["no_times"]):
            raise CommandError("--map and --no-times are about a file; the log names its own columns and times.")
        if options["no_times"] and options["horizon"]:
            raise CommandError("Without times there is no --horizon.")
        verbs = NETWORKS[options["network"]].verbs
        if file is not None and options["verb"] not in verbs:
            raise CommandError(f"{options['network']} has no verb {options['verb']!r}; it has {', '.join(verbs)}.")

    def edges(self, file: Path | None, options: Mapping[str, Any]) -> Edges:
        if file is None:
            return edges_of_log(until=timezone.now().date())
        mapping = reading.parse_mapping(options["map"])
        return reading.read(file, timed=not options["no_times"], verb=options["verb"], mapping=mapping)

    def splits(self, edges: Edges, options: Mapping[str, Any]) -> list[Split]:
        if options["no_times"]:
            return [splitting.hidden_actors(edges, seed=options["seed"])]
        if options["at"]:
            moments = [splitting.moment_of(options["at"])]
        elif options["split"]:
            moments = [splitting.moment_at_share_of_time(edges, at) for at in options["split"]]
        else:
            moments = [splitting.moment_at_share_of_events(edges, at) for at in options["split_events"] or [0.5]]
        if edges.numbers is not None:
            # The log is scored by whole days.
            moments = [splitting.beginning_of_day(moment) for moment in moments]
        return [splitting.after(edges, moment, horizon=options["horizon"]) for moment in moments]

    def trial(self, split: Split, edges: Edges, *, version: str, options: Mapping[str, Any]) -> Trial:
        by_score = {}
        for words, guards in GUARDS[options["guards"]].items():
            if edges.numbers is None:
                found = scores(split.known, network=options["network"], version=version, guards=guards)
            else:
                found = scores_of_log(split, edges.numbers, version=version, guards=guards)
            by_score[f"score, {version}{words}"] = found
        trial = run(split, by_score, seed=options["seed"])
        self.stdout.write(report.table(trial))
        return trial

    def write(self, path: Path, figures: Mapping[str, Any]) -> None:
        try:
            path.write_text(json.dumps(figures, indent=2) + "\n")
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}") from None


def edges_of_log(*, until: date) -> Edges:
    """The log before `until`; what accounts of one person do to each other is left out. Raises BadEdges."""
    rows, owners = log.events(until), computing.owned_accounts()
    if not len(rows["target"]):
        raise BadEdges("the log holds no reactions yet")
    ends = np.stack([rows["actor"], rows["target"]])
    place = np.minimum(np.searchsorted(owners["account"], ends), max(len(owners["account"]) - 1, 0))
    person = np.zeros_like(ends)
    if len(owners["account"]):
        person = np.where(owners["account"][place] == ends, owners["person"][place], 0)
    kept = np.flatnonzero((person[0] == 0) | (person[0] != person[1]))
    numbers, position = np.unique(ends[:, kept], return_inverse=True)
    actor, target = position.reshape(2, -1)
    return Edges(
        actor=actor.astype(np.int64),
        target=target.astype(np.int64),
        at=rows["occurred_at"][kept],
        verb=rows["verb"][kept],
        repeats=np.ones(len(kept), dtype=np.int64),
        row=kept + 1,
        people=len(numbers),
        numbers=numbers,
    )


def scores_of_log(
    split: Split, numbers: NDArray[np.int64], *, version: str, guards: Collection[int]
) -> NDArray[np.float64]:
    """The scores at the split's day of the accounts that are tested, from the whole log as of then, counters too."""
    output = engine.compute(computing.inputs(split.day), enabled=guards, temp_folder=computing.spill_folder())
    scored = formula.get(version).score(output.features, output.features.account)
    return aligned(scored, numbers[split.known.people])


def settings_of(version: str, options: Mapping[str, Any]) -> dict[str, Any]:
    return {"formula": version, **{name: options[name] for name in ("network", "verb", "guards", "seed", "horizon")}}

"""`manage.py fit_formula PAIRS.csv`: the weights of a formula's groups, fitted on human judgements."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError

from scoring import formula
from scoring.features.base import ONE, FeatureTable
from scoring.formula import fitting, judgements
from scoring.formula.counters import OWN_DOINGS
from scoring.formula.fitting import Judged
from scoring.formula.pooled import Group, Pooled

# What the judges' counters can tell of; the other groups are set by analogy and by looking at what comes next.
GROUPS = ("audience", "listed", "engaged", "moved")
COUNTERS = {
    "followers": "follow_surplus",
    "listed": "list_surplus",
    "mentions received": "mention_surplus",
    "retweets received": "share_surplus",
}


class Command(BaseCommand):
    help = (
        "Fit the weights of audience, listed, engaged and moved on pairs of people judged by humans (PeerIndex's form: "
        "Choice, A_follower_count, ..., B_posts), and say how well the difference of the final scores tells who was "
        "chosen, on people that the weights have not seen. Prints the weights as lines for the formula's file."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("pairs", type=Path, metavar="PAIRS.csv", help="pairs of people and who was chosen")
        parser.add_argument("--formula", default=formula.RELEASED, help="which one to fit (default: %(default)s)")
        parser.add_argument("--splits", type=int, default=60, help="splits that share no people (default: %(default)s)")
        parser.add_argument("--seed", type=int, default=1, help="of the splits (default: %(default)s)")
        parser.add_argument("--write", type=Path, metavar="FILE.py", help="put the weights into this formula's file")

    def handle(self, *, pairs: Path, splits: int, seed: int, write: Path | None, **options: Any) -> None:
        if splits < 2:
            raise CommandError("--splits: at least 2, to give an interval.")
        if seed < 0:
            raise CommandError("--seed: a whole number from 0 up.")
        if write and not write.is_file():
            raise CommandError(f"--write: {write} is no file; it takes one that names these groups.")
        try:
            scorer = formula.get(options["formula"])
            read = judgements.read(pairs)
        except formula.UnknownFormula as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{pairs}: {error.strerror}.") from error
        except (judgements.BadPairs, UnicodeDecodeError) as error:
            raise CommandError(f"{pairs}: {error}") from error
        if not isinstance(scorer, Pooled):
            raise CommandError(f"{scorer.version} has no weights to fit.")
        judged = read.judged
        self.stdout.write(f"{len(judged.chosen):,} pairs of {judged.people:,} people; AUC of the difference of scores")
        try:
            fitted = self.fit("fitted", scorer, judged, GROUPS, splits, seed)
        except fitting.TooFewPairs as error:
            raise CommandError(f"{pairs}: {error}.") from error
        linear = fitting.log_linear(scorer, list(COUNTERS.values()))
        self.fit("log-linear, to compare", linear, judged, list(COUNTERS.values()), splits, seed, least=0.0)
        best = fitting.with_weights(scorer, fitted.weights)
        for name, auc in variants(best, judged, read):
            self.stdout.write(f"{name:<40}{auc:.4f}  all pairs")
        lines = lines_of(best, fitted)
        self.stdout.write("\n".join(lines))
        if write:
            self.write(write, lines)

    def fit(
        self, name: str, scorer: Pooled, judged: Judged, groups: Any, splits: int, seed: int, **least: float
    ) -> fitting.Fitted:
        fitted = fitting.fit(scorer, judged, groups, number=splits, seed=seed, **least)
        low, high = fitted.interval()
        self.stdout.write(
            f"{name:<40}{fitted.auc:.4f}  all pairs; {fitted.mean:.4f} ({low:.3f} to {high:.3f}) on people not seen"
        )
        return fitted

    def write(self, path: Path, lines: list[str]) -> None:
        """Put the lines in place of those of the same groups in a formula's file."""
        try:
            text = path.read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{path}: {error}") from error
        written = text.splitlines()
        for line in lines:
            found = [place for place, old in enumerate(written) if old.split(":")[0] == line.split(":")[0]]
            if len(found) != 1:
                raise CommandError(f"{path}: no single line {line.split(':')[0].strip()}; nothing was written.")
            written[found[0]] = line
        try:
            path.write_text("\n".join(written) + "\n")
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}.") from error
        self.stdout.write(f"{path}: {len(lines)} weights written. A released formula is frozen: is this a new one?")


def lines_of(scorer: Pooled, fitted: fitting.Fitted) -> list[str]:
    scales = {group.name: group.scale for group in scorer.groups}
    day = datetime.now(tz=UTC).date()
    return [
        f'    "{name}": ({weight:.2f}, {scales[name]}),  # fitted {day}, AUC {fitted.mean:.4f} on people not seen'
        for name, weight in fitted.weights.items()
    ]


def variants(scorer: Pooled, judged: Judged, pairs: judgements.Pairs) -> Iterator[tuple[str, float]]:
    """The AUC with and without each of what is weighed and what is not."""
    for name, column in COUNTERS.items():
        columns = {known: values for known, values in judged.table.columns.items() if known != column}
        table = FeatureTable(judged.table.account, judged.table.network, columns)
        yield f"without {name}", fitting.auc_of(scorer, replace(judged, table=table))
        logarithm = np.log1p(judged.table.column(column) / ONE)
        yield f"{name} alone", fitting.auc(logarithm[judged.first] - logarithm[judged.second], judged.chosen)
    for borne in scorer.borne:
        rest = tuple(other for other in scorer.borne if other is not borne)
        yield f"{borne.counted} not borne out", fitting.auc_of(replace(scorer, borne=rest), judged)
    for name in OWN_DOINGS:
        if name in pairs.values:
            own = Group(name, "reach", 0.1, 1.0, {name: 1.0})
            table = FeatureTable(
                judged.table.account,
                judged.table.network,
                {**judged.table.columns, name: pairs.values[name] * ONE},
            )
            with_own = replace(scorer, groups=(*scorer.groups, own))
            yield f"with {name.replace('_', ' ')} (weight 0)", fitting.auc_of(with_own, replace(judged, table=table))

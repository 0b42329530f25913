"""What a backtest found, as a table for a terminal and as figures for a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from scoring.backtest.agreement import Agreement, Estimate
from scoring.backtest.edges import Edges
from scoring.backtest.splitting import named
from scoring.backtest.trial import Trial

WIDE = 28


def heading(name: str, edges: Edges) -> str:
    """What was read, and what was odd about it."""
    when = ""
    if edges.at is not None:
        when = f", {named(int(edges.at.min()))} to {named(int(edges.at.max()))} UTC"
    first = f"{name}: {int(edges.repeats.sum()):,} reactions among {edges.people:,} people{when}"
    return "\n".join([first, *(f"  {note}" for note in edges.notes)])


def table(trial: Trial) -> str:
    """One split: each measure's figures, the scores first, and whether the first is ahead of the best baseline."""
    split = trial.split
    lines = [
        "",
        f"{split.label[0].upper()}{split.label[1:]}: {split.reactions_before:,} reactions known, "
        f"{split.reactions_after:,} to come, {len(split.truth):,} people tested",
        f"{'':{WIDE}}  {'Spearman':<24} {'precision in the top 5%':<24}",
    ]
    lines += [
        f"{name:{WIDE}}  {agreement.spearman!s:<24} {agreement.precision!s:<24}"
        for name, agreement in trial.agreements.items()
    ]
    best = trial.agreements[trial.best]
    lines.append(
        f"{trial.scores[0]} less the best baseline ({trial.best}): {signed(best.behind_spearman)}; "
        f"in the top 5%: {signed(best.behind_precision)}"
    )
    return "\n".join(lines)


def means(trials: Sequence[Trial]) -> str:
    """The mean over several splits of each measure's figures."""
    lines = ["", f"Mean of {len(trials)} splits", f"{'':{WIDE}}  {'Spearman':<9} {'precision in the top 5%'}"]
    lines += [
        f"{name:{WIDE}}  {spearman:<9.3f} {precision:.3f}" for name, (spearman, precision) in mean(trials).items()
    ]
    return "\n".join(lines)


def mean(trials: Sequence[Trial]) -> dict[str, tuple[float, float]]:
    """name -> the means of Spearman and of precision over `trials`."""
    return {
        name: (
            float(np.mean([trial.agreements[name].spearman.value for trial in trials])),
            float(np.mean([trial.agreements[name].precision.value for trial in trials])),
        )
        for name in trials[0].agreements
    }


def figures(name: str, edges: Edges, trials: Sequence[Trial], settings: Mapping[str, Any]) -> dict[str, Any]:
    """All of it, for json."""
    return {
        "file": name,
        "reactions": int(edges.repeats.sum()),
        "people": edges.people,
        "notes": edges.notes,
        "settings": dict(settings),
        "splits": [
            {
                "split": trial.split.label,
                "people": len(trial.split.truth),
                "reactions_before": trial.split.reactions_before,
                "reactions_after": trial.split.reactions_after,
                "best_baseline": trial.best,
                "measures": {measure: of_agreement(found) for measure, found in trial.agreements.items()},
            }
            for trial in trials
        ],
        "means": {
            measure: {"spearman": spearman, "precision_top_5_percent": precision}
            for measure, (spearman, precision) in mean(trials).items()
        },
    }


def of_agreement(found: Agreement) -> dict[str, Any]:
    return {
        "spearman": of_estimate(found.spearman),
        "precision_top_5_percent": of_estimate(found.precision),
        "score_less_this_spearman": of_estimate(found.behind_spearman),
        "score_less_this_precision": of_estimate(found.behind_precision),
    }


def of_estimate(found: Estimate) -> dict[str, float]:
    return {"value": found.value, "low": found.low, "high": found.high}


def signed(found: Estimate) -> str:
    return f"{found.value:+.3f} ({found.low:+.3f} to {found.high:+.3f})"

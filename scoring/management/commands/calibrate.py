"""`manage.py calibrate`: where one's own people stand on the scale, and the table of anchors of the next version."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from scoring import computing, exports, formula
from scoring.formula import calibration, population
from scoring.formula.pooled import Pooled
from scoring.log import NoFeatures


class Command(BaseCommand):
    help = (
        "Print the quantiles of this installation's scores (or of the reference population) beside those of 1,048 real "
        "Klout scores, and what a doubling and a silent month are worth. Scores never move with membership; whoever "
        "wants another scale writes the next version of the formula (--write) and switches to it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--formula", default=formula.RELEASED, help="the formula (default: %(default)s)")
        parser.add_argument("--reference", action="store_true", help="the reference population, not one's own people")
        parser.add_argument(
            "--write", metavar="v3", help="write the next version: the same formula on a scale set on these people"
        )
        parser.add_argument("--folder", type=Path, default=Path(formula.__path__[0]), help="where to write it")

    def handle(self, *, reference: bool, write: str | None, folder: Path, **options: Any) -> None:
        try:
            scorer = formula.get(options["formula"])
        except formula.UnknownFormula as error:
            raise CommandError(str(error)) from error
        if not isinstance(scorer, Pooled):
            raise CommandError(f"{scorer.version} has no table of anchors.")
        if write:
            refuse(scorer, write, folder)
        table, entity = population.reference() if reference else self.members(scorer)
        _, latent = scorer.latents(table, entity)
        people = "the reference population" if reference else f"{len(latent):,} people of an installation"
        scores = scorer.curve(latent) if reference else scorer.score(table, entity).score
        self.stdout.write(
            f"{len(scores):,} {'people of the reference population' if reference else 'people'}, {scorer.version}"
        )
        self.stdout.write("percentile   score   Klout's")
        for percentile, score in calibration.quantiles(scores).items():
            self.stdout.write(f"{percentile:>10.0f} {score:>7.1f} {calibration.KLOUT[percentile]:>9.1f}")
        self.stdout.write("at     twice the people   a silent month")
        for row in calibration.doublings(scorer):
            self.stdout.write(f"{row.height:<6.0f} {row.gained:>+16.1f} {-row.silence:>+16.1f}")
        try:
            anchors = calibration.anchors(latent, calibration.top_latent(scorer))
        except calibration.TooFew as error:
            if write:
                raise CommandError(f"{error}.") from error
            self.stdout.write(f"{error}.")
            return
        words = ", ".join(f"{score:g} at {x:g}" for x, score in anchors if np.isfinite(x))
        self.stdout.write(f"anchors set on them would be: {words}")
        if write:
            self.write(scorer, write, folder, anchors, people)

    def members(self, scorer: Pooled) -> Any:
        try:
            run = exports.published_run(None)
            table, _ = computing.stored_features(run.as_of, run.formula)
        except (exports.NothingToExport, NoFeatures) as error:
            raise CommandError(str(error)) from error
        return computing.members_table(table, computing.owned_accounts())

    def write(self, scorer: Pooled, version: str, folder: Path, anchors: Any, people: str) -> None:
        path = folder / f"{version}.py"
        if not calibration.is_concave(anchors):
            raise CommandError("On this scale rising would get easier with height; nothing was written.")
        try:
            path.write_text(calibration.next_version(scorer, version, anchors, timezone.now().date(), people))
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}.") from error
        self.stdout.write(f"{path} written; try it with `manage.py shadow_formula {version}`.")


def refuse(scorer: Pooled, version: str, folder: Path) -> None:
    """Raises CommandError where `version` of `scorer` cannot be written to `folder`."""
    if not re.fullmatch(r"v[1-9][0-9]*", version):
        raise CommandError(f"--write: a version is v and a number, as v2, not {version!r}.")
    if formula.is_switched(scorer.version):
        base = scorer.version.partition("+")[0]
        raise CommandError(f"{scorer.version} has no file of its own: write the next version of {base}.")
    if version in formula.VERSIONS or (folder / f"{version}.py").exists():
        raise CommandError(f"{version} is there already; a released formula is frozen.")
    if not folder.is_dir():
        raise CommandError(f"--folder: {folder} is no folder.")

"""`manage.py shadow_formula v2`: run a formula beside the live one each day, where people do not see it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from scoring import daily, formula, switching, versions


class Command(BaseCommand):
    help = (
        "Run a formula in the shadow of the live one: at once on the newest day's features, then with each daily run. "
        "compare_formulas shows who would move."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("formula", metavar="FORMULA", help=f"one of {', '.join(formula.VERSIONS)}")
        parser.add_argument("--stop", action="store_true", help="stop it, and forget its scores")

    def handle(self, *, formula: str, stop: bool, **options: Any) -> None:
        if stop:
            if not switching.stop_shadow(version=formula):
                raise CommandError(f"{formula} does not run in shadow.")
            self.stdout.write(self.style.SUCCESS(f"{formula} runs in shadow no more; its scores are forgotten."))
            return
        at = timezone.now()
        try:
            run = switching.start_shadow(version=formula, at=at, say=lambda _stage, text: self.stdout.write(f"{text}."))
        except (versions.CannotSwitch, ValueError, daily.AlreadyRunning) as error:
            raise CommandError(f"{error}.") from None
        live = versions.live_formula(at)
        if run is None:
            text = f"from the next daily run on, as long as no features of {live} are there to begin with."
        else:
            text = f"from now on. See: manage.py compare_formulas {run.counts['beside']} {formula}"
        self.stdout.write(self.style.SUCCESS(f"{formula} runs in the shadow of {live} {text}"))

"""`manage.py recompute`: the daily run by hand."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from scoring import daily, elsewhere, formula, versions
from scoring.engine.folders import BadFolder
from scoring.engine.spark_session import SparkMissing


def day(text: str) -> date:
    return date.fromisoformat(text)


class Command(BaseCommand):
    help = "Score everybody by what happened before a day, 00:00 UTC: collect, compact, compute, publish, award."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--as-of", type=day, metavar="YYYY-MM-DD", help="the day; today (UTC) if not given")
        parser.add_argument("--formula", help="the formula's version (default: the live one)")
        parser.add_argument(
            "--engine", choices=("duckdb", "spark"), help=f"what adds the log up (default: {settings.ENGINE})"
        )
        halves = parser.add_mutually_exclusive_group()
        halves.add_argument(
            "--prepare",
            metavar="FOLDER",
            help="collect, compact, and write what a job elsewhere needs to a new folder (or s3://...); the job is "
            "`python -m scoring.engine.spark_job FOLDER`",
        )
        halves.add_argument("--from", metavar="FOLDER", help="publish what that job has computed in the folder")

    def handle(self, **options: Any) -> None:
        at = timezone.now()
        as_of = options["as_of"] or at.date()
        if as_of > at.date():
            raise CommandError(f"{as_of} has not begun; the latest day that can be scored is {at.date()} (UTC).")
        version = options["formula"] or versions.live_formula(at)
        if version not in formula.VERSIONS:
            raise CommandError(f"There is no formula {version!r}; known: {', '.join(formula.VERSIONS)}.")
        if options["from"] and (options["as_of"] or options["formula"] or options["engine"]):
            raise CommandError("--from takes the day and the formula from the folder; leave the other options out.")
        begun = time.monotonic()

        def say(stage: str, text: str) -> None:
            number = daily.STAGES.index(stage) + 1
            self.stdout.write(f"{time.monotonic() - begun:7.1f} s  {number}/{len(daily.STAGES)} {stage:<8} {text}")

        try:
            if options["prepare"]:
                elsewhere.prepare(address=options["prepare"], as_of=as_of, at=at, version=version, say=say)
                return
            if options["from"]:
                run = elsewhere.publish(address=options["from"], at=at, say=say)
            else:
                run = daily.run(as_of=as_of, at=at, version=version, on=options["engine"], say=say)
        except (daily.AlreadyRunning, BadFolder, SparkMissing, formula.UnknownFormula) as error:
            raise CommandError(str(error)) from error
        current = (
            "" if run.counts["current"] else "; a later day was published before, so current scores stay as they are"
        )
        self.stdout.write(
            self.style.SUCCESS(
                f"Done: {run.counts['persons']:,} people scored as of {run.as_of} by {run.formula}{current}."
            )
        )

"""Trying a formula in shadow, switching over to it, and rolling back: what an operator's commands do."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from scoring import computing, daily, formula, log, shadows, versions
from scoring.comparisons import newest_run
from scoring.computing import Say, quiet
from scoring.models import FormulaSwitch, ScoreRun, ShadowFormula, ShadowScore
from scoring.versions import CannotSwitch


def start_shadow(*, version: str, at: datetime, say: Say = quiet) -> ScoreRun | None:
    """Run `version` in shadow from now on; at once beside the newest published day, where its features are kept.

    Returns that first run, None where the first is the next daily run's. Raises CannotSwitch, UnknownFormula, and
    daily.AlreadyRunning.
    """
    formula.get(version)
    if version == versions.live_formula(at):
        raise CannotSwitch(f"{version} is the live formula: every daily run goes by it already")
    ShadowFormula.objects.get_or_create(formula=version, defaults={"started_at": at})
    beside = newest_run()
    if beside is None or beside.formula == version:
        return None
    with daily.only_one():
        try:
            table, _standing = computing.stored_features(beside.as_of, beside.formula)
        except log.NoFeatures:
            return None
        members, person = computing.members_table(table, computing.owned_accounts())
        live = formula.get(beside.formula).score(members, person)
        run = shadows.run_shadow(version=version, beside=beside, table=members, person=person, live=live, at=at)
    say("shadow", f"{run.counts['persons']:,} people scored by {version} beside {beside.formula}, as of {run.as_of}")
    return run


def stop_shadow(*, version: str) -> bool:
    """Run `version` in shadow no more, and forget its scores; False where it did not."""
    with transaction.atomic():
        stopped, _ = ShadowFormula.objects.filter(formula=version).delete()
        ShadowScore.objects.filter(formula=version).delete()
    return bool(stopped)


def switch(*, version: str, at: datetime, note: str = "", forced: bool = False, by: Any = None) -> FormulaSwitch:
    """Make `version` the live formula, from the next daily run on. Raises CannotSwitch and UnknownFormula.

    Only a formula whose shadow has scored everything that the log holds may count, unless it is `forced`.
    """
    formula.get(version)
    if version == formula.BASELINE:
        raise CannotSwitch(
            f"{version} is there to be compared with: it takes every count at its word, and never counts"
        )
    if version == versions.live_formula(at):
        raise CannotSwitch(f"{version} is the live formula already")
    if not forced:
        must_have_run_in_shadow(version, at)
    return versions.record(version=version, at=at, note=note, by=by)


def must_have_run_in_shadow(version: str, at: datetime) -> None:
    """Raises CannotSwitch where no shadow run by `version` is of today, or has seen the log as it is."""
    done = ScoreRun.objects.filter(kind=ScoreRun.Kind.SHADOW, state=ScoreRun.State.DONE, formula=version)
    run = done.order_by("-as_of", "-pk").first()
    if run is None:
        raise CannotSwitch(
            f"{version} has not run in shadow yet; start that with `manage.py shadow_formula {version}`, "
            "or give a reason with --force"
        )
    if run.as_of < at.date() and run.log_fingerprint != daily.fingerprint_of(at.date()):
        raise CannotSwitch(
            f"the last shadow run by {version} is as of {run.as_of}, and the log has changed since; "
            "wait for today's run, or give a reason with --force"
        )


def roll_back(
    *, at: datetime, note: str = "", by: Any = None, say: Say = quiet
) -> tuple[FormulaSwitch, ScoreRun | None]:
    """Make the formula before the live one count again, and publish the newest day's scores by it at once.

    They are scored from the features that the day's run kept: nothing is aggregated again. The run is None where the
    current scores are by that formula still. Raises CannotSwitch, and daily.AlreadyRunning.
    """
    earlier = versions.earlier_formulas(at)
    if not earlier:
        raise CannotSwitch(f"there is nothing to roll back: {versions.live_formula(at)} is the first formula here")
    target = earlier[-1]
    if target not in formula.VERSIONS:
        raise CannotSwitch(f"{target}, which counted before, is no formula of this release any more")
    with daily.only_one():
        newest = newest_run()
        if newest is None or newest.formula == target:
            switch = versions.record(version=target, at=at, note=note, by=by)
            versions.tell(moves=None, version=target, at=at)
            return switch, None
        try:
            log.copy_features(newest.as_of, newest.formula, target)
            output = computing.stored_output(newest.as_of, target)
        except log.NoFeatures as error:
            raise CannotSwitch(
                f"{error}: nothing to publish at once. `manage.py switch_formula {target} --force REASON` and "
                "`manage.py recompute` do it by computing the day again"
            ) from None
        # Recorded first: should publishing be cut short, the next daily run goes by it and tells.
        switch = versions.record(version=target, at=at, note=note, by=by)
        run = ScoreRun.objects.create(
            as_of=newest.as_of, formula=target, stage="compute", log_fingerprint=newest.log_fingerprint
        )
        with daily.failing(run, at):
            moves = daily.publish_and_award(run, output, at=at, say=say)
    daily.tell_moved(run, moves, at=at, say=say)
    switch.refresh_from_db()
    return switch, run

"""The daily run in two halves, where the log outgrows one machine: what a cluster computes is published here.

`prepare` collects, compacts and writes what scoring.engine.spark_job needs to a folder; once that has run, `publish`
loads what it left there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from scoring import computing, daily, formula, versions
from scoring.computing import Say, quiet
from scoring.engine.folders import DONE, BadFolder, Place, read_output, read_scored, write_inputs
from scoring.features.base import FeatureTable, Int64
from scoring.formula.base import Formula, Scored
from scoring.models import ScoreRun


def prepare(*, address: str, as_of: date, at: datetime, version: str | None = None, say: Say = quiet) -> None:
    """Collect and compact as the daily run does, and write what a job needs to score `as_of` to `address`.

    Raises daily.AlreadyRunning, and BadFolder where the folder holds something already.
    """
    place = Place.at(address)
    if not place.empty():
        raise BadFolder(f"{address} is not empty; each day wants a folder of its own")
    version = version or versions.live_formula(at)
    with daily.only_one():
        daily.bring_up_to_date(as_of=as_of, at=at, say=say)
        given = computing.inputs(as_of)
        networks = computing.networks_of(given.owners["account"])
        facts = {"formula": version, "fingerprint": daily.fingerprint_of(as_of)}
        write_inputs(place, given, networks=networks, facts=facts)
    say("compute", f"{address} holds what `python -m scoring.engine.spark_job {address}` needs")


def publish(*, address: str, at: datetime, say: Say = quiet) -> ScoreRun:
    """Publish what a job has computed in `address`, as the daily run of its day would.

    Its accounts are those of `prepare`'s moment: who linked one since is scored anew on the way. Raises BadFolder where
    the job has not finished, formula.UnknownFormula, and daily.AlreadyRunning.
    """
    place = Place.at(address)
    done = place.read_json(DONE)
    version, as_of = str(done["formula"]), date.fromisoformat(done["as_of"])
    scorer = formula.get(version)
    with daily.only_one():
        daily.close_crashed()
        run = ScoreRun.objects.create(as_of=as_of, formula=version)
        with daily.failing(run, at):
            output = read_output(place)
            table = output.features
            say("compute", f"{len(table):,} rows of {len(table.columns)} features, computed in {done['seconds']} s")
            mine, person = computing.members_table(table, place.read("inputs/owners.parquet"))
            known = tuple(
                (rows, entity, read_scored(place, name, formula=scorer, table=rows, entity=entity))
                for name, rows, entity in (("accounts", table, table.account), ("people", mine, person))
            )
            daily.keep(run, output, done["fingerprint"], say)
            moves = daily.publish_and_award(run, output, at=at, say=say, scorer=Computed(scorer, known))
    daily.tell_moved(run, moves, at=at, say=say)
    return run


@dataclass(frozen=True, slots=True)
class Computed:
    """A formula that knows the scores which a job computed by it; of anything else it computes them itself."""

    formula: Formula
    known: tuple[tuple[FeatureTable, Int64, Scored], ...]

    @property
    def version(self) -> str:
        return self.formula.version

    def score(self, table: FeatureTable, entity: Int64) -> Scored:
        for rows, of, scored in self.known:
            if np.array_equal(of, entity) and same(rows, table):
                return scored
        return self.formula.score(table, entity)


def same(first: FeatureTable, second: FeatureTable) -> bool:
    """Whether both hold the same rows of the same features."""
    if first is second:
        return True
    return (
        first.columns.keys() == second.columns.keys()
        and np.array_equal(first.account, second.account)
        and np.array_equal(first.supplied, second.supplied)
        and np.array_equal(first.network, second.network)
        and all(np.array_equal(values, second.columns[name]) for name, values in first.columns.items())
    )

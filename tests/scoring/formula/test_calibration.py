"""Setting a scale: where its anchors lie, what it costs to be silent, and that another scale changes nothing else."""

from __future__ import annotations

import math
from datetime import date
from importlib.util import module_from_spec, spec_from_file_location
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import formula
from scoring.formula import calibration, population, v1
from scoring.formula.base import UPLOADED
from scoring.formula.calibration import TooFew
from scoring.formula.pooled import Pooled
from tests.scoring.formula.given import Row, alice, reactions, table_of, unhurried

TOP = 12.0
WIDER = tuple((2 * x, y) for x, y in v1.ANCHORS)


def module_of(path: Path) -> Any:
    spec = spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def score_by(scorer: Pooled, *rows: Row) -> float:
    return float(scorer.score(table_of(rows), np.ones(len(rows), dtype=np.int64)).score[0])


@unhurried
@given(seed=st.integers(0, 10**6), middle=st.floats(1.0, 5.0), spread=st.floats(0.2, 1.5))
def test_half_of_the_people_stand_below_40_and_a_twentieth_from_63_on(seed, middle, spread):
    latent = np.abs(np.random.default_rng(seed).normal(middle, spread, 2_000)) + 0.01
    scorer = v1.FORMULA.with_anchors("v2", calibration.anchors(latent, 40.0))
    scores = scorer.curve(latent)
    assert np.mean(scores < 40) == pytest.approx(0.5, abs=0.01)
    assert np.mean(scores >= 63) == pytest.approx(0.05, abs=0.01)
    assert np.mean(scores < 10) == pytest.approx(0.05, abs=0.01)
    assert scorer.curve(np.array([40.0]))[0] == pytest.approx(90.0)


def test_few_people_and_people_who_are_alike_set_no_scale():
    with pytest.raises(TooFew, match="199 people are too few to set a scale on; it takes 200"):
        calibration.anchors(np.linspace(1, 5, 199), TOP)
    assert len(calibration.anchors(np.linspace(1, 5, 200), TOP)) == len(v1.ANCHORS)
    for alike in (np.full(500, 3.0), np.zeros(500), np.concatenate([np.zeros(300), np.linspace(1, 5, 200)])):
        with pytest.raises(TooFew, match="too many of these people are alike"):
            calibration.anchors(alike, TOP)
    with pytest.raises(TooFew, match="too many of these people are alike"):
        calibration.anchors(np.linspace(1, 5, 500), 4.0)


def test_a_scale_on_which_rising_gets_easier_is_told_from_one_on_which_it_gets_harder():
    assert calibration.is_concave(WIDER)
    assert not calibration.is_concave(
        [(0.0, 1.0), (2.0, 10.0), (3.0, 40.0), (6.0, 63.0), (12.0, 90.0), (math.inf, 100)]
    )


def test_the_latent_value_is_what_the_score_is_read_from():
    rows = [
        alice(1, 1, follow_surplus=300, **reactions(20, 60)),
        alice(2, 2, **reactions(5, 9)),
        (*alice(1, 1, follow_surplus=9_000, **reactions(300, 900)), 1),
        (*alice(1, 3, **reactions(3_000, 9_000)), 1),
        alice(1, 4, **reactions(1, 2)),
    ]
    table, entity = table_of(rows), np.array([1, 1, 1, 2, 3])
    scored = v1.FORMULA.score(table, entity)
    ids, latent = v1.FORMULA.latents(table, entity)
    assert ids.tolist() == scored.entity.tolist() == [1, 2, 3]
    # Also of those who uploaded something: it counts for the scale as it counts for them.
    assert v1.FORMULA.curve(latent) == pytest.approx(scored.score, abs=1e-9)


@pytest.mark.parametrize("times", [0.2, 0.5, 2.0])
def test_on_any_scale_uploads_end_at_as_many_points(times):
    scorer = v1.FORMULA.with_anchors("v2", [(times * x, y) for x, y in v1.ANCHORS])
    bound = score_by(v1.FORMULA, (*alice(1, 1, **reactions(1e9, 1e9)), 1))
    uploaded = score_by(scorer, (*alice(1, 1, **reactions(1e9, 1e9)), 1))
    assert 15 < bound < 20.01
    assert uploaded == pytest.approx(bound, abs=0.1)


def test_the_same_population_comes_out_of_the_same_seed_and_uploads_nothing():
    (table, entity), (again, _) = population.reference(500), population.reference(500)
    assert len(set(entity.tolist())) == 500
    assert all((again.columns[name] == values).all() for name, values in table.columns.items())
    other, _ = population.reference(500, seed=1)
    assert (other.columns["any_actors_recent"][:400] != table.columns["any_actors_recent"][:400]).any()
    assert not table.supplied.any()
    assert not any(name.endswith(UPLOADED) for name in table.columns)


def test_twice_the_people_bring_less_and_less_and_silence_costs_no_more_than_that():
    rows = calibration.doublings(v1.FORMULA)
    assert [row.height for row in rows] == list(calibration.HEIGHTS)
    assert all(before.gained > after.gained > 0 for before, after in pairwise(rows))
    for row in rows:
        assert 0 < row.silence <= row.gained
    account = calibration.typical(50)
    quiet = calibration.silent(account)
    assert quiet.columns["any_actors_recent"][0] == pytest.approx(account.columns["any_actors_recent"][0] / 2, rel=1e-4)
    assert quiet.columns["follow_actors_ever"][0] == account.columns["follow_actors_ever"][0]


def test_the_text_of_the_next_version_is_a_formula_that_scores(tmp_path):
    path = tmp_path / "v7.py"
    path.write_text(calibration.next_version(v1.FORMULA, "v7", WIDER, date(2026, 11, 22), "1,234 people"))
    module = module_of(path)
    assert "2026-11-22 on 1,234 people" in str(module.__doc__)
    assert module.FORMULA.version == "v7"
    assert module.ANCHORS == WIDER
    person = alice(1, 1, follow_surplus=300, **reactions(20, 60))
    assert 1 < score_by(module.FORMULA, person) < score_by(v1.FORMULA, person)
    # YouTube can be switched on there too.
    assert [variant.version for variant in formula.switched(module.FORMULA)] == ["v7+youtube"]

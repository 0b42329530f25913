"""Released formulas give today what they gave when they were released.

Processors differ in the last digits of logarithms, so numbers may differ by a part in 10^12; every change of a formula
is larger. A change that turns this red belongs in a new formula, not in the golden file (golden.py writes its file).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scoring import formula
from tests.scoring.formula import golden

GOLDEN = Path(__file__).parents[1] / "golden"
CLOSE = {"rel": 1e-12, "abs": 1e-12}


def given_by(version: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((GOLDEN / f"{version}.json").read_text())
    return content


# With something switched on it is the same formula, and has no file.
RELEASED = sorted(version for version in formula.VERSIONS if not formula.is_switched(version))


@pytest.mark.parametrize("version", RELEASED)
def test_a_released_formula_gives_what_it_gave(version):
    people = given_by(version)["people"]
    table, entity = golden.given(people)
    result = formula.get(version).score(table, entity)
    leaves = result.leaves(result.entity)
    assert result.entity.tolist() == [person["person"] for person in people]
    assert len(people) >= 60
    for place, person in enumerate(people):
        for name in ("score", "reach", "amplification", "network_part"):
            assert getattr(result, name)[place] == pytest.approx(person[name], **CLOSE), (person["name"], name)
        assert result.confidence[place] == person["confidence"], person["name"]
        mine = leaves.entity == person["person"]
        columns = (leaves.network, leaves.account, leaves.part, leaves.feature, leaves.value, leaves.points)
        found = list(zip(*(column[mine].tolist() for column in columns), strict=True))
        assert [row[:4] for row in found] == [tuple(row[:4]) for row in person["leaves"]], person["name"]
        for row, expected in zip(found, person["leaves"], strict=True):
            assert row[4:] == pytest.approx(expected[4:], **CLOSE), (person["name"], row)


def test_every_golden_file_has_its_formula():
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(RELEASED)

"""A formula is a file: it is found by its name, in order, and one that goes by another name is refused."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scoring import formula
from tests.scoring.formula import golden

FORMULA = """
from dataclasses import dataclass, replace
from scoring.formula.plain import Plain
@dataclass(frozen=True)
class Newer(Plain):
    version: str = "{version}"
FORMULA = Newer()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A folder whose modules are the package's too, forgotten after the test."""
    monkeypatch.setattr(formula, "__path__", [*formula.__path__, str(tmp_path)])
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith("scoring.formula."):
            del sys.modules[name]
            vars(formula).pop(name.rpartition(".")[2], None)


def test_a_new_file_is_a_new_formula_in_the_order_of_numbers(folder: Path) -> None:
    for version in ("v902", "v1003"):
        (folder / f"{version}.py").write_text(FORMULA.format(version=version))
    (folder / "v903.py").write_text('"""Weights alone: no formula yet."""')
    (folder / "v904_draft.py").write_text("raise AssertionError")
    found = formula.discover(formula.__path__)
    assert list(found)[:1] == ["v1"]
    assert list(found)[-3:] == ["v902", "v1003", "plain"]
    assert found["v902"].version == "v902"


def test_a_file_whose_formula_says_another_version_is_refused(folder: Path) -> None:
    (folder / "v905.py").write_text(FORMULA.format(version="v1"))
    with pytest.raises(ValueError, match=r"v905\.py says that its version is 'v1'"):
        formula.discover(formula.__path__)


def test_an_unknown_formula_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(formula.UnknownFormula, match=r"no formula 'v0'; known: v1, .*plain"):
        formula.get("v0")


def test_a_golden_file_is_never_written_over_by_accident(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(golden, "GOLDEN", tmp_path)
    golden.write("plain", again=False)
    written = (tmp_path / "plain.json").read_text()
    with pytest.raises(FileExistsError, match="a released formula gives what it gave"):
        golden.write("plain", again=False)
    assert (tmp_path / "plain.json").read_text() == written
    assert written.count('"person":') >= 60

"""Formulas by version. A released one is frozen and held by a golden test; a better one is a new file beside it.

Every module v<number>.py in this folder that has a FORMULA is one; `plain` is the baseline to compare them with. What a
formula keeps apart from its sum can be switched on: "v1+youtube" is v1 in all else (SWITCHES).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules

from scoring.formula.base import Formula
from scoring.formula.pooled import Pooled

NUMBERED = re.compile(r"v([1-9][0-9]*)")
# What counters used to do: never the one that counts.
BASELINE = "plain"
# The one that tables are scored by unless another is named.
RELEASED = "v2"
# Behind a version, what its operator switched on: the network by its number, which then counts as others do.
SWITCHES: Mapping[str, int] = {"youtube": 5}
YOUTUBE = "youtube"


class UnknownFormula(ValueError):
    """No formula has that version."""


def discover(folders: Iterable[str]) -> dict[str, Formula]:
    """The formulas in `folders` by version: the numbered ones in order, then the baseline.

    Raises ValueError where a formula's version is not its file's name: scores are stored under one, found by the other.
    """
    numbers = {
        name: int(match[1]) for _, name, _ in iter_modules(folders) if (match := NUMBERED.fullmatch(name)) is not None
    }
    found: dict[str, Formula] = {}
    for name in [*sorted(numbers, key=numbers.__getitem__), BASELINE]:
        scorer = getattr(import_module(f"{__name__}.{name}"), "FORMULA", None)
        if scorer is None:
            continue
        if scorer.version != name:
            raise ValueError(f"the formula in {name}.py says that its version is {scorer.version!r}")
        found[name] = scorer
        found |= {variant.version: variant for variant in switched(scorer)}
    return found


def switched(scorer: Formula) -> Iterator[Pooled]:
    """`scorer` with each of the networks counted that it keeps apart from the sum and an operator may switch on."""
    if isinstance(scorer, Pooled):
        for name, network in SWITCHES.items():
            if scorer.network_weights.get(network) == 0:
                yield scorer.counting(network, version=f"{scorer.version}+{name}")


def is_switched(version: str) -> bool:
    """Whether the version is another one with something switched on, and has neither file nor golden file."""
    return "+" in version


def counting_apart(version: str, name: str = YOUTUBE) -> Formula | None:
    """The formula that is `version` with `name` counted too; None where that counts already, or cannot."""
    return VERSIONS.get(f"{version}+{name}")


VERSIONS: Mapping[str, Formula] = discover(__path__)


def get(version: str) -> Formula:
    """The formula called `version`. Raises UnknownFormula, which names those that there are."""
    try:
        return VERSIONS[version]
    except KeyError:
        raise UnknownFormula(f"there is no formula {version!r}; known: {', '.join(VERSIONS)}") from None

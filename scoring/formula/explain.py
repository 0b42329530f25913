"""Rolls the leaves of one score up into the tree that explains it, by part or by network, and prints it.

The tree only adds: its leaves are the formula's, and every node is the sum of its children.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from scoring.features import catalogue
from scoring.formula.base import PARTS, START, UPLOADED, Leaves, Node

# Leaves below this many points are shown as one.
SMALL = 0.05
PART_LABELS: Mapping[str, str] = {"reach": "Reach", "amplification": "Amplification", "network": "Network"}
SCORE_LABEL = "Score"
START_LABEL = "The point everybody starts with"
SMALL_LABEL = "Other small"
FROM_UPLOAD = ", from an upload"
LEVELS: Mapping[str, tuple[str, ...]] = {
    "part": ("part", "network", "account"),
    "network": ("network", "account", "part"),
}


@dataclass(frozen=True, slots=True)
class Names:
    """What to call things: accounts by number, networks by code; else the number, and the catalogue's label."""

    accounts: Mapping[int, str] = field(default_factory=dict)
    networks: Mapping[int, str] = field(default_factory=dict)

    def account(self, number: int) -> str:
        return self.accounts.get(number) or f"Account {number}"

    def network(self, code: int) -> str:
        known = catalogue.NETWORKS.get(catalogue.SLUGS.get(code, ""))
        return self.networks.get(code) or (known.label if known else f"Network {code}")

    def feature(self, code: int, column: str) -> tuple[str, str]:
        """Label and unit; a column that the catalogue does not know (any more) stands for itself."""
        measured = column.removesuffix(UPLOADED)
        feature = catalogue.BY_KEY.get((catalogue.SLUGS.get(code, ""), measured))
        label, unit = (feature.label, feature.unit) if feature else (measured.replace("_", " ").capitalize(), "")
        return (label if measured == column else label + FROM_UPLOAD, unit)


def tree(
    leaves: Leaves,
    *,
    by: str = "part",
    account_names: Mapping[int, str] | None = None,
    network_names: Mapping[int, str] | None = None,
) -> Node:
    """The tree of one entity's leaves, from the score by part, network and account, or by network, account and part.

    account_names: account -> what to call it; network_names: code -> label. Raises ValueError for another `by`, or
    where the leaves are of several entities.
    """
    if by not in LEVELS:
        raise ValueError(f"a score is rolled up by {' or '.join(LEVELS)}, not by {by!r}")
    if len(leaves) and (leaves.entity != leaves.entity[0]).any():
        raise ValueError("a tree explains one score; these are the leaves of several entities")
    names = Names(account_names or {}, network_names or {})
    columns = (leaves.network, leaves.account, leaves.part, leaves.feature, leaves.value, leaves.points)
    rows = [leaf(names, *row) for row in zip(*(column.tolist() for column in columns), strict=True)]
    score = Node("score", SCORE_LABEL, total(rows))
    return replace(score, children=children(score, rows, LEVELS[by], names))


def leaf(names: Names, network: int, account: int, part: str, feature: str, value: float, points: float) -> Node:
    if feature == START:
        return Node("start", START_LABEL, points, part=part, feature=feature)
    label, unit = names.feature(network, feature)
    return Node("feature", label, points, (), network, account, part, feature, value, unit)


def total(nodes: Iterable[Node]) -> float:
    return math.fsum(node.points for node in nodes)


def children(parent: Node, rows: Sequence[Node], levels: Sequence[str], names: Names) -> tuple[Node, ...]:
    """The nodes below `parent`, from the leaves below it; `levels` are those still to come."""
    if not levels:
        return folded(parent, rows)
    level, rest = levels[0], levels[1:]
    groups: dict[int | str, list[Node]] = {}
    begun: list[Node] = []
    for row in rows:
        # The point everybody starts with is of a part, but of no network and no account.
        if row.kind == "start" and level != "part":
            begun.append(row)
        else:
            groups.setdefault(getattr(row, level), []).append(row)
    nodes = [branch(parent, level, key, members, rest, names) for key, members in groups.items()]
    if level == "part":
        return tuple(sorted(nodes, key=lambda node: PARTS.index(node.part)))
    start = [Node("start", START_LABEL, total(begun), part=parent.part, feature=START)] if begun else []
    return (*start, *sorted(nodes, key=largest_first))


def branch(
    parent: Node, level: str, key: int | str, members: Sequence[Node], rest: Sequence[str], names: Names
) -> Node:
    above = replace(parent, kind=level, points=total(members), children=())
    if level == "part":
        part = str(key)
        node = replace(above, part=part, label=PART_LABELS[part])
    elif level == "network":
        node = replace(above, network=int(key), label=names.network(int(key)))
    else:
        node = replace(above, account=int(key), label=names.account(int(key)))
    return replace(node, children=children(node, members, rest, names))


def folded(parent: Node, rows: Sequence[Node]) -> tuple[Node, ...]:
    """Leaves, largest first; the small ones as one, so that they still add up."""
    shown = sorted((row for row in rows if row.points >= SMALL or row.kind == "start"), key=largest_first)
    small = [row for row in rows if row.points < SMALL and row.kind != "start"]
    if small:
        shown.append(replace(parent, kind="other", label=SMALL_LABEL, points=total(small), children=()))
    return tuple(shown)


def largest_first(node: Node) -> tuple[float, str, str]:
    return (-node.points, node.label, node.feature)


def render(node: Node) -> str:
    """The tree as text: a line for each node, indented, with its points."""
    lines = [(2 * depth * " " + text(row), f"{row.points:.2f}") for row, depth in walk(node)]
    left = max(len(label) for label, _ in lines)
    right = max(len(points) for _, points in lines)
    return "\n".join(f"{label:<{left}}  {points:>{right}}" for label, points in lines)


def text(node: Node) -> str:
    if node.value is None:
        return node.label
    return f"{node.label}: {amount(node.value)} {node.unit}".rstrip()


def amount(value: float) -> str:
    """A feature's value for reading: whole where it is large or whole, else with one digit that says something."""
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:,.1f}" if value >= 0.1 else f"{value:.2g}"


def walk(node: Node, depth: int = 0) -> Iterator[tuple[Node, int]]:
    yield node, depth
    for child in node.children:
        yield from walk(child, depth + 1)

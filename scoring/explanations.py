"""The stored leaves of a person's score, and what to call their accounts: for the page and the command."""

from __future__ import annotations

import numpy as np

from accounts.models import Account, Person
from accounts.naming import name_of
from accounts.networks import NETWORKS
from scoring.formula import explain
from scoring.formula.base import Leaves, Node
from scoring.models import Component


def current_leaves(person: Person) -> Leaves:
    """The leaves of `person`'s current score, as the newest run published them."""
    rows = list(
        Component.objects.filter(person=person)
        .order_by("network", "account", "part", "feature")
        .values_list("network", "account", "part", "feature", "value", "points")
    )
    network, account, part, feature, value, points = zip(*rows, strict=True) if rows else ([],) * 6
    return Leaves(
        entity=np.full(len(rows), person.pk, dtype=np.int64),
        network=np.array([NETWORKS[slug].spec.code if slug in NETWORKS else 0 for slug in network], dtype=np.int64),
        account=np.array(account, dtype=np.int64),
        part=np.array(part, dtype=np.str_),
        feature=np.array(feature, dtype=np.str_),
        value=np.array(value, dtype=np.float64),
        points=np.array(points, dtype=np.float64),
    )


def account_names(leaves: Leaves) -> dict[int, str]:
    """number -> what to call it, for every account in `leaves`."""
    accounts = Account.objects.in_bulk({number for number in leaves.account.tolist() if number})
    return {number: name_of(account) for number, account in accounts.items()}


def network_names() -> dict[int, str]:
    """code -> label of every network."""
    return {network.spec.code: network.spec.label for network in NETWORKS.values()}


def tree(leaves: Leaves, *, by: str) -> Node:
    """The tree of one score's leaves, with accounts and networks called by their names."""
    return explain.tree(leaves, by=by, account_names=account_names(leaves), network_names=network_names())

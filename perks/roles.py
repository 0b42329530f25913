"""What each role in a brand's team may do, as data; the brands' admin site asks here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping

from perks.models.brands import BrandMembership

Role = BrandMembership.Role

# Addresses are for those who send parcels, and for nobody else: an owner who wants to see them must take that role.
MAY: Mapping[str, frozenset[str]] = {
    "see": frozenset(Role.values),
    "edit": frozenset({Role.OWNER, Role.EDITOR}),
    "publish": frozenset({Role.OWNER, Role.EDITOR}),
    "codes": frozenset({Role.OWNER, Role.EDITOR}),
    "claims": frozenset({Role.OWNER, Role.EDITOR, Role.FULFILMENT}),
    "refund": frozenset({Role.OWNER, Role.FULFILMENT}),
    "answer": frozenset({Role.OWNER, Role.EDITOR, Role.FULFILMENT}),
    "addresses": frozenset({Role.FULFILMENT}),
    "counters": frozenset({Role.OWNER, Role.EDITOR}),
    "export": frozenset({Role.OWNER, Role.EDITOR, Role.VIEWER}),
    "team": frozenset({Role.OWNER}),
    "webhooks": frozenset({Role.OWNER}),
    "audit": frozenset({Role.OWNER, Role.EDITOR}),
}


def roles_that(may: str) -> frozenset[str]:
    """The roles that may do `may`. Raises KeyError for a word that is not in MAY."""
    return MAY[may]

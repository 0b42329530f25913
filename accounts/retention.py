"""What a network's terms let us keep for some days only (Spec.retain_days) is refreshed by reading, or removed here."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from accounts.networks import NETWORKS
from accounts.privacy import REGISTRY

# So much earlier than the network says: a day until the next purge, and a day until superseded files are gone.
MARGIN = timedelta(days=2)


def purge_due(*, at: datetime) -> dict[str, dict[str, int]]:
    """Remove what is kept too long, network by network: slug -> numbers by kind. Safe to run twice."""
    removed: dict[str, dict[str, int]] = {}
    for slug, network in NETWORKS.items():
        if network.spec.retain_days is None:
            continue
        before = at - timedelta(days=network.spec.retain_days) + MARGIN
        total: Counter[str] = Counter()
        for entry in REGISTRY.values():
            if entry.purge is not None:
                total.update(entry.purge(slug, before))
        removed[slug] = {kind: number for kind, number in total.items() if number}
    return removed

"""How many reactions accounts have received in all, in PostgreSQL and in the lake: for people's own copies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import Count

from scoring.log.erasure import erased_accounts
from scoring.log.lake import open_lake
from scoring.models import Interaction


def received(accounts: Sequence[int]) -> dict[tuple[int, int, int], int]:
    """(target, network, verb) -> number of reactions, for the targets `accounts`; who was erased does not count."""
    if not accounts:
        return {}
    numbers: Counter[tuple[int, int, int]] = Counter()
    newest = Interaction.objects.filter(target__in=accounts).values_list("target", "network", "verb")
    for target, network, verb, number in newest.annotate(number=Count("pk")):
        numbers[target, network, verb] += number
    lake, erased = open_lake(), erased_accounts()
    wanted = pc.field("target").isin(pa.array(accounts, type=pa.int64()))
    for day in lake.manifest().days.values():
        table = lake.read_table(day.file, columns=["target", "actor", "network", "verb"], filters=wanted)
        kept = table.filter(pa.array(~np.isin(table.column("actor").to_numpy(), erased)))
        for row in kept.group_by(["target", "network", "verb"]).aggregate([([], "count_all")]).to_pylist():
            numbers[row["target"], row["network"], row["verb"]] += row["count_all"]
    return dict(sorted(numbers.items()))

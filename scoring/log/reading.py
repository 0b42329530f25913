"""The whole log as of a day, ready for an engine; and a fingerprint that tells whether it has changed."""
# ruff: noqa: S608 (statements are put together from constants alone)

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pyarrow.dataset
from django.db import connection
from numpy.typing import NDArray

from accounts.networks.base import ORIGINS
from scoring import columns
from scoring.log.compaction import midnight
from scoring.log.days import SCHEMA, SELECT, TYPES, Columns
from scoring.log.erasure import erased_accounts
from scoring.log.lake import Lake, Manifest, open_lake

# What a person uploaded stands beside what others say, not in its place.
UPLOADED = ORIGINS["archive"]


class Snapshot(NamedTuple):
    """The log before a day, 00:00 UTC; fields as in scoring.engine.base.Inputs."""

    lake: list[str] | Any
    lake_days: list[date]
    newest: Columns
    relations: Columns
    counters: Columns
    totals: Columns
    erased: NDArray[np.int64]
    published: Columns


def snapshot(as_of: date) -> Snapshot:
    """What was known of everything before `as_of`.

    PostgreSQL is read before the lake's manifest: rows that move meanwhile are then in both, never in neither. The
    files stay for hours (scoring.log.lake.KEEP).
    """
    until = [midnight(as_of)]
    newest = columns.read(connection, f"SELECT {SELECT} FROM scoring_interaction WHERE occurred_at < %s", until, TYPES)
    relations = columns.read(
        connection,
        "SELECT target, actor, verb, network, origin FROM scoring_relation WHERE observed_at < %s",
        until,
        {"target": "int8", "actor": "int8", "verb": "int2", "network": "int2", "origin": "int2"},
    )
    counters = columns.read(
        connection,
        """
        SELECT DISTINCT ON (account, name, origin = %s) account, network, name::text, value, origin
        FROM scoring_counterreading
        WHERE observed_at < %s ORDER BY account, name, origin = %s, day DESC
        """,
        [UPLOADED, *until, UPLOADED],
        {"account": "int8", "network": "int2", "name": "text", "value": "int8", "origin": "int2"},
    )
    totals = columns.read(
        connection,
        """
        SELECT account, post, verb, total::int8, occurred_at, network, origin FROM scoring_posttotal
        WHERE occurred_at < %s
        """,
        until,
        {
            "account": "int8",
            "post": "int8",
            "verb": "int2",
            "total": "int8",
            "occurred_at": "timestamptz",
            "network": "int2",
            "origin": "int2",
        },
    )
    published = columns.read(
        connection,
        "SELECT account, post, posted_at AS occurred_at FROM scoring_post WHERE posted_at < %s",
        until,
        {"account": "int8", "post": "int8", "occurred_at": "timestamptz"},
    )
    lake = open_lake()
    manifest = lake.manifest()
    days = [day for day in sorted(manifest.days) if day < as_of.isoformat()]
    return Snapshot(
        lake=files(lake, manifest, days),
        lake_days=[date.fromisoformat(day) for day in days],
        newest=newest,
        relations=relations,
        counters=counters,
        totals=totals,
        erased=erased_accounts(),
        published=published,
    )


def files(lake: Lake, manifest: Manifest, days: list[str]) -> list[str] | Any:
    """Paths where the lake is a folder, else a dataset that an engine reads through pyarrow."""
    paths = [lake.path(manifest.days[day].file) for day in days]
    if lake.local or not paths:
        return paths
    return pyarrow.dataset.dataset(paths, schema=SCHEMA, filesystem=lake.filesystem, format="parquet")


# Rows and the sum of a hash over them, which no order changes.
HASHED = "SELECT count(*), coalesce(sum(hashtextextended(concat_ws(' ', {}), 0)::numeric), 0) FROM {} WHERE {} < %s"
PARTS = (
    HASHED.format("target, actor, verb, network, origin", "scoring_relation", "observed_at"),
    HASHED.format(
        "account, name, extract(epoch FROM observed_at), value, origin", "scoring_counterreading", "observed_at"
    ),
    HASHED.format(
        "account, post, verb, total, extract(epoch FROM occurred_at), origin", "scoring_posttotal", "occurred_at"
    ),
    HASHED.format("account, post, extract(epoch FROM posted_at)", "scoring_post", "posted_at"),
)
NEWEST = """
    SELECT count(*), coalesce(sum(
        ('x' || left(digits, 16))::bit(64)::bigint::numeric + ('x' || right(digits, 16))::bit(64)::bigint::numeric), 0)
    FROM (SELECT replace(key::text, '-', '') AS digits FROM scoring_interaction WHERE occurred_at < %s) AS newest
"""


def fingerprint(as_of: date) -> str:
    """64 hexadecimal digits that change when what counts before `as_of` does: rows by key, gauges, erasures.

    Moving rows to the lake is no change. (Who owns which account is not in the log, and not in here.)
    """
    until = [midnight(as_of)]
    with connection.cursor() as cursor:
        cursor.execute(NEWEST, until)
        rows, keys = cursor.fetchone()
        found: list[Any] = []
        for part in PARTS:
            cursor.execute(part, until)
            found += [str(value) for value in cursor.fetchone()]
    for day, item in open_lake().manifest().days.items():
        if day < as_of.isoformat():
            rows, keys = rows + item.rows, int(keys) + item.keys
    found += [rows, int(keys) % 2**64, hashlib.sha256(erased_accounts().tobytes()).hexdigest()]
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()

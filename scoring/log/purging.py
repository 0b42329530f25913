"""Forgetting what a network lets us keep for some days only: its API's rows, in PostgreSQL and in the lake.

When a row was stored is not kept. It cannot have been before it happened, nor before its account was linked: what is
older than that by both is removed. A post and its totals are told again with each reading while they are young.
"""
# ruff: noqa: S608 (statements are put together from constants alone)

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
from django.db import connection

from accounts.networks import BY_CODE
from accounts.networks.base import ORIGINS
from scoring import columns
from scoring.log.days import DAY, Columns, Int64, pick, read_day, write_day
from scoring.log.lake import DayFile, open_lake
from scoring.log.locks import moving, writing_lake

# Readings ask for the totals of posts of so many days, and so refresh them.
REFRESHED = timedelta(days=90)
API = ORIGINS["api"]

NEW = "SELECT account_id FROM accounts_linkedaccount WHERE linked_at >= %(before)s"
READ = """
    SELECT link.account_id FROM accounts_linkedaccount AS link
    JOIN accounts_cursor AS cursor ON cursor.link_id = link.id WHERE cursor.pulled_at >= %(before)s
"""
YOUNG = f"{{}} >= %(refreshed)s AND account IN ({READ})"
STATEMENTS = {
    "interactions": f"""
        DELETE FROM scoring_interaction WHERE network = %(code)s AND origin = %(api)s
        AND occurred_at < %(before)s AND target NOT IN ({NEW})
    """,
    "followers and other standing relations": """
        DELETE FROM scoring_relation WHERE network = %(code)s AND origin = %(api)s AND observed_at < %(before)s
    """,
    "counter readings": """
        DELETE FROM scoring_counterreading WHERE network = %(code)s AND origin = %(api)s AND observed_at < %(before)s
    """,
    "totals of posts": f"""
        DELETE FROM scoring_posttotal WHERE network = %(code)s AND origin = %(api)s AND occurred_at < %(before)s
        AND account NOT IN ({NEW}) AND NOT ({YOUNG.format("occurred_at")})
    """,
    # A post does not say where it came from: those of accounts that an API is asked about.
    "posts": f"""
        DELETE FROM scoring_post WHERE posted_at < %(before)s AND NOT ({YOUNG.format("posted_at")})
        AND account NOT IN ({NEW}) AND account IN (
            SELECT account.id FROM accounts_account AS account
            JOIN accounts_linkedaccount AS link ON link.account_id = account.id
            JOIN accounts_cursor AS cursor ON cursor.link_id = link.id
            WHERE account.network = %(slug)s
        )
    """,
}


def purge(network: int, before: datetime) -> dict[str, int]:
    """Delete what the API of `network` (its number in the log) told before `before`; returns numbers of rows by kind.

    Waits for another writer of the lake. Killed between the lake and PostgreSQL, it is done again the next time.
    """
    named: dict[str, int | str | datetime] = {
        "code": network,
        "slug": BY_CODE[network].spec.slug,
        "api": API,
        "before": before,
        "refreshed": before - REFRESHED,
    }
    removed = {}
    with writing_lake():
        in_lake = purge_lake(network, before)
        with moving(), connection.cursor() as cursor:
            for kind, statement in STATEMENTS.items():
                cursor.execute(statement, named)
                removed[kind] = cursor.rowcount
    removed["interactions"] += in_lake
    return removed


def purge_lake(network: int, before: datetime) -> int:
    """The same for the days in the lake, in one commit; returns the number of rows. For the writer of the lake."""
    new = columns.read(connection, NEW.replace("%(before)s", "%s"), [before], {"account": "int8"})["account"]
    end = round(before.timestamp() * 1_000_000)
    lake = open_lake()
    manifest = lake.manifest()
    days: dict[str, DayFile | None] = {}
    removed = 0
    for name, day in manifest.days.items():
        if np.datetime64(name, "D").astype(np.int64) * DAY >= end:
            continue
        table = lake.read_table(day.file, columns=["network", "origin"])
        if not ((table.column("network").to_numpy() == network) & (table.column("origin").to_numpy() == API)).any():
            continue
        rows = read_day(lake, day)
        gone = told_before(rows, network, end, new)
        if gone.any():
            removed += int(gone.sum())
            days[name] = write_day(lake, name, pick(rows, ~gone))
    if days:
        lake.commit(manifest.with_days(days))
    return removed


def told_before(rows: Columns, network: int, end: int, new: Int64) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which `rows` the API of `network` told before `end` (microseconds), those about the `new` accounts aside."""
    found: np.ndarray[tuple[int], np.dtype[np.bool_]] = (
        (rows["network"] == network)
        & (rows["origin"] == API)
        & (rows["occurred_at"] < end)
        & ~np.isin(rows["target"], new)
    )
    return found

"""How often a campaign was on a page: counted in the cache, and added to its day by a task.

A row per campaign and day would be waited for by every reader of a campaign that thousands look at. In the cache a page
costs one round trip, however many campaigns are on it. If the server ends while counts are added, those of a minute may
be lost; none is ever counted twice. Pages that robots ask for are not counted.
"""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from django.core.cache import cache
from django.db import connection, transaction
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

SHOWN, VIEWED = "shown", "viewed"
WAITING, TAKEN = "perks:pages", "perks:pages-taken"
# A number of our own, so that two tasks do not add the same counts.
LOCK = 0x6B6C70616765
# Of how programs that are no readers call themselves; each of the names is one of a large crawler or of a library.
ROBOT = re.compile(
    r"bot\b|bot/|crawl|spider|slurp|archiver|preview|facebookexternalhit|embedly|headless|lighthouse|monitor|"
    r"curl|wget|python|httpx|aiohttp|okhttp|go-http|java/|libwww|scrapy|node-fetch|axios",
    re.IGNORECASE,
)
ADD = """
    INSERT INTO perks_campaignday AS known
        (campaign_id, day, impressions, views, held, claimed, redeemed, posts, people, reactions)
    SELECT campaign.id, day, impressions, views, 0, 0, 0, 0, 0, 0
    FROM unnest(%s::bigint[], %s::date[], %s::bigint[], %s::bigint[]) AS new (number, day, impressions, views)
    JOIN perks_campaign AS campaign ON campaign.id = new.number
    ORDER BY campaign.id, day
    ON CONFLICT (campaign_id, day) DO UPDATE
    SET impressions = known.impressions + excluded.impressions, views = known.views + excluded.views
"""


def is_robot(agent: str | None) -> bool:
    """Whether a User-Agent header is a program's rather than a reader's; None: nobody asked for it."""
    return agent is not None and (not agent.strip() or ROBOT.search(agent) is not None)


def add(campaigns: Iterable[int], kind: str, at: datetime) -> None:
    """Count a page with `campaigns` on it (SHOWN, VIEWED). A cache that is away costs counts, never the page."""
    day = at.astimezone(UTC).date().isoformat()
    try:
        pipeline = _client().pipeline(transaction=False)
        for campaign in campaigns:
            pipeline.hincrby(cache.make_key(WAITING), f"{campaign}:{kind}:{day}", 1)
        pipeline.execute()
    except (RedisError, OSError):
        logger.warning("pages with perks were not counted: the cache does not answer")


def fold() -> int:
    """Add what was counted to the days; returns how many days of campaigns changed."""
    waiting, taken = cache.make_key(WAITING), cache.make_key(TAKEN)
    client = _client()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        # One that was left behind by a killed task comes first.
        if not client.exists(taken):
            if not client.exists(waiting):
                return 0
            client.rename(waiting, taken)
        days = _read(client.hgetall(taken))
        if days:
            keys = sorted(days)
            cursor.execute(
                ADD,
                [
                    [campaign for campaign, _ in keys],
                    [day for _, day in keys],
                    [days[key][SHOWN] for key in keys],
                    [days[key][VIEWED] for key in keys],
                ],
            )
        # Before the commit: what is added twice would be a lie, what is lost with a server is a minute.
        client.delete(taken)
    return len(days)


def _read(counts: dict[Any, Any]) -> dict[tuple[int, date], dict[str, int]]:
    """{(campaign, day): {kind: pages}} of the cache's own form."""
    days: dict[tuple[int, date], dict[str, int]] = defaultdict(lambda: {SHOWN: 0, VIEWED: 0})
    for name, number in counts.items():
        campaign, kind, day = (name.decode() if isinstance(name, bytes) else str(name)).split(":")
        days[int(campaign), date.fromisoformat(day)][kind] += int(number)
    return dict(days)


def _client() -> Any:
    """The server behind the cache; Django's own interface has no counters in groups."""
    return cache._cache.get_client(None, write=True)  # type: ignore[attr-defined]

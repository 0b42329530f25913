"""Which topic a +K was given in, from what the log keeps of it: its post is the number of the topic's slug."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.networks.klout import OWN
from scoring.models import Topic

# `scoring.collect.keys.post_number` in PostgreSQL.
NUMBER = "('x' || left(md5(%s || chr(31) || slug), 16))::bit(64)::bigint"


def by_post(posts: Iterable[int]) -> dict[int, Topic]:
    """The topic of each of these posts of network klout that is one; no query where there are none."""
    wanted = sorted(set(posts) - {0})
    if not wanted:
        return {}
    query = f"SELECT *, {NUMBER} AS number FROM scoring_topic WHERE {NUMBER} = ANY(%s)"  # noqa: S608 (our own text)
    found = Topic.objects.raw(query, [OWN, OWN, wanted])
    return {topic.number: topic for topic in found}  # type: ignore[attr-defined]

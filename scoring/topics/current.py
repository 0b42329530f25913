"""The vocabulary of this process, built from the tables once, and anew where topics have changed since.

Whether they have is asked at most once in EVERY seconds of the process's own clock.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import defaultdict

from django.db import connection

from scoring.models import MisleadingWords, Topic
from scoring.topics import vocabulary as words
from scoring.topics.tree import folded_into, listed

EVERY = 60.0
_lock = threading.Lock()
_kept: dict[str, tuple[str, float, words.Vocabulary]] = {}


def vocabulary(*, fresh: bool = False) -> words.Vocabulary:
    """What topics are called now. fresh: ask the tables whether anything has changed, however shortly ago that was."""
    name = str(connection.settings_dict["NAME"])
    with _lock:
        kept = _kept.get(name)
        now = time.monotonic()
        if kept and not fresh and now - kept[1] < EVERY:
            return kept[2]
        state = _state()
        known = kept[2] if kept and kept[0] == state else read()
        _kept[name] = (state, now, known)
        return known


def forget() -> None:
    """Read the tables when next asked: topics, names or misleading words have changed."""
    with _lock:
        _kept.clear()


def read() -> words.Vocabulary:
    """The vocabulary of the tables as they are; four queries."""
    topics = [
        words.TopicRow(number, slug, name, names)
        for number, slug, name, names in listed().order_by("pk").values_list("pk", "slug", "name", "names")
    ]
    known = {topic.number for topic in topics}
    parents: dict[int, list[int]] = defaultdict(list)
    pairs = Topic.parents.through.objects.order_by("pk").values_list("from_topic_id", "to_topic_id")
    for below, above in pairs:
        if below in known and above in known:
            parents[below].append(above)
    misleading = MisleadingWords.objects.values_list("topic_id", "words")
    # Topics that another one stands for lend it their names.
    folded = Topic.objects.exclude(pk__in=listed().values("pk")).only("slug", "name", "external_id")
    also = [(slug, topic.name) for topic in folded if (slug := folded_into(topic))]
    return words.build(topics, parents, misleading, also)


def _state() -> str:
    """Something that is another where topics, their names, what they lie under or misleading words are."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT
                (SELECT count(*) || ':' || coalesce(sum(hashtextextended(slug || name || names::text, id)), 0)
                 FROM scoring_topic),
                (SELECT count(*) || ':' || coalesce(sum(hashtextextended(to_topic_id::text, from_topic_id)), 0)
                 FROM scoring_topic_parents),
                (SELECT count(*) || ':' || coalesce(sum(hashtextextended(words, topic_id)), 0)
                 FROM scoring_misleadingwords)
            """
        )
        return hashlib.sha256(repr(cursor.fetchone()).encode()).hexdigest()

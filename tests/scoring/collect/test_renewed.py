"""What a network lets us keep for some days is as young as its last reading: nobody vanishes between two."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accounts import retention
from accounts.models import Person
from accounts.networks import NETWORKS
from accounts.networks.base import Interaction, Spec
from scoring import log
from scoring.collect.merging import merge
from scoring.collect.staging import Staging
from scoring.collect.summary import Summary
from scoring.models import Relation
from tests.accounts.conftest import link

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def subscribed(spec: Spec, target: str, at: datetime, *, origin: str = "api") -> None:
    with Staging(spec=spec, origin=origin, at=at) as staging:
        assert not staging.record(target, Interaction("follow", "UC9", None, observed_at=None))
        merge(staging, Summary(spec.slug))


def test_a_subscriber_who_is_told_of_every_day_is_never_missing(alice: Person, lake: object) -> None:
    link(alice, network="google", external_id="UC1", handle="alice")
    spec = NETWORKS["google"].spec
    for days in range(60):
        now = AT + days * DAY
        subscribed(spec, "UC1", now)
        retention.purge_due(at=now + timedelta(hours=3))
        # From the day after the first reading on, each day's score knows of them, before and after the day's reading.
        for as_of in ((now + DAY).date(), *([now.date()] if days else [])):
            assert len(log.snapshot(as_of).relations["target"]) == 1, f"{days} days on"
    # Who is told of no more is gone in time.
    retention.purge_due(at=AT + (59 + 30) * DAY)
    assert not Relation.objects.exists()


def test_elsewhere_a_follower_counts_from_when_they_were_seen_first(alice: Person) -> None:
    link(alice, network="mastodon", external_id="alice@example.org", handle="alice@example.org")
    spec = NETWORKS["mastodon"].spec
    for days in (0, 40):
        with Staging(spec=spec, origin="api", at=AT + days * DAY) as staging:
            staging.record("alice@example.org", Interaction("follow", "bob@example.org", None))
            merge(staging, Summary(spec.slug))
    assert Relation.objects.get().observed_at == AT

"""A worker that takes from all queues: what is awaited comes first, and no network's backlog holds up another's."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from kombu import Consumer

from accounts.networks import NETWORKS
from klout.celery import app
from scoring import tasks

MANY = 12


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A connection of the worker's own kind, with queues that nobody else sees."""
    prefix = f"test-{uuid.uuid4().hex}-"
    with (
        app.connection_for_write(transport_options={"global_keyprefix": prefix}) as broker,
        app.amqp.Producer(broker) as producer,
    ):

        @contextmanager
        def ours(given: object = None) -> Iterator[Any]:
            yield producer

        monkeypatch.setattr(app, "producer_or_acquire", ours)
        yield broker
        client = broker.default_channel.client
        for key in client.keys("*"):
            client.delete(key.decode().removeprefix(prefix))


def taken(broker: Any, number: int) -> list[tuple[str, int]]:
    """The first `number` tasks that a worker with one process takes from all queues: (queue, cursor)."""
    found: list[tuple[str, int]] = []

    def take(body: Any, message: Any) -> None:
        found.append((message.delivery_info["routing_key"], body[0][0]))
        message.ack()

    with broker.clone() as connection, connection.channel() as channel:
        channel.basic_qos(0, 1, False)
        with Consumer(channel, queues=list(app.amqp.queues.values()), callbacks=[take], accept=["json"]):
            while len(found) < number:
                try:
                    connection.drain_events(timeout=2)
                except TimeoutError:
                    break
    return found


def test_a_slow_networks_backlog_holds_up_no_other(broker: Any) -> None:
    backlog = [(number, "bluesky") for number in range(MANY)]
    tasks.queue_pulls([*backlog, (100, "github"), (200, "google")], priority=tasks.DUE)
    first = taken(broker, 6)
    assert {("pull.github", 100), ("pull.google", 200)} <= set(first)
    assert [number for queue, number in first if queue == "pull.bluesky"] == [0, 1, 2, 3]


def test_what_somebody_waits_for_comes_before_what_is_due(broker: Any) -> None:
    tasks.queue_pulls([(number, "mastodon") for number in range(MANY)], priority=tasks.DUE)
    tasks.queue_pulls([(100, "mastodon")], priority=tasks.AWAITED)
    assert taken(broker, 2)[0] == ("pull.mastodon", 100)


def test_a_queue_that_is_full_is_left_alone(broker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "FULL", MANY)
    tasks.queue_pulls([(number, "mastodon") for number in range(MANY - 1)], priority=tasks.DUE)
    assert tasks.full_queues(broker) == []
    tasks.queue_pulls([(MANY, "mastodon")], priority=tasks.AWAITED)
    assert tasks.full_queues(broker) == ["mastodon"]


def test_a_worker_takes_from_every_networks_queue() -> None:
    assert {"celery", *(f"pull.{slug}" for slug in NETWORKS)} <= set(app.amqp.queues)

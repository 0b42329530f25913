"""A real worker, killed while it reads: what it had stored stays, and who comes after it loses and doubles nothing."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import psutil
import pytest
from django.conf import settings as django_settings
from django.db import connection, connections

from accounts import linking
from accounts.models import Cursor, LinkedAccount, Membership, Person, User
from accounts.networks import NETWORKS
from accounts.networks.base import Owner
from accounts.networks.oauth import Tokens
from klout.celery import app
from klout.processes import wait_until
from scoring import tasks
from scoring.collect import pulling, schedule
from scoring.models import Interaction
from tests.conftest import ROOT
from tests.fakes.loopback import Asked, Reply
from tests.fakes.mastodon import TOKEN, FakeMastodon
from tests.scoring.processes import PRELUDE

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER, PAGE = 120, 10

WORKER = """
from accounts.networks import mastodon
from klout.celery import app

mastodon.PAGE = int(sys.argv[1])
app.conf.broker_transport_options |= {"global_keyprefix": sys.argv[2]}
words = "--queues pull.mastodon --concurrency 1 --without-gossip --without-mingle --without-heartbeat --loglevel INFO"
app.worker_main(["worker", *words.split()])
"""


class Server(FakeMastodon):
    """Calls `asked_for(min_id)` when a page of notifications is asked for, before it answers."""

    asked_for: Callable[[int], None] = staticmethod(lambda page: None)

    def route(self, asked: Asked) -> Reply:
        if asked.path == "/api/v1/notifications":
            self.asked_for(int(asked.param("min_id", "0")))
        return super().route(asked)


@pytest.fixture
def server(settings) -> Iterator[Server]:
    with Server() as fake:
        settings.NETWORK_PRIVATE_HOSTS = [fake.host]
        fake.notify_many(NUMBER, datetime.now(UTC) - timedelta(days=3))
        fake.remaining = 10_000
        yield fake


@pytest.fixture
def cursor(server: Server) -> Cursor:
    """How far Alice's notifications are read; nothing else of hers is due."""
    person = Person.objects.create(handle="Alice")
    user = User.objects.create_user("alice@example.com", "a long pass phrase")
    Membership.objects.create(user=user, person=person)
    address = f"alice@{server.host}"
    linking.link_account(
        person=person,
        spec=NETWORKS["mastodon"].spec,
        owner=Owner(address, address),
        proof=LinkedAccount.Proof.NETWORK,
        at=datetime.now(UTC) - timedelta(hours=1),
        server=server.url,
        tokens=Tokens(TOKEN),
    )
    Cursor.objects.exclude(stream="notifications").delete()
    return Cursor.objects.get()


@pytest.fixture
def prefix() -> str:
    """Queues of the test's own, whatever else the broker holds."""
    return f"test-{uuid.uuid4().hex}-"


@pytest.fixture
def queue(prefix: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], int]]:
    """queue() is a round of the beat in which everything is due again whose worker was lost; how many were queued."""
    options = {"global_keyprefix": prefix}
    with app.connection_for_write(transport_options=options) as broker, app.amqp.Producer(broker) as producer:

        @contextmanager
        def ours(given: object = None) -> Iterator[object]:
            yield producer

        monkeypatch.setattr(app, "producer_or_acquire", ours)

        rounds = itertools.count(1)

        def round() -> int:
            claimed = schedule.claim(at=datetime.now(UTC) + next(rounds) * 2 * schedule.LOST)
            tasks.queue_pulls(claimed, priority=tasks.DUE)
            return len(claimed)

        yield round
        client = broker.default_channel.client
        for key in client.keys("*"):
            client.delete(key.decode().removeprefix(prefix))


class Worker:
    def __init__(self, prefix: str) -> None:
        database = {key: connection.settings_dict[key] for key in ("NAME", "HOST", "PORT", "USER", "PASSWORD")}
        given = json.dumps({"database": database, "lake": django_settings.LAKE})
        own = {"TEST_PROCESS": given, "DJANGO_SETTINGS_MODULE": "klout.settings"}
        own["NETWORK_PRIVATE_HOSTS"] = ",".join(django_settings.NETWORK_PRIVATE_HOSTS)
        self.process = subprocess.Popen(
            [sys.executable, "-c", PRELUDE + WORKER, str(PAGE), prefix],
            cwd=ROOT,
            env=os.environ | own,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def kill(self) -> None:
        """All of it, at once: no farewell to the broker or the database."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        _, self.said = self.process.communicate(timeout=10)

    def kill_reader(self) -> None:
        """Only the process that reads; the one that watches over it lives on."""
        (reader,) = psutil.Process(self.process.pid).children()
        reader.kill()


@pytest.fixture
def work(prefix: str) -> Iterator[Callable[[], Worker]]:
    workers: list[Worker] = []

    def start() -> Worker:
        workers.append(Worker(prefix))
        return workers[-1]

    yield start
    for worker in workers:
        worker.kill()


def stored() -> int:
    return Interaction.objects.count()


def locked(kind: str, number: int) -> bool:
    """Whether anybody holds an advisory lock of this class, or waits for a row's."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = %s AND granted = %s AND (%s = 0 OR classid = %s)"
            " AND (database IS NULL OR database = (SELECT oid FROM pg_database WHERE datname = current_database()))",
            [kind, number != 0, number, number],
        )
        return bool(cursor.fetchone()[0])


def test_a_worker_killed_at_any_point_loses_and_doubles_nothing(server, cursor, queue, work) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def stop_at(page: int) -> None:
        """Hold back the answer to the request after `page` notifications."""
        reached.clear()
        go_on.clear()

        def asked_for(number: int) -> None:
            if number == page:
                reached.set()
                go_on.wait(20)

        server.asked_for = asked_for

    def freed() -> bool:
        return wait_until(lambda: not locked("advisory", pulling.LOCK), seconds=10, every=0.02)

    # Killed while it waits for an answer, between one page's commit and the next.
    stop_at(30)
    assert queue() == 1
    first = work()
    assert reached.wait(20), first.kill() or first.said
    first.kill()
    go_on.set()
    assert freed()
    assert stored() == 30
    cursor.refresh_from_db()
    assert cursor.value["min_id"] == "30"

    # Killed within a page's transaction: its rows are in, the cursor after them is about to be.
    server.asked_for = lambda page: None
    assert queue() == 1
    other = connections["default"].copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as rows:
            rows.execute("SELECT FROM accounts_cursor WHERE id = %s FOR UPDATE", [cursor.pk])
        second = work()
        assert wait_until(lambda: locked("transactionid", 0), seconds=20, every=0.02), second.kill() or second.said
        second.kill()
    finally:
        other.rollback()
        other.close()
    assert freed()
    assert stored() == 30, "a page without its cursor must not stay"

    # Only the reading process is killed: its worker gives the task to another by itself.
    stop_at(70)
    assert queue() == 1
    third = work()
    assert reached.wait(20), third.kill() or third.said
    assert stored() == 70
    server.asked_for = lambda page: None
    third.kill_reader()
    go_on.set()

    def read() -> bool:
        cursor.refresh_from_db()
        return cursor.pulled_at is not None

    # Where the dead reader's lock was still held, it is the next round that goes on.
    if not wait_until(read, seconds=4, every=0.05):
        queue()
    assert wait_until(read, seconds=20, every=0.05), third.kill() or third.said
    assert stored() == NUMBER
    assert cursor.value["min_id"] == str(NUMBER)
    assert cursor.due_at > datetime.now(UTC) + timedelta(hours=11)
    assert (cursor.queued_at, cursor.failures, cursor.error) == (None, 0, "")
    third.kill()
    assert TOKEN not in third.said

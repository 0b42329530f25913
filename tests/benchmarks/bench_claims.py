"""Claims per second on one hot campaign, beside what the same machine can do at most, in one run.

    python -m tests.benchmarks.bench_claims [--requests 3000] [--clients 64] [--workers 2]

In a database of its own (made for this run and dropped after it, on DATABASE_URL's server or the built-in one), with
the web server that `manage.py up` starts. Every request is of another member, who is logged in and sends the form with
its CSRF token. Each line has the same number of requests and clients:

    empty view        a view that does nothing, through the same middleware: what the HTTP stack can answer
    perk_claim        the whole way: the form, who is eligible, rate limits, the hold
    claims.hold       the flow alone, by threads in this process
    the statement     its SQL alone, by psycopg, prepared, by the same threads
    row locks         the same by select_for_update of campaign and variant, reading and inserting, by the same threads

The clients are one other process; what it takes of the two cores is told beside (cores). The empty view and perk_claim
take turns, so that what else the machine does meets both. Both get the same form, cookies and connections that stay.
Afterwards the counts are compared with the rows; and once more with a stock that runs out: nothing is sold twice.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from tests.benchmarks.claims_crowd import Run, fill, request, send

NAME = f"bench_claims_{os.getpid()}"
GOAL_SHARE, GOAL_P99 = 0.5, 300.0
# Before anything is measured, so many of each; then the two take turns.
WARM, TURNS = 400, 6


@contextmanager
def server(workers: int) -> Iterator[int]:
    """The web server as `manage.py up` starts it, on a free port; ended afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.benchmarks.claims_settings",
        "BENCH_DATABASE": NAME,
        "LOG_LEVEL": "ERROR",
    }
    options = ["--host", "127.0.0.1", "--port", str(port), "--workers", str(workers), "--blocking-threads", "1"]
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", *options, "--no-ws", "klout.wsgi:application"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        for _ in range(300):
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        time.sleep(1)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


def by_threads(attempts: list[Callable[[], Any]], clients: int) -> Run:
    """All `attempts` by so many threads, each of which keeps a connection."""
    from django.db import connection, connections

    run, left, lock = Run(), iter(attempts), threading.Lock()
    ready = threading.Barrier(clients + 1)

    def one() -> None:
        connection.ensure_connection()
        ready.wait()
        try:
            while True:
                with lock:
                    attempt = next(left, None)
                if attempt is None:
                    return
                began = time.perf_counter()
                try:
                    answer = type(attempt()).__name__
                except Exception as error:
                    answer = type(error).__name__
                run.times.append(time.perf_counter() - began)
                run.answers[answer] += 1
        finally:
            connections.close_all()

    with ThreadPoolExecutor(clients) as pool:
        futures = [pool.submit(one) for _ in range(clients)]
        ready.wait()
        began = time.perf_counter()
        for future in futures:
            future.result()
        run.seconds = time.perf_counter() - began
    return run


def show(name: str, run: Run) -> None:
    times = sorted(time * 1000 for time in run.times)
    p99 = statistics.quantiles(times, n=100)[-1]
    answers = ", ".join(f"{number} {kind}" for kind, number in run.answers.most_common())
    cores = f"{run.cores:8.2f}" if run.cores else " " * 8
    numbers = f"{run.per_second:9.0f}{statistics.median(times):10.1f}{p99:10.1f}{cores}"
    print(f"    {name:<34}{numbers}   {answers}", flush=True)


def forms(campaign: Any, number: int) -> list[dict[str, str]]:
    variant, terms = campaign.variants.get().pk, campaign.terms.pk
    common = {"terms": str(terms), "variant": str(variant), "accept": "on", "disclose": "on"}
    return [common | {"key": f"bench-{campaign.pk}-{i}"} for i in range(number)]


def flow(campaign: Any, people: list[Any]) -> list[Callable[[], Any]]:
    """perks.claims.hold for each, with everything read before."""
    from tests.perks.racing import holder

    variant, terms = campaign.variants.get(), campaign.terms
    return [holder(campaign, person, variant=variant, terms=terms, user=None) for person in people]


def statement(campaign: Any, people: list[Any]) -> list[Callable[[], Any]]:
    """The statement of a hold, as psycopg sends it when the server has it prepared; nothing else."""
    from django.db import connection

    from perks.claims import holding, statements
    from tests.perks.taking import Qualifies

    variant, terms, now = campaign.variants.get(), campaign.terms, {"version": 1, "event": "held"}
    local = threading.local()

    def attempt(person: Any) -> Callable[[], Any]:
        values = holding._values(
            campaign=campaign,
            variant=variant,
            person=person,
            user=None,
            key=uuid.uuid4().hex,
            source="window",
            lasting=holding.HOLD,
            qualified=Qualifies(),
            at=None,
        )
        values |= now | {"terms": terms.pk, "states": ["live"], "network_hint": "", "device_hint": ""}

        def run() -> Any:
            if not hasattr(local, "cursor"):
                import psycopg

                connection.connection.prepare_threshold = 0
                local.cursor = psycopg.Cursor(connection.connection)
            for _try in range(8):
                try:
                    return local.cursor.execute(statements.HOLD, values).fetchone()
                except psycopg_faster():
                    continue
            raise RuntimeError

        return run

    return [attempt(person) for person in people]


def psycopg_faster() -> Any:
    from psycopg import errors

    return errors.SerializationFailure


def row_locks(campaign: Any, people: list[Any]) -> list[Callable[[], Any]]:
    """As it is mostly done: both rows locked, everything read under the locks, then written."""
    from datetime import timedelta

    from django.db import transaction
    from django.utils import timezone

    from perks.errors import AlreadyClaimed, NotOpen, SoldOut
    from perks.models import Campaign, Claim, ClaimEvent, Variant

    variant, terms = campaign.variants.get(), campaign.terms

    def attempt(person: Any) -> Callable[[], Any]:
        def run() -> Any:
            with transaction.atomic():
                now = timezone.now()
                row = Campaign.objects.select_for_update(of=("self",)).select_related("brand").get(pk=campaign.pk)
                item = Variant.objects.select_for_update().get(pk=variant.pk)
                window = row.windows.filter(opens_at__lte=now, closes_at__gt=now).first()
                if row.state != "live" or row.brand.suspended or window is None:
                    raise NotOpen
                if item.left < 1 or item.waiting:
                    raise SoldOut
                if Claim.objects.filter(campaign=row, person=person, state__in=Claim.ACTIVE).exists():
                    raise AlreadyClaimed
                claim = Claim.objects.create(
                    campaign=row,
                    variant=item,
                    window=window,
                    person=person,
                    ordinal=1,
                    allowed=1,
                    key=uuid.uuid4().hex,
                    held_at=now,
                    expires_at=now + timedelta(minutes=10),
                    score=50.0,
                    percentile=80.0,
                    formula="v1",
                    terms=terms,
                    accepted_at=now,
                )
                ClaimEvent.objects.create(claim=claim, kind="held", at=now)
                item.held += 1
                item.save(update_fields=["held"])
                return claim

        return run

    return [attempt(person) for person in people]


def measure(number: int, clients: int, workers: int) -> None:
    from django.db import connection

    from accounts.models import Person
    from perks import claims
    from perks.models import Claim
    from tests.perks.campaigns import make_campaign

    print(f"    {number:,} requests of as many members, {clients} clients, {workers} workers", flush=True)
    sessions = fill(number)
    people = list(Person.objects.order_by("pk"))
    campaigns = [make_campaign(stock=number, kind="shipped", value="20.00", minimum_score=40) for _ in range(4)]
    warming = make_campaign(stock=number, kind="shipped", value="20.00", minimum_score=40)
    rare = make_campaign(stock=number // 10, kind="shipped", value="20.00", minimum_score=40)
    connection.close()
    print(f"    {'':<34}{'a second':>9}{'p50 ms':>10}{'p99 ms':>10}{'cores':>8}")
    spawned = multiprocessing.get_context("spawn")
    with server(workers) as port, ProcessPoolExecutor(1, mp_context=spawned) as apart:

        def ask(campaign: Any, path: str, since: int, until: int) -> Run:
            posted = forms(campaign, until)
            texts = [request(port, path, sessions[i], posted[i]) for i in range(since, until)]
            return apart.submit(send, port, texts, clients).result()

        path = f"/perks/{campaigns[0].pk}/claim"
        for warm in ("/benchmark/empty", f"/perks/{warming.pk}/claim"):
            ask(warming, warm, 0, WARM)
        bare, whole, turn = Run(), Run(), -(-number // TURNS)
        for since in range(0, number, turn):
            until = min(since + turn, number)
            bare.add(ask(campaigns[0], "/benchmark/empty", since, until))
            whole.add(ask(campaigns[0], path, since, until))
        show("empty view, logged in, POST", bare)
        show("perk_claim, whole", whole)
        scarce = ask(rare, f"/perks/{rare.pk}/claim", 0, number)
        show(f"perk_claim, {number // 10} for {number}", scarce)
    assert whole.answers["302"] == number, whole.answers
    assert scarce.answers["302"] == number // 10, scarce.answers
    lines = [("claims.hold, by threads", flow), ("the statement, by threads", statement), ("row locks", row_locks)]
    for campaign, (name, attempts) in zip(campaigns[1:], lines, strict=True):
        show(name, by_threads(attempts(campaign, people), clients))
    for campaign in campaigns:
        assert Claim.objects.filter(campaign=campaign, state="held").count() == number
    assert Claim.objects.filter(campaign=rare, state="held").count() == number // 10
    assert list(claims.differences()) == []
    share, p99 = whole.per_second / bare.per_second, statistics.quantiles(whole.times, n=100)[-1] * 1000
    print("    nothing was sold twice: counts and rows agree")
    print(
        f"    perk_claim answers {share:.0%} of what the empty view does (goal: at least {GOAL_SHARE:.0%}), "
        f"p99 {p99:.0f} ms (goal: under {GOAL_P99:.0f} ms)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=3000)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "klout.settings")
    import django
    from django.conf import settings
    from django.test.utils import setup_databases, teardown_databases

    django.setup()
    settings.DATABASES["default"]["TEST"]["NAME"] = NAME
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        measure(options.requests, options.clients, options.workers)
    finally:
        teardown_databases(databases, verbosity=0)
    print(f"    {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()

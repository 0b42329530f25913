"""A crowd that claims: members with sessions and scores, and clients that send what a browser sends."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlencode

CSRF = "q" * 32


@dataclass
class Run:
    """Seconds of each answer, how many of each kind, seconds in all, and of the processor for the clients alone."""

    times: list[float] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    of_clients: float = 0.0

    def add(self, other: Run) -> None:
        self.times += other.times
        self.answers += other.answers
        self.seconds += other.seconds
        self.of_clients += other.of_clients

    @property
    def cores(self) -> float:
        return self.of_clients / self.seconds

    @property
    def per_second(self) -> float:
        return len(self.times) / self.seconds


def fill(members: int) -> list[str]:
    """Members with a published score each, and a session; the values of their session cookies."""
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session
    from django.db import connection
    from django.utils import timezone

    from accounts.models import Membership, Person, User
    from scoring.models import Score, ScoreRun

    now = timezone.now()
    users = User.objects.bulk_create(User(email=f"m{i}@example.org", password=f"!{i}") for i in range(members))
    people = Person.objects.bulk_create(
        Person(handle=f"member{i}", name=f"Member {i}", birth_year=1980) for i in range(members)
    )
    Membership.objects.bulk_create(Membership(user=u, person=p) for u, p in zip(users, people, strict=True))
    run = ScoreRun.objects.create(
        as_of=now.date(), formula="v1", state="done", stage="award", counts={"persons": members, "population": members}
    )
    Score.objects.bulk_create(
        Score(
            person=person,
            run=run,
            score=55,
            reach=30,
            amplification=15,
            network_part=10,
            percentile=88,
            confidence="fair",
            formula="v1",
            as_of=now.date(),
        )
        for person in people
    )
    store, backend = SessionStore(), "allauth.account.auth_backends.AuthenticationBackend"
    sessions = []
    for i, user in enumerate(users):
        data = {
            "_auth_user_id": str(user.pk),
            "_auth_user_backend": backend,
            "_auth_user_hash": user.get_session_auth_hash(),
        }
        sessions.append(
            Session(session_key=f"bench{i:027d}", session_data=store.encode(data), expire_date=now + timedelta(days=1))
        )
    Session.objects.bulk_create(sessions)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return [session.session_key for session in sessions]


def request(port: int, path: str, session: str, form: dict[str, str]) -> bytes:
    """A form as a browser sends it, on a connection that is kept."""
    body = urlencode({"csrfmiddlewaretoken": CSRF, **form}).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: klout_session={session}; klout_csrf={CSRF}\r\n"
        f"User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept-Language: en\r\nOrigin: http://127.0.0.1:{port}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def send(port: int, requests: Sequence[bytes], clients: int) -> Run:
    """All `requests`, by so many clients at once, each of which waits for its answer before it sends the next."""
    run, left = Run(), iter(requests)

    async def everybody() -> None:
        connected = [await asyncio.open_connection("127.0.0.1", port) for _ in range(clients)]
        began, worked = time.perf_counter(), time.process_time()
        await asyncio.gather(*(client(reader, writer, left, run) for reader, writer in connected))
        run.seconds, run.of_clients = time.perf_counter() - began, time.process_time() - worked
        for _reader, writer in connected:
            writer.close()

    asyncio.run(everybody())
    return run


async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, left: Iterator[bytes], run: Run) -> None:
    for text in left:
        began = time.perf_counter()
        writer.write(text)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
        if length:
            await reader.readexactly(int(length))
        run.times.append(time.perf_counter() - began)
        run.answers[head.split(b" ", 2)[1].decode()] += 1

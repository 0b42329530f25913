"""Runs the whole system in the foreground: servers first, then web, worker and beat, until asked to end or one dies."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from klout import embedded
from klout.processes import EmbeddedError, alive, lock, prepared_var, wait_until
from klout.supervisor import Supervisor


class CannotStart(Exception):
    """The system cannot be started, or one of its processes ended; the message says which and what to do."""


class Asked(BaseException):
    """Somebody asked the system to end (Ctrl-C or a signal)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run. `environment` is that of the children; `hostname` is what requests to ourselves call us."""

    folder: Path
    var: Path
    host: str
    port: int
    workers: int
    environment: Mapping[str, str]
    hostname: str
    built_in_database: bool
    built_in_broker: bool

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{self.port}"


def check_port(host: str, port: int) -> None:
    """Raise CannotStart where something listens there already."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except (OSError, OverflowError) as error:
            raise CannotStart(
                f"Port {port} of {host} cannot be used ({error}). End what uses it, or choose another with --port."
            ) from error


@contextmanager
def alone(var: Path, about: Mapping[str, Any]) -> Iterator[int]:
    """Be the only `up` of this state; yields the lock's file descriptor. `down` finds us by what is written there."""
    prepared_var(var)
    path = var / "up.lock"
    try:
        # One that was killed leaves the lock with its watchdog, which is about to finish.
        with lock(path, wait=0 if owner(var) else 30) as descriptor:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps({"pid": os.getpid(), **about}).encode(), 0)
            try:
                yield descriptor
            finally:
                os.ftruncate(descriptor, 0)
    except BlockingIOError as error:
        found = owner(var)
        raise CannotStart(
            f"This system is running already (process {found['pid']}, {found['url']}). "
            "End it with Ctrl-C there or `manage.py down`, or set KLOUT_VAR to run another beside it."
            if found
            else f"Another process holds {path}; try again in a moment."
        ) from error


def owner(var: Path) -> dict[str, Any] | None:
    """Process and address of the `up` that runs on this state; None without one."""
    path = var / "up.lock"
    try:
        found: dict[str, Any] = json.loads(path.read_text())
        if not alive(found["pid"]):
            return None
        with lock(path, wait=0):
            return None
    except BlockingIOError:
        return found
    except (OSError, ValueError, KeyError, TypeError):
        return None


def end(var: Path) -> bool:
    """Ask a running `up` to end and wait until it did; False without one."""
    found = owner(var)
    if found is None:
        return False
    for number, seconds in ((signal.SIGTERM, 60), (signal.SIGKILL, 60)):
        with suppress(ProcessLookupError):
            os.kill(found["pid"], number)
        if wait_until(lambda: owner(var) is None, seconds=seconds, every=0.1) and _released(var):
            return True
    raise EmbeddedError(f"The system (process {found['pid']}) does not end.")


def _released(var: Path) -> bool:
    with suppress(BlockingIOError), lock(var / "up.lock", wait=60):
        return True
    return False


def commands(plan: Plan) -> dict[str, list[str]]:
    """The children by name. `-m` from the project's folder: an installed package may also be called klout."""
    web = ["--interface", "wsgi", "--host", plan.host, "--port", str(plan.port), "--workers", str(plan.workers)]
    worker = ["worker", "--concurrency", "2", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
    return {
        "web": [sys.executable, "-m", "granian", *web, "--blocking-threads", "1", "--no-ws", "klout.wsgi:application"],
        "worker": [sys.executable, "-m", "celery", "--quiet", "--app", "klout", *worker],
        "beat": [
            sys.executable,
            "-m",
            "celery",
            "--quiet",
            "--app",
            "klout",
            "beat",
            "--loglevel",
            "INFO",
            "--pidfile=",
        ],
    }


def run(
    plan: Plan,
    *,
    descriptor: int,
    prepare: Callable[[], None],
    worker_answers: Callable[[], bool],
    started: Callable[[], None],
    say: Callable[[str, str], None],
) -> None:
    """Call `prepare` (servers, migrations, files), start the children, call `started` when all serve, and stay.

    Returns after Ctrl-C, SIGTERM or SIGHUP. Raises CannotStart when a child or a built-in server ended by itself. In
    every case nothing that was started is left.
    """
    supervisor = Supervisor(folder=plan.folder, say=say, keep=descriptor)
    with _signals(supervisor):
        try:
            prepare()
            servers = _servers(plan)
            for name, pid in servers.items():
                number = signal.SIGINT if name == "database" else signal.SIGTERM
                supervisor.tell_watchdog(f"server {pid} {int(number)}")
            for name, command in commands(plan).items():
                supervisor.start(name, command, plan.environment)
            _wait_until_all_serve(plan, supervisor, worker_answers)
            started()
            while True:
                _check(plan, supervisor, servers)
                time.sleep(0.5)
        except Asked:
            say("", "Ending ...")
        finally:
            supervisor.stop()
            ended = embedded.stop(plan.var)
            supervisor.close()
            names = [child.name for child in supervisor.children] + ended
            say("", f"Ended: {', '.join(names) or 'nothing had started'}.")


@contextmanager
def _signals(supervisor: Supervisor) -> Iterator[None]:
    """The first signal raises Asked where we are; a second one ends the children by force."""
    asked = False

    def note(number: int, frame: Any) -> None:
        nonlocal asked
        if asked:
            supervisor.hurry = True
            return
        asked = True
        raise Asked

    numbers = [signal.SIGINT, signal.SIGTERM]
    # Under nohup the end of the terminal is not to be heeded.
    numbers += [signal.SIGHUP] if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN else []
    before = {number: signal.signal(number, note) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _servers(plan: Plan) -> dict[str, int]:
    status = embedded.status(plan.var)
    wanted = {"database": status.postgres if plan.built_in_database else None}
    wanted["broker"] = status.broker if plan.built_in_broker else None
    return {name: pid for name, pid in wanted.items() if pid}


def _check(plan: Plan, supervisor: Supervisor, servers: Mapping[str, int]) -> None:
    if child := supervisor.dead():
        code = child.process.returncode
        raise CannotStart(f"The {child.name} process ended (exit code {code}); its last lines are above.")
    for name, pid in servers.items():
        if not alive(pid):
            log = "postgres" if name == "database" else name
            raise CannotStart(f"The built-in {name} ended; see {plan.var}/log/{log}.log.")


def _wait_until_all_serve(plan: Plan, supervisor: Supervisor, worker_answers: Callable[[], bool]) -> None:
    """Until /healthz answers 200 and the worker answers. Raises CannotStart after a minute, or when a child dies."""
    until = time.monotonic() + 60
    status, body, answered = 0, "", False
    while not (status == 200 and answered):
        _check(plan, supervisor, {})
        if time.monotonic() > until:
            raise CannotStart(
                f"The web server does not answer at {plan.url}/healthz ({status or 'no answer'} {body})."
                if status != 200
                else "The worker does not answer."
            )
        time.sleep(0.1)
        status, body = _ask_health(plan)
        answered = answered or (status == 200 and worker_answers())


def _ask_health(plan: Plan) -> tuple[int, str]:
    host = plan.url.removeprefix("http://").rpartition(":")[0].strip("[]")
    connection = http.client.HTTPConnection(host, plan.port, timeout=5)
    try:
        connection.request("GET", "/healthz", headers={"Host": plan.hostname})
        answer = connection.getresponse()
        return answer.status, answer.read(500).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return 0, str(error)
    finally:
        connection.close()

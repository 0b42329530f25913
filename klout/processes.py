"""What the built-in servers and `up` share: the run folder, locks, and whether a process lives. Knows no Django."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


class EmbeddedError(Exception):
    """A built-in server cannot run; the message says why and what to do."""


def run_folder(var: Path) -> Path:
    """Where the sockets of the system with state `var` lie: short, since a socket's path has at most 107 characters.

    It is always under /tmp where there is one: two shells with different TMPDIR must find the same servers.
    """
    common = Path("/tmp")  # noqa: S108  (the folder's owner and mode are checked in `prepared_run_folder`)
    base = common if common.is_dir() and os.access(common, os.W_OK) else Path(tempfile.gettempdir())
    digest = hashlib.sha256(os.path.realpath(var).encode()).hexdigest()[:12]
    return base / f"klout-{os.getuid()}-{digest}"


def prepared_run_folder(var: Path) -> Path:
    """The run folder, made when absent. Refuses one that somebody else could have laid there for us."""
    folder = run_folder(var)
    # As root the database runs as another user, who must come through to the folder of its own socket.
    mode = 0o711 if os.getuid() == 0 else 0o700
    try:
        folder.mkdir(mode=mode)
        folder.chmod(mode)
    except FileExistsError:
        pass
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise EmbeddedError(
            f"{folder} is not a folder of our own (owner {found.st_uid}, mode {stat.filemode(found.st_mode)}). "
            "Remove it, or set KLOUT_VAR to another folder."
        )
    return folder


def prepared_var(var: Path) -> None:
    """Make the state's folder. Raises EmbeddedError where it cannot be written."""
    try:
        (var / "log").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedError(
            f"Cannot write to {var}: {error.strerror}. Set KLOUT_VAR to a folder of your own."
        ) from error
    if not os.access(var, os.W_OK | os.X_OK):
        raise EmbeddedError(f"{var} belongs to somebody else. Set KLOUT_VAR to a folder of your own.")


@contextmanager
def lock(path: Path, *, wait: float) -> Iterator[int]:
    """Hold the lock file `path`; yields its file descriptor. Raises BlockingIOError after `wait` seconds.

    The kernel lets go of it when the process ends, however it ends.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        until = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise
                time.sleep(0.05)
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def starting(var: Path, server: str) -> Iterator[None]:
    """Let one process at a time start or stop `server`."""
    prepared_var(var)
    try:
        with lock(var / f"{server}.lock", wait=120):
            yield
    except BlockingIOError as error:
        raise EmbeddedError(
            f"Another process has been starting the {server} for two minutes; see {var}/log."
        ) from error
    except PermissionError as error:
        raise EmbeddedError(
            f"{error.filename} belongs to another user: run as that user, or set KLOUT_VAR to a folder of your own."
        ) from error


def alive(pid: int, *, command: str = "") -> bool:
    """Whether process `pid` runs, and was started with `command` in its command line (where /proc can tell).

    A dead process that nobody has reaped yet (a zombie) is not alive, though signals reach it; and after a restart of
    the machine a number from an old file may be somebody else's.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    except OverflowError:
        return False
    process = Path("/proc") / str(pid)
    try:
        state = (process / "stat").read_text().rpartition(")")[2].split()[0]
        if state in {"Z", "X"}:
            return False
        return not command or command in (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(
            errors="replace"
        )
    except OSError as error:
        # No /proc on this system; or the process ended while we looked.
        return not Path("/proc/self").exists() if error.errno in {errno.ENOENT, errno.ESRCH} else True


def wait_until(done: Callable[[], bool], *, seconds: float, every: float = 0.02) -> bool:
    """Ask `done` until it says yes (True) or `seconds` have passed (False)."""
    until = time.monotonic() + seconds
    while not done():
        if time.monotonic() >= until:
            return False
        time.sleep(every)
    return True


def last_lines(path: Path, *, since: int = 0, lines: int = 12) -> str:
    """The last lines that `path` got after byte `since`; for messages about a server that does not start."""
    try:
        with path.open("rb") as file:
            file.seek(since)
            text = file.read()[-20_000:].decode(errors="replace")
    except OSError as error:
        return f"(no log: {error})"
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:]) or "    (the log is empty)"


def log_file(path: Path) -> int:
    """Make room in the log at `path`, which one old copy may follow; returns its size in bytes."""
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return 0
    if size > 10 * 1024**2:
        path.replace(path.with_suffix(".old.log"))
        return 0
    return size

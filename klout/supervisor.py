"""The children of `up`: started each in a group of its own, watched together, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from klout.processes import wait_until

# A worker in the middle of a task gets this long; then it hands the task back, and it runs again at the next start.
GRACE = 8.0


@dataclass(frozen=True, slots=True)
class Child:
    name: str
    process: subprocess.Popen[str]

    def signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            self.process.send_signal(number)

    def kill_group(self) -> None:
        """End for good the child and whatever it started, also after the child itself is gone."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


class Supervisor:
    """Starts children, passes on what they print, says which one died, and ends all.

    say: takes a line (name of the child, text). keep: a file descriptor (the lock of `up`) that stays open until all
    children are gone, even when this process is killed.
    """

    def __init__(self, *, folder: Path, say: Callable[[str, str], None], keep: int) -> None:
        self.folder = folder
        self.say = say
        self.children: list[Child] = []
        self.hurry = False
        self.watchdog = subprocess.Popen(
            [sys.executable, "-I", str(Path(__file__).with_name("watchdog.py"))],
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
            pass_fds=[keep],
        )

    def tell_watchdog(self, line: str) -> None:
        assert self.watchdog.stdin is not None
        with suppress(BrokenPipeError):
            self.watchdog.stdin.write(line + "\n")
            self.watchdog.stdin.flush()

    def start(self, name: str, command: list[str], environment: Mapping[str, str]) -> Child:
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        child = Child(name, process)
        self.children.append(child)
        self.tell_watchdog(f"group {process.pid}")
        threading.Thread(target=self._pass_on, args=(child,), daemon=True).start()
        return child

    def dead(self) -> Child | None:
        """A child that ended by itself."""
        return next((child for child in self.children if child.process.poll() is not None), None)

    def stop(self) -> None:
        """End all children: in order, then by force; at once when `hurry` is set (from a signal's handler)."""

        def ended() -> bool:
            return self.hurry or all(child.process.poll() is not None for child in self.children)

        for number, seconds in ((signal.SIGTERM, GRACE), (signal.SIGQUIT, 3.0)):
            for child in self.children:
                if child.process.poll() is None:
                    child.signal(number)
            if wait_until(ended, seconds=seconds, every=0.05):
                break
        for child in self.children:
            child.kill_group()
        for child in self.children:
            child.process.wait()

    def close(self) -> None:
        """Let the watchdog go; everything has been ended."""
        self.tell_watchdog("done")
        if self.watchdog.stdin:
            with suppress(BrokenPipeError):
                self.watchdog.stdin.close()
        self.watchdog.wait()

    def _pass_on(self, child: Child) -> None:
        assert child.process.stdout is not None
        for line in child.process.stdout:
            # When nobody reads our output any more, the child's pipe must be emptied all the same.
            with suppress(OSError, ValueError):
                self.say(child.name, line.rstrip("\n"))

"""Ends what `up` started when `up` itself is gone, even by kill -9. A script of its own: nothing but Python is needed.

It reads from standard input, which `up` holds open: `group PID` (a child and all it started), `server PID SIGNAL` (a
built-in server and the signal that ends it in order), `done`. The end of the input without `done` means that `up` died.
"""

import os
import signal
import sys
import time
from contextlib import suppress


def gone(pid: int) -> bool:
    """Whether the process has ended, also where nobody has reaped it."""
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] in {"Z", "X"}
    except ProcessLookupError:
        return True
    except OSError:
        # Somebody else's, or a system without /proc.
        return False


def end(send: "dict[int, int]", *, groups: bool, seconds: float) -> None:
    """Send each process its signal and wait; of a group then kill what is left."""
    for pid, number in send.items():
        with suppress(ProcessLookupError):
            os.kill(pid, number)
    until = time.monotonic() + seconds
    while time.monotonic() < until and not all(gone(pid) for pid in send):
        time.sleep(0.05)
    for pid in send if groups else ():
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: dict[int, int] = {}
    servers: dict[int, int] = {}
    for line in sys.stdin:
        word, *numbers = line.split()
        if word == "done":
            return
        if word == "group":
            groups[int(numbers[0])] = signal.SIGTERM
        elif word == "server":
            servers[int(numbers[0])] = int(numbers[1])
    end(groups, groups=True, seconds=10)
    end(servers, groups=False, seconds=30)


if __name__ == "__main__":
    main()

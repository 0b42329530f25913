"""Ends what `up` started when `up` itself is gone, even by kill -9. A script of its own: nothing but Python is needed.

It reads from standard input, which `up` holds open: `group PID` (a child and all it started), `server PID SIGNAL` (a
built-in server and the signal that ends it in order), `done`. The end of the input without `done` means that `up` died.
"""

import os
import signal
import sys
import time


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def end(send: "dict[int, int]", *, groups: bool, seconds: float) -> None:
    """Send each process (or group) its signal, wait, and kill what is left."""
    deliver = os.killpg if groups else os.kill
    until = time.monotonic() + seconds
    for pid, number in send.items():
        try:
            deliver(pid, number)
        except ProcessLookupError:
            continue
    while time.monotonic() < until and not all(gone(-pid if groups else pid) for pid in send):
        time.sleep(0.1)
    if groups:
        for pid in send:
            try:
                os.killpg(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


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

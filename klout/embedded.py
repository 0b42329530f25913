"""The built-in PostgreSQL and Redis-protocol broker."""

import hashlib
import os
import tempfile
from pathlib import Path


def run_folder(var: Path) -> Path:
    """Where the sockets lie: short, since a socket's path has at most 107 characters."""
    digest = hashlib.sha256(str(var).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"klout-{os.getuid()}-{digest}"


def broker_socket(var: Path) -> Path:
    return run_folder(var) / "broker.sock"

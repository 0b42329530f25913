"""The built-in PostgreSQL and Redis-protocol broker: what stands in for DATABASE_URL and REDIS_URL.

Programs come from Python wheels, else from the system; state lies under KLOUT_VAR, sockets in a folder of our own
under /tmp. Whoever needs a server calls `ensure_...`: one that runs is left alone, and many may call at once.
`klout.postgres.cluster` and `klout.broker` hold the details; nothing here knows Django.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from klout import broker
from klout.postgres import cluster, programs
from klout.processes import EmbeddedError

__all__ = [
    "EmbeddedError",
    "Status",
    "broker_program",
    "broker_socket",
    "ensure_broker",
    "ensure_postgres",
    "postgres_programs",
    "postgres_sockets",
    "status",
    "stop",
]

broker_program = broker.program
broker_socket = broker.socket_path
ensure_broker = broker.ensure
ensure_postgres = cluster.ensure
postgres_programs = programs.find
postgres_sockets = cluster.socket_folder


@dataclass(frozen=True, slots=True)
class Status:
    """Process ids of the built-in servers of one system; None for one that does not run."""

    postgres: int | None
    broker: int | None


def status(var: Path) -> Status:
    """Which built-in servers run, without starting any."""
    server = cluster.running(var)
    return Status(postgres=server.pid if server else None, broker=broker.running(var))


def stop(var: Path) -> list[str]:
    """End the built-in servers of `var`; returns the names of those that ran."""
    ended = []
    if broker.stop(var):
        ended.append("broker")
    if cluster.stop(var):
        ended.append("database")
    return ended

"""Django's PostgreSQL backend on the built-in server, which it starts when the first connection is wanted."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from django.db.backends.postgresql import base, client
from django.db.utils import OperationalError

# The module, not Django's view of it: a test that changes settings.VAR must not bring up another server.
from klout import embedded, settings


def ensure() -> str:
    """Start the server if need be; returns the folder of its socket."""
    try:
        return str(embedded.ensure_postgres(settings.VAR, options=settings.POSTGRES_OPTIONS))
    except embedded.EmbeddedError as error:
        raise OperationalError(str(error)) from error


class DatabaseClient(client.DatabaseClient):
    """`manage.py dbshell`, also where psql came with the wheel."""

    def runshell(self, parameters: Iterable[str]) -> None:
        from klout.postgres import programs

        ensure()
        os.environ["PATH"] = os.pathsep.join([os.environ.get("PATH", os.defpath), str(programs.find().folder)])
        super().runshell(parameters)


class DatabaseWrapper(base.DatabaseWrapper):
    client_class = DatabaseClient

    def get_connection_params(self) -> dict[str, Any]:
        folder = ensure()
        return super().get_connection_params() | {"host": folder}

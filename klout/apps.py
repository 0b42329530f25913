from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created


class KloutConfig(AppConfig):
    name = "klout"
    verbose_name = "Klout"

    def ready(self) -> None:
        from klout import checks  # noqa: F401  (registers the system checks)

        connection_created.connect(without_compiling, dispatch_uid="without_compiling")


def without_compiling(connection: Any, **_more: Any) -> None:
    """Queries are run as they are planned: to compile one that is guessed to be long takes longer than any of ours."""
    with connection.connection.cursor() as cursor:
        cursor.execute("SET jit = off")

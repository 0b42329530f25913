"""/healthz: whether this server can serve, for load balancers and for `up`."""

import logging
from collections.abc import Callable

from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

logger = logging.getLogger(__name__)


def ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def postgres_version(alias: str = DEFAULT_DB_ALIAS) -> tuple[int, int]:
    """The server's major and minor version; connects. Raises django.db.DatabaseError."""
    connections[alias].ensure_connection()
    major, minor = divmod(connections[alias].pg_version, 10000)  # type: ignore[attr-defined]
    return major, minor


def ask_cache() -> None:
    cache.get("klout:healthz")


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when database and cache answer, else 503; names the one that does not, and leaves the reason to the log."""
    found = {"database": _answers(ask_database), "cache": _answers(ask_cache)}
    return JsonResponse(found, status=200 if all(found.values()) else 503)


def _answers(ask: Callable[[], None]) -> bool:
    try:
        ask()
    except Exception:
        logger.exception("healthz: %s failed", ask.__name__)
        return False
    return True

"""Django's cache on the built-in broker, which it starts on first use."""

from typing import Any

from django.core.cache.backends import redis

from klout import embedded, settings


class BuiltInCache(redis.RedisCache):
    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = BuiltInClient


class BuiltInClient(redis.RedisCacheClient):
    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        # Asked each time: it costs a fifth of a millisecond, and the server may have been ended in between.
        embedded.ensure_broker(settings.VAR)
        return super().get_client(key, write=write)

"""A cache that may be away: reading finds nothing, writing is lost, pages are only slower."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import Any

import redis
from django.core.cache.backends.redis import RedisCache, RedisCacheClient

from dxp.lib import quick

log = logging.getLogger(__name__)


class _Client(RedisCacheClient):
    """Redis' answers, or those of an empty cache while Redis is away."""

    _serializer: Any

    @cached_property
    def _clients(self) -> dict[bool, Any]:
        return {}

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        """Return the client of a server, made once: Django would make one for each question."""
        if (found := self._clients.get(write)) is None:
            found = self._clients[write] = super().get_client(key, write=write)
        return found

    def add(self, key: Any, value: Any, timeout: Any) -> bool:
        return bool(self._try(True, super().add, key, value, timeout))

    def get(self, key: Any, default: Any) -> Any:
        return self._try({}, self._read, [key]).get(key, default)

    def set(self, key: Any, value: Any, timeout: Any) -> None:
        self._try(None, super().set, key, value, timeout)

    def touch(self, key: Any, timeout: Any) -> bool:
        return bool(self._try(False, super().touch, key, timeout))

    def delete(self, key: Any) -> bool:
        return bool(self._try(False, super().delete, key))

    def get_many(self, keys: Any) -> Any:
        return self._try({}, self._read, list(keys))

    def has_key(self, key: Any) -> bool:
        return bool(self._try(False, super().has_key, key))

    def set_many(self, data: Any, timeout: Any) -> None:
        self._try(None, super().set_many, data, timeout)

    def delete_many(self, keys: Any) -> None:
        self._try(None, super().delete_many, keys)

    def _read(self, keys: list[str]) -> dict[str, Any]:
        if not keys:
            return {}
        pool = self.get_client(keys[0]).connection_pool
        found = quick.get_many([key.encode() for key in keys], pool=pool)
        loads = self._serializer.loads
        return {key: loads(one) for key, one in zip(keys, found, strict=True) if one is not None}

    def _try(self, otherwise: Any, act: Any, *args: Any) -> Any:
        try:
            return act(*args)
        except redis.RedisError as error:
            log.warning("The cache is away: %s", error)
            return otherwise


class ForgivingRedisCache(RedisCache):
    """Django's Redis cache, without which pages are slower and not broken.

    Counters (`incr`) and `clear` still fail, since no answer of theirs would be true.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = _Client

"""Several keys of Redis by one command, for a door that each visitor walks through.

The library's client costs four times what its connection does: naming, retrying, measuring. Here
is the connection alone, one per thread and server, and one repetition where it was closed
meanwhile.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from typing import Any

import redis

from dxp.lib import hints

_of_thread = threading.local()
# Servers that one thread asks; more of them only come and go in tests.
MOST_SERVERS = 4


def _begin_anew() -> None:
    # Two processes on one connection would read each other's answers.
    vars(_of_thread).clear()


os.register_at_fork(after_in_child=_begin_anew)


def get_many(keys: Sequence[bytes], *, pool: Any = None) -> list[bytes | None]:
    """Return the values of some keys, None for each that is missing.

    Args:
        keys: the keys, at least one.
        pool: connections to the server to ask; None for the one of our hints.

    Raises:
        redis.RedisError: Redis is away.
    """
    command = packed(keys)
    pool = pool or hints.client().connection_pool
    try:
        return _ask(_connection(pool), command)
    except redis.ConnectionError:
        # Redis was started anew, or closed what had been quiet for long.
        _forget(pool)
    except BaseException:
        # The answer may still come: the next to ask must not read it as theirs.
        _forget(pool)
        raise
    try:
        return _ask(_connection(pool), command)
    except BaseException:
        _forget(pool)
        raise


def packed(keys: Sequence[bytes]) -> bytes:
    """Return the command that asks for some keys as Redis reads it."""
    parts = [b"*%d\r\n$4\r\nMGET\r\n" % (len(keys) + 1)]
    parts += [b"$%d\r\n%b\r\n" % (len(key), key) for key in keys]
    return b"".join(parts)


def _ask(connection: Any, command: bytes) -> list[bytes | None]:
    connection.send_packed_command([command], check_health=False)
    answer: list[bytes | None] = connection.read_response()
    return answer


def _connection(pool: Any) -> Any:
    kept = _kept()
    if (found := kept.get(pool)) is not None:
        return found
    connection = pool.make_connection()
    connection.connect()
    if len(kept) >= MOST_SERVERS:
        _forget(next(iter(kept)))
    kept[pool] = connection
    return connection


def _forget(pool: Any) -> None:
    if (connection := _kept().pop(pool, None)) is not None:
        connection.disconnect()


def _kept() -> dict[Any, Any]:
    try:
        kept: dict[Any, Any] = _of_thread.kept
    except AttributeError:
        kept = _of_thread.kept = {}
    return kept

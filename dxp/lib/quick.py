"""Several keys of Redis by one command, for a door that each visitor walks through.

The library's client costs four times what its connection does: naming, retrying, measuring. Here
is the connection alone, one per thread, and one repetition where it was closed meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import redis

from dxp.lib import hints

_of_thread = threading.local()


def get_many(keys: Sequence[bytes]) -> list[bytes | None]:
    """Return the values of some keys, None for each that is missing.

    Raises:
        redis.RedisError: Redis is away.
    """
    command = b"".join(_packed(keys))
    try:
        return _ask(_connection(), command)
    except redis.ConnectionError:
        # Redis was started anew, or closed what had been quiet for long.
        _forget()
    except BaseException:
        # The answer may still come: the next to ask must not read it as theirs.
        _forget()
        raise
    try:
        return _ask(_connection(), command)
    except BaseException:
        _forget()
        raise


def _packed(keys: Sequence[bytes]) -> list[bytes]:
    parts = [b"*%d\r\n$4\r\nMGET\r\n" % (len(keys) + 1)]
    parts += [b"$%d\r\n%b\r\n" % (len(key), key) for key in keys]
    return parts


def _ask(connection: Any, command: bytes) -> list[bytes | None]:
    connection.send_packed_command([command], check_health=False)
    answer: list[bytes | None] = connection.read_response()
    return answer


def _connection() -> Any:
    pool: Any = hints.client().connection_pool
    kept = getattr(_of_thread, "kept", None)
    if kept is not None and kept[0] is pool:
        return kept[1]
    connection = pool.make_connection()
    connection.connect()
    _of_thread.kept = (pool, connection)
    return connection


def _forget() -> None:
    kept, _of_thread.kept = getattr(_of_thread, "kept", None), None
    if kept is not None:
        kept[1].disconnect()

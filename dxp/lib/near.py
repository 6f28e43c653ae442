"""What many visitors ask Redis for, kept in memory until Redis says that it changed.

Redis tells a connection about each key that it asked for, once, as soon as the key changes or ends:
https://redis.io/docs/latest/develop/reference/client-side-caching/. What it has told is read before
anything is answered from memory, so an answer is as old as the way from Redis to here. Should that
way be broken, no answer is older than a second. A server that tells nothing is asked each time.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Sequence
from typing import Any

import redis

from dxp.lib import hints
from dxp.lib.quick import packed

KEEP_SECONDS = 1.0
# Of each thread; what is bigger is asked for each time.
MOST_KEPT, MOST_BYTES = 100, 128 * 1024
TELL_US = b"*3\r\n$6\r\nCLIENT\r\n$7\r\nCACHING\r\n$3\r\nYES\r\n"

_of_thread = threading.local()
_changes = 0


def _begin_anew() -> None:
    # Two processes on one connection would read each other's answers.
    vars(_of_thread).clear()


os.register_at_fork(after_in_child=_begin_anew)


def get_many(near: Sequence[bytes], more: Sequence[bytes] = ()) -> list[bytes | None]:
    """Return the values of some keys, None for each that is missing.

    Args:
        near: keys that many ask for, and that change rarely.
        more: keys that are each asked for by few.

    Raises:
        redis.RedisError: Redis is away.
    """
    try:
        return _line().ask(near, more)
    except redis.ConnectionError:
        # Redis was started anew, or closed what had been quiet for long.
        _hang_up()
    except BaseException:
        # The answer may still come: the next to ask must not read it as theirs.
        _hang_up()
        raise
    try:
        return _line().ask(near, more)
    except BaseException:
        _hang_up()
        raise


def changed() -> None:
    """Say that this process changed something: it is not answered from memory any more."""
    global _changes
    _changes += 1


class _Line:
    """A thread's connection, and what it keeps of what it asked for."""

    def __init__(self, pool: Any) -> None:
        self.pool = pool
        self.kept: dict[bytes, tuple[bytes | None, float]] = {}
        self.changes = _changes
        self.connection = pool.make_connection()
        self.connection.connect()
        self.is_told = self._listen()
        self.poll = select.poll()
        self.poll.register(self.connection._sock, select.POLLIN)

    def ask(self, near: Sequence[bytes], more: Sequence[bytes]) -> list[bytes | None]:
        if not self.is_told:
            return self._values(packed([*near, *more]))
        if self.changes != _changes:
            self.kept.clear()
            self.changes = _changes
        elif self.kept and self.poll.poll(0):
            self._hear()
        now = time.monotonic()
        try:
            found = [self._kept(key, now) for key in near]
        except KeyError:
            return self._ask_all(near, more, now)
        return found + self._values(packed(more)) if more else found

    def close(self) -> None:
        self.connection.disconnect()

    def _ask_all(
        self, near: Sequence[bytes], more: Sequence[bytes], now: float
    ) -> list[bytes | None]:
        commands = [TELL_US, packed(near)]
        if more:
            commands.append(packed(more))
        self._send(b"".join(commands))
        self.connection.read_response()
        found: list[bytes | None] = self.connection.read_response()
        # Before anything else is read: it may say that one of these has changed.
        self._keep(near, found, now + KEEP_SECONDS)
        if more:
            found = found + self.connection.read_response()
        self._hear()
        return found

    def _kept(self, key: bytes, now: float) -> bytes | None:
        value, until = self.kept[key]
        if until < now:
            raise KeyError(key)
        return value

    def _keep(self, keys: Sequence[bytes], values: Sequence[bytes | None], until: float) -> None:
        for key, value in zip(keys, values, strict=True):
            self.kept.pop(key, None)
            if value is None or len(value) <= MOST_BYTES:
                self.kept[key] = (value, until)
        while len(self.kept) > MOST_KEPT:
            del self.kept[next(iter(self.kept))]

    def _values(self, command: bytes) -> list[bytes | None]:
        self._send(command)
        values: list[bytes | None] = self.connection.read_response()
        return values

    def _send(self, command: bytes) -> None:
        self.connection.send_packed_command([command], check_health=False)

    def _hear(self) -> None:
        """Read what Redis has told; each message goes to `_changed`."""
        while self.connection.can_read():
            self.connection.read_response(push_request=True)

    def _listen(self) -> bool:
        """Ask to be told about keys of commands behind `TELL_US`; return whether we are."""
        if int(self.connection.protocol) != 3:
            return False
        self.connection._parser.set_invalidation_push_handler(self._changed)
        self.connection.send_command("CLIENT", "TRACKING", "ON", "OPTIN")
        try:
            self.connection.read_response()
        except redis.ResponseError:
            return False
        return True

    def _changed(self, told: Sequence[Any]) -> None:
        if told[1] is None:
            self.kept.clear()
        else:
            for key in told[1]:
                self.kept.pop(key, None)


def _line() -> _Line:
    pool = hints.client().connection_pool
    line: _Line | None = getattr(_of_thread, "line", None)
    if line is not None and line.pool is pool:
        return line
    _hang_up()
    line = _of_thread.line = _Line(pool)
    return line


def _hang_up() -> None:
    line: _Line | None = vars(_of_thread).pop("line", None)
    if line is not None:
        line.close()

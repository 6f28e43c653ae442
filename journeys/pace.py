"""How fast a sender may send: a token bucket in Redis, shared by all processes."""

from __future__ import annotations

import logging
import threading
import time

import redis

from dxp.lib import hints

log = logging.getLogger(__name__)
# Redis's own clock, so that machines needn't agree; all of it in one step.
_TAKE = """
local t = redis.call('TIME'); local now = t[1] + t[2] / 1e6
local rate = tonumber(ARGV[1]); local want = tonumber(ARGV[2])
local s = redis.call('HMGET', KEYS[1], 'left', 'at')
local left = tonumber(s[1]) or rate; local at = tonumber(s[2]) or now
left = math.min(rate, left + math.max(0, now - at) * rate)
local got = math.min(want, math.floor(left))
redis.call('HSET', KEYS[1], 'left', left - got, 'at', now)
redis.call('PEXPIRE', KEYS[1], 60000)
return got"""


class LocalBucket:
    """What a process allows itself while Redis is away: half the rate, as it isn't alone."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.left: dict[str, tuple[float, float]] = {}

    def take(self, key: str, *, rate: int, want: int) -> int:
        """Take up to `want` tokens; return how many there were."""
        rate = max(1, rate // 2)
        with self.lock:
            now = time.monotonic()
            left, at = self.left.get(key, (float(rate), now))
            left = min(float(rate), left + (now - at) * rate)
            got = min(want, int(left))
            self.left[key] = (left - got, now)
        return got


_local = LocalBucket()


def take(key: str, *, rate: int, want: int) -> int:
    """Return how many messages, up to `want`, this sender may send now.

    Args:
        key: the sender's.
        rate: messages a second; as many may be saved up.
        want: how many there are to send.
    """
    try:
        return int(hints.client().eval(_TAKE, 1, f"journeys:pace:{key}", rate, want))  # type: ignore[arg-type]
    except redis.RedisError as error:
        log.warning("No pace from Redis, going by half: %s", error)
        return _local.take(key, rate=rate, want=want)


def give_back(key: str, tokens: int) -> None:
    """Return tokens that were not used; losing them only delays."""
    try:
        hints.client().hincrbyfloat(f"journeys:pace:{key}", "left", tokens)
    except redis.RedisError as error:
        log.debug("Tokens are lost: %s", error)

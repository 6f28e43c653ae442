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
local share = tonumber(redis.call('GET', KEYS[2])) or 1
local rate = tonumber(ARGV[1]) * share; local want = tonumber(ARGV[2])
local burst = math.max(1, tonumber(ARGV[3]) * share)
local s = redis.call('HMGET', KEYS[1], 'left', 'at')
local left = tonumber(s[1]) or burst; local at = tonumber(s[2]) or now
left = math.min(burst, left + math.max(0, now - at) * rate)
local got = math.min(want, math.floor(left))
redis.call('HSET', KEYS[1], 'left', left - got, 'at', now)
redis.call('PEXPIRE', KEYS[1], 60000)
return got"""
# Half after each time that the other side asked for patience, then a little more with each batch.
_ADAPT = """
local share = tonumber(redis.call('GET', KEYS[1]))
if ARGV[1] == '1' then share = math.max(tonumber(ARGV[2]), (share or 1) / 2)
elseif share then share = share + tonumber(ARGV[3])
else return '1' end
if share >= 1 then redis.call('DEL', KEYS[1]) return '1' end
redis.call('SET', KEYS[1], share, 'EX', 3600)
return tostring(share)"""
LEAST_SHARE, EASE = 1 / 64, 1 / 50


class LocalBucket:
    """What a process allows itself while Redis is away: half the rate, as it isn't alone."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.left: dict[str, tuple[float, float]] = {}

    def take(self, key: str, *, rate: int, want: int, burst: int | None = None) -> int:
        """Take up to `want` tokens; return how many there were."""
        rate = max(1, rate // 2)
        most = float(max(1, (burst or 2 * rate) // 2))
        with self.lock:
            now = time.monotonic()
            left, at = self.left.get(key, (most, now))
            left = min(most, left + (now - at) * rate)
            got = min(want, int(left))
            self.left[key] = (left - got, now)
        return got


_local = LocalBucket()


def take(key: str, *, rate: int, want: int, burst: int | None = None) -> int:
    """Return how many messages, up to `want`, this sender may send now.

    Args:
        key: the sender's.
        rate: messages a second.
        want: how many there are to send.
        burst: how many may be saved up; None: those of a second.
    """
    keys = f"journeys:pace:{key}", f"journeys:share:{key}"
    try:
        return int(hints.client().eval(_TAKE, 2, *keys, rate, want, burst or rate))  # type: ignore[arg-type]
    except redis.RedisError as error:
        log.warning("No pace from Redis, going by half: %s", error)
        return _local.take(key, rate=rate, want=want, burst=burst)


def adapt(key: str, *, slower: bool) -> float:
    """Return the share of its rate that a sender goes by now: halved, or a little more again.

    Additive increase, multiplicative decrease: so all processes find the pace that is borne.
    """
    asked = int(slower), LEAST_SHARE, EASE
    try:
        found = hints.client().eval(_ADAPT, 1, f"journeys:share:{key}", *asked)  # type: ignore[arg-type]
    except redis.RedisError as error:
        log.debug("The pace is not adapted: %s", error)
        return 1.0
    return float(found)  # type: ignore[arg-type]


def give_back(key: str, tokens: int) -> None:
    """Return tokens that were not used; losing them only delays."""
    try:
        hints.client().hincrbyfloat(f"journeys:pace:{key}", "left", tokens)
    except redis.RedisError as error:
        log.debug("Tokens are lost: %s", error)

"""How many events one write key may send: a token bucket that all web processes share."""

from __future__ import annotations

import logging
import math
import threading
import time

import redis
from django.conf import settings

from customers.api.body import Refused
from dxp.lib import hints

log = logging.getLogger(__name__)
# So many seconds' worth may come at once.
BURST = 10
# A process takes this many seconds' worth at a time, so that Redis is asked some times a second and
# not at each request. What it does not use within the time of its lease is lost.
SHARE = 0.1
LEASE = 1.0
# Redis is away: everything may pass, and nobody waits for it again for so long.
PATIENCE = 2.0
MOST_KEPT = 1000
# KEYS: the bucket. ARGV: rate, burst, wanted at least, wanted at most. Returns what was taken, or
# minus the milliseconds until the least could be had.
TAKE = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1000000
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local least, most = tonumber(ARGV[3]), tonumber(ARGV[4])
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = burst
if kept[1] then
  tokens = math.min(burst, tonumber(kept[1]) + math.max(0, now - tonumber(kept[2])) * rate)
end
local taken = 0
if tokens >= least then taken = math.min(tokens, most) end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens - taken), 'at', string.format('%.6f', now))
redis.call('EXPIRE', KEYS[1], math.ceil(burst / rate) + 1)
if taken > 0 then return math.floor(taken) end
return -math.ceil((least - tokens) / rate * 1000)
"""


class TooMany(Refused):
    """This key has to wait; `seconds` is a whole number, as SDKs want it."""

    def __init__(self, seconds: int) -> None:
        super().__init__(429, "rate_limited", "This write key sends too much. Try again later.")
        self.seconds = seconds


class Limit:
    """What this process may still let through, by source."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.shares: dict[int, tuple[float, float]] = {}
        self.blind_until = 0.0

    def take(self, *, source: int, events: int) -> None:
        """Let a request pass, and count its events.

        Raises:
            TooMany: the key sent more than it may.
        """
        rate = settings.EVENT_RATE
        if rate <= 0 or not events:
            return
        now = time.monotonic()
        # A batch larger than the bucket could never pass; it passes when the bucket is full.
        cost = min(events, math.floor(rate * BURST) or 1)
        with self.lock:
            until, left = self.shares.get(source, (0.0, 0.0))
            if now < until and left >= cost:
                self.shares[source] = until, left - cost
                return
            if now < self.blind_until:
                return
        taken = self._ask(source, rate, cost)
        if taken is None:
            return
        if taken <= 0:
            raise TooMany(max(1, math.ceil(-taken / 1000)))
        with self.lock:
            if len(self.shares) >= MOST_KEPT:
                self.shares.clear()
            self.shares[source] = now + LEASE, taken - cost

    def _ask(self, source: int, rate: float, cost: int) -> int | None:
        """Return what Redis grants, minus the milliseconds to wait, or None where it is away."""
        most = max(cost, math.floor(rate * SHARE))
        burst = max(rate * BURST, 1)
        try:
            script = hints.client().register_script(TAKE)
            return int(script(keys=[f"events:rate:{source}"], args=[rate, burst, cost, most]))
        except redis.RedisError as error:
            log.warning("Nobody counts events while Redis is away: %s", error)
            with self.lock:
                self.blind_until = time.monotonic() + PATIENCE
            return None


limit = Limit()

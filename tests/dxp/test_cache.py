"""The cache answers by a connection of its own, and is only slow where Redis is away."""

from __future__ import annotations

import os

import pytest
from django.core.cache import cache

from dxp.embedded import free_port
from dxp.lib import hints, quick
from dxp.lib.cache import ForgivingRedisCache


@pytest.fixture(autouse=True)
def _empty():
    hints.client().flushdb()


def test_what_was_kept_is_found_and_what_was_not_is_the_default():
    cache.set("name", {"first": "Ana"}, 60)
    cache.set("visits", 7, 60)

    assert cache.get("name") == {"first": "Ana"}
    assert cache.get("visits") == 7
    assert cache.get("nobody") is None
    assert cache.get("nobody", "default") == "default"
    assert cache.get_many(["name", "visits", "nobody"]) == {"name": {"first": "Ana"}, "visits": 7}
    assert cache.get_many([]) == {}


def test_none_that_was_kept_is_no_default():
    cache.set("nothing", None, 60)

    assert cache.get("nothing", "default") is None


def test_a_connection_that_redis_closed_is_opened_again():
    cache.set("name", "Ana", 60)
    assert cache.get("name") == "Ana"

    # This connection alone: other tests ask the same server.
    ours = quick._connection(cache._cache.get_client().connection_pool)
    ours.send_command("CLIENT", "ID")
    assert hints.client().client_kill_filter(_id=str(ours.read_response())) == 1

    assert cache.get("name") == "Ana"


def test_without_redis_nothing_is_found_and_nothing_breaks():
    away = ForgivingRedisCache(f"redis://127.0.0.1:{free_port()}/0", {})

    away.set("name", "Ana")

    assert away.get("name", "default") == "default"
    assert away.get_many(["name"]) == {}
    # Who asks another server does not disturb ours.
    cache.set("name", "Ana", 60)
    assert cache.get("name") == "Ana"


def test_a_forked_process_asks_by_a_connection_of_its_own():
    cache.set("name", "Ana", 60)
    assert cache.get("name") == "Ana"
    pool = hints.client().connection_pool
    ours = quick._connection(pool)

    child = os.fork()
    if not child:
        os._exit(0 if quick._connection(pool) is not ours and cache.get("name") == "Ana" else 1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert quick._connection(pool) is ours
    assert cache.get("name") == "Ana"

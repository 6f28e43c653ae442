"""What many ask for is answered from memory, until Redis says that it changed."""

from __future__ import annotations

import os
import threading
import time

import pytest
import redis

from dxp.embedded import free_port
from dxp.lib import hints, near


@pytest.fixture(autouse=True)
def _long(monkeypatch):
    """Let nothing be asked for anew because of its age alone."""
    monkeypatch.setattr(near, "KEEP_SECONDS", 600.0)
    hints.client().flushdb()
    near.changed()


@pytest.fixture
def there():
    return hints.client()


def asked():
    """Return how often Redis was asked for values."""
    return hints.client().info("commandstats").get("cmdstat_mget", {}).get("calls", 0)


def becomes(key, value):
    until = time.monotonic() + 20
    while (found := near.get_many([key])) != [value]:
        assert time.monotonic() < until, found
        time.sleep(0.001)


def test_it_is_asked_for_once_and_what_few_ask_for_each_time(there):
    there.mset({"page": "home", "ana": "1", "ben": "2"})
    assert near.get_many([b"page", b"none"], [b"ana"]) == [b"home", None, b"1"]
    before = asked()

    assert near.get_many([b"page", b"none"]) == [b"home", None]
    assert asked() == before
    assert near.get_many([b"page", b"none"], [b"ben", b"nobody"]) == [b"home", None, b"2", None]
    assert asked() == before + 1


@pytest.mark.parametrize(
    ("act", "value"),
    [
        (lambda there: there.set("page", "new"), b"new"),
        (lambda there: there.delete("page"), None),
        (lambda there: there.pexpire("page", 1), None),
        (lambda there: there.flushdb(), None),
        (lambda there: there.eval("redis.call('SET', 'page', 'ours')", 0), b"ours"),
    ],
    ids=["written", "deleted", "ended", "flushed", "by a script"],
)
def test_what_changed_is_asked_for_again(there, act, value):
    there.set("page", "old")
    assert near.get_many([b"page"]) == [b"old"]

    act(there)

    becomes(b"page", value)


def test_what_was_missing_is_found_once_it_is_there(there):
    assert near.get_many([b"page"]) == [None]

    there.set("page", "new")

    becomes(b"page", b"new")


def test_what_this_process_changed_is_asked_for_at_once(there, monkeypatch):
    monkeypatch.setattr(near._Line, "_hear", lambda _line: None)
    there.set("page", "old")
    assert near.get_many([b"page"]) == [b"old"]
    there.set("page", "new")

    near.changed()

    assert near.get_many([b"page"]) == [b"new"]


def test_nothing_is_answered_from_memory_that_is_older_than_a_second(there, monkeypatch):
    monkeypatch.setattr(near, "KEEP_SECONDS", 0.05)
    # Who is never told, as over a way that is broken.
    monkeypatch.setattr(near._Line, "_changed", lambda _line, _told: None)
    near._hang_up()
    there.set("page", "old")
    assert near.get_many([b"page"]) == [b"old"]
    there.set("page", "new")
    time.sleep(0.06)

    assert near.get_many([b"page"]) == [b"new"]
    near._hang_up()


def test_readers_never_go_back_and_end_with_the_last(there):
    seen, done = [[], [], []], threading.Event()
    there.set("page", 0)

    def read(mine):
        while not done.is_set() or mine[-1] != 2000:
            mine.append(int(near.get_many([b"page"], [b"ana"])[0]))

    readers = [threading.Thread(target=read, args=[mine]) for mine in seen]
    for one in readers:
        one.start()
    for number in range(1, 2001):
        there.set("page", number)
    done.set()
    for one in readers:
        one.join(30)

    assert not any(one.is_alive() for one in readers)
    assert all(mine == sorted(mine) for mine in seen)
    assert all(len(set(mine)) > 1 for mine in seen)


def test_a_line_that_redis_closed_is_opened_again_and_nothing_old_is_told(there):
    there.set("page", "old")
    assert near.get_many([b"page"]) == [b"old"]
    ours = near._line().connection
    ours.send_command("CLIENT", "ID")
    assert there.client_kill_filter(_id=str(ours.read_response())) == 1
    there.set("page", "new")

    becomes(b"page", b"new")


def test_a_server_that_tells_nothing_is_asked_each_time(there, monkeypatch):
    there.acl_setuser("quiet", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-client"])
    host = there.connection_pool.connection_kwargs
    quiet = redis.Redis(host=host["host"], port=host["port"], db=host["db"], username="quiet")
    monkeypatch.setattr(hints, "client", lambda: quiet)
    there.set("page", "old")
    assert near.get_many([b"page"], [b"ana"]) == [b"old", None]
    there.set("page", "new")

    assert near.get_many([b"page"], [b"ana"]) == [b"new", None]
    near._hang_up()
    there.acl_deluser("quiet")


def test_what_is_big_and_what_is_much_is_not_kept(there, monkeypatch):
    monkeypatch.setattr(near, "MOST_BYTES", 10)
    monkeypatch.setattr(near, "MOST_KEPT", 2)
    there.mset({"big": "x" * 11, "one": 1, "two": 2, "three": 3})

    near.get_many([b"big", b"one", b"two", b"three"])

    assert set(near._line().kept) == {b"two", b"three"}


def test_without_redis_it_says_so_and_finds_it_again(there, monkeypatch):
    there.set("page", "home")
    with monkeypatch.context() as patch:
        away = redis.Redis(port=free_port())
        patch.setattr(hints, "client", lambda: away)
        with pytest.raises(redis.RedisError):
            near.get_many([b"page"])

    assert near.get_many([b"page"]) == [b"home"]


def test_a_forked_process_asks_by_a_line_of_its_own(there):
    there.set("page", "home")
    assert near.get_many([b"page"]) == [b"home"]
    ours = near._line()

    child = os.fork()
    if not child:
        os._exit(0 if near.get_many([b"page"]) == [b"home"] and near._line() is not ours else 1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert near.get_many([b"page"]) == [b"home"]

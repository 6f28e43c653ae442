"""Whoever dies in the middle of whatever step: every answer is PostgreSQL's, in the same snapshot.

Longer: `LAKE_KILLS=100 pytest tests/concurrency/test_lake.py`.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import signal
import subprocess
import threading
import time
from datetime import timedelta
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection, connections, transaction

from analytics import collect, compact, query, repair, rewrite, shelf
from analytics.measures import names
from analytics.models import Chunk, Damage, ErasedAlias
from dxp import embedded
from dxp.lib import hints
from tests.analytics import conftest as analytics
from tests.analytics.world import DAY, END, happen
from tests.concurrency.workers import Workers

NOON = DAY + timedelta(hours=12)
LATER = NOON + timedelta(days=3)
KILLS = int(os.environ.get("LAKE_KILLS", "6"))
ENOUGH = max(KILLS * 3, 20)
lake = analytics.lake


def exact(lake, **asked):
    """Compare the answer through files and tail with PostgreSQL's, in one snapshot."""
    asked = {"at": END, "start": DAY, "end": END, **asked}
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        ours = query.ask(names.seen, lake=lake, cached=False, **asked)
        told = query.on_postgres(names.seen, **asked)
    assert ours.rows == told.rows
    return ours


def whole(lake):
    """Every listed file is there and is what was written."""
    assert [fault for _chunk, fault in repair.check(lake=lake, deep=True) if fault] == []


# --- One step at a time ---------------------------------------------------------------------------

WRITING = [
    ("before the file", shelf.Lake, "keep", "before"),
    ("before it is in its place", shelf, "_fsync", "before"),
    ("before the manifest", shelf.Lake, "keep", "after"),
    ("between retiring and listing", collect, "_list", "before"),
    ("before the commit", collect, "_list", "after"),
]
READING = [("after reading PostgreSQL", collect, "_copy_out", "after")]
WORKS = {
    "seal": [*READING, *WRITING],
    "compact": [*WRITING, ("half swept", shelf.Lake, "drop", "after")],
    "rewrite": [*WRITING, ("before letting the list go", rewrite, "_settle", "before")],
    "mend": [*READING, *WRITING[3:], ("before it is noted", Damage, "save", "before")],
    "relay": [*READING, *WRITING[2:4]],
}


def prepare(lake, work, step):
    """Leave something to do."""
    for person in (1, 2, 3):
        happen(person, NOON, title=f"{work} {step}")
        if work != "seal" or person < 3:
            collect.seal(lake=lake, at=NOON)
    live = Chunk.objects.filter(retired_at=None)
    if work == "rewrite":
        erase(100 + step)
    elif work == "mend":
        chunk = live.order_by("-lo")[0]
        (lake.folder / chunk.path).unlink()
    elif work == "relay":
        live.update(layout=1)
    elif work == "compact":
        # There is something to sweep as well.
        Chunk.objects.filter(pk=live.order_by("lo")[0].pk).update(created_at=NOON)
        compact.compact(lake=lake, at=NOON - compact.GRACE * 2)
        happen(4, NOON)
        collect.seal(lake=lake, at=NOON)


def erase(alias):
    """Erase somebody as `customers.erase` does: the rows and the list, in one transaction."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM customers_event WHERE alias_id = %s", [alias])
        rewrite.condemn(alias_ids=[alias], at=NOON)


def do(lake, work):
    {
        "seal": collect.seal, "compact": compact.compact, "rewrite": rewrite.rewrite,
        "mend": repair.mend, "relay": repair.relay,
    }[work](lake=lake, at=NOON)  # fmt: skip


def die(*args, **rest):
    os.kill(os.getpid(), signal.SIGKILL)


def killed_at(step, job):
    """Do a job in a process of its own, which dies at the step."""
    _name, owner, attribute, when = step
    real = getattr(owner, attribute)

    def and_die(*args, **rest):
        real(*args, **rest)
        die()

    def child():
        hints.client.cache_clear()
        setattr(owner, attribute, die if when == "before" else and_die)
        job()

    connections.close_all()
    process = multiprocessing.get_context("fork").Process(target=child, daemon=True)
    process.start()
    process.join(60)
    return process.exitcode


@pytest.mark.parametrize("work", WORKS)
def test_killed_at_any_step_nothing_is_lost_or_shown_twice(lake, work):
    for number, step in enumerate(WORKS[work]):
        happen(100 + number, NOON)
        prepare(lake, work, number)

        assert killed_at(step, lambda: do(lake, work)) == -signal.SIGKILL, step[0]

        exact(lake)
        do(lake, work)
        exact(lake)
    whole(lake)
    assert Chunk.objects.filter(retired_at=None).exists()
    # What the dead left lying is gone in the end, and nothing else.
    compact.sweep(lake=lake, at=LATER + timedelta(days=9999))
    assert set(lake.files()) == set(Chunk.objects.values_list("path", flat=True))
    assert exact(lake).engine == "duckdb"


# --- Everything at once ---------------------------------------------------------------------------


def write(lake):
    """Record events in transactions, of which some take long and some end in nothing."""
    dice = random.Random(os.urandom(8))
    kept = connection.settings_dict
    with psycopg.connect(
        host=kept["HOST"], port=kept["PORT"], user=kept["USER"], dbname=kept["NAME"]
    ) as mine:
        while True:
            for _ in range(dice.choice([1, 5, 20])):
                happen(dice.randrange(50), NOON, on=mine)
            if dice.random() < 0.2:
                time.sleep(dice.random() / 2)
            if dice.random() < 0.1:
                mine.rollback()
            else:
                mine.commit()
            time.sleep(0.01)


def keep(lake):
    """Do everything that changes files, as the worker does."""
    dice = random.Random(os.urandom(8))
    # Nobody comes back under a name that was erased.
    gone = dice.randrange(1000, 10**9)
    happen(gone, NOON)
    collect.seal(lake=lake, at=NOON)
    if dice.random() < 0.5:
        erase(gone)
        rewrite.rewrite(lake=lake, at=NOON)
    repair.mend(lake=lake, at=NOON)
    compact.compact(lake=lake, at=NOON)


class Readers:
    """People who look at reports all the time, and compare."""

    def __init__(self, lake, number=2):
        self.lake, self.stop = lake, threading.Event()
        self.engines, self.wrong = [], []
        self.threads = [threading.Thread(target=self._read) for _ in range(number)]
        for thread in self.threads:
            thread.start()

    def _read(self):
        try:
            while not self.stop.is_set():
                self.engines.append(exact(self.lake).engine)
        except Exception as error:  # noqa: BLE001 - threads swallow what they raise
            self.wrong.append(repr(error))
        finally:
            connection.close()

    @property
    def compared(self):
        return self.engines.count("duckdb")

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join()


def race(lake, kills=KILLS, enough=ENOUGH, patience=60.0):
    """Write, keep, read and kill at once, until the readers compared enough; return them."""
    workers = Workers(
        lambda: write(lake), lambda: write(lake), lambda: keep(lake), lambda: keep(lake)
    )
    readers = Readers(lake)
    try:
        workers.kill_some(kills, least=0.1, most=0.6)
        ends = time.monotonic() + patience
        while readers.compared < enough and not readers.wrong and time.monotonic() < ends:
            time.sleep(0.05)
    finally:
        readers.end()
        workers.stop()
    return readers


@pytest.fixture(autouse=True)
def _turns_for_all(monkeypatch):
    # A turn is a lock on an open file: a child that is forked meanwhile would keep it.
    monkeypatch.setattr(query, "take_turn", lambda *_args, **_rest: contextlib.nullcontext())


def test_readers_see_everything_once_while_all_others_are_killed(lake):
    readers = race(lake)

    assert readers.wrong == []
    assert readers.compared >= ENOUGH
    assert Chunk.objects.filter(retired_at__isnull=False).exists(), "nothing was merged"
    assert ErasedAlias.objects.exists()
    collect.seal(lake=lake, at=NOON)
    whole(lake)
    assert exact(lake).rows


def test_a_watermark_of_the_newest_row_fails_that_test(lake, monkeypatch):
    def newest():
        with connection.cursor() as cursor:
            cursor.execute("SELECT coalesce(max(xid::text::bigint), 0) + 1 FROM customers_event")
            return cursor.fetchone()[0]

    monkeypatch.setattr(collect, "_watermark", newest)
    assert "Page Viewed" in str(race(lake, kills=2, enough=10_000).wrong)


# --- A dump, restored into another cluster --------------------------------------------------------


@pytest.fixture
def other_cluster(tmp_path):
    """Return what brings this database, by a dump, into a cluster of its own and goes on there."""
    kept = dict(connection.settings_dict)
    binaries = embedded.postgres_binaries()
    server = embedded.start_postgres(tmp_path / "other", durable=False)

    def move():
        dump = [
            binaries / "pg_dump", "--no-owner", "--host", kept["HOST"], "--port",
            str(kept["PORT"]), "--username", kept["USER"], kept["NAME"],
        ]  # fmt: skip
        told = subprocess.run(dump, check=True, capture_output=True).stdout
        # The other cluster has a history of its own.
        subprocess.run(
            [binaries / "psql", "--quiet", "-v", "ON_ERROR_STOP=1", server.url],
            input=told, check=True, capture_output=True,
        )  # fmt: skip
        connections.close_all()
        url = urlsplit(server.url)
        connection.settings_dict.update(
            HOST=url.hostname, PORT=url.port, USER=url.username, NAME=url.path.strip("/")
        )

    yield move
    connections.close_all()
    connection.settings_dict.update(kept)
    server.stop()


def test_a_dump_restored_into_another_cluster_goes_on_with_right_answers(lake, other_cluster):
    repair.adopt(lake=lake, at=NOON)
    # The old cluster is far ahead of the new one.
    for person in range(60):
        happen(person, NOON)
    collect.seal(lake=lake, at=NOON)
    happen(70, NOON)
    before, ids = exact(lake).rows, transactions()
    # The dump was made without what only the file holds any more.
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM customers_event WHERE profile_id < 10")
    other_cluster()
    assert transactions() < ids
    happen(71, NOON)

    assert repair.adopt(lake=lake, at=NOON)

    def total(table):
        return sum(row[1] for row in table.rows)

    asked = {"at": END, "start": DAY, "end": END, "cached": False}
    ours = query.ask(names.seen, lake=lake, **asked)
    assert (ours.engine, total(ours)) == ("duckdb", sum(row[1] for row in before) + 1)
    happen(72, NOON)
    assert collect.seal(lake=lake, at=NOON).rows == 3
    assert total(query.ask(names.seen, lake=lake, **asked)) == 63
    whole(lake)


def transactions():
    """Return how many transactions this cluster has counted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        return cursor.fetchone()[0]

"""Programs are killed and servers restart while events stream in: nothing acknowledged is lost."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from pathlib import Path

import psycopg
import pytest
from django.db import connection, connections

from customers import segment
from customers.models import Alias, Event, Inbox, Quarantine, SegmentMember, Source
from dxp.lib.clock import now
from tests.concurrency.programs import Programs
from tests.concurrency.sender import Senders

pytestmark = pytest.mark.django_db(transaction=True)
LEAST = 5
READERS = {"v": 1, "root": {"op": "event", "matcher": {"event": "Article Viewed"},
                            "metric": "count", "window": {"last": [7, "days"]}, "cmp": "gte",
                            "value": LEAST}}  # fmt: skip


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Return the running programs, with a source and a segment to work on."""
    programs = Programs(tmp_path)
    try:
        programs.start_redis(monkeypatch)
        for name in ("web", "worker", "beat"):
            programs.start(name)
        programs.wait_for_web()
        yield programs
    finally:
        programs.stop()
        connections.close_all()


@pytest.fixture
def readers(transactional_db):
    """Return a segment of people who read a lot."""
    return segment.create(name="Readers", rule=READERS, at=now())


@pytest.fixture
def senders(readers, programs):
    """Return clients that stream events."""
    shop = Source.objects.create(name="Shop")
    senders = Senders(programs.port, shop.write_key)
    yield senders
    senders.ended.set()


def wait_until_all_is_folded(programs, patience=120.0):
    deadline = time.monotonic() + patience
    while Inbox.objects.exists():
        assert time.monotonic() < deadline, programs.last_words("worker")
        time.sleep(0.05)


def check_everything(told, readers):
    """Every acknowledged call is there, and counted, once; members are what the calls say."""
    ids = [call["messageId"] for call in told]
    sent = Event.objects.exclude(name__startswith="Segment")
    stored = list(sent.values_list("message_id", flat=True))
    assert Counter(stored) == Counter(ids)
    assert not Quarantine.objects.exists()

    read = Counter(
        f"user-{call['anonymousId'].removeprefix('browser-')}"
        for call in told
        if call.get("event") == "Article Viewed"
    )
    expected = {who for who, times in read.items() if times >= LEAST}
    inside = SegmentMember.objects.filter(segment=readers, left_at=None)
    members = Alias.objects.filter(kind="user", profile__in=inside.values("profile"))
    assert set(members.values_list("value", flat=True)) == expected
    assert expected, "nobody read enough to be in the segment"
    assert Event.objects.filter(name="Segment Entered").count() == len(expected)

    # A recount by the engine itself finds nobody to move: what it counted is what lies there.
    assert segment.reconcile(at=now()) == 0


def test_kill_dash_9_of_any_program_loses_and_doubles_nothing(programs, senders, readers):
    senders.wait_for(10)
    for name in ("web", "worker", "beat"):
        programs.kill(name)
        if name != "web":
            # Events go on coming in while nobody folds them.
            senders.wait_for(5)
        programs.start(name)
        senders.wait_for(15)
    senders.stop()
    wait_until_all_is_folded(programs)

    assert sum(senders.answers.values()) > senders.answers[200], "no client noticed a kill"
    check_everything(senders.told, readers)


def crash_postgres():
    """Kill a server process of PostgreSQL: it ends all others, recovers from its log, goes on."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as victim:
        # What other tests wrote need not be recovered too.
        victim.execute("CHECKPOINT")
        pid = victim.info.backend_pid
        command = Path(f"/proc/{pid}/cmdline")
        if not command.exists() or b"postgres" not in command.read_bytes():
            pytest.skip("PostgreSQL runs on another machine.")
        os.kill(pid, signal.SIGKILL)


def wait_for_postgres(patience=30.0):
    """Return the moment when PostgreSQL takes connections again."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=1) as line:
                line.execute("SELECT 1")
            return time.monotonic()
        except psycopg.OperationalError:
            time.sleep(0.01)
    raise AssertionError("PostgreSQL did not come back.")


def first_success(senders, since):
    return next((moment for moment in list(senders.successes) if moment > since), None)


def test_postgres_and_redis_restarted_under_load_lose_nothing(
    programs, senders, readers, monkeypatch, record_property
):
    senders.wait_for(20)
    connection.close()

    crash_postgres()
    back = wait_for_postgres()
    senders.wait_for(20)
    after_postgres = first_success(senders, back) - back
    assert senders.answers[503], f"nobody noticed that PostgreSQL was away: {senders.answers}"

    programs.redis.process.kill()
    programs.redis.process.wait()
    before = dict(senders.answers)
    senders.wait_for(20)
    programs.start_redis(monkeypatch)
    redis_back = time.monotonic()
    senders.wait_for(20)
    after_redis = first_success(senders, redis_back) - redis_back
    # Senders do not notice that Redis is away.
    assert {k: n for k, n in senders.answers.items() if k != 200} == {
        k: n for k, n in before.items() if k != 200
    }
    senders.stop()
    wait_until_all_is_folded(programs)

    record_property("first success after PostgreSQL", after_postgres)
    record_property("first success after Redis", after_redis)
    print(f"first success after PostgreSQL {after_postgres:.3f} s, Redis {after_redis:.3f} s")
    assert after_postgres < 2
    assert after_redis < 2
    check_everything(senders.told, readers)

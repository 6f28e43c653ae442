"""Several workers, one inbox: every event is there once, whoever dies."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time

import pytest
from django.db import connection, connections, transaction
from django.db.models import Sum

from customers import fold, identify, ingest, record, segment
from customers.models import Event, EventDay, Inbox, Profile, SegmentMember, Source
from dxp.lib.clock import now

pytestmark = pytest.mark.django_db(transaction=True)
READERS = {"v": 1, "root": {"op": "event", "name": "Article Viewed", "metric": "count",
                            "window": {"last": [7, "days"]}, "cmp": "gte", "value": 3}}  # fmt: skip
AND = {"v": 1, "root": {"op": "and", "of": [
    {"op": "event", "name": name, "metric": "count", "window": "all", "cmp": "gte", "value": 1}
    for name in ("Article Viewed", "Message Clicked")]}}  # fmt: skip


@pytest.fixture
def shop():
    return Source.objects.create(name="Shop")


def store(shop, batches, events=20, people=15):
    """Store batches in which people read, and say who they are on two browsers each."""
    for batch in range(batches):
        told = []
        for number in range(events):
            who = (batch * 7 + number) % people
            told.append({
                "type": "track", "event": "Article Viewed", "anonymousId": f"a{who}-{number % 2}",
                "messageId": f"{batch}-{number}",
            })  # fmt: skip
        who = batch % people
        told.append({"type": "identify", "userId": f"u{who}", "anonymousId": f"a{who}-{batch % 2}",
                     "traits": {"email": f"u{who}@x.test"}, "messageId": f"i-{batch}"})  # fmt: skip
        # Each is sent twice: SDKs repeat what was not acknowledged.
        for _ in range(2):
            ingest.accept(source=shop, events=told, at=now())


def in_threads(*jobs):
    failures = []

    def run(job):
        try:
            job()
        except BaseException as error:  # noqa: BLE001 - told below
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []


def check_the_sums(events):
    """Every event is there once, is counted once, and memberships are what a recount says."""
    assert Inbox.objects.count() == 0
    sent = Event.objects.exclude(name__startswith="Segment")
    assert sent.count() == events
    assert sent.values("message_id").distinct().count() == events
    days = EventDay.objects.values_list("matcher__event")
    counted = dict(days.annotate(total=Sum("n")).order_by())
    for name in ("Article Viewed", "Identified"):
        assert counted.get(name, 0) == Event.objects.filter(name=name).count()
    for known in EventDay.objects.values_list("profile__state", flat=True).distinct():
        assert known == Profile.State.ACTIVE
    assert segment.reconcile(at=now()) == 0


class TestTwoFolds:
    def test_at_once_keep_every_event_once(self, shop):
        segment.create(name="Readers", rule=READERS, at=now())
        store(shop, batches=30)

        in_threads(*[lambda: fold.drain(at=now())] * 3)

        check_the_sums(30 * 21)
        assert SegmentMember.objects.filter(left_at=None).exists()

    def test_do_not_wait_for_each_other_unless_asked(self, shop):
        store(shop, batches=1)
        holding, done = threading.Event(), threading.Event()

        def hold():
            with transaction.atomic():
                fold._take_turn(True)
                holding.set()
                done.wait(20)

        def impatient():
            holding.wait(20)
            began = time.monotonic()
            assert fold.fold(at=now(), wait=False) == 0
            assert time.monotonic() - began < 5
            done.set()

        in_threads(hold, impatient)

        assert Inbox.objects.count() == 2


class TestFoldAndRecord:
    def test_judge_one_person_together(self, shop):
        """Each brings one half of the rule; without the lock neither would see both."""
        both = segment.create(name="Both", rule=AND, at=now())
        people = [
            identify.ensure_alias(kind="user", value=f"u{i}", at=now()).profile_id
            for i in range(40)
        ]
        for number in range(40):
            ingest.accept(
                source=shop,
                events=[{"type": "track", "event": "Article Viewed", "userId": f"u{number}"}],
                at=now(),
            )

        def click(some):
            for person in some:
                record.events(
                    [record.New(person, "Message Clicked", {}, now(), f"c{person}")], at=now()
                )

        in_threads(
            lambda: [fold.fold(limit=3, at=now()) for _ in range(20)],
            lambda: click(people[::2]),
            lambda: click(people[1::2]),
        )

        assert SegmentMember.objects.filter(segment=both, left_at=None).count() == 40
        entered = Event.objects.filter(name="Segment Entered").values_list("profile_id", flat=True)
        assert sorted(entered) == sorted(people)

    def test_an_alias_is_born_once(self, shop):
        def ensure():
            for number in range(30):
                identify.ensure_alias(kind="anonymous", value=f"a{number}", at=now())

        for number in range(30):
            ingest.accept(
                source=shop,
                events=[{"type": "track", "event": "E", "anonymousId": f"a{29 - number}"}],
                at=now(),
            )

        in_threads(ensure, ensure, lambda: [fold.fold(limit=4, at=now()) for _ in range(10)])

        fold.drain(at=now())
        assert Profile.objects.count() == 30
        assert not Profile.objects.filter(aliases=None).exists()


class TestSegmentsAndEvents:
    def test_a_segment_made_while_events_come_in_misses_nobody(self, shop):
        store(shop, batches=20)

        in_threads(
            lambda: [fold.fold(limit=2, at=now()) for _ in range(30)],
            lambda: [segment.create(name=f"R{i}", rule=READERS, at=now()) for i in range(5)],
            lambda: [segment.sweep(at=now()) for _ in range(10)],
        )

        fold.drain(at=now())
        check_the_sums(20 * 21)


def _fold_for_ever(name, started):
    """A worker of its own process."""
    connections.close_all()
    connections["default"].settings_dict["NAME"] = name
    started.set()
    while True:
        fold.fold(limit=1, at=now())


class TestKill:
    def test_dash_9_anywhere_loses_and_doubles_nothing(self, shop):
        segment.create(name="Readers", rule=READERS, at=now())
        store(shop, batches=60)
        name = connection.settings_dict["NAME"]
        context = multiprocessing.get_context("fork")

        killed_at_work = 0
        while Inbox.objects.exists():
            connections.close_all()
            started = context.Event()
            worker = context.Process(target=_fold_for_ever, args=(name, started))
            worker.start()
            started.wait(20)
            time.sleep(0.03 + 0.013 * killed_at_work)
            os.kill(worker.pid, signal.SIGKILL)
            worker.join()
            killed_at_work += Inbox.objects.exists()

        assert killed_at_work >= 3, "the worker was too fast to be killed at work"
        check_the_sums(60 * 21)

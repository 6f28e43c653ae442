"""Engines die at random moments, and every person still takes each step once."""

from __future__ import annotations

import random
import threading
import time

import pytest
from django.db import connections, transaction
from django.db.models import Count, F, Max

from customers import record
from customers.models import Event
from customers.record import New
from dxp.lib.clock import now
from journeys import advance, enroll
from journeys.models import Delivery, Enrollment, Sender, Step
from tests.concurrency.workers import Workers
from tests.journeys.conftest import NOON, delay, draw, end, person, send, wait, write

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 400


@pytest.fixture
def journey(db):
    from customers import partitions, segment

    # Making the month's partition would hold everybody up, and hide what is looked for here.
    partitions.ensure(moments=[NOON, now()])

    Sender.objects.get_or_create(pk=1, defaults={"name": "Default"})
    rule = {"v": 1, "root": {"op": "event", "name": "Liked", "metric": "count", "window": "all",
                             "cmp": "gte", "value": 1}}  # fmt: skip
    fans = segment.create(name="Fans", rule=rule, at=NOON)
    return draw(
        fans,
        send(write("Welcome")),
        delay(1, "seconds"),
        wait("Ordered", amount=1, unit="days", happened=[end("bought")], timeout=[end("lost")]),
    )


def engine():
    for lane in (0, 1, 2):
        advance.advance(lane=lane, at=now(), limit=50)
    advance.announce(at=now())


def drain():
    """Let everybody come to rest."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        moved = [advance.advance(lane=lane, at=now()).runs for lane in (0, 1, 2)]
        if not any(moved) and not advance.announce(at=now()):
            if not Enrollment.objects.filter(node="s2", ended_at=None).exists():
                return
            time.sleep(0.1)


def shopper(people):
    """Return a job in which somebody orders; half of the people never do."""
    buyers = people[::2]

    def shop():
        dice = random.Random(time.time_ns())
        chosen = dice.sample(buyers, 3)
        record.events(
            [New(one, "Ordered", {}, now(), f"ordered:{one}:{time.time_ns()}") for one in chosen],
            at=now(),
        )

    return shop


def lost_wakes():
    """Return runs that still wait although their event came after they began to listen."""
    return [
        run.pk
        for run in Enrollment.objects.filter(ended_at=None, node="s3", woke_by="")
        if Event.objects.filter(
            profile_id=run.profile_id, name="Ordered", id__gt=run.heard_event_id
        ).exists()
    ]


def check_the_paths():
    gaps = (
        Step.objects
        .values("enrollment")
        .annotate(n=Count("pk"), top=Max("seq"))
        .exclude(n=F("top"))
        .count()
    )
    assert gaps == 0
    for run in Enrollment.objects.all():
        assert run.seq == Step.objects.filter(enrollment=run).count()
        if run.ended_at:
            assert run.outcome == "bought"
            assert Event.objects.filter(
                id=run.heard_event_id, name="Ordered", profile_id=run.profile_id
            ).exists()
    sends = set(Step.objects.filter(node="s1").values_list("enrollment", "seq"))
    assert set(Delivery.objects.values_list("enrollment", "seq")) == sends
    assert len(sends) == PEOPLE
    for name, runs in [
        ("Journey Entered", Enrollment.objects.count()),
        ("Journey Exited", Enrollment.objects.filter(ended_at__isnull=False).count()),
    ]:
        assert Event.objects.filter(name=name).count() == runs


def test_no_step_is_lost_or_doubled_and_no_wake_up_is_missed(journey):
    people = [person(f"p{number}").pk for number in range(PEOPLE)]
    workers = Workers(engine, engine, shopper(people))
    try:
        for start in range(0, PEOPLE, 40):
            enroll.enter(starts=[(one, journey, 0) for one in people[start : start + 40]], at=now())
            workers.kill_some(2, seed=start)
    finally:
        workers.stop()

    drain()

    assert workers.kills == 20
    assert lost_wakes() == []
    assert 0 < Enrollment.objects.filter(ended_at__isnull=False).count() <= PEOPLE // 2
    check_the_paths()


def order_while_a_batch_is_under_way(journey, monkeypatch, *, lock=advance.LOCK):
    """Return the wake-ups that were lost when an event came between look-back and commit."""
    ana = person("ana")
    enroll.enter(starts=[(ana.pk, journey, 0)], at=NOON)
    advance.advance(lane=0, at=NOON)
    write_down, ready, go_on = advance._write, threading.Event(), threading.Event()

    def slowly(*args):
        ready.set()
        go_on.wait(5)
        write_down(*args)

    monkeypatch.setattr(advance, "_write", slowly)
    monkeypatch.setattr(advance, "LOCK", lock)
    later = NOON + journey_delay()
    engine = threading.Thread(target=in_thread(lambda: advance.advance(lane=1, at=later)))
    engine.start()
    assert ready.wait(5)
    new = New(ana.pk, "Ordered", {}, later, "ordered")
    shop = threading.Thread(target=in_thread(lambda: record.events([new], at=later)))
    shop.start()
    # Time enough to record the event, or to come to the lock.
    shop.join(1.0)
    go_on.set()
    engine.join(10)
    shop.join(10)
    return lost_wakes()


def journey_delay():
    from datetime import timedelta

    return timedelta(seconds=2)


def in_thread(job):
    def run():
        try:
            with transaction.atomic():
                job()
        finally:
            connections.close_all()

    return run


def test_an_event_that_comes_between_look_back_and_commit_is_heard(journey, monkeypatch):
    assert order_while_a_batch_is_under_way(journey, monkeypatch) == []


def test_that_test_bites_without_the_lock(journey, monkeypatch):
    without = advance.LOCK.replace(" FOR UPDATE OF e", "")

    assert len(order_while_a_batch_is_under_way(journey, monkeypatch, lock=without)) == 1


@pytest.mark.parametrize("looks_back", [True, False])
def test_what_came_before_the_wait_is_found_by_looking_back_alone(journey, monkeypatch, looks_back):
    if not looks_back:
        monkeypatch.setattr(advance, "_look_back", lambda *args: None)
    ana = person("ana")
    enroll.enter(starts=[(ana.pk, journey, 0)], at=NOON)
    advance.advance(lane=0, at=NOON)
    record.events([New(ana.pk, "Ordered", {}, NOON, "ordered")], at=NOON)

    for lane in (1, 0):
        advance.advance(lane=lane, at=NOON + journey_delay())

    assert bool(lost_wakes()) is not looks_back

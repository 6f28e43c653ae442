"""Engines die at random moments, and every person still takes each step once."""

from __future__ import annotations

import os
import random
import threading
import time
from datetime import timedelta

import pytest
from django.db import connections, transaction
from django.db.models import Count, F, Max

from customers import record, segment
from customers.models import Event, SegmentMember
from customers.record import New
from dxp.lib.clock import now
from journeys import advance, enroll, lookback, publish, wake
from journeys.models import Delivery, Enrollment, Journey, Sender, Step
from tests.concurrency.workers import Workers
from tests.journeys.conftest import NOON, delay, end, person, send, write

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 80
# A night's run asks for more.
KILLS = int(os.environ.get("CRASH_KILLS", "20"))
BIG = [{"prop": "total", "cmp": "gte", "value": 10}]
LIKED = {"op": "event", "name": "Liked", "metric": "count", "window": "all", "cmp": "gte",
         "value": 1}  # fmt: skip
SECOND = timedelta(seconds=1)


@pytest.fixture
def journey(db):
    """Return a journey of abandoned carts: each cart is a run of its own."""
    from customers import partitions

    # Making the month's partition would hold everybody up, and hide what is looked for here.
    partitions.ensure(moments=[NOON, now()])
    Sender.objects.get_or_create(pk=1, defaults={"name": "Default"})
    bought = {"id": "buys", "event": "Ordered", "where": BIG, "same": "cart",
              "steps": [end("bought") | {"id": "s4"}]}  # fmt: skip
    drawn = Journey.objects.create(
        name="Cart",
        entry={"type": "event", "event": "Cart Updated", "key": "cart", "where": []},
        reentry="KEYED",
        goals=[{"event": "Cleared", "same": "cart"}],
        outline=[
            send(write("Reminder")) | {"id": "s1"},
            delay(1, "seconds") | {"id": "s2"},
            {"id": "s3", "type": "wait", "for": [bought], "amount": 1, "unit": "days",
             "timeout": []},
        ],
    )  # fmt: skip
    publish.publish(journey=drawn, at=NOON)
    return drawn


def told(profile_id, name, cart, *, total=20, at=None, key=""):
    """Return an event about a cart."""
    about = {"cart": cart, "total": total}
    return New(profile_id, name, about, at or now(), key or f"{name}:{profile_id}:{os.urandom(6)}")


def engine():
    for lane in (0, 1, 2):
        advance.advance(lane=lane, at=now(), limit=50)
    advance.announce(at=now())


def postman():
    """Send what is queued, a little later."""
    time.sleep(0.2)
    some = Delivery.objects.filter(state="QUEUED").order_by("pk").values("pk")[:30]
    Delivery.objects.filter(pk__in=list(some.values_list("pk", flat=True))).update(
        state="SENT", sent_at=now()
    )


def shopper(people):
    """Return a job in which somebody orders, clears a cart, or does what means nothing here."""

    def shop():
        dice = random.Random(time.time_ns())
        events = []
        for one in dice.sample(people, 3):
            # Every second person orders one cart, every third one clears the other.
            if one % 2:
                events.append(told(one, "Ordered", "a"))
            if not one % 3:
                events.append(told(one, "Cleared", "b"))
            events += [told(one, "Ordered", "b", total=5), told(one, "Ordered", "c")]
        record.events(events, at=now())

    return shop


def drain():
    """Let everybody come to rest."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        postman()
        moved = [advance.advance(lane=lane, at=now()).runs for lane in (0, 1, 2)]
        waits = Enrollment.objects.filter(node="s2", ended_at=None).exists()
        if not any(moved) and not advance.announce(at=now()) and not waits:
            return


def after(run, name, since, *, total=0):
    """Return the events about a run's cart after another one."""
    events = Event.objects.filter(profile_id=run.profile_id, name=name, id__gt=since)
    return [
        event.id for event in events.order_by("id")
        if event.properties["cart"] == run.entry_key and event.properties["total"] >= total
    ]  # fmt: skip


def lost_wakes():
    """Return runs that still wait although somebody answered, or reached the goal."""
    entered = {
        (event.profile_id, event.properties["cart"]): event.id
        for event in Event.objects.filter(name="Cart Updated").order_by("-id")
    }
    return [
        run.pk
        for run in Enrollment.objects.filter(ended_at=None, woke_by="")
        if after(run, "Cleared", entered[run.profile_id, run.entry_key])
        or (run.node == "s3" and after(run, "Ordered", run.heard_event_id, total=10))
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
            name, total = {"bought": ("Ordered", 10), "goal": ("Cleared", 0)}[run.outcome]
            assert run.heard_event_id in after(run, name, 0, total=total)
    sends = set(Step.objects.filter(node="s1").values_list("enrollment", "seq"))
    assert set(Delivery.objects.values_list("enrollment", "seq")) == sends
    for step in Step.objects.filter(node="s2", outcome="").select_related("enrollment"):
        sent_at = Delivery.objects.get(enrollment=step.enrollment_id, node="s1").sent_at
        assert step.at >= sent_at + SECOND
    for name, runs in [
        ("Journey Entered", Enrollment.objects.count()),
        ("Journey Exited", Enrollment.objects.filter(ended_at__isnull=False).count()),
    ]:
        assert Event.objects.filter(name=name).count() == runs


def crash(kills):
    """Let people in while engines, shoppers and the postman are killed; return when all rest."""
    people = [person(f"p{number}").pk for number in range(PEOPLE)]
    workers = Workers(engine, engine, shopper(people), postman)
    try:
        for start in range(0, PEOPLE, 8):
            some = people[start : start + 8]
            for _twice in range(2):
                record.events(
                    [told(one, "Cart Updated", cart) for one in some for cart in "ab"], at=now()
                )
            workers.kill_some(kills // 10, seed=start)
    finally:
        workers.stop()
    drain()
    return workers.kills


def test_no_step_is_lost_or_doubled_and_no_wake_up_is_missed(journey):
    assert crash(KILLS) == KILLS

    assert lost_wakes() == []
    assert Enrollment.objects.count() == 2 * PEOPLE
    outcomes = set(Enrollment.objects.values_list("outcome", flat=True))
    assert outcomes == {"", "bought", "goal"}
    check_the_paths()


@pytest.mark.skipif(KILLS < 100, reason="long: CRASH_KILLS=100")
def test_that_test_bites_without_the_look_back(journey, monkeypatch):
    monkeypatch.setattr(lookback, "look_back", lambda *args: {})

    crash(20)

    assert lost_wakes() != []


def begin(ana):
    record.events([told(ana.pk, "Cart Updated", "a", at=NOON)], at=NOON)


def come_to_the_delay():
    advance.advance(lane=0, at=NOON)
    Delivery.objects.update(state="SENT", sent_at=NOON)


def tell_while_a_batch_is_under_way(ana, name, *, lane, at, monkeypatch, lock):
    """Return the wake-ups that were lost when an event came between look-back and commit."""
    write_down, ready, go_on = advance._write, threading.Event(), threading.Event()

    def slowly(*args):
        ready.set()
        go_on.wait(5)
        write_down(*args)

    monkeypatch.setattr(advance, "_write", slowly)
    monkeypatch.setattr(wake, "LOCK", lock)
    moving = threading.Thread(target=in_thread(lambda: advance.advance(lane=lane, at=at)))
    moving.start()
    assert ready.wait(5)
    new = told(ana.pk, name, "a", at=at)
    shop = threading.Thread(target=in_thread(lambda: record.events([new], at=at)))
    shop.start()
    # Time enough to record the event, or to come to the lock.
    shop.join(0.7)
    go_on.set()
    moving.join(10)
    shop.join(10)
    return lost_wakes()


def in_thread(job):
    def run():
        try:
            with transaction.atomic():
                job()
        finally:
            connections.close_all()

    return run


LOCKS = [(wake.LOCK, 0), (wake.LOCK.replace(" FOR UPDATE", ""), 1)]


@pytest.mark.parametrize(("lock", "lost"), LOCKS)
def test_an_answer_between_look_back_and_commit_is_heard_by_the_lock_alone(
    journey, monkeypatch, lock, lost
):
    ana = person("ana")
    begin(ana)
    come_to_the_delay()

    found = tell_while_a_batch_is_under_way(
        ana, "Ordered", lane=1, at=NOON + 2 * SECOND, monkeypatch=monkeypatch, lock=lock
    )

    assert len(found) == lost


@pytest.mark.parametrize(("lock", "lost"), LOCKS)
def test_a_goal_while_somebody_takes_the_first_step_too(journey, monkeypatch, lock, lost):
    ana = person("ana")
    begin(ana)

    found = tell_while_a_batch_is_under_way(
        ana, "Cleared", lane=0, at=NOON, monkeypatch=monkeypatch, lock=lock
    )

    assert len(found) == lost


def test_everybody_is_let_in_while_events_let_the_same_people_in(db):
    fans = segment.create(name="Fans", rule={"v": 1, "root": LIKED}, at=NOON)
    people = [person(f"p{number}").pk for number in range(60)]
    SegmentMember.objects.bulk_create([
        SegmentMember(segment=fans, profile_id=one, entered_at=NOON, cause="fill") for one in people
    ])
    drawn = Journey.objects.create(
        name="All", entry={"type": "segment", "segment": fans.pk, "change": "entered"},
        outline=[delay() | {"id": "s1"}],
    )  # fmt: skip
    publish.publish(journey=drawn, at=NOON)
    shuffled = list(people)
    random.Random(7).shuffle(shuffled)
    began = []

    def let_in():
        for start in range(0, 60, 10):
            starts = [enroll.Start(one, drawn) for one in shuffled[start : start + 10]]
            with transaction.atomic():
                began.extend(enroll.enter(starts=starts, at=NOON))

    others = threading.Thread(target=in_thread(let_in))
    others.start()
    filled = enroll.fill(journey=drawn, at=NOON)
    others.join(20)

    assert filled + len(began) == Enrollment.objects.count() == 60

"""The engine against the database's own speed: node steps beside plain UPDATE … RETURNING.

Both run on the same table with the same indexes, in the same batch size, by one process. The
journey: send, a day, wait for an event with timeout, send, end; each wake writes the run, its steps
and its delivery.
"""

from __future__ import annotations

import statistics
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from benchmarks import Result
from customers import partitions
from customers.models import Segment
from journeys import advance, enroll, publish
from journeys.compose import House
from journeys.models import Enrollment, Journey, Message
from journeys.models.enrollments import Lane

AT = datetime(2026, 1, 1, tzinfo=UTC)
BATCH = 500
ROUNDS = 3
HOUSE = House(site="https://bench.example", sender="Bench <bench@bench.example>")
PEOPLE = """
WITH born AS (
  INSERT INTO customers_profile (public_id, bucket, state, is_known, traits, created_at,
    last_seen_at)
  SELECT gen_random_uuid(), 0, 'ACTIVE', true, '{}', now(), now()
  FROM generate_series(1, %s) RETURNING id
)
INSERT INTO customers_alias (kind, value, home_profile_id, profile_id, first_seen_at)
SELECT 'user', 'b' || id, id, id, now() FROM born"""
MEMBERS = """
INSERT INTO customers_segmentmember (segment_id, profile_id, entered_at, cause, left_cause)
SELECT %s, id, now(), 'fill', '' FROM customers_profile"""
RAW = """
UPDATE journeys_enrollment e SET due_at = %s, seq = e.seq + 1 FROM (
  SELECT id FROM journeys_enrollment WHERE lane = %s AND due_at <= %s ORDER BY due_at LIMIT %s
  FOR UPDATE SKIP LOCKED) x
WHERE e.id = x.id RETURNING e.id"""


def prepare(people: int) -> Journey:
    """Make people, a segment of all of them, and a live journey."""
    partitions.ensure(moments=[AT, AT + timedelta(days=10)])
    segment = Segment.objects.create(
        name="All", slug="all", rule={"v": 1}, state=Segment.State.LIVE
    )
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE, [people])
        cursor.execute(MEMBERS, [segment.pk])
    letters = []
    for name in ("First", "Second"):
        letter = Message.objects.create(name=name, subject="Hi", body=[("text", "Hello")])
        publish.publish_message(message=letter, house=HOUSE, at=AT)
        letters.append(letter.pk)
    outline = [
        {"id": "a", "type": "send", "message": letters[0]},
        {"id": "b", "type": "delay", "amount": 1, "unit": "days"},
        {
            "id": "c",
            "type": "wait",
            "event": "Ordered",
            "amount": 3,
            "unit": "days",
            "happened": [],
            "timeout": [{"id": "d", "type": "send", "message": letters[1]}],
        },
    ]
    journey = Journey.objects.create(name="Bench", segment=segment, outline=outline)
    publish.publish(journey=journey, at=AT)
    return journey


def vacuum() -> None:
    """Leave no dead rows of an earlier round."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE journeys_enrollment")


def engine(journey: Journey, people: int) -> tuple[float, float]:
    """Walk everybody to the end; return node steps and wakes a second."""
    Enrollment.objects.all().delete()
    enroll.fill(journey=journey, at=AT)
    vacuum()
    steps = wakes = 0
    spent = 0.0
    for day, lane in ((0, Lane.BULK), (1, Lane.NORMAL), (4, Lane.NORMAL)):
        began = time.perf_counter()
        while True:
            done = advance.advance(lane=lane, at=AT + timedelta(days=day), limit=BATCH)
            steps, wakes = steps + done.steps, wakes + done.runs
            if not done.runs:
                break
        spent += time.perf_counter() - began
        vacuum()
    assert Enrollment.objects.filter(ended_at__isnull=False).count() == people
    return steps / spent, wakes / spent


def raw(journey: Journey) -> float:
    """Move everybody by the shortest statement; return rows a second."""
    Enrollment.objects.all().delete()
    enroll.fill(journey=journey, at=AT)
    vacuum()
    moved, began = 0, time.perf_counter()
    for lap in range(3):
        due = AT + timedelta(hours=lap + 1)
        while True:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(RAW, [due, int(Lane.BULK), due - timedelta(hours=1), BATCH])
                found = len(cursor.fetchall())
            moved += found
            if not found:
                break
    return moved / (time.perf_counter() - began)


def poll(times: int = 200) -> float:
    """Return the median milliseconds of a look at a queue in which nothing is due."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        advance.advance(lane=Lane.NORMAL, at=AT - timedelta(days=1))
        spent.append((time.perf_counter() - began) * 1000)
    return statistics.median(spent)


def run(quick: bool) -> Result:
    """Return node steps a second beside the raw statement's rows a second."""
    people = 5_000 if quick else 20_000
    journey = prepare(people)
    found: list[tuple[float, float, float]] = []
    for _ in range(1 if quick else ROUNDS):
        base = raw(journey)
        steps, wakes = engine(journey, people)
        found.append((steps, wakes, base))
    ours, waking, baseline = (statistics.median(column) for column in zip(*found, strict=True))
    Enrollment.objects.all().delete()
    enroll.fill(journey=journey, at=AT)
    idle = poll()
    table: list[tuple[str, Any]] = [
        (f"node steps/s, batch {BATCH}, one process", f"{ours:,.0f}"),
        ("wakes/s", f"{waking:,.0f}"),
        ("raw UPDATE … RETURNING, rows/s", f"{baseline:,.0f}"),
        ("node steps ÷ raw (goal 0.8)", f"{ours / baseline:.2f}"),
        ("wakes ÷ raw (goal 0.3)", f"{waking / baseline:.2f}"),
        (f"idle look with {people:,} waiting, median ms", f"{idle:.2f}"),
    ]
    return Result(
        benchmark="journeys",
        ours=round(ours),
        baseline=round(baseline),
        ratio=round(ours / baseline, 2),
        unit="node steps/s beside raw row updates/s",
        table=table,
    )

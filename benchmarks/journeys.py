"""The engine against the database's own speed: node steps beside plain UPDATE … RETURNING.

Both run on the same table with the same indexes, in the same batch size, by one process, while a
million others wait. The journey: send, a day, a fork by a trait and by how often somebody did
something, a split, send, wait for an event with timeout, send; each wake writes the run, its steps,
its delivery and its counts. Then the real worker: everybody enters while events wake some people.
"""

from __future__ import annotations

import statistics
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from benchmarks import Result
from benchmarks._worker import latencies, percentile, worker
from customers import partitions, rollup
from customers.models import Segment
from journeys import advance, fill, publish
from journeys.compose import House
from journeys.models import Delivery, Enrollment, Journey, Message
from journeys.models.enrollments import Lane

AT = datetime(2026, 1, 1, tzinfo=UTC)
BATCH = 500
ROUNDS = 3
MOVING = 20_000
HOUSE = House(site="https://bench.example", sender="Bench <bench@bench.example>")
PEOPLE = """
WITH born AS (
  INSERT INTO customers_profile (public_id, bucket, state, is_known, traits, created_at,
    last_seen_at)
  SELECT gen_random_uuid(), 0, 'ACTIVE', true,
    CASE WHEN n %% 2 = 0 THEN '{"plan": "gold"}'::jsonb ELSE '{}' END, now(), now()
  FROM generate_series(1, %s) n RETURNING id
)
INSERT INTO customers_alias (kind, value, home_profile_id, profile_id, first_seen_at)
SELECT 'user', 'b' || id, id, id, now() FROM born"""
# A third did it once, a third twice: what is counted of them, as the fold writes it.
LOOKED = """
INSERT INTO customers_eventday (profile_id, matcher_id, day, n, amount, first_at, last_at)
SELECT p.id, m.id, %s, 1 + p.id %% 3, 0, %s, %s FROM customers_profile p, customers_eventmatcher m
WHERE p.id %% 3 > 0"""
MEMBERS = """
INSERT INTO customers_segmentmember (segment_id, profile_id, entered_at, cause, left_cause)
SELECT %s, id, now(), 'fill', '' FROM customers_profile ORDER BY id LIMIT %s"""
RAW = """
UPDATE journeys_enrollment e SET due_at = %s, seq = e.seq + 1 FROM (
  SELECT id FROM journeys_enrollment WHERE lane = %s AND due_at <= %s ORDER BY due_at LIMIT %s
  FOR UPDATE SKIP LOCKED) x
WHERE e.id = x.id RETURNING e.id"""
GOLD = {"op": "trait", "field": "plan", "cmp": "eq", "value": "gold"}
KEEN = {"op": "event", "name": "Looked", "metric": "count", "window": "all", "cmp": "gte",
        "value": 2}  # fmt: skip


def prepare(people: int) -> tuple[Journey, Journey]:
    """Make people, and two live journeys: one that everybody waits in, one that is measured."""
    partitions.ensure(moments=[AT, AT + timedelta(days=10), datetime.now(UTC)])
    rollup.plain_ids(names={"Looked"})
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE, [people])
        cursor.execute(LOOKED, [AT.date(), AT, AT])
    letters = []
    for name in ("First", "Second", "Third"):
        letter = Message.objects.create(name=name, subject="Hi", body=[("text", "Hello")])
        publish.publish_message(message=letter, house=HOUSE, at=AT)
        letters.append(letter.pk)
    everybody = _journey("Everybody", people, _outline(letters))
    return everybody, _journey("Some", min(MOVING, people), _outline(letters))


def _journey(name: str, people: int, outline: list[dict[str, Any]]) -> Journey:
    segment = Segment.objects.create(
        name=name, slug=name.lower(), rule={"v": 1}, state=Segment.State.LIVE
    )
    with connection.cursor() as cursor:
        cursor.execute(MEMBERS, [segment.pk, people])
    journey = Journey.objects.create(
        name=name, outline=outline, goals=[{"event": "Refunded"}],
        entry={"type": "segment", "segment": segment.pk, "change": "entered"},
    )  # fmt: skip
    publish.publish(journey=journey, at=AT)
    return journey


def _outline(letters: list[int]) -> list[dict[str, Any]]:
    first, second, third = letters
    return [
        {"id": "a", "type": "send", "message": first},
        {"id": "b", "type": "delay", "mode": "time", "time": "09:30", "after": 1},
        {"id": "c", "type": "branch", "arms": [
            {"id": "c1", "rule": {"v": 1, "root": GOLD}, "steps": []},
            {"id": "c2", "rule": {"v": 1, "root": KEEN}, "steps": []},
        ], "else": []},
        {"id": "d", "type": "split", "arms": [
            {"id": "d1", "percent": 50, "steps": []}, {"id": "d2", "percent": 50, "steps": []},
        ]},
        {"id": "e", "type": "send", "message": second},
        {"id": "f", "type": "wait", "amount": 3, "unit": "days", "timeout": [
            {"id": "g", "type": "send", "message": third},
        ], "for": [{"id": "f1", "event": "Ordered", "steps": []}]},
    ]  # fmt: skip


def vacuum() -> None:
    """Leave no dead rows of an earlier round."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE journeys_enrollment")


def size() -> float:
    """Return the bytes of a waiting person, indexes included."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size('journeys_enrollment')")
        row = cursor.fetchone()
    return float(row[0]) / max(1, Enrollment.objects.count()) if row else 0.0


def clear(journey: Journey) -> None:
    """Let everybody of a journey stand at its door again."""
    Enrollment.objects.filter(journey=journey).delete()
    fill.fill(journey=journey, at=AT)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE journeys_step, journeys_delivery, journeys_notice, journeys_tally")
    vacuum()


def engine(journey: Journey) -> tuple[float, float]:
    """Walk a journey's people to the end; return node steps and wakes a second."""
    clear(journey)
    steps = wakes = 0
    spent = 0.0
    for day, lane in ((0, Lane.BULK), (2, Lane.NORMAL), (6, Lane.NORMAL)):
        at = AT + timedelta(days=day)
        began = time.perf_counter()
        while True:
            done = advance.advance(lane=lane, at=at, limit=BATCH)
            steps, wakes = steps + done.steps, wakes + done.runs
            if not done.runs:
                break
        spent += time.perf_counter() - began
        Delivery.objects.filter(state="QUEUED").update(state="SENT", sent_at=at)
        vacuum()
    walking = Enrollment.objects.filter(journey=journey)
    assert not walking.filter(ended_at=None).exists()
    assert steps == 8 * walking.count(), steps
    return steps / spent, wakes / spent


def raw(journey: Journey) -> float:
    """Move the same people by the shortest statement; return rows a second."""
    clear(journey)
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


def wait_for_ages(journey: Journey) -> float:
    """Let everybody enter and wait; return the seconds of entering."""
    began = time.perf_counter()
    fill.fill(journey=journey, at=AT)
    spent = time.perf_counter() - began
    # As if they had walked: where they wait is far ahead.
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE journeys_enrollment SET lane = 1, resting = true, node = 'b', seq = 1, "
            "due_at = %s + id %% 100000 * interval '1 second', listens = '{Refunded}'",
            [AT + timedelta(days=300)],
        )
        cursor.execute("TRUNCATE journeys_notice")
        cursor.execute("VACUUM FULL journeys_enrollment")
    vacuum()
    return spent


def waiting(name: str, event: str, people: int) -> Journey:
    """Return a journey in which people wait for an event, by the clock on the wall."""
    outline = [
        {"id": "w", "type": "wait", "amount": 300, "unit": "days", "timeout": [],
         "for": [{"id": "w1", "event": event, "steps": []}]},
    ]  # fmt: skip
    journey = _journey(name, people, outline)
    now = datetime.now(UTC)
    fill.fill(journey=journey, at=now)
    while advance.advance(lane=Lane.BULK, at=now).runs:
        pass
    return journey


def live(everybody: Journey, people: int) -> list[tuple[str, Any]]:
    """Measure the real worker: alone, and while everybody enters."""
    Enrollment.objects.filter(journey=everybody).delete()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE journeys_step, journeys_delivery, journeys_notice, journeys_tally")
    vacuum()
    quiet = waiting("Quiet", "Called", 300)
    busy = waiting("Busy", "Wrote", min(people, 1000))
    calm, whom = (
        list(Enrollment.objects.filter(journey=one).values_list("profile", flat=True))
        for one in (quiet, busy)
    )
    entering: list[float] = []

    def enter() -> None:
        began = time.perf_counter()
        fill.fill(journey=everybody, at=datetime.now(UTC))
        entering.append(time.perf_counter() - began)
        connection.close()

    with worker():
        latencies(calm[:5], "Called", quiet.pk)
        alone = latencies(calm[5:300], "Called", quiet.pk)
        filling = threading.Thread(target=enter)
        filling.start()
        meanwhile: list[float] = []
        while filling.is_alive() and len(whom) >= 20:
            meanwhile += latencies([whom.pop() for _ in range(20)], "Wrote", busy.pk)
        filling.join()
    return [
        ("event → next step by the worker, p50 ms", f"{percentile(alone, 0.5):.0f}"),
        ("the same, p99 ms (goal 250)", f"{percentile(alone, 0.99):.0f}"),
        (f"{people:,} enter meanwhile, seconds (goal 60)", f"{entering[0]:.1f}"),
        ("event → next step meanwhile, p99 ms (goal 1000)",
         f"{percentile(meanwhile, 0.99):.0f} of {len(meanwhile)}" if meanwhile else "too short"),
    ]  # fmt: skip


def run(quick: bool) -> Result:
    """Return node steps a second beside the raw statement's rows a second."""
    people = 5_000 if quick else 1_000_000
    everybody, some = prepare(people)
    entering = wait_for_ages(everybody)
    each = size()
    found: list[tuple[float, float, float]] = []
    for _ in range(1 if quick else ROUNDS):
        base = raw(some)
        steps, wakes = engine(some)
        found.append((steps, wakes, base))
    ours, waking, baseline = (statistics.median(column) for column in zip(*found, strict=True))
    clear(some)
    table: list[tuple[str, Any]] = [
        (f"{people:,} people enter, seconds (goal 60 for a million)", f"{entering:.1f}"),
        ("bytes of one who waits, with indexes (goal 300)", f"{each:.0f}"),
        (f"node steps/s, batch {BATCH}, one process", f"{ours:,.0f}"),
        ("wakes/s", f"{waking:,.0f}"),
        ("raw UPDATE … RETURNING, rows/s", f"{baseline:,.0f}"),
        ("node steps ÷ raw (goal 0.8)", f"{ours / baseline:.2f}"),
        ("wakes ÷ raw (goal 0.3)", f"{waking / baseline:.2f}"),
        ("look at an empty queue, median ms (goal 1)", f"{poll():.2f}"),
        *live(everybody, people),
    ]
    return Result(
        benchmark="journeys",
        ours=round(ours),
        baseline=round(baseline),
        ratio=round(ours / baseline, 2),
        unit="node steps/s beside raw row updates/s",
        table=table,
    )

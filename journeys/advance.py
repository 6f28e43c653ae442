"""Move due runs one rest further. This is the engine: raw SQL, one transaction per batch.

A batch claims due rows (their locks are the lease and die with the connection), walks them in
Python, in rounds that bring the facts which walks ask for, looks back for events that came while
nobody listened, and writes all by a handful of statements. Everything or nothing: there is no state
between two rests.
"""

from __future__ import annotations

import gc
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from django.db import DatabaseError, connection, transaction
from psycopg import errors
from psycopg.types.datetime import TimestamptzLoader

from dxp.lib.rows import array, raw_cursor
from journeys import charts, facts, lookback, tally
from journeys.announce import announce, tell
from journeys.heard import NEWEST
from journeys.models import Message
from journeys.models.deliveries import Urgency
from journeys.models.enrollments import Lane
from journeys.nodes import Here
from journeys.runs import Batch, Note, Run
from journeys.walk import Walked, walk

__all__ = ["Advanced", "advance", "announce"]

log = logging.getLogger(__name__)
BATCH = 500
# After so many failures a run is set aside, where the admin shows it.
PATIENCE = 5
BACK_OFF = timedelta(seconds=30)
# Others stood in the way: nothing is wrong with these runs.
PASSING = (errors.DeadlockDetected, errors.SerializationFailure, errors.LockNotAvailable)

CLAIM = """
SELECT e.id, e.profile_id, e.journey_id, e.version_id, e.node, e.seq, e.resting, e.woke_by,
  e.heard_event_id, e.since, e.until, COALESCE(e.entry ->> 'key', e.entry_key), j.state, j.name
FROM journeys_enrollment e JOIN journeys_journey j ON j.id = e.journey_id
WHERE e.lane = %s AND e.due_at <= %s ORDER BY e.due_at LIMIT %s FOR UPDATE OF e SKIP LOCKED"""
CLAIM_THESE = CLAIM.replace("e.lane = %s", "e.id = ANY(%s::bigint[])")
MOVE = """
UPDATE journeys_enrollment e SET node = v.node, seq = v.seq, resting = v.ended_at IS NULL,
  due_at = v.due_at, listens = string_to_array(v.listens, chr(31)), woke_by = v.woke_by,
  heard_event_id = v.heard, since = v.since, lane = v.lane, ended_at = v.ended_at,
  outcome = v.outcome, until = v.until, errors = 0, error = ''
FROM unnest(%s::bigint[], %s::text[], %s::int[], %s::timestamptz[], %s::text[], %s::text[],
  %s::bigint[], %s::timestamptz[], %s::smallint[], %s::timestamptz[], %s::text[],
  %s::timestamptz[])
  v(id, node, seq, due_at, listens, woke_by, heard, since, lane, ended_at, outcome, until)
WHERE e.id = v.id"""
LOG = """
INSERT INTO journeys_step (enrollment_id, seq, node, outcome, why, at)
SELECT v.*, %s FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::text[], %s::text[]) v"""
OUTBOX = """
INSERT INTO journeys_delivery (enrollment_id, seq, node, profile_id, message_id, sender_id, channel,
  lane, expires_at, state, reason, detail, attempts, queued_at, due_at, mark_epoch, provider_id)
SELECT v.*, 'QUEUED', '', '', 0, %s, %s, '', ''
FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[],
  %s::text[], %s::smallint[], %s::timestamptz[]) v"""
# The lock keeps message and sender from being deleted: deliveries have no constraint of their own.
LETTERS = """
SELECT m.id, m.sender_id, m.channel, m.purpose, m.valid_hours
FROM journeys_message m JOIN journeys_sender s ON s.id = m.sender_id
WHERE m.id = ANY(%s::bigint[]) ORDER BY m.id FOR KEY SHARE"""
SET_BACK = """
UPDATE journeys_enrollment e SET errors = e.errors + 1, error = v.error,
  due_at = %s + %s * power(2, e.errors),
  lane = CASE WHEN e.errors + 1 >= %s THEN %s ELSE e.lane END
FROM unnest(%s::bigint[], %s::text[]) v(id, error) WHERE e.id = v.id"""


@dataclass(slots=True)
class Advanced:
    """What one batch did."""

    runs: int = 0
    steps: int = 0
    sends: int = 0


def advance(
    *, lane: int, at: datetime, limit: int = BATCH, only: Sequence[int] | None = None
) -> Advanced:
    """Move up to `limit` due runs of a lane, or `only` these whatever their lane, to the next rest.

    A batch that the database refuses is tried again by halves, until the one row that it refuses is
    found and set back.

    Raises:
        DatabaseError: the connection is gone, or others stood in the way.
    """
    batch = Batch()
    try:
        with transaction.atomic(), _uncollected():
            return _advance(batch, lane, at, limit, only)
    except DatabaseError as error:
        passing = isinstance(error.__cause__, PASSING)
        gone = connection.connection is None or connection.connection.closed
        if gone or passing or not batch.claimed:
            raise
        if len(batch.claimed) > 1:
            half = len(batch.claimed) // 2
            return advance(lane=lane, at=at, limit=half, only=only)
        log.warning("Enrollment %s can't be moved: %s", batch.claimed[0], error)
        with transaction.atomic(), raw_cursor() as cursor:
            _set_back(cursor, {batch.claimed[0]: str(error)}, at)
        return Advanced(runs=1)


@contextmanager
def _engine_cursor() -> Iterator[psycopg.Cursor[Any]]:
    """Yield a cursor that sends values apart from the statement.

    Django's own writes them into its text, which costs more than the rest of a batch.
    """
    with raw_cursor() as django, psycopg.Cursor(django.connection) as cursor:
        cursor.adapters.register_loader("timestamptz", TimestamptzLoader)
        yield cursor


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the collector of circles away: a batch makes none, and it costs half of a batch."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _advance(
    batch: Batch, lane: int, at: datetime, limit: int, only: Sequence[int] | None
) -> Advanced:
    with _engine_cursor() as cursor:
        claim, of = (CLAIM, lane) if only is None else (CLAIM_THESE, array(only))
        rows = cursor.execute(claim, (of, at, limit)).fetchall()
        if not rows:
            return Advanced()
        batch.claimed = [row[0] for row in rows]
        newest = cursor.execute(f"SELECT {NEWEST}").fetchone()
        assert newest is not None
        for row in rows:
            _take(batch, row, at)
        _walk(cursor, batch, at)
        letters = _letters(cursor, batch)
        _gather(batch, letters, lane, at, newest[0])
        _look_back(cursor, batch, at)
        with cursor.connection.pipeline():
            _write(cursor, batch, at)
    return Advanced(len(rows), len(batch.steps), len(batch.sends))


def _take(batch: Batch, row: Sequence[Any], at: datetime) -> None:
    pk, profile, journey, version, node, seq, resting, woke_by, heard, since = row[:10]
    until, key, state, name = row[10:]
    if state == "PAUSED":
        batch.parked.append(pk)
        return
    try:
        route = charts.of(version)
    except Exception as error:  # noqa: BLE001 - one bad version must not stop its batch
        batch.failed[pk] = f"{type(error).__name__}: {error}"
        return
    here = Here(at, profile, woke_by, until)
    batch.runs.append(Run(
        pk, profile, journey, version, name, key, heard, heard, since, since, route, here,
        Walked(node, seq, resting),
    ))  # fmt: skip


def _walk(cursor: Any, batch: Batch, at: datetime) -> None:
    """Walk all to their next rests: in rounds, between which facts are brought."""
    todo = batch.runs
    while todo:
        asking = []
        for run in todo:
            try:
                run.done = walk(run.route.chart, run.done, run.here)
            except Exception as error:  # noqa: BLE001 - one bad run must not stop its batch
                batch.failed[run.id] = f"{type(error).__name__}: {error}"
                continue
            if run.done.need:
                asking.append(run)
        if asking:
            facts.bring(cursor, asking, at)
        todo = asking


def _letters(cursor: Any, batch: Batch) -> dict[int, Sequence[Any]]:
    """Return what messages say about their sending; runs whose message is gone fail."""
    wanted = {send.message for run in batch.runs for send in run.done.sends}
    if not wanted:
        return {}
    rows = cursor.execute(LETTERS, (array(wanted),)).fetchall()
    found = {row[0]: row[1:] for row in rows}
    for run in batch.runs if len(found) < len(wanted) else ():
        for send in run.done.sends:
            if send.message not in found:
                batch.failed[run.id] = f"Message {send.message} is gone."
    return found


def _gather(
    batch: Batch, letters: dict[int, Sequence[Any]], lane: int, at: datetime, newest: int
) -> None:
    """Put together what is written; of runs that failed nothing is."""
    if batch.failed:
        batch.runs = [run for run in batch.runs if run.id not in batch.failed]
    for run in batch.runs:
        done, pk = run.done, run.id
        for seq, node, outcome, why in done.steps:
            batch.steps.append((pk, seq, node, outcome, why))
            batch.passed[run.version, node, outcome] += 1
        if done.sends:
            # What came before this message is no answer to it.
            run.heard, run.since = max(run.heard, newest), at
            for seq, node, message in done.sends:
                told = letters[message]
                batch.sends.append((pk, seq, node, run.profile, message, *_sent(told, lane, at)))
        if done.traits:
            batch.notes.append(Note(
                run.profile, f"journey-traits:{pk}.{done.seq}", "{}",
                traits=json.dumps(done.traits), run=pk,
            ))  # fmt: skip
        if run.over:
            about = {"journey": run.name, "journey_id": run.journey, "outcome": done.outcome}
            batch.notes.append(
                Note(run.profile, f"journey-exited:{pk}", json.dumps(about), "Journey Exited")
            )


def _sent(told: Sequence[Any], lane: int, at: datetime) -> tuple[int, str, int, datetime]:
    """Return by whom, through which channel, how soon and until when a message is sent."""
    sender, channel, purpose, hours = told
    urgency = Urgency.BULK if lane == Lane.BULK else Urgency.NORMAL
    if purpose == Message.Purpose.TRANSACTIONAL:
        urgency = Urgency.FIRST
    return sender, channel, int(urgency), at + timedelta(hours=hours)


def _look_back(cursor: Any, batch: Batch, at: datetime) -> None:
    """Wake at once the runs that come to rest on an event which has already happened."""
    waiting = [run for run in batch.runs if run.done.listens and not run.over]
    if not waiting:
        return
    missed = lookback.look_back(cursor, waiting)
    for run in waiting:
        if run.id in missed:
            run.heard, run.woke_by = missed[run.id]
            run.done.due_at = at


def _write(cursor: Any, batch: Batch, at: datetime) -> None:
    if batch.runs:
        cursor.execute(MOVE, _columns([_move(run, at) for run in batch.runs]))
    if batch.steps:
        cursor.execute(LOG, [at, *_columns(batch.steps)])
        tally.count(cursor, batch.passed)
    if batch.sends:
        cursor.execute(OUTBOX, [at, at, *_columns(batch.sends)])
    if batch.notes:
        tell(cursor, batch.notes, at)
    if batch.parked:
        cursor.execute(
            "UPDATE journeys_enrollment SET lane = %s WHERE id = ANY(%s)",
            (int(Lane.PARKED), batch.parked),
        )
    if batch.failed:
        _set_back(cursor, batch.failed, at)


def _move(run: Run, at: datetime) -> tuple[Any, ...]:
    done = run.done
    return (
        run.id, done.node, done.seq, done.due_at, lookback.SEPARATOR.join(done.listens) or None,
        run.woke_by, run.heard, run.since, 0 if run.woke_by else 1, at if run.over else None,
        done.outcome, done.until,
    )  # fmt: skip


def _columns(rows: Sequence[Sequence[Any]]) -> list[str]:
    """Return rows as one PostgreSQL array per column."""
    return [array(column) for column in zip(*rows, strict=True)]


def _set_back(cursor: Any, failed: dict[int, str], at: datetime) -> None:
    told = [text[:500].replace("\x00", "") for text in failed.values()]
    values = (at, BACK_OFF, PATIENCE, int(Lane.FAILED), array(failed), array(told))
    cursor.execute(SET_BACK, values)

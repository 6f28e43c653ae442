"""Move due runs one rest further. This is the engine: raw SQL, one transaction per batch.

A batch claims due rows (their locks are the lease and die with the connection), walks each in
Python, looks back for events that came while nobody listened, and writes all by three statements.
Everything or nothing: there is no state between two rests.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from django.db import DatabaseError, connection, transaction

from customers import match, record, rules
from customers.models import Profile
from customers.record import New
from dxp.lib.rows import advisory_lock, array, raw_cursor
from journeys import timing
from journeys.models import Delivery, Notice, Version
from journeys.models.enrollments import Lane
from journeys.nodes import Facts, Here, Sent
from journeys.walk import Chart, Lost, Walked, read, walk

log = logging.getLogger(__name__)
BATCH = 500
# After so many failures a run is set aside, where the admin shows it.
PATIENCE = 5
BACK_OFF = timedelta(seconds=30)
# A message that could not be sent for so long says nothing any more.
FRESH = timedelta(days=7)
_BETWEEN = "\x1f"

CLAIM = """
SELECT e.id, e.profile_id, e.journey_id, e.version_id, e.node, e.seq, e.resting, e.woke_by,
  e.heard_event_id, e.since, e.errors, j.state, j.reentry, j.name, e.until, e.entry_key
FROM journeys_enrollment e JOIN journeys_journey j ON j.id = e.journey_id
WHERE e.lane = %s AND e.due_at <= %s ORDER BY e.due_at LIMIT %s FOR UPDATE OF e SKIP LOCKED"""
CLAIM_THESE = CLAIM.replace("e.lane = %s", "e.id = ANY(%s::bigint[])")
# The stamp on an event may be that of another: what overlays it is the truth about whose it is.
LOOK_BACK = """
SELECT DISTINCT ON (w.id) w.id, ev.id, ev.name
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[], %s::text[])
  w(id, profile_id, heard, since, names)
CROSS JOIN LATERAL (
  SELECT w.profile_id AS stamp
  UNION SELECT unnest(m.stamps) FROM customers_aliasoverride m WHERE m.profile_id = w.profile_id
) s
JOIN customers_event ev ON ev.profile_id = s.stamp AND ev.id > w.heard
  AND ev.received_at > w.since - interval '7 days'
  AND ev.name = ANY(string_to_array(w.names, chr(31)))
WHERE w.profile_id = COALESCE((SELECT o.profile_id FROM customers_aliasoverride o
  WHERE o.alias_id = ev.alias_id AND o.valid @> ev.at), ev.profile_id)
ORDER BY w.id, ev.id"""
MOVE = """
UPDATE journeys_enrollment e SET node = v.node, seq = v.seq, resting = v.ended_at IS NULL,
  due_at = v.due_at, listens = string_to_array(v.listens, chr(31)), woke_by = v.woke_by,
  heard_event_id = v.heard, since = v.since, lane = v.lane, ended_at = v.ended_at,
  outcome = v.outcome, entry_key = v.entry_key, until = v.until, errors = 0, error = ''
FROM unnest(%s::bigint[], %s::text[], %s::int[], %s::timestamptz[], %s::text[], %s::text[],
  %s::bigint[], %s::timestamptz[], %s::smallint[], %s::timestamptz[], %s::text[], %s::text[],
  %s::timestamptz[])
  v(id, node, seq, due_at, listens, woke_by, heard, since, lane, ended_at, outcome, entry_key,
  until)
WHERE e.id = v.id"""
LOG = """
INSERT INTO journeys_step (enrollment_id, seq, node, outcome, why, at)
SELECT v.*, %s FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::text[], %s::text[]) v"""
OUTBOX = """
INSERT INTO journeys_delivery (enrollment_id, seq, node, profile_id, message_id, sender_id, state,
  reason, detail, attempts, queued_at, due_at, expires_at, mark_epoch, channel, lane, provider_id)
SELECT v.*, 'QUEUED', '', '', 0, %s, %s, %s, '', 'email', 1, ''
FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[]) v"""
TELL = """
INSERT INTO journeys_notice (profile_id, name, properties, message_id, at)
SELECT v.profile_id, v.name, v.properties, v.message_id, %s
FROM unnest(%s::bigint[], %s::text[], %s::jsonb[], %s::text[])
  v(profile_id, name, properties, message_id)"""
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


@dataclass(slots=True)
class _Batch:
    """What one batch will write."""

    claimed: list[int] = field(default_factory=list)
    moves: list[list[Any]] = field(default_factory=list)
    waits: list[tuple[list[Any], int]] = field(default_factory=list)
    steps: list[tuple[int, int, str, str]] = field(default_factory=list)
    sends: list[tuple[int, int, str, int, int]] = field(default_factory=list)
    notices: list[tuple[int, str, str, str]] = field(default_factory=list)
    parked: list[int] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)


@lru_cache(maxsize=200)
def _chart(version: int) -> Chart:
    return read(Version.objects.values_list("graph", flat=True).get(pk=version))


def advance(
    *, lane: int, at: datetime, limit: int = BATCH, only: Sequence[int] | None = None
) -> Advanced:
    """Move up to `limit` due runs of a lane, or `only` these whatever their lane, to the next rest.

    A batch that the database refuses is tried again by halves, until the one row that it refuses is
    found and set back.

    Raises:
        DatabaseError: the connection is gone.
    """
    batch = _Batch()
    try:
        with transaction.atomic():
            return _advance(batch, lane, at, limit, only)
    except DatabaseError as error:
        if connection.connection is None or connection.connection.closed or not batch.claimed:
            raise
        if len(batch.claimed) > 1:
            return advance(lane=lane, at=at, limit=len(batch.claimed) // 2, only=only)
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
        yield cursor


def _advance(
    batch: _Batch, lane: int, at: datetime, limit: int, only: Sequence[int] | None
) -> Advanced:
    with _engine_cursor() as cursor:
        claim, of = (CLAIM, lane) if only is None else (CLAIM_THESE, array(only))
        rows = cursor.execute(claim, (of, at, limit)).fetchall()
        if not rows:
            return Advanced()
        batch.claimed = [row[0] for row in rows]
        heard_now = cursor.execute("SELECT last_value FROM customers_event_id").fetchone()
        assert heard_now is not None
        for row in rows:
            _walk_one(batch, row, at, heard_now[0])
        senders = _senders(cursor, batch)
        _look_back(cursor, batch, at)
        with cursor.connection.pipeline():
            _write(cursor, batch, senders, at)
    return Advanced(len(rows), len(batch.steps), len(batch.sends))


def _walk_one(batch: _Batch, row: Sequence[Any], at: datetime, heard_now: int) -> None:
    (pk, profile, journey, version, node, seq, resting, woke_by, heard, since) = row[:10]
    _errors, state, reentry, journey_name, until, entry_key = row[10:]
    if state == "PAUSED":
        batch.parked.append(pk)
        return
    try:
        here = Here(at, profile, woke_by, until)
        done = walk(_chart(version), Walked(node, seq, resting), here)
        while done.need:
            here.facts = _facts(profile, pk, version, done, here.facts, at)
            done = walk(_chart(version), done, here)
    except (Lost, LookupError, NotImplementedError, ValueError, Version.DoesNotExist) as error:
        batch.failed[pk] = f"{type(error).__name__}: {error}"
        return
    if done.sends:
        # What came before this message is no answer to it.
        heard, since = max(heard, heard_now), at
    batch.steps += [(pk, *step) for step in done.steps]
    batch.sends += [(pk, number, name, profile, message) for number, name, message in done.sends]
    over = done.due_at is None
    move = [
        pk, done.node, done.seq, done.due_at, _BETWEEN.join(done.listens) or None, "", heard, since,
        int(Lane.NORMAL), at if over else None, done.outcome,
        str(pk) if over and reentry == "AGAIN" else entry_key, done.until,
    ]  # fmt: skip
    batch.moves.append(move)
    if done.listens:
        batch.waits.append((move, profile))
    if over:
        batch.notices.append(_exit(pk, profile, journey, journey_name, done))


def _facts(profile: int, run: int, version: int, done: Walked, facts: Facts, at: datetime) -> Facts:
    assert done.need is not None
    if done.need.kind == "person":
        facts.traits = Profile.objects.values_list("traits", flat=True).get(pk=profile)
        facts.zone = timing.zone_of(facts.traits, ZoneInfo("UTC"))
    elif done.need.kind == "sent":
        last = Delivery.objects.filter(enrollment=run).order_by("-seq").first()
        waiting = last is not None and last.state in {"QUEUED", "SENDING"}
        facts.sent = Sent(waiting, last.sent_at if last else None)
    elif done.need.kind == "told":
        facts.told = not Notice.objects.filter(enrollment=run).exists()
    else:
        key = done.need.key
        rule = Version.objects.values_list("graph", flat=True).get(pk=version)["rules"][key]
        answer = match.these([rules.parse(rule)], profile_ids=[profile], at=at)
        facts.rules[key] = answer.inside(0, profile)
    return facts


def _exit(
    pk: int, profile: int, journey: int, name: str, done: Walked
) -> tuple[int, str, str, str]:
    about = {"journey": name, "journey_id": journey, "outcome": done.outcome}
    return (profile, "Journey Exited", json.dumps(about), f"journey-exited:{pk}")


def _senders(cursor: Any, batch: _Batch) -> dict[int, int]:
    """Return who sends each message; runs whose message is gone are set back instead."""
    wanted = {send[4] for send in batch.sends}
    if not wanted:
        return {}
    found = dict(
        cursor.execute(
            "SELECT id, sender_id FROM journeys_message WHERE id = ANY(%s)", (list(wanted),)
        ).fetchall()
    )
    gone = {send[0]: f"Message {send[4]} is gone." for send in batch.sends if send[4] not in found}
    if gone:
        batch.failed.update(gone)
        batch.moves = [move for move in batch.moves if move[0] not in gone]
        batch.waits = [wait for wait in batch.waits if wait[0][0] not in gone]
        batch.steps = [step for step in batch.steps if step[0] not in gone]
        batch.sends = [send for send in batch.sends if send[0] not in gone]
        exits = {f"journey-exited:{pk}" for pk in gone}
        batch.notices = [notice for notice in batch.notices if notice[3] not in exits]
    return found


def _look_back(cursor: Any, batch: _Batch, at: datetime) -> None:
    """Wake at once the runs that come to rest on an event which has already happened."""
    if not batch.waits:
        return
    moves = [move for move, _profile in batch.waits]
    hits = cursor.execute(
        LOOK_BACK,
        (
            *_columns([
                (move[0], profile, move[6], move[7], move[4]) for move, profile in batch.waits
            ]),
        ),
    ).fetchall()
    by_run = {pk: (event, name) for pk, event, name in hits}
    for move in moves:
        if move[0] in by_run:
            move[6], move[5] = by_run[move[0]]
            move[3], move[8] = at, int(Lane.WOKEN)


def _write(cursor: Any, batch: _Batch, senders: dict[int, int], at: datetime) -> None:
    if batch.moves:
        cursor.execute(MOVE, _columns(batch.moves))
    if batch.steps:
        cursor.execute(LOG, [at, *_columns(batch.steps)])
    if batch.sends:
        sends = [(*send, senders[send[4]]) for send in batch.sends]
        cursor.execute(OUTBOX, [at, at, at + FRESH, *_columns(sends)])
    if batch.notices:
        tell(cursor, batch.notices, at)
    if batch.parked:
        cursor.execute(
            "UPDATE journeys_enrollment SET lane = %s WHERE id = ANY(%s)",
            (int(Lane.PARKED), batch.parked),
        )
    if batch.failed:
        _set_back(cursor, batch.failed, at)


def _columns(rows: Sequence[Sequence[Any]]) -> list[str]:
    """Return rows as one PostgreSQL array per column."""
    return [array(column) for column in zip(*rows, strict=True)]


def _set_back(cursor: Any, failed: dict[int, str], at: datetime) -> None:
    errors = [text[:500] for text in failed.values()]
    cursor.execute(SET_BACK, (at, BACK_OFF, PATIENCE, int(Lane.FAILED), list(failed), errors))


def tell(cursor: Any, notices: Sequence[tuple[int, str, str, str]], at: datetime) -> None:
    """Leave events to be recorded: (profile, name, properties as JSON, message id)."""
    cursor.execute(TELL, [at, *_columns(notices)])


def announce(*, at: datetime, limit: int = BATCH) -> int:
    """Record the events that batches left behind; return how many."""
    with transaction.atomic():
        if not advisory_lock("journeys.announce"):
            return 0
        due = list(Notice.objects.order_by("pk")[:limit])
        new = [_as_event(notice) for notice in due]
        try:
            with transaction.atomic():
                record.events(new, at=at)
        except record.NoAlias:
            for one in new:
                _record_alone(one, at)
        Notice.objects.filter(pk__in=[notice.pk for notice in due]).delete()
    return len(due)


def _as_event(notice: Notice) -> New:
    return New(
        profile_id=notice.profile_id,
        name=notice.name,
        properties=notice.properties,
        at=notice.at,
        message_id=notice.message_id,
    )


def _record_alone(new: New, at: datetime) -> None:
    try:
        with transaction.atomic():
            record.events([new], at=at)
    except record.NoAlias as error:
        # The person was erased: there is nobody left to tell it about.
        log.warning("%s is told to nobody: %s", new.message_id, error)

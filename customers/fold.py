"""From the inbox to people, in one transaction: once-only, who, what they did, which segments."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import msgspec
import psycopg.errors
from django.db import DataError, IntegrityError, OperationalError, ProgrammingError, transaction

from customers import append, block, extend, forgotten, ingest, partitions, segment
from customers.append import Recorded, Row
from customers.clean import Fact, Unfit
from customers.models import SegmentMember
from customers.resolve import People
from dxp.lib import rows

log = logging.getLogger(__name__)
LOCK = "customers.fold"
EVENT = SegmentMember.Cause.EVENT
TRIES = 5
BAD_LUCK = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)
# What a single event can be to blame for. A server that went away is not among them.
UNFIT = (DataError, IntegrityError, ProgrammingError, ValueError, TypeError, LookupError)


@dataclass(slots=True)
class _Waiting:
    """One inbox row."""

    id: int
    source_id: int
    received_at: datetime
    body: bytes


class _Arrived(msgspec.Struct, gc=False):
    """One event of an inbox row."""

    source_id: int
    received_at: datetime
    fact: Fact


def fold(*, limit: int = 200, at: datetime, wait: bool = True) -> int:
    """Fold up to `limit` inbox rows in one transaction; return how many events they held.

    Zero means that the inbox is empty. Events that came before are counted here, not kept again.
    A row that can't be folded is set aside and does not hold up the others.

    Args:
        limit: inbox rows at most.
        at: the moment; segments are judged and entered by it.
        wait: False returns zero at once where another process is folding.

    Raises:
        OperationalError: PostgreSQL is away, or others held what we need five times.
    """
    for _attempt in range(TRIES - 1):
        try:
            return _fold(limit, at, wait)
        except OperationalError as error:
            # Two transactions waited for each other, and PostgreSQL let the other one win.
            if not isinstance(error.__cause__, BAD_LUCK):
                raise
        except UNFIT:
            log.exception("A batch could not be folded; its rows go one by one.")
            return _one_by_one(limit, at)
    return _fold(limit, at, wait)


def drain(*, at: datetime) -> int:
    """Fold until the inbox is empty; return how many events it held."""
    total = 0
    while folded := fold(at=at):
        total += folded
    return total


def _fold(limit: int, at: datetime, wait: bool) -> int:
    with _no_collection(), transaction.atomic():
        # One fold at a time: events of one person keep their order, and merges never cross.
        if not _take_turn(wait):
            return 0
        waiting = _claim(limit)
        if not waiting:
            return 0
        events = _read(waiting)
        _take_in(events, at)
        _done(waiting)
    return max(len(events), 1)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Spare the search for circles among a batch's many objects: it took a fifth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _one_by_one(limit: int, at: datetime) -> int:
    with transaction.atomic():
        _take_turn(True)
        waiting = _claim(limit)
        for row in waiting:
            try:
                with transaction.atomic():
                    _take_in(_read([row]), at)
            except UNFIT:
                log.exception("An inbox row of source %s goes event by event.", row.source_id)
                _event_by_event(row, at)
        _done(waiting)
    return len(waiting)


def _take_turn(wait: bool) -> bool:
    if not wait:
        return rows.advisory_lock(LOCK)
    with rows.raw_cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [LOCK])
    return True


def _claim(limit: int) -> list[_Waiting]:
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "SELECT id, source_id, received_at, body FROM customers_inbox ORDER BY id LIMIT %s "
            "FOR UPDATE SKIP LOCKED",
            [limit],
        )
        return [_Waiting(*row) for row in cursor.fetchall()]


def _done(waiting: Sequence[_Waiting]) -> None:
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "DELETE FROM customers_inbox WHERE id = ANY(%s::bigint[])",
            [rows.array(row.id for row in waiting)],
        )


def _read(waiting: Sequence[_Waiting]) -> list[_Arrived]:
    return [
        _Arrived(row.source_id, row.received_at, fact)
        for row in waiting
        for fact in ingest.read_body(bytes(row.body))
    ]


def _event_by_event(row: _Waiting, at: datetime) -> None:
    """Take in what can be; what can't is set aside alone, and can be tried again."""
    try:
        arrived = _read([row])
    except UNFIT as error:
        raw = {"inbox": bytes(row.body).decode(errors="replace")}
        unfit = [(Unfit(_why(error), "fold"), raw)]
        ingest.set_aside(source_id=row.source_id, unfit=unfit, at=row.received_at)
        return
    for one in arrived:
        try:
            with transaction.atomic():
                _take_in([one], at)
        except UNFIT as error:
            ingest.give_back(
                source_id=row.source_id, fact=one.fact, reason=_why(error), at=row.received_at
            )


def _why(error: Exception) -> str:
    return f"It could not be folded: {type(error).__name__}: {error}"


def _take_in(arrived: Sequence[_Arrived], at: datetime) -> None:
    """Turn events into people, rows, counts and memberships, and tell the floors above."""
    # First, while nobody's row is held: making a partition waits for all writers of the table.
    partitions.ensure(moments={one.received_at for one in arrived})
    events = _never_seen(_living(arrived, at), at)
    if not events:
        return
    people = People.of(events=[(one.fact, one.received_at) for one in events])
    if people.nobody:
        _give_back([events[place] for place in sorted(people.nobody)])
        events = list(people.left(events))
    recorded = people.merged(at=at)
    new = [_row(one, people) for one in events]
    fresh = people.fresh
    people.learn(sources=[one.source_id for one in events])
    recorded += append.append(new=new)
    recorded += segment.all_of(profile_ids=fresh, cause=EVENT, at=at)
    did = _did(new, besides=set(fresh))
    recorded += segment.touched(
        profile_ids=sorted(set().union(*did.values())),
        names=set(did), traits=False, cause=EVENT, at=at, did=did,
    )  # fmt: skip
    recorded += segment.touched(
        profile_ids=people.changed, names=set(), traits=True, cause=EVENT, at=at
    )
    extend.customers_events_recorded(events=_rising(recorded), at=at)


def _give_back(arrived: Sequence[_Arrived]) -> None:
    """Set aside what came under blocked names only; tried again, it is as new."""
    for one in arrived:
        ingest.give_back(
            source_id=one.source_id, fact=one.fact, reason=block.REASON, at=one.received_at
        )
    append.forget(keys=[(one.source_id, one.fact.message_id) for one in arrived])


def _did(new: Sequence[Row], besides: set[int]) -> dict[str, set[int]]:
    did: dict[str, set[int]] = {}
    for row in new:
        if row.profile_id not in besides:
            did.setdefault(row.name, set()).add(row.profile_id)
    return did


def _rising(recorded: list[Recorded]) -> list[Recorded]:
    return sorted(recorded, key=lambda event: event.id)


def _living(arrived: Sequence[_Arrived], at: datetime) -> list[_Arrived]:
    erased = forgotten.spare(facts=[one.fact for one in arrived], at=at)
    return [one for place, one in enumerate(arrived) if place not in erased]


def _never_seen(arrived: Sequence[_Arrived], at: datetime) -> list[_Arrived]:
    fresh = append.once(keys=((one.source_id, one.fact.message_id) for one in arrived), at=at)
    if len(fresh) == len(arrived):
        return list(arrived)
    events, again = [], []
    for one in arrived:
        key = (one.source_id, one.fact.message_id)
        if key in fresh:
            # Of copies within this batch the first counts.
            fresh.remove(key)
            events.append(one)
        else:
            again.append((one.source_id, one.received_at, one.fact))
    if again:
        ingest.note_repeats(repeats=again)
    return events


def _row(one: _Arrived, people: People) -> Row:
    fact = one.fact
    # By place: by name it takes twice as long.
    return Row(
        one.received_at, fact.at, fact.position, one.source_id, fact.message_id, fact.type,
        fact.name, people.alias_of(fact).id, people.owner_of(fact), bytes(fact.raw_properties),
        bytes(fact.raw_context), fact.user_id, fact.anonymous_id, fact.previous_id, fact.group_id,
    )  # fmt: skip

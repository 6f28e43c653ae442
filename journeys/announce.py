"""Leave events and traits to be recorded once a batch has let go of its locks, and record them."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from customers import describe, record
from customers.record import New
from dxp.lib.rows import advisory_lock, array, raw_cursor
from journeys.models import Notice
from journeys.models.enrollments import Lane
from journeys.runs import Note

log = logging.getLogger(__name__)
BATCH = 500
SOURCE = "journey"

TELL = """
INSERT INTO journeys_notice (profile_id, message_id, properties, name, traits, enrollment_id, at)
SELECT v.*, %s FROM unnest(%s::bigint[], %s::text[], %s::jsonb[], %s::text[], %s::jsonb[],
  %s::bigint[]) v"""
GO_ON = """
UPDATE journeys_enrollment SET due_at = %s, lane = CASE WHEN lane < 0 THEN lane ELSE 0 END
WHERE id = %s AND resting AND ended_at IS NULL AND woke_by = ''"""
# A trait that can't be written is tried again when somebody says so.
GIVE_UP = """
UPDATE journeys_enrollment SET resting = false, lane = %s, error = %s, errors = errors + 1
WHERE id = %s AND ended_at IS NULL"""


def tell(cursor: Any, notes: Iterable[Note], at: datetime) -> None:
    """Leave events and traits to be recorded."""
    rows = [
        (one.profile, one.message_id, one.about, one.name, one.traits, one.run) for one in notes
    ]
    if rows:
        cursor.execute(TELL, [at, *(array(column) for column in zip(*rows, strict=True))])


def announce(*, at: datetime, limit: int = BATCH) -> int:
    """Record the events and write the traits that batches left behind; return how many."""
    written = sum(_write(pk, at) for pk in _traits(limit))
    with transaction.atomic():
        if not advisory_lock("journeys.announce"):
            return written
        due = list(Notice.objects.filter(traits__isnull=True).order_by("pk")[:limit])
        new = [_as_event(notice) for notice in due]
        try:
            with transaction.atomic():
                record.events(new, at=at)
        except record.NoAlias:
            for one in new:
                _record_alone(one, at)
        Notice.objects.filter(pk__in=[notice.pk for notice in due]).delete()
    return written + len(due)


def _traits(limit: int) -> list[int]:
    waiting = Notice.objects.filter(enrollment__isnull=False, traits__isnull=False)
    return list(waiting.order_by("pk").values_list("pk", flat=True)[:limit])


def _write(pk: int, at: datetime) -> int:
    """Write one person's traits and let the run go on; return 1 unless somebody else did."""
    try:
        with transaction.atomic():
            return _describe(pk, at)
    except (describe.Unfit, describe.Forgotten, LookupError) as error:
        log.warning("Notice %s can't be written: %s", pk, error)
        with transaction.atomic(), raw_cursor() as cursor:
            gone = cursor.execute(
                "DELETE FROM journeys_notice WHERE id = %s RETURNING enrollment_id", [pk]
            ).fetchall()
            for (run,) in gone:
                cursor.execute(GIVE_UP, [int(Lane.FAILED), str(error)[:500], run])
        return len(gone)


def _describe(pk: int, at: datetime) -> int:
    notice = Notice.objects.filter(pk=pk).first()
    if notice is None:
        return 0
    # The person's lock first, as whoever merges or erases them takes it.
    describe.describe(
        profile_id=notice.profile_id, traits=notice.traits or {}, source=SOURCE, at=at
    )
    if not Notice.objects.filter(pk=pk).delete()[0]:
        transaction.set_rollback(True)
        return 0
    with raw_cursor() as cursor:
        cursor.execute(GO_ON, [at, notice.enrollment_id])
    return 1


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

"""Let everybody in a segment onto a journey: in bites that a killed worker's heir finishes."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, transaction
from psycopg import errors

from dxp.lib.rows import array, raw_cursor
from journeys import charts
from journeys.heard import NEWEST
from journeys.models import Journey
from journeys.models.enrollments import Lane

log = logging.getLogger(__name__)
OPEN = (Journey.State.LIVE, Journey.State.PAUSED)
BITE = 5000
TRIES = 5

# Who has been through holds no key any more, whatever the policy was in those days.
LET_GO = """
UPDATE journeys_enrollment e SET entry_key = e.id::text
FROM unnest(%(profiles)s::bigint[], %(journeys)s::bigint[]) v(profile_id, journey_id)
WHERE e.profile_id = v.profile_id AND e.journey_id = v.journey_id AND e.entry_key = ''
  AND e.ended_at IS NOT NULL"""
BITTEN = """
SELECT m.profile_id FROM customers_segmentmember m
WHERE m.segment_id = %s AND m.left_at IS NULL AND m.profile_id > %s
ORDER BY m.profile_id LIMIT %s"""
# In the order in which events let people in, so that nobody waits in a circle.
FILL = f"""
WITH began AS (
  INSERT INTO journeys_enrollment (profile_id, journey_id, version_id, node, resting, seq, due_at,
    since, entered_at, outcome, lane, errors, error, woke_by, heard_event_id, entry_key)
  SELECT v.profile_id, %(journey)s, %(version)s, %(node)s, false, 0, %(at)s, %(at)s, %(at)s, '',
    %(lane)s, 0, '', '', {NEWEST}, %(key)s
  FROM unnest(%(profiles)s::bigint[]) v(profile_id)
  WHERE %(earliest)s::timestamptz IS NULL OR NOT EXISTS (
    SELECT 1 FROM journeys_enrollment e WHERE e.profile_id = v.profile_id
      AND e.journey_id = %(journey)s AND e.entered_at > %(earliest)s::timestamptz)
  ORDER BY v.profile_id
  ON CONFLICT (journey_id, profile_id, entry_key) DO NOTHING RETURNING id, profile_id
), told AS (
  INSERT INTO journeys_notice (profile_id, name, properties, message_id, at)
  SELECT profile_id, 'Journey Entered', jsonb_build_object('journey', %(name)s::text,
    'journey_id', %(journey)s, 'outcome', ''), 'journey-entered:' || id, %(at)s
  FROM began ORDER BY id
)
SELECT count(*) FROM began"""


def fill(*, journey: Journey, at: datetime) -> int:
    """Begin a run for everyone who is in the segment of the journey's entry; return how many began.

    Goes in bites by rising profile; what a killed worker left, `step` finishes.
    """
    begin(journey=journey, at=at)
    began = 0
    while (bitten := _bite_anyhow(journey.pk)) is not None:
        began += bitten
    return began


def begin(*, journey: Journey, at: datetime) -> bool:
    """Take note that everyone in the segment shall enter; return False if that is under way.

    `step` does it.
    """
    ready = Journey.objects.filter(pk=journey.pk, state__in=OPEN, filling__isnull=True)
    return ready.update(filling={"after": 0, "at": at.isoformat()}) == 1


def step() -> int:
    """Let the next people onto each journey that is being filled; return how many were looked at.

    Others may be at it too: each takes its own bite.
    """
    being = Journey.objects.filter(filling__isnull=False).order_by("pk")
    return sum(
        bitten is not None for bitten in map(_bite_anyhow, being.values_list("pk", flat=True))
    )


def _bite_anyhow(journey: int) -> int | None:
    """Take a bite; who stands in the way of somebody else tries again.

    Raises:
        OperationalError: the database is gone.
    """
    for _ in range(TRIES):
        try:
            with transaction.atomic():
                return _bite(journey)
        except OperationalError as error:
            if not isinstance(error.__cause__, errors.DeadlockDetected):
                raise
            log.warning("Filling journey %s stood in the way of somebody.", journey)
    return None


def _bite(number: int) -> int | None:
    """Let the next people in; return how many began, None if nobody is left or others are at it."""
    found = Journey.objects.filter(pk=number, filling__isnull=False).select_related("current")
    journey = found.select_for_update(skip_locked=True, of=["self"], no_key=True).first()
    if journey is None:
        return None
    assert journey.current is not None
    told = journey.filling or {}
    with raw_cursor() as cursor:
        bitten = cursor.execute(
            BITTEN, [journey.current.segment_id or 0, told["after"], BITE]
        ).fetchall()
        people = [row[0] for row in bitten] if journey.state in OPEN else []
        if not people:
            Journey.objects.filter(pk=number).update(filling=None)
            return None
        asked = _asked(journey, people, told["at"])
        if journey.reentry == Journey.Reentry.AGAIN:
            cursor.execute(LET_GO, {**asked, "journeys": array([number] * len(people))})
        began = cursor.execute(FILL, asked).fetchone()
    Journey.objects.filter(pk=number).update(filling={**told, "after": people[-1]})
    return int(began[0]) if began else 0


def _asked(journey: Journey, people: list[int], began_at: str) -> dict[str, Any]:
    at = datetime.fromisoformat(began_at)
    pause = timedelta(days=journey.again_after_days or 0)
    always = journey.reentry == Journey.Reentry.ALWAYS
    once = journey.reentry == Journey.Reentry.ONCE
    return {
        "at": at,
        "journey": journey.pk,
        "name": journey.name,
        "version": journey.current_id,
        "node": charts.of(journey.current_id or 0).first,
        "lane": int(Lane.BULK),
        "key": f"fill:{began_at}" if always else "",
        "earliest": at - pause if pause and not once else None,
        "profiles": array(people),
    }

"""Stop a journey, and let it go on without everybody moving at once."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count

from dxp.lib.rows import array, raw_cursor
from journeys.leave import leave
from journeys.models import Enrollment, Journey
from journeys.models.enrollments import Lane

BITE = 5000
POLICIES = ("now", "spread", "shift", "drop")
LONGEST_HOURS = 24 * 30
# No batch lasts longer.
SETTLED = timedelta(minutes=1)

BITTEN = """
SELECT e.id, e.due_at <= %(at)s FROM journeys_enrollment e
WHERE e.journey_id = %(journey)s AND e.id > %(after)s AND e.ended_at IS NULL AND e.lane > -2
  AND (e.due_at <= %(at)s OR %(everybody)s)
ORDER BY e.id LIMIT %(bite)s FOR UPDATE"""
# Nobody who waits for others is held up by so many who come due at once.
AGAIN = """
UPDATE journeys_enrollment SET lane = CASE WHEN woke_by <> '' THEN 0 ELSE 2 END
WHERE id = ANY(%(due)s::bigint[]) AND due_at <= %(at)s"""
QUIET = """
SELECT id FROM journeys_enrollment WHERE id = ANY(%(due)s::bigint[]) AND woke_by = ''"""
UNPARK = """
UPDATE journeys_enrollment SET lane = CASE WHEN woke_by <> '' THEN 0 ELSE 2 END WHERE id IN (
  SELECT id FROM journeys_enrollment WHERE journey_id = %s AND lane = -1
  LIMIT %s FOR UPDATE SKIP LOCKED)"""
# Evenly, and the same for whoever asks again: by a hash of the run.
SPREAD = """
UPDATE journeys_enrollment SET lane = 1, due_at = CASE WHEN woke_by <> '' THEN due_at ELSE
  %(at)s + %(length)s * ((hashint8(id)::bigint & 65535) / 65536.0::float8) END
WHERE id = ANY(%(due)s::bigint[])"""
SHIFT = """
UPDATE journeys_enrollment SET lane = GREATEST(lane, 1), due_at = due_at + %(length)s,
  until = until + %(length)s
WHERE id = ANY(%(all)s::bigint[]) AND woke_by = '' AND resting AND entered_at <= %(since)s"""


class Unfit(ValueError):
    """There is no such policy."""


def pause(*, journey: Journey, at: datetime) -> bool:
    """Let nobody go on; return whether it was live. Messages in the outbox still go."""
    return Journey.objects.move(journey.pk, Journey.State.LIVE, Journey.State.PAUSED, paused_at=at)


def overdue(*, journey: Journey, at: datetime) -> dict[str, int]:
    """Return how many people's time came meanwhile, by the step at which they stand."""
    due = Enrollment.objects.filter(journey=journey, ended_at=None, due_at__lte=at)
    told = due.exclude(lane=Lane.FAILED).values_list("node").annotate(n=Count("pk"))
    return dict(told.order_by("node"))


def resume(
    *,
    journey: Journey,
    at: datetime,
    policy: str = "now",
    hours: int = 0,
    bites: int | None = None,
) -> bool:
    """Let people go on from where they stand; return whether it was paused.

    Goes in bites, while the journey is still paused; what is left after so many bites, or by a
    killed worker, `go_on` finishes.

    Args:
        journey: which.
        at: the moment.
        policy: for those whose time came meanwhile: `now` at once, `spread` over some hours, `drop`
            ends their run; `shift` moves everybody's clock by as long as the pause was.
        hours: over which they are spread.
        bites: after which the caller stops; None for no end.

    Raises:
        Unfit: there is no such policy, or no hours to spread over.
    """
    if policy not in POLICIES or (policy == "spread" and not 0 < hours <= LONGEST_HOURS):
        raise Unfit(policy)
    told = {"policy": policy, "hours": hours, "at": at.isoformat(), "after": 0}
    paused = Journey.objects.filter(pk=journey.pk, state=Journey.State.PAUSED)
    paused.filter(resuming__isnull=True).update(resuming=told)
    was = paused.exists()
    for number in itertools.count(1):
        if not _bite(journey.pk) or number == bites:
            break
    unpark(at=at)
    return was


def close(*, journey: Journey) -> bool:
    """Let nobody in any more; who is under way goes on. Return whether it was open."""
    moved = Journey.objects.filter(pk=journey.pk).exclude(state=Journey.State.DRAFT)
    return moved.exclude(state=Journey.State.CLOSED).update(
        state=Journey.State.CLOSED, filling=None, resuming=None
    ) == 1  # fmt: skip


def go_on(*, at: datetime) -> int:
    """Finish what killed workers left, and let go who was parked late; return how many."""
    for number in Journey.objects.filter(resuming__isnull=False).values_list("pk", flat=True):
        while _bite(number):
            pass
    return unpark(at=at)


def unpark(*, at: datetime) -> int:
    """Put people of journeys that go on again back into the queue; return how many.

    A batch that began during the pause may park somebody just after it.
    """
    found = 0
    for journey in Journey.objects.filter(paused_at__isnull=False).exclude(state="PAUSED"):
        with raw_cursor() as cursor:
            cursor.execute(UNPARK, [journey.pk, BITE])
            found += cursor.rowcount
            late = cursor.rowcount > 0
        if not late and journey.resumed_at and journey.resumed_at < at - SETTLED:
            Journey.objects.filter(pk=journey.pk).exclude(state="PAUSED").update(paused_at=None)
        elif journey.resumed_at is None:
            Journey.objects.filter(pk=journey.pk).update(resumed_at=at)
    return found


@transaction.atomic
def _bite(number: int) -> bool:
    """Deal with the next people; return whether there may be more."""
    found = Journey.objects.filter(pk=number, state="PAUSED", resuming__isnull=False)
    journey = found.select_for_update(skip_locked=True, no_key=True).first()
    if journey is None:
        return False
    told: dict[str, Any] = journey.resuming or {}
    at = datetime.fromisoformat(told["at"])
    with raw_cursor() as cursor:
        asked = {
            "at": at, "journey": number, "after": told["after"], "bite": BITE,
            "everybody": told["policy"] == "shift",
        }  # fmt: skip
        people = cursor.execute(BITTEN, asked).fetchall()
    if people:
        _treat(journey, told, people, at)
        Journey.objects.filter(pk=number).update(resuming={**told, "after": people[-1][0]})
        return True
    Journey.objects.filter(pk=number).update(state=Journey.State.LIVE, resuming=None, resumed_at=at)
    return False


def _treat(journey: Journey, told: dict[str, Any], people: Sequence[Any], at: datetime) -> None:
    since = journey.paused_at or at
    length = at - since if told["policy"] == "shift" else timedelta(hours=told["hours"])
    values = {
        "at": at, "length": length, "since": since,
        "all": array(row[0] for row in people), "due": array(row[0] for row in people if row[1]),
    }  # fmt: skip
    with raw_cursor() as cursor:
        if told["policy"] == "drop":
            rows = cursor.execute(QUIET, values).fetchall()
            leave(enrollment_ids=[row[0] for row in rows], at=at, outcome="dropped")
        if told["policy"] == "shift":
            cursor.execute(SHIFT, values)
        cursor.execute(SPREAD if told["policy"] == "spread" else AGAIN, values)

"""Who enters a journey, once or again, and who is taken out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext

from customers.models import Profile, Segment, SegmentMember
from dxp.lib import ids
from dxp.lib.rows import array, raw_cursor
from journeys import charts
from journeys.fill import LET_GO, OPEN, fill
from journeys.heard import NEWEST, key_of
from journeys.leave import leave
from journeys.models import Enrollment, Journey
from journeys.models.enrollments import Lane

ENTER = f"""
WITH began AS (
  INSERT INTO journeys_enrollment (profile_id, journey_id, version_id, node, resting, seq, due_at,
    since, entered_at, outcome, lane, errors, error, woke_by, heard_event_id, entry_key, entry)
  SELECT v.profile_id, v.journey_id, v.version_id, v.node, false, 0, COALESCE(v.due, %(at)s),
    %(at)s, %(at)s, '', %(lane)s, 0, '', '', CASE WHEN v.heard > 0 THEN v.heard ELSE {NEWEST} END,
    v.key, v.entry
  FROM unnest(%(profiles)s::bigint[], %(journeys)s::bigint[], %(versions)s::bigint[],
    %(nodes)s::text[], %(heard)s::bigint[], %(keys)s::text[], %(entries)s::jsonb[],
    %(earliest)s::timestamptz[], %(dues)s::timestamptz[])
    v(profile_id, journey_id, version_id, node, heard, key, entry, earliest, due)
  WHERE v.earliest IS NULL OR NOT EXISTS (
    SELECT 1 FROM journeys_enrollment e WHERE e.profile_id = v.profile_id
      AND e.journey_id = v.journey_id AND e.entered_at > v.earliest)
  ORDER BY v.journey_id, v.profile_id
  ON CONFLICT (journey_id, profile_id, entry_key) DO NOTHING RETURNING id, profile_id, journey_id
), told AS (
  INSERT INTO journeys_notice (profile_id, name, properties, message_id, at)
  SELECT b.profile_id, 'Journey Entered', a.about, 'journey-entered:' || b.id, %(at)s
  FROM began b JOIN unnest(%(known)s::bigint[], %(abouts)s::jsonb[]) a(id, about)
    ON a.id = b.journey_id ORDER BY b.id
)
SELECT id FROM began ORDER BY id"""
__all__ = [
    "OPEN", "Refused", "Start", "by_hand", "enter", "fill", "inside", "leave", "retry",
]  # fmt: skip


class Refused(ValueError):
    """Somebody can't enter; the words say why."""


@dataclass(frozen=True, slots=True)
class Start:
    """Somebody who may enter.

    Args:
        profile_id: who.
        journey: where.
        heard: the event that lets them in; 0 if none did.
        key: what tells this run from others of theirs, where the journey asks for it.
        entry: how they came (`by`), and what the event told (`event`).
        due_at: when they take the first step; None: at once.
    """

    profile_id: int
    journey: Journey
    heard: int = 0
    key: str = ""
    entry: dict[str, Any] | None = None
    due_at: datetime | None = None


def enter(*, starts: Sequence[Start], at: datetime, lane: int = Lane.WOKEN) -> list[int]:
    """Begin runs; return the ids of those that began.

    Who has been there already, or still is, stays out as the journey's re-entry policy says; a
    draft and a closed journey let nobody in.
    """
    able = [one for one in starts if one.journey.state in OPEN and one.journey.current_id]
    if not able:
        return []
    journeys = {one.journey.pk: one.journey for one in able}
    again = [one for one in able if one.journey.reentry == Journey.Reentry.AGAIN]
    with raw_cursor() as cursor:
        if again:
            cursor.execute(LET_GO, _whom(again))
        began = cursor.execute(
            ENTER,
            {
                "at": at,
                "lane": int(lane),
                **_whom(able),
                "versions": array(one.journey.current_id for one in able),
                "nodes": array(charts.of(one.journey.current_id or 0).first for one in able),
                "heard": array(one.heard for one in able),
                "keys": array(_key(one) for one in able),
                "entries": array(_entry(one) for one in able),
                "earliest": array(_earliest(one.journey, at) for one in able),
                "dues": array(one.due_at for one in able),
                "known": array(journeys),
                "abouts": array(_about(journey) for journey in journeys.values()),
            },
        ).fetchall()
    return [row[0] for row in began]


def _whom(starts: Sequence[Start]) -> dict[str, str]:
    return {
        "profiles": array(one.profile_id for one in starts),
        "journeys": array(one.journey.pk for one in starts),
    }


def _key(start: Start) -> str:
    if start.journey.reentry == Journey.Reentry.KEYED:
        return key_of(start.key)
    if start.journey.reentry == Journey.Reentry.ALWAYS:
        return str(start.heard) if start.heard else key_of(start.key or ids.key(32))
    return ""


def _entry(start: Start) -> str | None:
    entry = start.entry
    if start.key and start.journey.reentry != Journey.Reentry.KEYED:
        # Waits that ask for the same value find it here.
        entry = {**(entry or {}), "key": key_of(start.key)}
    return json.dumps(entry) if entry else None


def _earliest(journey: Journey, at: datetime) -> datetime | None:
    if not journey.again_after_days or journey.reentry == Journey.Reentry.ONCE:
        return None
    return at - timedelta(days=journey.again_after_days)


def _about(journey: Journey, outcome: str = "") -> str:
    return json.dumps({"journey": journey.name, "journey_id": journey.pk, "outcome": outcome})


def by_hand(*, journey: Journey, profile_id: int, at: datetime, by: str) -> Enrollment:
    """Let somebody in by hand; `by` is who did it.

    Raises:
        Refused: the journey isn't open, or the person may not enter now.
    """
    if journey.state not in OPEN:
        raise Refused(gettext("Nobody can enter: this journey is not open."))
    if not Profile.objects.filter(pk=profile_id, state=Profile.State.ACTIVE).exists():
        raise Refused(gettext("There is no such person."))
    start = Start(profile_id, journey, entry={"by": "hand", "who": by})
    began = enter(starts=[start], at=at, lane=Lane.NORMAL)
    if not began:
        raise Refused(gettext("This person is in the journey, or may not enter again now."))
    return Enrollment.objects.get(pk=began[0])


def inside(*, segment: Segment) -> int:
    """Return how many people are in a segment now."""
    return SegmentMember.objects.filter(segment=segment, left_at__isnull=True).count()


def retry(
    *, journey: Journey, at: datetime, enrollment_ids: Sequence[int] | None = None, node: str = ""
) -> int:
    """Let runs that failed try again: all of a journey, some of them, or those at one step."""
    failed = Enrollment.objects.filter(journey=journey, lane=Lane.FAILED, ended_at=None)
    if enrollment_ids is not None:
        failed = failed.filter(pk__in=enrollment_ids)
    if node:
        failed = failed.filter(node=node)
    return failed.update(lane=Lane.NORMAL, errors=0, error="", due_at=at)

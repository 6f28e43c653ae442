"""Who enters a journey, once or again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from customers.models import Segment, SegmentMember
from customers.record import Recorded
from dxp.lib.rows import raw_cursor
from journeys.models import Delivery, Enrollment, Journey, Notice
from journeys.models.enrollments import Lane

# First fills, edits of a rule, merges and repairs move people without their doing anything.
STARTS = frozenset({"event", "trait", "clock"})

ENTER = """
INSERT INTO journeys_enrollment (profile_id, journey_id, version_id, node, resting, seq, due_at,
  since, entered_at, outcome, lane, errors, error, woke_by, heard_event_id, entry_key)
SELECT v.profile_id, v.journey_id, v.version_id, v.node, false, 0, %(at)s, %(at)s, %(at)s, '',
  %(lane)s, 0, '', '', v.heard, ''
FROM unnest(%(profiles)s::bigint[], %(journeys)s::bigint[], %(versions)s::bigint[],
  %(nodes)s::text[], %(heard)s::bigint[]) v(profile_id, journey_id, version_id, node, heard)
ORDER BY v.journey_id, v.profile_id
ON CONFLICT (journey_id, profile_id, entry_key) DO NOTHING RETURNING id, profile_id, journey_id"""
FILL = """
INSERT INTO journeys_enrollment (profile_id, journey_id, version_id, node, resting, seq, due_at,
  since, entered_at, outcome, lane, errors, error, woke_by, heard_event_id, entry_key)
SELECT m.profile_id, %(journey)s, %(version)s, %(node)s, false, 0, %(at)s, %(at)s, %(at)s, '',
  %(lane)s, 0, '', '', (SELECT last_value FROM customers_event_id), ''
FROM customers_segmentmember m WHERE m.segment_id = %(segment)s AND m.left_at IS NULL
ON CONFLICT (journey_id, profile_id, entry_key) DO NOTHING RETURNING id, profile_id, %(journey)s"""


def hear(*, events: Sequence[Recorded], at: datetime) -> int:
    """Enroll those who just entered the segment of a live journey; return how many.

    People also enter a paused journey: they wait at its door until it goes on.
    """
    entries = [event for event in events if event.name == "Segment Entered" and _starts(event)]
    if not entries:
        return 0
    segments = {int(event.properties["segment_id"]) for event in entries}
    open_to: dict[int, list[Journey]] = {}
    for journey in (
        Journey.objects
        .exclude(state=Journey.State.DRAFT)
        .filter(current__segment__in=segments)
        .select_related("current")
    ):
        assert journey.current is not None
        open_to.setdefault(journey.current.segment_id or 0, []).append(journey)
    starts = [
        (event.profile_id, journey, event.id)
        for event in entries
        for journey in open_to.get(int(event.properties["segment_id"]), [])
    ]
    return enter(starts=starts, at=at) if starts else 0


def _starts(event: Recorded) -> bool:
    cause, segment = event.properties.get("cause"), event.properties.get("segment_id")
    return cause in STARTS and isinstance(segment, int)


def enter(
    *, starts: Sequence[tuple[int, Journey, int]], at: datetime, lane: int = Lane.WOKEN
) -> int:
    """Begin runs of (profile, journey, id of the event they answer); return how many began.

    Who has been there already, or still is, stays out as the journey's re-entry policy says.
    """
    journeys = {journey.pk: journey for _profile, journey, _heard in starts}
    with raw_cursor() as cursor:
        began = cursor.execute(
            ENTER,
            {
                "at": at,
                "lane": int(lane),
                "profiles": [profile for profile, _journey, _heard in starts],
                "journeys": [journey.pk for _profile, journey, _heard in starts],
                "versions": [journey.current_id for _profile, journey, _heard in starts],
                "nodes": [_first(journey) for _profile, journey, _heard in starts],
                "heard": [heard for _profile, _journey, heard in starts],
            },
        ).fetchall()
    _tell(began, journeys, at)
    return len(began)


def fill(*, journey: Journey, at: datetime) -> int:
    """Begin a run for everyone who is in the journey's segment now; return how many began."""
    assert journey.current is not None
    with raw_cursor() as cursor:
        began = cursor.execute(
            FILL,
            {
                "at": at,
                "lane": int(Lane.BULK),
                "journey": journey.pk,
                "version": journey.current_id,
                "segment": journey.current.segment_id,
                "node": _first(journey),
            },
        ).fetchall()
    _tell(began, {journey.pk: journey}, at)
    return len(began)


def inside(*, segment: Segment) -> int:
    """Return how many people are in a segment now."""
    return SegmentMember.objects.filter(segment=segment, left_at__isnull=True).count()


def _first(journey: Journey) -> str:
    assert journey.current is not None
    return str(journey.current.graph["first"])


def _tell(
    began: Sequence[tuple[int, int, int]], journeys: dict[int, Journey], at: datetime
) -> None:
    Notice.objects.bulk_create(
        [
            Notice(
                profile_id=profile,
                name="Journey Entered",
                properties={
                    "journey": journeys[journey].name,
                    "journey_id": journey,
                    "outcome": "",
                },
                message_id=f"journey-entered:{pk}",
                at=at,
            )
            for pk, profile, journey in began
        ],
        batch_size=1000,
    )


def merge(*, kept: int, absorbed: int, at: datetime) -> int:
    """Bring the runs of two profiles that became one together; return how many ended by it.

    Where both walk the same journey, the older run goes on and the younger ends `merged`; a run
    that goes on stands before one that has ended.
    """
    # Deliveries before runs, as a sender settles them: nobody waits in a circle.
    Delivery.objects.filter(profile_id=absorbed).update(profile_id=kept)
    runs = list(
        Enrollment.objects
        .select_for_update(of=["self"])
        .select_related("journey")
        .filter(profile_id__in=[kept, absorbed])
        .order_by("pk")
    )
    ended = 0
    first: dict[int, Enrollment] = {}
    notices = []
    for run in sorted(runs, key=lambda run: (run.ended_at is not None, run.entered_at, run.pk)):
        if run.entry_key == "" and first.setdefault(run.journey_id, run) is not run:
            run.entry_key = str(run.pk)
            if run.ended_at is None:
                run.ended_at, run.due_at, run.outcome, run.listens = at, None, "merged", None
                notices.append(_merged(run, kept, at))
                ended += 1
        run.profile_id = kept
    # Those that give their key up go first: two rows may not hold the same key for a moment.
    for run in sorted(runs, key=lambda run: run.entry_key == ""):
        run.save(update_fields=["profile", "entry_key", "ended_at", "due_at", "outcome", "listens"])
    Notice.objects.filter(profile_id=absorbed).update(profile_id=kept)
    Notice.objects.bulk_create(notices)
    return ended


def split(*, kept: int, restored: int, at: datetime) -> int:
    """Give messages back to somebody who came out of a merge; return how many.

    A message goes with the address it was sent to. Runs stay where they are: a run that a merge
    ended does not begin again, and nobody enters a journey because of an undoing.
    """
    return Delivery.objects.filter(profile_id=kept, contact_point__profile_id=restored).update(
        profile_id=restored
    )


def _merged(run: Enrollment, kept: int, at: datetime) -> Notice:
    about = {"journey": run.journey.name, "journey_id": run.journey_id, "outcome": "merged"}
    return Notice(
        profile_id=kept,
        name="Journey Exited",
        properties=about,
        message_id=f"journey-exited:{run.pk}",
        at=at,
    )

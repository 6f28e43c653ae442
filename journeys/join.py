"""Bring the journeys of two people together who are one, and apart."""

from __future__ import annotations

from datetime import datetime

from journeys.models import Delivery, Enrollment, Notice


def merge(*, kept: int, absorbed: int, at: datetime) -> int:
    """Bring the runs of two profiles that became one together; return how many ended by it.

    Where both walk the same journey under the same key, the older run goes on and the younger ends
    `merged`; a run that goes on stands before one that has ended.
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
    first: dict[tuple[int, str], Enrollment] = {}
    notices = []
    gave_up = set()
    for run in sorted(runs, key=lambda run: (run.ended_at is not None, run.entered_at, run.pk)):
        if first.setdefault((run.journey_id, run.entry_key), run) is not run:
            run.entry_key = str(run.pk)
            gave_up.add(run.pk)
            if run.ended_at is None:
                run.ended_at, run.due_at, run.outcome, run.listens = at, None, "merged", None
                notices.append(_merged(run, kept, at))
                ended += 1
        run.profile_id = kept
    # Those that give their key up go first: two rows may not hold the same key for a moment.
    for run in sorted(runs, key=lambda run: run.pk not in gave_up):
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

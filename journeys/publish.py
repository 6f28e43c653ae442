"""Let people onto a journey, and messages into the world."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.models import ProfileList, Segment
from journeys import graph, quote, timing
from journeys.compose import House, rendered
from journeys.models import Edition, Journey, Message, Version

if TYPE_CHECKING:
    from dxp.users.models import User


def known() -> graph.Known:
    """Return what journeys may refer to: published messages, segments, and lists of people."""
    messages = Message.objects.filter(current__isnull=False, kind=Message.Kind.NEWS)
    return graph.Known(
        messages=set(messages.values_list("pk", flat=True)),
        segments=set(Segment.objects.values_list("pk", flat=True)),
        lists=set(ProfileList.objects.values_list("pk", flat=True)),
    )


def asking_for(*, segment_id: int) -> list[Journey]:
    """Return the journeys whose draft, current or still walked versions ask for a segment."""
    found = []
    for journey in _with_versions():
        graphs = [one.graph for one in journey.versions.all()]
        starts = {one.segment_id for one in journey.versions.all()} | {journey.segment_id}
        asked = starts.union(*(graph.segments_of(one) for one in graphs))
        if segment_id in asked | graph.drawn_segments(plan(journey)):
            found.append(journey)
    return found


def asking_for_list(*, list_id: int) -> list[Journey]:
    """Return the journeys whose draft or still walked versions ask for a list of people."""
    found = []
    for journey in _with_versions():
        graphs = [one.graph for one in journey.versions.all()]
        asked = set().union(*(graph.people_lists_of(one) for one in graphs))
        if list_id in asked | graph.drawn_people_lists(plan(journey)):
            found.append(journey)
    return found


def _with_versions() -> QuerySet[Journey]:
    living = Prefetch("versions", Version.objects.filter(retired_at=None))
    return Journey.objects.order_by("name").prefetch_related(living)


def plan(journey: Journey) -> graph.Plan:
    """Return what was drawn."""
    return graph.Plan(journey.outline, journey.entry, journey.goals, journey.exits)


@transaction.atomic
def publish(*, journey: Journey, at: datetime, by: User | None = None, note: str = "") -> Version:
    """Freeze the draft as a new version; people who enter from now on walk on it.

    A paused journey stays paused, a closed one opens again; no version is made if the draft is what
    was published last.

    Raises:
        BadOutline: the draft can't be walked.
    """
    compiled = graph.compile_plan(plan(journey), known=known())
    locked = Journey.objects.select_for_update(of=["self"]).get(pk=journey.pk)
    last = locked.current
    journey.segment_id = compiled["entry"].get("segment")
    if last and last.graph == compiled:
        version = last
    else:
        version = Version.objects.create(
            journey=journey,
            number=(last.number if last else 0) + 1,
            segment_id=journey.segment_id,
            entry=journey.entry,
            goals=journey.goals,
            exits=journey.exits,
            outline=journey.outline,
            graph=compiled,
            listens=sorted(graph.heard_names(compiled)),
            note=note[:500],
            published_at=at,
            published_by=by,
        )
    journey.current = version
    journey.state = locked.state
    if locked.state in {Journey.State.DRAFT, Journey.State.CLOSED}:
        journey.state = Journey.State.LIVE
    journey.next_at = _opens_at(compiled["entry"], at)
    journey.save(update_fields=["current", "state", "segment", "next_at", "changed_at"])
    return version


@transaction.atomic
def rollback(
    *, journey: Journey, version: Version, at: datetime, by: User | None = None
) -> Version:
    """Publish an older version's plan anew; a draft that nobody published yet is kept.

    People stay where they are until somebody moves them (`transfer`).

    Raises:
        BadOutline: what it needs is gone: a message, a segment.
    """
    locked = Journey.objects.select_for_update(of=["self"]).get(pk=journey.pk)
    draft = plan(locked)
    untouched = locked.current is not None and draft == plan_of(locked.current)
    set_draft(journey, plan_of(version))
    # Translators: the note of a version that brings an older one back.
    note = _("Back to version %(number)s") % {"number": version.number}
    published = publish(journey=journey, at=at, by=by, note=note)
    if not untouched:
        set_draft(journey, draft)
    journey.revision = locked.revision + 1
    journey.save(update_fields=["outline", "entry", "goals", "exits", "revision", "changed_at"])
    return published


def _opens_at(entry: Mapping[str, Any], at: datetime) -> datetime | None:
    """Return when the calendar has to be looked at first (`schedule`); None: never."""
    if entry["type"] == "schedule":
        zone = ZoneInfo(str(timezone.get_default_timezone()))
        return timing.next_occurrence(entry, after=at, zone=zone)
    return at if entry["type"] == "date" else None


def plan_of(version: Version) -> graph.Plan:
    """Return what was drawn when a version was published."""
    return graph.Plan(version.outline, version.entry, version.goals, version.exits)


def set_draft(journey: Journey, plan: graph.Plan) -> None:
    """Put a plan into a journey's draft, without saving it."""
    journey.outline, journey.entry = plan.outline, plan.entry
    journey.goals, journey.exits = list(plan.goals), list(plan.exits)


@transaction.atomic
def publish_message(*, message: Message, house: House, at: datetime) -> Edition:
    """Render a message and make that what is sent from now on."""
    Message.objects.select_for_update().get(pk=message.pk)
    done = rendered(message=message, house=house)
    last = message.editions.first()
    edition = Edition.objects.create(
        message=message,
        number=(last.number if last else 0) + 1,
        subject=done.subject,
        html=done.html,
        text=done.text,
        links=done.links,
        parts=done.parts,
        published_at=at,
    )
    Message.objects.filter(pk=message.pk).update(current=edition)
    message.current = edition
    return edition


class Missing(Exception):
    """A fragment that a message says is not published any more; the text names it."""


@transaction.atomic
def take_over(*, message: Message, house: House, at: datetime) -> Edition:
    """Publish what a message says anew, with its fragments' words of today; its draft stays.

    Raises:
        Missing: a part of it would be gone.
    """
    live = Message.objects.get(pk=message.pk)
    for one in quote.used(live):
        if not one.live:
            raise Missing(str(one))
    return publish_message(message=live, house=house, at=at)


def sending(*, messages: Iterable[int]) -> list[Journey]:
    """Return the journeys whose draft or still walked versions send one of some messages."""
    wanted = set(messages)
    found = []
    for journey in _with_versions() if wanted else ():
        outlines = [journey.outline, *(one.outline for one in journey.versions.all())]
        steps = (step for outline in outlines for step in graph.steps_of(outline))
        if any(step.get("type") == "send" and step.get("message") in wanted for step in steps):
            found.append(journey)
    return found

"""Let people onto a journey, and messages into the world."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from customers.models import Segment
from journeys import graph
from journeys.advance import unpark
from journeys.compose import House, rendered
from journeys.models import Edition, Journey, Message, Version


def known() -> graph.Known:
    """Return what journeys may refer to: published messages, and segments."""
    messages = Message.objects.filter(current__isnull=False, kind=Message.Kind.NEWS)
    return graph.Known(
        messages=set(messages.values_list("pk", flat=True)),
        segments=set(Segment.objects.values_list("pk", flat=True)),
    )


def plan(journey: Journey) -> graph.Plan:
    """Return what was drawn."""
    return graph.Plan(journey.outline, journey.entry, journey.goals, journey.exits)


@transaction.atomic
def publish(*, journey: Journey, at: datetime) -> Version:
    """Freeze the draft as a new version; people who enter from now on walk on it.

    A paused journey stays paused; nothing changes if the draft is what was published last.

    Raises:
        BadOutline: the draft can't be walked.
    """
    compiled = graph.compile_plan(plan(journey), known=known())
    locked = Journey.objects.select_for_update().get(pk=journey.pk)
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
            published_at=at,
        )
    journey.current = version
    if locked.state == Journey.State.DRAFT:
        journey.state = Journey.State.LIVE
    journey.save(update_fields=["current", "state", "segment", "changed_at"])
    return version


def pause(*, journey: Journey) -> bool:
    """Let nobody go on; return whether it was live. Messages in the outbox still go."""
    return Journey.objects.move(journey.pk, Journey.State.LIVE, Journey.State.PAUSED)


def resume(*, journey: Journey, at: datetime) -> bool:
    """Let people go on from where they stand; return whether it was paused."""
    moved = Journey.objects.move(journey.pk, Journey.State.PAUSED, Journey.State.LIVE)
    while moved and unpark(at=at) > 0:
        pass
    return moved


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
        published_at=at,
    )
    Message.objects.filter(pk=message.pk).update(current=edition)
    message.current = edition
    return edition

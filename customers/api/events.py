"""`/api/v1/events/`: what happened, in the order in which it happened."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from customers.api.asking import Asking, ListView, Text
from customers.api.shapes import answers, page_of
from customers.models import Event, Profile
from dxp.users.entry import Need

# Django escapes what LIKE would take for a wildcard.
LOOKUPS = {
    "message_id": "message_id__startswith",
    "user_id": "user_id__startswith",
    "anonymous_id": "anonymous_id__startswith",
    "name": "name",
    "type": "type",
    "since": "at__gte",
    "until": "at__lt",
}


class EventAsking(Asking):
    """Which events; several parameters narrow down together."""

    message_id = Text(help_text="The message id begins with this.")
    user_id = Text(help_text="The user id, as it was sent, begins with this.")
    anonymous_id = Text(help_text="The anonymous id, as it was sent, begins with this.")
    profile = serializers.UUIDField(
        required=False, help_text="Id of a profile: all events that belong to this person now."
    )
    name = Text(
        help_text="The event's whole name. What is no track event has one too: Page Viewed, "
        "Screen Viewed, Identified, Joined Group, Aliased."
    )
    type = serializers.ChoiceField(
        choices=Event.Type.choices, required=False, help_text="The kind of call."
    )
    since = serializers.DateTimeField(
        required=False, default_timezone=UTC, help_text="Happened at this moment or later."
    )
    until = serializers.DateTimeField(
        required=False, default_timezone=UTC, help_text="Happened before this moment."
    )


class EventShape(serializers.Serializer[Event]):
    """One event."""

    message_id = serializers.CharField()
    type = serializers.ChoiceField(choices=Event.Type.choices)
    event = serializers.SerializerMethodField(help_text="The name of a track event, else null.")
    user_id = serializers.CharField(allow_null=True)
    anonymous_id = serializers.CharField(allow_null=True)
    previous_id = serializers.CharField(allow_null=True)
    group_id = serializers.CharField(allow_null=True)
    timestamp = serializers.DateTimeField(
        source="at", default_timezone=UTC, help_text="When it happened."
    )
    received_at = serializers.DateTimeField(default_timezone=UTC)
    properties = serializers.DictField()
    profile_id = serializers.UUIDField(
        source="owner", help_text="Who it belongs to now, after all merges."
    )

    def get_event(self, event: Event) -> str | None:
        """Return a track event's name."""
        return event.name if event.type == Event.Type.TRACK else None


class EventsView(ListView):
    """Events from the first to the last."""

    needs = {"GET": Need("events:read")}
    asking = EventAsking
    serializer_class = EventShape
    order = Event.TIMELINE
    kinds = (datetime, datetime, int, int)

    def rows(self, asked: dict[str, Any]) -> QuerySet[Event]:
        """Return the events that were asked for."""
        events = Event.objects.with_owner()
        if public_id := asked.get("profile"):
            profile = Profile.objects.filter(public_id=public_id).first()
            events = events.of(profile) if profile else events.none()
        for name, lookup in LOOKUPS.items():
            if name in asked:
                events = events.filter(**{lookup: asked[name]})
        return events

    @extend_schema(
        operation_id="events",
        summary="Events",
        description="What happened, by the time at which it happened (then: received, position in "
        "its batch, order of storing). Read on with `next` until it is null.",
        parameters=[EventAsking],
        responses=answers(page_of(EventShape), 400),
    )
    def get(self, request: Request) -> Response:
        """Answer one page of events."""
        return self.answer(request)

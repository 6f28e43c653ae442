"""`/api/v1/events/`: what happened, in the order in which it happened; and more of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from customers import clean, define, ingest
from customers.models import Alias, AliasOverride, Event, Profile, Source
from customers.tasks import FOLD
from dxp.lib import clock, hints
from dxp.users.asking import Asking, ListView, Text
from dxp.users.entry import Need
from dxp.users.models import ApiToken
from dxp.users.rest import write
from dxp.users.shapes import ONCE, Anything, Told, answers, page_of, written

MOST_EVENTS = 500
# Who has more names like that has so many events that reading in order finds a page soon.
MOST_NAMES = 5000
SDK_NAMES = {
    "user_id": "userId",
    "anonymous_id": "anonymousId",
    "previous_id": "previousId",
    "group_id": "groupId",
    "message_id": "messageId",
}
# Django escapes what LIKE would take for a wildcard.
LOOKUPS = {
    "message_id": "message_id__startswith",
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
    properties = serializers.SerializerMethodField()
    profile_id = serializers.UUIDField(
        source="owner", help_text="Who it belongs to now, after all merges."
    )

    def get_event(self, event: Event) -> str | None:
        """Return a track event's name."""
        return event.name if event.type == Event.Type.TRACK else None

    def get_properties(self, event: Event) -> dict[str, Any]:
        """Return the properties; traits that the token's person may not see are dots."""
        return dict(self.context["sight"].event(event).properties)


class EventTold(Told):
    """One event, in the words in which events are read here."""

    type = serializers.ChoiceField(choices=Event.Type.choices, default=Event.Type.TRACK)
    event = serializers.CharField(
        max_length=clean.LONGEST_NAME, required=False, help_text="What a track event is called."
    )
    user_id = serializers.CharField(max_length=clean.LONGEST_ID, required=False)
    anonymous_id = serializers.CharField(max_length=clean.LONGEST_ID, required=False)
    previous_id = serializers.CharField(max_length=clean.LONGEST_ID, required=False)
    group_id = serializers.CharField(max_length=clean.LONGEST_ID, required=False)
    properties = Anything(
        required=False, help_text="Of an identify or group event these are the traits."
    )
    context = Anything(required=False)  # type: ignore[assignment]
    timestamp = serializers.DateTimeField(required=False, default_timezone=UTC)
    message_id = serializers.CharField(
        max_length=clean.LONGEST_MESSAGE_ID,
        required=False,
        help_text="Counts once per token, for 30 days. One is made where it is missing.",
    )


class EventsTold(Told):
    """Some events; all of them are taken, or none."""

    events: Any = serializers.ListSerializer(
        child=EventTold(), min_length=1, max_length=MOST_EVENTS
    )  # fmt: skip


class AcceptedShape(serializers.Serializer[Any]):
    """How many events were taken."""

    accepted = serializers.IntegerField()


class EventsView(ListView):
    """Events from the first to the last."""

    needs = {"GET": Need("events:read"), "POST": Need("events:write")}
    asking = EventAsking
    serializer_class = EventShape
    order = Event.TIMELINE
    kinds = (datetime, datetime, int, int)

    def get_serializer_context(self) -> dict[str, Any]:
        """Return what shapes need: what the token's person may see."""
        return {**super().get_serializer_context(), "sight": define.sight(user=self.request.user)}

    def rows(self, asked: dict[str, Any]) -> QuerySet[Event]:
        """Return the events that were asked for."""
        events: QuerySet[Event] = Event.objects.with_owner()
        if public_id := asked.get("profile"):
            profile = Profile.objects.filter(public_id=public_id).first()
            of = Event.objects.with_owner().of
            events = of(profile) if profile else events.none()
        for name in ("user_id", "anonymous_id"):
            if name in asked:
                events = _sent_as(events, name, asked[name])
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
        responses=answers(page_of(EventShape)),
    )
    def get(self, request: Request) -> Response:
        """Answer one page of events."""
        return self.answer(request)

    @extend_schema(
        operation_id="events_send",
        summary="Send events",
        description="They go the same way as those of SDKs: stored durably before the answer, "
        "counted some moments later. An event that can't be accepted refuses the whole request.",
        parameters=[ONCE],
        request=EventsTold,
        responses=written(AcceptedShape, status=202),
        examples=[
            OpenApiExample(
                "An order",
                request_only=True,
                value={
                    "events": [
                        {
                            "event": "Order Completed",
                            "user_id": "ana",
                            "properties": {"revenue": 49.0},
                            "timestamp": "2026-11-20T10:00:00Z",
                            "message_id": "order-1001",
                        }
                    ]
                },
            )
        ],
    )
    @write
    def post(self, request: Request) -> Response:
        """Take events in.

        Raises:
            ValidationError: an event can't be accepted.
        """
        at = clock.now()
        events = [_as_sent(one) for one in EventsTold.read(request)["events"]]
        _check(events, at)
        accepted = ingest.accept(source=_source(request), events=events, at=at)
        hints.after_commit(FOLD)
        return Response({"accepted": accepted.stored}, status=202)


def _sent_as(events: QuerySet[Event], field: str, begins: str) -> QuerySet[Event]:
    """Return the events whose id, as it was sent, begins like this; without reading all events.

    Events have no index by these ids: names do, and a name says which stamps its events bear. An
    event with both ids stands under its user id; only for these there is an index by the other.
    """
    sent = {f"{field}__startswith": begins}
    stamps = _stamps(Alias.Kind(field.removesuffix("_id")), begins)
    if stamps is None:
        return events.filter(**sent)
    if field == "user_id":
        return events.filter(**sent, profile_id__in=stamps)
    alone = Q(**sent, user_id=None, profile_id__in=stamps)
    return events.filter(alone | Q(**sent, user_id__isnull=False))


def _stamps(kind: str, begins: str) -> list[int] | None:
    """Return the profiles that events under such names may bear; None where there are too many."""
    names = Alias.objects.filter(kind=kind, value__startswith=begins)
    owners = dict(names.values_list("pk", "profile_id")[: MOST_NAMES + 1])
    if len(owners) > MOST_NAMES:
        return None
    found = set(owners.values())
    elsewhere = AliasOverride.objects.filter(alias__in=list(owners))
    for profile, stamps in elsewhere.values_list("profile_id", "stamps"):
        found |= {profile, *stamps}
    return sorted(found)


def _as_sent(one: dict[str, Any]) -> dict[str, Any]:
    """Return an event in the shape of SDKs."""
    told = {SDK_NAMES.get(key, key): value for key, value in one.items()}
    if told["type"] in ("identify", "group") and "properties" in told:
        told["traits"] = told.pop("properties")
    if "timestamp" in told:
        # Both: a server's clock is believed as it is.
        told["timestamp"] = told["originalTimestamp"] = told["timestamp"].isoformat()
    return told


def _check(events: list[dict[str, Any]], at: datetime) -> None:
    faults: dict[str, Any] = {}
    for place, one in enumerate(events):
        try:
            clean.fact(one, position=place, at=at)
        except clean.Unfit as error:
            faults[str(place)] = [_(str(error))]
    if faults:
        raise exceptions.ValidationError({"events": faults})


def _source(request: Request) -> Source:
    """Return the source under which a token's events stand; nobody can send with its key."""
    token = cast(ApiToken, request.auth)
    return Source.objects.get_or_create(
        name=f"API: {token.name} ({token.pk})"[:100],
        defaults={"kind": Source.Kind.SERVER, "is_active": False},
    )[0]

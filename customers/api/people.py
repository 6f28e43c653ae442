"""What programs see of a person, and how they find one."""

from __future__ import annotations

from datetime import UTC
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from customers import define
from customers.models import Alias, ContactPoint, Profile, SegmentMember

MOVED = OpenApiResponse(
    description="The profile was merged into another, whose address is in `Location`."
)


class ContactPointShape(serializers.Serializer[ContactPoint]):
    """An address of a person."""

    channel = serializers.ChoiceField(choices=ContactPoint.Channel.choices)
    address = serializers.SerializerMethodField(help_text="As it was given.")

    def get_address(self, point: ContactPoint) -> str:
        """Return the address, or dots for who may not see it."""
        return str(self.context["sight"].shown(point.channel, point.shown))


class AliasShape(serializers.Serializer[Alias]):
    """A name under which a person's events come."""

    kind = serializers.ChoiceField(choices=Alias.Kind.choices)
    value = serializers.CharField()
    first_seen_at = serializers.DateTimeField(default_timezone=UTC)


class StayShape(serializers.Serializer[SegmentMember]):
    """A segment that a person is in."""

    slug = serializers.CharField(source="segment.slug")
    name = serializers.CharField(source="segment.name")
    entered_at = serializers.DateTimeField(default_timezone=UTC)
    cause = serializers.ChoiceField(choices=SegmentMember.Cause.choices)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Ana",
            response_only=True,
            value={
                "id": "019a9f00-0000-7000-8000-000000000000",
                "name": "Ana Marić",
                "is_known": True,
                "first_seen_at": "2026-11-20T10:00:00Z",
                "last_seen_at": "2026-11-20T10:06:00Z",
                "traits": {"name": "Ana Marić", "email": "ana@example.org", "country": "HR"},
                "contact_points": [{"channel": "email", "address": "ana@example.org"}],
                "aliases": [
                    {"kind": "user", "value": "ana", "first_seen_at": "2026-11-20T10:06:00Z"}
                ],
                "segments": [],
            },
        )
    ]
)
class ProfileShape(serializers.Serializer[Profile]):
    """One person as far as we can tell; what the token's person may not see is dots."""

    id = serializers.UUIDField(source="public_id")
    name = serializers.SerializerMethodField()
    is_known = serializers.BooleanField()
    first_seen_at = serializers.DateTimeField(source="created_at", default_timezone=UTC)
    last_seen_at = serializers.DateTimeField(default_timezone=UTC)
    traits = serializers.SerializerMethodField()
    contact_points = ContactPointShape(many=True)
    aliases = AliasShape(many=True)
    segments = StayShape(many=True, source="stays")

    def get_name(self, profile: Profile) -> str:
        """Return what the token's person may call them."""
        return str(self.context["sight"].person(profile).display_name)

    def get_traits(self, profile: Profile) -> dict[str, Any]:
        """Return the traits as the token's person may see them."""
        return dict(self.context["sight"].traits(profile.traits))


def shown(profiles: QuerySet[Profile]) -> QuerySet[Profile]:
    """Return profiles with all that their shape shows, in as many queries as there are kinds."""
    stays = SegmentMember.objects.filter(left_at__isnull=True).select_related("segment")
    return profiles.prefetch_related(
        Prefetch("contact_points", ContactPoint.objects.order_by("id")),
        Prefetch("aliases", Alias.objects.order_by("id")),
        Prefetch("memberships", stays.order_by("id"), to_attr="stays"),
    )


def told(profile_id: int, request: Request) -> dict[str, Any]:
    """Return one profile as its shape says."""
    profile = shown(Profile.objects.filter(pk=profile_id)).get()
    context = {"sight": define.sight(user=request.user)}
    return dict(ProfileShape(profile, context=context).data)


def find(public_id: UUID) -> Profile:
    """Return the profile of an id; who was merged is still found under the old one.

    Raises:
        Http404: there is no such profile, or it was erased.
    """
    profile = Profile.objects.filter(public_id=public_id).first()
    if profile is None or profile.state == Profile.State.ERASED:
        raise Http404
    return profile


def moved(profile: Profile, request: Request) -> Response | None:
    """Return the way to the profile that it was merged into, if it was.

    Raises:
        Http404: nobody is left whom it belongs to.
    """
    if profile.state != Profile.State.ABSORBED:
        return None
    alias = profile.home_aliases.select_related("profile").first()
    if alias is None or alias.profile_id == profile.pk:
        raise Http404
    old, new = str(profile.public_id), str(alias.profile.public_id)
    # Not for ever: the profile comes back when the link that merged it is revoked.
    path = request.get_full_path().replace(old, new)
    return Response(status=307, headers={"Location": request.build_absolute_uri(path)})


def address_of(profile: Profile, request: Request) -> str:
    """Return where a profile is read."""
    return request.build_absolute_uri(reverse("api_profile", args=[profile.public_id]))

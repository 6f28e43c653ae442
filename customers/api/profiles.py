"""`/api/v1/profiles/`: who we know, and what we know of them."""

from __future__ import annotations

from datetime import UTC
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from customers import address
from customers.api.asking import Asking, ListView, Text
from customers.api.shapes import answers, page_of
from customers.models import Alias, ContactPoint, Profile, Segment, SegmentMember
from dxp.users.entry import BadQuery, Need
from dxp.users.rest import Resource


class ProfileAsking(Asking):
    """Which profiles; several parameters narrow down together."""

    email = Text(help_text="Has this e-mail address.")
    user_id = Text(help_text="Has this user id.")
    anonymous_id = Text(help_text="Has this anonymous id.")
    segment = Text(help_text="Is in the segment of this short name now.")


class ContactPointShape(serializers.Serializer[ContactPoint]):
    """An address of a person."""

    channel = serializers.CharField()
    address = serializers.CharField(source="shown")


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


class ProfileShape(serializers.Serializer[Profile]):
    """One person as far as we can tell."""

    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField(source="display_name")
    is_known = serializers.BooleanField()
    first_seen_at = serializers.DateTimeField(source="created_at", default_timezone=UTC)
    last_seen_at = serializers.DateTimeField(default_timezone=UTC)
    traits = serializers.DictField()
    contact_points = ContactPointShape(many=True)
    aliases = AliasShape(many=True)
    segments = StayShape(many=True, source="stays")


def shown(profiles: QuerySet[Profile]) -> QuerySet[Profile]:
    """Return profiles with all that their shape shows, in as many queries as there are kinds."""
    stays = SegmentMember.objects.filter(left_at__isnull=True).select_related("segment")
    return profiles.prefetch_related(
        Prefetch("contact_points", ContactPoint.objects.order_by("id")),
        Prefetch("aliases", Alias.objects.order_by("id")),
        Prefetch("memberships", stays.order_by("id"), to_attr="stays"),
    )


def _at(email: str) -> QuerySet[ContactPoint, Any]:
    """Return whose address it is.

    Raises:
        BadQuery: it can't be an address.
    """
    channel = ContactPoint.Channel.EMAIL
    try:
        value = address.normal(channel=channel, address=email)
    except address.BadAddress as error:
        raise BadQuery({"email": [str(error)]}) from error
    return ContactPoint.objects.filter(channel=channel, value=value).values("profile")


class ProfilesView(ListView):
    """Profiles from the first to the latest; those merged into another are left out."""

    needs = {"GET": Need("profiles:read")}
    asking = ProfileAsking
    serializer_class = ProfileShape

    def rows(self, asked: dict[str, Any]) -> QuerySet[Profile]:
        """Return the profiles that were asked for.

        Raises:
            BadQuery: there is no such segment, or the address can't be one.
        """
        profiles = Profile.objects.filter(state=Profile.State.ACTIVE)
        if "email" in asked:
            profiles = profiles.filter(pk__in=_at(asked["email"]))
        for name, kind in {
            "user_id": Alias.Kind.USER,
            "anonymous_id": Alias.Kind.ANONYMOUS,
        }.items():
            if name in asked:
                aliases = Alias.objects.filter(kind=kind, value=asked[name])
                profiles = profiles.filter(pk__in=aliases.values("profile"))
        if "segment" in asked:
            segment = Segment.objects.filter(slug=asked["segment"]).first()
            if segment is None:
                raise BadQuery({"segment": [_("There is no such segment.")]})
            members = segment.members.filter(left_at__isnull=True)
            profiles = profiles.filter(pk__in=members.values("profile"))
        return shown(profiles)

    @extend_schema(
        operation_id="profiles",
        summary="Profiles",
        parameters=[ProfileAsking],
        responses=answers(page_of(ProfileShape), 400),
    )
    def get(self, request: Request) -> Response:
        """Answer one page of profiles."""
        return self.answer(request)


class ProfileView(Resource):
    """One profile."""

    needs = {"GET": Need("profiles:read")}
    serializer_class = ProfileShape

    @extend_schema(
        operation_id="profile",
        summary="One profile",
        responses={
            **answers(ProfileShape, 404),
            307: OpenApiResponse(
                description="The profile was merged into another, whose address is in `Location`."
            ),
        },
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """Answer one profile, or the way to the one it was merged into.

        Raises:
            Http404: there is no such profile, or it was erased.
        """
        profile = shown(Profile.objects.filter(public_id=public_id)).first()
        if profile is None or profile.state == Profile.State.ERASED:
            raise Http404
        if profile.state == Profile.State.ABSORBED:
            alias = profile.home_aliases.select_related("profile").first()
            if alias is None or alias.profile_id == profile.pk:
                raise Http404
            # Not for ever: the profile comes back when the link that merged it is revoked.
            path = reverse("api_profile", args=[alias.profile.public_id])
            return Response(status=307, headers={"Location": request.build_absolute_uri(path)})
        return Response(self.get_serializer(profile).data)

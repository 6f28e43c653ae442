"""`/api/v1/profiles/ID/merge/` and `links/`: what makes names one person, and the way back."""

from __future__ import annotations

from datetime import UTC
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from customers import merge, split
from customers.api.people import MOVED, AliasShape, find, moved
from customers.merge import Refused
from customers.models import IdentityLink, Profile
from dxp.lib import clock
from dxp.users.asking import Asking, ListView
from dxp.users.entry import Conflict, Need
from dxp.users.rest import Resource, write
from dxp.users.shapes import ONCE, Told, answers, page_of, written

MERGE = Need("profiles:write", "customers.merge_profile")
LONGEST_REASON = 200


class LinkShape(serializers.Serializer[IdentityLink]):
    """Evidence that two names are one person; refused and revoked evidence is kept."""

    id = serializers.IntegerField()
    a = AliasShape()
    b = AliasShape()
    kind = serializers.ChoiceField(choices=IdentityLink.Kind.choices)
    at = serializers.DateTimeField(default_timezone=UTC)
    reason = serializers.CharField()
    refused = serializers.CharField(help_text="Why it does not hold; empty where it does.")
    revoked_at = serializers.DateTimeField(default_timezone=UTC, allow_null=True)


class MergeTold(Told):
    """Who else this person is, and how one knows."""

    profile = serializers.UUIDField(help_text="Id of the other profile.")
    reason = serializers.CharField(max_length=LONGEST_REASON)


class RevokeTold(Told):
    """Why the two are not one person."""

    reason = serializers.CharField(max_length=LONGEST_REASON)
    never = serializers.BooleanField(
        default=False, help_text="No evidence may join these two names again."
    )


class LinksView(ListView):
    """What holds a person's names together, and what was refused."""

    needs = {"GET": Need("profiles:read")}
    serializer_class = LinkShape

    def rows(self, asked: dict[str, Any]) -> QuerySet[IdentityLink]:
        """Return the links of the person's names."""
        profile = find(self.kwargs["public_id"])
        mine = Q(a__profile=profile) | Q(b__profile=profile)
        return IdentityLink.objects.filter(mine).select_related("a", "b")

    @extend_schema(
        operation_id="links",
        summary="What makes a person's names one",
        parameters=[Asking],
        responses={**answers(page_of(LinkShape), 404), 307: MOVED},
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """Answer one page of links."""
        return moved(find(public_id), request) or self.answer(request)


class MergeView(Resource):
    """Two profiles that are one person."""

    needs = {"POST": MERGE}
    serializer_class = LinkShape

    @extend_schema(
        operation_id="profile_merge",
        summary="Say that two profiles are one person",
        description="Adds a link; nothing is lost, and revoking the link is the way back.",
        parameters=[ONCE],
        request=MergeTold,
        responses={**written(LinkShape, 404, status=201), 307: MOVED},
        examples=[
            OpenApiExample(
                "Called us",
                request_only=True,
                value={
                    "profile": "019a9f00-0000-7000-8000-000000000000",
                    "reason": "Said so on the phone, case 1001",
                },
            )
        ],
    )
    @write
    def post(self, request: Request, public_id: UUID) -> Response:
        """Join two profiles.

        Raises:
            ValidationError: there is no other profile of that id.
            Conflict: they are one already, or must stay two.
        """
        body, profile = MergeTold.read(request), find(public_id)
        if away := moved(profile, request):
            return away
        other = Profile.objects.filter(public_id=body["profile"]).first()
        if other is None or other.state == Profile.State.ERASED:
            raise exceptions.ValidationError({"profile": [_("There is no such profile.")]})
        try:
            link = merge.join(
                a=profile.pk, b=other.pk, by=request.user.pk, at=clock.now(), reason=body["reason"]
            )
        except Refused as error:
            raise Conflict(str(error)) from error
        return Response(LinkShape(link).data, status=201)


class RevokeView(Resource):
    """The way back."""

    needs = {"POST": MERGE}
    serializer_class = LinkShape

    @extend_schema(
        operation_id="link_revoke",
        summary="Take a link back",
        description="In any order: whom nothing else holds together becomes two people again, "
        "with the traits, addresses and counts of each.",
        parameters=[ONCE],
        request=RevokeTold,
        responses=written(LinkShape, 404),
        examples=[
            OpenApiExample("Mother and son", request_only=True, value={"reason": "Not the same."})
        ],
    )
    @write
    def post(self, request: Request, link: int) -> Response:
        """Revoke a link.

        Raises:
            Conflict: it does not hold any more.
        """
        body = RevokeTold.read(request)
        found = get_object_or_404(IdentityLink, pk=link)
        try:
            split.revoke(
                link=found, by=request.user.pk, at=clock.now(), reason=body["reason"],
                never=body["never"],
            )  # fmt: skip
        except Refused as error:
            raise Conflict(str(error)) from error
        found = IdentityLink.objects.select_related("a", "b").get(pk=link)
        return Response(LinkShape(found).data)

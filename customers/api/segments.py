"""`/api/v1/segments/`: groups of people by rule, and who is in them."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from customers import rules
from customers.api.asking import Asking, ListView
from customers.api.shapes import answers, page_of
from customers.models import Segment, SegmentMember
from dxp.users.entry import Need
from dxp.users.rest import Resource


class SegmentShape(serializers.Serializer[Segment]):
    """One segment."""

    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    state = serializers.ChoiceField(choices=Segment.State.choices)
    size = serializers.IntegerField(help_text="How many people are in it now.")
    computed_at = serializers.DateTimeField(default_timezone=UTC, allow_null=True)
    rule = serializers.DictField()
    sentence = serializers.SerializerMethodField(help_text="The rule in words.")

    def get_sentence(self, segment: Segment) -> str:
        """Return the rule in words."""
        return rules.sentence(segment.rule)


class MemberShape(serializers.Serializer[SegmentMember]):
    """One person in a segment."""

    profile_id = serializers.UUIDField(source="profile.public_id")
    entered_at = serializers.DateTimeField(default_timezone=UTC)
    cause = serializers.ChoiceField(choices=SegmentMember.Cause.choices)


def sized() -> QuerySet[Segment]:
    """Return all segments with the number of their people."""
    now_in = Count("members", filter=Q(members__left_at__isnull=True))
    return Segment.objects.annotate(size=now_in)


class SegmentsView(ListView):
    """All segments, the oldest first."""

    needs = {"GET": Need("segments:read")}
    serializer_class = SegmentShape

    def rows(self, asked: dict[str, Any]) -> QuerySet[Segment]:
        """Return all segments."""
        return sized()

    @extend_schema(
        operation_id="segments",
        summary="Segments",
        parameters=[Asking],
        responses=answers(page_of(SegmentShape), 400),
    )
    def get(self, request: Request) -> Response:
        """Answer one page of segments."""
        return self.answer(request)


class SegmentView(Resource):
    """One segment."""

    needs = {"GET": Need("segments:read")}
    serializer_class = SegmentShape

    @extend_schema(
        operation_id="segment", summary="One segment", responses=answers(SegmentShape, 404)
    )
    def get(self, request: Request, slug: str) -> Response:
        """Answer one segment."""
        return Response(self.get_serializer(get_object_or_404(sized(), slug=slug)).data)


class MembersView(ListView):
    """Who is in a segment now, in the order of entering."""

    needs = {"GET": Need("segments:read")}
    serializer_class = MemberShape

    def rows(self, asked: dict[str, Any]) -> QuerySet[SegmentMember]:
        """Return the people who are in the segment now."""
        segment = get_object_or_404(Segment, slug=self.kwargs["slug"])
        return segment.members.filter(left_at__isnull=True).select_related("profile")

    @extend_schema(
        operation_id="members",
        summary="A segment's members",
        parameters=[Asking],
        responses=answers(page_of(MemberShape), 400, 404),
    )
    def get(self, request: Request, slug: str) -> Response:
        """Answer one page of members."""
        return self.answer(request)

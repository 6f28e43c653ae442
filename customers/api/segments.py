"""`/api/v1/segments/`: groups of people by rule, who is in them, and how large a rule would be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Count, Q, QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from customers import rulebook, rules, segment
from customers.api.people import MOVED, find, moved
from customers.models import Segment, SegmentMember
from customers.tasks import FILL
from dxp.lib import clock, hints
from dxp.users.asking import Asking, ListView, Text
from dxp.users.entry import Conflict, Need
from dxp.users.rest import Resource, tag, write
from dxp.users.shapes import ONCE, UNCHANGED, Anything, Told, answers, page_of, written

RULE = {
    "v": 1,
    "root": {"op": "trait", "field": "country", "cmp": "eq", "value": "HR"},
}


class SegmentAsking(Asking):
    """Which segments."""

    name = Text(help_text="The name holds this text, in any case.")


class SegmentShape(serializers.Serializer[Segment]):
    """One segment."""

    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    state = serializers.ChoiceField(choices=Segment.State.choices)
    size = serializers.IntegerField(help_text="How many people are in it now.")
    computed_at = serializers.DateTimeField(default_timezone=UTC, allow_null=True)
    rule = Anything()
    sentence = serializers.SerializerMethodField(help_text="The rule in words.")

    def get_sentence(self, segment: Segment) -> str:
        """Return the rule in words."""
        return rules.sentence(segment.rule)


class SegmentTold(Told):
    """A new segment."""

    name = serializers.CharField(max_length=100)
    slug = serializers.SlugField(
        max_length=100, required=False, help_text="Its short name; made of the name if missing."
    )
    description = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    rule = Anything(help_text="docs/developer/conditions.md has the grammar.")


class SegmentChange(Told):
    """What changes of a segment; what is not mentioned stays."""

    name = serializers.CharField(max_length=100, required=False)
    description = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    rule = Anything(required=False)


class RuleTold(Told):
    """A rule that is being thought about."""

    rule = Anything()


class SizeShape(serializers.Serializer[Any]):
    """How many people a rule picks now."""

    count = serializers.IntegerField()
    exact = serializers.BooleanField(help_text="False where it is estimated by a sample.")


class WhyShape(serializers.Serializer[Any]):
    """Whether a person is in a segment, and what decided."""

    inside = serializers.BooleanField(help_text="Whether the person is a member now.")
    since = serializers.DateTimeField(allow_null=True)
    left_at = serializers.DateTimeField(allow_null=True)
    cause = serializers.ChoiceField(choices=SegmentMember.Cause.choices, allow_null=True)
    rule = Anything(
        help_text="The rule's parts: inside (what it says now), sentence, facts (have, need), of "
        "(the parts in it)."
    )


class MemberShape(serializers.Serializer[SegmentMember]):
    """One person in a segment."""

    profile_id = serializers.UUIDField(source="profile.public_id")
    entered_at = serializers.DateTimeField(default_timezone=UTC)
    cause = serializers.ChoiceField(choices=SegmentMember.Cause.choices)


def sized() -> QuerySet[Segment]:
    """Return all segments with the number of their people."""
    now_in = Count("members", filter=Q(members__left_at__isnull=True))
    return Segment.objects.annotate(size=now_in)


def told(pk: int) -> dict[str, Any]:
    """Return one segment as its shape says."""
    return dict(SegmentShape(sized().get(pk=pk)).data)


class SegmentsView(ListView):
    """All segments, the oldest first."""

    needs = {
        "GET": Need("segments:read"),
        "POST": Need("segments:write", "customers.add_segment"),
    }
    asking = SegmentAsking
    serializer_class = SegmentShape

    def rows(self, asked: dict[str, Any]) -> QuerySet[Segment]:
        """Return the segments that were asked for."""
        return sized().filter(name__icontains=asked["name"]) if "name" in asked else sized()

    @extend_schema(
        operation_id="segments",
        summary="Segments",
        parameters=[SegmentAsking],
        responses=answers(page_of(SegmentShape)),
    )
    def get(self, request: Request) -> Response:
        """Answer one page of segments."""
        return self.answer(request)

    @extend_schema(
        operation_id="segment_create",
        summary="A new segment",
        description="It is filled with everybody whom the rule picks now; journeys hear of later "
        "changes alone.",
        parameters=[ONCE],
        request=SegmentTold,
        responses=written(SegmentShape, status=201),
        examples=[
            OpenApiExample(
                "Croatia", request_only=True, value={"name": "People in Croatia", "rule": RULE}
            )
        ],
    )
    @write
    def post(self, request: Request) -> Response:
        """Make a segment and fill it."""
        body = SegmentTold.read(request)
        with _faults():
            made = segment.create(
                name=body["name"], slug=body.get("slug"), rule=body["rule"],
                description=body.get("description", ""), at=clock.now(),
            )  # fmt: skip
        hints.after_commit(FILL)
        response = self.told(request, told(made.pk), 201)
        path = reverse("api_segment", args=[made.slug])
        response["Location"] = request.build_absolute_uri(path)
        return response


class SegmentView(Resource):
    """One segment."""

    needs = {
        "GET": Need("segments:read"),
        "PATCH": Need("segments:write", "customers.change_segment"),
        "DELETE": Need("segments:write", "customers.delete_segment"),
    }
    serializer_class = SegmentShape

    @extend_schema(
        operation_id="segment", summary="One segment", responses=answers(SegmentShape, 404)
    )
    def get(self, request: Request, slug: str) -> Response:
        """Answer one segment."""
        return self.told(request, told(get_object_or_404(Segment, slug=slug).pk))

    @extend_schema(
        operation_id="segment_change",
        summary="Change a segment",
        description="With another rule, whom it no longer picks leaves and whom it picks now "
        "enters; journeys do not start from that.",
        parameters=[ONCE, UNCHANGED],
        request=SegmentChange,
        responses=written(SegmentShape, 404, 412),
        examples=[OpenApiExample("Another rule", request_only=True, value={"rule": RULE})],
    )
    @write
    def patch(self, request: Request, slug: str) -> Response:
        """Change a segment."""
        body = SegmentChange.read(request)
        # The lock of all rules first, as `segment.edit` takes it.
        rulebook.lock(shared=False)
        one = get_object_or_404(Segment, slug=slug)
        self.check_unchanged(request, tag(told(one.pk)))
        with _faults():
            words = {name: body[name] for name in ("name", "description") if name in body}
            for name, value in words.items():
                setattr(one, name, value)
            if words:
                one.save(update_fields=list(words))
            if "rule" in body and body["rule"] != one.rule:
                one = segment.edit(segment=one, rule=body["rule"], at=clock.now())
                hints.after_commit(FILL)
        return self.told(request, told(one.pk))

    @extend_schema(
        operation_id="segment_delete",
        summary="Delete a segment that nothing stands on",
        parameters=[ONCE],
        request=None,
        responses=written(None, 404, status=204),
    )
    @write
    def delete(self, request: Request, slug: str) -> Response:
        """Delete a segment.

        Raises:
            Conflict: something stands on it.
        """
        try:
            segment.remove(segment=get_object_or_404(Segment, slug=slug))
        except segment.InUse as error:
            words = _("It is in use: %(users)s.") % {"users": error}
            raise Conflict(words) from error
        return Response(status=204)


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
        responses=answers(page_of(MemberShape), 404),
    )
    def get(self, request: Request, slug: str) -> Response:
        """Answer one page of members."""
        return self.answer(request)


class WhyView(Resource):
    """Whether a person is in a segment, and what decided."""

    needs = {"GET": Need("segments:read", "customers.view_profile")}
    serializer_class = WhyShape

    @extend_schema(
        operation_id="segment_why",
        summary="Is this person in it, and why",
        responses={**answers(WhyShape, 404), 307: MOVED},
    )
    def get(self, request: Request, slug: str, public_id: UUID) -> Response:
        """Answer what each part of the rule says about the person."""
        one, profile = get_object_or_404(Segment, slug=slug), find(public_id)
        if away := moved(profile, request):
            return away
        found = segment.why(segment_or_rule=one, profile_id=profile.pk, at=clock.now())
        stays = found.since is not None and found.left_at is None
        return Response({
            "inside": stays,
            "since": found.since if stays else None,
            "left_at": found.left_at,
            "cause": (found.left_cause if found.left_at else found.cause) or None,
            "rule": _node(found.root),
        })


class SizeView(Resource):
    """How many people a rule would pick."""

    needs = {"POST": Need("segments:read")}
    serializer_class = SizeShape

    @extend_schema(
        operation_id="segment_size",
        summary="How many people a rule picks",
        description="Changes nothing. Where there are many people, a sixteenth is asked.",
        request=RuleTold,
        responses=answers(SizeShape, 413, 415),
        examples=[OpenApiExample("Croatia", request_only=True, value={"rule": RULE})],
    )
    def post(self, request: Request) -> Response:
        """Answer how many people a rule picks."""
        with _faults():
            size = segment.size(rule=RuleTold.read(request)["rule"], sample=True, at=clock.now())
        return Response({"count": size.count, "exact": size.exact})


def _node(node: Any) -> dict[str, Any]:
    return {
        "inside": node.inside,
        "sentence": node.sentence,
        "facts": {key: str(value) for key, value in node.facts.items() if value is not None},
        "of": [_node(one) for one in node.of],
    }


@contextmanager
def _faults() -> Iterator[None]:
    """Say what is wrong with a rule at its place, and which name is taken.

    Raises:
        ValidationError: the rule can't be used.
        Conflict: the name or short name is taken.
    """
    try:
        with transaction.atomic():
            yield
    except rules.RuleError as error:
        fault: Any = [_(error.words)]
        for step in reversed(["rule", *filter(None, error.path.split("."))]):
            fault = {step: fault}
        raise exceptions.ValidationError(fault) from error
    except IntegrityError as error:
        words = _("Another segment has this name or short name.")
        raise Conflict(words) from error

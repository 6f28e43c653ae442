"""`/api/v1/journeys/`: what is under way, and a way in for programs."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import orjson
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from customers import append
from customers.models import Profile
from dxp.lib import clock, hints
from dxp.users.asking import Asking, ListView, Text
from dxp.users.entry import Conflict, Need
from dxp.users.rest import Resource, write
from dxp.users.shapes import ONCE, Anything, Told, answers, page_of, written
from journeys import enroll
from journeys.enroll import Start
from journeys.models import Enrollment, Journey
from journeys.tasks import ADVANCE

BIGGEST_DATA = 4000


class JourneyShape(serializers.Serializer[Journey]):
    """One journey."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=Journey.State.choices)
    entry = Anything(help_text="How people enter: `type` says by what.")
    version = serializers.IntegerField(
        source="current.number", default=None, allow_null=True, help_text="What is published."
    )
    running = serializers.IntegerField(help_text="People under way.")
    changed_at = serializers.DateTimeField(default_timezone=UTC)


class EnrollmentShape(serializers.Serializer[Enrollment]):
    """One person's run through a journey."""

    id = serializers.IntegerField()
    profile_id = serializers.UUIDField(source="profile.public_id")
    version = serializers.IntegerField(source="version.number")
    step = serializers.CharField(source="node", help_text="Where the person is, or was last.")
    key = serializers.CharField(source="entry_key", allow_blank=True)
    entered_at = serializers.DateTimeField(default_timezone=UTC)
    due_at = serializers.DateTimeField(default_timezone=UTC, allow_null=True)
    ended_at = serializers.DateTimeField(default_timezone=UTC, allow_null=True)
    outcome = serializers.CharField(allow_blank=True)


class EnrollmentTold(Told):
    """Somebody who shall enter."""

    profile_id = serializers.UUIDField()
    key = serializers.CharField(
        max_length=200, required=False, default="", allow_blank=True,
        help_text="Where a journey may be walked once for each value of a key: the value.",
    )  # fmt: skip
    event = Anything(
        required=False,
        help_text="What messages may tell as {{ event.… }}; 4,000 bytes of JSON at most.",
    )

    def validate_event(self, told: dict[str, Any]) -> dict[str, Any]:
        """Refuse what is too much to keep with every run.

        Raises:
            ValidationError: it is too long.
        """
        if len(orjson.dumps(told)) > BIGGEST_DATA:
            raise exceptions.ValidationError(_("This is longer than 4,000 bytes."))
        return told


class EnrollmentAsking(Asking):
    """Whose runs."""

    profile_id = serializers.UUIDField(required=False)
    state = serializers.ChoiceField(choices=["running", "ended"], required=False)
    outcome = Text(help_text="How they ended.")


def counted() -> QuerySet[Journey]:
    """Return all journeys with how many people are under way."""
    running = Enrollment.objects.running().filter(journey=OuterRef("pk")).order_by()
    count = running.values("journey").annotate(n=Count("pk")).values("n")
    return Journey.objects.select_related("current").annotate(running=Coalesce(Subquery(count), 0))


class JourneysView(ListView):
    """All journeys, the oldest first."""

    needs = {"GET": Need("journeys:read")}
    serializer_class = JourneyShape

    def rows(self, asked: dict[str, Any]) -> QuerySet[Journey]:
        """Return the journeys."""
        return counted()

    @extend_schema(
        operation_id="journeys", summary="Journeys", parameters=[Asking],
        responses=answers(page_of(JourneyShape)),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Answer one page of journeys."""
        return self.answer(request)


class JourneyView(Resource):
    """One journey."""

    needs = {"GET": Need("journeys:read")}
    serializer_class = JourneyShape

    @extend_schema(
        operation_id="journey", summary="One journey", responses=answers(JourneyShape, 404)
    )
    def get(self, request: Request, journey: int) -> Response:
        """Answer one journey."""
        return self.told(request, dict(JourneyShape(get_object_or_404(counted(), pk=journey)).data))


class EnrollmentsView(ListView):
    """Who is or was on a journey."""

    needs = {
        "GET": Need("journeys:read", "customers.view_profile"),
        "POST": Need("journeys:write"),
    }
    asking = EnrollmentAsking
    serializer_class = EnrollmentShape

    def rows(self, asked: dict[str, Any]) -> QuerySet[Enrollment]:
        """Return the runs that were asked for."""
        journey = get_object_or_404(Journey, pk=self.kwargs["journey"])
        runs = Enrollment.objects.filter(journey=journey).select_related("profile", "version")
        if "profile_id" in asked:
            runs = runs.filter(profile__public_id=asked["profile_id"])
        if "state" in asked:
            runs = runs.filter(ended_at__isnull=asked["state"] == "running")
        return runs.filter(outcome=asked["outcome"]) if "outcome" in asked else runs

    @extend_schema(
        operation_id="enrollments",
        summary="People on a journey",
        parameters=[EnrollmentAsking],
        responses=answers(page_of(EnrollmentShape), 404),
    )
    def get(self, request: Request, journey: int) -> Response:
        """Answer one page of runs."""
        return self.answer(request)

    @extend_schema(
        operation_id="enroll",
        summary="Let somebody enter",
        description="Only journeys that are drawn to be entered by a program let anybody in this "
        "way, and only whom their rule about entering again lets in: else 409.",
        parameters=[ONCE],
        request=EnrollmentTold,
        responses=written(EnrollmentShape, 404, status=201),
        examples=[
            OpenApiExample(
                "A quote",
                request_only=True,
                value={
                    "profile_id": "019a9f00-0000-7000-8000-000000000000",
                    "key": "quote-17",
                    "event": {"product": "Savings plan", "amount": 50},
                },
            )
        ],
    )
    @write
    def post(self, request: Request, journey: int) -> Response:
        """Let somebody enter.

        Raises:
            Conflict: nobody enters this way, or not this person now.
        """
        found = get_object_or_404(Journey.objects.select_related("current"), pk=journey)
        body = EnrollmentTold.read(request)
        if found.current is None or found.state not in {
            Journey.State.LIVE, Journey.State.PAUSED,
        }:  # fmt: skip
            raise Conflict(_("Nobody enters this journey now."))
        if found.current.graph["entry"]["type"] != "api":
            raise Conflict(_("This journey is not drawn to be entered by a program."))
        start = Start(
            owner_of(body["profile_id"]), found, key=body["key"],
            entry={"by": "api", "event": body.get("event", {})},
        )  # fmt: skip
        began = enroll.enter(starts=[start], at=clock.now())
        if not began:
            raise Conflict(_("This person does not enter again now."))
        hints.after_commit(ADVANCE)
        run = Enrollment.objects.select_related("profile", "version").get(pk=began[0])
        return self.told(request, dict(EnrollmentShape(run).data), 201)


class EnrollmentView(Resource):
    """One run."""

    needs = {
        "GET": Need("journeys:read", "customers.view_profile"),
        "DELETE": Need("journeys:write"),
    }
    serializer_class = EnrollmentShape

    @extend_schema(
        operation_id="enrollment", summary="One run", responses=answers(EnrollmentShape, 404)
    )
    def get(self, request: Request, journey: int, run: int) -> Response:
        """Answer one run."""
        return self.told(request, dict(EnrollmentShape(self._run(journey, run)).data))

    @extend_schema(
        operation_id="unenroll",
        summary="Take somebody out",
        parameters=[ONCE],
        request=None,
        responses=written(None, 404, status=204),
    )
    @write
    def delete(self, request: Request, journey: int, run: int) -> Response:
        """End a run; one that has ended stays as it is."""
        enroll.leave(enrollment_ids=[self._run(journey, run).pk], at=clock.now())
        return Response(status=204)

    @staticmethod
    def _run(journey: int, run: int) -> Enrollment:
        runs = Enrollment.objects.select_related("profile", "version")
        return get_object_or_404(runs, journey=journey, pk=run)


def owner_of(public_id: Any) -> int:
    """Return the profile of an id, or the one that it was merged into, and hold it.

    Raises:
        Http404: there is no such person.
    """
    found = Profile.objects.filter(public_id=public_id).exclude(state=Profile.State.ERASED)
    profile = found.values_list("pk", flat=True).first()
    owner = append.hold(profile_ids=[profile]).get(profile) if profile else None
    if owner is None:
        raise Http404
    return owner

"""`/api/v1/decisions/`: what somebody sees in the personal slots of a page, and why."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import translation
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from wagtail.models import Page

from content import context, impress, locate, personalize
from content.models import PublicPage
from content.personalize import Because, Decision, Visitor
from customers.models import Profile
from dxp.lib import clock
from dxp.users.asking import Asking, Text
from dxp.users.entry import BadQuery, Need
from dxp.users.rest import Resource
from dxp.users.shapes import answers

NAMES = ("anonymous_id", "user_id", "profile")
CAME = (*context.TOLD, "language")


class DecisionAsking(Asking):
    """Which page, for whom, and how they came."""

    cursor = None  # type: ignore[assignment]
    page_size = None  # type: ignore[assignment]
    page = serializers.IntegerField(min_value=1, help_text="Id of a page that everybody may read.")
    anonymous_id = Text(help_text="The visitor's anonymous id.")
    user_id = Text(help_text="Or a user id.")
    profile = serializers.UUIDField(required=False, help_text="Or the id of a profile.")
    slots = Text(help_text="Only these slots, separated by commas.")
    campaign = Text(help_text="The campaign that they came by.")
    source = Text(help_text="Its source.")  # type: ignore[assignment]
    medium = Text(help_text="Its medium.")
    referrer = Text(help_text="The site that they came from.")
    device = serializers.ChoiceField(choices=context.DEVICES, required=False, help_text="Device.")
    country = Text(help_text="Two letters.")
    zone = Text(help_text="Time zone, such as Europe/Madrid.")
    language = Text(help_text="As browsers say it.")
    visits = serializers.IntegerField(min_value=1, required=False, help_text="Number of the visit.")


class SlotShape(serializers.Serializer[Decision]):
    """What stands in one slot."""

    slot = serializers.CharField()
    variant = serializers.CharField(help_text="Id of the variant, name of a list, or `default`.")
    arm = serializers.CharField(help_text="`variant`, `control` or `default`.")
    because = serializers.CharField(help_text="The kind of reason.")
    reason = serializers.CharField(help_text="The reason in words.")
    html = serializers.SerializerMethodField(help_text="As the site shows it.")
    blocks = serializers.SerializerMethodField(help_text="The same as data.")
    event = serializers.SerializerMethodField(
        help_text="Send it as a track event once it was shown, to somebody who allowed counting; "
        "empty for those whom we don't know."
    )

    def get_html(self, decision: Decision) -> str:
        """Return the slot's HTML, in the language of the page."""
        page = self.context["page"]
        with translation.override(locate.language(page=page)):
            return personalize.html(decision, page, self.context["http"])

    @extend_schema_field({"type": "array", "items": {}})
    def get_blocks(self, decision: Decision) -> Any:
        """Return the slot's blocks."""
        stream: Any = getattr(decision.content, "stream_block", None)
        if stream is not None:
            return stream.get_api_representation(decision.content, self.context)
        return [{"type": one.block_type, "value": one.get_prep_value(), "id": one.id}  # type: ignore[attr-defined]
                for one in decision.content]  # fmt: skip

    @extend_schema_field({"type": "object", "additionalProperties": {}})
    def get_event(self, decision: Decision) -> dict[str, Any]:
        """Return the event that tells that it was shown."""
        if not isinstance(decision.who, Visitor):
            return {}
        told = impress.properties(decision, self.context["page"].pk)
        return {"event": impress.SHOWN, "properties": told}


class DecisionShape(serializers.Serializer[Any]):
    """A page's slots for one visitor."""

    page = serializers.IntegerField()
    known = serializers.BooleanField(help_text="Whether it is somebody whom we may recognize.")
    slots = SlotShape(many=True)


class DecisionsView(Resource):
    """The decision service, as pages ask it."""

    needs = {"GET": Need("decisions:read")}
    has_parameters = True
    serializer_class = DecisionShape

    @extend_schema(
        operation_id="decisions",
        summary="What somebody sees in the personal slots of a page",
        parameters=[DecisionAsking],
        responses=answers(DecisionShape, 404),
    )
    def get(self, request: Request) -> Response:
        """Answer with a decision for each slot; nothing is counted by asking."""
        asked, at = DecisionAsking.read(request), clock.now()
        public = Page.objects.live().public()
        page: Any = get_object_or_404(public, pk=asked["page"]).specific
        slots = page.slots() if isinstance(page, PublicPage) else {}
        who = personalize.seen_by(request.user, _who(asked, at))
        came = context.told({name: asked[name] for name in CAME if name in asked}, at=at)
        wanted = asked["slots"].split(",") if "slots" in asked else [*slots]
        decisions = personalize.decide(
            slots=slots, wanted=wanted, page=page, who=who, context=came, at=at
        )
        http: HttpRequest = request._request
        told: Any = [*decisions.values()]
        about = {"page": page, "http": http, "request": http}
        shapes = SlotShape(told, many=True, context=about)
        known = isinstance(who, Visitor)
        return self.told(request, {"page": page.pk, "known": known, "slots": shapes.data})


def _who(asked: dict[str, Any], at: Any) -> Visitor | Because:
    """Return who is meant.

    Raises:
        BadQuery: two are named.
    """
    given = [name for name in NAMES if name in asked]
    if len(given) > 1:
        raise BadQuery({given[1]: [_("Name the visitor in one way.")]})
    if not given:
        return Because.UNKNOWN
    if given == ["anonymous_id"]:
        return personalize.visitor(anonymous_id=asked["anonymous_id"], at=at)
    if given == ["user_id"]:
        return personalize.known(user_id=asked["user_id"], at=at)
    found = Profile.objects.filter(public_id=asked["profile"]).values_list("pk", flat=True)
    return personalize.known(profile_id=next(iter(found), None), at=at)

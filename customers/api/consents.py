"""`/api/v1/profiles/ID/consents/`: what a person decided, and what that allows now."""

from __future__ import annotations

from datetime import UTC
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from customers import address, append, consent, define
from customers.api.people import MOVED, find, moved
from customers.models import Alias, ConsentEntry, ConsentNotice, ContactPoint, Profile
from dxp.lib import clock
from dxp.users.asking import Asking, ListView
from dxp.users.entry import Need
from dxp.users.rest import Resource, write
from dxp.users.shapes import ONCE, Anything, Told, answers, page_of, written


class SubjectShape(serializers.Serializer[Any]):
    """What a decision is about: an address, or a name under which events come."""

    channel = serializers.CharField(required=False)
    address = serializers.CharField(required=False)
    kind = serializers.CharField(required=False)
    value = serializers.CharField(required=False)


class ConsentShape(serializers.Serializer[ConsentEntry]):
    """One decision, as the ledger holds it."""

    id = serializers.IntegerField()
    about = serializers.SerializerMethodField()
    purpose = serializers.ChoiceField(choices=ConsentEntry.Purpose.choices)
    channel = serializers.CharField(help_text="Empty: all channels.")
    topic = serializers.CharField(help_text="Empty: all topics.")
    state = serializers.ChoiceField(choices=ConsentEntry.State.choices)
    basis = serializers.ChoiceField(choices=ConsentEntry.Basis.choices)
    method = serializers.CharField()
    evidence = Anything()
    actor = serializers.CharField(help_text="Who wrote it down.")
    at = serializers.DateTimeField(default_timezone=UTC)
    expires_at = serializers.DateTimeField(default_timezone=UTC, allow_null=True)

    @extend_schema_field(SubjectShape)
    def get_about(self, entry: ConsentEntry) -> dict[str, str]:
        """Return whose decision it is."""
        return _about(entry.contact_point, entry.alias, self.context["sight"])


class ConsentTold(Told):
    """A decision that somebody made elsewhere. Without an address it is about behavior."""

    address = serializers.CharField(
        max_length=320,
        required=False,
        help_text="One of the person's addresses, for messages. Without one it is about what the "
        "person does.",
    )
    channel = serializers.ChoiceField(
        choices=ContactPoint.Channel.choices,
        required=False,
        help_text="One channel; without it, all of them.",
    )
    purpose = serializers.ChoiceField(choices=ConsentEntry.Purpose.choices)
    topic = serializers.CharField(max_length=consent.LONGEST_TOPIC, required=False)
    state = serializers.ChoiceField(choices=ConsentEntry.State.choices)
    basis = serializers.ChoiceField(choices=ConsentEntry.Basis.choices, required=False)
    method = serializers.CharField(max_length=40, help_text="How it was given, such as a form.")
    evidence = Anything(required=False, help_text="What proves it: form, page, call, letter.")
    notice = serializers.CharField(
        max_length=20_000, required=False, help_text="The words that the person read."
    )
    locale = serializers.CharField(max_length=20, required=False, help_text="Their language.")
    at = serializers.DateTimeField(
        required=False, default_timezone=UTC, help_text="When it was decided; not later than now."
    )
    expires_at = serializers.DateTimeField(required=False, default_timezone=UTC)


class StateShape(serializers.Serializer[Any]):
    """Whether one use of one address, or of what a person does, is allowed now."""

    about = SubjectShape()
    purpose = serializers.ChoiceField(choices=ConsentEntry.Purpose.choices)
    allowed = serializers.BooleanField()
    answer = serializers.ChoiceField(
        choices=[(one.value, one.value) for one in consent.Answer],
        help_text="Only yes is a yes; silent means that nobody decided.",
    )


class StatesShape(serializers.Serializer[Any]):
    """All that is allowed now."""

    results = StateShape(many=True)


class ConsentsView(ListView):
    """A person's decisions, in the order in which they were written down."""

    needs = {"GET": Need("consents:read"), "POST": Need("consents:write")}
    serializer_class = ConsentShape

    def get_serializer_context(self) -> dict[str, Any]:
        """Return what shapes need: what the token's person may see."""
        return {**super().get_serializer_context(), "sight": define.sight(user=self.request.user)}

    def rows(self, asked: dict[str, Any]) -> QuerySet[ConsentEntry]:
        """Return the decisions about the person's addresses and names."""
        profile = find(self.kwargs["public_id"])
        mine = Q(contact_point__profile=profile) | Q(alias__profile=profile)
        return ConsentEntry.objects.filter(mine).select_related("contact_point", "alias")

    @extend_schema(
        operation_id="consents",
        summary="A person's decisions",
        parameters=[Asking],
        responses={**answers(page_of(ConsentShape), 404), 307: MOVED},
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """Answer one page of decisions."""
        return moved(find(public_id), request) or self.answer(request)

    @extend_schema(
        operation_id="consent_record",
        summary="Record a decision",
        description="Decisions are added, never changed; the newest counts.",
        parameters=[ONCE],
        request=ConsentTold,
        responses={**written(ConsentShape, 404, status=201), 307: MOVED},
        examples=[
            OpenApiExample(
                "Newsletter, on paper",
                request_only=True,
                value={
                    "address": "ana@example.org",
                    "channel": "email",
                    "purpose": "marketing",
                    "state": "GRANTED",
                    "method": "paper form",
                    "evidence": {"scan": "2026/11/1001.pdf"},
                    "notice": "Yes, send me the newsletter.",
                    "locale": "en",
                },
            )
        ],
    )
    @write
    def post(self, request: Request, public_id: UUID) -> Response:
        """Write down a decision."""
        body, profile = ConsentTold.read(request), find(public_id)
        if away := moved(profile, request):
            return away
        append.hold(profile_ids=[profile.pk])
        entry = _record(body, profile, f"api:{request.auth}"[:100])
        shape = ConsentShape(entry, context=self.get_serializer_context())
        response = Response(shape.data, status=201)
        response.about = [profile.public_id]  # type: ignore[attr-defined]
        return response


class ConsentStateView(Resource):
    """What a person allows now."""

    needs = {"GET": Need("consents:read")}
    serializer_class = StatesShape

    @extend_schema(
        operation_id="consent_state",
        summary="What a person allows now",
        description="By the same function that every use of data asks before it happens.",
        responses={**answers(StatesShape, 404), 307: MOVED},
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """Answer for each address and name, and each purpose, whether it may be used."""
        profile = find(public_id)
        return moved(profile, request) or Response({"results": _states(profile, request)})


def _record(body: dict[str, Any], profile: Profile, actor: str) -> ConsentEntry:
    now = clock.now()
    at = body.get("at", now)
    if at > now:
        raise exceptions.ValidationError({"at": [_("This lies in the future.")]})
    point, alias = _subject(body, profile)
    notice: ConsentNotice | None = None
    if "notice" in body:
        notice = consent.notice(
            name="api", locale=body.get("locale", ""), text=body["notice"], at=now
        )
    try:
        return consent.record(
            contact_point=point, alias=alias, purpose=body["purpose"], state=body["state"],
            channel=body.get("channel", ""), topic=body.get("topic", ""), method=body["method"],
            basis=body.get("basis", ConsentEntry.Basis.CONSENT), notice=notice,
            evidence=body.get("evidence"), actor=actor, at=at, expires_at=body.get("expires_at"),
        )  # fmt: skip
    except consent.BadConsent as error:
        raise exceptions.ValidationError([_(str(error))]) from error


def _subject(body: dict[str, Any], profile: Profile) -> tuple[ContactPoint | None, Alias | None]:
    if "address" not in body:
        return None, profile.aliases.order_by("first_seen_at", "pk").first()
    country = address.country_of(profile.traits)
    for channel in ContactPoint.Channel.values:
        try:
            value = address.normal(channel=channel, address=body["address"], country=country)
        except address.BadAddress:
            continue
        point = profile.contact_points.filter(channel=channel, value=value).first()
        if point is not None:
            return point, None
    raise exceptions.ValidationError({"address": [_("The person has no such address.")]})


def _states(profile: Profile, request: Request) -> list[dict[str, Any]]:
    at, sight = clock.now(), define.sight(user=request.user)
    points = list(profile.contact_points.order_by("pk"))
    names = list(profile.aliases.order_by("pk"))
    found: list[dict[str, Any]] = []
    for purpose in ConsentEntry.Purpose.values:
        if purpose == ConsentEntry.Purpose.MARKETING:
            for channel in ContactPoint.Channel.values:
                mine = [one for one in points if one.channel == channel]
                some = consent.ask(
                    purpose=purpose, at=at, contact_points=[one.pk for one in mine],
                    channel=channel,
                )  # fmt: skip
                found += [_state(_about(one, None, sight), purpose, some[one.pk]) for one in mine]
        else:
            some = consent.ask(purpose=purpose, at=at, aliases=[one.pk for one in names])
            found += [_state(_about(None, one, sight), purpose, some[one.pk]) for one in names]
    return found


def _state(about: dict[str, str], purpose: str, answer: consent.Answer) -> dict[str, Any]:
    return {
        "about": about, "purpose": purpose, "allowed": answer is consent.Answer.YES,
        "answer": answer.value,
    }  # fmt: skip


def _about(point: ContactPoint | None, alias: Alias | None, sight: define.Sight) -> dict[str, str]:
    if point is not None:
        return {"channel": point.channel, "address": sight.shown(point.channel, point.shown)}
    if alias is not None:
        return {"kind": alias.kind, "value": alias.value}
    return {}

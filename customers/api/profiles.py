"""`/api/v1/profiles/`: who we know, what we know of them, and what programs tell about them."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from customers import address, define, describe, erase, identify
from customers.api.people import MOVED, ProfileShape, address_of, find, moved, shown, told
from customers.models import Alias, ContactPoint, Profile, Segment
from customers.rights import Person
from customers.tasks import ERASE
from dxp.lib import clock, hints
from dxp.users.asking import Asking, ListView, Text
from dxp.users.entry import BadQuery, Conflict, Need
from dxp.users.models import User
from dxp.users.rest import Resource, tag, write
from dxp.users.shapes import ONCE, UNCHANGED, Anything, Told, answers, page_of, written

LONGEST = 255
LONGEST_SOURCE = 50
USER, ANONYMOUS = Alias.Kind.USER, Alias.Kind.ANONYMOUS


class ProfileAsking(Asking):
    """Which profiles; several parameters narrow down together."""

    email = Text(help_text="Has this e-mail address, however it is spelled.")
    phone = Text(help_text="Has this phone number, with its country code, however it is spelled.")
    user_id = Text(help_text="Has this user id.")
    anonymous_id = Text(help_text="Has this anonymous id.")
    name = Text(help_text="Each of these words begins a word of the name.")
    segment = Text(help_text="Is in the segment of this short name now.")


class ProfileTold(Told):
    """Somebody, by one name, and what is known of them."""

    user_id = serializers.CharField(max_length=LONGEST, required=False)
    anonymous_id = serializers.CharField(max_length=LONGEST, required=False)
    traits = Anything(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return what was told.

        Raises:
            ValidationError: no name was given, or two.
        """
        if len({"user_id", "anonymous_id"} & set(attrs)) != 1:
            raise exceptions.ValidationError(_("Give either user_id or anonymous_id."))
        return attrs


class TraitsTold(Told):
    """What is known of somebody; null takes back what programs told before."""

    traits = Anything()


class ErasureShape(serializers.Serializer[Any]):
    """How far it is that a person is forgotten."""

    state = serializers.CharField()
    requested_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class ProfilesView(ListView):
    """Profiles from the first to the latest; those merged into another are left out."""

    needs = {"GET": Need("profiles:read"), "POST": Need("profiles:write")}
    asking = ProfileAsking
    serializer_class = ProfileShape

    def get_serializer_context(self) -> dict[str, Any]:
        """Return what shapes need: what the token's person may see."""
        return {**super().get_serializer_context(), "sight": define.sight(user=self.request.user)}

    def rows(self, asked: dict[str, Any]) -> QuerySet[Profile]:
        """Return the profiles that were asked for.

        Raises:
            BadQuery: there is no such segment, or the address can't be one.
        """
        profiles = Profile.objects.filter(state=Profile.State.ACTIVE)
        for channel in (address.EMAIL, address.PHONE):
            if channel in asked:
                profiles = profiles.filter(pk__in=_at(channel, asked[channel]))
        for name, kind in {"user_id": USER, "anonymous_id": ANONYMOUS}.items():
            if name in asked:
                aliases = Alias.objects.filter(kind=kind, value=asked[name])
                profiles = profiles.filter(pk__in=aliases.values("profile"))
        if "name" in asked:
            profiles = profiles.named(asked["name"])
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
        responses=answers(page_of(ProfileShape)),
    )
    def get(self, request: Request) -> Response:
        """Answer one page of profiles."""
        return self.answer(request)

    @extend_schema(
        operation_id="profile_tell",
        summary="Tell about somebody, known or new",
        description="Finds or makes the profile of this name, and takes over the traits.",
        parameters=[ONCE],
        request=ProfileTold,
        responses={**written(ProfileShape), **written(ProfileShape, status=201)},
        examples=[
            OpenApiExample(
                "Ana",
                request_only=True,
                value={"user_id": "ana", "traits": {"email": "ana@example.org", "country": "HR"}},
            )
        ],
    )
    @write
    def post(self, request: Request) -> Response:
        """Find or make a profile, and take over the traits.

        Raises:
            ValidationError: the name names nobody, or a trait can't be told.
            Conflict: somebody of that name was erased.
        """
        body, at = ProfileTold.read(request), clock.now()
        field = "user_id" if "user_id" in body else "anonymous_id"
        kind = USER if field == "user_id" else ANONYMOUS
        try:
            profile, is_new = describe.known_as(kind=kind, value=body[field], at=at)
        except identify.BadAlias as error:
            raise exceptions.ValidationError({field: [str(error)]}) from error
        except describe.Forgotten as error:
            raise Conflict(_("Whoever had this name was erased.")) from error
        _take(profile, body.get("traits", {}), request)
        response = self.told(request, told(profile.pk, request), 201 if is_new else 200)
        response["Location"] = address_of(profile, request)
        response.about = [profile.public_id]  # type: ignore[attr-defined]
        return response


class ProfileView(Resource):
    """One profile."""

    needs = {
        "GET": Need("profiles:read"),
        "PATCH": Need("profiles:write"),
        "DELETE": Need("rights:write"),
    }
    serializer_class = ProfileShape

    @extend_schema(
        operation_id="profile",
        summary="One profile",
        responses={**answers(ProfileShape, 404), 307: MOVED},
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """Answer one profile, or the way to the one it was merged into."""
        profile = find(public_id)
        return moved(profile, request) or self.told(request, told(profile.pk, request))

    @extend_schema(
        operation_id="profile_change",
        summary="Tell traits of a person",
        description="What is not mentioned stays; null takes back what programs told before.",
        parameters=[ONCE, UNCHANGED],
        request=TraitsTold,
        responses={**written(ProfileShape, 404, 412), 307: MOVED},
        examples=[
            OpenApiExample(
                "Moved to Vienna",
                request_only=True,
                value={"traits": {"country": "AT", "city": "Vienna", "newsletter": None}},
            )
        ],
    )
    @write
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Take over traits of a person."""
        body, profile = TraitsTold.read(request), find(public_id)
        if away := moved(profile, request):
            return away
        # Held until the end, so that nobody changes it between the look and the change.
        Profile.objects.select_for_update(no_key=True).get(pk=profile.pk)
        self.check_unchanged(request, tag(told(profile.pk, request)))
        _take(profile, body["traits"], request)
        response = self.told(request, told(profile.pk, request))
        response.about = [profile.public_id]  # type: ignore[attr-defined]
        return response

    @extend_schema(
        operation_id="profile_erase",
        summary="Forget a person",
        description="Writes down the request; everything that is known of the person, under all "
        "linked names, is gone some moments later. It can't be undone.",
        parameters=[ONCE],
        request=None,
        responses={**written(ErasureShape, 404, status=202), 307: MOVED},
    )
    @write
    def delete(self, request: Request, public_id: UUID) -> Response:
        """Write down that a person shall be forgotten."""
        profile = find(public_id)
        if away := moved(profile, request):
            return away
        asked = erase.request(Person.of(profile.pk), by=cast(User, request.user), at=clock.now())
        hints.after_commit(ERASE)
        return Response(ErasureShape(asked).data, status=202)


def _take(profile: Profile, traits: dict[str, Any], request: Request) -> None:
    source = f"api:{request.auth}"[:LONGEST_SOURCE]
    try:
        describe.describe(profile_id=profile.pk, traits=traits, source=source, at=clock.now())
    except describe.Unfit as error:
        faults = {key: [_(words)] for key, words in error.faults.items()}
        raise exceptions.ValidationError({"traits": faults}) from error
    except describe.Forgotten as error:
        raise Conflict(_("Whoever had this address was erased.")) from error


def _at(channel: str, text: str) -> QuerySet[ContactPoint, Any]:
    """Return whose address it is.

    Raises:
        BadQuery: it can't be an address.
    """
    try:
        value = address.normal(channel=channel, address=text)
    except address.BadAddress as error:
        raise BadQuery({channel: [str(error)]}) from error
    return ContactPoint.objects.filter(channel=channel, value=value).values("profile")

"""`/api/v1/fragments/…/draft/`: what programs write, into the fragments that were given to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from typing import Any

from django.core import exceptions as core
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from content import draft, policies
from content.models import Fragment
from dxp.users.entry import Conflict, Need
from dxp.users.rest import Resource, tag, write
from dxp.users.shapes import ONCE, UNCHANGED, Told, answers, written

WRITE = Need("fragments:write")


class DraftShape(serializers.Serializer[Fragment]):
    """The words of a fragment's newest draft."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    language = serializers.CharField(source="locale.language_code")
    live = serializers.BooleanField(help_text="Whether an edition of it is published.")
    is_newer = serializers.BooleanField(
        source="has_unpublished_changes", help_text="Whether the draft says more than that edition."
    )
    edited_at = serializers.DateTimeField(
        source="latest_revision_created_at", default_timezone=UTC, allow_null=True
    )
    description = serializers.CharField()
    text = serializers.CharField(help_text="Empty: made from the blocks, which are written here.")
    sms = serializers.CharField()
    push_title = serializers.CharField()
    push_text = serializers.CharField()
    spoken = serializers.CharField()


class DraftChange(Told):
    """Other words; what is not mentioned stays."""

    description = serializers.CharField(max_length=300, required=False, allow_blank=True)
    text = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    sms = serializers.CharField(max_length=1600, required=False, allow_blank=True)
    push_title = serializers.CharField(max_length=100, required=False, allow_blank=True)
    push_text = serializers.CharField(max_length=300, required=False, allow_blank=True)
    spoken = serializers.CharField(max_length=5000, required=False, allow_blank=True)


class DraftView(Resource):
    """One fragment's draft, for whoever may change this fragment."""

    needs = {"GET": WRITE, "PATCH": WRITE}
    serializer_class = DraftShape

    @extend_schema(
        operation_id="fragment_draft",
        summary="A fragment's draft",
        responses=answers(DraftShape, 404),
    )
    def get(self, request: Request, fragment: int) -> Response:
        """Answer the newest draft."""
        return self.told(request, _told(_given(request, fragment, "change")))

    @extend_schema(
        operation_id="fragment_write",
        summary="Write other words",
        description="Keeps a draft: what is published stays until it is published anew.",
        parameters=[ONCE, UNCHANGED],
        request=DraftChange,
        responses=written(DraftShape, 404, 412),
        examples=[OpenApiExample("Another text", request_only=True, value={"sms": "Save early."})],
    )
    @write
    def patch(self, request: Request, fragment: int) -> Response:
        """Keep a draft."""
        body = DraftChange.read(request)
        found = _given(request, fragment, "change", locked=True)
        self.check_unchanged(request, tag(_told(found)))
        with _faults():
            draft.write(fragment=found, words=body, by=request.user)
        return self.told(request, _told(found))


class PublishView(Resource):
    """The publishing of one fragment, for whoever may publish this fragment."""

    needs = {"POST": WRITE}
    serializer_class = DraftShape

    @extend_schema(
        operation_id="fragment_publish",
        summary="Publish the newest draft",
        parameters=[ONCE],
        request=None,
        responses=written(DraftShape, 404),
    )
    @write
    def post(self, request: Request, fragment: int) -> Response:
        """Publish it."""
        found = _given(request, fragment, "publish", locked=True)
        with _faults():
            draft.publish(thing=found, by=request.user)
        return self.told(request, _told(found))


def _given(request: Request, pk: int, action: str, *, locked: bool = False) -> Fragment:
    """Return the fragment, if the token's person may do this to it.

    Raises:
        Http404: there is none, or none that they know of.
        PermissionDenied: they may do other things to it.
    """
    rows = Fragment.objects.select_related("locale")
    found: Fragment = get_object_or_404(
        rows.select_for_update(of=("self",)) if locked else rows, pk=pk
    )
    if policies.may(request.user, action, found):
        return found
    if any(policies.may(request.user, one, found) for one in ("view", "change", "publish")):
        raise exceptions.PermissionDenied
    raise Http404


def _told(fragment: Fragment) -> dict[str, Any]:
    # Read anew: what was just written is in the database only.
    found = Fragment.objects.select_related("locale").get(pk=fragment.pk)
    return dict(DraftShape(draft.newest(found)).data)


@contextmanager
def _faults() -> Iterator[None]:
    """Say which words can't be taken, or what stands in the way.

    Raises:
        ValidationError: a text is too long.
        Conflict: it is locked, under review, or lacks something.
    """
    try:
        yield
    except core.ValidationError as error:
        raise exceptions.ValidationError(error.message_dict) from error
    except (draft.Locked, draft.NotReady) as error:
        raise Conflict(str(error) or _("It is locked.")) from error

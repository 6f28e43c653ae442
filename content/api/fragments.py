"""`/api/v1/fragments/`: what was written once, for sites and screens that draw it themselves."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from content import render
from content.models import Fragment
from dxp.users.asking import Asking, ListView, Text
from dxp.users.entry import Need
from dxp.users.rest import Resource
from dxp.users.shapes import answers, page_of

READ = Need("fragments:read")


class FragmentAsking(Asking):
    """Which fragments."""

    name = Text(help_text="Exactly this name.")
    language = Text(help_text="Written in this language: en, es, zh-hans …")


class FragmentShape(serializers.Serializer[Fragment]):
    """One fragment as it is published, said on every channel."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    description = serializers.CharField()
    language = serializers.CharField(source="locale.language_code")
    translations = serializers.UUIDField(
        source="translation_key", help_text="The same for a fragment in all its languages."
    )
    published_at = serializers.DateTimeField(
        source="last_published_at", default_timezone=UTC, allow_null=True
    )
    said = serializers.SerializerMethodField(
        help_text="`blocks` as data, `html`, `text`, `sms`, `push` {title, text}, `ssml`. "
        "Addresses are whole; words about the visitor say their fallback."
    )

    @extend_schema_field({"type": "object", "additionalProperties": {}})
    def get_said(self, fragment: Fragment) -> Any:
        """Return what each channel says."""
        return render.express(fragment, "json", site=settings.SITE_URL)


def published() -> QuerySet[Fragment]:
    """Return what may be read: live fragments."""
    return Fragment.objects.filter(live=True).select_related("locale")


class FragmentsView(ListView):
    """Fragments, the oldest first."""

    needs = {"GET": READ}
    asking = FragmentAsking
    serializer_class = FragmentShape

    def rows(self, asked: dict[str, Any]) -> QuerySet[Fragment]:
        """Return the fragments that were asked for."""
        found = published()
        if "name" in asked:
            found = found.filter(name=asked["name"])
        if "language" in asked:
            found = found.filter(locale__language_code=asked["language"])
        return found

    @extend_schema(
        operation_id="fragments",
        summary="Fragments",
        parameters=[FragmentAsking],
        responses=answers(page_of(FragmentShape)),
    )
    def get(self, request: Request) -> Response:
        """Answer one page of fragments."""
        return self.answer(request)


class FragmentView(Resource):
    """One fragment."""

    needs = {"GET": READ}
    serializer_class = FragmentShape

    @extend_schema(
        operation_id="fragment", summary="One fragment", responses=answers(FragmentShape, 404)
    )
    def get(self, request: Request, fragment: int) -> Response:
        """Answer one fragment."""
        found = get_object_or_404(published(), pk=fragment)
        return self.told(request, dict(FragmentShape(found).data))

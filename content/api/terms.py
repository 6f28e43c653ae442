"""`/api/v1/terms/` and `/api/v1/pages/`: the vocabulary, and which pages have which term."""

from __future__ import annotations

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, OuterRef, QuerySet, Value
from django.db.models.functions import Concat
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from wagtail.models import Page

from content import terms
from content.models import Tagging, Term
from dxp.users.asking import Asking, ListView, Text
from dxp.users.entry import Need
from dxp.users.shapes import answers, page_of

READ = Need("terms:read")


class TermAsking(Asking):
    """Which terms."""

    facet = Text(help_text="Of the facet with this short name.")


class TermShape(serializers.Serializer[Term]):
    """One term that may be given."""

    id = serializers.IntegerField()
    facet = serializers.CharField(source="facet.slug")
    term = serializers.CharField(source="slug", help_text="Its short name within the facet.")
    name = serializers.CharField()
    part_of = serializers.CharField(source="parent.slug", default=None, allow_null=True)
    also_called = serializers.ListField(source="synonyms", child=serializers.CharField())


class TermsView(ListView):
    """Terms, the oldest first."""

    needs = {"GET": READ}
    asking = TermAsking
    serializer_class = TermShape

    def rows(self, asked: dict[str, Any]) -> QuerySet[Term]:
        """Return the terms that were asked for."""
        found = Term.objects.current().select_related("facet", "parent")
        return found.filter(facet__slug=asked["facet"]) if "facet" in asked else found

    @extend_schema(
        operation_id="terms",
        summary="Terms",
        parameters=[TermAsking],
        responses=answers(page_of(TermShape)),
    )
    def get(self, request: Request) -> Response:
        """Answer one page of terms."""
        return self.answer(request)


class PageAsking(Asking):
    """Which pages."""

    term = Text(help_text="With this term, facet:term, or one that is part of it.")
    language = Text(help_text="Written in this language: en, es, zh-hans …")


class PageShape(serializers.Serializer[Page]):
    """One page as it is published."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    kind = serializers.CharField(source="content_type.model")
    language = serializers.CharField(source="locale.language_code")
    url = serializers.URLField(source="full_url", allow_null=True)
    terms = serializers.ListField(child=serializers.CharField(), help_text="As facet:term.")


class PagesView(ListView):
    """Pages that everybody may read, the oldest first."""

    needs = {"GET": READ}
    asking = PageAsking
    serializer_class = PageShape

    def rows(self, asked: dict[str, Any]) -> QuerySet[Page]:
        """Return the pages that were asked for."""
        kind = ContentType.objects.get_for_model(Page)
        given = Tagging.objects.filter(content_type=kind)
        parts = ("term__facet__slug", Value(":"), "term__slug")
        said = Concat(*parts, output_field=CharField())
        # Where a page had both of two terms that became one, it has only that.
        of_page = given.filter(object_id=OuterRef("pk"), term__merged_into=None)
        of_page = of_page.order_by("term__facet__slug", "term__slug")
        found = Page.objects.live().public().filter(depth__gt=1)
        found = found.select_related("content_type", "locale")
        found = found.annotate(terms=ArraySubquery(of_page.annotate(said=said).values("said")))
        if "language" in asked:
            found = found.filter(locale__language_code=asked["language"])
        if "term" in asked:
            facet, _colon, slug = asked["term"].partition(":")
            term = Term.objects.filter(facet__slug=facet, slug=slug).first()
            wanted = terms.below(terms.current(term)) if term else set()
            found = found.filter(pk__in=given.filter(term__in=wanted).values("object_id"))
        return found  # type: ignore[no-any-return]

    @extend_schema(
        operation_id="pages",
        summary="Pages by term",
        parameters=[PageAsking],
        responses=answers(page_of(PageShape)),
    )
    def get(self, request: Request) -> Response:
        """Answer one page of pages."""
        return self.answer(request)

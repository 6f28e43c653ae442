"""`/api/v1/tags/…/`: the terms of one thing, and what is suggested for it."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from django.db.models import F, Model
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from wagtail.models import Page

from content import policies, tag, terms
from content.models import Document, Fragment, Image, Tagging, TagSuggestion, Term
from dxp.lib import clock
from dxp.users.entry import Conflict, Need
from dxp.users.rest import Resource, write
from dxp.users.shapes import ONCE, answers, written

WRITE = Need("tags:write")
KINDS: dict[str, type[Model]] = {
    "page": Page, "fragment": Fragment, "image": Image, "document": Document,
}  # fmt: skip


KIND = OpenApiParameter("kind", str, OpenApiParameter.PATH, enum=sorted(KINDS))
TERM = OpenApiParameter(
    "term", str, OpenApiParameter.PATH, description="facet:term, by their short names."
)


class Named(serializers.CharField):
    """A term as programs name it: facet:term, by their short names."""

    def __init__(self, **options: Any) -> None:
        super().__init__(help_text="facet:term, by their short names.", **options)

    def to_representation(self, value: Any) -> str:
        """Return a term's name."""
        return f"{value.facet.slug}:{value.slug}"


class GivenShape(serializers.Serializer[Tagging]):
    """A term that the thing has."""

    term = Named()
    is_human = serializers.BooleanField(help_text="A person gave it: no bot takes it away.")
    given_at = serializers.DateTimeField(source="at", default_timezone=UTC)


class SuggestedShape(serializers.Serializer[TagSuggestion]):
    """A term that waits for somebody's decision."""

    term = Named()
    confidence = serializers.FloatField(help_text="From 0 to 1.")
    tagger = serializers.CharField(help_text="What read it.")


class TagsShape(serializers.Serializer[Any]):
    """The terms of one thing."""

    tags = GivenShape(many=True)
    suggestions = SuggestedShape(many=True, help_text="The surest of each facet first.")
    missing = serializers.ListField(
        child=serializers.CharField(), help_text="Facets that it needs a term of to be published."
    )


class TagsView(Resource):
    """The terms of one thing, for whoever may change this thing."""

    needs = {"GET": WRITE}
    serializer_class = TagsShape

    @extend_schema(
        operation_id="tags",
        summary="A thing's terms",
        parameters=[KIND],
        responses=answers(TagsShape, 404),
    )
    def get(self, request: Request, kind: str, object_id: int) -> Response:
        """Answer what it is tagged with."""
        return self.told(request, _told(_given(request, kind, object_id)))


class TagView(Resource):
    """One term of one thing."""

    needs = {"PUT": WRITE, "DELETE": WRITE}
    serializer_class = TagsShape

    @extend_schema(
        operation_id="tag_give",
        summary="Give a term",
        description="A suggestion of it is accepted by that. In a facet of single terms it takes "
        "the place of the other; 409 where a bot would overrule a person.",
        parameters=[KIND, TERM, ONCE],
        request=None,
        responses=written(TagsShape, 404),
    )
    @write
    def put(self, request: Request, kind: str, object_id: int, term: str) -> Response:
        """Put it on the thing.

        Raises:
            Conflict: it is out of use, or a person said otherwise.
        """
        thing = _given(request, kind, object_id, "content.add_tagging")
        try:
            tag.give(thing, _term(term), by=request.user, at=clock.now())
        except tag.CannotTag as error:
            raise Conflict(str(error)) from error
        return self.told(request, _told(thing))

    @extend_schema(
        operation_id="tag_take",
        summary="Take a term away",
        description="A person's no is remembered: it is not suggested again, and learned from. "
        "409 where a bot would overrule a person.",
        parameters=[KIND, TERM, ONCE],
        responses=written(TagsShape, 404),
    )
    @write
    def delete(self, request: Request, kind: str, object_id: int, term: str) -> Response:
        """Take it off the thing, or reject its suggestion.

        Raises:
            Conflict: a person gave it, or accepted it meanwhile.
            Http404: the thing has no such term, nor is it suggested to a person.
        """
        thing = _given(request, kind, object_id, "content.delete_tagging")
        found, at = _term(term), clock.now()
        try:
            if not tag.take(thing, found, by=request.user, at=at):
                suggestion = tag.suggested(thing).filter(term=found).first()
                if suggestion is None or _is_bot(request.user):
                    raise Http404
                tag.reject(suggestion, by=request.user, at=at)
        except (tag.CannotTag, tag.Decided) as error:
            raise Conflict(str(error)) from error
        return self.told(request, _told(thing))


def _given(request: Request, kind: str, object_id: int, right: str = "") -> Any:
    """Return the thing, if the token's person may change it and has the right besides.

    A bot needs no right on tags at large: what it was given to change it may tag.

    Raises:
        Http404: there is none, or none that they know of.
        PermissionDenied: they may do other things to it.
    """
    model = KINDS.get(kind)
    if model is None:
        raise Http404
    thing: Any = get_object_or_404(model, pk=object_id)
    thing = thing.specific if isinstance(thing, Page) else thing
    if policies.may(request.user, "change", thing):
        if not right or _is_bot(request.user) or request.user.has_perm(right):
            return thing
        raise exceptions.PermissionDenied
    if any(policies.may(request.user, one, thing) for one in ("view", "publish")):
        raise exceptions.PermissionDenied
    raise Http404


def _is_bot(user: Any) -> bool:
    return bool(user.is_bot)


def _term(name: str) -> Term:
    """Return a term by its name, or the one that it became part of.

    Raises:
        NotFound: there is none.
    """
    facet, _colon, slug = name.partition(":")
    found = Term.objects.select_related("facet").filter(facet__slug=facet, slug=slug).first()
    if found is None:
        raise exceptions.NotFound(_("There is no term “%(name)s”.") % {"name": name[:80]})
    return terms.current(found)


def _told(thing: Any) -> dict[str, Any]:
    suggested = tag.suggested(thing).order_by("term__facet__slug", F("confidence").desc(), "pk")
    return dict(
        TagsShape({
            "tags": tag.given(thing).order_by("term__facet__slug", "term__slug"),
            "suggestions": suggested,
            "missing": sorted(facet.slug for facet in tag.missing(thing)),
        }).data
    )

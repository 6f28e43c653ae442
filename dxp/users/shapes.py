"""Shapes that several resources share, as the schema tells them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.utils import OpenApiParameter, extend_schema_field, inline_serializer
from rest_framework import exceptions, serializers
from rest_framework.request import Request

from dxp.users.rest import KEY

Answers = dict[int | tuple[int, str], Any]
PROBLEM = "application/problem+json"


class FaultShape(serializers.Serializer[Any]):
    """What is wrong with one field or one parameter."""

    detail = serializers.CharField()
    pointer = serializers.CharField(
        required=False, help_text="Where in the body (JSON pointer, RFC 6901), after a #."
    )
    parameter = serializers.CharField(required=False, help_text="Which parameter of the address.")


class ProblemShape(serializers.Serializer[Any]):
    """What went wrong (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = FaultShape(many=True, required=False)  # type: ignore[assignment]
    scope = serializers.CharField(required=False, help_text="The scope that the token lacks.")


class Told(serializers.Serializer[Any]):
    """A body. A field that nobody knows is an error, not a thing to overlook."""

    def to_internal_value(self, data: Any) -> Any:
        """Return what was told.

        Raises:
            ValidationError: a field is unknown, missing or not valid.
        """
        if isinstance(data, Mapping):
            unknown = sorted(str(name) for name in data if name not in self.fields)
            if unknown:
                words = _("There is no such field.")
                raise exceptions.ValidationError({name: [words] for name in unknown})
        return super().to_internal_value(data)

    @classmethod
    def read(cls, request: Request) -> dict[str, Any]:
        """Return a request's body.

        Raises:
            ValidationError: it is not as this shape says.
        """
        told = cls(data=request.data)
        told.is_valid(raise_exception=True)
        return dict(told.validated_data)


class ToldExtension(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Says in the schema that a body has no other fields."""

    target_class = Told
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> Any:
        """Return the body's schema."""
        told = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return {**told, "additionalProperties": False}


@extend_schema_field({"type": "object", "additionalProperties": {}})
class Anything(serializers.DictField):
    """An object whose keys are not ours to name."""

    def __init__(self, **options: Any) -> None:
        super().__init__(child=serializers.JSONField(allow_null=True), **options)


ONCE = OpenApiParameter(
    KEY,
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[\x21-\x7e]+$"},
    OpenApiParameter.HEADER,
    description="Makes the write happen once: the same key with the same request within 24 hours "
    "gives the same answer again and does nothing.",
)
UNCHANGED = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The ETag that was read: a change of something that changed since is refused "
    "with 412.",
)


def page_of(shape: type[serializers.Serializer[Any]]) -> Any:
    """Return the shape of one page of a list."""
    return inline_serializer(
        name=f"PageOf{shape.__name__.removesuffix('Shape')}s",
        fields={
            "next": serializers.URLField(
                allow_null=True, help_text="The address of the next page; null on the last one."
            ),
            "results": shape(many=True),
        },
    )


def answers(good: Any, *problems: int, status: int | tuple[int, str] = 200) -> Answers:
    """Return what an address may answer: the good, and the problems that any of them has."""
    told: Answers = {status: good}
    for code in sorted({400, 401, 403, 406, 429, *problems}):
        told[code, PROBLEM] = ProblemShape
    return told


def written(good: Any, *problems: int, status: int = 200) -> Answers:
    """Return what a write may answer: besides its own problems those of bodies and keys."""
    return answers(good, 409, 413, 415, 422, *problems, status=status)

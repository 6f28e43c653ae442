"""Shapes that several resources share, as the schema tells them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

Answers = dict[int | tuple[int, str], Any]


class ProblemShape(serializers.Serializer[Any]):
    """What went wrong (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = serializers.DictField(  # type: ignore[assignment]
        required=False, help_text="What is wrong with which parameter, by its name."
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


def answers(good: Any, *problems: int) -> Answers:
    """Return what an address may answer: the good, and the problems that any of them has."""
    told: Answers = {200: good}
    for status in sorted({401, 403, *problems}):
        told[status, "application/problem+json"] = ProblemShape
    return told

"""Shapes that several resources share."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers


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

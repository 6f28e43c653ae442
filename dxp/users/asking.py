"""What every list of the read API shares: strict parameters and paging by cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dxp.lib import keyset
from dxp.users.entry import BadQuery
from dxp.users.rest import Resource

BIGGEST_PAGE = 1000


class Text(serializers.CharField):
    """A text that is compared as it was sent, spaces included."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, max_length=300, required=False, **options)


class Asking(serializers.Serializer[Any]):
    """Query parameters; one that is unknown, repeated or malformed is an error that names it."""

    cursor = Text(help_text="Where to go on: taken from `next`, never made by hand.")
    page_size = serializers.IntegerField(
        min_value=1, max_value=BIGGEST_PAGE, default=100, help_text="Rows in one answer."
    )

    @classmethod
    def read(cls, request: Request) -> dict[str, Any]:
        """Return the parameters of a request.

        Raises:
            BadQuery: a parameter is unknown, was given twice, or is not valid.
        """
        faults = {}
        for name, values in request.query_params.lists():
            if name not in cls().fields:
                faults[name] = [_("There is no such parameter.")]
            elif len(values) > 1:
                faults[name] = [_("Give this parameter once.")]
        if faults:
            raise BadQuery(faults)
        asked = cls(data=request.query_params.dict())
        if not asked.is_valid():
            raise BadQuery(asked.errors)
        return dict(asked.validated_data)


class ListView(Resource):
    """A list that is read page by page: `{"next": address or null, "results": [...]}`.

    A list names its parameters (`asking`), its order (`order`, `kinds`: the types of these columns)
    and its rows (`rows`).
    """

    has_parameters = True
    asking: type[Asking] = Asking
    order: Sequence[str] = ("id",)
    kinds: Sequence[type] = (int,)
    pagination_class = None

    def rows(self, asked: dict[str, Any]) -> models.QuerySet[Any]:
        """Return the rows that were asked for, in any order."""
        raise NotImplementedError

    def answer(self, request: Request) -> Response:
        """Return one page."""
        asked = self.asking.read(request)
        rows = keyset.ordered(self.rows(asked), self.order)
        if cursor := asked.get("cursor"):
            rows = keyset.beyond(rows, self.order, _position(cursor, self.kinds))
        found = list(rows[: asked["page_size"] + 1])
        page = found[: asked["page_size"]]
        after = None
        if len(found) > len(page):
            position = [getattr(page[-1], name) for name in self.order]
            given = {**request.query_params.dict(), "cursor": keyset.encode(position)}
            after = f"{request.build_absolute_uri(request.path)}?{urlencode(given)}"
        return Response({"next": after, "results": self.get_serializer(page, many=True).data})


def _position(cursor: str, kinds: Sequence[type]) -> list[Any]:
    try:
        return keyset.decode(cursor, kinds)
    except keyset.BadCursor as error:
        fault = _("This is not a cursor of this list; take it from `next`.")
        raise BadQuery({"cursor": [fault]}) from error

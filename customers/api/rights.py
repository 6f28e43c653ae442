"""`/api/v1/profiles/ID/export/` and `erasure/`: what people may ask of those who keep data."""

from __future__ import annotations

import tempfile
from typing import IO, Any, cast
from uuid import UUID

from django.http import FileResponse, Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from customers import erase, export
from customers.api.people import MOVED, find, moved
from customers.api.profiles import ErasureShape
from customers.rights import Person
from dxp.lib import clock
from dxp.users.entry import Need
from dxp.users.rest import Resource
from dxp.users.shapes import answers

IN_MEMORY = 1024 * 1024


class ZipRenderer(BaseRenderer):
    """Says that an address answers with a ZIP file; the file itself is sent as it is."""

    media_type = "application/zip"
    format = "zip"

    def render(self, data: Any, media_type: Any = None, context: Any = None) -> bytes:
        """Return an error as JSON: files never come this way."""
        return bytes(JSONRenderer().render(data))


class ExportView(Resource):
    """Everything about a person in one file."""

    needs = {"GET": Need("rights:write")}
    serializer_class = ErasureShape
    renderer_classes = [ZipRenderer, JSONRenderer]

    @extend_schema(
        operation_id="profile_export",
        summary="Everything about a person",
        description="A ZIP file: an index in words, and one file of JSON lines for each kind of "
        "data, from all floors.",
        responses={
            **answers(OpenApiTypes.BINARY, 404, status=(200, "application/zip")),
            307: MOVED,
        },
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """Send everything about a person."""
        profile = find(public_id)
        if away := moved(profile, request):
            return away
        # A rolled file is deleted when the answer has been sent, or the process ends.
        file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
        export.write(Person.of(profile.pk), to=cast(IO[bytes], file), at=clock.now())
        file.seek(0)
        name = f"{profile.public_id}.zip"
        answer = FileResponse(
            file, as_attachment=True, filename=name, content_type="application/zip"
        )
        return cast(Response, answer)


class ErasureView(Resource):
    """How far it is that a person is forgotten; also when they are."""

    needs = {"GET": Need("rights:write")}
    serializer_class = ErasureShape

    @extend_schema(
        operation_id="profile_erasure",
        summary="How far an erasure is",
        responses=answers(ErasureShape, 404),
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """Answer the newest request about a person.

        Raises:
            Http404: nobody asked for it.
        """
        asked = erase.requests_for(str(public_id))
        if not asked:
            raise Http404
        return Response(ErasureShape(asked[0]).data)

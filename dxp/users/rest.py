"""What every resource of the API stands on: its ETag, and writes that happen once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ClassVar, cast

import orjson
from django.db import transaction
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions, generics, permissions
from rest_framework.request import Request
from rest_framework.response import Response

from dxp.lib import clock
from dxp.users import once
from dxp.users.entry import BadQuery, Changed, Conflict, Need, Unprocessable
from dxp.users.models import ApiToken

KEY = "Idempotency-Key"
# Visible characters: what a header can carry and a log can show.
KEY_FORM = re.compile(r"[\x21-\x7e]{1,255}")
KEPT_HEADERS = ("ETag", "Location")
JSON = "application/json"


class Resource(generics.GenericAPIView[Any]):
    """One address of the API. `needs` says by method what a request takes."""

    needs: ClassVar[Mapping[str, Need]]
    queryset = None
    # A list reads parameters of the address; nothing else does.
    has_parameters = False

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Ask who may, and refuse parameters that would be overlooked.

        Raises:
            BadQuery: there are parameters where none are read.
        """
        super().initial(request, *args, **kwargs)
        reads = self.has_parameters and request.method in permissions.SAFE_METHODS
        if request.query_params and not reads:
            words = _("There is no such parameter.")
            raise BadQuery({name: [words] for name in request.query_params})

    def check_unchanged(self, request: Request, etag: str) -> None:
        """Refuse a change of something that is not any more what the program had read.

        Raises:
            Changed: `If-Match` names another state.
        """
        asked = request.headers.get("If-Match")
        if asked is not None and asked.strip() != "*" and etag not in _tags(asked):
            raise Changed(_("It was changed meanwhile. Read it again, and then change it."))

    def told(self, request: Request, body: Any, code: int = 200) -> Response:
        """Return an answer under its ETag, or 304 where the program has it already."""
        etag = tag(body)
        if request.method in permissions.SAFE_METHODS and etag in _tags(
            request.headers.get("If-None-Match", ""), weak=True
        ):
            return Response(status=304, headers={"ETag": etag})
        return Response(body, status=code, headers={"ETag": etag})


def tag(body: Any) -> str:
    """Return the ETag of what a resource looks like."""
    text = orjson.dumps(body, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str)
    return f'"{hashlib.blake2b(text, digest_size=12).hexdigest()}"'


def write(handler: Callable[..., Response]) -> Callable[..., Response]:
    """Make a handler of a write all or nothing, and once only under an Idempotency-Key."""

    @wraps(handler)
    def written(view: Resource, request: Request, **named: Any) -> Response | HttpResponse:
        told = request.data
        key = request.headers.get(KEY)
        with transaction.atomic():
            if key is None:
                return handler(view, request, **named)
            return _once(key, told, lambda: handler(view, request, **named), request)

    written.is_write = True  # type: ignore[attr-defined]
    return written  # type: ignore[return-value]


def _once(
    key: str, told: Any, act: Callable[[], Response], request: Request
) -> Response | HttpResponse:
    key = key.strip().strip('"')
    if not KEY_FORM.fullmatch(key):
        words = _("An %(header)s is 1 to 255 visible ASCII characters.") % {"header": KEY}
        raise exceptions.ParseError(words)
    at, token = clock.now(), cast(ApiToken, request.auth)
    address = request.get_full_path()
    mark = once.fingerprint(method=request.method or "", address=address, told=told)
    try:
        before = once.recall(token=token, key=key, fingerprint=mark, at=at)
    except once.Running as error:
        words = _("The first request with this %(header)s is still being done.") % {"header": KEY}
        raise Conflict(words) from error
    except once.Different as error:
        words = _("This %(header)s was used for another request.") % {"header": KEY}
        raise Unprocessable(words) from error
    if before is not None:
        return _again(before)
    response = act()
    body = b"" if response.data is None else orjson.dumps(response.data, default=str)
    headers = {name: response[name] for name in KEPT_HEADERS if name in response}
    answer = once.Answer(response.status_code, headers, body)
    about = getattr(response, "about", [])
    once.keep(token=token, key=key, fingerprint=mark, answer=answer, about=about, at=at)
    return response


def _again(answer: once.Answer) -> HttpResponse:
    headers = {**answer.headers, "Idempotency-Replayed": "true"}
    if not answer.body:
        return HttpResponse(status=answer.status, headers=headers)
    return HttpResponse(answer.body, status=answer.status, headers=headers, content_type=JSON)


def _tags(header: str, *, weak: bool = False) -> set[str]:
    found = {one.strip() for one in header.split(",")}
    return {one.removeprefix("W/") for one in found} if weak else found

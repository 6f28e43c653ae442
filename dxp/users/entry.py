"""What a request has to bring: a scope, a right, a body that can be read. And what refuses it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from django.utils.translation import gettext as _
from rest_framework import exceptions, parsers, permissions, status
from rest_framework.request import Request

from dxp.users.models import ApiToken
from dxp.users.scopes import SCOPES

if TYPE_CHECKING:
    from rest_framework.views import APIView

BIGGEST_BODY = 4 * 1024 * 1024
NUL = b"\\u0000"


@dataclass(frozen=True, slots=True)
class Need:
    """What a request takes: a scope of the token, and a right of its person at this moment.

    The right is that of the scope, unless another one is named.
    """

    scope: str
    right: str = ""


class ScopeMissing(exceptions.PermissionDenied):
    """The token was not made for this."""

    def __init__(self, scope: str) -> None:
        super().__init__(_("This token lacks the scope “%(scope)s”.") % {"scope": scope})
        self.scope = scope


class TooBig(exceptions.APIException):
    """The body is larger than any that makes sense."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "A request holds 4 MiB at most."


class Unprocessable(exceptions.APIException):
    """It is well said, and can't be meant."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY


class Conflict(exceptions.APIException):
    """What was asked for can't be done as things stand now."""

    status_code = status.HTTP_409_CONFLICT


class Changed(exceptions.APIException):
    """Somebody changed it since it was read."""

    status_code = status.HTTP_412_PRECONDITION_FAILED


class BadQuery(exceptions.ValidationError):
    """Parameters of the address that are not valid, by their names."""


class HasScope(permissions.BasePermission):
    """Lets a token do what its scopes name, as far as its person may do so themselves."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return whether the person has the right.

        Raises:
            ScopeMissing: the token was made for less.
        """
        needs: Mapping[str, Need] = getattr(view, "needs", {})
        need = needs.get(_asked(request.method))
        if need is None:
            # Nobody does this here: the answer is "method not allowed", not "forbidden".
            return isinstance(request.auth, ApiToken) and bool(needs)
        if not isinstance(request.auth, ApiToken):
            return False
        if need.scope not in request.auth.scopes:
            raise ScopeMissing(need.scope)
        scope = SCOPES[need.scope]
        # Where rights go thing by thing, the view asks for the one on its thing.
        return scope.each or bool(request.user.has_perm(need.right or scope.right))


class StrictParser(parsers.BaseParser):
    """JSON as RFC 8259 means it, of bounded size, that PostgreSQL can hold."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return the body.

        Raises:
            TooBig: it is larger than 4 MiB.
            ParseError: it is not JSON, or holds a NUL character.
        """
        body = stream.read(BIGGEST_BODY + 1)
        if len(body) > BIGGEST_BODY:
            raise TooBig
        try:
            told = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            words = _("The body is not valid JSON: %(why)s.") % {"why": error.msg}
            raise exceptions.ParseError(words) from error
        if NUL in body.lower() and _has_nul(told):
            raise exceptions.ParseError(_("The body holds a NUL character."))
        return told


def _asked(method: str | None) -> str:
    return "GET" if method == "HEAD" else method or ""


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any("\x00" in key or _has_nul(one) for key, one in value.items())
    return isinstance(value, list) and any(_has_nul(one) for one in value)

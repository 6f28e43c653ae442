"""The API for programs: who asks, how often, how errors look, which addresses are described."""

from __future__ import annotations

import logging
import time
from typing import Any

import redis
from django.conf import settings
from django.core.signals import got_request_exception
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import exceptions, throttling, views
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request
from rest_framework.response import Response

from dxp.lib import clock, hints
from dxp.users import grant
from dxp.users.entry import BadQuery, ScopeMissing
from dxp.users.models import ApiToken, User

log = logging.getLogger(__name__)
PROBLEM = "application/problem+json"
RETRY_AFTER = 5
MINUTE = 60


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer dxp_…`; a session cookie never counts here."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """Return the token's person, or None where no token was sent.

        Raises:
            AuthenticationFailed: the token is unknown, ended or revoked, or its person left.
        """
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        secret = words[-1].decode("ascii", "replace")
        token = grant.shown(secret=secret, at=clock.now())
        if token is None:
            raise exceptions.AuthenticationFailed(_("This token is not valid."))
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema describes tokens."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class Pace(throttling.BaseThrottle):
    """So many requests a minute per token. While Redis is away, nobody is counted."""

    left = MINUTE

    def allow_request(self, request: Request, view: views.APIView) -> bool:
        """Count one request; return whether it is within the limit."""
        most, token, now = settings.API_RATE, request.auth, int(time.time())
        if not most or not isinstance(token, ApiToken):
            return True
        self.left = MINUTE - now % MINUTE
        name = f"api:{token.pk}:{now // MINUTE}"
        try:
            with hints.client().pipeline(transaction=False) as ask:
                ask.incr(name)
                ask.expire(name, 2 * MINUTE)
                done = int(ask.execute()[0])
        except redis.RedisError as error:
            log.warning("Nobody counts requests: %s", error)
            return True
        view.headers["RateLimit-Policy"] = f'"token";q={most};w={MINUTE}'
        view.headers["RateLimit"] = f'"token";r={max(most - done, 0)};t={self.left}'
        return done <= most

    def wait(self) -> float:
        """Return after how many seconds counting begins anew."""
        return float(self.left)


def problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return an error in one shape everywhere (RFC 9457, problem details)."""
    response = views.exception_handler(error, context)
    if response is None:
        return _fault(error, context)
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": response.status_text,
        "status": response.status_code,
    }
    data = response.data
    if isinstance(error, exceptions.ValidationError):
        where = "parameter" if isinstance(error, BadQuery) else "pointer"
        body["detail"] = _("Something in the request is not valid.")
        body["errors"] = _errors(data, where)
    else:
        told = data.get("detail", "") if isinstance(data, dict) else ""
        body["detail"] = str(told)
    if isinstance(error, ScopeMissing):
        body["scope"] = error.scope
    return _as_problem(response, body)


def _fault(error: Exception, context: dict[str, Any]) -> Response:
    """Return the answer to what is not the program's fault."""
    views.set_rollback()
    if isinstance(error, (OperationalError, InterfaceError)):
        log.warning("An API request was put off: %s", error)
        _drop_connection()
        status, title = 503, "Service Unavailable"
        detail = _("Try again in a moment.")
    else:
        log.error("An API request failed.", exc_info=error)
        request = context["request"]._request
        got_request_exception.send(sender=type(context["view"]), request=request)
        status, title = 500, "Internal Server Error"
        detail = _("This is our fault. It was noted.")
    response = Response(status=status)
    if status == 503:
        response["Retry-After"] = str(RETRY_AFTER)
    told = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return _as_problem(response, told)


def _as_problem(response: Response, body: dict[str, Any]) -> Response:
    response.data = body
    response.content_type = PROBLEM
    return response


def _errors(data: Any, where: str) -> list[dict[str, str]]:
    """Return what is wrong with which field: its name, or a JSON pointer into the body."""
    return [
        {"detail": words, where: path if where == "parameter" else f"#{path}"}
        for path, words in _walk(data, "" if where == "pointer" else None)
    ]


def _walk(data: Any, path: str | None) -> list[tuple[str, str]]:
    if isinstance(data, dict):
        return [
            found for name, inner in data.items() for found in _walk(inner, _below(path, str(name)))
        ]
    if isinstance(data, list):
        if data and all(isinstance(one, (dict, list)) for one in data):
            return [
                found for n, one in enumerate(data) for found in _walk(one, _below(path, str(n)))
            ]
        return [(path or "", str(one)) for one in data]
    return [(path or "", str(data))]


def _below(path: str | None, name: str) -> str:
    if path is None:
        return name
    if name == "non_field_errors":
        return path
    return f"{path}/{name.replace('~', '~0').replace('/', '~1')}"


def _drop_connection() -> None:
    """Forget a connection that died, so that the next request makes a new one at once."""
    try:
        if not connection.in_atomic_block:
            connection.close()
    except (DatabaseError, InterfaceError):
        log.debug("The connection was closed already.")


def unknown(request: HttpRequest) -> HttpResponse:
    """Answer an address below /api/ that is none."""
    told = {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": _("There is no such address. Addresses end with a slash."),
    }
    return JsonResponse(told, status=404, content_type=PROBLEM)


# No cookie counts below /api/, so no forged form can do anything.
unknown.csrf_exempt = True  # type: ignore[attr-defined]


def only_ours(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """Return the addresses that the schema describes: not those of Wagtail's own screens."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/v1/")]

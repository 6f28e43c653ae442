"""The read API: who may ask, how errors look, which resources there are."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import exceptions, permissions, views
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request
from rest_framework.response import Response

from dxp.users.models import ApiToken, User


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer dxp_…`; a session cookie never counts here."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """Return the token's person, or None where no token was sent.

        Raises:
            AuthenticationFailed: the token is unknown, revoked, or its person left.
        """
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        digest = ApiToken.hash(words[-1].decode("ascii", "replace"))
        token = (
            ApiToken.objects
            .select_related("user")
            .filter(digest=digest, revoked_at__isnull=True, user__is_active=True)
            .first()
        )
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


class HasScope(permissions.BasePermission):
    """Lets a token read what its scope names."""

    def has_permission(self, request: Request, view: views.APIView) -> bool:
        token = request.auth
        return isinstance(token, ApiToken) and (
            token.scope == ApiToken.Scope.READ and request.method in permissions.SAFE_METHODS
        )


def problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return an error in one shape everywhere (RFC 9457, problem details)."""
    response = views.exception_handler(error, context)
    if response is None:
        return None
    data = response.data
    told = isinstance(data, dict) and "detail" in data
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": response.status_text,
        "status": response.status_code,
        "detail": str(data["detail"]) if told else _("Some parameters are not valid."),
    }
    if not told:
        body["errors"] = data
    response.data = body
    response.content_type = "application/problem+json"
    return response


def only_ours(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """Return the addresses that the schema describes: not those of Wagtail's own screens."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/v1/")]

"""What the ground floor hangs on Wagtail: the screen of one's API tokens."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from dxp.users import scopes
from dxp.users.admin import RevokeView, TokensView


class TokensItem(MenuItem):  # type: ignore[misc]
    """A menu entry for those who have something to grant."""

    def is_shown(self, request: HttpRequest) -> bool:
        """Return whether this person may do anything that a program could do for them."""
        return bool(scopes.grantable(request.user))  # type: ignore[arg-type]


@hooks.register("register_admin_urls")
def token_urls() -> list[URLPattern]:
    """Offer the screens' addresses."""
    return [
        path("tokens/", TokensView.as_view(), name="users_tokens"),
        path("tokens/<int:token_pk>/revoke/", RevokeView.as_view(), name="users_token_revoke"),
    ]


@hooks.register("register_settings_menu_item")
def tokens_item() -> MenuItem:
    """List the tokens among the settings."""
    return TokensItem(
        _("API tokens"), reverse("users_tokens"), name="api-tokens", icon_name="key", order=900
    )

"""Where the screens of rights and of acts on many are reached from, and how the log names them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.admin.widgets.button import Button
from wagtail.models import Page

from content import access, grant, policies
from content.admin.bots import MANAGES
from content.admin.grants import address
from content.models import BulkRun


class RightsItem(MenuItem):  # type: ignore[misc]
    """The list of rights on single things, for those who may see it."""

    def is_shown(self, request: HttpRequest) -> bool:
        """Return whether this person may."""
        return bool(request.user.has_perm(access.SEES))


class BotsItem(MenuItem):  # type: ignore[misc]
    """The list of bots, for those who look after accounts."""

    def is_shown(self, request: HttpRequest) -> bool:
        """Return whether this person may."""
        return bool(request.user.has_perm(MANAGES))


class RunsItem(MenuItem):  # type: ignore[misc]
    """The list of acts on many, for those who have begun one."""

    def is_shown(self, request: HttpRequest) -> bool:
        """Return whether there is anything to be seen."""
        user = request.user
        return bool(user.is_superuser or BulkRun.objects.filter(by_id=user.pk).exists())


def hang() -> None:
    """Hang the buttons, menu items and words of the log on Wagtail."""
    hooks.register("register_page_header_buttons", of_page)
    hooks.register("register_page_listing_more_buttons", of_page)
    hooks.register("register_snippet_listing_buttons", of_snippet)
    hooks.register("register_settings_menu_item", rights_item)
    hooks.register("register_settings_menu_item", bots_item)
    hooks.register("register_reports_menu_item", runs_item)
    hooks.register("register_log_actions", words_of_log)


def of_page(page: Page, user: Any, **_told: Any) -> Iterator[Button]:
    """Offer the rights on a page to whoever may see them."""
    if page.pk and not page.is_root() and access.opens(user, page):
        yield Button(_("Rights"), address(page), icon_name="lock", priority=70)


def of_snippet(snippet: Any, user: Any, next_url: str | None = None) -> Iterator[Button]:
    """Offer the rights on a snippet to whoever may see them."""
    if isinstance(snippet, policies.SNIPPETS) and access.opens(user, snippet):
        yield Button(_("Rights"), address(snippet), icon_name="lock", priority=70)


def rights_item() -> MenuItem:
    """List the rights on single things among the settings."""
    return RightsItem(
        lazy("Rights"), reverse("content_access:index"), name="rights", icon_name="lock", order=910
    )


def bots_item() -> MenuItem:
    """List the bots among the settings."""
    return BotsItem(
        lazy("Bots"), reverse("content_bots:index"), name="bots", icon_name="cogs", order=920
    )


def runs_item() -> MenuItem:
    """List the acts on many things among the reports."""
    return RunsItem(
        lazy("Acts on many"), reverse("content_bulk:index"), name="many", icon_name="tasks",
        order=1200,
    )  # fmt: skip


def words_of_log(actions: Any) -> None:
    """Say in the log what was given, taken away, and what ended."""
    actions.register_action(grant.GIVEN, lazy("Right given"), _told(lazy("%(to)s may: %(rights)s")))
    actions.register_action(
        grant.TAKEN, lazy("Right taken away"), _told(lazy("%(to)s may not any more: %(rights)s"))
    )
    actions.register_action(
        grant.ENDED, lazy("Right ended"), _told(lazy("The time of %(to)s was over: %(rights)s"))
    )


def _told(words: Any) -> Any:
    def message(data: dict[str, Any]) -> str:
        rights = ", ".join(grant.words(one) for one in data.get("rights", []))
        return str(words % {"to": data.get("to", ""), "rights": rights})

    return message

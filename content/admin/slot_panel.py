"""What an editor finds beside a page with personal slots: their numbers, and ways to look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as lazy
from wagtail import hooks
from wagtail.admin.ui.side_panels import BaseSidePanel
from wagtail.admin.userbar import BaseItem
from wagtail.admin.views.pages.edit import EditView
from wagtail.admin.viewsets.pages import PageViewSet, page_viewset_registry

from content import extend, look
from content.admin.look import LOOKED, LookFrame, LookView
from content.models import PublicPage
from dxp.lib import clock


class SlotPanel(BaseSidePanel):  # type: ignore[misc]
    """Beside the editor: how each slot arrives, and what came of it."""

    class SidePanelToggle(BaseSidePanel.SidePanelToggle):  # type: ignore[misc]
        aria_label = lazy("Toggle personal slots")
        icon_name = "user"
        has_counter = False

    name = "slots"
    title = lazy("Personal slots")
    template_name = "content/slots/panel.html"
    order = 360

    def get_context_data(self, parent_context: Mapping[str, Any]) -> dict[str, Any]:
        """Return the slots and what the floors above tell of them."""
        told: dict[str, Any] = super().get_context_data(parent_context)
        page = self.object
        deliveries = page.deliveries()
        told["slots"] = [
            {"id": slot_id, "delivery": deliveries[slot_id], "wanted": slot.value["delivery"],
             "variants": len(slot.value["variants"]), "control": slot.value["control"]}
            for slot_id, slot in page.slots().items()
        ]  # fmt: skip
        numbers = extend.content_slot_numbers(page=page, user=self.request.user)
        told["numbers"] = mark_safe("".join(numbers))  # noqa: S308 - panels of our own floors
        told["look_url"] = reverse("content_look", args=[page.pk])
        return told


class PersonalEdit(EditView):  # type: ignore[misc]
    """Wagtail's editor with our panel, where a page has slots."""

    def get_side_panels(self) -> Any:
        """Return the panels beside the editor."""
        found = super().get_side_panels()
        if isinstance(self.page, PublicPage) and self.page.slots():
            found.append(SlotPanel(self.page, self.request))
        return found


class PersonalPages(PageViewSet):  # type: ignore[misc]
    """Wagtail's screens for pages, with our editor."""

    edit_view_class = PersonalEdit


class LookItem(BaseItem):  # type: ignore[misc]
    """The way from a page to looking at it as somebody."""

    template_name = "content/slots/userbar.html"

    def __init__(self, page: PublicPage) -> None:
        self.page = page
        super().__init__()

    def get_context_data(self, parent_context: Mapping[str, Any]) -> dict[str, Any]:
        """Return the address."""
        told: dict[str, Any] = super().get_context_data(parent_context)
        return {**told, "url": reverse("content_look", args=[self.page.pk])}


page_viewset_registry.register(PublicPage, PersonalPages())


def may_look(user: Any, page: Any) -> bool:
    """Return whether the way to look as somebody is offered."""
    if not isinstance(page, PublicPage) or not page.pk or not page.slots():
        return False
    permissions = page.permissions_for_user(user)
    return bool(permissions.can_edit() or permissions.can_publish())


@hooks.register("register_admin_urls")
def addresses() -> list[URLPattern]:
    """Offer the addresses at which a draft is looked at as somebody else."""
    return [
        path("look/<int:page_id>/", LookView.as_view(), name="content_look"),
        path("look/<int:page_id>/page/", LookFrame.as_view(), name="content_look_frame"),
    ]


@hooks.register("content_preview_modes")
def modes(page: PublicPage) -> list[tuple[str, str]]:
    """Offer a page's audiences and the personas."""
    return look.modes(page)


@hooks.register("content_page_previewed")
def previewed(page: PublicPage, mode: str, user: Any) -> tuple[dict[str, Any], Any]:
    """Decide what a preview shows."""
    seen = look.see(page, mode, by=user, at=clock.now())
    return seen.decisions, seen.say


@hooks.register("construct_wagtail_userbar")
def offer_to_look(request: HttpRequest, items: list[Any], page: Any) -> None:
    """Lead from a page with slots to looking at it as somebody."""
    if may_look(request.user, page):
        items.append(LookItem(page))


@hooks.register("register_log_actions")
def acts(actions: Any) -> None:
    """Name what we write into the log."""
    actions.register_action(
        LOOKED, lazy("Look at a page as this person"), lazy("Looked at a page as this person")
    )

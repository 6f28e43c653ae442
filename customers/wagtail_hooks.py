"""What this floor hangs on Wagtail: the menu "Customers", its pages, their style and behavior."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import URLPattern, path
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.ui.components import Component
from wagtail.admin.viewsets.model import ModelViewSetGroup

from customers import compute, define
from customers.admin.blocked import BlockedViewSet, LimitViewSet
from customers.admin.computed import ComputedViewSet
from customers.admin.consent_panel import LedgerPanel, consent_panel
from customers.admin.lists import ListViewSet
from customers.admin.merging import Compare, MergeSearch, Undo
from customers.admin.profiles import ProfileViewSet
from customers.admin.rejected import RejectedViewSet
from customers.admin.retention import RetentionViewSet
from customers.admin.rule_size import rule_size
from customers.admin.segments import SegmentViewSet
from customers.admin.sources import SourceViewSet
from customers.admin.suggest import suggest, words
from customers.admin.trait_panel import tell
from customers.admin.traits import TraitViewSet
from customers.models import Profile
from customers.record import Recorded

CONTROLLERS = ("rule_builder", "copy", "live")


class CustomersGroup(ModelViewSetGroup):
    """Who it is: the menu of this floor."""

    menu_label = _("Customers")
    menu_icon = "group"
    menu_order = 150
    items = (
        ProfileViewSet, TraitViewSet, ComputedViewSet, SegmentViewSet, ListViewSet, SourceViewSet,
        RejectedViewSet, BlockedViewSet,
    )  # fmt: skip


@hooks.register("register_admin_viewset")
def customers_group() -> CustomersGroup:
    """Give the pages their addresses and their menu."""
    return CustomersGroup()


@hooks.register("register_admin_viewset")
def retention() -> RetentionViewSet:
    """Give the rules of how long events are kept their place among the settings."""
    return RetentionViewSet()


@hooks.register("register_admin_viewset")
def limits() -> LimitViewSet:
    """Give the limits of identity their place among the settings."""
    return LimitViewSet()


@hooks.register("register_admin_urls")
def rule_builder_urls() -> list[URLPattern]:
    """Give the rule builder the addresses that it asks for sizes and values."""
    return [
        path("customers/segment-size/", rule_size, name="customers_segment_size"),
        path("customers/profiles/<int:pk>/tell/", tell, name="customers_tell_trait"),
        path("customers/profiles/<int:pk>/merge/", MergeSearch.as_view(), name="customers_merge"),
        path(
            "customers/profiles/<int:pk>/merge/<int:other>/",
            Compare.as_view(),
            name="customers_merge_with",
        ),
        path("customers/links/<int:link>/undo/", Undo.as_view(), name="customers_undo_link"),
        path("customers/segment-suggest/", suggest, name="customers_segment_suggest"),
        path("customers/segment-vocabulary/", words, name="customers_segment_vocabulary"),
    ]


@hooks.register("customers_profile_panels")
def consents_of(profile: Profile, user: Any) -> SafeString:
    """Show what a person allowed, with its proof."""
    return consent_panel(profile, define.sight(user=user))


@hooks.register("construct_homepage_panels")
def ledger_panel(request: HttpRequest, panels: list[Component]) -> None:
    """Say on the first page when the ledger of consents is not what was written."""
    panels.insert(0, LedgerPanel())


@hooks.register("customers_events_recorded")
def computed_traits_of(events: Sequence[Recorded], at: datetime) -> None:
    """Mark the computed traits that new events change."""
    compute.touch(events=events, at=at)


@hooks.register("customers_profiles_merged")
def computed_traits_moved(kept: int, absorbed: int, at: datetime) -> None:
    """Mark what is counted of two people who became one."""
    compute.moved(profile_ids=[kept, absorbed], at=at)


@hooks.register("customers_profiles_split")
def computed_traits_parted(kept: int, restored: int, at: datetime) -> None:
    """Mark what is counted of two people who were one."""
    compute.moved(profile_ids=[kept, restored], at=at)


@hooks.register("insert_global_admin_css")
def style() -> str:
    """Load the style of our pages."""
    files = ((static(f"css/admin/{name}.css"),) for name in ("customers", "segments"))
    return format_html_join("\n", '<link rel="stylesheet" href="{}">', files)


@hooks.register("insert_global_admin_js")
def behavior() -> str:
    """Load the behavior of our pages; each controller registers itself."""
    files = ((static(f"js/controllers/{name}_controller.js"),) for name in CONTROLLERS)
    return format_html_join("\n", '<script type="module" src="{}"></script>', files)

"""What this floor hangs on Wagtail."""

from __future__ import annotations

from typing import Any

from django.urls import include, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import SnippetViewSet

from content import reuse
from content.admin import (  # noqa: F401 - some hang themselves on
    access,
    bots,
    bulk,
    buttons,
    closed,
    documents,
    faults,
    named,
    personas,
    review_hooks,
    runs,
    sealed,
    slot_panel,
    tags,
)
from content.admin.forms import FormViewSet
from content.admin.fragments import FragmentViewSet, keep_used
from content.admin.links import PageLinks
from content.models import Topic
from customers.choosers import SegmentChooserViewSet, segment_chooser
from customers.extend import Use
from customers.models import Segment
from dxp.lib.guard import GuardedViewSetMixin


class TopicViewSet(GuardedViewSetMixin, SnippetViewSet):
    """Topics, edited as any snippet."""

    model = Topic
    icon = "tag"
    menu_label = _("Topics")
    list_display = ["name", "slug"]
    search_fields = ["name"]


register_snippet(TopicViewSet)
register_snippet(FormViewSet)
register_snippet(FragmentViewSet)
hooks.register("before_delete_snippet", keep_used)


@hooks.register("register_admin_viewset")
def choose_segments() -> SegmentChooserViewSet:
    """Give the chooser of audiences its addresses."""
    return segment_chooser


@hooks.register("register_admin_urls")
def rights_urls() -> list[Any]:
    """Offer the pages of acts on many things, and of rights on single ones."""
    return [
        path("many/", include(runs.urls(), namespace="content_bulk")),
        path("rights/", include(access.urls(), namespace="content_access")),
        path("bots/", include(bots.urls(), namespace="content_bots")),
        path("files/", include(documents.urls(), namespace="content_files")),
    ]


buttons.hang()
hooks.register("register_settings_menu_item", sealed.menu_item)
hooks.register("register_log_actions", documents.words_of_log)


# After Wagtail's own, whose places they take.
for view in bulk.views():
    hooks.register("register_bulk_action", view, order=100)


@hooks.register("customers_segment_uses")
def uses(segment: Segment) -> list[Use]:
    """Name the pages whose slots have a variant for a segment, drafts of them too."""
    return [
        Use(
            gettext("Page"),
            page.get_admin_display_title(),
            reverse("wagtailadmin_pages:edit", args=[page.pk]),
        )
        for page in reuse.pages(segment)
    ]


@hooks.register("customers_preference_topics")
def preference_topics() -> list[tuple[str, str]]:
    """Let people leave out topics of ours in what we write to them."""
    return list(Topic.objects.values_list("slug", "name"))


@hooks.register("register_rich_text_features", order=10)
def link_pages(features: Any) -> None:
    """Let links in texts lead to the page in the language that is read."""
    features.register_link_type(PageLinks)

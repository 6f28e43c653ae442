"""What this floor hangs on Wagtail."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import SnippetViewSet

from content.models import Topic
from customers.choosers import SegmentChooserViewSet, segment_chooser


class TopicViewSet(SnippetViewSet):
    """Topics, edited as any snippet."""

    model = Topic
    icon = "tag"
    menu_label = _("Topics")
    list_display = ["name", "slug"]
    search_fields = ["name"]


register_snippet(TopicViewSet)


@hooks.register("register_admin_viewset")
def choose_segments() -> SegmentChooserViewSet:
    """Give the chooser of audiences its addresses."""
    return segment_chooser


@hooks.register("customers_preference_topics")
def preference_topics() -> list[tuple[str, str]]:
    """Let people leave out topics of ours in what we write to them."""
    return list(Topic.objects.values_list("slug", "name"))

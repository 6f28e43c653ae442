"""What this floor hangs on Wagtail."""

from __future__ import annotations

from django.contrib.contenttypes.models import ContentType
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.models import Page, ReferenceIndex
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import SnippetViewSet

from content.admin.forms import FormViewSet
from content.models import Topic
from customers.choosers import SegmentChooserViewSet, segment_chooser
from customers.extend import Use
from customers.models import Segment


class TopicViewSet(SnippetViewSet):
    """Topics, edited as any snippet."""

    model = Topic
    icon = "tag"
    menu_label = _("Topics")
    list_display = ["name", "slug"]
    search_fields = ["name"]


register_snippet(TopicViewSet)
register_snippet(FormViewSet)


@hooks.register("register_admin_viewset")
def choose_segments() -> SegmentChooserViewSet:
    """Give the chooser of audiences its addresses."""
    return segment_chooser


@hooks.register("customers_segment_uses")
def uses(segment: Segment) -> list[Use]:
    """Name the pages whose slots have a variant for a segment, drafts of them too."""
    pages = ContentType.objects.get_for_model(Page)
    found = ReferenceIndex.get_references_to(segment).filter(base_content_type=pages)
    numbers = {int(number) for number in found.values_list("object_id", flat=True)}
    return [
        Use(
            gettext("Page"),
            page.get_admin_display_title(),
            reverse("wagtailadmin_pages:edit", args=[page.pk]),
        )
        for page in Page.objects.filter(pk__in=numbers).order_by("title")
    ]


@hooks.register("customers_preference_topics")
def preference_topics() -> list[tuple[str, str]]:
    """Let people leave out topics of ours in what we write to them."""
    return list(Topic.objects.values_list("slug", "name"))

"""What tagging hangs on Wagtail: its menu, its addresses, what it refuses, what it writes down."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.viewsets.model import ModelViewSetGroup
from wagtail.log_actions import LogFormatter

from content.admin import tag_bulk, tagging
from content.admin.facets import FacetViewSet
from content.admin.terms import TermViewSet

# What was done, and what its entry says.
ACTS = {
    "tag.accept": (_("Accept a suggested term"), _("Suggested term “%(term)s” accepted")),
    "tag.reject": (_("Reject a suggested term"), _("Suggested term “%(term)s” rejected")),
    "tag.give": (_("Tag"), _("Tagged with “%(term)s”")),
    "tag.take": (_("Take a term away"), _("Term “%(term)s” taken away")),
    "tag.withhold": (
        _("Keep back what lacks a term"),
        _("Not published: it needs a term of %(facets)s"),
    ),
    "term.merge": (_("Merge a term"), _("Merged into “%(into)s”")),
    "term.part": (_("Undo the merge of a term"), _("Merge undone")),
    "term.retire": (_("Retire a term"), _("Retired")),
    "term.revive": (_("Use a term again"), _("Used again")),
}


class TagsGroup(ModelViewSetGroup):
    """What things may be tagged with."""

    menu_label = _("Vocabulary")
    menu_icon = "tag"
    menu_order = 320
    items = (TermViewSet, FacetViewSet)


@hooks.register("register_admin_viewset")
def vocabulary() -> TagsGroup:
    """Give the vocabulary its addresses and its menu."""
    return TagsGroup()


@hooks.register("register_admin_urls")
def urls() -> list[URLPattern]:
    """Give the tags of one thing their addresses."""
    return [
        path("tags/everything/", tag_bulk.suggest_all, name="content_tags_everything"),
        path("tags/rebuild/", tag_bulk.rebuild, name="content_tags_rebuild"),
        path("tags/offer/", tagging.offer, name="content_tags_offer"),
        path("tags/<int:content_type_id>/<int:object_id>/", tagging.show, name="content_tags"),
        path(
            "tags/<int:content_type_id>/<int:object_id>/<str:act>/",
            tagging.act,
            name="content_tags_act",
        ),
    ]


for view in tag_bulk.views():
    hooks.register("register_bulk_action", view)
hooks.register("before_publish_page", tagging.refuse_untagged_page)


@hooks.register("before_publish")
def refuse(request: HttpRequest, instance: Any) -> HttpResponse | None:
    """Keep a fragment a draft that lacks terms which it needs."""
    return tagging.refuse_untagged(request, instance)


@hooks.register("register_log_actions")
def acts(actions: Any) -> None:
    """Name what is written into the history."""
    for name, (label, words) in ACTS.items():
        actions.register_action(f"content.{name}")(_formatter(label, words))


def _formatter(label: Any, words: Any) -> type[LogFormatter]:
    """Return what tells an entry in words, with the terms that it holds."""

    def told(self: LogFormatter, entry: Any) -> str:
        return str(words) % {"term": "", "into": "", "facets": "", **(entry.data or {})}

    return type("Told", (LogFormatter,), {"label": label, "format_message": told})


@hooks.register("insert_global_admin_css")
def style() -> SafeString:
    """Load the style of tags."""
    return format_html('<link rel="stylesheet" href="{}">', static("css/admin/tags.css"))


@hooks.register("insert_editor_js")
def behavior() -> SafeString:
    """Load the behavior of tags where things are edited."""
    source = static("js/controllers/tags_controller.js")
    return format_html('<script type="module" src="{}"></script>', source)

"""Whoever changes what pages show has them dropped from the caches."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models.signals import post_delete, post_save, pre_delete
from wagtail.contrib.redirects.models import Redirect
from wagtail.contrib.settings.models import BaseGenericSetting, BaseSiteSetting
from wagtail.models import Locale, Page, PageViewRestriction, Site
from wagtail.signals import page_slug_changed, post_page_move
from wagtail.snippets.models import get_snippet_models

from content import purge
from content.models import Document, Image
from customers.models import Segment

# Nothing that anybody sees: written when a draft is kept, a page is locked, indexed.
UNSEEN = {
    "draft_title", "latest_revision", "latest_revision_created_at", "has_unpublished_changes",
    "locked", "locked_at", "locked_by", "go_live_at", "approved_schedule", "numchild",
}  # fmt: skip
EVERYWHERE = (Site, Locale, PageViewRestriction, BaseSiteSetting, BaseGenericSetting)


def connect() -> None:
    """Listen from now on."""
    post_save.connect(saved, dispatch_uid="content.purge.saved")
    pre_delete.connect(leaving, dispatch_uid="content.purge.leaving")
    post_delete.connect(gone, dispatch_uid="content.purge.gone")
    page_slug_changed.connect(moved, dispatch_uid="content.purge.slug")
    post_page_move.connect(moved, dispatch_uid="content.purge.moved")


def saved(sender: type, instance: Any, raw: bool, update_fields: Any, **_more: Any) -> None:
    """Something was saved: a published page or another thing that pages show."""
    if raw or (update_fields is not None and UNSEEN.issuperset(update_fields)):
        return
    if issubclass(sender, Page):
        if not instance.live and _more.get("created"):
            return
        _drop_page(instance)
    else:
        _drop_other(sender, instance)


def leaving(sender: type, instance: Any, **_more: Any) -> None:
    """Something is about to be deleted: afterwards nobody knows where it was shown."""
    if issubclass(sender, Page):
        _drop_page(instance)
    else:
        _drop_other(sender, instance)


def gone(sender: type, **_more: Any) -> None:
    """A page was deleted: it may have stood in a menu."""
    if sender is Page:
        purge.frame()


def moved(sender: type, **_more: Any) -> None:
    """A page has another address now, and all below it."""
    purge.everything()


def _drop_page(page: Page) -> None:
    alike = Page.objects.filter(translation_key=page.translation_key).values_list("pk", flat=True)
    purge.pages({page.pk, *alike}, kinds={page.specific_class._meta.model_name})
    purge.frame()


def _drop_other(sender: type, instance: Any) -> None:
    if issubclass(sender, EVERYWHERE):
        purge.everything()
    elif issubclass(sender, Redirect):
        purge.missing()
    elif sender in _shown():
        kind = ContentType.objects.get_for_model(sender, for_concrete_model=True)
        purge.things([(kind.pk, instance.pk)])


@lru_cache(maxsize=1)
def _shown() -> frozenset[type]:
    return frozenset({*get_snippet_models(), Image, Document, Segment})

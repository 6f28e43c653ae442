"""Whoever changes what pages show has them dropped from the caches."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models.signals import post_delete, post_save, pre_delete
from wagtail import hooks
from wagtail.contrib.redirects.models import Redirect
from wagtail.contrib.settings.models import BaseGenericSetting, BaseSiteSetting
from wagtail.models import (
    Collection,
    Locale,
    Page,
    PageViewRestriction,
    Revision,
    Site,
    TranslatableMixin,
)
from wagtail.signals import (
    copy_for_translation_done,
    page_published,
    page_slug_changed,
    post_page_move,
    task_submitted,
)
from wagtail.snippets.models import get_snippet_models

from content import (
    follow,
    grant,
    locate,
    policies,
    purge,
    read,
    recognize,
    renditions,
    tag,
    withhold,
)
from content.models import CheckState, Document, Image, PublicPage
from content.review import Place
from content.tasks import EXAMINE
from customers.models import Alias, ConsentEntry, Segment
from customers.record import Recorded
from dxp.lib import clock, hints

# Nothing that anybody sees: written when a draft is kept, a page is locked, indexed.
UNSEEN = {
    "draft_title", "latest_revision", "latest_revision_created_at", "has_unpublished_changes",
    "locked", "locked_at", "locked_by", "go_live_at", "approved_schedule", "numchild",
}  # fmt: skip
SEGMENT_EVENTS = {"Segment Entered", "Segment Left"}
# What grants are on: a page is a page, whatever its kind.
HELD = {Page, Collection, *policies.FILES, *policies.SNIPPETS}
EVERYWHERE = (Site, Locale, PageViewRestriction, BaseSiteSetting, BaseGenericSetting)


def connect() -> None:
    """Listen from now on."""
    post_save.connect(saved, dispatch_uid="content.purge.saved")
    pre_delete.connect(leaving, dispatch_uid="content.purge.leaving")
    post_delete.connect(gone, dispatch_uid="content.purge.gone")
    for model in (Revision, Image, Document):
        post_save.connect(written, sender=model, dispatch_uid=f"content.tags.{model.__name__}")
    post_delete.connect(untag, dispatch_uid="content.tags.gone")
    page_published.connect(published, dispatch_uid="content.renditions.published")
    post_save.connect(redrawn, sender=Image, dispatch_uid="content.renditions.redrawn")
    post_save.connect(decided, sender=ConsentEntry, dispatch_uid="content.recognize.decided")
    hooks.register("customers_events_recorded", joined)
    hooks.register("customers_profiles_merged", merged)
    hooks.register("customers_profiles_split", split)
    hooks.register("customers_profile_erased", erased)
    hooks.register("content_draft_approved", withheld)
    hooks.register("after_copy_page", copied)
    copy_for_translation_done.connect(translated, dispatch_uid="content.tags.translated")
    task_submitted.connect(handed_in, dispatch_uid="content.checks.handed_in")
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


def written(sender: type, instance: Any, raw: bool, **_more: Any) -> None:
    """Something was written that has tags: a draft, a published edition, a picture, a file."""
    if raw:
        return
    if isinstance(instance, Revision):
        kind, number = instance.base_content_type, int(instance.object_id)
        if kind.model_class() not in read.THINGS:
            return
    else:
        kind, number = ContentType.objects.get_for_model(sender), instance.pk
    follow.wait(kind=kind, number=number, at=clock.now())


def published(instance: Any, **_more: Any) -> None:
    """A page was published: its pictures are needed in the sizes in which it shows them."""
    if isinstance(instance, PublicPage):
        renditions.of_page(page=instance)


def redrawn(instance: Any, raw: bool, **_more: Any) -> None:
    """A picture was changed: pages that show it need it anew."""
    if not raw:
        renditions.of_picture(image=instance)


def untag(sender: type, instance: Any, **_more: Any) -> None:
    """Something that had tags was deleted, or something on which rights were given."""
    if sender in HELD:
        grant.forget(kind=ContentType.objects.get_for_model(sender), pk=instance.pk)
    if sender in read.THINGS:
        follow.gone(kind=ContentType.objects.get_for_model(sender), number=instance.pk)


def copied(request: Any, page: Page, new_page: Page) -> None:
    """A page was copied, perhaps with all below it: the copies are about the same."""
    source = page.get_descendants(inclusive=True)
    target = new_page.get_descendants(inclusive=True)
    if not new_page.get_children().exists():
        source, target = [page], [new_page]
    for original, copy in zip(source, target, strict=False):
        tag.copy(original, copy, at=clock.now())


def translated(source_obj: Any, target_obj: Any, **_more: Any) -> None:
    """Something was copied to be translated: it will be about the same."""
    if isinstance(source_obj, read.THINGS):
        tag.copy(source_obj, target_obj, at=clock.now())


def withheld(workflow_state: Any, user: Any) -> bool:
    """A draft was approved: without a term that it needs it stays one."""
    return withhold.approved(
        thing=workflow_state.content_object, by=user, asked_by=workflow_state.requested_by,
        place=Place(settings.SITE_URL),
    )  # fmt: skip


def joined(events: Sequence[Recorded]) -> None:
    """Somebody entered or left a segment: their next page shows it."""
    recognize.forget({one.profile_id for one in events if one.name in SEGMENT_EVENTS})


def merged(kept: int, absorbed: int) -> None:
    """Two profiles became one."""
    recognize.forget({kept, absorbed})


def split(kept: int, restored: int) -> None:
    """Two profiles came apart again."""
    recognize.forget({kept, restored})


def erased(profile_ids: Sequence[int]) -> None:
    """Somebody is forgotten."""
    recognize.forget(profile_ids)


def decided(instance: ConsentEntry, raw: bool, **_more: Any) -> None:
    """Somebody allowed or refused something."""
    alias = None if raw else instance.alias
    if isinstance(alias, Alias):
        recognize.forget_alias(alias)


def _drop_page(page: Page) -> None:
    alike = Page.objects.filter(translation_key=page.translation_key).values_list("pk", flat=True)
    purge.pages({page.pk, *alike}, kinds={page.specific_class._meta.model_name})
    purge.frame()


def _drop_other(sender: type[Any], instance: Any) -> None:
    if issubclass(sender, Site):
        transaction.on_commit(locate.forget, robust=True)
    if issubclass(sender, EVERYWHERE):
        purge.everything()
    elif issubclass(sender, Redirect):
        purge.missing()
    elif sender in _shown():
        kind = ContentType.objects.get_for_model(sender, for_concrete_model=True)
        numbers = {instance.pk}
        if issubclass(sender, TranslatableMixin):
            # A page that refers to one in another language shows the one of its own.
            alike = sender._default_manager.filter(translation_key=instance.translation_key)
            numbers |= set(alike.values_list("pk", flat=True))
        purge.things([(kind.pk, number) for number in numbers])


@lru_cache(maxsize=1)
def _shown() -> frozenset[type]:
    return frozenset({*get_snippet_models(), Image, Document, Segment})


def handed_in(sender: type, instance: Any, **_more: Any) -> None:
    """A draft came to a step of its workflow: if a program checks it, it need not wait."""
    if isinstance(instance, CheckState):
        hints.after_commit(EXAMINE)

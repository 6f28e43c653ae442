"""Pieces of content that are written once and used in pages and messages."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.contenttypes.fields import GenericRelation
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.models import (
    DraftStateMixin,
    LockableMixin,
    PreviewableMixin,
    RevisionMixin,
    TranslatableMixin,
    WorkflowMixin,
)
from wagtail.search import index

from content.blocks import FragmentBody
from content.expressions import EXPRESSIONS
from dxp.lib.streams import BlocksField

PAGE = "html"
SAID = ("description", "body", "text", "sms", "push_title", "push_text", "spoken")


class Fragment(
    WorkflowMixin,
    DraftStateMixin,
    LockableMixin,
    RevisionMixin,
    PreviewableMixin,
    TranslatableMixin,
    index.Indexed,
    models.Model,
):
    """One idea, said for each channel: in blocks on pages, in words elsewhere.

    What a channel needs is derived from the blocks where its own field is empty. One row per
    language; translations share `translation_key`.
    """

    name = models.CharField(
        _("name"), max_length=100, help_text=_("For colleagues; people never see it.")
    )
    description = models.CharField(_("what it is for"), max_length=300, blank=True)
    body = BlocksField(FragmentBody(), verbose_name=_("on pages"))
    text = models.TextField(
        _("as plain text"), blank=True, max_length=5000, help_text=_("Empty: made from the blocks.")
    )
    sms = models.TextField(_("as a text message"), blank=True, max_length=1600)
    push_title = models.CharField(_("title of a push message"), max_length=100, blank=True)
    push_text = models.CharField(_("as a push message"), max_length=300, blank=True)
    spoken = models.TextField(
        _("spoken"), blank=True, max_length=5000, help_text=_("What a voice says, in plain words.")
    )

    workflow_states = GenericRelation(
        "wagtailcore.WorkflowState",
        content_type_field="base_content_type",
        object_id_field="object_id",
        related_query_name="fragment",
        for_concrete_model=False,
    )
    _revisions = GenericRelation(
        "wagtailcore.Revision",
        content_type_field="base_content_type",
        object_id_field="object_id",
        related_query_name="fragment",
        for_concrete_model=False,
    )

    # Searched while one types, so by the beginnings of words.
    search_fields = [
        index.SearchField("name", boost=5),
        *(index.SearchField(name) for name in SAID),
        *(index.AutocompleteField(name) for name in ("name", *SAID)),
        *(index.FilterField(name) for name in ("id", "name", "locale", "live")),
    ]

    class Meta(TranslatableMixin.Meta):
        verbose_name = _("fragment")
        verbose_name_plural = _("fragments")
        ordering = ["name"]
        permissions = [("publish_fragment", "Can publish fragment")]
        constraints = [
            models.UniqueConstraint(fields=["name", "locale"], name="content_fragment_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def revisions(self) -> Any:
        return self._revisions

    @property
    def preview_modes(self) -> list[tuple[str, Any]]:
        """One for each expression."""
        return [("", EXPRESSIONS.get(PAGE).label)] + [
            (kind.name, kind.label) for kind in EXPRESSIONS if kind.name != PAGE
        ]

    def get_preview_template(self, request: object, mode_name: str) -> str:
        """Return the template that says the fragment by a tag, as a model must not."""
        return f"content/fragments/preview_{'words' if mode_name else 'page'}.html"

    def get_preview_context(self, request: Any, mode_name: str) -> dict[str, Any]:
        """Return what the preview's template reads."""
        return {
            "request": request,
            "fragment": self,
            "mode": mode_name,
            "label": dict(self.preview_modes).get(mode_name, ""),
        }

    def copy_for_translation(self, locale: Any, exclude_fields: Any = None) -> Fragment:
        """Return a copy in another language, not saved: a draft, as it may hold words of one."""
        made = cast("Fragment", super().copy_for_translation(locale, exclude_fields))
        made.live, made.has_unpublished_changes = False, True
        made.first_published_at = made.last_published_at = None
        made.live_revision = made.latest_revision = None
        made.go_live_at = made.expire_at = None
        return made

    def said_in(self, locale_id: int | None) -> Fragment | None:
        """Return what is shown where a language is spoken: its translation, or itself; live."""
        if locale_id and locale_id != self.locale_id:
            found = self.get_translations().filter(locale_id=locale_id, live=True).first()
            if found is not None:
                return cast("Fragment", found)
        return self if self.live else None

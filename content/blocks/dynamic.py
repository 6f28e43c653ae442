"""Blocks whose content depends on who looks, or on what was published last."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from content.blocks.layout import (
    CallToActionBlock,
    CardsBlock,
    FiguresBlock,
    QuoteBlock,
    TextBlock,
)
from content.blocks.media import IllustrationBlock, PictureBlock
from content.blocks.reused import FragmentBlock
from customers.choosers import SegmentChooserBlock


class SlotContent(blocks.StreamBlock):
    """What a slot may hold: no form and no slot again."""

    call_to_action = CallToActionBlock()
    text = TextBlock()
    cards = CardsBlock()
    quote = QuoteBlock()
    figures = FiguresBlock()
    illustration = IllustrationBlock()
    picture = PictureBlock()
    fragment = FragmentBlock()

    class Meta:
        min_num = 1


class Variant(blocks.StructBlock):
    audience = SegmentChooserBlock(label=_("Audience"))
    content = SlotContent(label=_("Content"))

    class Meta:
        icon = "group"
        label_format = "{audience}"


class PersonalSlotBlock(blocks.StructBlock):
    """A place that greets people differently.

    The id of the stream's child is the slot's id: Wagtail gives one to each block and keeps it
    through edits. A field of ours would be the same for two slots added in one go.
    """

    default = SlotContent(
        label=_("For everyone"),
        help_text=_(
            "What people see who are in none of the audiences, or have not allowed cookies."
        ),
    )
    variants = blocks.ListBlock(
        Variant(),
        min_num=0,
        default=[],
        label=_("For audiences"),
        help_text=_("The first match wins."),
    )
    control = blocks.IntegerBlock(
        min_value=0,
        max_value=100,
        default=0,
        label=_("Control group (%)"),
        help_text=_(
            "This share of people keeps seeing the default, so that the difference is known."
        ),
    )

    def get_context(self, value: Any, parent_context: Any = None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(value, parent_context=parent_context)
        audience = getattr(context.get("request"), "preview_audience", None)
        chosen = first_match(value, audience) if audience else None
        context["shown"] = chosen.value["content"] if chosen else value["default"]
        return context

    class Meta:
        icon = "user"
        label = _("Personal slot")
        template = "content/blocks/personal_slot.html"


def first_match(slot: Any, segments: Collection[int]) -> Any | None:
    """Return the first variant, a list child, for one of these segments, or None."""
    for child in slot["variants"].bound_blocks:
        segment = child.value["audience"]
        if segment is not None and segment.pk in segments:
            return child
    return None


class LatestArticlesBlock(blocks.StructBlock):
    heading = blocks.CharBlock(max_length=100, label=_("Heading"))
    count = blocks.IntegerBlock(min_value=1, max_value=6, default=3, label=_("How many"))

    class Meta:
        icon = "doc-full"
        label = _("Latest articles")
        template = "content/blocks/latest_articles.html"

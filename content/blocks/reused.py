"""Blocks that show something written elsewhere: a fragment, a form."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.snippets.blocks import SnippetChooserBlock

from content.blocks.asked import AskedForm
from content.blocks.layout import (
    CallToActionBlock,
    CardsBlock,
    FaqBlock,
    FiguresBlock,
    QuoteBlock,
    TableBlock,
    TextBlock,
)
from content.blocks.media import IllustrationBlock, PictureBlock


class FragmentBody(blocks.StreamBlock):
    """What a fragment is made of: no form, no slot, and no fragment again."""

    text = TextBlock()
    call_to_action = CallToActionBlock()
    cards = CardsBlock()
    quote = QuoteBlock()
    figures = FiguresBlock()
    table = TableBlock()
    faq = FaqBlock()
    illustration = IllustrationBlock()
    picture = PictureBlock()

    class Meta:
        min_num = 1


class FragmentBlock(SnippetChooserBlock):
    """A fragment in its place, in the language of the page around it."""

    def __init__(self, **options: object) -> None:
        options.pop("target_model", None)
        super().__init__("content.Fragment", **options)

    def get_context(self, value: Any, parent_context: Any = None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(value, parent_context=parent_context)
        page = context.get("page")
        context["said"] = value.said_in(page.locale_id if page else None) if value else None
        return context

    class Meta:
        icon = "snippet"
        label = _("Fragment")
        template = "content/blocks/fragment.html"


class FormBlock(SnippetChooserBlock):
    """A form in its place, with what was wrong where it was sent with faults."""

    def __init__(self, **options: object) -> None:
        options.pop("target_model", None)
        super().__init__("content.Form", **options)

    def get_context(self, value: Any, parent_context: Any = None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(value, parent_context=parent_context)
        block_id = str(context.get("id") or "")
        request = context.get("request")
        filled = getattr(request, "asked_form", None)
        ours = filled is not None and filled.block_id == block_id
        context["asked"] = (
            filled
            if ours
            else AskedForm(questions=value.fields, block_id=block_id, most_new=value.most_new)
        )
        context["is_sent"] = getattr(request, "asked_sent", None) == block_id
        return context

    class Meta:
        icon = "form"
        label = _("Form")
        template = "content/blocks/form.html"

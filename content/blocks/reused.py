"""Blocks that show something written elsewhere: a fragment, a form."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.snippets.blocks import SnippetChooserBlock

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
    """A fragment in its place."""

    def __init__(self, **options: object) -> None:
        options.pop("target_model", None)
        super().__init__("content.Fragment", **options)

    class Meta:
        icon = "snippet"
        label = _("Fragment")
        template = "content/blocks/fragment.html"


class FormBlock(SnippetChooserBlock):
    """A form in its place."""

    def __init__(self, **options: object) -> None:
        options.pop("target_model", None)
        super().__init__("content.Form", **options)

    class Meta:
        icon = "form"
        label = _("Form")
        template = "content/blocks/form.html"

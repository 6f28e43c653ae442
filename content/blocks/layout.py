"""Structure and words: what stands still."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from content.blocks import shelf
from content.blocks.media import ArtChoice
from content.blocks.shelf import DescribedPictureBlock, PageLinkBlock

PROSE = ["h2", "h3", "bold", "italic", "link", "ol", "ul", "document-link", "hr"]
INLINE = ["bold", "italic", "link"]


class LinkValue(blocks.StructValue):
    """A link that may lead to a page of ours or elsewhere."""

    @property
    def href(self) -> str:
        """Where it leads; empty when the page is gone and nothing else was given."""
        page = self.get("page")
        return shelf.address(page) if page and page.live else str(self.get("url") or "")


class LinkBlock(blocks.StructBlock):
    text = blocks.CharBlock(required=False, max_length=60, label=_("Text"))
    page = PageLinkBlock(required=False, label=_("Page"))
    url = blocks.URLBlock(required=False, label=_("or address elsewhere"))

    class Meta:
        icon = "link"
        value_class = LinkValue
        label = _("Link")


class TextBlock(blocks.RichTextBlock):
    def __init__(self, **options: Any) -> None:
        options.setdefault("features", PROSE)
        super().__init__(**options)

    class Meta:
        icon = "pilcrow"
        label = _("Text")
        template = "content/blocks/text.html"


class HeroBlock(blocks.StructBlock):
    eyebrow = blocks.CharBlock(required=False, max_length=60, label=_("Line above"))
    heading = blocks.CharBlock(max_length=120, label=_("Heading"))
    text = blocks.TextBlock(required=False, rows=3, label=_("Text"))
    links = blocks.ListBlock(LinkBlock(), min_num=0, max_num=2, default=[], label=_("Links"))
    picture = DescribedPictureBlock(required=False, shape="arch", label=_("Image"))
    art = ArtChoice(
        required=False, label=_("or illustration"), help_text=_("Shown where there is no image.")
    )

    class Meta:
        icon = "image"
        label = _("Opening")
        template = "content/blocks/hero.html"


class CardBlock(blocks.StructBlock):
    title = blocks.CharBlock(max_length=80, label=_("Title"))
    text = blocks.TextBlock(required=False, rows=2, label=_("Text"))
    art = ArtChoice(required=False, label=_("Illustration"))
    link = LinkBlock(required=False)


class CardsBlock(blocks.StructBlock):
    heading = blocks.CharBlock(required=False, max_length=100, label=_("Heading"))
    text = blocks.TextBlock(required=False, rows=2, label=_("Text"))
    cards = blocks.ListBlock(CardBlock(), min_num=1, max_num=6, label=_("Cards"))

    class Meta:
        icon = "grip"
        label = _("Cards")
        template = "content/blocks/cards.html"


class QuoteBlock(blocks.StructBlock):
    text = blocks.TextBlock(rows=3, label=_("Quote"))
    who = blocks.CharBlock(required=False, max_length=80, label=_("Who said it"))
    role = blocks.CharBlock(required=False, max_length=80, label=_("Role"))

    class Meta:
        icon = "openquote"
        label = _("Quote")
        template = "content/blocks/quote.html"


class FigureBlock(blocks.StructBlock):
    label = blocks.CharBlock(max_length=60, label=_("What"))
    value = blocks.CharBlock(max_length=30, label=_("Figure"))
    note = blocks.CharBlock(required=False, max_length=120, label=_("Note"))

    class Meta:
        icon = "decimal"
        label = _("Figure")


class FiguresBlock(blocks.StructBlock):
    heading = blocks.CharBlock(required=False, max_length=100, label=_("Heading"))
    figures = blocks.ListBlock(FigureBlock(), min_num=1, max_num=8, label=_("Figures"))
    source = blocks.CharBlock(required=False, max_length=160, label=_("Source"))

    class Meta:
        icon = "decimal"
        label = _("Figures")
        template = "content/blocks/figures.html"


class TableRowBlock(blocks.StructBlock):
    name = blocks.CharBlock(max_length=80, label=_("Row"))
    cells = blocks.ListBlock(blocks.CharBlock(max_length=80), min_num=1, max_num=5)


class TableBlock(blocks.StructBlock):
    caption = blocks.CharBlock(max_length=120, label=_("Caption"))
    first = blocks.CharBlock(required=False, max_length=40, label=_("Heading of the first column"))
    columns = blocks.ListBlock(blocks.CharBlock(max_length=40), min_num=1, max_num=5)
    rows = blocks.ListBlock(TableRowBlock(), min_num=1, label=_("Rows"))

    class Meta:
        icon = "table"
        label = _("Table")
        template = "content/blocks/table.html"


class CallToActionBlock(blocks.StructBlock):
    heading = blocks.CharBlock(max_length=100, label=_("Heading"))
    text = blocks.TextBlock(required=False, rows=2, label=_("Text"))
    link = LinkBlock()

    class Meta:
        icon = "pick"
        label = _("Call to action")
        template = "content/blocks/call_to_action.html"


class QuestionBlock(blocks.StructBlock):
    question = blocks.CharBlock(max_length=160, label=_("Question"))
    answer = blocks.RichTextBlock(features=[*INLINE, "ul"], label=_("Answer"))


class FaqBlock(blocks.StructBlock):
    heading = blocks.CharBlock(required=False, max_length=100, label=_("Heading"))
    questions = blocks.ListBlock(QuestionBlock(), min_num=1, label=_("Questions"))

    class Meta:
        icon = "help"
        label = _("Questions and answers")
        template = "content/blocks/faq.html"

"""The streams that page types offer."""

from __future__ import annotations

from wagtail import blocks

from content.blocks.dynamic import LatestArticlesBlock, PersonalSlotBlock
from content.blocks.fields import SignUpBlock
from content.blocks.layout import (
    CallToActionBlock,
    CardsBlock,
    FaqBlock,
    FiguresBlock,
    HeroBlock,
    QuoteBlock,
    TableBlock,
    TextBlock,
)
from content.blocks.media import IllustrationBlock, PictureBlock
from content.blocks.reused import FormBlock, FragmentBlock


class ProductBody(blocks.StreamBlock):
    """Everything but an opening, which articles and products draw from their own fields."""

    text = TextBlock()
    quote = QuoteBlock()
    figures = FiguresBlock()
    table = TableBlock()
    illustration = IllustrationBlock()
    picture = PictureBlock()
    cards = CardsBlock()
    faq = FaqBlock()
    call_to_action = CallToActionBlock()
    personal_slot = PersonalSlotBlock()
    sign_up = SignUpBlock()
    form = FormBlock()
    fragment = FragmentBlock()


class Body(ProductBody):
    """Everything."""

    hero = HeroBlock()
    latest_articles = LatestArticlesBlock()

"""One page type with blocks like ours, and blocks that are shown to segments."""

from wagtail import blocks
from wagtail.fields import StreamField
from wagtail.models import Page
from wagtail_personalisation.blocks import PersonalisedStructBlock

TEMPLATE = "benchmarks_peers/{}.html"


class Hero(blocks.StructBlock):
    eyebrow = blocks.CharBlock()
    heading = blocks.CharBlock()
    text = blocks.TextBlock()
    page = blocks.PageChooserBlock()

    class Meta:
        template = TEMPLATE.format("hero")


class Words(blocks.StructBlock):
    heading = blocks.CharBlock()
    items = blocks.ListBlock(
        blocks.StructBlock([
            ("title", blocks.CharBlock()),
            ("text", blocks.TextBlock()),
            ("page", blocks.PageChooserBlock(required=False)),
        ])
    )

    class Meta:
        template = TEMPLATE.format("words")


class Call(PersonalisedStructBlock):
    heading = blocks.CharBlock()

    class Meta:
        template = TEMPLATE.format("call")


class PeerPage(Page):
    body = StreamField([
        ("hero", Hero()), ("text", blocks.RichTextBlock()), ("words", Words()), ("call", Call()),
    ], blank=True)  # fmt: skip
    template = TEMPLATE.format("page")

    class Meta:
        app_label = "peers"

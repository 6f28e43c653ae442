"""Pictures: uploaded ones, and the illustrations that come with the design."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from content.blocks.setting import SettingBlock
from content.blocks.shelf import DescribedPictureBlock

# Each is static/img/art/<name>.svg, drawn for light and dark.
ART = [
    ("finch", _("Finch on a branch")),
    ("alder", _("Alder by the water")),
    ("rings", _("Growth rings")),
    ("hills", _("Hills and sun")),
    ("river", _("River")),
    ("seeds", _("Seeds")),
    ("nest", _("Nest")),
    ("roof", _("Roofs")),
    ("compass", _("Compass")),
    ("leaves", _("Leaves")),
]


def drawings() -> list[tuple[str, Any]]:
    """Return the choices; a function, so that a new drawing asks for no migration."""
    return list(ART)


class ArtChoice(SettingBlock):
    def __init__(self, **options: Any) -> None:
        options.setdefault("choices", drawings)
        super().__init__(**options)

    class Meta:
        icon = "image"


class IllustrationBlock(blocks.StructBlock):
    art = ArtChoice(label=_("Illustration"))
    alt = blocks.CharBlock(
        required=False,
        max_length=160,
        label=_("Description"),
        help_text=_("For people who cannot see it; empty when it only decorates."),
    )
    caption = blocks.CharBlock(required=False, max_length=200, label=_("Caption"))

    class Meta:
        icon = "image"
        label = _("Illustration")
        template = "content/blocks/illustration.html"


class PictureBlock(blocks.StructBlock):
    image = DescribedPictureBlock(shape="wide", label=_("Image"))
    caption = blocks.CharBlock(required=False, max_length=200, label=_("Caption"))

    class Meta:
        icon = "image"
        label = _("Image")
        template = "content/blocks/picture.html"

"""The pieces of which a message is built."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from journeys.wording import BadVariable, variables

_TARGET = re.compile(r"^(https?://[^\s/]+\S*|/(?!/)\S*)$", re.IGNORECASE)
NO_VARIABLE = _('“%(found)s” is no variable. Write for example {{ first_name|default:"there" }}.')


class Worded:
    """A text block whose variables are checked when it is written."""

    def clean(self, value: str) -> Any:
        """Return the cleaned text.

        Raises:
            ValidationError: it holds braces that are no variable.
        """
        text = super().clean(value)  # type: ignore[misc]
        try:
            variables(text or "")
        except BadVariable as error:
            raise ValidationError(NO_VARIABLE, params={"found": error.found}) from error
        return text


class WordedChar(Worded, blocks.CharBlock):
    pass


class WordedText(Worded, blocks.TextBlock):
    pass


class TargetBlock(blocks.CharBlock):
    """An address to which a link leads: of the web, or of our own site."""

    def clean(self, value: str) -> Any:
        """Return the cleaned address.

        Raises:
            ValidationError: it is neither http(s) nor a path of the site.
        """
        text = str(super().clean(value)).strip()
        if not _TARGET.match(text) or "{{" in text:
            raise ValidationError(
                _("Write an address such as https://example.org/offer or /offer.")
            )
        return text


class LinkBlock(blocks.StructBlock):
    text = WordedChar(label=_("Text"), max_length=100)
    url = TargetBlock(label=_("Leads to"), max_length=1000)
    look = blocks.ChoiceBlock(
        label=_("Looks like"),
        choices=[("button", _("Button")), ("link", _("Link"))],
        default="button",
    )

    class Meta:
        icon = "link"
        label = _("Button or link")


class PictureBlock(blocks.StructBlock):
    url = TargetBlock(label=_("Address of the picture"), max_length=1000)
    alt = blocks.CharBlock(
        label=_("Description"),
        max_length=200,
        required=False,
        help_text=_("What it shows, for those who can't see it. Empty if it only decorates."),
    )

    class Meta:
        icon = "image"
        label = _("Picture")


class MailBlock(blocks.StreamBlock):
    heading = WordedChar(label=_("Heading"), icon="title", max_length=200)
    text = WordedText(
        label=_("Text"),
        icon="pilcrow",
        rows=5,
        help_text=_(
            'An empty line begins a new paragraph. Variables: {{ first_name|default:"there" }}, '
            '{{ last_name }}, {{ name }}, {{ email }}, {{ trait.plan|default:"basic" }}.'
        ),
    )
    link = LinkBlock()
    picture = PictureBlock()
    divider = blocks.StaticBlock(label=_("Line"), icon="minus")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Wagtail writes a block's name above it, but ties it to no field.
        for block in self.child_blocks.values():
            if isinstance(block, blocks.FieldBlock):
                block.field.widget.attrs["aria-label"] = block.label

    class Meta:
        required = True

"""The pieces of which a message is built."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from content.blocks import FragmentBlock
from journeys import wording
from journeys.wording import BadTarget, BadVariable

NO_VARIABLE = _('“%(found)s” is no variable. Write for example {{ first_name|default:"there" }}.')
NO_QUESTION = _('Write a question such as: trait.plan == "gold"')
NO_LIST = _("Name a list, such as event.items.")
NOT_LIVE = _("“%(name)s” is not published. Publish it first, or choose another one.")
NO_TARGET = _("Write an address such as https://example.org/offer or /offer.")
# What one thing of a list is called inside it.
MEMBER = "item"


def check_wording(text: str, scope: tuple[str, ...] = ()) -> None:
    """Refuse variables that no message can fill.

    Raises:
        ValidationError: braces that are no variable, or a name nobody knows.
    """
    try:
        wording.variables(text, scope=scope)
    except BadVariable as error:
        raise ValidationError(NO_VARIABLE, params={"found": error.found}) from error


def check_target(text: str, scope: tuple[str, ...] = ()) -> str:
    """Return the address of a link, trimmed.

    Raises:
        ValidationError: it is neither http(s) nor a path of the site, or its host is a variable.
    """
    try:
        return wording.check_target(text, scope=scope)
    except BadVariable as error:
        raise ValidationError(NO_VARIABLE, params={"found": error.found}) from error
    except BadTarget as error:
        raise ValidationError(NO_TARGET) from error


class Worded:
    """A text block whose variables are checked when it is written.

    Args:
        scope: names that something around the block gives a meaning.
    """

    def __init__(self, *args: Any, scope: tuple[str, ...] = (), **kwargs: Any) -> None:
        self.scope = scope
        super().__init__(*args, **kwargs)

    def clean(self, value: str) -> Any:
        """Return the cleaned text.

        Raises:
            ValidationError: it holds braces that are no variable.
        """
        text = super().clean(value)  # type: ignore[misc]
        check_wording(text or "", self.scope)
        return text


class WordedChar(Worded, blocks.CharBlock):
    pass


class WordedText(Worded, blocks.TextBlock):
    pass


class TargetBlock(Worded, blocks.CharBlock):
    """An address to which a link leads: of the web, or of our own site."""

    def clean(self, value: str) -> Any:
        """Return the cleaned address.

        Raises:
            ValidationError: it is neither http(s) nor a path of the site.
        """
        return check_target(str(blocks.CharBlock.clean(self, value)), self.scope)


class TagBlock(blocks.CharBlock):
    """What stands in a tag around other blocks: a question, or a list.

    Args:
        before: what stands before it in the tag.
        fault: what is said when it is none.
    """

    def __init__(
        self, *args: Any, before: str = "if ", fault: Any = NO_QUESTION, **kwargs: Any
    ) -> None:
        self.before, self.fault = before, fault
        super().__init__(*args, **kwargs)

    def clean(self, value: str) -> Any:
        """Return the cleaned words.

        Raises:
            ValidationError: no message can ask that.
        """
        text = str(super().clean(value)).strip().removeprefix("{{").removesuffix("}}").strip()
        try:
            wording.variables(f"{{% {self.before}{text} %}}{{% end{self.before.split()[0]} %}}")
        except BadVariable as error:
            raise ValidationError(self.fault) from error
        return text


class QuotedFragment(FragmentBlock):
    """A fragment as it is published, said the way mails say it."""

    def clean(self, value: Any) -> Any:
        """Return the fragment.

        Raises:
            ValidationError: nobody published it.
        """
        fragment = super().clean(value)
        if fragment is not None and not fragment.live:
            raise ValidationError(NOT_LIVE, params={"name": str(fragment)})
        return fragment


def pieces(scope: tuple[str, ...] = ()) -> list[tuple[str, blocks.Block]]:
    """Return what a message, or a part of one, is made of.

    Args:
        scope: names that something around them gives a meaning.
    """
    text = WordedText(
        label=_("Text"),
        icon="pilcrow",
        rows=5,
        max_length=10_000,
        help_text=_("An empty line begins a new paragraph. A link: [our offer](/offer)."),
        scope=scope,
    )
    link = blocks.StructBlock(
        [
            ("text", WordedChar(label=_("Text"), max_length=100, scope=scope)),
            ("url", TargetBlock(label=_("Leads to"), max_length=1000, scope=scope)),
            ("look", _look()),
        ],
        icon="link",
        label=_("Button or link"),
    )
    alt = WordedChar(
        label=_("Description"),
        max_length=200,
        required=False,
        help_text=_("What it shows, for those who can't see it. Empty if it only decorates."),
        scope=scope,
    )
    address = TargetBlock(label=_("Address of the picture"), max_length=1000, scope=scope)
    return [
        ("heading", WordedChar(label=_("Heading"), icon="title", max_length=200, scope=scope)),
        ("text", text),
        ("link", link),
        (
            "picture",
            blocks.StructBlock([("url", address), ("alt", alt)], icon="image", label=_("Picture")),
        ),
        ("divider", blocks.StaticBlock(label=_("Line"), icon="minus")),
        ("fragment", QuotedFragment()),
    ]


def _look() -> blocks.Block:
    return blocks.ChoiceBlock(
        label=_("Looks like"),
        choices=[("button", _("Button")), ("link", _("Link"))],
        default="button",
    )


def _each() -> blocks.Block:
    found = TagBlock(
        label=_("List"),
        max_length=200,
        default="event.items",
        before="for item in ",
        fault=NO_LIST,
        help_text=_("A property of the event that let the person in. One thing of it is “item”."),
    )
    inside = blocks.StreamBlock(pieces((MEMBER,)), label=_("For each"))
    return blocks.StructBlock(
        [("list", found), ("blocks", inside)], icon="list-ul", label=_("For each of a list")
    )


def _only() -> blocks.Block:
    asked = TagBlock(
        label=_("Only if"), max_length=300, help_text=_('Such as: trait.plan == "gold"')
    )
    inside = blocks.StreamBlock(pieces(), label=_("Then"))
    return blocks.StructBlock(
        [("question", asked), ("blocks", inside)], icon="help", label=_("Only if")
    )


def _named(block: blocks.Block) -> None:
    """Tie the name of each block to its field: Wagtail writes it above, but ties it to none."""
    for child in getattr(block, "child_blocks", {}).values():
        # A chooser names itself, and may not be asked for its model yet.
        if isinstance(child, blocks.FieldBlock) and not isinstance(child, blocks.ChooserBlock):
            child.field.widget.attrs.setdefault("aria-label", child.label)
        _named(child)


class MailBlock(blocks.StreamBlock):
    """The blocks of a message."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not args:
            args = ([*pieces(), ("each", _each()), ("only", _only())],)
        super().__init__(*args, **kwargs)
        _named(self)

    class Meta:
        required = True

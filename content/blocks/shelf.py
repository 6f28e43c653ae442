"""Blocks that name other things, which are fetched for a whole page at once and not block by block.

Wagtail asks the database once per kind of block. A page is rendered with what it names `laid_out`;
elsewhere (editor, a single slot) each block asks for its own, as ever.
"""

from __future__ import annotations

import copy
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.images.blocks import ImageBlock, ImageChooserBlock

# By model ("page", "image") and number; None for what was asked for and is gone.
Things = Mapping[str, Mapping[int, Any]]
_LINK = re.compile(r"<a\s[^>]*>")
_PAGE = re.compile(r'\blinktype="page"')
_NUMBER = re.compile(r'\bid="(\d+)"')
Address = Callable[[Any], str]


def _asked(page: Any) -> str:
    return str(page.get_url() or "")


_shelf: ContextVar[tuple[Things, Address]] = ContextVar("content_shelf", default=({}, _asked))


@contextmanager
def laid_out(things: Things, *, address: Address = _asked) -> Iterator[None]:
    """Provide blocks with what they name, and with a quick answer to where a page is."""
    token = _shelf.set((things, address))
    try:
        yield
    finally:
        _shelf.reset(token)


def is_laid_out() -> bool:
    """Return whether a whole page is being rendered, for whoever reads it."""
    return bool(_shelf.get()[0])


def take(kind: str, numbers: list[int | None]) -> list[Any] | None:
    """Return what lies there, None for each that is gone; None altogether if one was never asked.

    All are copies: blocks write on what they hold, such as a text for this place.
    """
    things = _shelf.get()[0].get(kind, {})
    if any(number is not None and number not in things for number in numbers):
        return None
    return [copy.copy(things[number]) if number is not None else None for number in numbers]


def address(page: Any) -> str:
    """Return where a link to a page leads: to its translation, if there is one in this language."""
    things, told = _shelf.get()
    here = things.get("here", {}).get(page.pk)
    if here is None:
        # The language that most is written in spares everyone the question.
        is_translated = translation.get_language() != settings.LANGUAGE_CODE
        here = page.localized if is_translated else page
    return told(here)


class PageLinkBlock(blocks.PageChooserBlock):
    """A page that is linked to."""

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Return what migrations know it by: Wagtail's own chooser, which stores the same."""
        _path, args, options = super().deconstruct()
        return "wagtail.blocks.PageChooserBlock", args, options

    def bulk_to_python(self, values: Any) -> Any:
        """Return the pages of these numbers."""
        values = list(values)
        found = take("page", values)
        return super().bulk_to_python(values) if found is None else found


class PictureChooserBlock(ImageChooserBlock):
    """A picture out of the library."""

    def bulk_to_python(self, values: Any) -> Any:
        """Return the pictures of these numbers."""
        values = list(values)
        found = take("image", values)
        return super().bulk_to_python(values) if found is None else found


class DescribedPictureBlock(ImageBlock):
    """A picture out of the library, with what it shows said for this place.

    `shape` is one of `renditions.SHAPES`: in which the block's template shows it.
    """

    def __init__(self, required: bool = True, *, shape: str, **options: Any) -> None:
        self.shape = shape
        super().__init__(required=required, **options)
        chooser = PictureChooserBlock(required=required)
        chooser.set_name("image")
        self.child_blocks["image"] = chooser

    class Meta:
        icon = "image"
        label = _("Image")


NAMING = (PageLinkBlock, DescribedPictureBlock, blocks.RichTextBlock)


def named(block: Any, raw: Any) -> dict[str, set[int]]:
    """Return the numbers of what a block's stored value names: "page", "image", "picture:arch"."""
    found: dict[str, set[int]] = defaultdict(set)
    for kind, number in _walk(block, raw):
        found[kind].add(number)
    return found


def _walk(block: Any, raw: Any) -> Iterator[tuple[str, int]]:
    if not _may_name(block):
        return
    yield from _names(block, raw)
    for child, inner in _inside(block, raw):
        yield from _walk(child, inner)


def _may_name(block: Any) -> bool:
    """Return whether a block, or one within it, can name anything; most hold only words."""
    if (told := vars(block).get("may_name")) is None:
        # A block may hold itself: meanwhile it counts as one of those that may.
        block.may_name = True
        inner = [*getattr(block, "child_blocks", {}).values(), getattr(block, "child_block", None)]
        told = isinstance(block, NAMING) or any(_may_name(one) for one in inner if one is not None)
        block.may_name = told
    return bool(told)


def _names(block: Any, raw: Any) -> Iterator[tuple[str, int]]:
    """Yield what a block names itself."""
    if isinstance(raw, int) and isinstance(block, PageLinkBlock):
        yield "page", raw
    elif isinstance(block, DescribedPictureBlock):
        number = raw.get("image") if isinstance(raw, dict) else raw
        if isinstance(number, int):
            yield "image", number
            yield f"picture:{block.shape}", number
    elif isinstance(block, blocks.RichTextBlock):
        for link in _LINK.findall(str(raw)):
            if _PAGE.search(link) and (number := _NUMBER.search(link)):
                yield "page", int(number[1])


def _inside(block: Any, raw: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the blocks within a block, with their stored values."""
    if isinstance(block, blocks.BaseStreamBlock):
        for child in raw or ():
            if child["type"] in block.child_blocks:
                yield block.child_blocks[child["type"]], child["value"]
    elif isinstance(block, blocks.ListBlock):
        for child in raw or ():
            # Older lists hold bare values, as Wagtail reads them too.
            is_wrapped = isinstance(child, dict) and child.get("type") == "item"
            yield block.child_block, child["value"] if is_wrapped else child
    elif isinstance(block, DescribedPictureBlock):
        return
    elif isinstance(block, blocks.BaseStructBlock) and isinstance(raw, dict):
        for name, child in block.child_blocks.items():
            yield child, raw.get(name)

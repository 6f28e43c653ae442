"""Whether everybody can read it: pictures, headings, links, tables, frames (WCAG 2.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from content.inspections.base import Draft, Element, Finding, Inspection, Piece, elements, is_hidden

HEADING = re.compile(r"^h([1-6])$")
# Words that say nothing about where a link leads, read by themselves (2.4.4).
EMPTY_WORDS = {
    "here", "click here", "more", "read more", "learn more", "this", "link", "this link",
    "aquí", "haz clic aquí", "más", "leer más", "这里", "点击这里", "更多", "здесь", "тут",
    "подробнее", "aici", "mai mult", "citește mai mult", "qui", "clicca qui", "di più",
}  # fmt: skip
PICTURE_FILE = re.compile(r"\.(jpe?g|png|gif|webp|avif|svg)$", re.IGNORECASE)


class Accessibility(Inspection):
    """Pictures without words, headings out of order, links that say nothing, bare tables."""

    name = "accessibility"
    label = lazy("Accessibility")

    def look(self, draft: Draft) -> Iterator[Finding]:
        """Yield what keeps somebody from reading it."""
        level = 1
        for piece in draft.pieces:
            found = elements(piece.html)
            for element in found:
                for text in self._faults(element):
                    yield Finding(text, field=piece.field, block=piece.block)
                heading = HEADING.match(element.tag)
                if heading and not is_hidden(element):
                    here = int(heading[1])
                    if here > level + 1:
                        yield self._skipped(piece, element, level, here)
                    level = here
            if any(one.tag == "table" for one in found) and not any(
                one.tag == "th" for one in found
            ):
                text = _("A table has no heading row or column.")
                yield Finding(text, field=piece.field, block=piece.block)

    def _skipped(self, piece: Piece, element: Element, level: int, here: int) -> Finding:
        text = _("The heading “%(words)s” is of level %(here)d, after one of level %(level)d.")
        told = text % {"words": element.name[:80], "here": here, "level": level}
        return Finding(told, field=piece.field, block=piece.block)

    def _faults(self, element: Element) -> Iterator[str]:
        if is_hidden(element):
            return
        if element.tag == "img":
            yield from self._picture(element)
        elif element.tag == "a" and "href" in element.attrs:
            yield from self._link(element)
        elif HEADING.match(element.tag) and not element.name:
            yield _("A heading is empty.")
        elif element.tag == "iframe" and not element.attrs.get("title"):
            yield _("Something from elsewhere is shown without a title.")
        elif element.tag == "button" and not element.name:
            yield _("A button has no words.")

    def _picture(self, element: Element) -> Iterator[str]:
        told = element.attrs.get("alt")
        if told is None:
            yield _("A picture has no description.")
        elif PICTURE_FILE.search(told):
            yield _("The description of a picture is a file name: %(words)s.") % {"words": told}

    def _link(self, element: Element) -> Iterator[str]:
        name = element.name
        if not name:
            yield _("A link has no words.")
        elif name.casefold().strip(" .…»>→") in EMPTY_WORDS and "aria-label" not in element.attrs:
            yield _("The link “%(words)s” does not say where it leads.") % {"words": name}

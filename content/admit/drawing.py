"""Drawings (SVG): markup, in which a browser would run programs.

They are refused, not mended: what is left of a mended one is rarely what was drawn.
"""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext as _
from willow.image import SvgImageFile
from willow.svg import SvgImage, WillowSvgException

from content.admit import markup
from content.admit.base import Family, Refused

# Elements that run, embed or lead elsewhere.
UNSAFE = {
    "script", "foreignobject", "iframe", "embed", "object", "handler", "listener", "audio",
    "video", "set", "meta", "link", "base",
}  # fmt: skip
LONGEST = 20_000
ANIMATED = {"animate", "animatemotion", "animatetransform"}
# What it has of other languages a browser would show, and send, as it does in a page.
PAGES = ("http://www.w3.org/1999/xhtml", "http://www.w3.org/1998/math/mathml")
PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,", re.IGNORECASE)
ELSEWHERE = re.compile(
    r"url\s*\(\s*(?![\s'\"]*#)|@import|expression\s*\(|-moz-binding|image-set\s*\(", re.IGNORECASE
)


class Drawing(Family):
    """An SVG that draws and does nothing else."""

    name = "drawing"
    extensions = ("svg",)

    def check(self, file: Any, extension: str) -> None:
        """Refuse scripts, and whatever is fetched from elsewhere.

        Raises:
            Refused: it is none, is broken, or would do harm.
        """
        reader = _Reader()
        markup.whole(file, listener=reader)
        if not reader.is_drawing:
            raise Refused(_("This is no SVG drawing."))
        file.seek(0)
        _sized(file)


def _sized(file: Any) -> None:
    """Refuse a drawing of which no size could be made: every list of pictures would fail by it.

    Raises:
        Refused: it is such a one.
    """
    try:
        drawn = SvgImage.open(SvgImageFile(file)).image
    except (WillowSvgException, SyntaxError, ValueError) as error:
        raise Refused(_("This drawing does not say how large it is.")) from error
    box = drawn.view_box or drawn
    if min(drawn.width, drawn.height) < 1 or min(box.width, box.height) <= 0:
        raise Refused(_("This drawing does not say how large it is."))
    if max(drawn.width, drawn.height) > LONGEST:
        raise Refused(_("This drawing says that it is larger than any screen."))


class _Reader(markup.Listener):
    """Looks at each element as it comes by, and at style sheets as a whole."""

    def __init__(self) -> None:
        self.is_drawing = False
        self.styles: list[str] = []

    def element(self, name: str, attributes: dict[str, str]) -> None:
        """Refuse what runs, and what leads elsewhere.

        Raises:
            Refused: there is such a thing.
        """
        local = name.rpartition(":")[2].lower()
        # Its first element: whatever else there is lies inside.
        self.is_drawing = self.is_drawing or (local == "svg" and not self.styles)
        if local in UNSAFE:
            raise Refused(
                _("This drawing holds <%(name)s>, which may run a program.") % {"name": local}
            )
        for key, value in attributes.items():
            _attribute(local, key.lower().strip(), value.strip())
        self.styles.append("")

    def text(self, words: str) -> None:
        """Keep what may be a style sheet, which comes in pieces."""
        if self.styles:
            self.styles[-1] += words

    def end(self, name: str) -> None:
        """Refuse a style sheet that fetches something."""
        words = self.styles.pop()
        if name.rpartition(":")[2].lower() == "style":
            _style(words)

    def instruction(self, name: str) -> None:
        """Refuse style sheets by reference.

        Raises:
            Refused: there is one.
        """
        raise Refused(_elsewhere(name))


def _elsewhere(name: str) -> str:
    return _("This drawing fetches something from elsewhere (%(name)s).") % {"name": name}


def _style(words: str) -> None:
    # A backslash may stand in the middle of a name in a style sheet; drawings need none.
    if "\\" in words or ELSEWHERE.search(re.sub(r"/\*.*?\*/", "", words, flags=re.DOTALL)):
        raise Refused(_("This drawing fetches something from elsewhere (by its style)."))


def _attribute(element: str, key: str, value: str) -> None:
    local = key.rpartition(":")[2]
    plain = re.sub(r"[\x00-\x20]", "", value).lower()
    if local.startswith("on") or "javascript:" in plain:
        raise Refused(_("This drawing runs a program (%(name)s).") % {"name": key})
    if element in ANIMATED and local == "attributename" and plain.rpartition(":")[2] == "href":
        raise Refused(_("This drawing changes where its links lead."))
    if local in {"href", "src"} and not (plain.startswith("#") or PICTURE.match(plain)):
        raise Refused(_elsewhere(key))
    if "xmlns" not in key:
        _style(value)
    elif plain in PAGES:
        raise Refused(_("This drawing holds a part of a web page (%(name)s).") % {"name": key})

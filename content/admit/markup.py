"""Markup: feeds and other XML, whose entities may grow without end."""

from __future__ import annotations

from typing import Any
from xml.parsers import expat

from django.utils.translation import gettext as _

from content.admit.base import Family, Refused

DEEPEST = 200
CHUNK = 65_536


class _Root(Exception):
    """The first element was reached: nothing is declared after it."""


class Markup(Family):
    """XML as such."""

    name = "markup"
    extensions = ("xml", "rss", "atom")

    def check(self, file: Any, extension: str) -> None:
        """Read it once to its end, building nothing."""
        whole(file)


class Listener:
    """Hears what stands in a file, piece by piece; says nothing by itself."""

    def element(self, name: str, attributes: dict[str, str]) -> None:
        """Hear that an element begins."""

    def text(self, words: str) -> None:
        """Hear a piece of text."""

    def end(self, name: str) -> None:
        """Hear that an element ends."""

    def instruction(self, name: str) -> None:
        """Hear of an instruction to a program."""


def whole(file: Any, listener: Listener | None = None) -> None:
    """Read a whole file, building nothing.

    Raises:
        Refused: it is not well-formed, declares entities, or is nested without end.
    """
    heard = listener or Listener()
    parser, depth = _parser(), 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise Refused(_("This file is nested too deeply."))
        heard.element(name, attributes)

    def leave(name: str) -> None:
        nonlocal depth
        depth -= 1
        heard.end(name)

    parser.StartElementHandler, parser.EndElementHandler = start, leave
    parser.CharacterDataHandler = heard.text
    parser.ProcessingInstructionHandler = lambda name, told: heard.instruction(name)
    try:
        while chunk := file.read(CHUNK):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise Refused(_("This is no well-formed XML: %(error)s") % {"error": error}) from error


def beginning(data: bytes) -> None:
    """Look at what stands before the first element of a part of another file.

    Raises:
        Refused: entities are declared there, or nothing begins at all.
    """
    parser = _parser()

    def start(name: str, attributes: dict[str, str]) -> None:
        raise _Root

    parser.StartElementHandler = start
    try:
        parser.Parse(data, False)
    except _Root:
        return
    except expat.ExpatError as error:
        raise Refused(_("A part of this file is broken.")) from error
    if len(data) >= CHUNK:
        raise Refused(_("A part of this file is broken."))


def _parser() -> Any:
    parser = expat.ParserCreate()
    parser.EntityDeclHandler = _entity
    return parser


def _entity(*told: Any) -> None:
    raise Refused(_("This file declares entities, which may grow without end."))

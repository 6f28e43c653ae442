"""What every inspection is told, and what it answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, ClassVar

from dxp.lib.kinds import Registry

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True, slots=True)
class Piece:
    """One block as people would see it: its field, its id, what it is called, its HTML."""

    field: str
    block: str
    label: str
    html: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What is looked at, as plain data.

    `reaches` says what is wrong with an address of our own, or nothing; `missing` names the kinds
    of tags that are required and not given; `broken` says what can't be shown or published at all,
    whatever the inspections look at.
    """

    kind: str
    title: str
    seo_title: str = ""
    description: str = ""
    pieces: Sequence[Piece] = ()
    missing: Sequence[str] = ()
    broken: Sequence[Finding] = ()
    reaches: Callable[[str], str] = field(default=lambda address: "")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found, in words for the editor; `stops`: it must be put right first."""

    text: str
    stops: bool = True
    field: str = ""
    block: str = ""


class Inspection(ABC):
    """One way to look at a draft; without a database, a network or a clock."""

    name: ClassVar[str] = ""
    label: ClassVar[str | _StrPromise] = ""

    @abstractmethod
    def look(self, draft: Draft) -> Iterator[Finding]:
        """Yield what is wrong with a draft."""


INSPECTIONS: Registry[Inspection] = Registry(Inspection)  # type: ignore[type-abstract]


@dataclass(slots=True)
class Element:
    """A piece of markup: its name, attributes, and the words inside it."""

    tag: str
    attrs: dict[str, str]
    text: str = ""
    # Words of pictures inside it.
    alt: str = ""

    @property
    def name(self) -> str:
        """What a screen reader says."""
        told = self.attrs.get("aria-label", "") or self.text or self.alt
        return " ".join((told or self.attrs.get("title", "")).split())


_VOID = {"img", "br", "hr", "input", "source", "meta", "link", "wbr", "area", "col", "embed"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Element] = []
        self.open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.found.append(element)
        if tag == "img":
            for outer in self.open:
                outer.alt += f" {element.attrs.get('alt', '')}"
        if tag not in _VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        for place in range(len(self.open) - 1, -1, -1):
            if self.open[place].tag == tag:
                del self.open[place:]
                return

    def handle_data(self, data: str) -> None:
        for outer in self.open:
            outer.text += data


def elements(html: str) -> list[Element]:
    """Return the elements of a piece of HTML in their order; whatever is broken is passed over."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.found


def is_hidden(element: Element) -> bool:
    """Return whether it is kept from screen readers."""
    hidden: Any = element.attrs.get("aria-hidden")
    return hidden == "true" or "hidden" in element.attrs

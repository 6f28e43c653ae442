"""From blocks to plain words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from html.parser import HTMLParser
from typing import Any

from content.expressions.base import Content, Piece

_SPACE = re.compile(r"[ \t\r\n\f]+")
_GAPS = re.compile(r"\n{3,}")
# So many words a minute are read aloud calmly; a letter of Chinese takes about so long.
WORDS_A_MINUTE = 150
SECONDS_A_SIGN = 0.25
_SIGN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_WORD = re.compile(r"[^\W_]+(?:['\u2019.,-][^\W_]+)*")
_APART = {"p", "h1", "h2", "h3", "h4", "ul", "ol", "hr", "blockquote"}


class _Reader(HTMLParser):
    """Reads the HTML of our own rich text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.told: list[str] = []
        self.links: list[tuple[str, int]] = []
        self.lists: list[int | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links.append((dict(attrs).get("href") or "", len(self.told)))
        elif tag == "br":
            self.told.append("\n")
        elif tag in ("ul", "ol"):
            self.lists.append(0 if tag == "ol" else None)
            self.told.append("\n\n")
        elif tag == "li":
            self.told.append(f"\n{self._bullet()} ")
        elif tag in _APART:
            self.told.append("\n\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self.links:
            address, begun = self.links.pop()
            words = "".join(self.told[begun:]).strip()
            if address and address.removeprefix("mailto:") != words:
                self.told.append(f" ({address})")
        if tag in ("ul", "ol") and self.lists:
            self.lists.pop()
        if tag in _APART:
            self.told.append("\n\n")

    def handle_data(self, data: str) -> None:
        self.told.append(_SPACE.sub(" ", data))

    def _bullet(self) -> str:
        if not self.lists or (number := self.lists[-1]) is None:
            return "-"
        self.lists[-1] = number + 1
        return f"{number + 1}."


def of_html(html: str) -> str:
    """Return rich text as plain words: paragraphs apart, addresses behind what links to them."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = [line.strip() for line in "".join(reader.told).split("\n")]
    return _GAPS.sub("\n\n", "\n".join(lines)).strip()


def _link(link: Mapping[str, str]) -> str:
    return f"{link['text']}: {link['url']}" if link.get("text") and link.get("url") else ""


def _prose(piece: Piece) -> list[str]:
    return [of_html(piece["html"])]


def _action(piece: Piece) -> list[str]:
    return [piece["heading"], piece["text"], _link(piece["link"])]


def _cards(piece: Piece) -> list[str]:
    cards = [
        "\n".join(filter(None, [card["title"], card["text"], _link(card["link"])]))
        for card in piece["cards"]
    ]
    return [piece["heading"], piece["text"], *cards]


def _quote(piece: Piece) -> list[str]:
    who = ", ".join(filter(None, [piece["who"], piece["role"]]))
    return [f"“{piece['text']}”" + (f"\n— {who}" if who else "")]


def _figures(piece: Piece) -> list[str]:
    lines = [
        f"{one['label']}: {one['value']}" + (f" ({one['note']})" if one["note"] else "")
        for one in piece["figures"]
    ]
    return [piece["heading"], "\n".join(lines), piece["source"]]


def _table(piece: Piece) -> list[str]:
    lines = [
        f"{row['name']}: "
        + ", ".join(
            f"{column} {cell}"
            for column, cell in zip(piece["columns"], row["cells"], strict=False)
            if cell
        )
        for row in piece["rows"]
    ]
    return [piece["caption"], "\n".join(lines)]


def _faq(piece: Piece) -> list[str]:
    told = [f"{one['question']}\n{of_html(one['answer'])}" for one in piece["questions"]]
    return [piece["heading"], *told]


def _picture(piece: Piece) -> list[str]:
    return [piece["caption"]]


_SAID: Mapping[str, Callable[[Piece], list[str]]] = {
    "text": _prose,
    "call_to_action": _action,
    "cards": _cards,
    "quote": _quote,
    "figures": _figures,
    "table": _table,
    "faq": _faq,
    "picture": _picture,
    "illustration": _picture,
}


def of_pieces(pieces: Sequence[Piece]) -> str:
    """Return blocks as plain words."""
    found = [part for piece in pieces for part in _SAID.get(piece["type"], _prose)(piece)]
    return "\n\n".join(part.strip() for part in found if part and part.strip())


def plain(content: Content) -> str:
    """Return a fragment as plain words: what was written, or else what the blocks say."""
    return content.text.strip() or of_pieces(content.pieces)


def headings(pieces: Sequence[Piece]) -> Iterator[str]:
    """Yield the headings that stand in blocks."""
    for piece in pieces:
        if piece.get("heading"):
            yield str(piece["heading"])
        for found in re.findall(r"<h[2-4][^>]*>(.*?)</h[2-4]>", piece.get("html", ""), re.DOTALL):
            yield of_html(found)


def seconds(text: str) -> float:
    """Return about how long it takes to read a text aloud."""
    signs = len(_SIGN.findall(text))
    words = len(_WORD.findall(_SIGN.sub(" ", text)))
    return words * 60 / WORDS_A_MINUTE + signs * SECONDS_A_SIGN


def images(pieces: Sequence[Piece]) -> Iterator[Mapping[str, Any]]:
    """Yield the uploaded pictures of blocks."""
    for piece in pieces:
        if piece["type"] == "picture":
            yield piece

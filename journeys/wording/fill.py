"""From marks to one person's message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias
from urllib.parse import quote, unquote

from journeys.wording.grammar import KNOWN, Loop, Path, Put, Question, read_put, read_tag
from journeys.wording.marks import MARK
from journeys.wording.values import Values, holds, look_up, put

# What one person's data may blow a message up to.
LONGEST_LIST = 100
MOST_TURNS = 1000
BIGGEST = 300_000

Resolve: TypeAlias = Callable[[str], str]


def fill(
    marked: str,
    *,
    values: Values,
    links: Callable[[int, Resolve], str],
    escape: Callable[[str], str],
) -> str:
    """Put a person's values and links in the place of the marks.

    Args:
        marked: what `mark` returned.
        values: the person's.
        links: the address for the number of a link; it may pass a target with marks to the
            function it is given. Numbers of addresses that are not counted come negative.
        escape: what makes values safe where the text stands.
    """
    work = _Work(values, links, escape)
    work.run(_compiled(marked))
    return "".join(work.out)


@dataclass(frozen=True, slots=True)
class _Link:
    number: int


@dataclass(frozen=True, slots=True)
class _Old:
    """A variable as it was marked by the first editions: its fallback is escaped already."""

    put: Put
    fallback: str


@dataclass(slots=True)
class _If:
    ways: list[tuple[Question | None, list[_Piece]]]


@dataclass(slots=True)
class _For:
    loop: Loop
    body: list[_Piece] = field(default_factory=list)


_Piece: TypeAlias = "str | Put | _Link | _Old | _If | _For"


class _Work:
    """One filling: what was written so far, and how much more may be."""

    def __init__(
        self, values: Values, links: Callable[[int, Resolve], str], escape: Callable[[str], str]
    ) -> None:
        self.values, self.links, self.escape = values, links, escape
        self.out: list[str] = []
        self.size, self.turns = 0, 0
        self.scope: dict[str, Any] = {}

    def run(self, pieces: list[_Piece]) -> None:
        for piece in pieces:
            if isinstance(piece, str):
                self.write(piece)
            elif isinstance(piece, Put):
                self.write(self.escape(put(piece, self.values, self.scope)))
            elif isinstance(piece, _Link):
                self.write(self.escape(self.links(piece.number, self.resolve)))
            elif isinstance(piece, _Old):
                found = put(piece.put, self.values, self.scope)
                self.write(self.escape(found) if found else piece.fallback)
            elif isinstance(piece, _If):
                self.choose(piece)
            else:
                self.repeat(piece)

    def write(self, text: str) -> None:
        self.out.append(text)
        self.size += len(text)

    def choose(self, piece: _If) -> None:
        for question, pieces in piece.ways:
            if question is None or holds(question, self.values, self.scope):
                self.run(pieces)
                return

    def repeat(self, piece: _For) -> None:
        found = look_up(piece.loop.path, self.values, self.scope)
        outer = self.scope
        for member in found[:LONGEST_LIST] if isinstance(found, list) else ():
            self.turns += 1
            if self.turns > MOST_TURNS or self.size > BIGGEST:
                break
            self.scope = {**outer, piece.loop.name: member}
            self.run(piece.body)
        self.scope = outer

    def resolve(self, target: str) -> str:
        """Fill an address: a variable is all of it, or one safe part of it."""
        pieces = _compiled(target)
        if len(pieces) == 1 and isinstance(pieces[0], Put):
            return put(pieces[0], self.values, self.scope)
        parts = []
        for piece in pieces:
            if isinstance(piece, Put):
                parts.append(quote(put(piece, self.values, self.scope), safe=""))
            elif isinstance(piece, str):
                parts.append(piece)
        return "".join(parts)


@lru_cache(maxsize=500)
def _compiled(marked: str) -> list[_Piece]:
    """Return the pieces of a marked text; tags without their other half end where it ends."""
    root: list[_Piece] = []
    opened: list[tuple[_If | _For | None, list[_Piece]]] = [(None, root)]
    at = 0
    for match in MARK.finditer(marked):
        if match.start() > at:
            opened[-1][1].append(marked[at : match.start()])
        at = match.end()
        if match[1] == "T":
            _turn(opened, unquote(match[2]))
        elif piece := _piece(match[1], match[2]):
            opened[-1][1].append(piece)
    if at < len(marked):
        opened[-1][1].append(marked[at:])
    return root


def _piece(kind: str, told: str) -> _Piece | None:
    if kind == "P":
        return read_put(unquote(told))
    if kind in "LA" and told.isascii() and told.isdigit():
        return _Link(int(told) if kind == "L" else -int(told))
    if kind == "V":
        name, _bar, fallback = told.partition("|")
        if name in KNOWN or name.startswith("trait."):
            return _Old(Put(Path(tuple(name.split(".")))), fallback)
    return None


def _turn(opened: list[tuple[_If | _For | None, list[_Piece]]], source: str) -> None:
    """Open, go on with, or close what a tag opens, goes on with, or closes."""
    found = read_tag(source)
    if not found:
        return
    word, told = found
    inner = opened[-1][0]
    if word == "if" and not isinstance(told, Loop):
        chosen = _If([(told, [])])
        opened[-1][1].append(chosen)
        opened.append((chosen, chosen.ways[0][1]))
    elif isinstance(told, Loop):
        loop = _For(told)
        opened[-1][1].append(loop)
        opened.append((loop, loop.body))
    elif word in ("elif", "else") and isinstance(inner, _If):
        inner.ways.append((told if word == "elif" else None, []))
        opened[-1] = (inner, inner.ways[-1][1])
    elif word in ("endif", "endfor") and inner is not None:
        opened.pop()

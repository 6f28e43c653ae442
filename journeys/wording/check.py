"""Whether a text can be filled, and what it shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from journeys.wording.grammar import (
    KNOWN,
    ROOTS,
    TAG,
    Bad,
    Loop,
    Path,
    Put,
    Question,
    read_put,
    read_tag,
)

MOST_TAGS = 200
DEEPEST = 4


class BadVariable(ValueError):
    """Braces that are no variable, a name that nobody knows, or a question without its end."""

    def __init__(self, found: str) -> None:
        super().__init__(found)
        self.found = found


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a text; `guarded`: it falls back, or is asked for before it is shown."""

    name: str
    guarded: bool


class _Checker:
    """Goes through a text once: every tag must be known, opened and closed."""

    def __init__(self, scope: Iterable[str]) -> None:
        self.scope = set(scope)
        # What is open: the tag, and what holds inside: names of members, and paths asked for.
        self.open: list[tuple[str, set[str]]] = []
        self.found: list[Variable] = []

    def takes(self, match: re.Match[str]) -> bool:
        """Take the next braces in; return whether they may stand there."""
        put = read_put(match["put"]) if match["put"] is not None else None
        tag = read_tag(match["tag"]) if match["tag"] is not None else None
        try:
            if put:
                self.put(put)
            if tag:
                self.tag(*tag)
        except Bad:
            return False
        return bool(put or tag)

    def put(self, put: Put) -> None:
        asked = {path for _tag, paths in self.open for path in paths}
        paths = [put.what, *(given for _name, given in put.filters)]
        for path in paths:
            if isinstance(path, Path):
                self.name(path)
                guarded = put.falls_back or str(path) in asked
                self.found.append(Variable(str(path), guarded))

    def name(self, path: Path) -> None:
        first, rest = path.parts[0], path.parts[1:]
        members = {name for tag, names in self.open if tag == "for" for name in names}
        if first in members | self.scope:
            return
        if (first in KNOWN and not rest) or (first in ("trait", "event") and rest):
            return
        raise Bad

    def tag(self, word: str, told: Question | Loop | None) -> None:
        if isinstance(told, Loop):
            self.name(told.path)
            self.open.append(("for", {told.name}))
        elif word == "if":
            self.open.append(("if", self.question(told)))
        elif not self.open:
            raise Bad
        elif word in ("elif", "else"):
            # Whatever was asked for is missing here.
            if self.open[-1][0] != "if":
                raise Bad
            self.open[-1] = ("if" if word == "elif" else "else", self.question(told))
        elif self.open.pop()[0] not in {"endif": ("if", "else"), "endfor": ("for",)}[word]:
            raise Bad
        if len(self.open) > DEEPEST:
            raise Bad

    def question(self, asked: Question | Loop | None) -> set[str]:
        """Return the paths that are sure to hold something where the answer is yes."""
        groups = asked if isinstance(asked, tuple) else ()
        for term in (term for group in groups for term in group):
            for put in (term.left, term.right):
                if put and isinstance(put.what, Path):
                    self.name(put.what)
        if len(groups) != 1:
            return set()
        sure = [term for term in groups[0] if not term.negated and term.sign != "!="]
        return {str(term.left.what) for term in sure}


def variables(text: str, *, scope: Iterable[str] = ()) -> list[Variable]:
    """Return the variables that a text shows, in order.

    Args:
        text: with variables and tags.
        scope: names that something around the text gives a meaning.

    Raises:
        BadVariable: braces remain that are no variable or tag, a name nobody knows, or a tag that
            is not closed.
    """
    check, last = _Checker(scope), "{%"
    for number, match in enumerate(TAG.finditer(text)):
        if number >= MOST_TAGS or not check.takes(match):
            raise BadVariable(match[0][:60])
        last = match[0] if match["tag"] is not None else last
    if check.open:
        raise BadVariable(last[:60])
    rest = TAG.sub("", text)
    for brace in ("{{", "}}", "{%", "%}"):
        if brace in rest:
            raise BadVariable(rest[max(0, rest.index(brace) - 10) :][:40])
    return check.found


def needs(texts: Iterable[str]) -> list[str]:
    """Return the variables of people and events that nothing stands in for, by name.

    Texts that are wrong are passed over: somebody else says so.
    """
    return sorted({one.name for text in texts for one in _quietly(text) if not one.guarded})


def _quietly(text: str) -> Iterator[Variable]:
    try:
        found = variables(text, scope=("item",))
    except BadVariable:
        return
    for one in found:
        root = one.name.partition(".")[0]
        if root in ROOTS:
            yield one

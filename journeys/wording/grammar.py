"""What may stand between braces: variables with filters, questions, lists."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

# The variables of everybody, and where among a person's traits they look.
KNOWN = {
    "first_name": ("firstName", "first_name"),
    "last_name": ("lastName", "last_name"),
    "name": ("name",),
    "email": ("email",),
}
# Filters, and whether they take something: never (0), perhaps (1), always (2).
FILTERS = {
    "default": 2, "upper": 0, "lower": 0, "capitalize": 0, "date": 1, "number": 1, "money": 1,
}  # fmt: skip
MOST_FILTERS = 5
MOST_TERMS = 8

TAG = re.compile(r"\{\{(?P<put>[^{}\n]*)\}\}|\{%(?P<tag>[^{}\n]*?)%\}")
# A line with nothing but a tag leaves no empty line behind.
ALONE = re.compile(r"^[ \t]*(\{%[^{}\n]*?%\})[ \t]*(?:\r?\n|\Z)", re.MULTILINE)
_PATH = r"[A-Za-z_][A-Za-z0-9_]*(?:\.(?:[A-Za-z_][A-Za-z0-9_]*|[0-9]{1,3})){0,5}"
_TOKEN = re.compile(
    rf'\s*(?:"(?P<text>[^"{{}}]*)"|(?P<path>{_PATH})(?![A-Za-z0-9_.])|'
    r"(?P<number>-?[0-9]{1,15}(?:\.[0-9]{1,6})?)(?![A-Za-z0-9_.])|"
    r"(?P<sign>==|!=|>=|<=|>|<|\||:))\s*"
)
_SIGNS = {"==", "!=", ">", ">=", "<", "<="}
_WORDS = {"and", "or", "not", "in"}
_QUOTES = str.maketrans("“”„‟″", '"""""')


class Bad(ValueError):
    pass


@dataclass(frozen=True, slots=True)
class Path:
    """A name such as `event.items`."""

    parts: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class Put:
    """A value that is shown: a path or plain words, and what is done with it."""

    what: Path | str
    filters: tuple[tuple[str, Path | str | None], ...] = ()

    @property
    def falls_back(self) -> bool:
        """Whether something stands there for people who have nothing."""
        return any(name == "default" and given for name, given in self.filters)


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison, or the question whether there is anything."""

    left: Put
    sign: str = ""
    right: Put | None = None
    negated: bool = False


# True if one of the lists holds only true terms.
Question = tuple[tuple[Term, ...], ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """A list, and what one of its members is called inside."""

    name: str
    path: Path


class _Reader:
    """Reads what stands between two braces, token by token."""

    def __init__(self, source: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        source, at = source.translate(_QUOTES).strip(), 0
        while at < len(source):
            found = _TOKEN.match(source, at)
            if not found or not found.lastgroup:
                raise Bad
            self.tokens.append((found.lastgroup, found[found.lastgroup]))
            at = found.end()
        self.at = 0

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("", "")

    def take(self, kind: str, word: str = "") -> str:
        found = self.peek()
        if found[0] != kind or (word and found[1] != word):
            raise Bad
        self.at += 1
        return found[1]

    def took(self, kind: str, word: str) -> bool:
        if self.peek() == (kind, word):
            self.at += 1
            return True
        return False

    def done(self) -> None:
        if self.at < len(self.tokens):
            raise Bad

    def value(self) -> Path | str:
        kind, word = self.peek()
        self.at += 1
        if kind == "path" and word not in _WORDS:
            return Path(tuple(word.split(".")))
        if kind in ("text", "number"):
            return word
        raise Bad

    def put(self) -> Put:
        what, filters = self.value(), []
        while self.took("sign", "|"):
            name = self.take("path")
            takes = FILTERS.get(name)
            given = self.value() if self.took("sign", ":") else None
            if takes is None or (takes == 2 and given is None) or (takes == 0 and given):
                raise Bad
            if isinstance(given, Path) and name not in ("default", "money"):
                raise Bad
            filters.append((name, given))
        if len(filters) > MOST_FILTERS:
            raise Bad
        return Put(what, tuple(filters))

    def term(self) -> Term:
        negated = self.took("path", "not")
        left, (kind, sign) = self.put(), self.peek()
        if kind == "sign" and sign in _SIGNS:
            self.at += 1
            return Term(left, sign, self.put(), negated)
        return Term(left, negated=negated)

    def question(self) -> Question:
        groups, count = [[self.term()]], 1
        while self.peek()[0]:
            if self.took("path", "or"):
                groups.append([])
            else:
                self.take("path", "and")
            groups[-1].append(self.term())
            count += 1
        if count > MOST_TERMS:
            raise Bad
        return tuple(tuple(group) for group in groups)


@lru_cache(maxsize=2000)
def read_put(source: str) -> Put | None:
    """Return what `{{ source }}` shows; None: it is no variable."""
    try:
        reader = _Reader(source)
        put = reader.put()
        reader.done()
    except Bad:
        return None
    return put if isinstance(put.what, Path) else None


@lru_cache(maxsize=2000)
def read_tag(source: str) -> tuple[str, Question | Loop | None] | None:
    """Return the word of `{% source %}` and what it asks or repeats; None: it is no tag."""
    try:
        return _tag(source)
    except Bad:
        return None


def _tag(source: str) -> tuple[str, Question | Loop | None]:
    word, _space, rest = source.strip().partition(" ")
    reader = _Reader(rest)
    told: Question | Loop | None = None
    if word in ("if", "elif"):
        told = reader.question()
    elif word == "for":
        name = reader.take("path")
        reader.take("path", "in")
        path = reader.value()
        if "." in name or name in ROOTS or name in _WORDS or isinstance(path, str):
            raise Bad
        told = Loop(name, path)
    elif word not in ("else", "endif", "endfor"):
        raise Bad
    reader.done()
    return word, told


ROOTS = {*KNOWN, "trait", "event"}

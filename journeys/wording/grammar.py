"""What may stand between braces: variables with filters, questions, lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
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
MOST_TAGS = 200
DEEPEST = 4
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


class BadVariable(ValueError):
    """Braces that are no variable, a name that nobody knows, or a question without its end."""

    def __init__(self, found: str) -> None:
        super().__init__(found)
        self.found = found


class _Bad(ValueError):
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


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a text; `guarded`: it falls back, or is asked for before it is shown."""

    name: str
    guarded: bool


class _Reader:
    """Reads what stands between two braces, token by token."""

    def __init__(self, source: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        source, at = source.translate(_QUOTES).strip(), 0
        while at < len(source):
            found = _TOKEN.match(source, at)
            if not found or not found.lastgroup:
                raise _Bad
            self.tokens.append((found.lastgroup, found[found.lastgroup]))
            at = found.end()
        self.at = 0

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("", "")

    def take(self, kind: str, word: str = "") -> str:
        found = self.peek()
        if found[0] != kind or (word and found[1] != word):
            raise _Bad
        self.at += 1
        return found[1]

    def took(self, kind: str, word: str) -> bool:
        if self.peek() == (kind, word):
            self.at += 1
            return True
        return False

    def done(self) -> None:
        if self.at < len(self.tokens):
            raise _Bad

    def value(self) -> Path | str:
        kind, word = self.peek()
        self.at += 1
        if kind == "path" and word not in _WORDS:
            return Path(tuple(word.split(".")))
        if kind in ("text", "number"):
            return word
        raise _Bad

    def put(self) -> Put:
        what, filters = self.value(), []
        while self.took("sign", "|"):
            name = self.take("path")
            takes = FILTERS.get(name)
            given = self.value() if self.took("sign", ":") else None
            if takes is None or (takes == 2 and given is None) or (takes == 0 and given):
                raise _Bad
            if isinstance(given, Path) and name not in ("default", "money"):
                raise _Bad
            filters.append((name, given))
        if len(filters) > MOST_FILTERS:
            raise _Bad
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
            raise _Bad
        return tuple(tuple(group) for group in groups)


@lru_cache(maxsize=2000)
def read_put(source: str) -> Put | None:
    """Return what `{{ source }}` shows; None: it is no variable."""
    try:
        reader = _Reader(source)
        put = reader.put()
        reader.done()
    except _Bad:
        return None
    return put if isinstance(put.what, Path) else None


@lru_cache(maxsize=2000)
def read_tag(source: str) -> tuple[str, Question | Loop | None] | None:
    """Return the word of `{% source %}` and what it asks or repeats; None: it is no tag."""
    try:
        return _tag(source)
    except _Bad:
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
        if "." in name or name in _ROOTS or name in _WORDS or isinstance(path, str):
            raise _Bad
        told = Loop(name, path)
    elif word not in ("else", "endif", "endfor"):
        raise _Bad
    reader.done()
    return word, told


_ROOTS = {*KNOWN, "trait", "event"}


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
        except _Bad:
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
        raise _Bad

    def tag(self, word: str, told: Question | Loop | None) -> None:
        if isinstance(told, Loop):
            self.name(told.path)
            self.open.append(("for", {told.name}))
        elif word == "if":
            self.open.append(("if", self.question(told)))
        elif not self.open:
            raise _Bad
        elif word in ("elif", "else"):
            # Whatever was asked for is missing here.
            if self.open[-1][0] != "if":
                raise _Bad
            self.open[-1] = ("if" if word == "elif" else "else", self.question(told))
        elif self.open.pop()[0] not in {"endif": ("if", "else"), "endfor": ("for",)}[word]:
            raise _Bad
        if len(self.open) > DEEPEST:
            raise _Bad

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
        if root in _ROOTS:
            yield one

"""From a text with variables to one with marks, once, when a message is published."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

from journeys.wording.check import BadVariable, variables
from journeys.wording.grammar import ALONE, TAG, read_put, read_tag

# Marks that no keyboard types: what people write may hold anything else.
OPEN, CLOSE = "\ue000", "\ue001"
MARK = re.compile(f"{OPEN}([A-Z])([^{CLOSE}]*){CLOSE}")
_SAFE = "~.-_"
_BRACES = r"\{\{[^{}\n]*\}\}"
_URL = rf"(?:https?://|/)(?:{_BRACES}|[^\s<>()\"{{}}])+|{_BRACES}"
# [words](address), or an address alone.
_LINK = re.compile(
    rf"\[(?P<words>(?:{_BRACES}|[^\]\[{{}}\n])+)\]\((?P<url>{_URL})\)|"
    rf"(?P<bare>\bhttps?://(?:{_BRACES}|[^\s<>()\"\[\]{{}}])+)",
    re.IGNORECASE,
)
_TAIL = ".,;:!?'"
_TARGET = re.compile(r"^(https?://[^\s/?#\ue000]+([/?#]\S*)?|/(?![/\\])\S*)$", re.IGNORECASE)
_WHOLE = re.compile(rf"^{_BRACES}$")


class BadTarget(ValueError):
    """An address that no link may lead to."""


def check_target(url: str, *, scope: tuple[str, ...] = ()) -> str:
    """Return the address of a link, trimmed; variables may stand behind its host, or be it all.

    Raises:
        BadTarget: it is neither http(s) nor a path of the site, or its host is a variable.
        BadVariable: it holds braces that are no variable.
    """
    text = url.strip()
    variables(text, scope=scope)
    if "{%" in text:
        raise BadTarget(text)
    if _WHOLE.match(text) or _TARGET.match(TAG.sub(OPEN, text)):
        return text
    raise BadTarget(text)


class Links:
    """The targets of a message, numbered as they come; 0 is kept for the way out.

    Args:
        site: what addresses that begin with / belong to.
    """

    def __init__(self, site: str) -> None:
        self.site = site.rstrip("/")
        self.targets = [""]

    def add(self, url: str) -> int:
        """Take a target in and return its number."""
        self.targets.append(mark(self.absolute(url), str))
        return len(self.targets) - 1

    def absolute(self, url: str) -> str:
        """Return an address with its host."""
        return f"{self.site}{url}" if url.startswith("/") else url


def link(number: int) -> str:
    """Return the mark of a link."""
    return f"{OPEN}L{number}{CLOSE}"


def source(number: int) -> str:
    """Return the mark of an address that is not counted: a picture's."""
    return f"{OPEN}A{number}{CLOSE}"


def block(word: str, rest: str = "") -> str:
    """Return the mark of a tag around whole pieces of a message.

    Raises:
        BadVariable: it is no tag.
    """
    if not read_tag(f"{word} {rest}"):
        raise BadVariable(f"{word} {rest}"[:60])
    return _tag(f"{word} {rest}".strip())


def _tag(text: str) -> str:
    return f"{OPEN}T{quote(text, safe=_SAFE)}{CLOSE}"


def mark(
    text: str,
    escape: Callable[[str], str],
    anchor: Callable[[str, str], str] | None = None,
) -> str:
    """Escape a text and put marks where its variables, tags and links are.

    Args:
        text: what was written; braces that are no variable stay what they are.
        escape: what makes plain words safe where the text will stand.
        anchor: what stands for a link, given its address and its words, escaped; without it
            addresses stay words.
    """
    text = ALONE.sub(r"\1", text.replace(OPEN, "").replace(CLOSE, ""))
    if anchor is None:
        return _marked(text, escape)
    parts, at = [], 0
    for match in _LINK.finditer(text):
        url = match["url"] or match["bare"].rstrip(_TAIL)
        words = match["words"]
        try:
            check_target(url, scope=_names(text))
        except (BadTarget, BadVariable):
            continue
        end = match.end() if words else match.start() + len(url)
        told = anchor(url, _marked(words, escape) if words else "")
        parts += [_marked(text[at : match.start()], escape), told]
        at = end
    return "".join([*parts, _marked(text[at:], escape)])


def _names(text: str) -> tuple[str, ...]:
    return ("item", *re.findall(r"\{%\s*for\s+([A-Za-z_]\w*)\s", text))


def _marked(text: str, escape: Callable[[str], str]) -> str:
    parts, at = [], 0
    for match in TAG.finditer(text):
        told = ""
        if match["put"] is not None and read_put(match["put"]):
            told = f"{OPEN}P{quote(match['put'].strip(), safe=_SAFE)}{CLOSE}"
        elif match["tag"] is not None and read_tag(match["tag"]):
            told = _tag(match["tag"].strip())
        if told:
            parts += [escape(text[at : match.start()]), told]
            at = match.end()
    return "".join([*parts, escape(text[at:])])


def plain(text: str, links: Links) -> str:
    """Return a text of a channel without HTML: marks for variables, its links counted."""

    def anchor(url: str, words: str) -> str:
        place = link(links.add(url))
        return f"{words}: {place}" if words else place

    return mark(text, str, anchor)

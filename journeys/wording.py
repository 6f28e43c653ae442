"""The small language of variables in messages. Pure: no framework, and nothing is ever executed.

`{{ first_name|default:"there" }}` is all there is: a name of the list below or `trait.<key>`, and a
default. Messages are written by staff, but filled with what visitors typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

KNOWN = {
    "first_name": ("firstName", "first_name"),
    "last_name": ("lastName", "last_name"),
    "name": ("name",),
    "email": ("email",),
}
_VARIABLE = re.compile(
    r'\{\{\s*((?:trait\.)?[A-Za-z_][A-Za-z0-9_]*)\s*(?:\|\s*default:\s*"([^"{}]*)"\s*)?\}\}'
)
# Marks that no keyboard types: what people write may hold anything else.
_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f"{_OPEN}([VL])([^{_CLOSE}]*){_CLOSE}")
_BREAKS = re.compile(r"[\r\n\t\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Values:
    """What a message is filled with: the person's traits, and the event that let them in."""

    traits: Mapping[str, Any]
    event: Mapping[str, Any] = field(default_factory=dict)


class BadVariable(ValueError):
    """Braces that are no variable, or a name that nobody knows."""

    def __init__(self, found: str) -> None:
        super().__init__(found)
        self.found = found


def variables(text: str) -> list[tuple[str, str]]:
    """Return the variables of a text with their defaults, in order.

    Raises:
        BadVariable: braces remain that are no variable, or a name nobody knows.
    """
    found = [(match[1], match[2] or "") for match in _VARIABLE.finditer(text)]
    for name, _default in found:
        if name not in KNOWN and not name.startswith("trait."):
            raise BadVariable(name)
    rest = _VARIABLE.sub("", text)
    for brace in ("{{", "}}", "{%", "%}"):
        if brace in rest:
            raise BadVariable(rest[max(0, rest.index(brace) - 10) :][:40])
    return found


def needs(texts: Iterable[str]) -> list[str]:
    """Return the variables of people that have no fallback, in order of their names."""
    return sorted({
        name for text in texts for name, default in variables(text) if not default
    })  # fmt: skip


def paths(name: str) -> list[list[str]]:
    """Return where among a person's traits a variable looks, first place first."""
    if name.startswith("trait."):
        return [[name.removeprefix("trait.")]]
    return [[key] for key in KNOWN[name]]


def mark(text: str, escape: Callable[[str], str]) -> str:
    """Escape a text and put marks where its variables are."""
    text = text.replace(_OPEN, "").replace(_CLOSE, "")
    parts, at = [], 0
    for match in _VARIABLE.finditer(text):
        parts += [
            escape(text[at : match.start()]),
            f"{_OPEN}V{match[1]}|{escape(match[2] or '')}{_CLOSE}",
        ]
        at = match.end()
    return "".join([*parts, escape(text[at:])])


def link(number: int) -> str:
    """Return the mark of a link."""
    return f"{_OPEN}L{number}{_CLOSE}"


def fill(
    marked: str,
    *,
    values: Values,
    links: Callable[[int], str],
    escape: Callable[[str], str],
) -> str:
    """Put a person's values and links in the place of the marks."""

    def one(match: re.Match[str]) -> str:
        if match[1] == "L":
            return escape(links(int(match[2])))
        name, _, default = match[2].partition("|")
        value = _value(name, values.traits)
        return escape(value) if value else default

    return _MARK.sub(one, marked)


def _value(name: str, traits: Mapping[str, Any]) -> str:
    keys = (name.removeprefix("trait."),) if name.startswith("trait.") else KNOWN[name]
    for key in keys:
        value = traits.get(key)
        if isinstance(value, str | int | float) and not isinstance(value, bool) and value != "":
            return _BREAKS.sub(" ", str(value))[:500].replace(_OPEN, "").replace(_CLOSE, "")
    return ""

"""Words about the visitor inside a text: `{{ customer.first_name|there }}`. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from html import escape
from typing import Any

TOKEN = re.compile(r"\{\{\s*customer\.([A-Za-z][\w.-]{0,99})\s*(?:\|([^{}|<>]{0,200}))?\}\}")
# A tag with its attributes; quotes may hold anything, as HTML allows.
TAG = re.compile(r"""(<(?:[^<>"']|"[^"]*"|'[^']*')*>)""")
STRANGE = re.compile(r"\{[{%][^{}\n]*[%}]\}")
LONGEST = 200


def names(text: str) -> set[str]:
    """Return the traits that a text speaks of."""
    return {found[1] for found in TOKEN.finditer(text)}


def fill(html: str, values: Mapping[str, Any]) -> str:
    """Return HTML with each token replaced by its value, escaped, or by its fallback.

    Inside of a tag only the fallback is said: a value never becomes part of an address.
    """
    if "{{" not in html:
        return html
    parts = TAG.split(html)
    return "".join(
        TOKEN.sub(_fallback if place % 2 else lambda found: _said(found, values), part)
        for place, part in enumerate(parts)
    )


def plain(html: str) -> str:
    """Return HTML with each token replaced by its fallback, as everybody may read it."""
    return TOKEN.sub(_fallback, html) if "{{" in html else html


def strange(text: str) -> str:
    """Return the first braces of a text that are no token, and would be shown; else nothing."""
    found = STRANGE.search(TOKEN.sub("", text))
    return found[0] if found else ""


def find(name: str, keys: Collection[str]) -> str | None:
    """Return the trait that a name means: `first_name` is `firstName` too."""
    if name in keys:
        return name
    head, *rest = name.split("_")
    camel = head + "".join(word[:1].upper() + word[1:] for word in rest)
    snake = re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: f"_{found[1].lower()}", name)
    return next((one for one in (camel, snake) if one in keys), None)


def _said(found: re.Match[str], values: Mapping[str, Any]) -> str:
    value = values.get(found[1])
    if value is None or isinstance(value, (bool, list, dict)) or not str(value).strip():
        return _fallback(found)
    return escape(str(value).strip()[:LONGEST])


def _fallback(found: re.Match[str]) -> str:
    return (found[2] or "").strip()

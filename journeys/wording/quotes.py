"""Where a text says something that was written elsewhere: `{{ fragment:Winter hours }}`."""

from __future__ import annotations

import re
from collections.abc import Callable

_QUOTE = re.compile(r"\{\{\s*fragment:\s*(?P<name>[^{}|\x00-\x1f\ud800-\udfff]{1,100}?)\s*\}\}")


def quoted(text: str) -> list[str]:
    """Return the names of what a text quotes, each once."""
    return list(dict.fromkeys(found["name"] for found in _QUOTE.finditer(text)))


def quote(text: str, told: Callable[[str], str]) -> str:
    """Return a text with what it quotes in its place."""
    return _QUOTE.sub(lambda found: told(found["name"]), text)


def reference(name: str) -> str:
    """Return how a text quotes something."""
    return f"{{{{ fragment:{name} }}}}"

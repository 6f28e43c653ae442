"""Words as they stand in a mail."""

from __future__ import annotations

import re
from html import escape

INK = "color:#1f5f5b"
# No reader shows them, and MJML refuses them.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


def safe(text: str) -> str:
    """Return words as they stand in HTML."""
    return escape(clean(text))


def clean(text: str) -> str:
    """Return words without what no reader shows."""
    return _CONTROLS.sub("", text)

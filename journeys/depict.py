"""A message as a page: what previews show."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from journeys.compose import Shown

_DARK = "@media (prefers-color-scheme: dark)"
_PAGE = (
    '<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width"><title>{title}</title>'
    "<style>:root{{color-scheme:{scheme}}}body{{font:16px/1.5 sans-serif;margin:1.5rem;"
    "overflow-wrap:anywhere}}pre{{white-space:pre-wrap;overflow-wrap:anywhere;font:15px/1.5 "
    "monospace}}dl{{max-width:36rem;border:1px solid #8888;border-radius:12px;padding:1rem}}"
    "dt{{font-size:.8rem;opacity:.75}}dd{{margin:0 0 .75rem;white-space:pre-wrap}}</style></head>"
    "<body>{body}</body></html>"
)


def page(shown: Shown, *, mode: str, language: str) -> str:
    """Return a message as a page of HTML.

    Args:
        shown: what a person would see.
        mode: "light", "dark", "phone" (light, as narrow as one), or "text", as mail programs show
            it that show no HTML.
        language: of the page around a text.
    """
    scheme = "dark" if mode == "dark" else "light"
    if mode != "text" and shown.html:
        # The preview shows one of both, whatever the editor's own screen prefers.
        chosen = "@media all" if mode == "dark" else "@media not all"
        html = shown.html.replace(_DARK, chosen).replace("light dark", scheme)
        if mode == "phone":
            narrow = "<style>html{max-width:375px;margin:0 auto}</style>"
            return html.replace("</head>", f"{narrow}</head>", 1)
        return html
    if shown.html or not isinstance(shown.content, dict):
        body = f"<pre>{escape(shown.text)}</pre>"
    else:
        told = "".join(
            f"<dt>{escape(name)}</dt><dd>{escape(one)}</dd>" for name, one in rows(shown.content)
        )
        body = f"<dl>{told}</dl>"
    return _PAGE.format(language=language, title=escape(shown.subject), scheme=scheme, body=body)


def rows(content: Any) -> list[tuple[str, str]]:
    """Return what a channel would hand over, piece by piece."""
    told = content if isinstance(content, dict) else {}
    return [
        (name, one if isinstance(one, str) else json.dumps(one, ensure_ascii=False, indent=2))
        for name, one in told.items()
        if one
    ]

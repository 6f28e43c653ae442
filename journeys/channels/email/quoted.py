"""A fragment inside a mail: its blocks as MJML and as text, with marks for variables and links."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from html import unescape
from typing import Any

from content.expressions import words
from journeys import wording
from journeys.channels.email.ink import INK, clean, safe
from journeys.wording import Links

_HREF = re.compile(r'<a\b[^>]*?\bhref="(?P<url>[^"]*)"[^>]*>')
_KEYS = re.compile(r'\sdata-block-key="[^"]*"')
_RICH = ("html", "answer")
_HEADING = "margin:0 0 8px;font-size:20px;line-height:1.3"
_SMALL = "margin:8px 0 0;font-size:13px"
_CELL = "padding:4px 12px 4px 0;text-align:start;vertical-align:top"


def fragment(pieces: Sequence[Mapping[str, Any]], links: Links) -> tuple[str, str]:
    """Return the pieces of a fragment as MJML and as text."""
    marked = [_marked(piece, links) for piece in pieces]
    mjml = [_DRAWN.get(piece["type"], _prose)(piece) for piece in marked]
    return "".join(mjml), words.of_pieces(marked)


def _marked(value: Any, links: Links, name: str = "") -> Any:
    """Return a piece with marks: those of its variables, and of each link the same one twice."""
    if isinstance(value, str):
        text = wording.mark(clean(value), str)
        return _HREF.sub(lambda found: _anchor(found, links), text) if name in _RICH else text
    if isinstance(value, Mapping):
        told = {key: _marked(inner, links, key) for key, inner in value.items()}
        if set(told) == {"text", "url"} and told["url"]:
            told["url"] = wording.link(links.add(value["url"]))
        elif told.get("url"):
            # A picture: shown, not followed.
            told["url"] = links.absolute(value["url"])
        return told
    if isinstance(value, list | tuple):
        return [_marked(inner, links, name) for inner in value]
    return value


def _anchor(found: re.Match[str], links: Links) -> str:
    url = unescape(found["url"])
    if not url.startswith(("/", "https://", "http://")):
        return f'<a href="{safe(url)}" style="{INK}">'
    return f'<a href="{wording.link(links.add(url))}" style="{INK}">'


def _said(*html: str) -> str:
    told = "".join(filter(None, html))
    return f'<mj-text css-class="ink">{told}</mj-text>' if told else ""


def _heading(text: str) -> str:
    return f'<h2 style="{_HEADING}">{safe(text)}</h2>' if text else ""


def _paragraph(text: str, style: str = "margin:0") -> str:
    return f'<p style="{style}">{safe(text)}</p>' if text else ""


def _strong(text: str) -> str:
    return f"<strong>{safe(text)}</strong>"


def _anchored(link: Mapping[str, str]) -> str:
    if not (link["text"] and link["url"]):
        return ""
    told = safe(link["text"])
    return f'<p style="margin:4px 0 0"><a href="{link["url"]}" style="{INK}">{told}</a></p>'


def _prose(piece: Mapping[str, Any]) -> str:
    return _said(_KEYS.sub("", piece["html"]))


def _action(piece: Mapping[str, Any]) -> str:
    link = piece["link"]
    button = (
        f'<mj-button href="{link["url"]}">{safe(link["text"])}</mj-button>'
        if link["text"] and link["url"]
        else ""
    )
    return _said(_heading(piece["heading"]), _paragraph(piece["text"])) + button


def _cards(piece: Mapping[str, Any]) -> str:
    cards = [
        _said(_strong(one["title"]), _paragraph(one["text"]), _anchored(one["link"]))
        for one in piece["cards"]
    ]
    return _said(_heading(piece["heading"]), _paragraph(piece["text"])) + "".join(cards)


def _quote(piece: Mapping[str, Any]) -> str:
    who = ", ".join(filter(None, [piece["who"], piece["role"]]))
    style = "margin:0;border-inline-start:3px solid #a9b0b8;padding-inline-start:14px"
    told = f"<em>{safe(piece['text'])}</em>{_paragraph(who, _SMALL)}"
    return _said(f'<blockquote style="{style}">{told}</blockquote>')


def _table_of(rows: Sequence[Sequence[str]], *, caption: str, heads: bool) -> str:
    told = []
    for number, row in enumerate(rows):
        cells = [
            f'<{kind} style="{_CELL}">{safe(cell)}</{kind}>'
            for place, cell in enumerate(row)
            for kind in ("th" if place == 0 or (heads and number == 0) else "td",)
        ]
        told.append(f"<tr>{''.join(cells)}</tr>")
    above = f'<caption style="text-align:start">{safe(caption)}</caption>' if caption else ""
    return _said(f'<table style="border-collapse:collapse">{above}{"".join(told)}</table>')


def _figures(piece: Mapping[str, Any]) -> str:
    rows = [[one["label"], one["value"], one["note"]] for one in piece["figures"]]
    below = _said(_paragraph(piece["source"], _SMALL))
    return _said(_heading(piece["heading"])) + _table_of(rows, caption="", heads=False) + below


def _table(piece: Mapping[str, Any]) -> str:
    rows = [[piece["first"], *piece["columns"]]]
    rows += [[row["name"], *row["cells"]] for row in piece["rows"]]
    return _table_of(rows, caption=piece["caption"], heads=True)


def _faq(piece: Mapping[str, Any]) -> str:
    asked = [
        _said(_strong(one["question"]), _KEYS.sub("", one["answer"])) for one in piece["questions"]
    ]
    return _said(_heading(piece["heading"])) + "".join(asked)


def _picture(piece: Mapping[str, Any]) -> str:
    if not piece["url"]:
        return ""
    source, alt = safe(piece["url"]), safe(piece["alt"])
    image = f'<mj-image src="{source}" alt="{alt}" padding="8px 32px" fluid-on-mobile="true" />'
    return image + _said(_paragraph(piece["caption"], _SMALL))


def _drawing(piece: Mapping[str, Any]) -> str:
    # Many mail programs show no drawings (SVG): what stands below one is said without it.
    return _said(_paragraph(piece["caption"], _SMALL))


_DRAWN: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "text": _prose,
    "call_to_action": _action,
    "cards": _cards,
    "quote": _quote,
    "figures": _figures,
    "table": _table,
    "faq": _faq,
    "picture": _picture,
    "illustration": _drawing,
}

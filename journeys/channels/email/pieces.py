"""The pieces of a mail, each as MJML and as text, with marks for variables and links."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from journeys import wording
from journeys.channels.email.ink import INK, clean, safe
from journeys.channels.email.quoted import fragment
from journeys.wording import BadVariable, Links
from journeys.wording.grammar import TAG

_PARAGRAPHS = re.compile(r"\n[ \t]*\n\s*")
_HEAD_TAGS = re.compile(r"^(?:\s*\{%[^{}\n]*%\}\s*)+")
_TAIL_TAGS = re.compile(r"(?:\s*\{%[^{}\n]*%\}\s*)+$")


def pieces(blocks: Iterable[tuple[str, Any]], links: Links) -> tuple[str, str]:
    """Return the blocks of a message as MJML and as text."""
    mjml, text = [], []
    for kind, value in blocks:
        part, plain = _PARTS[kind](value, links)
        mjml.append(part)
        text.append(plain)
    return "".join(mjml), "\n\n".join(text)


def _words(text: str) -> str:
    return wording.mark(text, clean)


def _heading(value: str, links: Links) -> tuple[str, str]:
    part = (
        '<mj-text css-class="ink" font-size="26px" line-height="1.25" font-weight="700">'
        f'<h1 style="margin:0;font-size:26px">{wording.mark(value, safe)}</h1></mj-text>'
    )
    return part, _words(value)


def _text(value: str, links: Links) -> tuple[str, str]:
    """Return paragraphs; addresses inside become links, in both forms the same ones."""
    numbers: list[int] = []

    def anchor(url: str, words: str) -> str:
        numbers.append(links.add(url))
        shown = words or wording.mark(url, safe)
        return f'<a href="{wording.link(numbers[-1])}" style="{INK}">{shown}</a>'

    html, source = [], value.replace("\r\n", "\n").strip()
    parts = [part.strip("\n") for part in _PARAGRAPHS.split(source) if part.strip()]
    for number, part in enumerate(parts, 1):
        space = "0" if number == len(parts) else "0 0 16px"
        before, inside, after = _apart(part)
        shown = wording.mark(inside, safe, anchor).strip("\n").replace("\n", "<br />")
        html.append(wording.mark(before, safe))
        html.append(f'<p style="margin:{space}">{shown}</p>' if inside.strip() else "")
        html.append(wording.mark(after, safe))
    again = iter(numbers)

    def told(url: str, words: str) -> str:
        place = wording.link(next(again))
        return f"{words}: {place}" if words else place

    plain = "\n\n".join(wording.mark(part, clean, told) for part in parts)
    return f'<mj-text css-class="ink">{"".join(html)}</mj-text>', plain


def _apart(part: str) -> tuple[str, str, str]:
    """Return a paragraph without the tags around it, where they open or close more than itself."""
    depth = lowest = 0
    for match in TAG.finditer(part):
        word = (match["tag"] or "").strip().partition(" ")[0]
        depth += {"if": 1, "for": 1, "endif": -1, "endfor": -1}.get(word, 0)
        lowest = min(lowest, depth)
    head, tail = _HEAD_TAGS.match(part), _TAIL_TAGS.search(part)
    if (depth == 0 and lowest == 0 and not (head and head.end() == len(part))) or not (
        head or tail
    ):
        return "", part, ""
    start = head.end() if head else 0
    end = tail.start() if tail and tail.start() >= start else len(part)
    return part[:start].strip(), part[start:end], part[end:].strip()


def _link(value: Any, links: Links) -> tuple[str, str]:
    mark, words = wording.link(links.add(value["url"])), wording.mark(value["text"], safe)
    if value["look"] == "link":
        html = f'<mj-text css-class="ink"><a href="{mark}" style="{INK}">{words}</a></mj-text>'
    else:
        html = f'<mj-button href="{mark}">{words}</mj-button>'
    return html, f"{_words(value['text'])}: {mark}"


def _picture(value: Any, links: Links) -> tuple[str, str]:
    words = value["alt"] or ""
    source = wording.source(links.add(value["url"])) if "{{" in value["url"] else ""
    address = source or safe(links.absolute(value["url"]))
    alt = wording.mark(words, safe)
    html = f'<mj-image src="{address}" alt="{alt}" padding="8px 32px" fluid-on-mobile="true" />'
    return html, f"[{_words(words)}]" if words else ""


def _divider(value: Any, links: Links) -> tuple[str, str]:
    look = 'border-width="1px" border-color="#d9d5cc" padding="16px 32px"'
    return f'<mj-divider css-class="rule" {look} />', "- - -"


def _each(value: Any, links: Links) -> tuple[str, str]:
    return _around("for", f"item in {value['list']}", "endfor", value["blocks"], links)


def _only(value: Any, links: Links) -> tuple[str, str]:
    return _around("if", value["question"], "endif", value["blocks"], links)


def _around(word: str, rest: str, last: str, blocks: Any, links: Links) -> tuple[str, str]:
    mjml, plain = pieces(blocks, links)
    try:
        begin, end = wording.block(word, rest), wording.block(last)
    except BadVariable:
        # A draft that is not complete is shown without what it asks.
        return mjml, plain
    return f"<mj-raw>{begin}</mj-raw>{mjml}<mj-raw>{end}</mj-raw>", f"{begin}{plain}\n\n{end}"


_PARTS: Mapping[str, Callable[[Any, Links], tuple[str, str]]] = {
    "heading": _heading,
    "text": _text,
    "link": _link,
    "picture": _picture,
    "divider": _divider,
    "each": _each,
    "only": _only,
    "fragment": fragment,
}

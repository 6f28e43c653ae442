"""Say a fragment on a channel."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.templatetags.static import static
from django.utils.html import escape
from django.utils.translation import gettext as _
from wagtail.images.models import SourceImageIOError
from wagtail.models import Locale
from wagtail.rich_text import expand_db_html

from content import tokens
from content.expressions import EXPRESSIONS, Content, Remark
from content.models import Fragment

SIZE = "max-1200x1200|format-jpeg"
WORDS = ("text", "sms", "push_title", "push_text", "spoken")
_OWN = re.compile(r'(?P<before>\s(?:href|src)=")(?P<path>/(?!/)[^"]*)"')
_SETS = re.compile(r'\s(?:srcset|imagesrcset)="[^"]*"')


@dataclass(frozen=True, slots=True)
class Way:
    """Where a fragment goes: the host of our addresses, and whether its blocks are drawn."""

    site: str = ""
    draws: bool = True

    def absolute(self, html: str) -> str:
        """Return HTML whose addresses lead to the site from anywhere."""
        if not self.site:
            return html
        root = escape(self.site)
        return _OWN.sub(rf'\g<before>{root}\g<path>"', _SETS.sub("", html))

    def address(self, path: str) -> str:
        """Return an address with its host."""
        return f"{self.site}{path}" if path.startswith("/") else path


def express(
    fragment: Fragment,
    channel: str,
    *,
    locale: Locale | None = None,
    site: str = "",
    personal: bool = False,
) -> str | dict[str, Any]:
    """Return what a channel is given of a fragment.

    Args:
        fragment: as it is told here: a live row, or a draft.
        channel: html, text, sms, push, ssml or json.
        locale: its live translation into this language is taken, if there is one.
        site: what addresses that begin with / belong to; empty: they stay as they are.
        personal: whether `{{ customer.first_name|there }}` stays, for whoever fills it; else its
            fallback is said.

    Raises:
        UnknownKind: there is no such expression.
    """
    kind = EXPRESSIONS.get(channel)()
    shown = (fragment.said_in(locale.pk) if locale else None) or fragment
    said: Callable[[str], str] = str if personal else tokens.plain
    return kind.express(_content(shown, Way(site.rstrip("/")), said))


def lint(fragment: Fragment) -> list[Remark]:
    """Return what all channels say to a fragment that may not be saved yet."""
    content = _content(fragment, Way(draws=False), tokens.plain)
    return [one for kind in EXPRESSIONS for one in kind().lint(content)] + _braces(content)


def _braces(content: Content) -> list[Remark]:
    told = _("“%(found)s” would be shown as it stands here. Write %(instead)s.")
    words = {name: getattr(content, name) for name in WORDS}
    words["body"] = " ".join(_strings(content.pieces))
    return [
        Remark(name, told % {"found": found[:60], "instead": "{{ customer.first_name|there }}"})
        for name, text in words.items()
        if (found := tokens.strange(text))
    ]


def _content(fragment: Fragment, way: Way, said: Callable[[str], str]) -> Content:
    words = {name: said(getattr(fragment, name) or "") for name in WORDS}
    html = str(fragment.body.render_as_block()) if way.draws and fragment.body else ""
    return Content(
        language=fragment.locale.language_code,
        pieces=[_every(piece, said) for piece in pieces(fragment, way=way)],
        html=said(way.absolute(html)),
        **words,
    )


def _every(value: Any, said: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return said(value)
    if isinstance(value, Mapping):
        return {name: _every(inner, said) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_every(inner, said) for inner in value]
    return value


def _strings(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner)


def pieces(fragment: Fragment, *, way: Way) -> list[dict[str, Any]]:
    """Return a fragment's blocks as data; a kind that nobody described here as its HTML."""
    found = []
    for child in fragment.body or ():
        describe = _PIECES.get(child.block_type)
        told = (
            describe(child.value, way) if describe else {"html": way.absolute(str(child.render()))}
        )
        found.append({"type": child.block_type, **told})
    return found


def _rich(value: Any, way: Way) -> str:
    return way.absolute(expand_db_html(value.source if value else ""))


def _link(value: Any, way: Way) -> dict[str, str]:
    return {"text": value["text"] or "", "url": way.address(value.href)}


def _text(value: Any, way: Way) -> dict[str, Any]:
    return {"html": _rich(value, way)}


def _action(value: Any, way: Way) -> dict[str, Any]:
    return {**_head(value), "link": _link(value["link"], way)}


def _head(value: Any) -> dict[str, str]:
    return _words(value, "heading", "text")


def _words(value: Any, *names: str) -> dict[str, str]:
    return {name: value.get(name) or "" for name in names}


def _cards(value: Any, way: Way) -> dict[str, Any]:
    cards = [
        {**_words(one, "title", "text"), "link": _link(one["link"], way)} for one in value["cards"]
    ]
    return {**_head(value), "cards": cards}


def _quote(value: Any, way: Way) -> dict[str, Any]:
    return _words(value, "text", "who", "role")


def _figures(value: Any, way: Way) -> dict[str, Any]:
    figures = [_words(one, "label", "value", "note") for one in value["figures"]]
    return {**_words(value, "heading", "source"), "figures": figures}


def _table(value: Any, way: Way) -> dict[str, Any]:
    rows = [{**_words(row, "name"), "cells": _texts(row["cells"])} for row in value["rows"]]
    return {**_words(value, "caption", "first"), "columns": _texts(value["columns"]), "rows": rows}


def _faq(value: Any, way: Way) -> dict[str, Any]:
    asked = [
        {**_words(one, "question"), "answer": _rich(one["answer"], way)}
        for one in value["questions"]
    ]
    return {**_words(value, "heading"), "questions": asked}


def _illustration(value: Any, way: Way) -> dict[str, Any]:
    drawn = static(f"img/art/{value['art']}.svg") if value["art"] else ""
    return {"url": way.address(drawn), **_words(value, "alt", "caption")}


def _texts(values: Iterable[Any]) -> list[str]:
    return [str(one or "") for one in values]


def _picture(value: Any, way: Way) -> dict[str, Any]:
    image = value["image"]
    told = {"url": "", "width": 0, "height": 0, "alt": "", "decorative": True, "title": ""}
    if image is not None:
        # Wagtail's block tells what the picture says in this place.
        told["alt"] = getattr(image, "contextual_alt_text", None) or ""
        told["decorative"] = bool(getattr(image, "decorative", False))
        told["title"] = image.title
        if size := _size(image) if way.draws else None:
            told |= {
                "url": way.address(size.url), "width": size.width, "height": size.height,
            }  # fmt: skip
    return {**told, "caption": value["caption"] or ""}


def _size(image: Any) -> Any:
    try:
        return image.get_rendition(SIZE)
    except (SourceImageIOError, OSError):
        # The file is gone or no picture: what is said stays.
        return None


_PIECES: Mapping[str, Callable[[Any, Way], dict[str, Any]]] = {
    "text": _text,
    "call_to_action": _action,
    "cards": _cards,
    "quote": _quote,
    "figures": _figures,
    "table": _table,
    "faq": _faq,
    "illustration": _illustration,
    "picture": _picture,
}

"""Read what a thing says: title, words and language, of pages, fragments, pictures and files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.html import strip_tags
from wagtail.models import DraftStateMixin, Locale, Page
from wagtail.search import index

from content.models import Document, Fragment, Image
from content.taggers import Text
from dxp.lib import language

# What can be read and tagged; pages are one kind, whatever their type.
THINGS = (Page, Fragment, Image, Document)
# A book says what it is about on its first pages; what is read must stay quick.
MOST_LETTERS = 40_000
TITLES = ("title", "name")
SPACE = re.compile(r"\s+")


def words(thing: Any, *, languages: Sequence[str] | None = None) -> Text:
    """Return what a thing says as it is: of a draft the draft, of what is live what is live."""
    title, said = "", []
    for field in _fields(thing):
        told = _plain(field.get_value(thing))
        if field.field_name in TITLES:
            title = title or told
        elif told:
            said.append(told)
    body = "\n".join(said)[:MOST_LETTERS]
    known = list(languages) if languages is not None else spoken()
    return Text(title, body, _language(thing, f"{title}\n{body}", known))


def latest(thing: Any) -> Any:
    """Return a thing as it was last written, drafts included."""
    if isinstance(thing, DraftStateMixin) and thing.latest_revision_id:
        return thing.get_latest_revision_as_object()
    return thing.specific if isinstance(thing, Page) else thing


def spoken() -> list[str]:
    """Return the codes of the languages that pages may be written in."""
    return list(Locale.objects.order_by("pk").values_list("language_code", flat=True))


def _fields(thing: Any) -> Iterable[index.SearchField]:
    return (one for one in thing.get_search_fields() if isinstance(one, index.SearchField))


def _plain(value: Any) -> str:
    told = " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value or "")
    return SPACE.sub(" ", strip_tags(told)).strip()


def _language(thing: Any, said: str, known: Sequence[str]) -> str:
    told = getattr(thing, "language", "")
    if told:
        return str(told)
    locale = getattr(thing, "locale", None)
    otherwise = locale.language_code if locale else (known[0] if known else "")
    return language.detect(said, among=known, otherwise=otherwise)

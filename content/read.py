"""Read what a thing says: title, words and language, of pages, fragments, pictures and files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.utils.html import strip_tags
from wagtail.models import DraftStateMixin, Locale, Page, Revision
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


def words(thing: Any, *, asks_language: bool = True) -> Text:
    """Return what a thing says as it is: of a draft the draft, of what is live what is live."""
    title, said = "", []
    for field in _fields(thing):
        told = _plain(field.get_value(thing))
        if field.field_name in TITLES:
            title = title or told
        elif told:
            said.append(told)
    body = "\n".join(said)[:MOST_LETTERS]
    return Text(title, body, _language(thing, f"{title}\n{body}") if asks_language else "")


def latest(thing: Any) -> Any:
    """Return a thing as it was last written, drafts included; only to be read, never to be saved.

    Wagtail's own way restores where a page stands, too, which costs more than all its words.
    """
    if not isinstance(thing, DraftStateMixin) or not thing.latest_revision_id:
        return thing.specific if isinstance(thing, Page) else thing
    return written(thing, thing.latest_revision)


def written(thing: Any, revision: Revision) -> Any:
    """Return a thing as one revision has it; only to be read, never to be saved."""
    kind: Any = ContentType.objects.get_for_id(revision.content_type_id).model_class()
    found = (kind or type(thing)).from_serializable_data(revision.content, check_fks=False)
    found.pk, found.locale_id = thing.pk, thing.locale_id
    return found


def spoken() -> dict[int, str]:
    """Return the codes of the languages that pages may be written in, by their ids."""
    return dict(Locale.objects.order_by("pk").values_list("pk", "language_code"))


def _fields(thing: Any) -> Iterable[index.SearchField]:
    return (one for one in thing.get_search_fields() if isinstance(one, index.SearchField))


def _plain(value: Any) -> str:
    told = " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value or "")
    return SPACE.sub(" ", strip_tags(told)).strip()


def _language(thing: Any, said: str) -> str:
    told = getattr(thing, "language", "")
    if told:
        return str(told)
    codes = spoken()
    known = list(codes.values())
    otherwise = codes.get(getattr(thing, "locale_id", None) or 0) or (known[0] if known else "")
    return language.detect(said, among=known, otherwise=otherwise)

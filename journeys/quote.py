"""Messages that say fragments: whose words they take, where, and whether there are newer ones."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django.utils import translation
from wagtail.blocks import StreamValue
from wagtail.models import ReferenceIndex

from content import render, reuse
from content.models import Fragment
from content.tokens import TAG, TOKEN
from journeys import wording
from journeys.models import Message
from journeys.wording import KNOWN

TEXTS = ("subject", "preheader", "text")
# What a path of our own language can hold (`journeys.wording`).
_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$")
_BRACES = re.compile(r"\{(?=[{%])")


def words(text: str, *, field: str, channel: str) -> str:
    """Return a text of a message with the words of the fragments that it quotes.

    A subject takes a fragment's title, a text what its channel says; a fragment that is not live
    says nothing.
    """

    def told(name: str) -> str:
        fragment = reuse.named(name=name, language=translation.get_language() or "")
        return _said(fragment, field, channel) if fragment else ""

    return wording.quote(text, told)


def _said(fragment: Fragment, field: str, channel: str) -> str:
    if field == "text" and channel in ("sms", "email", "webhook"):
        kind = "sms" if channel == "sms" else "text"
        told = str(render.express(fragment, kind, personal=True))
        if channel == "webhook":
            # It stands inside quotes there.
            return json.dumps(_filled(told), ensure_ascii=False)[1:-1]
        return _filled(told)
    push: Any = render.express(fragment, "push", personal=True)
    return _filled(push["title" if field == "subject" else "text"])


def pieces(fragment: Fragment) -> list[dict[str, Any]]:
    """Return the blocks of a fragment as mails say them; nothing, unless it is live."""
    if not fragment.live:
        return []
    told: Any = render.express(fragment, "json", personal=True)
    return [_every(piece) for piece in told["blocks"]]


def _every(value: Any) -> Any:
    if isinstance(value, str):
        parts = TAG.split(value)
        # Inside of a tag only the fallback is said, as on pages.
        return "".join(
            TOKEN.sub(lambda found: (found[2] or "").strip(), part) if place % 2 else _filled(part)
            for place, part in enumerate(parts)
        )
    if isinstance(value, Mapping):
        return {name: _every(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_every(inner) for inner in value]
    return value


def _filled(text: str) -> str:
    """Return a text whose words about the visitor are variables; other braces are only braces."""
    parts, at = [], 0
    for found in TOKEN.finditer(text):
        parts += [_plain(text[at : found.start()]), _variable(found)]
        at = found.end()
    return "".join([*parts, _plain(text[at:])])


def _plain(text: str) -> str:
    return _BRACES.sub("{ ", text)


def _variable(found: re.Match[str]) -> str:
    name, fallback = found[1], (found[2] or "").strip().replace('"', "'")
    if not _NAME.match(name):
        return fallback
    known = next((key for key, names in KNOWN.items() if name in (key, *names)), "")
    default = f'|default:"{fallback}"' if fallback else ""
    return f"{{{{ {known or f'trait.{name}'}{default} }}}}"


def used(message: Message) -> list[Fragment]:
    """Return the fragments that a message says, in blocks and in texts, each once."""
    language = translation.get_language() or ""
    names = [name for field in TEXTS for name in wording.quoted(getattr(message, field))]
    quoted = [reuse.named(name=name, language=language) for name in names]
    found = {one.pk for one in [*_inside(message.body), *filter(None, quoted)]}
    # What stands in the blocks may have been read before it was published anew.
    return list(Fragment.objects.filter(pk__in=found).order_by("name"))


def _inside(value: Any) -> Iterator[Fragment]:
    if isinstance(value, Fragment):
        yield value
    elif isinstance(value, StreamValue):
        for child in value:
            yield from _inside(child.value)
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _inside(inner)


def newer(message: Message) -> list[Fragment]:
    """Return the fragments that were published after the edition that is sent now."""
    edition = message.current
    return [
        one
        for one in used(message)
        if edition and one.live and (at := one.last_published_at) and at > edition.published_at
    ]


def saying(fragment: Fragment) -> list[Message]:
    """Return the messages that say a fragment, as they are sent or as they are drafted."""
    kind = ContentType.objects.get_for_model(Message)
    held = ReferenceIndex.get_references_to(fragment).filter(base_content_type=kind)
    numbers = {int(one) for one in held.values_list("object_id", flat=True)}
    numbers |= reuse.drafted(fragment, Message) | {one.pk for one in calling(fragment.name)}
    return list(Message.objects.filter(pk__in=numbers).select_related("current").order_by("name"))


def calling(name: str) -> list[Message]:
    """Return the messages whose texts call a fragment by its name, drafts too."""
    asked = Q()
    for field in TEXTS:
        asked |= Q(**{f"{field}__contains": "fragment:"})
        asked |= Q(**{f"latest_revision__content__{field}__icontains": "fragment:"})
    return [
        one
        for one in Message.objects.filter(asked).select_related("latest_revision").order_by("name")
        if name in _names(one)
    ]


def _names(message: Message) -> set[str]:
    draft = message.latest_revision.content if message.latest_revision else {}
    texts = [getattr(message, field) for field in TEXTS]
    texts += [str(draft.get(field) or "") for field in TEXTS]
    return {name for text in texts for name in wording.quoted(text)}

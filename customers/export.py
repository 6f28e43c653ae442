"""Everything about a person in one file, for them to read: JSON lines and an index in words."""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import IO, Any
from uuid import UUID

import orjson
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from customers.models import ContactPoint, Profile
from customers.rights import KEEPERS, Keeper, Person

# So many rows of each kind stand in the index itself, for those who don't read JSON.
SHOWN = 20
LONGEST_SHOWN = 300


class Unknown(LookupError):
    """Nobody is known under that id or address."""


def find(known_as: str) -> Person:
    """Return the person of a public id, or of an e-mail address or phone number.

    Raises:
        Unknown: nobody is known under it.
    """
    text = known_as.strip()
    with contextlib.suppress(ValueError):
        found = Profile.objects.filter(public_id=UUID(text)).values_list("pk", flat=True).first()
        if found is None:
            raise Unknown(_("No profile has the id %(id)s.") % {"id": text})
        return Person.of(found)
    point = ContactPoint.objects.filter(value=text.lower()).order_by("pk").first()
    if point is None:
        raise Unknown(_("Nobody is known under this address."))
    return Person.of(point.profile_id)


def write(person: Person, *, to: IO[bytes], at: datetime) -> dict[str, int]:
    """Write everything about a person as a ZIP file; return the number of rows by keeper.

    A row is written as soon as it is read: memory does not grow with what there is.

    Args:
        person: everybody who is linked.
        to: a file, or anything that can be written to; it need not be seekable.
        at: the moment, which the index states.
    """
    counts: dict[str, int] = {}
    chapters: list[dict[str, Any]] = []
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        for keeper in reversed(KEEPERS):
            chapter = _chapter(archive, keeper, person)
            counts[keeper.name] = chapter["count"]
            chapters.append(chapter)
        index = render_to_string(
            "customers/export/index.html",
            {
                "person": person,
                "at": at,
                "held": [one for one in chapters if one["count"]],
                "empty": [one for one in chapters if not one["count"]],
                "shown": SHOWN,
            },
        )
        archive.writestr("index.html", index)
    return counts


def counts(person: Person) -> dict[str, int]:
    """Return how many rows each keeper holds about a person: what an erasure would remove."""
    return {keeper.name: sum(1 for _row in keeper.export(person)) for keeper in KEEPERS}


def _chapter(archive: zipfile.ZipFile, keeper: Keeper, person: Person) -> dict[str, Any]:
    shown: list[list[tuple[str, str]]] = []
    count = 0
    name = f"{keeper.name}.jsonl"
    with archive.open(name, "w", force_zip64=True) as file:
        for row in keeper.export(person):
            file.write(_line(row))
            if count < SHOWN:
                shown.append(list(_words(row)))
            count += 1
    return {
        "name": name, "label": keeper.label, "about": keeper.about, "count": count, "rows": shown,
    }  # fmt: skip


def _line(row: dict[str, Any]) -> bytes:
    return orjson.dumps(row, default=_plain, option=orjson.OPT_APPEND_NEWLINE)


def _plain(value: Any) -> str:
    """Return as text what JSON has no form for."""
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode(errors="replace")
    return str(value)


def _words(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in row.items():
        if value in (None, "", [], {}):
            continue
        if isinstance(value, datetime):
            text = f"{value:%Y-%m-%d %H:%M:%S}"
        elif isinstance(value, dict | list):
            text = orjson.dumps(value, default=_plain).decode()
        else:
            text = _plain(value)
        short = text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
        yield key.replace("_", " "), short

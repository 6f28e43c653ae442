"""Append events and what is counted of them: ids, COPY, rollup. Everything above goes through here.

Whoever appends holds the profiles' locks (`hold`), so that two transactions never judge the same
person's segments without seeing each other's events.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import orjson
from django.db import connection

from customers import partitions, rollup
from customers.models import Source
from dxp.lib import rows

OWN_SOURCE = "DXP"
COLUMNS = (
    "id", "received_at", "at", "position", "source_id", "message_id", "type", "name", "alias_id",
    "profile_id", "user_id", "anonymous_id", "previous_id", "group_id", "properties", "context",
)  # fmt: skip


class Recorded(msgspec.Struct, frozen=True, gc=False):
    """An event as it lies in the store."""

    id: int
    profile_id: int
    alias_id: int
    type: str
    name: str
    at: datetime
    received_at: datetime
    message_id: str
    raw_properties: bytes

    @property
    def properties(self) -> dict[str, Any]:
        """What the event tells; read anew at each call."""
        told: dict[str, Any] = orjson.loads(self.raw_properties)
        return told


@dataclass(frozen=True, slots=True)
class New:
    """An event of our own. `message_id` is a stable key: the same one is recorded once."""

    profile_id: int
    name: str
    properties: dict[str, Any]
    at: datetime
    message_id: str


class Row(msgspec.Struct, gc=False):
    """One event to append, with its owner resolved; its properties and context as JSON."""

    received_at: datetime
    at: datetime
    position: int
    source_id: int | None
    message_id: str
    type: str
    name: str
    alias_id: int
    profile_id: int
    raw_properties: bytes
    raw_context: bytes = b"{}"
    user_id: str | None = None
    anonymous_id: str | None = None
    previous_id: str | None = None
    group_id: str | None = None

    @property
    def properties(self) -> dict[str, Any]:
        """What the event tells; read anew at each call."""
        told: dict[str, Any] = orjson.loads(self.raw_properties)
        return told


def own_source() -> int:
    """Return the source under which our own events stand; nobody can send with its key."""
    found = Source.objects.filter(name=OWN_SOURCE).values_list("id", flat=True).first()
    if found is not None:
        return found
    return Source.objects.get_or_create(name=OWN_SOURCE, defaults={"is_active": False})[0].id


def once(*, keys: Iterable[tuple[int, str]], at: datetime) -> set[tuple[int, str]]:
    """Take note of (source, message id) pairs; return those that were never seen before."""
    wanted = sorted(set(keys))
    if not wanted:
        return set()
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_seen (source_id, message_id, seen_at) "
            "SELECT s, m, %s FROM unnest(%s::bigint[], %s::text[]) AS t(s, m) "
            "ON CONFLICT DO NOTHING RETURNING source_id, message_id",
            [at, rows.array(s for s, _ in wanted), rows.array(m for _, m in wanted)],
        )
        return set(cursor.fetchall())


def forget(*, keys: Iterable[tuple[int, str]]) -> None:
    """Forget that (source, message id) pairs were seen: their events were not kept after all."""
    pairs = list(keys)
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "DELETE FROM customers_seen s USING unnest(%s::bigint[], %s::text[]) AS t(s, m) "
            "WHERE s.source_id = t.s AND s.message_id = t.m",
            [rows.array(s for s, _ in pairs), rows.array(m for _, m in pairs)],
        )


def hold(*, profile_ids: Iterable[int]) -> dict[int, int]:
    """Lock profiles until the end of the transaction; return each one's owner now.

    An absorbed profile's owner is the one that absorbed it; the owner is locked too.
    """
    wanted = sorted(set(profile_ids))
    owners: dict[int, int] = {}
    while wanted:
        with rows.raw_cursor() as cursor:
            cursor.execute(
                "SELECT id, state FROM customers_profile WHERE id = ANY(%s::bigint[]) ORDER BY id "
                "FOR NO KEY UPDATE",
                [rows.array(wanted)],
            )
            found = dict(cursor.fetchall())
            absorbed = [profile for profile, state in found.items() if state == "ABSORBED"]
            cursor.execute(
                "SELECT DISTINCT home_profile_id, profile_id FROM customers_alias "
                "WHERE home_profile_id = ANY(%s::bigint[])",
                [rows.array(absorbed)],
            )
            moved = dict(cursor.fetchall())
        owners.update({profile: moved.get(profile, profile) for profile in found})
        wanted = sorted(set(moved.values()) - set(owners))
    return owners


def oldest_aliases(*, profile_ids: Iterable[int]) -> dict[int, int]:
    """Return the oldest alias of each profile: our own events hang on it.

    Where there is another, no shared one: what is in other hands says nothing about its person.
    """
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (profile_id) profile_id, id FROM customers_alias "
            "WHERE profile_id = ANY(%s::bigint[]) "
            "ORDER BY profile_id, is_shared, first_seen_at, id",
            [rows.array(sorted(set(profile_ids)))],
        )
        return dict(cursor.fetchall())


def append(*, new: Sequence[Row]) -> list[Recorded]:
    """Append events in this order, with rising ids, and count them per profile, name and day."""
    if not new:
        return []
    partitions.ensure(moments={row.received_at for row in new})
    ids = _ids(len(new))
    rows.copy_text("customers_event", COLUMNS, b"".join(_lines(ids, new)))
    rollup.count(new=new)
    return [
        Recorded(
            number, row.profile_id, row.alias_id, row.type, row.name, row.at, row.received_at,
            row.message_id, row.raw_properties,
        )
        for number, row in zip(ids, new, strict=True)
    ]  # fmt: skip


def own(*, new: Sequence[New], aliases: dict[int, int], at: datetime) -> list[Row]:
    """Return events of our own as rows: under the profile's oldest alias, from our own source."""
    source = own_source()
    return [
        Row(
            received_at=at, at=event.at, position=position, source_id=source,
            message_id=event.message_id, type="track", name=event.name,
            alias_id=aliases[event.profile_id], profile_id=event.profile_id,
            raw_properties=orjson.dumps(event.properties),
        )
        for position, event in enumerate(new)
    ]  # fmt: skip


def _ids(number: int) -> Sequence[int]:
    """Return so many new ids, rising."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(v), CASE WHEN max(v) - min(v) >= %s THEN array_agg(v ORDER BY v) END "
            "FROM (SELECT nextval('customers_event_id') AS v FROM generate_series(1, %s)) AS n",
            [number, number],
        )
        first, scattered = cursor.fetchone()
    # Only where others append at this moment they don't follow one another.
    return scattered or range(first, first + number)


def _lines(ids: Sequence[int], new: Sequence[Row]) -> Iterator[bytes]:
    """Yield the rows in COPY's text format."""
    text = rows.copied
    received_at, received = None, ""
    for number, row in zip(ids, new, strict=True):
        if row.received_at is not received_at:
            received_at, received = row.received_at, row.received_at.isoformat()
        source = "\\N" if row.source_id is None else row.source_id
        user = "\\N" if row.user_id is None else text(row.user_id)
        browser = "\\N" if row.anonymous_id is None else text(row.anonymous_id)
        previous = "\\N" if row.previous_id is None else text(row.previous_id)
        group = "\\N" if row.group_id is None else text(row.group_id)
        yield (
            f"{number}\t{received}\t{row.at.isoformat()}\t{row.position}\t{source}\t"
            f"{text(row.message_id)}\t{row.type}\t{text(row.name)}\t{row.alias_id}\t"
            f"{row.profile_id}\t{user}\t{browser}\t{previous}\t{group}\t"
        ).encode()
        # JSON holds no raw control characters: only its backslashes have to be escaped.
        yield row.raw_properties.replace(b"\\", b"\\\\")
        yield b"\t"
        yield row.raw_context.replace(b"\\", b"\\\\")
        yield b"\n"

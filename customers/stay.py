"""Write who entered and left which segment, when to look again, and the events that tell of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from customers import append
from customers.append import New, Recorded
from dxp.lib import rows

ENTERED, LEFT = "Segment Entered", "Segment Left"


@dataclass(slots=True)
class Changes:
    """What has to be written; keys are (segment, profile)."""

    entered: list[tuple[int, int]] = field(default_factory=list)
    left: list[tuple[int, int]] = field(default_factory=list)
    due: dict[tuple[int, int], datetime | None] = field(default_factory=dict)

    def add(self, more: Changes) -> None:
        """Take other changes in."""
        self.entered += more.entered
        self.left += more.left
        self.due.update(more.due)


def write(
    *, changes: Changes, slugs: Mapping[int, str], cause: str, at: datetime
) -> list[Recorded]:
    """Write stays and next looks, and append the events that tell of them.

    Args:
        changes: what changed.
        slugs: the segments' short names, by id.
        cause: a value of `SegmentMember.Cause`.
        at: when.
    """
    _write_due(changes.due)
    stays = [*_enter(changes.entered, cause, at), *_leave(changes.left, cause, at)]
    if not stays:
        return []
    new = [
        New(
            profile_id=profile,
            name=name,
            properties={"segment": slugs[segment], "segment_id": segment, "cause": str(cause)},
            at=at,
            # A stay has one beginning and one end.
            message_id=f"segment-{stay}-{name.rsplit(' ', maxsplit=1)[-1].lower()}",
        )
        for stay, segment, profile, name in stays
    ]
    aliases = append.oldest_aliases(profile_ids={one.profile_id for one in new})
    new = [one for one in new if one.profile_id in aliases]
    return append.append(new=append.own(new=new, aliases=aliases, at=at))


def _enter(
    keys: Sequence[tuple[int, int]], cause: str, at: datetime
) -> list[tuple[int, int, int, str]]:
    if not keys:
        return []
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_segmentmember "
            "(segment_id, profile_id, entered_at, cause, left_cause) "
            "SELECT s, p, %s, %s, '' FROM unnest(%s::bigint[], %s::bigint[]) AS t(s, p) "
            "ON CONFLICT DO NOTHING RETURNING id, segment_id, profile_id",
            [at, str(cause), *_columns(keys)],
        )
        return sorted((*row, ENTERED) for row in cursor.fetchall())


def _leave(
    keys: Sequence[tuple[int, int]], cause: str, at: datetime
) -> list[tuple[int, int, int, str]]:
    if not keys:
        return []
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "UPDATE customers_segmentmember m SET left_at = GREATEST(%s, entered_at), "
            "left_cause = %s FROM unnest(%s::bigint[], %s::bigint[]) AS t(s, p) "
            "WHERE m.segment_id = t.s AND m.profile_id = t.p AND m.left_at IS NULL "
            "RETURNING m.id, m.segment_id, m.profile_id",
            [at, str(cause), *_columns(keys)],
        )
        return sorted((*row, LEFT) for row in cursor.fetchall())


def _write_due(due: dict[tuple[int, int], datetime | None]) -> None:
    kept = sorted((key, moment) for key, moment in due.items() if moment is not None)
    gone = sorted(key for key, moment in due.items() if moment is None)
    with rows.raw_cursor() as cursor:
        if kept:
            cursor.execute(
                "INSERT INTO customers_segmentdue (segment_id, profile_id, due_at) "
                "SELECT t.* FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[]) "
                "AS t(s, p, at) LEFT JOIN customers_segmentdue d "
                "ON d.segment_id = t.s AND d.profile_id = t.p "
                # Most people are looked at again on the day that was known before.
                "WHERE d.due_at IS DISTINCT FROM t.at "
                "ON CONFLICT (segment_id, profile_id) DO UPDATE SET due_at = excluded.due_at",
                [*_columns(key for key, _ in kept), rows.array(m for _, m in kept)],
            )
        if gone:
            cursor.execute(
                "DELETE FROM customers_segmentdue d USING unnest(%s::bigint[], %s::bigint[]) "
                "AS t(s, p) WHERE d.segment_id = t.s AND d.profile_id = t.p",
                list(_columns(gone)),
            )


def _columns(keys: Iterable[tuple[int, int]]) -> tuple[str, str]:
    pairs = list(keys)
    return rows.array(segment for segment, _ in pairs), rows.array(person for _, person in pairs)

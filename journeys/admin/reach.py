"""Whom a journey will reach: now, and in a usual month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from customers import explain
from customers.models import SegmentMember
from customers.rules import RuleError
from journeys import hear

MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Reach:
    """How many people it concerns now, and how many would have entered in the last 30 days.

    None: nobody can say. `about` marks an estimate.
    """

    now: int | None = None
    month: int | None = None
    about: bool = False


def reach(entry: Mapping[str, Any], *, at: datetime) -> Reach:
    """Return whom an entry lets in; an entry that is not complete reaches nobody knows whom."""
    kind, segment = entry.get("type"), entry.get("segment")
    try:
        if kind == "segment" and isinstance(segment, int):
            return _of_segment(segment, entry.get("change") == "left", at)
        if kind == "event":
            size = _size(_did(entry), at)
            return Reach(month=size.count, about=not size.exact)
        if kind == "date":
            size = _size(_has(entry), at)
            return Reach(now=size.count, about=not size.exact)
    except RuleError:
        return Reach()
    if kind == "schedule" and isinstance(segment, int):
        return Reach(now=_members(segment))
    return Reach()


def _of_segment(segment: int, leaves: bool, at: datetime) -> Reach:
    """Count those who moved by what they did themselves: nobody else would enter."""
    stays = SegmentMember.objects.filter(segment=segment)
    if leaves:
        came = stays.filter(left_at__gt=at - MONTH, left_cause__in=hear.STARTS)
        return Reach(month=came.values("profile").distinct().count())
    came = stays.filter(entered_at__gt=at - MONTH, cause__in=hear.STARTS)
    return Reach(_members(segment), came.values("profile").distinct().count())


def _members(segment: int) -> int:
    return SegmentMember.objects.filter(segment=segment, left_at__isnull=True).count()


def _size(root: dict[str, Any], at: datetime) -> explain.Size:
    return explain.size(rule={"v": 1, "root": root}, sample=True, at=at)


def _did(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "op": "event", "matcher": {"event": entry.get("event"), "where": entry.get("where") or []},
        "metric": "count", "window": {"last": [30, "days"]}, "cmp": "gte", "value": 1,
    }  # fmt: skip


def _has(entry: Mapping[str, Any]) -> dict[str, Any]:
    known = {"op": "trait", "field": entry.get("trait"), "cmp": "set", "value": True}
    if not isinstance(entry.get("segment"), int):
        return known
    return {"op": "and", "of": [known, {"op": "segment", "id": entry["segment"]}]}

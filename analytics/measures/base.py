"""What every measure states, and the question it becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Row = tuple[Any, ...]
# Person, minute, type, name, further columns.
Happened = tuple[int, float, str, str, Mapping[str, Any]]

# What the platform did, which is no sign that a person was there.
OWN_EVENTS = (
    "Segment Entered", "Segment Left", "Journey Entered", "Journey Exited", "Message Sent",
    "Message Failed",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """One SELECT over the relation `ev`, in the SQL that PostgreSQL and DuckDB both speak.

    Values stand in `parameters` and as `$name` in the text. `reads` are the columns of `ev` it
    needs; only events of [start, end) are shown to it. `shape` turns the raw rows into the answer.
    """

    sql: str
    parameters: Mapping[str, Any]
    reads: tuple[str, ...]
    start: datetime
    end: datetime
    shape: Callable[[Sequence[Row]], list[Row]] = list


@dataclass(frozen=True, slots=True)
class Example:
    """A small world and what the measure says about it: documentation that runs as a test.

    The window is the day that begins at minute 0, the first of March 2024 in UTC.
    """

    events: Sequence[Happened]
    parameters: Mapping[str, Any]
    answer: Sequence[Row]


@dataclass(frozen=True, slots=True, eq=False)
class Measure:
    """One question about events, with everything a reader needs to trust the number."""

    name: str
    columns: tuple[str, ...]
    unit: str
    window: str
    source: str
    ask: Callable[..., Question]
    example: Example = field(repr=False)

"""What every measure states, and the statement it becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Row = tuple[Any, ...]
# Person, minute, type, name, further columns.
Happened = tuple[int, float, str, str, Mapping[str, Any]]

# (events of [start, end) by time and id, the parameters) → the answer's rows.
Oracle = Callable[[Sequence["Told"], Mapping[str, Any]], list[Row]]

# What the platform did, which is no sign that a person was there, and the tracker's farewell, which
# only ends a view.
OWN_EVENTS = (
    "Segment Entered", "Segment Left", "Journey Entered", "Journey Exited", "Message Sent",
    "Message Failed", "Message Delivered", "Message Bounced", "Message Complained",
    "Message Opened by Machine", "Message Clicked by Machine", "Page Left", "Slot Shown",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Statement:
    """One SELECT over the relation `ev`, in the SQL that PostgreSQL and DuckDB both speak.

    Values stand in `parameters` and as `$name` in the text. `reads` are the columns of `ev` it
    needs; only events of [start, end) are shown to it. `shape` turns the raw rows into the answer.
    `fact` names something about the person that the event itself does not say ("trait:country",
    "segment:12"): `ev` then has the column `fact`, a text or NULL.
    """

    sql: str
    parameters: Mapping[str, Any]
    reads: tuple[str, ...]
    start: datetime
    end: datetime
    shape: Callable[[Sequence[Row]], list[Row]] = list
    fact: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """One event as an oracle sees it: a row of `ev`, under the owner it has now."""

    id: int
    happened_at: datetime
    profile_id: int
    type: str
    name: str
    properties: Mapping[str, Any]
    columns: Mapping[str, Any]
    """Everything else by its column: path, url, referrer, title, …, amount, fact."""


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
    ask: Callable[..., Statement]
    example: Example = field(repr=False)
    oracle: Oracle | None = field(default=None, repr=False)
    """The same answer in plain Python, slow and plainly right; tests hold the SQL against it."""
    tries: Sequence[Mapping[str, Any]] = field(default=(), repr=False)
    """Parameters that tests ask it with, beside `start` and `end`, over random small worlds."""


MEASURES: dict[str, Measure] = {}
"""Every measure by its name."""


def register(*measures: Measure) -> None:
    """Take measures in, so that tests hold them against their oracles and reports can list them.

    Raises:
        ValueError: another one has the name.
    """
    for measure in measures:
        if MEASURES.setdefault(measure.name, measure) is not measure:
            raise ValueError(f"Two measures are called {measure.name!r}.")

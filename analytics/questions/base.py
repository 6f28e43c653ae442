"""What a kind of question is: read, told in words, answered in tables, and traced to its people."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

from customers.conditions.base import Field
from dxp.lib.kinds import Registry

if TYPE_CHECKING:
    from analytics.measures.base import Measure, Row

__all__ = [
    "KINDS", "Ask", "Column", "Days", "Field", "Kind", "Point", "QuestionError", "Sheet", "Shown",
]  # fmt: skip


class QuestionError(ValueError):
    """A question can't be asked: `path` says where ("steps.1.event"), `words` why, translated."""

    def __init__(self, path: str, words: str) -> None:
        super().__init__(f"{path}: {words}" if path else words)
        self.path = path
        self.words = words


@dataclass(frozen=True, slots=True)
class Days:
    """Whole days of the workspace, first to last; `zone` is where their midnights lie.

    `today` is the day that is not over yet; None: they all are.
    """

    first: date
    last: date
    zone: str
    start: datetime
    end: datetime
    today: date | None = None


class Ask(Protocol):
    """Answers a measure for the days of the question, already restricted to its people."""

    def __call__(
        self, measure: Measure, *, days: Days | None = None, **parameters: Any
    ) -> Sequence[Row]:
        """Return the answer's rows; `days` asks about others than the question's own."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Args:
        key: its name in files.
        label: its head, translated.
        kind: text, day, number, share (0 to 1), seconds or money; how its values are shown.
        series: whether the chart draws it.
        faint: whether it is drawn faintly, as what it is compared with.
    """

    key: str
    label: str
    kind: str = "number"
    series: bool = False
    faint: bool = False


Point = Mapping[str, Any]
"""Which people a number stands for, as JSON that the kind's own `people` understands."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of an answer, and how it is drawn.

    Args:
        name: short and stable ("days"): the name of its file and of its place on the page.
        title: its heading, translated.
        columns: the first one names the rows.
        rows: raw values, one for each column; None is unknown.
        chart: line, area, bars, columns, steps, heat (a triangle of shares), flow (source, target,
            how many) or none.
        points: (row, column) → its people, where there are some to show.
        note: a sentence below it, translated.
        total: how many rows there are, where only the first are shown.
        open: (row, column) of numbers that may still grow, where rows are not days.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: Sequence[Row]
    chart: str = "none"
    points: Mapping[tuple[int, int], Point] = field(default_factory=dict)
    note: str = ""
    total: int | None = None
    open: Collection[tuple[int, int]] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer: its one sentence, and its tables; `empty` says why there is nothing to see."""

    sentence: str
    sheets: Sequence[Sheet]
    empty: str = ""


@dataclass(frozen=True, slots=True)
class Kind(ABC):
    """One kind of question. Its fields are what was asked; equal ones have equal answers."""

    name: ClassVar[str] = ""
    label: ClassVar[str] = ""
    help: ClassVar[str] = ""
    icon: ClassVar[str] = "help"

    @classmethod
    @abstractmethod
    def form(cls) -> tuple[Field, ...]:
        """Return its controls in reading order; the builder draws them.

        Kinds of fields: event (a name with filters), events (several of them, in order), choice,
        number, span (so many minutes, hours or days), by (what to break down by), boolean.

        What they give to `parse` under their key: event {"event": name, "where": filters} with ""
        for any event, events a list of these, span [7, "days"], by the text of a dimension
        ("path", "property:plan"), choice a text, number and boolean themselves. What was left empty
        is missing.
        """

    @classmethod
    @abstractmethod
    def parse(cls, raw: Mapping[str, Any]) -> Self:
        """Return the question that JSON asks.

        Raises:
            QuestionError: it asks none.
        """

    @abstractmethod
    def plain(self) -> dict[str, Any]:
        """Return its one JSON spelling, without `kind`, `period` and `who`."""

    @abstractmethod
    def show(self, ask: Ask, days: Days, before: Days | None) -> Shown:
        """Return the answer; `before` are the days to compare with, where that was asked."""

    def people(self, point: Point) -> tuple[Measure, dict[str, Any]] | None:
        """Return what lists the people behind a number, or None where a number has none.

        Its rows begin with (profile, second in Unix time at which they came to count), newest
        first; it takes `limit`.

        Raises:
            QuestionError: there is no such point.
        """
        return None

    def rule(self, point: Point) -> dict[str, Any] | None:
        """Return the root of a segment's rule that picks such people from now on, if one can."""
        return None


KINDS: Registry[Kind] = Registry(Kind)  # type: ignore[type-abstract]

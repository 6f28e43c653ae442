"""What was sold, what came back, and what an order was worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, ClassVar, Self

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from analytics.measures import dimensions, revenue
from analytics.measures.base import Measure, Row
from analytics.measures.cycles import EVERY, Cycles
from analytics.measures.revenue import Sales
from analytics.measures.where import act
from analytics.questions.base import (
    KINDS,
    Ask,
    Column,
    Days,
    Field,
    Kind,
    Point,
    QuestionError,
    Sheet,
    Shown,
)
from customers.conditions.base import RuleError
from customers.conditions.base import gettext_noop as later

MOST = 50
NET, ORDERS, SOLD, RETURNS, RETURNED, BUYERS = range(1, 7)
PROPERTY = "property:"
LATEST = 8_000_000_000


@KINDS.register
@dataclass(frozen=True, slots=True)
class Revenue(Kind):
    """Adds up orders and returns."""

    name: ClassVar[str] = "revenue"
    label: ClassVar[str] = later("Revenue")
    help: ClassVar[str] = later("What was sold, what came back, and what an order was worth.")
    icon: ClassVar[str] = "tag"

    what: Sales
    every: str = "day"
    by: str = ""

    @classmethod
    def form(cls) -> tuple[Field, ...]:
        """Return its controls."""
        units = (("day", later("Day")), ("week", later("Week")), ("month", later("Month")))
        return (
            Field("order", "event", later("Order"), help=later("Its revenue, value or total.")),
            Field("back", "event", later("Return"), required=False,
                  help=later("Orders below zero are returns without it.")),
            Field("number", "by", later("Property that numbers an order"), required=False,
                  help=later("Empty: each event is an order.")),
            Field("every", "choice", later("By"), options=units),
            Field("by", "by", later("Broken down by"), required=False),
        )  # fmt: skip

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Self:
        """Return the question that JSON asks.

        Raises:
            QuestionError: it asks none.
        """
        number, every, by = raw.get("number") or "", raw.get("every", "day"), raw.get("by") or ""
        if not isinstance(number, str) or (number and not number.startswith(PROPERTY)):
            raise QuestionError("number", _("Choose a property of the event."))
        if every not in EVERY:
            raise QuestionError("every", _("Choose days, weeks or months."))
        try:
            if number:
                dimensions.dimension(number, "number")
            if by:
                dimensions.dimension(by, "by")
            back = raw.get("back")
            back = act(back, "back") if back and back.get("event") else None
            what = Sales(act(raw.get("order"), "order"), back, number.removeprefix(PROPERTY))
        except RuleError as error:
            raise QuestionError(error.path, error.words) from error
        return cls(what, every, by)

    def plain(self) -> dict[str, Any]:
        """Return its one JSON spelling."""
        found: dict[str, Any] = {"order": self.what.order.plain(), "every": self.every}
        if self.what.back is not None:
            found["back"] = self.what.back.plain()
        if self.what.number:
            found["number"] = PROPERTY + self.what.number
        return found | ({"by": self.by} if self.by else {})

    def show(self, ask: Ask, days: Days, before: Days | None) -> Shown:
        """Return totals in a sentence, revenue over time, and broken down."""
        total = ask(revenue.by, what=self.what)
        if not total:
            return Shown("", [], _("Nothing was sold or returned in these days."))
        sheets = [self._over_time(ask, days, before)]
        if self.by:
            sheets.append(self._broken_down(ask))
        return Shown(_sentence(total[0]), sheets)

    def people(self, point: Point) -> tuple[Measure, dict[str, Any]] | None:
        """Return what lists who bought or returned something.

        Raises:
            QuestionError: there is no such point.
        """
        value, back = point.get("value"), point.get("back", False)
        if not isinstance(back, bool) or not (value is None or isinstance(value, str)):
            raise QuestionError("", _("There is no such number in this answer."))
        asked: dict[str, Any] = {"what": self.what, "back": back}
        if "from" in point:
            asked |= {"start": _moment(point["from"]), "end": _moment(point.get("until"))}
        if "value" in point and self.by:
            asked |= {"by": self.by, "value": value}
        return revenue.people, asked

    def _over_time(self, ask: Ask, days: Days, before: Days | None) -> Sheet:
        cycles = Cycles(self.every, days.zone, days.start, days.end)
        now = self._figures(ask, days)
        columns = [
            Column("begins", _("Begins"), "day"),
            Column("net", _("Revenue"), "money", series=True),
        ]
        earlier: list[Row] = []
        if before is not None:
            columns.append(Column("before", _("Revenue before"), "money", series=True, faint=True))
            earlier = self._figures(ask, before)
        table: list[Row] = []
        points: dict[tuple[int, int], Point] = {}
        for i, row in enumerate(now):
            line = [cycles.first(row[0]), row[NET]]
            if before is not None:
                line.append(earlier[i][NET] if i < len(earlier) else None)
            told = {
                "from": int(max(days.start, cycles.begins(row[0])).timestamp()),
                "until": int(min(days.end, cycles.begins(row[0] + 1)).timestamp()),
            }
            points |= _points(i, len(line), row, told)
            table.append((*line, *_counts(row)))
        return Sheet(
            "revenue", _("Revenue over time"), (*columns, *_count_columns()), table, "line", points
        )

    def _figures(self, ask: Ask, days: Days) -> list[Row]:
        """Return the figures of each cycle, zeros where nothing was sold."""
        cycles = Cycles(self.every, days.zone, days.start, days.end)
        rows = ask(revenue.over_time, days=days, what=self.what, every=self.every, zone=days.zone)
        known = {cycles.number(date.fromisoformat(row[0])): row[1:] for row in rows}
        first, last = cycles.ends
        return [(n, *known.get(n, (0,) * BUYERS)) for n in range(first, last + 1)]

    def _broken_down(self, ask: Ask) -> Sheet:
        rows = ask(revenue.by, what=self.what, by=self.by, limit=MOST + 1)
        columns = (
            Column("value", _("Value"), "text"),
            Column("net", _("Revenue"), "money", series=True),
            *_count_columns(),
        )
        table: list[Row] = []
        points: dict[tuple[int, int], Point] = {}
        for i, row in enumerate(rows[:MOST]):
            name = _("None") if row[0] is None else row[0]
            table.append((name, row[NET], *_counts(row)))
            points |= _points(i, 2, row, {"value": row[0]})
        more = _("Only the %(n)d with the most revenue are shown.") % {"n": MOST}
        return Sheet(
            "parts", _("Broken down"), columns, table, "bars", points,
            note=more if len(rows) > MOST else "",
        )  # fmt: skip


def _moment(second: Any) -> datetime:
    if not isinstance(second, int) or isinstance(second, bool) or abs(second) > LATEST:
        raise QuestionError("", _("There is no such number in this answer."))
    return datetime.fromtimestamp(second, UTC)


def _count_columns() -> tuple[Column, ...]:
    return (
        Column("orders", _("Orders")),
        Column("average", _("Average order"), "money"),
        Column("buyers", _("Buyers")),
        Column("returns", _("Returns")),
        Column("returned", _("Returned"), "money"),
    )


def _counts(row: Row) -> Row:
    average = row[SOLD] / row[ORDERS] if row[ORDERS] else None
    return (row[ORDERS], average, row[BUYERS], row[RETURNS], row[RETURNED])


def _points(line: int, start: int, row: Row, told: Point) -> dict[tuple[int, int], Point]:
    """Return who ordered and who returned something, for the columns that begin at `start`."""
    found: dict[tuple[int, int], Point] = {}
    if row[BUYERS]:
        found |= {(line, at): {**told, "back": False} for at in (start, start + 2)}
    if row[RETURNS]:
        found[line, start + 3] = {**told, "back": True}
    return found


def _sentence(row: Row) -> str:
    average = row[SOLD] / row[ORDERS] if row[ORDERS] else 0
    return _(
        "%(net)s came in: %(orders)s orders of %(buyers)s people, %(average)s on average;"
        " %(returned)s went back."
    ) % {
        "net": number_format(round(row[NET], 2), 2, force_grouping=True),
        "orders": number_format(row[ORDERS], force_grouping=True),
        "buyers": number_format(row[BUYERS], force_grouping=True),
        "average": number_format(round(average, 2), 2, force_grouping=True),
        "returned": number_format(round(row[RETURNED], 2), 2, force_grouping=True),
    }

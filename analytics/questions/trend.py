"""How often, by how many or for how much, over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, ClassVar, Self

from django.utils.translation import gettext as _

from analytics.measures import counting, dimensions, moments, trends
from analytics.measures.base import Measure
from analytics.measures.where import Act
from analytics.questions import acts, reading
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
from customers.conditions import compare
from customers.conditions.base import RuleError
from customers.conditions.base import gettext_noop as later
from customers.conditions.matcher import Filter

MOST_SERIES = 5
# So many parts of each series have a line of their own.
LINES = {1: 6, 2: 3}
FEW = 2
COUNTS = (
    ("events", later("How often")),
    ("people", later("How many people")),
    ("per_person", later("How often for each person")),
    ("revenue", later("Revenue")),
    ("sum", later("Sum of a property")),
    ("average", later("Average of a property")),
    ("median", later("Median of a property")),
)
EVERY = (
    ("", later("What fits the period")),
    ("hour", later("Hours")),
    ("day", later("Days")),
    ("week", later("Weeks")),
    ("month", later("Months")),
)
ADD_UP = ("events", "people", "revenue", "sum")


@KINDS.register
@dataclass(frozen=True, slots=True)
class Trend(Kind):
    """Counts up to five acts over time."""

    name: ClassVar[str] = "trend"
    label: ClassVar[str] = later("Trend")
    help: ClassVar[str] = later("How often something happens, how many people do it, for how much.")
    icon: ClassVar[str] = "history"

    series: tuple[Act, ...]
    count: str = "events"
    prop: str = ""
    every: str = ""
    by: str = ""
    cumulative: bool = False

    @classmethod
    def form(cls) -> tuple[Field, ...]:
        """Return its controls."""
        return (
            Field("series", "events", later("Events")),
            Field("count", "choice", later("Count"), options=COUNTS),
            Field("prop", "name", later("Property"), suggest="properties",
                  only={"count": counting.OF_PROPERTY}),
            Field("every", "choice", later("Time in"), options=EVERY, required=False),
            Field("by", "by", later("Broken down by"), required=False),
            Field("cumulative", "boolean", later("Added up from the first day on"), required=False,
                  only={"count": ADD_UP},
                  help=later("People count when they do it for the first time in these days.")),
        )  # fmt: skip

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Self:
        """Return the question that JSON asks.

        Raises:
            QuestionError: it asks none.
        """
        count, prop = reading.choice(raw, "count", COUNTS), ""
        if count in counting.OF_PROPERTY:
            try:
                prop = compare.name_of(raw.get("prop"), "prop", later("Choose a property."))
            except RuleError as error:
                raise QuestionError(error.path, error.words) from error
        return cls(
            acts.listed(raw, "series", 1, MOST_SERIES), count, prop,
            reading.choice(raw, "every", EVERY), reading.breakdown(raw),
            raw.get("cumulative") is True and count in ADD_UP,
        )  # fmt: skip

    def plain(self) -> dict[str, Any]:
        """Return its one JSON spelling."""
        found: dict[str, Any] = {"series": [one.plain() for one in self.series]}
        found |= {"count": self.count}
        for key in ("prop", "every", "by", "cumulative"):
            if getattr(self, key):
                found[key] = getattr(self, key)
        return found

    def show(self, ask: Ask, days: Days, before: Days | None) -> Shown:
        """Return the numbers over time, and those of the whole period."""
        every = self.every or moments.fitting(days.first, days.last)
        lines = self._lines(ask, days, every)
        if not lines:
            return Shown("", [], _("Nobody did this in these days."))
        earlier = [] if before is None or self.by else self._lines(ask, before, every, whole=True)
        total = self._totals(ask, days, before)
        over_time = self._over_time(lines, earlier, days, before, every)
        return Shown(self._sentence(total), [over_time, total])

    def people(self, point: Point) -> tuple[Measure, dict[str, Any]] | None:
        """Return what lists the people of a number.

        Raises:
            QuestionError: there is no such number.
        """
        number, moment, every = point.get("series"), point.get("moment"), point.get("every", "day")
        whole = type(number) is int and 0 <= number < len(self.series)
        if not whole or every not in moments.EVERY or not isinstance(moment, str | None):
            raise QuestionError("", acts.NO_SUCH_NUMBER)
        asked = {
            "act": self.series[number or 0], "by": self.by, "every": every,
            "zone": acts.zone_of(point), "most": self._most, **acts.part_of(point, self.by),
        }  # fmt: skip
        return trends.people, asked if moment is None else asked | {"moment": moment}

    def rule(self, point: Point) -> dict[str, Any] | None:
        """Return who did it in so many days, and is of the part, where a rule can say it."""
        number, days = point.get("series"), point.get("days")
        if type(number) is not int or not 0 <= number < len(self.series) or type(days) is not int:
            return None
        meant = self.series[number]
        if self.by.startswith("property:") and point.get("place") == acts.VALUE:
            value = str(point.get("value", ""))
            one = Filter(self.by.removeprefix("property:"), "eq", value)
            return acts.did(replace(meant, where=(*meant.where, one)), days)
        return acts.every([acts.did(meant, days), *acts.of_part(point, self.by)])

    @property
    def _most(self) -> int:
        return LINES.get(len(self.series), FEW)

    def _asked(self, meant: Act, every: str, zone: str) -> dict[str, Any]:
        return {
            "act": meant, "count": self.count, "prop": self.prop, "every": every, "by": self.by,
            "zone": zone, "most": self._most,
        }  # fmt: skip

    def _lines(self, ask: Ask, days: Days, every: str, *, whole: bool = False) -> list[_Line]:
        """Return the lines that have something; with `whole` those as well that have nothing."""
        found: list[_Line] = []
        for number, meant in enumerate(self.series):
            asked = self._asked(meant, every, days.zone)
            if self.cumulative and self.count == "people":
                asked["count"] = "new"
            parts: dict[int, _Line] = {}
            for moment, place, value, total in ask(trends.trend, days=days, **asked):
                line = parts.setdefault(place, _Line(number, place, value, {}))
                line.totals[moment] = total
            if not parts and (whole or len(self.series) > 1):
                parts = {0: _Line(number, dimensions.NOTHING, None, {})}
            found += [parts[place] for place in sorted(parts, key=dimensions.order)]
        return found if whole or any(line.totals for line in found) else []

    def _over_time(
        self, lines: Sequence[_Line], earlier: Sequence[_Line], days: Days, before: Days | None,
        every: str,
    ) -> Sheet:  # fmt: skip
        labels = moments.between(days.first, days.last, every)
        columns = [Column("moment", _(HEADS[every]), "day")]
        cells: list[list[Any]] = []
        points: dict[tuple[int, int], Point] = {}
        for number, line in enumerate(lines):
            told = self._told(line, labels)
            columns.append(Column(f"line_{number + 1}", self._label(line), self._kind, series=True))
            column = len(columns) - 1
            if not self.cumulative:
                points |= {
                    (row, column): self._point(line, days, every, label)
                    for row, label in enumerate(labels) if line.totals.get(label)
                }  # fmt: skip
            cells.append(told)
            if before is not None and number < len(earlier):
                past = moments.between(before.first, before.last, every)
                told = self._told(earlier[number], past)[: len(labels)]
                cells.append(told + [None] * (len(labels) - len(told)))
                label = _("%(what)s, before") % {"what": self._label(line)}
                columns.append(
                    Column(f"before_{number + 1}", label, self._kind, series=True, faint=True)
                )
        rows = list(zip(labels, *cells, strict=True))
        return Sheet("days", _("Over time"), tuple(columns), rows, "line", points)

    def _told(self, line: _Line, labels: Sequence[str]) -> list[Any]:
        nothing = 0 if self.count in ADD_UP else None
        told = [line.totals.get(label, nothing) for label in labels]
        return list(accumulate(one or 0 for one in told)) if self.cumulative else told

    def _totals(self, ask: Ask, days: Days, before: Days | None) -> Sheet:
        whole = replace(self, cumulative=False)
        now = whole._lines(ask, days, "all")
        earlier: dict[tuple[int, str], Any] = {}
        if before is not None:
            for line in whole._lines(ask, before, "all"):
                earlier[line.number, self._label(line)] = line.totals.get("")
        columns = [
            Column("part", _("Event"), "text"),
            Column("total", _(dict(COUNTS)[self.count]), self._kind, series=True),
        ]
        if before is not None:
            columns.append(Column("before", _("In the days before"), self._kind))
            columns.append(Column("change", _("Change"), "share"))
        rows, points = [], {}
        for i, line in enumerate(now):
            total = line.totals.get("")
            row: list[Any] = [self._label(line), total]
            if before is not None:
                past = earlier.get((line.number, self._label(line)))
                row += [past, (total or 0) / past - 1 if past else None]
            rows.append(tuple(row))
            if total:
                points[i, 1] = self._point(line, days, "all", None)
        chart = "bars" if len(rows) > 1 else "none"
        return Sheet("whole", _("The whole period"), tuple(columns), rows, chart, points)

    def _point(self, line: _Line, days: Days, every: str, moment: str | None) -> Point:
        told: dict[str, Any] = {
            "series": line.number, "zone": days.zone, "every": every,
            "days": (days.last - days.first).days + 1,
        }  # fmt: skip
        told |= {} if moment is None else {"moment": moment}
        return told | acts.part_point(line.place, line.value, self.by)

    def _label(self, line: _Line) -> str:
        name = acts.label(self.series[line.number])
        if not self.by:
            return name
        part = acts.part(line.place, line.value, self.by)
        return part if len(self.series) == 1 else f"{name} \N{EN DASH} {part}"

    @property
    def _kind(self) -> str:
        return "money" if self.count == "revenue" else "number"

    def _sentence(self, total: Sheet) -> str:
        if self.by or len(total.rows) != 1:
            return ""
        name, now, *compared = total.rows[0]
        told = _("%(name)s: %(total)s.") % {"name": name, "total": acts.count(now or 0)}
        if len(compared) < 2 or compared[1] is None:
            return told
        change = acts.percent(abs(compared[1]))
        words = _("%(told)s %(change)s more than in the days before.")
        if compared[1] < 0:
            words = _("%(told)s %(change)s less than in the days before.")
        return words % {"told": told, "change": change}


HEADS = {
    "hour": later("Hour"), "day": later("Day"), "week": later("Week from"),
    "month": later("Month from"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Line:
    """The numbers of one series, or of one part of it, by their moments."""

    number: int
    place: int
    value: str | None
    totals: dict[str, Any]

"""How many go all the way, and where the others stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from django.utils.translation import gettext as _

from analytics.measures import attempts, funnels, moments
from analytics.measures.base import Measure, Row
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

MOST_WITHOUT = 5
LONGEST = 10 * 366 * 86_400
ORDERS = (
    ("ordered", later("In this order")),
    ("strict", later("In this order, nothing between")),
    ("any", later("In any order")),
)
UNITS = (
    ("people", later("People")),
    ("visits", later("Visits")),
    ("property", later("Values of a property")),
)
# What a rule of a segment can say: see customers.conditions.sequence.
RULE_STEPS, RULE_SECONDS = 5, 365 * 86_400


@KINDS.register
@dataclass(frozen=True, slots=True)
class Funnel(Kind):
    """Follows people, or their visits, through steps."""

    name: ClassVar[str] = "funnel"
    label: ClassVar[str] = later("Funnel")
    help: ClassVar[str] = later("How many go all the way, how long it takes, where others stop.")
    icon: ClassVar[str] = "order-down"

    steps: tuple[Act, ...]
    within: tuple[int, str] | None = None
    order: str = "ordered"
    without: tuple[Act, ...] = ()
    unit: str = "people"
    prop: str = ""
    by: str = ""

    @classmethod
    def form(cls) -> tuple[Field, ...]:
        """Return its controls."""
        return (
            Field("steps", "events", later("Steps")),
            Field("within", "span", later("Within"), required=False,
                  help=later("From the first step to the last. Empty: any time.")),
            Field("order", "choice", later("Order"), options=ORDERS),
            Field("without", "events", later("Without this between"), required=False,
                  only={"order": ("ordered", "any")}),
            Field("unit", "choice", later("Count"), options=UNITS),
            Field("prop", "name", later("Property"), suggest="properties",
                  only={"unit": ("property",)},
                  help=later("For example the one that names a visit or an order.")),
            Field("by", "by", later("Broken down by"), required=False),
        )  # fmt: skip

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Self:
        """Return the question that JSON asks.

        Raises:
            QuestionError: it asks none.
        """
        order, unit = reading.choice(raw, "order", ORDERS), reading.choice(raw, "unit", UNITS)
        found = cls(
            acts.listed(raw, "steps", attempts.FEWEST, attempts.MOST),
            reading.span(raw, "within", LONGEST), order,
            acts.listed(raw, "without", 0, MOST_WITHOUT) if order != "strict" else (),
            unit, by=reading.breakdown(raw),
        )  # fmt: skip
        try:
            if unit == "property":
                prop = compare.name_of(raw.get("prop"), "prop", later("Choose a property."))
                found = replace(found, prop=prop)
            attempts.way(**found._asked())
        except RuleError as error:
            raise QuestionError(error.path, error.words) from error
        return found

    def plain(self) -> dict[str, Any]:
        """Return its one JSON spelling."""
        found: dict[str, Any] = {
            "steps": [one.plain() for one in self.steps], "order": self.order, "unit": self.unit,
        }  # fmt: skip
        if self.within is not None:
            found["within"] = list(self.within)
        if self.without:
            found["without"] = [one.plain() for one in self.without]
        return found | {key: getattr(self, key) for key in ("prop", "by") if getattr(self, key)}

    def show(self, ask: Ask, days: Days, before: Days | None) -> Shown:
        """Return the steps, the parts where it is broken down, and the conversion over time."""
        rows = ask(funnels.funnel, **self._asked())
        if not rows[0][1]:
            return Shown("", [], _("Nobody took the first step in these days."))
        earlier = None
        if before is not None:
            earlier = ask(funnels.funnel, days=before, **self._asked())
        sheets = [self._steps(rows, earlier, days)]
        if self.by:
            told = ask(funnels.funnel, split=self.by, most=funnels.MOST, **self._asked())
            sheets.append(self._parts(told, days))
        sheets.append(self._over_time(ask, days))
        words = _("%(done)s of %(all)s went all the way: %(share)s.")
        entered, done = rows[0][1], rows[-1][1]
        return Shown(
            words % {"done": acts.count(done), "all": acts.count(entered),
                     "share": acts.percent(done / entered)},
            sheets,
        )  # fmt: skip

    def people(self, point: Point) -> tuple[Measure, dict[str, Any]] | None:
        """Return what lists the people of a step, or of a day on which they began.

        Raises:
            QuestionError: there is no such step.
        """
        step, moment = point.get("step"), reading.text(point, "moment")
        if type(step) is not int or not 1 <= step <= len(self.steps):
            raise QuestionError("", acts.NO_SUCH_NUMBER)
        asked = self._asked() | {"step": step, "stopped": point.get("stopped") is True}
        if moment is not None:
            every = reading.text(point, "every") or "day"
            if every not in moments.EVERY:
                raise QuestionError("", acts.NO_SUCH_NUMBER)
            asked |= {"moment": moment, "every": every, "zone": acts.zone_of(point)}
        part = acts.part_of(point, self.by)
        if part:
            asked |= {"split": self.by, "most": funnels.MOST, **part}
        return funnels.people, asked

    def rule(self, point: Point) -> dict[str, Any] | None:
        """Return who went so far in as many days, and no further where they stopped.

        A segment's rule knows steps in order, up to five of them, of people, within hours.
        """
        step, days = point.get("step"), point.get("days")
        if type(step) is not int or type(days) is not int or point.get("moment"):
            return None
        if self.order == "strict" or self.unit != "people" or len(self.without) > 1:
            return None
        came = self._came(step, days)
        parts = [came, *acts.of_part(point, self.by)]
        if point.get("stopped") is True:
            further = self._came(step + 1, days)
            parts.insert(1, None if further is None else {"op": "not", "of": further})
        return acts.every(parts)

    def _came(self, step: int, days: int) -> dict[str, Any] | None:
        if step == 1:
            return acts.did(self.steps[0], days)
        seconds = reading.seconds(self.within) or RULE_SECONDS
        if self.order == "any":
            # Without a limit of time, any order only means to have done all of them.
            if self.within is not None or self.without:
                return None
            return acts.every([acts.did(one, days) for one in self.steps[:step]])
        sayable = all(acts.did(one, days) for one in (*self.steps[:step], *self.without))
        if step > RULE_STEPS or seconds % 3600 or seconds > RULE_SECONDS or not sayable:
            return None
        told: dict[str, Any] = {
            "op": "sequence", "steps": [one.plain() for one in self.steps[:step]],
            "within": [seconds // 3600, "hours"], "window": {"last": [days, "days"]},
        }  # fmt: skip
        return told | ({"without": self.without[0].plain()} if self.without else {})

    def _asked(self) -> dict[str, Any]:
        seconds = reading.seconds(self.within)
        return {
            "steps": self.steps, "order": self.order, "without": self.without,
            "within_days": None if seconds is None else seconds / 86_400,
            "by": f"property:{self.prop}" if self.unit == "property" else self.unit,
        }  # fmt: skip

    def _steps(self, rows: Sequence[Row], earlier: Sequence[Row] | None, days: Days) -> Sheet:
        columns = [
            Column("step", _("Step"), "text"),
            Column("reached", _(dict(UNITS)[self.unit]), series=True),
            Column("of_first", _("Of the first step"), "share"),
            Column("of_before", _("Of the step before"), "share"),
            Column("stopped", _("Stopped here")),
            Column("median", _("Median time from the step before"), "seconds"),
            Column("p75", _("Three of four within"), "seconds"),
        ]
        if earlier is not None:
            columns.insert(2, Column("before", _("In the days before"), series=True, faint=True))
            columns.insert(4, Column("before_of_first", _("Before, of the first step"), "share"))
        points: dict[tuple[int, int], Point] = {}
        told = []
        stop = 4 if earlier is None else 6
        for i, step in enumerate(self.steps):
            reached, after = rows[i][1], rows[i + 1][1] if i + 1 < len(rows) else None
            row: list[Any] = [
                f"{i + 1}. {acts.label(step)}", reached, _share(reached, rows[0][1]),
                _share(reached, rows[i - 1][1]) if i else None,
                None if after is None else reached - after, rows[i][2], rows[i][4],
            ]  # fmt: skip
            if earlier is not None:
                row.insert(2, earlier[i][1])
                row.insert(4, _share(earlier[i][1], earlier[0][1]))
            told.append(tuple(row))
            if reached:
                points[i, 1] = self._point(i + 1, days)
            if after is not None and reached > after:
                points[i, stop] = self._point(i + 1, days) | {"stopped": True}
        note = ""
        if rows[0][3]:
            note = _("%(n)s events without this property were left out.") % {"n": rows[0][3]}
        return Sheet("steps", _("Steps"), tuple(columns), told, "steps", points, note)

    def _parts(self, rows: Sequence[Row], days: Days) -> Sheet:
        columns = [
            Column("part", _("Part"), "text"),
            Column("share", _("Went all the way"), "share", series=True),
            *(
                Column(f"step_{i}", f"{i}. {acts.label(step)}")
                for i, step in enumerate(self.steps, 1)
            ),
        ]
        told: list[Row] = []
        points: dict[tuple[int, int], Point] = {}
        width = len(self.steps)
        for n, first in enumerate(range(0, len(rows), width)):
            place, value = rows[first][5:7]
            reached = [row[1] for row in rows[first : first + width]]
            told.append((
                acts.part(place, value, self.by),
                _share(reached[-1], reached[0]),
                *reached,
            ))
            part = acts.part_point(place, value, self.by)
            points |= {
                (n, i + 1): self._point(i, days) | part
                for i, count in enumerate(reached, 1) if count
            }  # fmt: skip
        note = _("What the first event of the first step says decides about the part.")
        return Sheet("parts", _("By part"), tuple(columns), told, "bars", points, note)

    def _over_time(self, ask: Ask, days: Days) -> Sheet:
        every = moments.fitting(days.first, days.last)
        rows = ask(funnels.over_time, zone=days.zone, every=every, **self._asked())
        found = {moment: (entered, done) for moment, entered, done in rows}
        columns = (
            Column("moment", _("Began"), "day"),
            Column("share", _("Went all the way"), "share", series=True),
            Column("entered", _("Took the first step")),
            Column("completed", _("Took the last step")),
        )
        told: list[Row] = []
        points: dict[tuple[int, int], Point] = {}
        for i, moment in enumerate(moments.between(days.first, days.last, every)):
            entered, done = found.get(moment, (0, 0))
            told.append((moment, _share(done, entered), entered, done))
            began = {"moment": moment, "every": every, "zone": days.zone}
            for column, step, count in ((2, 1, entered), (3, len(self.steps), done)):
                if count:
                    points[i, column] = self._point(step, days) | began
        note = _("By when they took the first step; who began late may still go on.")
        return Sheet("time", _("Over time"), columns, told, "line", points, note)

    def _point(self, step: int, days: Days) -> dict[str, Any]:
        return {"step": step, "days": (days.last - days.first).days + 1}


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None

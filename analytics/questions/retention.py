"""Who comes back, and when: a triangle of cohorts, and all of them together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Self

from django.utils.translation import gettext as _

from analytics.measures import comebacks, dimensions, retention
from analytics.measures.base import Measure, Row
from analytics.measures.comebacks import MOST_LATER, Asked
from analytics.measures.where import Act
from analytics.questions import reading
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
from customers.conditions.base import gettext_noop as later

EVERY = (("week", later("Week")), ("day", later("Day")), ("month", later("Month")))
COUNTING = (
    ("first", later("The first time in these days")),
    ("ever", later("The first time ever")),
    ("every", later("Each time")),
)
MODES = (
    ("nth", later("In just that week, day or month")),
    ("rolling", later("In that one or later")),
    ("brackets", later("Within brackets")),
)
BRACKETS = (
    ("1-3-7-14", later("1, 2 to 3, 4 to 7, 8 to 14")),
    ("1-7-14-30", later("1, 2 to 7, 8 to 14, 15 to 30")),
    ("2-4-8-12", later("1 to 2, 3 to 4, 5 to 8, 9 to 12")),
)
MANY_COHORTS = 100
ANY = (("", later("Anything they do")),)
AFTER = {"day": later("Day %(n)s"), "week": later("Week %(n)s"), "month": later("Month %(n)s")}


@KINDS.register
@dataclass(frozen=True, slots=True)
class Retention(Kind):
    """Follows people who began in the same day, week or month."""

    name: ClassVar[str] = "retention"
    label: ClassVar[str] = later("Retention")
    help: ClassVar[str] = later("Who comes back, and how long after they began.")
    icon: ClassVar[str] = "calendar-check"

    first: Act
    again: Act
    every: str = "week"
    counting: str = "first"
    mode: str = "nth"
    brackets: tuple[int, ...] = ()
    by: str = ""
    most_later: int = 12

    @classmethod
    def form(cls) -> tuple[Field, ...]:
        """Return its controls."""
        return (
            Field("first", "event", later("They begin with"), required=False, options=ANY),
            Field("again", "event", later("They come back with"), required=False, options=ANY),
            Field("every", "choice", later("Counted by"), options=EVERY),
            Field("counting", "choice", later("They begin"), options=COUNTING),
            Field("mode", "choice", later("Coming back counts"), options=MODES),
            Field(
                "brackets", "choice", later("Brackets"), options=BRACKETS,
                only={"mode": ("brackets",)},
            ),
            Field("by", "by", later("Broken down by"), required=False),
            Field(
                "most_later", "number", later("Followed so many times"), required=False,
                only={"mode": ("nth", "rolling")}, help=later("Empty: 12; at most 60."),
            ),
        )  # fmt: skip

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Self:
        """Return the question that JSON asks.

        Raises:
            QuestionError: it asks none.
        """
        mode = reading.choice(raw, "mode", MODES)
        edges = reading.choice(raw, "brackets", BRACKETS) if mode == "brackets" else ""
        return cls(
            reading.event(raw, "first") or comebacks.ANYTHING,
            reading.event(raw, "again") or comebacks.ANYTHING,
            reading.choice(raw, "every", EVERY),
            reading.choice(raw, "counting", COUNTING),
            mode,
            tuple(int(edge) for edge in edges.split("-") if edge),
            reading.breakdown(raw),
            reading.number(raw, "most_later", 1, MOST_LATER, 12),
        )

    def plain(self) -> dict[str, Any]:
        """Return its one JSON spelling."""
        found: dict[str, Any] = {
            "first": self.first.plain(), "again": self.again.plain(), "every": self.every,
            "counting": self.counting, "mode": self.mode,
        }  # fmt: skip
        if self.brackets:
            found["brackets"] = "-".join(str(edge) for edge in self.brackets)
        else:
            found["most_later"] = self.most_later
        return found | ({"by": self.by} if self.by else {})

    def show(self, ask: Ask, days: Days, before: Days | None) -> Shown:
        """Return how many of all came back, cohort by cohort, and part by part."""
        asked = self._asked(days)
        first, last = asked.cycles.ends
        if last - first >= MANY_COHORTS:
            return Shown("", [], _("These are too many days to count one by one: count by week."))
        table = _Table(asked, days, self.most_later, ask(retention.retention, **self._told(days)))
        if not table.sizes:
            return Shown("", [], _("Nobody did this in these days."))
        earlier = None
        if before is not None:
            rows = ask(retention.retention, days=before, **self._told(before))
            earlier = _Table(self._asked(before), before, self.most_later, rows)
        sheets = [_together(table, earlier), _triangle(table)]
        if self.by:
            sheets.append(_parts(table))
        return Shown(_sentence(table), sheets)

    def people(self, point: Point) -> tuple[Measure, dict[str, Any]] | None:
        """Return what lists the people of a cell.

        Raises:
            QuestionError: there is no such cell.
        """
        slot, place = point.get("slot"), point.get("place")
        zone, cohort = reading.text(point, "zone"), reading.text(point, "cohort")
        known = reading.is_zone(zone) and (cohort is None or reading.is_day(cohort))
        known = known and type(slot) is int and 0 <= slot <= MOST_LATER
        if not known or (place is not None and type(place) is not int):
            raise QuestionError("", _("There is no such number in this answer."))
        told = self._how() | {"zone": zone, "cohort": cohort, "slot": slot}
        told["stayed"] = point.get("stayed", True) is not False
        return retention.people, told | {"place": place, "part": reading.text(point, "part")}

    def _asked(self, days: Days) -> Asked:
        return Asked(start=days.start, end=days.end, **self._told(days))

    def _told(self, days: Days) -> dict[str, Any]:
        return self._how() | {"zone": days.zone}

    def _how(self) -> dict[str, Any]:
        return {
            "first": self.first, "again": self.again, "every": self.every, "mode": self.mode,
            "brackets": self.brackets, "counting": self.counting, "by": self.by,
        }  # fmt: skip


class _Table:
    """An answer, to be looked up; what goes beyond the days is unknown."""

    def __init__(self, asked: Asked, days: Days, most: int, rows: Sequence[Row]) -> None:
        self.asked, self.days = asked, days
        self.parts: dict[int, str | None] = {}
        self.cells: dict[tuple[int, int, int], int] = {}
        for place, part, cohort, slot, people in rows:
            self.parts[place] = part
            number = asked.cycles.number(date.fromisoformat(cohort))
            self.cells[place, number, slot] = people
        first, last = asked.cycles.ends
        self.sizes = {
            cohort: size for cohort in range(first, last + 1) if (size := self.people(cohort, 0))
        }
        slots = range(1, (len(asked.brackets) or min(most, last - first)) + 1)
        self.slots = [slot for slot in slots if any(self.begun(one, slot) for one in self.sizes)]

    def people(self, cohort: int, slot: int, place: int | None = None) -> int:
        """Return how many of a cohort fill a slot, of one part or of all."""
        places = self.parts if place is None else [place]
        return sum(self.cells.get((one, cohort, slot), 0) for one in places)

    def begun(self, cohort: int, slot: int) -> bool:
        """Return whether a slot of a cohort has begun by the end of the days."""
        low, _high = self.asked.reach(slot)
        day = self.asked.cycles.first(cohort + low)
        return day <= self.days.last and (self.days.today is None or day <= self.days.today)

    def over(self, cohort: int, slot: int) -> bool:
        """Return whether a slot of a cohort is over, so that its number stands."""
        low, high = self.asked.reach(slot)
        end = self.asked.cycles.last(cohort + (low if self.asked.mode == "rolling" else high))
        return end <= self.days.last and (self.days.today is None or end < self.days.today)

    def share(self, slot: int, place: int | None = None) -> float | None:
        """Return the share of all who came back, of those whose slot is over."""
        known = [cohort for cohort in self.sizes if self.over(cohort, slot)]
        whole = sum(self.people(cohort, 0, place) for cohort in known)
        back = sum(self.people(cohort, slot, place) for cohort in known)
        return back / whole if whole else None

    def point(self, slot: int, **more: Any) -> Point:
        """Return a cell's point."""
        return {"slot": slot, "zone": self.asked.zone, "cohort": None} | more

    def label(self, slot: int) -> str:
        """Return what a slot is called."""
        low, high = self.asked.reach(slot)
        if not self.asked.brackets or low == high:
            return _(AFTER[self.asked.every]) % {"n": low}
        return _(AFTER[self.asked.every]) % {"n": f"{low} \N{EN DASH} {high}"}

    def named(self) -> Iterator[tuple[int, str]]:
        """Yield the parts with their names, the rest last."""
        order = sorted(self.parts, key=lambda place: (place <= 0, -place))
        for place in order:
            name = self.parts[place]
            if name is None:
                name = _("Others") if place == dimensions.REST else _("Unknown")
            yield place, name


def _together(table: _Table, earlier: _Table | None) -> Sheet:
    columns = [Column("later", _("After"), "text")]
    columns.append(Column("share", _("Came back"), "share", series=True))
    if earlier is not None:
        columns.append(Column("before", _("In the days before"), "share", series=True, faint=True))
    rows = []
    for slot in table.slots:
        row: list[Any] = [table.label(slot), table.share(slot)]
        if earlier is not None:
            row.append(earlier.share(slot) if slot in earlier.slots else None)
        rows.append(tuple(row))
    points = {(i, 1): table.point(slot) for i, slot in enumerate(table.slots) if rows[i][1]}
    note = _("Of all who began early enough for it to be over; the people of a number are all who"
             " came back.")  # fmt: skip
    return Sheet("together", _("All together"), tuple(columns), rows, "line", points, note)


def _triangle(table: _Table) -> Sheet:
    columns = (
        Column("cohort", _("Began"), "day"),
        Column("people", _("People")),
        *(Column(f"after_{slot}", table.label(slot), "share", series=True) for slot in table.slots),
    )
    rows, points, still = [], {}, set()
    for i, (cohort, size) in enumerate(table.sizes.items()):
        day = table.asked.cycles.first(cohort).isoformat()
        row: list[Any] = [day, size]
        points[i, 1] = table.point(0, cohort=day)
        for slot in table.slots:
            back = table.people(cohort, slot)
            row.append(back / size if table.begun(cohort, slot) else None)
            if back:
                points[i, slot + 1] = table.point(slot, cohort=day)
            if row[-1] is not None and not table.over(cohort, slot):
                still.add((i, slot + 1))
        rows.append(tuple(row))
    return Sheet("cohorts", _("By when they began"), columns, rows, "heat", points, open=still)


def _parts(table: _Table) -> Sheet:
    columns = (
        Column("part", _("Part"), "text"),
        Column("people", _("People")),
        *(Column(f"after_{slot}", table.label(slot), "share") for slot in table.slots),
    )
    rows: list[Row] = []
    points: dict[tuple[int, int], Point] = {}
    for i, (place, name) in enumerate(table.named()):
        size = sum(table.people(cohort, 0, place) for cohort in table.sizes)
        rows.append((name, size, *(table.share(slot, place) for slot in table.slots)))
        part = {"place": place, "part": table.parts[place]}
        known = [slot for slot in (0, *table.slots) if rows[-1][slot + 1]]
        points |= {(i, slot + 1): table.point(slot, **part) for slot in known}
    return Sheet("parts", _("By part"), columns, rows, points=points)


def _sentence(table: _Table) -> str:
    slot = table.slots[0] if table.slots else 0
    share = table.share(slot)
    whole = sum(table.sizes.values())
    if share is None:
        return _("%(people)s people began; it is too early to say who came back.") % {
            "people": whole,
        }  # fmt: skip
    return _("%(people)s people began. %(when)s: %(share)s %% came back.") % {
        "people": whole, "share": round(share * 100, 1), "when": table.label(slot),
    }  # fmt: skip

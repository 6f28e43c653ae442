"""Which ways people take: step by step from somewhere or to somewhere, and what follows what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from django.utils.translation import gettext as _

from analytics.measures import paths
from analytics.measures.base import Measure, Row
from analytics.measures.footsteps import DEEPEST, MOST_BRANCHES
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

SHOWN = (("pages", later("Pages")), ("events", later("Events")), ("both", later("Both")))
WAYS = (("from", later("Begin there")), ("to", later("Lead there")))
LONGEST = 90 * 86_400
MOST_PAIRS = 50


@KINDS.register
@dataclass(frozen=True, slots=True)
class Paths(Kind):
    """Shows the ways people take through visits, or around one act."""

    name: ClassVar[str] = "paths"
    label: ClassVar[str] = later("Paths")
    help: ClassVar[str] = later("Which pages or events people go through, step by step.")
    icon: ClassVar[str] = "redirect"

    shown: str = "pages"
    anchor: Act | None = None
    way: str = "from"
    within: tuple[int, str] | None = None
    depth: int = 4
    most: int = 5
    repeats: bool = False

    @classmethod
    def form(cls) -> tuple[Field, ...]:
        """Return its controls."""
        return (
            Field("shown", "choice", later("Through"), options=SHOWN),
            Field(
                "anchor", "event", later("Around"), options=(("", later("Whole visits")),),
                required=False,
                help=later("For one page, choose the view and its path."),
            ),
            Field("way", "choice", later("The ways"), options=WAYS),
            Field(
                "within", "span", later("Within"), required=False,
                help=later("Empty: within the visit. Needs something to go around."),
            ),
            Field("depth", "number", later("Steps"), required=False, help=later("Empty: 4.")),
            Field(
                "most", "number", later("Branches of a step"), required=False,
                help=later("The rest is folded into one. Empty: 5."),
            ),
            Field("repeats", "boolean", later("Show the same place again right after itself")),
        )  # fmt: skip

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Self:
        """Return the question that JSON asks.

        Raises:
            QuestionError: it asks none.
        """
        anchor = reading.event(raw, "anchor")
        if anchor is not None and not anchor.event and not anchor.where:
            anchor = None
        within = reading.span(raw, "within", LONGEST)
        if within is not None and anchor is None:
            raise QuestionError("anchor", later("Choose an event from which time is counted."))
        return cls(
            reading.choice(raw, "shown", SHOWN),
            anchor,
            reading.choice(raw, "way", WAYS),
            within,
            reading.number(raw, "depth", 1, DEEPEST, 4),
            reading.number(raw, "most", 1, MOST_BRANCHES, 5),
            raw.get("repeats") is True,
        )

    def plain(self) -> dict[str, Any]:
        """Return its one JSON spelling."""
        found: dict[str, Any] = {
            "shown": self.shown, "way": self.way, "depth": self.depth, "most": self.most,
        }  # fmt: skip
        if self.anchor is not None:
            found["anchor"] = self.anchor.plain()
        if self.within is not None:
            found["within"] = list(self.within)
        return found | ({"repeats": True} if self.repeats else {})

    def show(self, ask: Ask, days: Days, before: Days | None) -> Shown:
        """Return the ways, and what most often follows what."""
        rows = ask(paths.paths, **self._told())
        if not rows:
            return Shown("", [], _("Nobody came this way in these days."))
        pairs = ask(paths.transitions, **self._pair())
        earlier: Mapping[tuple[str, str], int] | None = None
        if before is not None:
            told = ask(paths.transitions, days=before, **self._pair() | {"limit": 10 * MOST_PAIRS})
            earlier = {(row[0], row[1]): row[2] for row in told}
        sheets = [self._ways(rows)]
        if pairs:
            sheets.append(self._pairs(pairs, earlier))
        return Shown(self._sentence(rows), sheets)

    def people(self, point: Point) -> tuple[Measure, dict[str, Any]] | None:
        """Return what lists the people of an edge.

        Raises:
            QuestionError: there is no such edge.
        """
        step = point.get("step")
        source, target = reading.text(point, "source"), reading.text(point, "target")
        if step is None and source is not None and target is not None:
            pair = self._pair() | {"source": source, "target": target}
            return paths.transition_people, {k: v for k, v in pair.items() if k != "limit"}
        if type(step) is not int or not 0 <= step < self.depth:
            raise QuestionError("", _("There is no such number in this answer."))
        edge = {"step": step, "source": source, "target": target, "ends": bool(point.get("ends"))}
        return paths.people, self._told() | edge

    def _told(self) -> dict[str, Any]:
        return {
            "shown": self.shown, "anchor": self.anchor, "to": self.way == "to",
            "within": reading.seconds(self.within), "depth": self.depth, "most": self.most,
            "collapse": not self.repeats,
        }  # fmt: skip

    def _pair(self) -> dict[str, Any]:
        return {"shown": self.shown, "collapse": not self.repeats, "limit": MOST_PAIRS}

    def _ways(self, rows: Sequence[Row]) -> Sheet:
        columns = (
            Column("source", _("From"), "text"),
            Column("target", _("To"), "text"),
            Column("times", _("Ways") if self.within else _("Visits"), series=True),
            Column("people", _("People")),
        )
        table, points = [], {}
        for i, (step, source, target, ends, times, people) in enumerate(rows):
            here = self._name(source, step)
            there = self._end(step) if ends else self._name(target, step + 1)
            ends_of = (there, here) if self.way == "to" else (here, there)
            table.append((*ends_of, times, people))
            edge = {"step": step, "source": source, "target": target, "ends": bool(ends)}
            points[i, 2] = points[i, 3] = edge
        note = _("The number before a place is its step; a way that goes on beyond the last one is"
                 " cut off there.")  # fmt: skip
        return Sheet("ways", _("Ways"), columns, table, "flow", points, note)

    def _name(self, place: str | None, step: int) -> str:
        shown = _("(other)") if place is None else place or _("(no address)")
        # The same place at another step is another one, or the picture would run in circles.
        return f"{step + 1}. {shown}"

    def _end(self, step: int) -> str:
        shown = _("(nothing before)") if self.way == "to" else _("(end)")
        return f"{step + 2}. {shown}"

    def _pairs(self, rows: Sequence[Row], earlier: Mapping[tuple[str, str], int] | None) -> Sheet:
        columns = [
            Column("source", _("From"), "text"),
            Column("target", _("To"), "text"),
            Column("times", _("Times"), series=True),
            Column("people", _("People")),
        ]
        table, points = [], {}
        for i, (source, target, times, people) in enumerate(rows):
            line: list[Any] = [
                source or _("(no address)"), target or _("(no address)"), times, people,
            ]  # fmt: skip
            if earlier is not None:
                line.append(earlier.get((source, target), 0))
            table.append(tuple(line))
            points[i, 2] = points[i, 3] = {"source": source, "target": target}
        if earlier is not None:
            columns.append(Column("before", _("Times in the days before")))
        return Sheet(
            "pairs", _("What follows what in visits"), tuple(columns), table, points=points,
            note=_("All visits, with or without what the ways go around."),
        )  # fmt: skip

    def _sentence(self, rows: Sequence[Row]) -> str:
        whole = sum(row[4] for row in rows if row[0] == 0)
        step, source, target, ends, times, _people = max(rows, key=lambda row: (row[4], -row[0]))
        here = self._name(source, step)
        there = self._end(step) if ends else self._name(target, step + 1)
        if self.way == "to":
            here, there = there, here
        said = _("%(whole)s ways; most often from “%(here)s” to “%(there)s”: %(times)s times.")
        return said % {"whole": whole, "here": here, "there": there, "times": times}

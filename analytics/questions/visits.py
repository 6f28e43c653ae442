"""Who came, from where, to which pages, and what for: the sections of the traffic report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from analytics.measures import documents, searches, sessions, traffic
from analytics.measures.base import Measure, Row
from analytics.measures.channels import CHANNELS
from analytics.measures.where import Act, act
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
from analytics.questions.visit_sections import NAMES, SECTIONS, WAYS, WHATS, named, value
from customers.conditions.base import RuleError
from customers.conditions.base import gettext_noop as later

MOST = 10
BASES = (
    ("views", later("Page and screen views")),
    ("events", later("Everything people did")),
)


@KINDS.register
@dataclass(frozen=True, slots=True)
class Visits(Kind):
    """Counts visits, and what belongs to them."""

    name: ClassVar[str] = "visits"
    label: ClassVar[str] = later("Visits")
    help: ClassVar[str] = later(
        "How many came, from where, to which pages; what they searched for and downloaded."
    )
    icon: ClassVar[str] = "view"

    what: str = "channels"
    basis: str = "views"
    channel: str = ""
    goal: Act | None = None
    most: int = MOST

    @classmethod
    def form(cls) -> tuple[Field, ...]:
        """Return its controls."""
        by_basis = {"what": ("days", "single", *WAYS)}
        return (
            Field("what", "choice", later("Show"), options=WHATS),
            Field("channel", "choice", later("Channel"), required=False,
                  options=(("", later("All channels")), *((one, one) for one in CHANNELS))),
            Field("basis", "choice", later("Count"), options=BASES, only=by_basis),
            Field("goal", "event", later("Conversion"), required=False, only={"what": WAYS},
                  help=later("What visits should lead to.")),
        )  # fmt: skip

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Self:
        """Return the question that JSON asks.

        Raises:
            QuestionError: it asks none.
        """
        what, basis = raw.get("what") or "channels", raw.get("basis") or "views"
        channel = raw.get("channel") or ""
        if what not in dict(WHATS):
            raise QuestionError("what", _("Choose what to show."))
        if basis not in dict(BASES):
            raise QuestionError("basis", _("Choose what counts as a sign of a visit."))
        if channel and channel not in CHANNELS:
            raise QuestionError("channel", _("There is no such channel."))
        try:
            goal = act(raw["goal"], "goal") if raw.get("goal") else None
        except RuleError as error:
            raise QuestionError(error.path, error.words) from error
        return cls(what, basis, channel, goal)

    def plain(self) -> dict[str, Any]:
        """Return its one JSON spelling."""
        found: dict[str, Any] = {"what": self.what, "basis": self.basis}
        if self.channel:
            found["channel"] = self.channel
        if self.goal is not None:
            found["goal"] = self.goal.plain()
        return found

    def show(self, ask: Ask, days: Days, before: Days | None) -> Shown:
        """Return one table, and a chart of it."""
        if self.what == "days":
            sheet = self._days(ask, days, before)
        elif self.what == "single":
            sheet = self._single(ask, days)
        else:
            sheet = self._rows(ask, before)
        counted = [row for row in sheet.rows if any(row[1:])]
        return Shown("", [sheet], "" if counted else _("There was nothing of this in these days."))

    def people(self, point: Point) -> tuple[Measure, dict[str, Any]] | None:
        """Return what lists the people of a row.

        Raises:
            QuestionError: there is no such row.
        """
        asked: dict[str, Any] = {"channel": self.channel}
        if self.what == "days":
            return traffic.visitors, asked | {"basis": self.basis, **_day_of(point)}
        key, section = point.get("key"), SECTIONS.get(self.what)
        if section is None:
            return None
        if not isinstance(key, (list, tuple)) or len(key) != section.keys:
            raise QuestionError("", _("There is no such number in this answer."))
        if not all(isinstance(one, str) for one in key):
            raise QuestionError("", _("There is no such number in this answer."))
        asked |= section.asked
        if self.what in WAYS:
            way = dict(zip(section.measure.columns, key, strict=False))
            met = point.get("met") is True and self.goal is not None
            return section.people, asked | {
                "way": way, "basis": self.basis, "goal": self.goal, "met": met,
            }  # fmt: skip
        name = "term" if section.measure is searches.top else "path"
        return section.people, asked | {name: key[0]}

    def rule(self, point: Point) -> dict[str, Any] | None:
        """Return who views such a page or downloads such a document; rules know no visits."""
        event = {"pages": "Page Viewed", "documents": documents.DOWNLOADED}.get(self.what)
        key = point.get("key")
        if event is None or self.channel or not key or not key[0]:
            return None
        return {
            "op": "event", "name": event, "metric": "count", "window": "all", "cmp": "gte",
            "value": 1, "where": [{"prop": "path", "cmp": "eq", "value": key[0]}],
        }  # fmt: skip

    def _days(self, ask: Ask, days: Days, before: Days | None) -> Sheet:
        asked: dict[str, Any] = {
            "zone": days.zone, "basis": self.basis, "channel": self.channel,
        }  # fmt: skip
        now = _every_day(ask(traffic.per_day, **asked), days)
        columns = [
            Column("day", _("Day"), "day"),
            Column("visitors", _("Visitors"), series=True),
            Column("visits", _("Visits"), series=True),
            Column("views", _("Views"), series=True),
        ]
        rows: list[Row] = [(day, *cells) for day, cells in now]
        if before is not None:
            columns.append(Column("before", _("Visitors before"), series=True, faint=True))
            was = _every_day(ask(traffic.per_day, days=before, **asked), before)
            earlier = [cells[0] for _day, cells in was] + [None] * len(rows)
            rows = [(*row, earlier[i]) for i, row in enumerate(rows)]
        points = {
            (i, 1): {"day": row[0], "zone": days.zone} for i, row in enumerate(rows) if row[1]
        }
        return Sheet("days", _(dict(WHATS)["days"]), tuple(columns), rows, "line", points)

    def _single(self, ask: Ask, days: Days) -> Sheet:
        asked: dict[str, Any] = {"basis": self.basis, "channel": self.channel}
        columns = (
            Column("begun", _("Begun"), "text"),
            Column("channel", _("Channel"), "text"),
            Column("views", _("Views")),
            Column("seconds", _("Length"), "seconds"),
            Column("entry", _("First page"), "text"),
            Column("exit", _("Last page"), "text"),
        )
        rows: list[Row] = []
        for row in ask(sessions.visits, limit=self.most, **asked):
            _person, begun, lasted, channel, views, _acts, entry, left = row
            moment = datetime.fromtimestamp(begun, ZoneInfo(days.zone))
            rows.append((date_format(moment, "j M Y, H:i"), channel, views, lasted, entry, left))
        return Sheet("single", _(dict(WHATS)["single"]), columns, rows, note=self._cut(rows))

    def _cut(self, rows: Sequence[Row]) -> str:
        full = len(rows) == self.most
        return _("Only the first %(n)s are shown.") % {"n": self.most} if full else ""

    def _rows(self, ask: Ask, before: Days | None) -> Sheet:
        section = SECTIONS[self.what]
        asked: dict[str, Any] = {**section.asked, "channel": self.channel}
        if self.what in WAYS:
            asked |= {"basis": self.basis, "goal": self.goal}
        found = ask(section.measure, limit=self.most, **asked)
        shown = [
            (place, column)
            for place, column in section.columns
            if column.key != "conversions" or self.goal is not None
        ]
        columns = [Column("name", _(NAMES.get(self.what, later("Page"))), "text")]
        columns += [replace(column, label=_(column.label)) for _place, column in shown]
        rows: list[Row] = [
            (named(self.what, row), *(value(row, place, column) for place, column in shown))
            for row in found
        ]
        points: dict[tuple[int, int], Point] = {}
        for i, row in enumerate(found):
            for j, (place, column) in enumerate(shown, 1):
                if row[place] and (place == section.who or column.key == "conversions"):
                    points[i, j] = {"key": list(row[: section.keys])} | (
                        {"met": True} if column.key == "conversions" else {}
                    )
        if before is not None:
            first, counted = shown[0]
            was = {
                row[: section.keys]: row[first]
                for row in map(tuple, ask(section.measure, days=before, limit=10_000, **asked))
            }
            label = _("%(what)s before") % {"what": _(counted.label)}
            columns.append(replace(counted, key="before", label=label, series=False))
            rows = [
                (*row, was.get(tuple(of[: section.keys]), 0))
                for row, of in zip(rows, found, strict=True)
            ]
        return Sheet(
            self.what, _(dict(WHATS)[self.what]), tuple(columns), rows,
            "bars" if self.what == "channels" else "none", points,
            self._cut(rows),
        )  # fmt: skip


def _day_of(point: Point) -> dict[str, Any]:
    day, zone = point.get("day", ""), point.get("zone", "")
    try:
        date.fromisoformat(day)
        ZoneInfo(zone)
    except (TypeError, ValueError, ZoneInfoNotFoundError) as error:
        raise QuestionError("", _("There is no such number in this answer.")) from error
    return {"day": day, "zone": zone}


def _every_day(rows: Sequence[Row], days: Days) -> list[tuple[str, tuple[int, ...]]]:
    known = {row[0]: tuple(row[1:]) for row in rows}
    wanted = [
        (days.first + timedelta(days=i)).isoformat()
        for i in range((days.last - days.first).days + 1)
    ]
    return [(day, known.get(day, (0, 0, 0))) for day in wanted]

"""What led people to what they did in the end, by six models side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from django.utils.translation import gettext as _

from analytics.measures import attribution, touches
from analytics.measures.base import Measure, Row
from analytics.measures.credits import MODELS
from analytics.measures.touches import Touches
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
from customers.conditions.base import RuleError
from customers.conditions.base import gettext_noop as later

MOST = 50
ACTS = "event"
SPANS = {"days": 1, "weeks": 7, "months": 30}
LABELS = {
    "last": later("Last"),
    "named": later("Last not direct"),
    "first": later("First"),
    "linear": later("Linear"),
    "position": later("Position"),
    "decay": later("Time decay"),
}
TOUCHES = (
    ("channel", later("Visits, by channel")),
    ("source", later("Visits, by source")),
    ("medium", later("Visits, by medium")),
    ("campaign", later("Visits, by campaign")),
    (ACTS, later("Another event")),
)


@KINDS.register
@dataclass(frozen=True, slots=True)
class Attribution(Kind):
    """Credits a conversion to the touches before it."""

    name: ClassVar[str] = "attribution"
    label: ClassVar[str] = later("Attribution")
    help: ClassVar[str] = later("Which channels, campaigns or events led to a conversion.")
    icon: ClassVar[str] = "crosshairs"

    conversion: Act
    by: Touches
    within: tuple[int, str] = (30, "days")
    half_life: float = 7.0

    @classmethod
    def form(cls) -> tuple[Field, ...]:
        """Return its controls."""
        acts = {"touches": (ACTS,)}
        return (
            Field("conversion", "event", later("Conversion")),
            Field("touches", "choice", later("What led there"), options=TOUCHES),
            Field("touch", "event", later("Event that led there"), only=acts),
            Field("by", "by", later("Told apart by"), only=acts),
            Field(
                "within", "span", later("At most so long before"), required=False,
                help=later("Empty: 30 days."),
            ),
            Field(
                "half_life", "number", later("Half-life in days"), required=False,
                help=later("Time decay: a touch so many days earlier counts half. Empty: 7."),
            ),
        )  # fmt: skip

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Self:
        """Return the question that JSON asks.

        Raises:
            QuestionError: it asks none.
        """
        try:
            conversion = act(raw.get("conversion"), "conversion")
            by = _touches(raw)
        except RuleError as error:
            raise QuestionError(error.path, error.words) from error
        return cls(conversion, by, _within(raw.get("within")), _half_life(raw.get("half_life")))

    def plain(self) -> dict[str, Any]:
        """Return its one JSON spelling."""
        found: dict[str, Any] = {
            "conversion": self.conversion.plain(),
            "touches": self.by.by if self.by.act is None else ACTS,
            "within": list(self.within),
            "half_life": self.half_life,
        }
        if self.by.act is not None:
            found |= {"touch": self.by.act.plain(), "by": self.by.by}
        return found

    @property
    def days(self) -> int:
        """Return how many days before a conversion count."""
        return self.within[0] * SPANS[self.within[1]]

    @property
    def models(self) -> tuple[str, ...]:
        """Return the models that differ: only visits can be direct."""
        return MODELS if self.by.is_visit else tuple(one for one in MODELS if one != "named")

    def show(self, ask: Ask, days: Days, before: Days | None) -> Shown:
        """Return the models side by side, in conversions and in worth, and where they disagree."""
        rows = self._asked(ask, None)
        if not rows:
            return Shown("", [], _("Nobody did this in these days."))
        earlier = None
        if before is not None:
            earlier = {row[0]: row for row in self._asked(ask, before)}
        sheets = [self._counts(rows, earlier)]
        if any(row[4] for row in rows):
            sheets.append(self._worth(rows))
        if len(rows) > 1:
            sheets.append(self._apart(rows))
        return Shown(_sentence(rows), sheets)

    def people(self, point: Point) -> tuple[Measure, dict[str, Any]] | None:
        """Return what lists the people whom a touch led to the conversion.

        Raises:
            QuestionError: there is no such point.
        """
        touch, whose = point.get("touch"), point.get("whose", "any")
        if whose not in attribution.WHOSE or not (touch is None or isinstance(touch, str)):
            raise QuestionError("", _("There is no such number in this answer."))
        return attribution.people, {
            "conversion": self.conversion, "by": self.by, "within_days": self.days,
            "touch": touch, "whose": whose,
        }  # fmt: skip

    def rule(self, point: Point) -> dict[str, Any] | None:
        """Return nothing: rules know no touch before another event by its channel."""
        return None

    def _asked(self, ask: Ask, days: Days | None) -> Sequence[Row]:
        return ask(
            attribution.credit, days=days, conversion=self.conversion, by=self.by,
            within_days=self.days, half_life=self.half_life,
        )  # fmt: skip

    def _counts(self, rows: Sequence[Row], earlier: Mapping[Any, Row] | None) -> Sheet:
        columns = [
            Column("touch", _("What led there"), "text"),
            *(Column(one, _(LABELS[one]), series=True) for one in self.models),
            Column("helped", _("Had a part in")),
            Column("people", _("People")),
        ]
        table, points = [], {}
        for i, row in enumerate(rows[:MOST]):
            line = [_name(row[0]), *(_at(row, one) for one in self.models), row[2], row[1]]
            if earlier is not None:
                was = earlier.get(row[0])
                line.append(_at(was, "last") if was else 0)
            table.append(tuple(line))
            for j, column in enumerate(columns):
                whose = column.key if column.key in attribution.WHOSE else "any"
                if column.key in {"helped", "people", *attribution.WHOSE} and line[j]:
                    points[i, j] = {"touch": row[0], "whose": whose}
        if earlier is not None:
            columns.append(Column("before", _("Last, in the days before")))
        return Sheet(
            "conversions", _("Conversions"), tuple(columns), table, "bars", points,
            _("Each model adds up to all conversions. A conversion in which several had a part is"
              " counted for each of them under “Had a part in”."),
            total=len(rows),
        )  # fmt: skip

    def _worth(self, rows: Sequence[Row]) -> Sheet:
        columns = (
            Column("touch", _("What led there"), "text"),
            *(Column(one, _(LABELS[one]), "money", series=True) for one in self.models),
        )
        table = [
            (_name(row[0]), *(_at(row, one, worth=True) for one in self.models))
            for row in rows[:MOST]
        ]
        return Sheet("worth", _("Revenue"), columns, table, "bars", total=len(rows))

    def _apart(self, rows: Sequence[Row]) -> Sheet:
        columns = (
            Column("touch", _("What led there"), "text"),
            Column("least", _("Least")),
            Column("least_by", _("by"), "text"),
            Column("most", _("Most")),
            Column("most_by", _("by"), "text"),
            Column("apart", _("Apart"), series=True),
        )
        table = []
        for row in rows:
            credits = {one: _at(row, one) for one in self.models}
            low, high = min(credits, key=credits.__getitem__), max(credits, key=credits.__getitem__)
            least, most = credits[low], credits[high]
            table.append((
                _name(row[0]),
                least,
                _(LABELS[low]),
                most,
                _(LABELS[high]),
                most - least,
            ))
        table = sorted((one for one in table if one[-1] > 0.005), key=lambda one: -one[-1])
        note = "" if table else _("All models say the same here.")
        return Sheet(
            "apart", _("Where the models disagree"), columns, table[:MOST], "none",
            note=note, total=len(table),
        )  # fmt: skip


def _touches(raw: Mapping[str, Any]) -> Touches:
    chosen = raw.get("touches", "channel")
    if chosen in touches.VISITS:
        return Touches(str(chosen))
    if chosen != ACTS:
        raise QuestionError("touches", _("Choose what led there."))
    found = Touches(raw.get("by") or "", act(raw.get("touch"), "touch"))
    touches.told_by(found)
    return found


def _within(raw: Any) -> tuple[int, str]:
    if raw is None:
        return 30, "days"
    count, unit = raw if isinstance(raw, (list, tuple)) and len(raw) == 2 else (None, "")
    if not isinstance(count, int) or isinstance(count, bool) or unit not in SPANS:
        raise QuestionError("within", _("Give a number of days, weeks or months."))
    if not 1 <= count * SPANS[unit] <= attribution.LONGEST_DAYS:
        raise QuestionError("within", _("Between one day and one year."))
    return count, unit


def _half_life(raw: Any) -> float:
    if raw is None:
        return 7.0
    if not isinstance(raw, (int, float)) or isinstance(raw, bool):
        raise QuestionError("half_life", _("Give a number of days."))
    if not attribution.SHORTEST_HALF_LIFE <= raw <= attribution.LONGEST_DAYS:
        raise QuestionError("half_life", _("Between half a day and one year."))
    return float(raw)


def _at(row: Row, model: str, *, worth: bool = False) -> float:
    return float(row[3 + 2 * MODELS.index(model) + worth])


def _name(touch: str | None) -> str:
    if touch is None:
        return _("Nothing before it")
    return touch or _("Nothing named")


def _sentence(rows: Sequence[Row]) -> str:
    total = sum(_at(row, "last") for row in rows)
    alone = sum(_at(row, "last") for row in rows if row[0] is None)
    return _("%(led)d of %(total)d conversions had something before them that counts.") % {
        "led": round(total - alone), "total": round(total),
    }  # fmt: skip

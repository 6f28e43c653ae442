"""What became of messages: sent, opened, clicked, and what people did then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Self

from django.utils.translation import gettext as _

from analytics.measures import deliveries, outcomes
from analytics.measures.base import Measure, Row
from analytics.measures.outcomes import OUTCOMES
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

BY = (
    ("message", later("Message")), ("journey", later("Journey")), ("channel", later("Channel")),
    ("day", later("Day of sending")),
)  # fmt: skip
AFTER = (
    ("sent", later("It was sent")), ("opened", later("They opened it")),
    ("clicked", later("They clicked in it")),
)  # fmt: skip
LABELS = {
    "sent": later("Sent"),
    "failed": later("Failed"),
    "delivered": later("Delivered"),
    "opened": later("Opened"),
    "clicked": later("Clicked"),
    "bounced": later("Bounced"),
    "complained": later("Complained"),
    "unsubscribed": later("Unsubscribed"),
    "opened_by_machine": later("Opened by a machine"),
    "clicked_by_machine": later("Clicked by a machine"),
    "converted": later("Converted"),
}
CHANNELS = {
    "email": later("E-mail"), "sms": later("SMS"), "push": later("Push"),
    "onsite": later("On the site"), "webhook": later("Webhook"),
}  # fmt: skip
DRAWN = ("delivered", "opened", "clicked", "unsubscribed", "converted")
LONGEST = 90 * 86_400
MOST = 200


@KINDS.register
@dataclass(frozen=True, slots=True)
class Deliveries(Kind):
    """Follows messages from sending to what people did then."""

    name: ClassVar[str] = "deliveries"
    label: ClassVar[str] = later("Messages")
    help: ClassVar[str] = later("What became of messages: opened, clicked, and what came of it.")
    icon: ClassVar[str] = "mail"

    by: str = "message"
    goal: Act | None = None
    after: str = "sent"
    within: tuple[int, str] = (14, "days")

    @classmethod
    def form(cls) -> tuple[Field, ...]:
        """Return its controls."""
        return (
            Field("by", "choice", later("Told apart by"), options=BY),
            Field(
                "goal", "event", later("Converted means"), required=False,
                help=later("Empty: nobody is counted as converted."),
            ),
            Field("after", "choice", later("Counted after"), options=AFTER),
            Field(
                "within", "span", later("Followed for"), required=False,
                help=later("So long after sending, anything counts. Empty: 14 days."),
            ),
        )  # fmt: skip

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Self:
        """Return the question that JSON asks.

        Raises:
            QuestionError: it asks none.
        """
        return cls(
            reading.choice(raw, "by", BY),
            reading.event(raw, "goal"),
            reading.choice(raw, "after", AFTER),
            reading.span(raw, "within", LONGEST) or (14, "days"),
        )

    def plain(self) -> dict[str, Any]:
        """Return its one JSON spelling."""
        found: dict[str, Any] = {"by": self.by, "after": self.after, "within": list(self.within)}
        return found | ({"goal": self.goal.plain()} if self.goal else {})

    def show(self, ask: Ask, days: Days, before: Days | None) -> Shown:
        """Return how many went out and what became of them, in numbers and in shares."""
        rows = ask(deliveries.results, **self._told(days.zone))
        if not rows:
            return Shown("", [], _("No message was sent in these days."))
        earlier = None
        if before is not None:
            told = ask(deliveries.results, days=before, **self._told(before.zone))
            earlier = {row[0]: row for row in told}
        names: dict[str, str] = {}
        if self.by == "journey":
            names = dict(ask(deliveries.journeys))
        if self.by == "day":
            rows = sorted(rows, key=lambda row: row[0])
        sheets = [self._shares(rows, names, earlier), self._counts(rows, names, days.zone)]
        return Shown(_sentence(rows), sheets)

    def people(self, point: Point) -> tuple[Measure, dict[str, Any]] | None:
        """Return what lists the people of an outcome.

        Raises:
            QuestionError: there is no such number.
        """
        outcome, key = reading.text(point, "outcome"), reading.text(point, "key")
        zone = reading.text(point, "zone") or "UTC"
        if (
            outcome is None
            or outcome.removeprefix("not_") not in OUTCOMES
            or not reading.is_zone(zone)
        ):
            raise QuestionError("", _("There is no such number in this answer."))
        line = {"outcome": outcome, "key": key, "whole": False}
        return deliveries.people, self._told(zone) | line

    def _told(self, zone: str) -> dict[str, Any]:
        found: dict[str, Any] = {
            "by": self.by, "goal": self.goal, "after": self.after,
            "within": timedelta(seconds=reading.seconds(self.within) or 0),
        }  # fmt: skip
        return found | ({"zone": zone} if self.by == "day" else {})

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Return what is counted: without a goal nobody converts."""
        return OUTCOMES if self.goal else OUTCOMES[:-1]

    def _first(self) -> Column:
        kind = "day" if self.by == "day" else "text"
        return Column("line", _(dict(BY)[self.by]), kind)

    def _named(self, row: Row, names: Mapping[str, str]) -> Any:
        key: Any = row[0]
        if self.by == "day":
            return key
        if key is None:
            return _("Without a journey") if self.by == "journey" else _("Unknown")
        if self.by == "channel":
            return _(CHANNELS.get(key, key))
        if self.by == "journey":
            return names.get(key) or _("Journey %(key)s") % {"key": key}
        return row[1] or _("Message %(key)s") % {"key": key}

    def _shares(
        self, rows: Sequence[Row], names: Mapping[str, str], earlier: Mapping[Any, Row] | None
    ) -> Sheet:
        drawn = [one for one in DRAWN if one in self.outcomes]
        columns = [
            self._first(),
            Column("sent", _("Sent")),
            *(Column(one, _(LABELS[one]), "share", series=True) for one in drawn),
            Column("of_opened", _("Clicked, of opened"), "share"),
        ]
        table = []
        for row in rows[:MOST]:
            sent = _of(row, "sent")
            line = [self._named(row, names), sent, *(_share(_of(row, one), sent) for one in drawn)]
            line.append(_share(_of(row, "clicked"), _of(row, "opened")))
            if earlier is not None:
                was = earlier.get(row[0])
                line.append(_share(_of(was, "clicked"), _of(was, "sent")) if was else None)
            table.append(tuple(line))
        if earlier is not None:
            columns.append(Column("before", _("Clicked, in the days before"), "share"))
        note = _("Shares of what was sent; a machine's openings and clicks are counted apart."
                 " Not every channel tells what was delivered or opened.")  # fmt: skip
        chart = "line" if self.by == "day" else "bars"
        return Sheet(
            "shares", _("What became of them"), tuple(columns), table, chart, note=note,
            total=len(rows),
        )  # fmt: skip

    def _counts(self, rows: Sequence[Row], names: Mapping[str, str], zone: str) -> Sheet:
        columns = (
            self._first(),
            Column("people", _("People")),
            *(Column(one, _(LABELS[one])) for one in self.outcomes),
            Column("not_opened", _("Not opened")),
        )
        table, points = [], {}
        for i, row in enumerate(rows[:MOST]):
            counts = [_of(row, one) for one in self.outcomes]
            unopened = _of(row, "sent") - _of(row, "opened")
            table.append((self._named(row, names), row[2], *counts, unopened))
            for j, one in enumerate((*self.outcomes, "not_opened"), 2):
                if table[-1][j]:
                    points[i, j] = {"outcome": one, "key": row[0], "zone": zone}
        return Sheet(
            "counts", _("Messages"), columns, table, points=points, total=len(rows),
            note=_("Messages, not people: the people of a number may be fewer."),
        )  # fmt: skip


def _of(row: Row, outcome: str) -> int:
    return int(row[3 + outcomes.OUTCOMES.index(outcome)] or 0)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _sentence(rows: Sequence[Row]) -> str:
    sent, opened, clicked = (
        sum(_of(row, one) for row in rows) for one in ("sent", "opened", "clicked")
    )
    if not sent:
        return _("Nothing could be sent.")
    said = _("%(sent)s messages were sent; people opened %(opened)s %% of them and clicked in"
             " %(clicked)s %%.")  # fmt: skip
    return said % {
        "sent": sent, "opened": round(opened / sent * 100, 1),
        "clicked": round(clicked / sent * 100, 1),
    }  # fmt: skip

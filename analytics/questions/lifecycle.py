"""Who is new, who came back, who woke up again, and who fell asleep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from django.utils.translation import gettext as _

from analytics.measures import lifecycle
from analytics.measures.base import Measure
from analytics.measures.cycles import Cycles
from analytics.measures.lifecycle import STATES
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
LABELS = {
    "new": later("New"),
    "returning": later("Returning"),
    "resurrected": later("Back after a break"),
    "dormant": later("Gone quiet"),
}


@KINDS.register
@dataclass(frozen=True, slots=True)
class Lifecycle(Kind):
    """Tells the people of each day, week or month apart by what they did before."""

    name: ClassVar[str] = "lifecycle"
    label: ClassVar[str] = later("Lifecycle")
    help: ClassVar[str] = later("Who is new, who returns, and who has gone quiet.")
    icon: ClassVar[str] = "rotate"

    act: Act
    every: str = "week"

    @classmethod
    def form(cls) -> tuple[Field, ...]:
        """Return its controls."""
        return (
            Field(
                "act", "event", later("Active means"), required=False,
                options=(("", later("Anything they do")),),
            ),
            Field("every", "choice", later("Counted by"), options=EVERY),
        )  # fmt: skip

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Self:
        """Return the question that JSON asks.

        Raises:
            QuestionError: it asks none.
        """
        act = reading.event(raw, "act") or lifecycle.ANYTHING
        return cls(act, reading.choice(raw, "every", EVERY))

    def plain(self) -> dict[str, Any]:
        """Return its one JSON spelling."""
        return {"act": self.act.plain(), "every": self.every}

    def show(self, ask: Ask, days: Days, before: Days | None) -> Shown:
        """Return the four states, cycle by cycle."""
        told: dict[str, Any] = {"zone": days.zone, "act": self.act, "every": self.every}
        known = {row[0]: row[1:] for row in ask(lifecycle.states, **told)}
        if not known:
            return Shown("", [], _("Nobody did this in these days."))
        cycles = Cycles(self.every, days.zone, days.start, days.end)
        columns = [
            Column("cycle", _("Begins"), "day"),
            *(Column(one, _(LABELS[one]), series=True) for one in STATES),
        ]
        rows: list[tuple[Any, ...]] = []
        points: dict[tuple[int, int], Point] = {}
        first, last = cycles.ends
        if days.today is not None:
            # What has not begun has nobody gone quiet.
            last = min(last, cycles.number(days.today))
        for i, number in enumerate(range(first, last + 1)):
            day = cycles.first(number).isoformat()
            counts = known.get(day, (0,) * len(STATES))
            rows.append((day, *counts))
            for j, state in enumerate(STATES, 1):
                if counts[j - 1]:
                    points[i, j] = {"state": state, "cycle": day, "zone": days.zone}
        if before is not None:
            # What has gone quiet is no activity, so that only the others are compared.
            was = ask(lifecycle.states, days=before, **told)
            active = [sum(row[1:4]) for row in was]
            columns.append(
                Column("before", _("Active in the days before"), series=True, faint=True)
            )
            active += [0] * (len(rows) - len(active))
            rows = [(*row, n) for row, n in zip(rows, active, strict=False)]
        note = _("Gone quiet: active in the cycle before, and not in this one. Who is new was never"
                 " active before, in these days or earlier.")  # fmt: skip
        sheet = Sheet("cycles", _("Lifecycle"), tuple(columns), rows, "columns", points, note)
        return Shown(_sentence(rows), [sheet])

    def people(self, point: Point) -> tuple[Measure, dict[str, Any]] | None:
        """Return what lists the people of a state in a cycle.

        Raises:
            QuestionError: there is no such point.
        """
        cycle, zone = reading.text(point, "cycle"), reading.text(point, "zone")
        known = reading.is_day(cycle) and reading.is_zone(zone)
        if not known or point.get("state") not in STATES:
            raise QuestionError("", _("There is no such number in this answer."))
        return lifecycle.people, {
            "zone": zone, "cycle": cycle, "state": point["state"], "act": self.act,
            "every": self.every,
        }  # fmt: skip


def _sentence(rows: list[tuple[Any, ...]]) -> str:
    new = sum(row[1] for row in rows)
    quiet = sum(row[4] for row in rows)
    return _("%(new)s people were new; %(quiet)s times somebody went quiet.") % {
        "new": new, "quiet": quiet,
    }  # fmt: skip

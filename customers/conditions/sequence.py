"""What people did one after the other, within some time, and without something in between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self

from customers.conditions import matcher, window
from customers.conditions.base import (
    LEAVES,
    Answer,
    Asking,
    Deps,
    Field,
    Leaf,
    LeafForm,
    Rows,
    RuleError,
    Sql,
    Words,
    gettext_noop,
)
from customers.conditions.window import Span

_ = gettext_noop

FEWEST, MOST = 2, 5
LONGEST_HOURS = 24 * 365
HOURS = {"hours": 1, "days": 24, "weeks": 24 * 7, "months": 24 * 30}
# What comes strictly later in a person's time, read backwards so that one pass is enough.
LATER = (
    "OVER (PARTITION BY person ORDER BY at DESC "
    "RANGE BETWEEN UNBOUNDED PRECEDING AND '1 microsecond' PRECEDING)"
)


@LEAVES.register
@dataclass(frozen=True, slots=True)
class Sequence(Leaf):
    """Did these in this order, each later than the one before.

    `within` counts from the first step to the last, in hours. All steps lie in the window.
    """

    name: ClassVar[str] = "sequence"

    steps: tuple[matcher.Matcher, ...]
    within: tuple[int, str]
    window: window.Window
    without: matcher.Matcher | None

    @classmethod
    def parse(cls, raw: Mapping[str, Any], path: str) -> Self:
        """Return the condition that JSON says.

        Raises:
            RuleError: it says none.
        """
        steps = raw.get("steps")
        if not isinstance(steps, (list, tuple)) or not FEWEST <= len(steps) <= MOST:
            raise RuleError(f"{path}.steps", _("Give two to five steps."))
        found = tuple(matcher.matcher(one, f"{path}.steps.{i}") for i, one in enumerate(steps))
        within = raw.get("within")
        if not isinstance(within, (list, tuple)) or len(within) != 2:
            raise RuleError(f"{path}.within", _("Say within how much time."))
        n, unit = within
        if (
            unit not in HOURS
            or not isinstance(n, int)
            or isinstance(n, bool)
            or not 1 <= n * HOURS[unit] <= LONGEST_HOURS
        ):
            raise RuleError(f"{path}.within", _("Give a time from one hour to one year."))
        without = raw.get("without")
        return cls(
            found,
            _short(n, unit),
            window.window(raw.get("window"), f"{path}.window"),
            None if without is None else matcher.matcher(without, f"{path}.without"),
        )

    def plain(self) -> dict[str, Any]:
        """Return the one JSON spelling of it, without its `op`."""
        told = {
            "steps": [one.plain() for one in self.steps], "within": list(self.within),
            "window": self.window.plain(),
        }  # fmt: skip
        return told if self.without is None else {**told, "without": self.without.plain()}

    def sentence(self, say: Words) -> str:
        """Return it in words."""
        steps = say(_(", then ")).join(one.words(say) for one in self.steps)
        n, unit = self.within
        time = Span(n, unit).words(say)
        said = say(_("did %(steps)s within %(time)s"), steps=steps, time=time)
        if self.without is not None:
            other = self.without.words(say)
            said = say(_("%(said)s, without %(other)s in between"), said=said, other=other)
        return f"{said} {self.window.words(say)}".rstrip()

    def deps(self) -> Deps:
        """Return what its answer depends on."""
        names = {one.event for one in self.steps}
        if self.without is not None:
            names.add(self.without.event)
        return Deps(names=names, timed=self.window.timed)

    def ask(self, asking: Asking) -> Answer:
        """Return it in SQL."""
        start, end = self.window.moments(asking)
        last = len(self.steps) - 1
        walked = self._facts(asking.events, start, end)
        # Each step's row learns when the rest of the way ends at the earliest.
        walked = Sql(f"SELECT f.*, CASE WHEN s{last} THEN at END AS e{last} FROM ({walked.text}) f",
                     walked.values)  # fmt: skip
        for place in range(last - 1, -1, -1):
            ends = f"CASE WHEN s{place} THEN min(e{place + 1}) {LATER} END AS e{place}"
            walked.text = f"SELECT g.*, {ends} FROM ({walked.text}) g"
        broken = f"min(CASE WHEN x THEN at END) {LATER} AS broken"
        table = Sql(f"(SELECT h.*, {broken} FROM ({walked.text}) h) w", walked.values)
        fits = Sql(
            "count(*) FILTER (WHERE w.e0 <= w.at + make_interval(hours => %s) "
            "AND (w.broken IS NULL OR w.broken >= w.e0))",
            [self.within[0] * HOURS[self.within[1]]],
        )
        edges = self._edges(asking, end)
        columns = (fits, *(column for column, _span in edges))
        many, *names = asking.join(Rows(table, "w.person", Sql("true"), columns))
        answer = Answer(Sql(f"(COALESCE({many}, 0) > 0)"), have=Sql(f"COALESCE({many}, 0)"))
        for name, (_column, span) in zip(names, edges, strict=True):
            told = answer.moments if self.window.by_hour else answer.days
            told.append(Sql(span.sql(name)))
        return answer

    def facts(self, have: Any, say: Words) -> dict[str, Any]:
        """Return what decided about one person."""
        return {"have": have, "need": say(_("at least once")), "measure": say(_("how often"))}

    def _facts(self, events: Sql, start: datetime | None, end: datetime | None) -> Sql:
        """Return the events that matter, each with the steps it is."""
        inside = Sql("true") if end is None else Sql("e.at < %s", [end])
        found, any_of, values = Sql("SELECT e.person, e.at"), [], []
        for place, step in enumerate(self.steps):
            meant = step.holds()
            found.add(f", ({meant.text} AND {inside.text}) AS s{place}",
                      *meant.values, *inside.values)  # fmt: skip
            any_of.append(meant.text)
            values += meant.values
        other = Sql("false") if self.without is None else self.without.holds()
        found.add(f", {other.text} AS x FROM ", *other.values)
        found.add(events.text, *events.values)
        any_of.append(other.text)
        found.add(f" WHERE ({' OR '.join(any_of)})", *values, *other.values)
        if start is not None:
            found.add(" AND e.at >= %s AND e.received_at >= %s - interval '1 day'", start, start)
        if end is not None and self.window.until is None:
            found.add(" AND e.at < %s", end)
        return found

    def _edges(self, asking: Asking, end: datetime | None) -> list[tuple[Sql, Span]]:
        """Return the first moments that leave or enter the window, and after how much time."""
        if not asking.timing or self.window.last is None:
            return []
        first = "min(w.at)"
        if not self.window.by_hour:
            first = f"min((w.at AT TIME ZONE '{asking.zone}')::date)"
        if self.window.until is None:
            return [(Sql(first), self.window.last)]
        return [
            (Sql(f"{first} FILTER (WHERE w.at < %s)", [end]), self.window.last),
            (Sql(f"{first} FILTER (WHERE w.at >= %s)", [end]), self.window.until),
        ]

    @classmethod
    def form(cls) -> LeafForm:
        """Return how it is written."""
        return LeafForm(
            name=cls.name,
            label=_("Steps in order"),
            help=_("One thing, then another, within some time."),
            blank={
                "op": cls.name, "steps": [{"event": ""}, {"event": ""}], "within": [2, "days"],
                "window": {"last": [30, "days"]},
            },
            fields=(
                Field("steps", "steps", _("Steps"), suggest="events"),
                Field("within", "span", _("Within"), options=window.UNIT_LABELS),
                Field("without", "matcher", _("Without this in between"), suggest="events",
                      required=False),
                Field("window", "window", _("Period"), options=window.UNIT_LABELS),
            ),
        )  # fmt: skip


def _short(n: int, unit: str) -> tuple[int, str]:
    """Return a time in its one spelling: the largest unit of hours and days that fits."""
    hours = n * HOURS[unit]
    return (hours // 24, "days") if hours % 24 == 0 else (hours, "hours")

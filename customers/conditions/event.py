"""What people did: how often, for how much, on how many days, when first and when last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from customers.conditions import compare, matcher, window
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

_ = gettext_noop

COUNTED = ("count", "days", "sum", "first", "last")
AGES = ("first", "last")
# Who did nothing has done it zero times; but there is no average of nothing.
FROM_ZERO = ("count", "days", "sum", "distinct")
WITH_PROP = ("sum", "avg", "min", "max", "distinct")
LABELS = {
    "count": _("how often"),
    "days": _("on how many days"),
    "sum": _("sum"),
    "avg": _("average"),
    "max": _("largest value"),
    "min": _("smallest value"),
    "first": _("days since the first time"),
    "last": _("days since the last time"),
    "distinct": _("how many different values"),
}
SAID = {
    "count": _("did %(what)s %(cmp)s %(times)s"),
    "days": _("did %(what)s on %(cmp)s %(value)s days"),
    "sum": _("%(what)s adds up to %(cmp)s %(value)s"),
    "avg": _("%(what)s is on average %(cmp)s %(value)s"),
    "max": _("%(what)s is at its largest %(cmp)s %(value)s"),
    "min": _("%(what)s is at its smallest %(cmp)s %(value)s"),
    "first": _("did %(what)s for the first time %(cmp)s %(value)s days ago"),
    "last": _("did %(what)s for the last time %(cmp)s %(value)s days ago"),
    "distinct": _("did %(what)s with %(cmp)s %(value)s different values"),
}


@dataclass(frozen=True, slots=True)
class _Looked:
    """What to read: a number, and the first moments that leave or enter after so much time."""

    rows: Rows
    edges: list[window.Span]


@LEAVES.register
@dataclass(frozen=True, slots=True)
class Event(Leaf):
    """A number about events of one kind within a period, compared with another."""

    name: ClassVar[str] = "event"

    matcher: matcher.Matcher
    metric: str
    prop: str
    window: window.Window
    cmp: str
    value: int | float

    @classmethod
    def parse(cls, raw: Mapping[str, Any], path: str) -> Self:
        """Return the condition that JSON says.

        Raises:
            RuleError: it says none.
        """
        meant = raw.get("matcher")
        if meant is None and "name" in raw:
            # As rules were written before events could be filtered.
            meant = {"event": raw["name"]}
        found = matcher.matcher(meant, f"{path}.matcher")
        metric, cmp, prop = raw.get("metric"), raw.get("cmp"), raw.get("prop") or ""
        if metric not in LABELS:
            raise RuleError(f"{path}.metric", _("Choose what to measure."))
        if prop:
            compare.name_of(prop, f"{path}.prop", _("Choose a property."))
        if prop and metric not in WITH_PROP:
            raise RuleError(f"{path}.prop", _("This measure does not look at a property."))
        if metric == "distinct" and not prop:
            raise RuleError(f"{path}.prop", _("Choose a property."))
        period = window.window(raw.get("window"), f"{path}.window")
        if cmp not in compare.OPERATORS:
            raise RuleError(f"{path}.cmp", _("Choose how to compare."))
        value = compare.number(raw.get("value"), f"{path}.value")
        if metric in AGES and not (isinstance(value, int) and 0 <= value <= 10**5):
            raise RuleError(f"{path}.value", _("Give a whole number of days."))
        return cls(found, str(metric), prop, period, str(cmp), value)

    def plain(self) -> dict[str, Any]:
        """Return the one JSON spelling of it, without its `op`."""
        return {
            "matcher": self.matcher.plain(), "metric": self.metric,
            **({"prop": self.prop} if self.prop else {}),
            "window": self.window.plain(), "cmp": self.cmp, "value": self.value,
        }  # fmt: skip

    def sentence(self, say: Words) -> str:
        """Return it in words."""
        what = self.matcher.words(say)
        if self.prop:
            what = say(_("%(prop)s of %(what)s"), prop=self.prop, what=what)
        once = say(_("once")) if self.value == 1 else say(_("%(n)s times"), n=f"{self.value:g}")
        said = say(
            SAID[self.metric], what=what, cmp=say(compare.NUMBER_LABELS[self.cmp]),
            value=compare.show(self.value, say), times=once,
        )  # fmt: skip
        return f"{said} {self.window.words(say)}".rstrip()

    def deps(self) -> Deps:
        """Return what its answer depends on."""
        counted = set() if self._is_raw() else {self.matcher}
        timed = self.window.timed or self.metric in AGES
        return Deps(names={self.matcher.event}, matchers=counted, timed=timed)

    def grows(self) -> bool:
        """Return whether more events can only make it true, and time alone only false."""
        counts = self.metric in ("count", "days") and self.cmp in ("gte", "gt")
        return counts and self.window.until is None

    def ask(self, asking: Asking) -> Answer:
        """Return it in SQL."""
        number = None if self._is_raw() else asking.matcher(self.matcher.key())
        looked = self._looked_up(asking) if number is None else self._counted(asking, number)
        found, *edges = asking.join(looked.rows)
        answer = Answer(Sql(""))
        for name, span in zip(edges, looked.edges, strict=True):
            if span.unit == "hours":
                answer.moments.append(Sql(span.sql(name)))
            else:
                answer.days.append(Sql(span.sql(name)))
        have = Sql(f"COALESCE({found}, 0)" if self.metric in FROM_ZERO else found)
        if self.metric in AGES:
            have = Sql(f"(%s::date - {found})", [asking.day])
            answer.days += [Sql(f"({found} + {int(self.value) + more})") for more in (0, 1)]
        answer.have = have
        answer.inside = Sql(
            f"COALESCE({have.text} {compare.OPERATORS[self.cmp]} %s, false)",
            [*have.values, self.value],
        )
        return answer

    def facts(self, have: Any, say: Words) -> dict[str, Any]:
        """Return what decided about one person."""
        need = f"{say(compare.NUMBER_LABELS[self.cmp])} {compare.show(self.value, say)}"
        return {"have": have, "need": need, "measure": say(LABELS[self.metric])}

    def _is_raw(self) -> bool:
        return self.window.by_hour or self.metric not in COUNTED or bool(self.prop)

    def _counted(self, asking: Asking, number: int) -> _Looked:
        """Read the counts by day."""
        first, last = self.window.days(asking.day)
        where, inside, newer = Sql("e.matcher_id = %s", [number]), Sql(""), Sql("")
        if first is not None:
            where.add(" AND e.day >= %s", first)
        if last is not None and self.window.until is None:
            where.add(" AND e.day <= %s", last)
        elif last is not None:
            inside = Sql(" FILTER (WHERE e.day <= %s)", [last])
            newer = Sql(" FILTER (WHERE e.day > %s)", [last])
        sums = {
            "count": "sum(e.n)", "days": "count(*)", "sum": "sum(e.amount)",
            "first": "min(e.day)", "last": "max(e.day)",
        }  # fmt: skip
        table = Sql("customers_eventday e")
        total = Sql(sums[self.metric])
        return self._with_edges(asking, table, "e.profile_id", where, total, "e.day", inside, newer)

    def _looked_up(self, asking: Asking) -> _Looked:
        """Read the events themselves."""
        where, inside, newer = self.matcher.holds(), Sql(""), Sql("")
        start, end = self.window.moments(asking)
        if start is not None:
            # Nothing is received before it happens; a day is for clocks that go wrong.
            where.add(" AND e.at >= %s AND e.received_at >= %s - interval '1 day'", start, start)
        if end is not None and self.window.until is None:
            where.add(" AND e.at < %s", end)
        elif end is not None:
            inside = Sql(" FILTER (WHERE e.at < %s)", [end])
            newer = Sql(" FILTER (WHERE e.at >= %s)", [end])
        day = f"(e.at AT TIME ZONE '{asking.zone}')::date"
        moment = "e.at" if self.window.by_hour else day
        total = self._total(day)
        return self._with_edges(
            asking, asking.events, "e.person", where, total, moment, inside, newer
        )

    def _total(self, day: str) -> Sql:
        if self.metric == "distinct":
            steps = self.prop.split(".")
            told = "e.properties #> %s"
            known = f"CASE WHEN jsonb_typeof({told}) <> 'null' THEN {told} END"
            return Sql(f"count(DISTINCT {known})", [steps, steps])
        totals = {
            "count": "count(*)", "days": f"count(DISTINCT {day})",
            "first": f"min({day})", "last": f"max({day})",
        }  # fmt: skip
        if self.metric in totals:
            return Sql(totals[self.metric])
        value = compare.numeric("e.properties", self.prop) if self.prop else Sql(matcher.worth())
        return Sql(f"{self.metric}({value.text})", value.values)

    def _with_edges(
        self, asking: Asking, table: Sql, person: str, where: Sql, total: Sql, moment: str,
        inside: Sql, newer: Sql,
    ) -> _Looked:  # fmt: skip
        """Add what leaves the window first, and what comes into it next."""
        columns = [Sql(total.text + inside.text, [*total.values, *inside.values])]
        edges = []
        if asking.timing and self.window.last is not None:
            columns.append(Sql(f"min({moment}){inside.text}", inside.values))
            edges.append(self.window.last)
            if self.window.until is not None:
                columns.append(Sql(f"min({moment}){newer.text}", newer.values))
                edges.append(self.window.until)
        return _Looked(Rows(table, person, where, tuple(columns)), edges)

    @classmethod
    def form(cls) -> LeafForm:
        """Return how it is written."""
        return LeafForm(
            name=cls.name,
            label=_("What they did"),
            help=_("How often, for how much or how recently something happened."),
            blank={
                "op": cls.name, "matcher": {"event": ""}, "metric": "count", "window": "all",
                "cmp": "gte", "value": 1,
            },
            fields=(
                Field("matcher", "matcher", _("Event"), suggest="events"),
                Field("metric", "choice", _("Measure"), options=tuple(LABELS.items())),
                Field(
                    "prop", "name", _("Property"), suggest="properties",
                    only={"metric": ("sum", "avg", "max", "min")}, required=False,
                    help=_("Without one: the revenue, else the value, else the total."),
                ),
                Field("prop", "name", _("Property"), suggest="properties",
                      only={"metric": ("distinct",)}),
                Field("cmp", "choice", _("Comparison"),
                      options=compare.options(compare.NUMBER_LABELS)),
                Field("value", "number", _("Number")),
                Field("window", "window", _("Period"), options=window.UNIT_LABELS),
            ),
        )  # fmt: skip

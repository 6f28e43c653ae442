"""Write a rule's question in SQL: what stands beside the profiles, and what is asked of it.

What a leaf looks at is one derived table, of everybody in the one shape and of the people asked
about in the other. Leaves are total: they answer true or false, never NULL. All values are bound.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any

from django.utils import timezone

from customers import rules
from customers.conditions.base import Answer, Rows, Sql
from dxp.lib import rows

COLUMNS = "e.name, e.at, e.received_at, e.properties"
# The events under whom each belongs to now: of everybody, and of some people found by their stamps.
EVENTS = f"""(
SELECT {COLUMNS}, COALESCE(o.profile_id, e.profile_id) AS person FROM customers_event e
LEFT JOIN customers_aliasoverride o ON o.alias_id = e.alias_id AND o.valid @> e.at
) e"""
THEIR_EVENTS = f"""(
SELECT {COLUMNS}, e.profile_id AS person FROM customers_event e
WHERE e.profile_id {{who}} AND NOT EXISTS (
  SELECT 1 FROM customers_aliasoverride o WHERE o.alias_id = e.alias_id AND o.valid @> e.at)
UNION ALL
SELECT {COLUMNS}, o.profile_id AS person FROM customers_aliasoverride o JOIN customers_event e
ON e.profile_id = ANY(o.stamps) AND e.alias_id = o.alias_id AND o.valid @> e.at
WHERE o.profile_id {{who}}
) e"""


def today(at: datetime) -> date:
    """Return the workspace's day of a moment."""
    # Offsets of all time zones are whole quarters of an hour.
    return _day(int(at.timestamp() // 900))


@lru_cache(maxsize=10_000)
def _day(quarter: int) -> date:
    return datetime.fromtimestamp(quarter * 900, timezone.get_default_timezone()).date()


def midnight(day: date) -> datetime:
    """Return the moment at which a workspace's day begins."""
    return datetime.combine(day, time(), tzinfo=timezone.get_default_timezone())


@dataclass(slots=True)
class Said:
    """A rule's answer in SQL."""

    inside: Sql
    due_on: Sql
    due_at: Sql
    timed: bool


@dataclass(slots=True)
class _Join:
    rows: Rows
    columns: list[Sql] = field(default_factory=list)
    people: set[int] = field(default_factory=set)


class Asked:
    """A question that is being written (`conditions.base.Asking`).

    Args:
        at: the moment.
        timing: whether it matters when time alone may change the answer.
        known: numbers of counted events by matcher's key.
        people: whom it is about, or
        few: the query of whom it is about; without both it is about everybody.
    """

    def __init__(
        self, at: datetime, *, timing: bool, known: Mapping[str, int],
        people: Sequence[int] | None = None, few: Sql | None = None,
    ) -> None:  # fmt: skip
        self.at = at
        self.day = today(at)
        self.zone = str(timezone.get_default_timezone())
        self.timing = timing
        self.known = known
        self.people = people
        self.few = few
        self.raw = False
        self.joins: dict[Any, _Join] = {}
        self.values: dict[Any, Sql] = {}

    @property
    def events(self) -> Sql:
        """The table of events; whoever reads it looks at them one by one."""
        self.raw = True
        if self.people is not None:
            return Sql(
                THEIR_EVENTS.format(who="= ANY(%s::bigint[])"), [rows.array(self.people)] * 2
            )
        if self.few is not None:
            return Sql(THEIR_EVENTS.format(who=f"IN ({self.few.text})"), self.few.values * 2)
        return Sql(EVENTS)

    def matcher(self, key: str) -> int | None:
        """Return the number under which such events are counted by day, if they are."""
        return self.known.get(key)

    def midnight(self, day: date) -> datetime:
        """Return the moment at which a day of the workspace begins."""
        return midnight(day)

    def join(self, rows: Rows) -> list[str]:
        """Return the columns' names; beside a person without such rows they are NULL."""
        key = (_frozen(rows.table), rows.person, _frozen(rows.where))
        made = self.joins.setdefault(key, _Join(rows))
        made.people.update(self.people or ())
        name = f"j{list(self.joins).index(key)}"
        found = []
        for column in rows.columns:
            known = [_frozen(one) for one in made.columns]
            if _frozen(column) not in known:
                made.columns.append(column)
                known.append(_frozen(column))
            found.append(f"{name}.c{known.index(_frozen(column))}")
        return found

    def value(self, value: Sql) -> str:
        """Return a name for a value that is used several times."""
        self.values.setdefault(_frozen(value), value)
        return f"v{list(self.values).index(_frozen(value))}.v"

    def answer(self, root: rules.Node) -> Said:
        """Return a rule's answer."""
        leaves: list[Answer] = []

        def ask(leaf: rules.Leaf) -> Sql:
            leaves.append(leaf.ask(self))
            return leaves[-1].inside

        inside = condition(root, ask)
        days = [day for one in leaves for day in one.days]
        moments = [moment for one in leaves for moment in one.moments]
        return Said(
            inside,
            self._earliest(days, self.day, "date"),
            self._earliest(moments, self.at, "timestamptz"),
            bool(days or moments),
        )

    def _earliest(self, some: Sequence[Sql], after: Any, kind: str) -> Sql:
        # What has passed can't change the answer any more.
        if not some or not self.timing:
            return Sql(f"NULL::{kind}")
        parts = [
            Sql(f"CASE WHEN {one.text} > %s THEN {one.text} END",
                [*one.values, after, *one.values])
            for one in some
        ]  # fmt: skip
        return Sql(
            f"LEAST({', '.join(part.text for part in parts)})",
            [value for part in parts for value in part.values],
        )

    def tables(self) -> Sql:
        """Return what stands beside the profiles, in the order in which it was asked for."""
        found = Sql("")
        for place, join in enumerate(self.joins.values()):
            looked = join.rows
            sums = ", ".join(f"{one.text} AS c{i}" for i, one in enumerate(join.columns))
            found.text += (
                f" LEFT JOIN (SELECT {looked.person} AS person, {sums} FROM {looked.table.text} "
                f"WHERE {looked.where.text}"
            )
            found.values += [value for one in join.columns for value in one.values]
            found.values += [*looked.table.values, *looked.where.values]
            if self.people is not None:
                # As one text: PostgreSQL reads a long list of numbers much slower.
                found.text += f" AND {looked.person} = ANY(%s::bigint[])"
                found.values.append(rows.array(sorted(join.people)))
            elif self.few is not None:
                found.text += f" AND {looked.person} IN ({self.few.text})"
                found.values += self.few.values
            found.text += f" GROUP BY 1) j{place} ON j{place}.person = p.id"
        for place, value in enumerate(self.values.values()):
            found.text += f" CROSS JOIN LATERAL (SELECT {value.text} AS v) v{place}"
            found.values += value.values
        return found


def condition(node: rules.Node, ask: Callable[[rules.Leaf], Sql]) -> Sql:
    """Return a tree in SQL; `ask` says what each leaf is."""
    if isinstance(node, rules.Group):
        parts = [condition(child, ask) for child in node.of]
        text = f" {node.op.upper()} ".join(part.text for part in parts)
        return Sql(f"({text})", [value for part in parts for value in part.values])
    if isinstance(node, rules.Not):
        inner = condition(node.of, ask)
        return Sql(f"(NOT {inner.text})", inner.values)
    return ask(node)


def _frozen(sql: Sql) -> tuple[str, str]:
    return sql.text, repr(sql.values)

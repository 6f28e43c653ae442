"""Turn a rule into SQL, in two shapes: who matches (`set`), and do these match (`row`).

Both stand on the same leaf library, differ only in where a leaf reads its number, and are total:
a leaf answers true or false, never NULL. All values are bound.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from customers import rules

OPERATORS = {"eq": "=", "ne": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
METRIC_COLUMNS = {"count": "n", "sum": "amount"}
PLAIN = "(SELECT id FROM customers_eventmatcher WHERE event = %s AND \"where\" = '[]')"


@dataclass(slots=True)
class Sql:
    """A piece of SQL and the values bound in it, in order."""

    text: str
    values: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Match:
    """One person's answer to a rule; on the local day `due_on` time alone may change it."""

    profile_id: int
    inside: bool
    due_on: date | None


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


def who(root: rules.Node, *, at: datetime) -> Sql:
    """Return the query of everybody active: rows `id`, `bucket`, `inside`, `due_on`."""
    joins = _Joins(today(at))
    condition = _condition(root, joins.leaf)
    joined = "".join(join.text for join in joins.made)
    return Sql(
        f"SELECT p.id, p.bucket, {condition.text} AS inside, {joins.due()} AS due_on "
        f"FROM customers_profile p{joined} WHERE p.state = 'ACTIVE'",
        condition.values + [value for join in joins.made for value in join.values],
    )


def everybody(root: rules.Node, *, at: datetime, columns: str, where: str) -> list[tuple[Any, ...]]:
    """Ask everybody active; `columns` and `where` are our own words about `who`'s rows."""
    query = who(root, at=at)
    with transaction.atomic(), connection.cursor() as cursor:
        # Little memory makes a hash join of groups slow by a factor of sixty (measured).
        cursor.execute("SET LOCAL work_mem = '32MB'")
        cursor.execute(f"SELECT {columns} FROM ({query.text}) AS w WHERE {where}", query.values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def these(roots: Sequence[rules.Node], *, profile_ids: Sequence[int], at: datetime) -> Sql:
    """Return the query of some people against several rules at once.

    Rows are (profile id, matches, due day, matches, due day, …), only of active profiles.
    """
    day = today(at)
    picked = Sql("SELECT p.id")
    for root in roots:
        condition = _condition(root, lambda leaf: _row_leaf(leaf, day))
        due = _row_due(root, day)
        picked.text += f", {condition.text}, {due.text}"
        picked.values += condition.values + due.values
    picked.text += " FROM customers_profile p WHERE p.id = ANY(%s) AND p.state = 'ACTIVE'"
    picked.values.append(list(profile_ids))
    return picked


def _condition(node: rules.Node, leaf: Callable[[rules.Leaf], Sql]) -> Sql:
    if isinstance(node, rules.Group):
        parts = [_condition(child, leaf) for child in node.of]
        text = f" {node.op.upper()} ".join(part.text for part in parts)
        return Sql(f"({text})", [value for part in parts for value in part.values])
    if isinstance(node, rules.Not):
        inner = _condition(node.of, leaf)
        return Sql(f"(NOT {inner.text})", inner.values)
    return leaf(node)


class _Joins:
    """The set shape: each distinct event leaf and segment is one derived table, joined once."""

    def __init__(self, day: date) -> None:
        self.day = day
        self.made: list[Sql] = []
        self.names: dict[Any, str] = {}
        self.dues: list[str] = []

    def leaf(self, leaf: rules.Leaf) -> Sql:
        if isinstance(leaf, rules.Trait):
            return trait(leaf)
        if isinstance(leaf, rules.Inside):
            name = self._join(
                ("segment", leaf.id),
                "SELECT profile_id FROM customers_segmentmember "
                "WHERE segment_id = %s AND left_at IS NULL",
                [leaf.id],
            )
            return Sql(f"({name}.profile_id IS NOT NULL)")
        fresh = ("event", leaf.name, leaf.days) not in self.names
        window, values = _window(leaf, self.day)
        name = self._join(
            ("event", leaf.name, leaf.days),
            "SELECT profile_id, sum(n) AS n, sum(amount) AS amount, min(day) AS since "
            f"FROM customers_eventday e WHERE e.matcher_id = {PLAIN}{window} GROUP BY 1",
            [leaf.name, *values],
        )
        if fresh and leaf.days is not None:
            self.dues.append(f"{name}.since + {int(leaf.days)}")
        column = METRIC_COLUMNS[leaf.metric]
        return Sql(f"(COALESCE({name}.{column}, 0) {OPERATORS[leaf.cmp]} %s)", [leaf.value])

    def due(self) -> str:
        return f"LEAST({', '.join(self.dues)})" if self.dues else "NULL::date"

    def _join(self, key: Any, query: str, values: list[Any]) -> str:
        if key not in self.names:
            self.names[key] = f"j{len(self.names)}"
            name = self.names[key]
            self.made.append(
                Sql(f" LEFT JOIN ({query}) {name} ON {name}.profile_id = p.id", values)
            )
        return self.names[key]


def _window(leaf: rules.Happened, day: date) -> tuple[str, list[Any]]:
    if leaf.days is None:
        return "", []
    return " AND e.day > %s", [day - timedelta(days=leaf.days)]


def _row_leaf(leaf: rules.Leaf, day: date) -> Sql:
    if isinstance(leaf, rules.Trait):
        return trait(leaf)
    if isinstance(leaf, rules.Inside):
        return Sql(
            "EXISTS (SELECT 1 FROM customers_segmentmember m WHERE m.profile_id = p.id "
            "AND m.segment_id = %s AND m.left_at IS NULL)",
            [leaf.id],
        )
    window, values = _window(leaf, day)
    return Sql(
        f"((SELECT COALESCE(sum(e.{METRIC_COLUMNS[leaf.metric]}), 0) FROM customers_eventday e "
        f"WHERE e.profile_id = p.id AND e.matcher_id = {PLAIN}{window}) {OPERATORS[leaf.cmp]} %s)",
        [leaf.name, *values, leaf.value],
    )


def _row_due(root: rules.Node, day: date) -> Sql:
    parts: list[Sql] = []
    for leaf in rules.leaves(root):
        if isinstance(leaf, rules.Happened) and leaf.days is not None:
            window, values = _window(leaf, day)
            parts.append(
                Sql(
                    "(SELECT min(e.day) FROM customers_eventday e WHERE e.profile_id = p.id "
                    f"AND e.matcher_id = {PLAIN}{window}) + {int(leaf.days)}",
                    [leaf.name, *values],
                )
            )
    if not parts:
        return Sql("NULL::date")
    return Sql(
        f"LEAST({', '.join(part.text for part in parts)})",
        [value for part in parts for value in part.values],
    )


def trait(leaf: rules.Trait) -> Sql:
    """Return a trait leaf; missing traits and traits of another type answer false."""
    path = leaf.field.split(".")
    if leaf.cmp == "set":
        known = "COALESCE(jsonb_typeof(p.traits #> %s) <> 'null', false)"
        return Sql(known if leaf.value else f"(NOT {known})", [path])
    if leaf.cmp in ("eq", "ne", "in"):
        wanted = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
        values = [_nested(path, form) for value in wanted for form in spellings(value)]
        same = "(" + " OR ".join(["p.traits @> %s::jsonb"] * len(values)) + ")"
        if leaf.cmp != "ne":
            return Sql(same, values)
        known = "COALESCE(jsonb_typeof(p.traits #> %s) <> 'null', false)"
        return Sql(f"({known} AND NOT {same})", [path, *values])
    if leaf.cmp == "contains":
        return Sql(
            "COALESCE(CASE jsonb_typeof(p.traits #> %s) "
            "WHEN 'string' THEN strpos(lower(p.traits #>> %s), lower(%s)) > 0 "
            "WHEN 'array' THEN (p.traits #> %s) @> %s::jsonb ELSE false END, false)",
            [path, path, leaf.value, path, json.dumps([leaf.value])],
        )
    kind, cast = (
        ("string", 'COLLATE "C"') if isinstance(leaf.value, str) else ("number", "::numeric")
    )
    return Sql(
        f"COALESCE(CASE WHEN jsonb_typeof(p.traits #> %s) = '{kind}' "
        f"THEN (p.traits #>> %s){' ' + cast if kind == 'string' else cast} "
        f"{OPERATORS[leaf.cmp]} %s END, false)",
        [path, path, leaf.value],
    )


def spellings(value: rules.Scalar) -> list[rules.Scalar]:
    """Return a value as people type it and as SDKs send it: "42" is also 42, "true" also true."""
    if not isinstance(value, str):
        return [value]
    forms: list[rules.Scalar] = [value]
    if value in ("true", "false"):
        forms.append(value == "true")
    elif len(value) <= 15 and value.lstrip("-").isascii() and value.lstrip("-").isdigit():
        forms.append(int(value))
    return forms


def _nested(path: Sequence[str], value: rules.Scalar) -> str:
    told: Any = value
    for key in reversed(path):
        told = {key: told}
    return json.dumps(told)

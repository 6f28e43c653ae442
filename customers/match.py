"""Ask who matches a rule (`set`), and which rules these people match (`row`).

Both shapes stand on the same leaf library (`conditions`, written out by `compile`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from customers import rules
from customers.compile import Asked, midnight, today
from customers.conditions.base import Sql
from customers.conditions.matcher import Matcher
from dxp.lib import rows

__all__ = [
    "Answers", "Match", "count", "due", "everybody", "midnight", "numbers", "run", "these",
    "today", "who",
]  # fmt: skip

# Little memory makes a hash join of groups slow by a factor of sixty; compiling costs more than
# it saves (both measured).
SETTINGS = "SET LOCAL work_mem = '32MB'; SET LOCAL jit = off"
# Answers travel as bits of whole numbers.
MASK = 60
FEW = 20


@dataclass(frozen=True, slots=True)
class Match:
    """One person's answer to a rule; at `due_at` time alone may change it."""

    profile_id: int
    inside: bool
    due_at: datetime | None


def numbers(asked: Iterable[Matcher]) -> dict[str, int]:
    """Return under which number events are counted, by matcher's key.

    Events by name that never came have none and are counted as none; filtered events that are not
    counted yet are left out, and looked up one by one.
    """
    by_key = {one.key(): one for one in asked}
    if not by_key:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key, id FROM customers_eventmatcher "
            "WHERE key = ANY(%s) AND counted_at IS NOT NULL",
            [list(by_key)],
        )
        found: dict[str, int] = dict(cursor.fetchall())
    return {key: 0 for key, one in by_key.items() if not one.where} | found


def who(
    root: rules.Node, *, at: datetime, timing: bool = True, sample: int | None = None
) -> tuple[Sql, bool]:
    """Return the query of everybody active, and whether it looks at events one by one.

    Its rows are `id`, `bucket`, `inside`, `due_on`, `due_at`.

    Args:
        root: the rule.
        at: the moment.
        timing: False leaves out when to look again.
        sample: only people in the first so many buckets.
    """
    where = Sql("p.state = 'ACTIVE'")
    few = None
    if sample is not None:
        where.add(" AND p.bucket < %s", sample)
        few = Sql("SELECT p.id FROM customers_profile p WHERE " + where.text, where.values)
    known = numbers(rules.deps_of(root).matchers)
    asked = Asked(at, timing=timing, known=known, few=few)
    said = asked.answer(root)
    found = Sql("SELECT p.id, p.bucket, ")
    for name, part in (("inside", said.inside), ("due_on", said.due_on), ("due_at", said.due_at)):
        found.add(f"{part.text} AS {name}{'' if name == 'due_at' else ', '}", *part.values)
    tables = asked.tables()
    found.add(f" FROM customers_profile p{tables.text} WHERE {where.text}",
              *tables.values, *where.values)  # fmt: skip
    return found, asked.raw


@dataclass(slots=True)
class Answers:
    """What several rules say about some people. Who is not active has no answer."""

    roots: int
    rows: dict[int, tuple[Any, ...]]
    timed: dict[int, int]

    def __contains__(self, profile_id: int) -> bool:
        """Return whether there is an answer."""
        return profile_id in self.rows

    def inside(self, place: int, profile_id: int) -> bool:
        """Return whether the rule at this place picks a person."""
        row = self.rows.get(profile_id)
        return row is not None and bool(row[1 + place // MASK] >> (place % MASK) & 1)

    def due(self, place: int, profile_id: int) -> datetime | None:
        """Return when time alone may change that."""
        row = self.rows.get(profile_id)
        if row is None or place not in self.timed:
            return None
        first = self.timed[place]
        return due(row[first], row[first + 1])


def these(
    roots: Sequence[rules.Node],
    *,
    profile_ids: Sequence[int],
    at: datetime,
    known: Mapping[str, int] | None = None,
    about: Sequence[Sequence[int]] | None = None,
) -> Answers:
    """Ask some people's answers to several rules at once.

    Args:
        roots: the rules.
        profile_ids: the people.
        at: the moment.
        known: `numbers` of the rules, where somebody asked before.
        about: for each rule the people whose answer is wanted; of others it may say anything.
    """
    if known is None:
        known = numbers(one for root in roots for one in rules.deps_of(root).matchers)
    asked = Asked(at, timing=True, known=known, people=list(profile_ids))
    said = []
    for place, root in enumerate(roots):
        asked.people = list(profile_ids if about is None else about[place])
        said.append(asked.answer(root))
    found = Sql("SELECT p.id")
    for first in range(0, len(said), MASK):
        bits = [
            Sql(f"CASE WHEN {one.inside.text} THEN {1 << i}::bigint ELSE 0 END", one.inside.values)
            for i, one in enumerate(said[first : first + MASK])
        ]
        found.add(", " + " | ".join(bit.text for bit in bits),
                  *[value for bit in bits for value in bit.values])  # fmt: skip
    width = 1 + -(-len(said) // MASK)
    timed: dict[int, int] = {}
    for place, one in enumerate(said):
        if one.timed:
            timed[place] = width + 2 * len(timed)
            found.add(f", {one.due_on.text}, {one.due_at.text}",
                      *one.due_on.values, *one.due_at.values)  # fmt: skip
    tables = asked.tables()
    found.add(
        f" FROM customers_profile p{tables.text} "
        "WHERE p.id = ANY(%s::bigint[]) AND p.state = 'ACTIVE'",
        *tables.values, rows.array(profile_ids),
    )  # fmt: skip
    with connection.cursor() as cursor:
        # Every table stands beside the people and none beside another: to search for a better
        # order takes four times as long as to answer (measured with 50 segments). Where statistics
        # are old, nested loops compare everybody with everybody.
        loops = "off" if len(profile_ids) > FEW else "on"
        cursor.execute(
            f"SET LOCAL join_collapse_limit = 1; SET LOCAL enable_nestloop = {loops}; {found.text};"
            " SET LOCAL enable_nestloop TO DEFAULT; SET LOCAL join_collapse_limit TO DEFAULT",
            found.values,
        )
        cursor.nextset()
        cursor.nextset()
        return Answers(len(said), {row[0]: row for row in cursor.fetchall()}, timed)


def everybody(root: rules.Node, *, at: datetime) -> list[Match]:
    """Return who is in, and whom time may move in or out."""
    query, _raw = who(root, at=at)
    found = run(
        f"SELECT id, inside, due_on, due_at FROM ({query.text}) AS w "
        "WHERE inside OR due_on IS NOT NULL OR due_at IS NOT NULL",
        query.values,
    )
    return [Match(row[0], row[1], due(row[2], row[3])) for row in found]


def count(root: rules.Node, *, at: datetime, sample: int | None = None) -> tuple[int, bool]:
    """Return how many people match, of all or of the first so many buckets, and whether slowly."""
    query, raw = who(root, at=at, timing=False, sample=sample)
    text = f"SELECT count(*) FROM ({query.text}) AS w WHERE inside"
    return int(run(text, query.values)[0][0]), raw


def run(query: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Ask about everybody."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SETTINGS)
        cursor.execute(query, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def due(day: date | None, moment: datetime | None) -> datetime | None:
    """Return the earlier of a day's beginning and a moment."""
    known = [one for one in (midnight(day) if day else None, moment) if one]
    return min(known) if known else None

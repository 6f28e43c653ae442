"""The way through a funnel: when each unit first completed each step, in SQL.

Exact and linear: each row learns the latest beginning of an attempt that got one step short of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analytics.measures import dimensions, values, where
from analytics.measures.visits import EVENTS
from customers.conditions import compare
from customers.conditions.base import RuleError, gettext_noop

_ = gettext_noop

FEWEST, MOST = 2, 10
ORDERS = ("ordered", "strict", "any")
BEFORE = "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"


class FunnelError(RuleError):
    """These steps make no funnel."""


@dataclass(frozen=True, slots=True)
class Way:
    """What counts as going through.

    Args:
        steps: the acts; an event serves one of them only, so that one may stand twice.
        order: `ordered` (others may happen between), `strict` (nothing else that people do) or
            `any` (an event is the first step that it fits).
        within: seconds from the first step to the last, or nothing.
        without: what must not happen between; an event that is a step does not count as such.
        unit: `people`, `visits`, or `property:NAME` whose values are the units of a person.
        by: what units are told apart by: the value of the first event that is step 1.
    """

    steps: tuple[where.Act, ...]
    order: str = "ordered"
    within: int | None = None
    without: tuple[where.Act, ...] = ()
    unit: str = "people"
    by: dimensions.Dimension | None = None

    @property
    def key(self) -> str:
        """Return the property whose values are the units, if it is one."""
        return self.unit.removeprefix("property:") if self.unit.startswith("property:") else ""

    @property
    def acts(self) -> tuple[where.Act, ...]:
        """Return the different acts of its steps; their places are the bits of `hits`."""
        return tuple(dict.fromkeys(self.steps))

    @property
    def reads(self) -> tuple[str, ...]:
        """Return the columns it needs."""
        found = {"id", "happened_at", "profile_id"}
        for act in (*self.steps, *self.without):
            found |= set(act.reads)
        if self.unit == "visits" or self.order == "strict":
            found |= {"type", "name"}
        if self.key:
            found.add("properties")
        return tuple(sorted(found | set(self.by.reads if self.by else ())))


def way(
    steps: Sequence[Any], within_days: float | None = None, by: str = "people",
    order: str = "ordered", without: Sequence[Any] = (), split: str = "",
) -> Way:  # fmt: skip
    """Return the way that parameters describe; a step is an act, its JSON, or only a name.

    Raises:
        FunnelError: they describe none.
    """
    if not FEWEST <= len(steps) <= MOST:
        raise FunnelError("steps", _("A funnel has 2 to 10 steps."))
    if order not in ORDERS:
        raise FunnelError("order", _("Choose how the steps follow each other."))
    found = tuple(_act(one, f"steps.{i}") for i, one in enumerate(steps))
    if order == "any" and len(set(found)) < len(found):
        raise FunnelError("steps", _("In any order, each step has to be another."))
    unit, _colon, key = by.partition(":")
    if (unit, bool(key)) not in {("people", False), ("visits", False), ("property", True)}:
        raise FunnelError("unit", _("Count people, visits, or the values of a property."))
    if key:
        compare.name_of(key, "unit", _("Choose a property."))
    return Way(
        found, order, None if within_days is None else round(within_days * 86_400),
        tuple(_act(one, f"without.{i}") for i, one in enumerate(without)), by,
        dimensions.dimension(split) if split else None,
    )  # fmt: skip


def units(the: Way, parameters: dict[str, Any]) -> str:
    """Return CTEs ending in `units`: each unit, when it first completed each step, its `value`."""
    ctes = [_scope(the, parameters)]
    cut = ""
    if the.without and the.order != "strict":
        cut = ", cut"
        ctes.append(
            f"cuts AS (SELECT *, count(CASE WHEN hits = 1 THEN 1 END) OVER (PARTITION BY"
            f" {_unit(the)} ORDER BY happened_at, id ROWS UNBOUNDED PRECEDING) AS cut FROM scope)"
        )
    rows = "cuts" if cut else "scope"
    partition = f"PARTITION BY {_unit(the)}{cut} ORDER BY happened_at, id"
    done = _in_any_order if the.order == "any" else _one_by_one
    ctes += done(the, rows, partition, parameters)
    firsts = ", ".join(
        f"min(CASE WHEN c{i} IS NOT NULL THEN happened_at END) AS f{i}"
        for i in range(1, len(the.steps) + 1)
    )
    value = "cast(NULL AS varchar)"
    if the.by is not None:
        value = "(array_agg(value ORDER BY happened_at, id) FILTER (WHERE c1 IS NOT NULL))[1]"
    unit = _unit(the)
    ctes.append(f"units AS (SELECT {unit}, {firsts}, {value} AS value FROM done GROUP BY {unit})")
    return ",\n".join(ctes)


def _act(raw: Any, path: str) -> where.Act:
    if isinstance(raw, where.Act):
        return raw
    return where.act({"event": raw} if isinstance(raw, str) else raw, path)


def _unit(the: Way) -> str:
    return "profile_id" if the.unit == "people" else "profile_id, part"


def _scope(the: Way, parameters: dict[str, Any]) -> str:
    """Return `scope`: the events that matter; `hits` has bit 0 for what must not be between."""
    bits = [f"CASE WHEN {where.holds(act, parameters)} THEN {2**i} ELSE 0 END"
            for i, act in enumerate(the.acts, 1)]  # fmt: skip
    hits = " + ".join(bits)
    if the.without:
        out = " OR ".join(where.holds(act, parameters) for act in the.without)
        hits = f"CASE WHEN ({hits}) > 0 THEN {hits} WHEN {out} THEN 1 ELSE 0 END"
    chosen = _chosen(the, parameters)
    keep = {"hits": hits}
    if the.key:
        keep["part"] = values.text(the.key, parameters)
    if the.by is not None:
        parameters.update(the.by.parameters)
    in_visits = the.unit == "visits"
    told = dimensions.valued(the.by, keep=keep, where=chosen, in_visits=in_visits)
    part = ", visit AS part" if in_visits else ", part" if the.key else ""
    known = " WHERE part IS NOT NULL" if the.key else ""
    return (
        f"{told},\n"
        f"scope AS (SELECT id, profile_id, happened_at, hits, value{part} FROM told{known})"
    )


def _chosen(the: Way, parameters: dict[str, Any]) -> str:
    """Return which events are looked at: what can be between, else by name where that is enough."""
    if the.order == "strict":
        return f"(({EVENTS}) OR {' OR '.join(where.holds(act, parameters) for act in the.acts)})"
    names = where.names((*the.steps, *the.without))
    listed = ", ".join(values.bind(parameters, name) for name in names)
    return f"name IN ({listed})" if names else "true"


def _one_by_one(the: Way, rows: str, partition: str, parameters: dict[str, Any]) -> list[str]:
    in_time = _in_time(the, "begun", parameters)
    numbers = [the.acts.index(step) + 1 for step in the.steps]
    carried = "profile_id, part" if the.unit != "people" else "profile_id"
    carried += ", happened_at, id, hits, value" + (", cut" if rows == "cuts" else "")
    found = [f"s1 AS (SELECT {carried}, {_hit(numbers[0])} AS c1 FROM {rows})"]
    for i, number in enumerate(numbers[1:], 2):
        begun = (
            f"lag(c{i - 1}) OVER ({partition})"
            if the.order == "strict"
            else f"max(c{i - 1}) OVER ({partition} {BEFORE})"
        )
        kept = ", ".join(f"c{j}" for j in range(1, i))
        found.append(f"b{i} AS (SELECT *, {begun} AS begun FROM s{i - 1})")
        found.append(
            f"{'done' if i == len(numbers) else f's{i}'} AS (SELECT {carried}, {kept},"
            f" {_hit(number, 'begun', in_time)} AS c{i} FROM b{i})"
        )
    return found


def _in_any_order(the: Way, rows: str, partition: str, parameters: dict[str, Any]) -> list[str]:
    # A step's latest time up to this row; an event is the first step that it fits.
    def latest(number: int) -> str:
        test = f"(hits & {2**number}) <> 0"
        if number > 1:
            test += f" AND (hits & {2**number - 2}) = 0"
        test = f"CASE WHEN {test} THEN happened_at END"
        return f"max({test}) OVER ({partition} ROWS UNBOUNDED PRECEDING) AS t{number}"

    count = len(the.steps)
    seen = ", ".join(latest(number) for number in range(1, count + 1))
    done = []
    for i in range(1, count + 1):
        known = " AND ".join(f"t{j} IS NOT NULL" for j in range(1, i + 1))
        first = "t1" if i == 1 else f"least({', '.join(f't{j}' for j in range(1, i + 1))})"
        in_time = _in_time(the, first, parameters if i == 1 else None)
        done.append(f"CASE WHEN hits > 1 AND {known}{in_time} THEN {first} END AS c{i}")
    return [
        f"walked AS (SELECT *, {seen} FROM {rows})",
        f"done AS (SELECT *, {', '.join(done)} FROM walked)",
    ]


def _in_time(the: Way, begun: str, parameters: dict[str, Any] | None) -> str:
    if the.within is None:
        return ""
    if parameters is not None:
        parameters["within"] = the.within
    return f" AND happened_at <= {begun} + INTERVAL '1 second' * $within"


def _hit(number: int, then: str = "happened_at", also: str = "") -> str:
    return f"CASE WHEN (hits & {2**number}) <> 0{also} THEN {then} END"

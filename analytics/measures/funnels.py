"""How many went all the way, and where did the others stop?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from analytics.measures.base import Example, Happened, Measure, Row, Statement, register
from analytics.measures.visits import visits

MOST_STEPS = 10
PROPERTY = re.compile(r"[A-Za-z_][A-Za-z0-9_ ]{0,59}")


class FunnelError(ValueError):
    """These steps make no funnel."""


def _units(steps: Sequence[str], within_days: float | None, by: str) -> tuple[str, dict[str, Any]]:
    """Return CTEs ending in `units`: one row per unit with the moment it first completed each step.

    Exact and linear: for each row the latest start of an attempt that got one step short of it. An
    event serves one step only, so that the same name may stand twice.

    Raises:
        FunnelError: too few steps or too many.
    """
    if not 2 <= len(steps) <= MOST_STEPS:
        raise FunnelError(f"A funnel has 2 to {MOST_STEPS} steps.")
    # A number in place of a name: windows sort and carry it several times.
    numbers = {name: number for number, name in enumerate(dict.fromkeys(steps), 1)}
    parameters: dict[str, Any] = {f"step_{number}": name for name, number in numbers.items()}
    in_time = ""
    if within_days is not None:
        parameters["within"] = int(within_days * 86_400)
        in_time = " AND happened_at <= begun + INTERVAL '1 second' * $within"
    ctes = [_scope(by, parameters, len(numbers))]
    unit = "profile_id" if by == "people" else "profile_id, part"
    ctes.append("s1 AS (SELECT *, CASE WHEN nth = 1 THEN happened_at END AS c1 FROM scope)")
    for i, name in enumerate(steps[1:], 2):
        ctes.append(
            f"b{i} AS (SELECT *, max(c{i - 1}) OVER (PARTITION BY {unit}"
            f" ORDER BY happened_at, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS begun"
            f" FROM s{i - 1})"
        )
        kept = ", ".join(f"c{j}" for j in range(1, i))
        ctes.append(
            f"s{i} AS (SELECT {unit}, happened_at, id, nth, {kept},"
            f" CASE WHEN nth = {numbers[name]}{in_time} THEN begun END AS c{i} FROM b{i})"
        )
    firsts = ", ".join(
        f"min(CASE WHEN c{i} IS NOT NULL THEN happened_at END) AS f{i}"
        for i in range(1, len(steps) + 1)
    )
    ctes.append(f"units AS (SELECT {unit}, {firsts} FROM s{len(steps)} GROUP BY {unit})")
    return ",\n".join(ctes), parameters


def _scope(by: str, parameters: dict[str, Any], names: int) -> str:
    wanted = ", ".join(f"$step_{i}" for i in range(1, names + 1))
    cases = " ".join(f"WHEN $step_{i} THEN {i}" for i in range(1, names + 1))
    base = f"FROM ev WHERE happened_at >= $start AND happened_at < $end AND name IN ({wanted})"
    row = f"happened_at, id, CASE name {cases} END AS nth"
    if by == "people":
        return f"scope AS (SELECT profile_id, {row} {base})"
    if by == "visits":
        return (
            f"{visits(basis='events')},\n"
            f"scope AS (SELECT profile_id, visit AS part, {row} FROM acts WHERE name IN ({wanted}))"
        )
    parameters["property"] = by.removeprefix("property:")
    if not by.startswith("property:") or not PROPERTY.fullmatch(parameters["property"]):
        raise FunnelError("Count people, visits, or the values of a property.")
    return (
        f"keyed AS (SELECT profile_id, (properties ->> $property) AS part, {row} {base}),\n"
        "scope AS (SELECT * FROM keyed WHERE part IS NOT NULL)"
    )


def _reads(by: str) -> tuple[str, ...]:
    base: tuple[str, ...] = ("id", "happened_at", "profile_id", "name")
    if by == "visits":
        base += ("type",)
    return (*base, "properties") if by.startswith("property:") else base


def _funnel(
    *,
    start: datetime,
    end: datetime,
    steps: Sequence[str],
    within_days: float | None = None,
    by: str = "people",
) -> Statement:
    ctes, parameters = _units(steps, within_days, by)
    reached = ", ".join(f"count(f{i})" for i in range(1, len(steps) + 1))
    medians = ", ".join(
        f"percentile_cont(0.5) WITHIN GROUP (ORDER BY cast(extract(epoch FROM f{i} - f{i - 1})"
        f" AS double precision)) FILTER (WHERE f{i} IS NOT NULL)"
        for i in range(2, len(steps) + 1)
    )
    left_out = (
        "(SELECT count(*) FROM keyed WHERE part IS NULL)" if "property" in parameters else "0"
    )
    sql = f"WITH {ctes}\nSELECT {reached}, {medians}, {left_out} FROM units"
    parameters |= {"start": start, "end": end}

    def shape(rows: Sequence[Row]) -> list[Row]:
        (row,) = rows
        n = len(steps)
        return [
            (name, row[i], row[n + i - 1] if i else None, row[-1]) for i, name in enumerate(steps)
        ]

    return Statement(sql, parameters, _reads(by), start, end, shape)


def _people(
    *,
    start: datetime,
    end: datetime,
    steps: Sequence[str],
    step: int,
    stopped: bool = False,
    within_days: float | None = None,
    by: str = "people",
    limit: int = 200,
) -> Statement:
    if not 1 <= step <= len(steps):
        raise FunnelError("There is no such step.")
    ctes, parameters = _units(steps, within_days, by)
    stop = f" AND f{step + 1} IS NULL" if stopped and step < len(steps) else ""
    sql = f"""WITH {ctes}
    SELECT profile_id, cast(floor(extract(epoch FROM max(f{step}))) AS bigint) AS reached
    FROM units WHERE f{step} IS NOT NULL{stop}
    GROUP BY profile_id ORDER BY reached DESC, profile_id LIMIT $limit"""
    parameters |= {"start": start, "end": end, "limit": limit}
    return Statement(sql, parameters, _reads(by), start, end)


_STORY: list[Happened] = [
    (1, 0, "track", "Viewed", {}),
    (1, 5, "track", "Searched", {}),
    (1, 10, "track", "Bought", {}),
    (2, 0, "track", "Bought", {}),
    (2, 5, "track", "Viewed", {}),
    (3, 0, "track", "Viewed", {}),
    (3, 50, "track", "Bought", {}),
]
_STEPS = {"steps": ["Viewed", "Bought"]}

funnel = Measure(
    name="funnel",
    columns=("step", "reached", "median_seconds", "left_out"),
    unit="units that reached the step; a unit is a person, a visit, or a value of a property",
    window="[start, end) by the event's own time; `within_days` from the first step to the last",
    source="steps in this order, other events allowed between; the median is from first reaching"
    " the step before; left_out counts events without the property",
    ask=_funnel,
    example=Example(_STORY, _STEPS, [("Viewed", 3, None, 0), ("Bought", 2, 1800.0, 0)]),
)
people = Measure(
    name="funnel_people",
    columns=("profile_id", "reached"),
    unit="people, newest first, with the second (Unix time) they reached the step",
    window="as the funnel's",
    source="as the funnel's; `stopped` keeps those who did not reach the next step",
    ask=_people,
    example=Example(_STORY, _STEPS | {"step": 1, "stopped": True}, [(2, 1_709_251_500)]),
)
register(funnel, people)

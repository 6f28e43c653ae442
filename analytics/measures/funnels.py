"""How many went all the way, how long did it take, and where did the others stop?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from analytics.measures import attempts, climbs, dimensions, moments
from analytics.measures.attempts import FunnelError, Way
from analytics.measures.base import Example, Happened, Measure, Row, Statement, Told, register
from analytics.measures.dimensions import IN_ORDER, PLACES
from customers.conditions.base import gettext_noop

__all__ = ["FunnelError", "funnel", "over_time", "people"]

_ = gettext_noop

MOST = 8
WAY = ("steps", "within_days", "by", "order", "without", "split")


def _fact(the: Way) -> str:
    return the.by.fact if the.by else ""


def _funnel(*, start: datetime, end: datetime, most: int = MOST, **said: Any) -> Statement:
    the = attempts.way(**said)
    parameters: dict[str, Any] = {"start": start, "end": end}
    ctes, of, place = attempts.units(the, parameters), "units", "0"
    if the.by is not None:
        parameters["most"] = most
        ctes += ",\nentered AS (SELECT * FROM units WHERE f1 IS NOT NULL),"
        ctes += dimensions.ranked("entered", into="placed")
        of, place = "placed", "place"
    steps = len(the.steps)
    reached = ", ".join(f"count(f{i})" for i in range(1, steps + 1))
    times = ", ".join(
        f"percentile_cont({part}) WITHIN GROUP (ORDER BY cast(extract(epoch FROM f{i} - f{i - 1})"
        f" AS double precision)) FILTER (WHERE f{i} IS NOT NULL)"
        for i in range(2, steps + 1)
        for part in (0.5, 0.75)
    )
    left = "(SELECT count(*) FROM told WHERE part IS NULL AND hits > 1)" if the.key else "0"
    # Without a breakdown there is one row, even of nothing.
    grouped = f" GROUP BY place ORDER BY {IN_ORDER}" if the.by else ""
    value = 'CASE WHEN place > 0 THEN min(value COLLATE "C") END' if the.by else "NULL"
    sql = f"""WITH {ctes}
    SELECT {place} AS place, {value}, {left}, {reached}, {times} FROM {of}{grouped}"""

    def shape(rows: Sequence[Row]) -> list[Row]:
        return [line for row in rows for line in _lines(the, row)]

    return Statement(sql, parameters, the.reads, start, end, shape, _fact(the))


def _lines(the: Way, row: Row) -> list[Row]:
    place, value, left_out, *numbers = row
    reached, times = numbers[: len(the.steps)], numbers[len(the.steps) :]
    return [
        (
            step.event, reached[i], _seconds(times, 2 * i - 2), left_out,
            _seconds(times, 2 * i - 1), place, value,
        )
        for i, step in enumerate(the.steps)
    ]  # fmt: skip


def _seconds(times: Sequence[float | None], i: int) -> float | None:
    found = times[i] if i >= 0 else None
    return None if found is None else round(found, 6)


def _over_time(
    *, start: datetime, end: datetime, zone: str, every: str = "day", **said: Any
) -> Statement:
    the = attempts.way(**said)
    if every not in moments.EVERY[:4]:
        raise FunnelError("every", _("Choose hours, days, weeks or months."))
    parameters: dict[str, Any] = {"start": start, "end": end}
    ctes = attempts.units(the, parameters)
    parameters["zone"] = zone
    moment = moments.written(every, "f1")
    sql = f"""WITH {ctes},
    begun AS (SELECT {moment} AS moment, f{len(the.steps)} AS done FROM units WHERE f1 IS NOT NULL)
    SELECT moment, count(*), count(done) FROM begun GROUP BY moment ORDER BY moment COLLATE "C\""""
    return Statement(sql, parameters, the.reads, start, end, fact=_fact(the))


def _people(
    *, start: datetime, end: datetime, step: int, stopped: bool = False, value: str = "",
    place: str = "", moment: str | None = None, every: str = "day", zone: str = "UTC",
    most: int = MOST, limit: int = 200, **said: Any,
) -> Statement:  # fmt: skip
    the = attempts.way(**said)
    if not 1 <= step <= len(the.steps) or place not in PLACES:
        raise FunnelError("step", _("There is no such step."))
    parameters: dict[str, Any] = {"start": start, "end": end}
    ctes, of, tests = attempts.units(the, parameters), "units", [f"f{step} IS NOT NULL"]
    if the.by is not None:
        parameters["most"] = most
        ctes += ",\nentered AS (SELECT * FROM units WHERE f1 IS NOT NULL),"
        ctes += dimensions.ranked("entered", into="placed")
        of = "placed"
        tests.append(PLACES[place])
        parameters |= {"value": value} if place == "value" else {}
    if stopped and step < len(the.steps):
        tests.append(f"f{step + 1} IS NULL")
    if moment is not None:
        parameters |= {"zone": zone, "moment": moment}
        tests.append(f"{moments.written(every, 'f1')} = $moment")
    parameters["limit"] = limit
    sql = f"""WITH {ctes}
    SELECT profile_id, cast(floor(extract(epoch FROM max(f{step}))) AS bigint) AS reached
    FROM {of} WHERE {" AND ".join(tests)}
    GROUP BY profile_id ORDER BY reached DESC, profile_id LIMIT $limit"""
    return Statement(sql, parameters, the.reads, start, end, fact=_fact(the))


def _climbed(
    events: Sequence[Told], parameters: Mapping[str, Any]
) -> tuple[Way, list[climbs.Unit], int]:
    the = attempts.way(**{key: parameters[key] for key in WAY if key in parameters})
    units, left_out = climbs.climb(the, events)
    return the, units, left_out


def _funnel_oracle(events: Sequence[Told], parameters: Mapping[str, Any]) -> list[Row]:
    the, units, left_out = _climbed(events, parameters)
    groups: dict[int, list[climbs.Unit]] = defaultdict(list)
    if the.by is None:
        groups[0] = units
    else:
        units = [unit for unit in units if unit.firsts[0] is not None]
        place = dimensions.places((unit.value for unit in units), parameters.get("most", MOST))
        for unit in units:
            groups[place(unit.value)].append(unit)
    rows: list[Row] = []
    for place_of in sorted(groups, key=dimensions.order):
        value = groups[place_of][0].value if place_of > 0 else None
        for i, step in enumerate(the.steps):
            firsts = [(unit.firsts[i - 1], unit.firsts[i]) for unit in groups[place_of]]
            times = [
                (now - before).total_seconds() for before, now in firsts
                if i and now is not None and before is not None
            ]  # fmt: skip
            reached = sum(now is not None for _before, now in firsts)
            rows.append((
                step.event, reached, climbs.percentile(times, 0.5), left_out,
                climbs.percentile(times, 0.75), place_of, value,
            ))  # fmt: skip
    return rows


def _over_time_oracle(events: Sequence[Told], parameters: Mapping[str, Any]) -> list[Row]:
    _the, units, _left_out = _climbed(events, parameters)
    groups: dict[str, list[bool]] = defaultdict(list)
    for unit in units:
        if unit.firsts[0] is not None:
            moment = moments.of(unit.firsts[0], parameters["zone"], parameters.get("every", "day"))
            groups[moment].append(unit.firsts[-1] is not None)
    return [(moment, len(done), sum(done)) for moment, done in sorted(groups.items())]


def _people_oracle(events: Sequence[Told], parameters: Mapping[str, Any]) -> list[Row]:
    the, units, _left_out = _climbed(events, parameters)
    step, wanted = parameters["step"], parameters.get("place", "")
    entered = [unit for unit in units if unit.firsts[0] is not None]
    place = dimensions.places((unit.value for unit in entered), parameters.get("most", MOST))
    latest: dict[int, datetime] = {}
    for unit in units:
        at = unit.firsts[step - 1]
        goes_on = step < len(the.steps) and unit.firsts[step] is not None
        if at is None or (parameters.get("stopped") and goes_on):
            continue
        if the.by is not None and not dimensions.is_at(
            wanted, parameters.get("value", ""), unit.value, place(unit.value)
        ):
            continue
        begun = unit.firsts[0] or at
        moment = moments.of(begun, parameters.get("zone", "UTC"), parameters.get("every", "day"))
        if parameters.get("moment") in (None, moment):
            latest[unit.profile_id] = max(at, latest.get(unit.profile_id, at))
    rows = [(person, int(at.timestamp() // 1)) for person, at in latest.items()]
    return sorted(rows, key=lambda row: (-row[1], row[0]))[: parameters.get("limit", 200)]


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
_LONG = ["Page Viewed", "Product Viewed", "Product Added", "Order Completed"]
_TEA = {"event": "", "where": [{"prop": "product", "cmp": "eq", "value": "tea"}]}
_TWO = ["Page Viewed", "Product Viewed"]
_WAYS: list[dict[str, Any]] = [
    {"steps": _LONG},
    {"steps": ["Page Viewed", "Page Viewed", "Page Viewed"], "within_days": 0.2},
    {"steps": _LONG, "within_days": 0.5, "by": "visits"},
    {"steps": _TWO, "by": "property:session", "without": ["Screen Viewed"]},
    {"steps": _LONG[:3], "without": [_TEA, "Signed Up"], "within_days": 1, "split": "path"},
    {"steps": _TWO, "order": "strict", "split": "channel"},
    {"steps": ["Page Viewed", _TEA, ""], "order": "strict", "within_days": 1, "by": "visits"},
    {"steps": _LONG[:3], "order": "any", "within_days": 0.3},
    {"steps": ["Page Viewed", _TEA, "Product Added"], "order": "any", "without": ["Searched"]},
    {"steps": _TWO, "by": "visits", "split": "channel"},
    {"steps": ["Page Viewed", "Message Sent"], "split": "trait:country"},
    {"steps": ["Message Sent", "Message Opened"], "split": "property:message", "order": "strict"},
]  # fmt: skip
_WINDOW = "[start, end) by the event's own time; `within_days` from the first step to the last"
_SOURCE = (
    "steps in this `order`: ordered (others may happen between), strict (nothing else that people"
    " do), any; nothing of `without` between them; an event serves one step"
)

funnel = Measure(
    name="funnel",
    columns=(
        "step",
        "reached",
        "median_seconds",
        "left_out",
        "p75_seconds",
        "place",
        "value",
    ),
    unit="units that reached the step; a unit is a person, a visit, or a value of a property",
    window=_WINDOW,
    source=f"{_SOURCE}; times are from first reaching the step before; left_out counts events"
    " without the property; `split` tells units apart by the first event that is step 1",
    ask=_funnel,
    oracle=_funnel_oracle,
    example=Example(
        _STORY,
        _STEPS,
        [("Viewed", 3, None, 0, None, 0, None), ("Bought", 2, 1800.0, 0, 2400.0, 0, None)],
    ),
    tries=[way | {"most": 2} if "split" in way else way for way in _WAYS],
)
over_time = Measure(
    name="funnel_over_time",
    columns=("moment", "entered", "completed"),
    unit="units that took the first step, and those of them that went all the way",
    window=f"{_WINDOW}; by the hour, day, week or month of the first step in `zone`",
    source=_SOURCE,
    ask=_over_time,
    oracle=_over_time_oracle,
    example=Example(_STORY, _STEPS | {"zone": "UTC"}, [("2024-03-01", 3, 2)]),
    tries=[
        _WAYS[0] | {"zone": "America/New_York"},
        _WAYS[7] | {"zone": "UTC", "every": "week"},
        _WAYS[2] | {"zone": "UTC", "every": "hour"},
    ],
)
people = Measure(
    name="funnel_people",
    columns=("profile_id", "reached"),
    unit="people, newest first, with the second (Unix time) they reached the step",
    window=_WINDOW,
    source=f"{_SOURCE}; `stopped` keeps those who did not reach the next step",
    ask=_people,
    oracle=_people_oracle,
    example=Example(_STORY, _STEPS | {"step": 1, "stopped": True}, [(2, 1_709_251_500)]),
    tries=[
        _WAYS[0] | {"step": 2, "stopped": True},
        _WAYS[2] | {"step": 2, "limit": 3},
        _WAYS[4] | {"step": 1, "place": "rest", "most": 1},
        _WAYS[5] | {"step": 2, "place": "value", "value": "Direct"},
        _WAYS[7] | {"step": 1, "moment": "2024-03-02", "zone": "Asia/Shanghai"},
    ],
)
register(funnel, over_time, people)

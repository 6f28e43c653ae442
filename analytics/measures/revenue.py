"""What was sold, what came back, and how much one order was worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from analytics.measures import dimensions, values
from analytics.measures.base import Example, Happened, Measure, Row, Statement, Told, register
from analytics.measures.cycles import EVERY, Cycles
from analytics.measures.where import Act, holds, said
from customers.conditions.base import RuleError, gettext_noop


@dataclass(frozen=True, slots=True)
class Sales:
    """What counts as an order and what as its return.

    Args:
        order: the event; one below zero is a return.
        back: the event by which something comes back, whatever sign its amount has.
        number: the property that several events of one order share; without, each is an order.
    """

    order: Act
    back: Act | None = None
    number: str = ""


def _sales(
    what: Sales, start: datetime, end: datetime, parameters: dict[str, Any]
) -> tuple[str, dict[str, str], tuple[str, ...]]:
    """Return which events count, what to keep of each, and the columns that needs."""
    parameters |= {"start": start, "end": end}
    where, is_back = holds(what.order, parameters), "false"
    reads = ("id", "happened_at", "profile_id", "amount", *what.order.reads)
    if what.back is not None:
        is_back = holds(what.back, parameters)
        where = f"({where} OR {is_back})"
        reads += what.back.reads
    number = "cast(id AS varchar)"
    if what.number:
        number = f"coalesce({values.text(what.number, parameters)}, {number})"
        reads += ("properties",)
    keep = {
        "worth": "abs(coalesce(amount, 0))",
        "back": f"({is_back} OR coalesce(amount, 0) < 0)",
        "number": number,
    }
    return where, keep, reads


FIGURES = """cast(sum(CASE WHEN back THEN -worth ELSE worth END) AS double precision) AS net,
      count(DISTINCT CASE WHEN NOT back THEN number END) AS orders,
      cast(sum(CASE WHEN back THEN 0 ELSE worth END) AS double precision) AS sold,
      count(DISTINCT CASE WHEN back THEN number END) AS returns,
      cast(sum(CASE WHEN back THEN worth ELSE 0 END) AS double precision) AS returned,
      count(DISTINCT CASE WHEN NOT back THEN profile_id END) AS buyers"""
COLUMNS = ("net", "orders", "sold", "returns", "returned", "buyers")


def _over_time(
    *, start: datetime, end: datetime, zone: str, what: Sales, every: str = "day"
) -> Statement:
    if every not in EVERY:
        raise RuleError("every", gettext_noop("Choose days, weeks or months."))
    parameters: dict[str, Any] = {}
    where, keep, reads = _sales(what, start, end, parameters)
    cycles = Cycles(every, zone, start, end)
    kept = ", ".join(f"{text} AS {name}" for name, text in keep.items())
    sql = f"""WITH told AS (
      SELECT profile_id, {kept}, {cycles.sql(parameters)} AS cycle
      FROM ev WHERE happened_at >= $start AND happened_at < $end AND {where}
    )
    SELECT cycle, {FIGURES} FROM told GROUP BY cycle ORDER BY cycle"""

    def shape(rows: Sequence[Row]) -> list[Row]:
        return [(cycles.first(row[0]).isoformat(), *row[1:]) for row in rows]

    return Statement(sql, parameters, reads, start, end, shape)


def _by(
    *, start: datetime, end: datetime, what: Sales, by: str = "", limit: int = 200
) -> Statement:
    parameters: dict[str, Any] = {"limit": limit}
    where, keep, reads = _sales(what, start, end, parameters)
    chosen = dimensions.dimension(by) if by else None
    fact = ""
    if chosen is not None:
        parameters |= chosen.parameters
        reads, fact = (*reads, *chosen.reads), chosen.fact
    sql = f"""WITH {dimensions.valued(chosen, keep=keep, where=where)}
    SELECT value, {FIGURES} FROM told GROUP BY value
    ORDER BY net DESC, CASE WHEN value IS NULL THEN 1 ELSE 0 END, value COLLATE "C" LIMIT $limit"""
    return Statement(sql, parameters, reads, start, end, fact=fact)


def _buyers(
    *,
    start: datetime,
    end: datetime,
    what: Sales,
    by: str = "",
    value: str | None = None,
    back: bool = False,
    limit: int = 200,
) -> Statement:
    parameters: dict[str, Any] = {"limit": limit}
    where, keep, reads = _sales(what, start, end, parameters)
    chosen = dimensions.dimension(by) if by else None
    fact, is_meant = "", "true"
    if chosen is not None:
        parameters |= chosen.parameters
        reads, fact = (*reads, *chosen.reads), chosen.fact
        is_meant = "value IS NULL" if value is None else "value = $value"
        if value is not None:
            parameters["value"] = value
    sql = f"""WITH {dimensions.valued(chosen, keep=keep, where=where)}
    SELECT profile_id, cast(floor(extract(epoch FROM max(happened_at))) AS bigint) AS reached
    FROM told WHERE {"back" if back else "NOT back"} AND {is_meant}
    GROUP BY profile_id ORDER BY reached DESC, profile_id LIMIT $limit"""
    return Statement(sql, parameters, reads, start, end, fact=fact)


# --- the same in plain Python ---------------------------------------------------------------------


def _sold(told: Told, what: Sales) -> tuple[bool, Decimal, str] | None:
    """Return whether an event is a return, what it is worth, and its order; None for others."""
    is_back = what.back is not None and said(what.back, told)
    if not is_back and not said(what.order, told):
        return None
    amount = told.columns["amount"] or Decimal(0)
    number = values.text_of(told.properties, what.number) if what.number else None
    return is_back or amount < 0, abs(amount), number or str(told.id)


def _figures(
    events: Sequence[Told], what: Sales, group: Callable[[Told], Any]
) -> dict[Any, tuple[Any, ...]]:
    groups: dict[Any, list[tuple[Told, bool, Decimal, str]]] = {}
    for told in events:
        sold = _sold(told, what)
        if sold is not None:
            groups.setdefault(group(told), []).append((told, *sold))
    found = {}
    for key, rows in groups.items():
        back = [row for row in rows if row[1]]
        kept = [row for row in rows if not row[1]]
        sold_for, returned = (sum((row[2] for row in part), Decimal(0)) for part in (kept, back))
        found[key] = (
            float(sold_for - returned), len({row[3] for row in kept}), float(sold_for),
            len({row[3] for row in back}), float(returned),
            len({row[0].profile_id for row in kept}),
        )  # fmt: skip
    return found


def _over_time_plainly(events: Sequence[Told], asked: Mapping[str, Any]) -> list[Row]:
    cycles = Cycles(asked.get("every", "day"), asked["zone"], asked["start"], asked["end"])
    found = _figures(events, asked["what"], lambda told: cycles.of(told.happened_at))
    return [(cycles.first(key).isoformat(), *found[key]) for key in sorted(found)]


def _by_plainly(events: Sequence[Told], asked: Mapping[str, Any]) -> list[Row]:
    by = asked.get("by")
    words = dimensions.values_of(dimensions.dimension(by) if by else None, events)
    found = _figures(events, asked["what"], lambda told: words[told.id])
    order = sorted(found, key=lambda word: (-found[word][0], word is None, word or ""))
    return [(word, *found[word]) for word in order][: asked.get("limit", 200)]


def _buyers_plainly(events: Sequence[Told], asked: Mapping[str, Any]) -> list[Row]:
    by, latest = asked.get("by"), {}
    words = dimensions.values_of(dimensions.dimension(by) if by else None, events)
    for told in events:
        sold = _sold(told, asked["what"])
        is_meant = not by or words[told.id] == asked.get("value")
        if sold is not None and sold[0] is asked.get("back", False) and is_meant:
            latest[told.profile_id] = int(told.happened_at.timestamp())
    found = sorted(latest.items(), key=lambda one: (-one[1], one[0]))
    return list(found)[: asked.get("limit", 200)]


_STORY: list[Happened] = [
    (1, 0, "track", "Sold", {"order": "A", "sku": "tea", "revenue": 10.5}),
    (1, 0, "track", "Sold", {"order": "A", "sku": "cup", "revenue": 4}),
    (2, 9, "track", "Sold", {"order": "B", "sku": "tea", "revenue": 21}),
    (2, 50, "track", "Refunded", {"order": "B", "sku": "tea", "revenue": 21}),
    (3, 60, "track", "Sold", {"order": "C", "sku": "tea", "revenue": -2}),
]
_SOLD = Sales(Act("Sold"), Act("Refunded"), "order")
_ORDERS = Sales(Act("Order Completed"), Act("Order Refunded"), "session")
_PLAIN = Sales(Act("Order Completed"))
_WINDOW = "[start, end) by the event's own time"
_SOURCE = (
    "orders and what comes back, by their event; the amount is the event's revenue, else its value,"
    " else its total; an order below zero comes back"
)
_UNIT = (
    "amounts in the events' own currency, as they were sent: net is sold less returned; orders and"
    " returns are counted once for each number; buyers are people"
)

over_time = Measure(
    name="revenue_over_time",
    columns=("begins", *COLUMNS),
    unit=_UNIT,
    window=f"{_WINDOW}; days begin at midnight of `zone`, weeks on Monday",
    source=_SOURCE,
    ask=_over_time,
    example=Example(
        _STORY, {"zone": "UTC", "what": _SOLD}, [("2024-03-01", 12.5, 2, 35.5, 2, 23.0, 2)]
    ),
    oracle=_over_time_plainly,
    tries=[
        {"zone": "Europe/Berlin", "what": _ORDERS},
        {"zone": "UTC", "what": _PLAIN, "every": "week"},
        {"zone": "America/New_York", "what": Sales(Act("")), "every": "month"},
    ],
)
by = Measure(
    name="revenue",
    columns=("value", *COLUMNS),
    unit=_UNIT,
    window=_WINDOW,
    source=f"{_SOURCE}; `by` breaks it down, what has no such value comes as none",
    ask=_by,
    example=Example(
        _STORY, {"what": _SOLD, "by": "property:sku"},
        [("tea", 8.5, 2, 31.5, 2, 23.0, 2), ("cup", 4.0, 1, 4.0, 0, 0.0, 1)],
    ),
    oracle=_by_plainly,
    tries=[
        {"what": _ORDERS},
        {"what": _ORDERS, "by": "property:product"},
        {"what": _PLAIN, "by": "trait:country", "limit": 2},
        {"what": _PLAIN, "by": "channel"},
    ],
)  # fmt: skip
people = Measure(
    name="revenue_people",
    columns=("profile_id", "reached"),
    unit="people, newest first, with the second (Unix time) of their latest order or return",
    window=_WINDOW,
    source=f"{_SOURCE}; `back` lists those who returned something",
    ask=_buyers,
    example=Example(_STORY, {"what": _SOLD}, [(2, 1_709_251_740), (1, 1_709_251_200)]),
    oracle=_buyers_plainly,
    tries=[
        {"what": _ORDERS, "back": True},
        {"what": _ORDERS, "by": "property:product", "value": "tea"},
        {"what": _PLAIN, "by": "trait:country", "value": None},
    ],
)
register(over_time, by, people)

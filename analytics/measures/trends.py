"""How often, by how many, for how much: one act over time, broken down."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from analytics.measures import dimensions, moments, values, where
from analytics.measures.base import Example, Happened, Measure, Row, Statement, Told, register
from customers.conditions.base import RuleError, gettext_noop

_ = gettext_noop

OF_PROPERTY = ("sum", "average", "median")
MOST = 8

TOTALS = {
    "events": "count(*)",
    "people": "count(DISTINCT profile_id)",
    "new": "count(*)",
    "per_person": "cast(count(*) AS double precision) / count(DISTINCT profile_id)",
    "revenue": "cast(sum(number) AS double precision)",
    "sum": "cast(sum(number) AS double precision)",
    "average": "cast(sum(number) AS double precision) / nullif(count(number), 0)",
    "median": "percentile_cont(0.5) WITHIN GROUP (ORDER BY cast(number AS double precision))",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which events are counted, and how they are told apart."""

    act: where.Act
    by: dimensions.Dimension | None
    count: str
    prop: str
    every: str

    def number(self, parameters: dict[str, Any]) -> str:
        """Return what is summed up of an event, in SQL."""
        if self.count == "revenue":
            return "amount"
        if self.count in OF_PROPERTY:
            return values.number(self.prop, parameters)
        return "cast(NULL AS decimal(18, 4))"

    def number_of(self, told: Told) -> Decimal | None:
        """Return the same in Python."""
        if self.count == "revenue":
            found: Decimal | None = told.columns["amount"]
            return found
        return values.number_of(told.properties, self.prop) if self.count in OF_PROPERTY else None

    @property
    def reads(self) -> tuple[str, ...]:
        """Return the columns it needs."""
        found = {"id", "happened_at", "profile_id", *self.act.reads}
        if self.by is not None:
            found |= set(self.by.reads)
        if self.count == "revenue":
            found.add("amount")
        elif self.count in OF_PROPERTY:
            found.add("properties")
        return tuple(sorted(found))


def asked(
    act: Any, count: str = "events", prop: str = "", every: str = "day", by: str = ""
) -> Asked:
    """Return what is counted.

    Raises:
        RuleError: this can't be counted.
    """
    if count not in TOTALS:
        raise RuleError("count", _("Choose what to count."))
    if count in OF_PROPERTY and not prop:
        raise RuleError("prop", _("Choose a property."))
    if every not in moments.EVERY:
        raise RuleError("every", _("Choose hours, days, weeks or months."))
    return Asked(
        act if isinstance(act, where.Act) else where.act(act, "act"),
        dimensions.dimension(by) if by else None,
        count, prop, every,
    )  # fmt: skip


def _placed(what: Asked, zone: str, parameters: dict[str, Any]) -> str:
    """Return CTEs ending in `placed`: each event with moment, number, value and place."""
    holds = where.holds(what.act, parameters)
    number = what.number(parameters)
    parameters |= {"zone": zone} if what.every != "all" else {}
    parameters |= what.by.parameters if what.by else {}
    keep = {"moment": moments.written(what.every), "number": number}
    told = dimensions.valued(what.by, keep=keep, where=holds)
    return f"WITH {told},{dimensions.ranked('told', into='placed')}"


def _trend(
    *, start: datetime, end: datetime, zone: str, most: int = MOST, **said: Any
) -> Statement:
    what = asked(**said)
    parameters: dict[str, Any] = {"start": start, "end": end, "most": most}
    ctes, of = _placed(what, zone, parameters), "placed"
    if what.count == "new":
        of = "firsts"
        ctes += """,
    firsts AS (
      SELECT profile_id, place, min(value COLLATE "C") AS value, min(moment) AS moment
      FROM placed GROUP BY profile_id, place
    )"""
    sql = f"""{ctes}
    SELECT moment, place, CASE WHEN place > 0 THEN min(value COLLATE "C") END,
      {TOTALS[what.count]}
    FROM {of} GROUP BY moment, place ORDER BY moment COLLATE "C", {dimensions.IN_ORDER}"""
    fact = what.by.fact if what.by else ""
    return Statement(sql, parameters, what.reads, start, end, _rounded, fact)


def _rounded(rows: Sequence[Row]) -> list[Row]:
    return [(*row[:3], round(row[3], 6) if isinstance(row[3], float) else row[3]) for row in rows]


def _people(
    *, start: datetime, end: datetime, zone: str, moment: str | None = None, value: str = "",
    place: str = "", most: int = MOST, limit: int = 200, **said: Any,
) -> Statement:  # fmt: skip
    what = asked(**said)
    parameters: dict[str, Any] = {"start": start, "end": end, "most": most}
    ctes = _placed(what, zone, parameters)
    if place not in dimensions.PLACES:
        raise RuleError("place", _("There is no such number."))
    parameters |= {"limit": limit}
    if place == "value":
        parameters["value"] = value
    kept = "moment" if what.count != "new" else "min(moment) OVER (PARTITION BY profile_id)"
    in_time = "true"
    if moment is not None:
        parameters["moment"], in_time = moment, "moment = $moment"
    sql = f"""{ctes},
    chosen AS (
      SELECT profile_id, happened_at, {kept} AS moment FROM placed WHERE {dimensions.PLACES[place]}
    )
    SELECT profile_id, cast(floor(extract(epoch FROM max(happened_at))) AS bigint) AS latest
    FROM chosen WHERE {in_time}
    GROUP BY profile_id ORDER BY latest DESC, profile_id LIMIT $limit"""
    fact = what.by.fact if what.by else ""
    return Statement(sql, parameters, what.reads, start, end, fact=fact)


@dataclass(frozen=True, slots=True)
class _Counted:
    profile_id: int
    at: datetime
    moment: str
    value: str | None
    place: int
    number: Decimal | None


def _counted(events: Sequence[Told], parameters: Mapping[str, Any]) -> Iterator[_Counted]:
    said = {key: parameters[key] for key in SAID if key in parameters}
    what = asked(**said)
    found = dimensions.values_of(what.by, events)
    meant = [one for one in events if where.said(what.act, one)]
    place = dimensions.places((found[one.id] for one in meant), parameters.get("most", MOST))
    for one in meant:
        moment = moments.of(one.happened_at, parameters["zone"], what.every)
        value = found[one.id]
        yield _Counted(
            one.profile_id, one.happened_at, moment, value, place(value), what.number_of(one)
        )


SAID = ("act", "count", "prop", "every", "by")


def _trend_oracle(events: Sequence[Told], parameters: Mapping[str, Any]) -> list[Row]:
    count = parameters.get("count", "events")
    groups: dict[tuple[str, int], list[_Counted]] = defaultdict(list)
    known: set[tuple[int, int]] = set()
    for one in sorted(_counted(events, parameters), key=lambda one: one.moment):
        if count != "new" or (one.profile_id, one.place) not in known:
            groups[one.moment, one.place].append(one)
        known.add((one.profile_id, one.place))
    rows = [
        (moment, place, min(of.value or "" for of in group) if place > 0 else None,
         ORACLES[count](group))
        for (moment, place), group in groups.items()
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (row[0], dimensions.order(row[1])))


def _numbers(group: Sequence[_Counted]) -> list[Decimal]:
    return [one.number for one in group if one.number is not None]


def _over(how: Callable[[list[Decimal]], Any]) -> Callable[[Sequence[_Counted]], float | None]:
    def total(group: Sequence[_Counted]) -> float | None:
        found = _numbers(group)
        return round(float(how(found)), 6) if found else None

    return total


ORACLES: dict[str, Callable[[Sequence[_Counted]], Any]] = {
    "events": len,
    "people": lambda group: len({one.profile_id for one in group}),
    "new": len,
    "per_person": lambda group: round(len(group) / len({one.profile_id for one in group}), 6),
    "revenue": _over(sum),
    "sum": _over(sum),
    "average": _over(statistics.mean),
    "median": _over(statistics.median),
}


def _people_oracle(events: Sequence[Told], parameters: Mapping[str, Any]) -> list[Row]:
    wanted, value = parameters.get("place", ""), parameters.get("value", "")
    chosen = [
        one
        for one in _counted(events, parameters)
        if dimensions.is_at(wanted, value, one.value, one.place)
    ]
    moment = parameters.get("moment")
    latest: dict[int, datetime] = {}
    firsts: dict[int, str] = {}
    for one in chosen:
        firsts[one.profile_id] = min(one.moment, firsts.get(one.profile_id, one.moment))
    for one in chosen:
        at = firsts[one.profile_id] if parameters.get("count") == "new" else one.moment
        if moment in (None, at):
            latest[one.profile_id] = max(one.at, latest.get(one.profile_id, one.at))
    rows = [(person, int(at.timestamp() // 1)) for person, at in latest.items()]
    return sorted(rows, key=lambda row: (-row[1], row[0]))[: parameters.get("limit", 200)]


_STORY: list[Happened] = [
    (1, 0, "track", "Order Completed", {"revenue": 10, "country": "ES"}),
    (1, 9, "track", "Order Completed", {"revenue": 2.5, "country": "ES"}),
    (2, 9, "track", "Order Completed", {"revenue": 7, "country": "FR"}),
    (2, 10, "track", "Product Viewed", {}),
]
_ORDERS = {"act": {"event": "Order Completed"}, "zone": "UTC"}
_BY_COUNTRY = _ORDERS | {"by": "property:country", "most": 1}
_WINDOW = (
    "[start, end) by the event's own time; hours, days, weeks (from Monday) and months of `zone`;"
    " the hour that a clock shows twice is one"
)

trend = Measure(
    name="trend",
    columns=("moment", "place", "value", "total"),
    unit="by `count`: events, people, people at their first time in the window, events per person,"
    " revenue, or the sum, average or median of a number property",
    window=_WINDOW,
    source="every such event; place 1 is the most frequent value of `by`, 0 has none, -1 is the"
    " rest after `most`",
    ask=_trend,
    oracle=_trend_oracle,
    example=Example(
        _STORY,
        _BY_COUNTRY | {"count": "revenue"},
        [("2024-03-01", 1, "ES", 12.5), ("2024-03-01", -1, None, 7.0)],
    ),
    tries=(
        {"zone": "Europe/Madrid", "act": {"event": ""}},
        {"zone": "UTC", "act": {"event": "Page Viewed"}, "count": "people", "every": "hour"},
        {"zone": "America/New_York", "act": {"event": ""}, "count": "new", "by": "path", "most": 2},
        {"zone": "UTC", "act": {"event": "Order Completed"}, "count": "revenue", "every": "week"},
        {
            "zone": "UTC", "act": {"event": ""}, "count": "sum", "prop": "quantity",
            "by": "property:product", "most": 3,
        },
        {
            "zone": "Asia/Shanghai", "every": "month", "count": "average", "prop": "revenue",
            "act": {"event": "", "where": [{"prop": "country", "cmp": "in", "value": ["ES"]}]},
        },
        {"zone": "UTC", "act": {"event": ""}, "count": "median", "prop": "revenue", "every": "all"},
        {"zone": "UTC", "act": {"event": "Product Viewed"}, "count": "per_person", "by": "channel"},
        {"zone": "UTC", "act": {"event": "Message Sent"}, "by": "channel"},
        {"zone": "UTC", "act": {"event": ""}, "by": "referrer", "count": "people", "most": 1},
        {"zone": "UTC", "act": {"event": ""}, "by": "trait:country", "every": "all"},
        {"zone": "UTC", "act": {"event": ""}, "by": "segment:1", "count": "people"},
    ),
)  # fmt: skip
people = Measure(
    name="trend_people",
    columns=("profile_id", "latest"),
    unit="people who did it, with the second (Unix time) of the latest time, newest first",
    window=_WINDOW,
    source="as the trend's: of one moment, and of one value of the breakdown",
    ask=_people,
    oracle=_people_oracle,
    example=Example(
        _STORY, _BY_COUNTRY | {"place": "rest"}, [(2, 1_709_251_740)]
    ),
    tries=(
        {"zone": "UTC", "act": {"event": ""}, "limit": 3},
        {"zone": "UTC", "act": {"event": ""}, "by": "property:product", "most": 2, "place": "rest"},
        {"zone": "UTC", "act": {"event": ""}, "by": "property:product", "place": "nothing"},
        {"zone": "UTC", "act": {"event": ""}, "by": "channel", "place": "value", "value": "Email"},
        {
            "zone": "UTC", "act": {"event": ""}, "count": "new", "every": "week",
            "moment": "2024-02-26",
        },
        {"zone": "UTC", "act": {"event": ""}, "every": "week", "moment": "2024-03-11"},
    ),
)  # fmt: skip
register(trend, people)

"""How often, by how many, for how much: one act over time, broken down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from analytics.measures import dimensions, moments, tallies, where
from analytics.measures.base import Example, Happened, Measure, Row, Statement, register
from analytics.measures.counting import MOST, Asked, asked
from customers.conditions.base import RuleError, gettext_noop

_ = gettext_noop

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


def _placed(what: Asked, zone: str, most: int, parameters: dict[str, Any]) -> str:
    """Return CTEs ending in `placed`: each event with moment, number, value and place."""
    holds = where.holds(what.act, parameters)
    keep = {"moment": moments.written(what.every), "number": what.number(parameters)}
    parameters |= {"zone": zone} if what.every != "all" else {}
    if what.by is None:
        told = dimensions.valued(None, keep=keep, where=holds)
        return f"WITH {told},\nplaced AS (SELECT *, {dimensions.NOTHING} AS place FROM told)"
    parameters |= what.by.parameters | {"most": most}
    told = dimensions.valued(what.by, keep=keep, where=holds)
    return f"WITH {told},{dimensions.ranked('told', into='placed')}"


def _trend(
    *, start: datetime, end: datetime, zone: str, most: int = MOST, **said: Any
) -> Statement:
    what = asked(**said)
    parameters: dict[str, Any] = {"start": start, "end": end}
    ctes, of = _placed(what, zone, most, parameters), "placed"
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
    parameters: dict[str, Any] = {"start": start, "end": end}
    ctes = _placed(what, zone, most, parameters)
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
    oracle=tallies.trend,
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
    oracle=tallies.people,
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

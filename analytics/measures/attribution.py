"""Which touches led to what people did in the end, told by six models side by side?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from analytics.measures import credits, touches
from analytics.measures.base import Example, Happened, Measure, Row, Statement, register
from analytics.measures.credits import MODELS, SECONDS
from analytics.measures.touches import Touches
from analytics.measures.where import Act, holds

# So that half to the power of window by half-life never comes to zero.
LONGEST_DAYS, SHORTEST_HALF_LIFE = 365, 0.5
# Whose credit a list of people asks about; `any` are all who came by.
WHOSE = {"any": "true", "last": "k = k_last", "named": "k = k_named", "first": "k = k_first"}


class AttributionError(ValueError):
    """Nothing can be credited like this."""


@dataclass(frozen=True, slots=True)
class _Pairs:
    """CTEs ending in `whole`, what they bind and read, and from when on."""

    sql: str
    parameters: dict[str, Any]
    reads: tuple[str, ...]
    since: datetime


def _pairs(
    *,
    start: datetime,
    end: datetime,
    conversion: Act,
    by: Touches,
    within_days: int,
    more: str = "",
) -> _Pairs:
    """Return CTEs ending in `whole`: each conversion with its first, last and last named touch.

    Before it `pairs`: each conversion with each touch within `within_days` before it. `k` numbers
    the touches of a person, so that ties in time are told apart.

    Raises:
        AttributionError: the window is none.
    """
    if not 1 <= within_days <= LONGEST_DAYS:
        raise AttributionError(f"Look 1 to {LONGEST_DAYS} days back.")
    since = start - timedelta(days=within_days)
    parameters: dict[str, Any] = {
        "start": since, "began": start, "end": end, "within": within_days * SECONDS,
        "passed": by.passed,
    }  # fmt: skip
    meant = holds(conversion, parameters)
    found, reads = touches.sql(by, parameters)
    # One event serves once, but the visit of a conversion may open with it.
    earlier = "<=" if by.is_visit else "<"
    sql = f"""bought AS (
      SELECT profile_id, id AS conversion, happened_at AS closed,
        happened_at - INTERVAL '1 second' * $within AS since,
        cast(extract(epoch FROM happened_at) AS double precision) AS second,
        cast(coalesce(amount, 0) AS double precision) AS worth
      FROM ev WHERE happened_at >= $began AND happened_at < $end AND {meant}
    ),
    {found},
    numbered AS (
      SELECT *, cast(extract(epoch FROM happened_at) AS double precision) AS second,
        row_number() OVER (PARTITION BY profile_id ORDER BY happened_at, id) AS k
      FROM touched
    ),
    pairs AS (
      SELECT b.conversion, b.profile_id, b.second AS closed, b.worth, t.touch, t.k,
        b.second - t.second AS ago
      FROM bought b JOIN numbered t ON t.profile_id = b.profile_id AND t.happened_at > b.since
        AND (t.happened_at < b.closed OR (t.happened_at = b.closed AND t.id {earlier} b.conversion))
    ),
    whole AS (
      SELECT conversion, count(*) AS n, min(k) AS k_first, max(k) AS k_last,
        coalesce(max(CASE WHEN touch <> $passed THEN k END), max(k)) AS k_named{more}
      FROM pairs GROUP BY conversion
    )"""
    reads = (*reads, *conversion.reads, "id", "happened_at", "profile_id", "amount")
    return _Pairs(sql, parameters, reads, since)


# extract() and a bare 0.5 are numeric in PostgreSQL, whose power() of those takes three times as
# long.
_WEIGHT = "power(cast(0.5 AS double precision), ago / cast($half_life AS double precision))"
_CREDITS = f"""CASE WHEN k = k_last THEN 1 ELSE 0 END AS c_last,
        CASE WHEN k = k_named THEN 1 ELSE 0 END AS c_named,
        CASE WHEN k = k_first THEN 1 ELSE 0 END AS c_first,
        cast(1 AS double precision) / n AS c_linear,
        CASE WHEN n <= 2 THEN cast(1 AS double precision) / n
          WHEN k = k_first OR k = k_last THEN cast(0.4 AS double precision)
          ELSE cast(0.2 AS double precision) / (n - 2) END AS c_position,
        {_WEIGHT} / weights AS c_decay"""


def _credit(
    *,
    start: datetime,
    end: datetime,
    conversion: Act,
    by: Touches,
    within_days: int = 30,
    half_life: float = 7.0,
    limit: int = 200,
) -> Statement:
    if not SHORTEST_HALF_LIFE <= half_life <= LONGEST_DAYS:
        raise AttributionError(f"A half-life lasts {SHORTEST_HALF_LIFE} to {LONGEST_DAYS} days.")
    found = _pairs(
        start=start, end=end, conversion=conversion, by=by, within_days=within_days,
        more=f", sum({_WEIGHT}) AS weights",
    )  # fmt: skip
    sums = ", ".join(f"sum(c_{one}) AS n_{one}, sum(c_{one} * worth) AS w_{one}" for one in MODELS)
    alone = ", ".join("count(*), sum(worth)" for _one in MODELS)
    sql = f"""WITH {found.sql},
    credited AS (
      SELECT p.touch, p.profile_id, p.conversion, p.worth, {_CREDITS}
      FROM pairs p JOIN whole w ON w.conversion = p.conversion
    ),
    told AS (
      SELECT touch, count(DISTINCT profile_id) AS people, count(DISTINCT conversion) AS helped,
        {sums} FROM credited GROUP BY touch
      UNION ALL
      SELECT NULL, count(DISTINCT profile_id), count(*), {alone}
      FROM bought b WHERE NOT EXISTS (SELECT 1 FROM whole w WHERE w.conversion = b.conversion)
      HAVING count(*) > 0
    )
    SELECT * FROM told
    ORDER BY CASE WHEN touch IS NULL THEN 1 ELSE 0 END, helped DESC, touch COLLATE "C"
    LIMIT $limit"""
    parameters = found.parameters | {"half_life": half_life * SECONDS, "limit": limit}

    def shape(rows: Sequence[Row]) -> list[Row]:
        return [(*row[:3], *map(float, row[3:])) for row in rows]

    return Statement(sql, parameters, found.reads, found.since, end, shape)


def _people(
    *,
    start: datetime,
    end: datetime,
    conversion: Act,
    by: Touches,
    touch: str | None,
    whose: str = "any",
    within_days: int = 30,
    limit: int = 200,
) -> Statement:
    if whose not in WHOSE:
        raise AttributionError("There is no such model.")
    found = _pairs(start=start, end=end, conversion=conversion, by=by, within_days=within_days)
    rows = f"""SELECT p.profile_id, p.closed FROM pairs p
      JOIN whole w ON w.conversion = p.conversion WHERE p.touch = $touch AND {WHOSE[whose]}"""
    if touch is None:
        rows = """SELECT b.profile_id, b.second AS closed FROM bought b
      WHERE NOT EXISTS (SELECT 1 FROM whole w WHERE w.conversion = b.conversion)"""
    sql = f"""WITH {found.sql},
    meant AS ({rows})
    SELECT profile_id, cast(floor(max(closed)) AS bigint) AS reached FROM meant
    GROUP BY profile_id ORDER BY reached DESC, profile_id LIMIT $limit"""
    parameters = found.parameters | {"limit": limit}
    if touch is not None:
        parameters["touch"] = touch
    return Statement(sql, parameters, found.reads, found.since, end)


_STORY: list[Happened] = [
    (1, 0, "track", "Ad Seen", {"from": "news"}),
    (1, 0, "track", "Ad Seen", {"from": "ads"}),
    (1, 9, "track", "Bought", {"revenue": 100}),
    (1, 10, "track", "Ad Seen", {"from": "too late"}),
    (2, 5, "track", "Bought", {"revenue": 7}),
]
_ASKED: dict[str, Any] = {
    "conversion": Act("Bought"), "by": Touches("property:from", Act("Ad Seen")),
}  # fmt: skip
_BOUGHT = Act("Order Completed")
_VIEWED = Touches("property:product", Act("Product Viewed"))
_TRIES: list[Mapping[str, Any]] = [
    {"conversion": _BOUGHT, "by": Touches("channel")},
    {"conversion": _BOUGHT, "by": Touches("source"), "within_days": 1, "half_life": 0.5},
    {"conversion": Act(""), "by": Touches("campaign"), "within_days": 2},
    {"conversion": Act("Page Viewed"), "by": Touches("medium", unnamed="email")},
    {"conversion": _BOUGHT, "by": _VIEWED, "half_life": 1.0},
    {"conversion": _BOUGHT, "by": Touches("property:product", Act("")), "limit": 3},
    # What touches and what it led to may be the same kind of event.
    {"conversion": Act("Product Viewed"), "by": _VIEWED, "within_days": 3},
]

credit = Measure(
    name="attribution",
    columns=(
        "touch", "people", "helped",
        *(name for model in MODELS for name in (model, f"{model}_worth")),
    ),
    unit="conversions and what they were worth, credited to touches, also in parts; `people` and"
    " `helped` count whom and which conversions a touch came before",
    window="conversions of [start, end); touches of the `within_days` before each of them",
    source="last; last named (passes over direct visits); first; linear (all the same); position"
    " (0.4 for the first and the last, 0.2 for those between); decay (half after `half_life`"
    " days). A row without a touch holds the conversions that nothing came before, so that each"
    " model adds up to all of them",
    ask=_credit,
    example=Example(
        _STORY,
        _ASKED,
        [
            ("ads", 1, 1, 1, 100, 1, 100, 0, 0, 0.5, 50, 0.5, 50, 0.5, 50),
            ("news", 1, 1, 0, 0, 0, 0, 1, 100, 0.5, 50, 0.5, 50, 0.5, 50),
            (None, 1, 1, 1, 7, 1, 7, 1, 7, 1, 7, 1, 7, 1, 7),
        ],
    ),
    oracle=credits.credit,
    tries=_TRIES,
)  # fmt: skip
people = Measure(
    name="attribution_people",
    columns=("profile_id", "reached"),
    unit="people, newest first, with the second (Unix time) of their latest such conversion",
    window="as attribution's",
    source="those who came by the touch before a conversion; `whose` keeps those for whom it was"
    " the last, the last named or the first; no touch: those whom nothing led there",
    ask=_people,
    example=Example(_STORY, _ASKED | {"touch": "news", "whose": "first"}, [(1, 1_709_251_740)]),
    oracle=credits.people,
    tries=[
        {"conversion": _BOUGHT, "by": Touches("channel"), "touch": "Direct", "whose": "named"},
        {"conversion": _BOUGHT, "by": _VIEWED, "touch": "tea"},
        {"conversion": _BOUGHT, "by": _VIEWED, "touch": "cup", "whose": "last", "within_days": 2},
        {"conversion": _BOUGHT, "by": _VIEWED, "touch": "Tea", "whose": "first", "limit": 1},
        {"conversion": _BOUGHT, "by": _VIEWED, "touch": None, "within_days": 1},
    ],
)
register(credit, people)

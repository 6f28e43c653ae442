"""What became of messages: sent, delivered, opened, clicked, and what people did then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from analytics.measures import outcomes
from analytics.measures.base import Example, Happened, Measure, Row, Statement, register
from analytics.measures.outcomes import EVENTS, FAILED, KEYS, OUTCOMES, SENT, Asked
from analytics.measures.where import Act, holds

READS = ("id", "happened_at", "profile_id", "type", "name", "properties")


def _told(asked: Asked, parameters: dict[str, Any]) -> str:
    """Return CTEs ending in `whole`: one row for each delivery, with the moment of each outcome."""
    parameters |= {
        "start": asked.start, "end": asked.end, "until": asked.until,
        "span": int(asked.within.total_seconds()),
        "sent": SENT, "failed": FAILED, "delivery": "delivery_id",
    }  # fmt: skip
    names = []
    for number, name in enumerate((SENT, FAILED, *EVENTS.values())):
        parameters[f"name_{number}"] = name
        names.append(f"$name_{number}")
    firsts = ", ".join(
        f"min(CASE WHEN t.name = $name_{number} THEN t.happened_at END) AS {outcome}_at"
        for number, outcome in enumerate(EVENTS, 2)
    )
    span = "INTERVAL '1 second' * $span"
    ctes = f"""told AS (
      SELECT id, profile_id, happened_at, name, (properties ->> $delivery) AS delivery,
        {_key(asked, parameters)}
      FROM ev WHERE happened_at >= $start AND happened_at < $until AND type = 'track'
        AND name IN ({", ".join(names)})
    ),
    turns AS (
      SELECT *, row_number() OVER (
        PARTITION BY delivery ORDER BY CASE WHEN name = $sent THEN 0 ELSE 1 END, happened_at, id
      ) AS turn FROM told WHERE delivery IS NOT NULL AND name IN ($sent, $failed)
    ),
    tried AS (
      SELECT delivery, profile_id, happened_at AS tried_at, key, label,
        CASE WHEN name = $sent THEN happened_at END AS sent_at,
        CASE WHEN name = $failed THEN happened_at END AS failed_at
      FROM turns WHERE turn = 1 AND happened_at < $end
    ),
    became AS (
      SELECT s.delivery, {firsts} FROM tried s
      JOIN told t ON t.delivery = s.delivery AND t.happened_at <= s.sent_at + {span}
      GROUP BY s.delivery
    ),
    followed AS (
      SELECT s.*, {", ".join(f"b.{one}_at" for one in EVENTS)} FROM tried s
      LEFT JOIN became b ON b.delivery = s.delivery
    )"""
    if asked.goal is None:
        return f"{ctes},\nwhole AS (SELECT *, NULL AS converted_at FROM followed)"
    return f"""{ctes},
    goals AS (
      SELECT profile_id, happened_at FROM ev
      WHERE happened_at >= $start AND happened_at < $until AND {holds(asked.goal, parameters)}
    ),
    reached AS (
      SELECT f.delivery, min(g.happened_at) AS converted_at FROM followed f
      JOIN goals g ON g.profile_id = f.profile_id AND g.happened_at > f.{asked.after}_at
        AND g.happened_at <= f.sent_at + {span}
      GROUP BY f.delivery
    ),
    whole AS (
      SELECT f.*, r.converted_at FROM followed f LEFT JOIN reached r ON r.delivery = f.delivery
    )"""


def _key(asked: Asked, parameters: dict[str, Any]) -> str:
    """Return the columns `key` and `label`: which line of the answer a delivery belongs to."""
    if asked.by == "day":
        parameters["zone"] = asked.zone
        day = "cast(cast(happened_at AT TIME ZONE $zone AS date) AS varchar)"
        return f"{day} AS key, {day} AS label"
    parameters["key"], parameters["label"] = KEYS[asked.by]
    return "(properties ->> $key) AS key, (properties ->> $label) AS label"


def _statement(asked: Asked, sql: str, parameters: dict[str, Any], shape: Any = list) -> Statement:
    return Statement(sql, parameters, READS, asked.start, asked.until, shape)


def _results(**told: Any) -> Statement:
    asked, parameters = Asked(**told), dict[str, Any]()
    counts = ", ".join(f"count({outcome}_at)" for outcome in OUTCOMES)
    sql = f"""WITH {_told(asked, parameters)}
    SELECT key, max(label COLLATE "C"), count(DISTINCT profile_id), {counts}
    FROM whole GROUP BY key"""

    def shape(rows: Sequence[Row]) -> list[Row]:
        known = rows if asked.goal is not None else [(*row[:-1], None) for row in rows]
        return sorted(known, key=outcomes.order)

    return _statement(asked, sql, parameters, shape)


def _people(
    *, outcome: str, key: str | None = None, whole: bool = True, limit: int = 200, **told: Any
) -> Statement:
    asked = Asked(**told)
    parameters: dict[str, Any] = {"limit": limit}
    moment, mine = outcomes.column(outcome), "true"
    if not whole:
        mine = "key IS NULL" if key is None else "key = $one"
        parameters |= {} if key is None else {"one": key}
    missing = f" AND {outcome.removeprefix('not_')}_at IS NULL" * outcome.startswith("not_")
    sql = f"""WITH {_told(asked, parameters)}
    SELECT profile_id, cast(floor(extract(epoch FROM max({moment}))) AS bigint) AS reached
    FROM whole WHERE {mine} AND {moment} IS NOT NULL{missing}
    GROUP BY profile_id ORDER BY reached DESC, profile_id LIMIT $limit"""
    return _statement(asked, sql, parameters)


def _about(**more: Any) -> dict[str, Any]:
    return {"message": "Hello", "message_id": 1, "channel": "email", **more}


_STORY: list[Happened] = [
    (1, 0, "track", "Message Sent", _about(delivery_id=11)),
    (1, 5, "track", "Message Opened by Machine", _about(delivery_id=11)),
    (1, 9, "track", "Message Opened", _about(delivery_id=11)),
    (1, 9, "track", "Message Opened", _about(delivery_id=11)),
    (1, 60, "track", "Order Completed", {}),
    (2, 0, "track", "Message Sent", _about(delivery_id=12)),
    (2, 5, "track", "Message Bounced", _about(delivery_id=12)),
    (3, 0, "track", "Message Failed", _about(delivery_id=13)),
]
_ASKED = {"goal": Act("Order Completed"), "within": timedelta(days=1)}
_TRIES: list[dict[str, Any]] = [
    {},
    {"by": "channel", "goal": Act("Order Completed"), "within": timedelta(days=1)},
    {"by": "journey", "goal": Act(""), "after": "opened"},
    {"by": "day", "zone": "America/Caracas", "goal": Act("Product Viewed"), "after": "clicked"},
]
_LISTS: list[dict[str, Any]] = [
    {"outcome": "opened", "key": "1", "whole": False},
    {"outcome": "converted", "key": "email", "whole": False},
    {"outcome": "not_clicked", "key": None, "whole": False},
    {"outcome": "converted"},
]

results = Measure(
    name="deliveries",
    columns=("key", "label", "people", *OUTCOMES),
    unit="messages to one person each, by what became of them, and people they were meant for;"
    " opened and clicked by a person, or by a machine",
    window="messages sent (or given up) in [start, end), and what became of them within `within`"
    " after they were sent",
    source="our own message events; converted: the person did `goal` after it was sent, opened or"
    " clicked; None without a goal",
    ask=_results,
    example=Example(_STORY, _ASKED, [("1", "Hello", 3, 2, 1, 0, 1, 0, 1, 0, 0, 1, 0, 1)]),
    oracle=outcomes.results,
    tries=_TRIES,
)
people = Measure(
    name="deliveries_people",
    columns=("profile_id", "reached"),
    unit="people of an outcome, newest first, with the second (Unix time) of it; of those without"
    " it (not_…), the second at which the message was sent",
    window="as the deliveries'",
    source="as the deliveries'",
    ask=_people,
    example=Example(_STORY, _ASKED | {"outcome": "not_opened"}, [(2, 1_709_251_200)]),
    oracle=outcomes.people,
    tries=[{**told, **one} for told, one in zip(_TRIES, _LISTS, strict=True)],
)


def _journeys(*, start: datetime, end: datetime) -> Statement:
    sql = """SELECT key, max(label COLLATE "C") FROM (
      SELECT (properties ->> 'journey_id') AS key, (properties ->> 'journey') AS label FROM ev
      WHERE name = 'Journey Entered' AND happened_at < $end
    ) entered WHERE key IS NOT NULL AND label IS NOT NULL GROUP BY key ORDER BY key COLLATE "C\""""
    return Statement(
        sql,
        {"end": end},
        ("happened_at", "profile_id", "name", "properties"),
        outcomes.LONG_AGO,
        end,
    )


journeys = Measure(
    name="journey_names",
    columns=("key", "label"),
    unit="journeys, by their number, and what they are called",
    window="until `end`",
    source="who entered them; of a renamed one, the name that comes last in the alphabet",
    ask=_journeys,
    example=Example(
        [(1, 0, "track", "Journey Entered", {"journey": "Welcome", "journey_id": 7})],
        {}, [("7", "Welcome")],
    ),
    oracle=outcomes.journeys,
    tries=[{}],
)  # fmt: skip
register(results, people, journeys)

"""Who is new, who came back, who woke up again, and who fell asleep?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from analytics.measures.base import Example, Happened, Measure, Row, Statement, Told, register
from analytics.measures.cycles import LONG_AGO, Cycles
from analytics.measures.where import Act, holds, said

STATES = ("new", "returning", "resurrected", "dormant")
# What a person is in a cycle, by the cycles in which they were active before and after it.
IS = {
    "new": "earlier IS NULL",
    "returning": "earlier = cycle - 1",
    "resurrected": "earlier < cycle - 1",
    "dormant": "(later IS NULL OR later > cycle + 1)",
}
ANYTHING = Act("")


def _near(cycles: Cycles, act: Act, parameters: dict[str, Any], more: str = "") -> str:
    """Return CTEs ending in `near`: the cycles in which each person was active."""
    low, _high = cycles.ends
    # One cycle more than is shown says who came back; all before it are only "earlier".
    seen = Cycles(cycles.every, cycles.zone, cycles.begins(low - 1), cycles.end)
    parameters |= {"end": cycles.end, "since": seen.start, "low": low}
    cycle = f"CASE WHEN happened_at < $since THEN $low - 2 ELSE {seen.sql(parameters)} END"
    return f"""active AS (
      SELECT profile_id, {cycle} AS cycle{more}
      FROM ev WHERE happened_at < $end AND {holds(act, parameters)} GROUP BY 1, 2
    ),
    near AS (
      SELECT *, lag(cycle) OVER (PARTITION BY profile_id ORDER BY cycle) AS earlier,
        lead(cycle) OVER (PARTITION BY profile_id ORDER BY cycle) AS later
      FROM active
    )"""


def _reads(act: Act) -> tuple[str, ...]:
    return ("happened_at", "profile_id", *act.reads)


def _states(
    *, start: datetime, end: datetime, zone: str, every: str = "week", act: Act = ANYTHING
) -> Statement:
    cycles = Cycles(every, zone, start, end)
    parameters: dict[str, Any] = {}
    awake = STATES[:-1]
    told = ", ".join(f"CASE WHEN {IS[one]} THEN 1 ELSE 0 END AS is_{one}" for one in awake)
    sums = ", ".join(f"cast(sum(is_{one}) AS bigint)" for one in STATES)
    sql = f"""WITH {_near(cycles, act, parameters)},
    told AS (
      SELECT cycle, {told}, 0 AS is_dormant FROM near
      UNION ALL SELECT cycle + 1, 0, 0, 0, 1 FROM near WHERE {IS["dormant"]}
    )
    SELECT cycle, {sums} FROM told WHERE cycle BETWEEN $low AND $high GROUP BY cycle ORDER BY cycle
    """

    parameters["high"] = cycles.ends[1]

    def shape(rows: Sequence[Row]) -> list[Row]:
        return [(cycles.first(row[0]).isoformat(), *row[1:]) for row in rows]

    return Statement(sql, parameters, _reads(act), LONG_AGO, end, shape)


def _people(
    *,
    start: datetime,
    end: datetime,
    zone: str,
    state: str,
    cycle: str,
    every: str = "week",
    act: Act = ANYTHING,
    limit: int = 200,
) -> Statement:
    cycles = Cycles(every, zone, start, end)
    parameters: dict[str, Any] = {}
    acted = "max" if state == "dormant" else "min"
    near = _near(cycles, act, parameters, f", {acted}(happened_at) AS acted")
    sql = f"""WITH {near}
    SELECT profile_id, cast(floor(extract(epoch FROM acted)) AS bigint) AS reached
    FROM near WHERE cycle = $cycle AND {IS[state]}
    ORDER BY reached DESC, profile_id LIMIT $limit"""
    asked = cycles.number(date.fromisoformat(cycle))
    low, high = cycles.ends
    acted_in = asked - (state == "dormant") if low <= asked <= high else None
    parameters |= {"cycle": acted_in, "limit": limit}
    return Statement(sql, parameters, _reads(act), LONG_AGO, end)


def _walk(
    events: Sequence[Told], asked: Mapping[str, Any]
) -> Iterator[tuple[str, int, int, list[datetime]]]:
    """Yield (state, cycle, person, the moments it rests on), one person after the other."""
    cycles = Cycles(asked.get("every", "week"), asked["zone"], asked["start"], asked["end"])
    low, high = cycles.ends
    acted: dict[int, dict[int, list[datetime]]] = {}
    for told in events:
        if told.happened_at < asked["end"] and said(asked.get("act", ANYTHING), told):
            mine = acted.setdefault(told.profile_id, {})
            mine.setdefault(cycles.of(told.happened_at), []).append(told.happened_at)
    for person, mine in acted.items():
        for cycle in range(low, high + 1):
            if cycle not in mine:
                if cycle - 1 in mine:
                    yield "dormant", cycle, person, mine[cycle - 1]
            elif min(mine) == cycle:
                yield "new", cycle, person, mine[cycle]
            else:
                state = "returning" if cycle - 1 in mine else "resurrected"
                yield state, cycle, person, mine[cycle]


def _states_told(events: Sequence[Told], asked: Mapping[str, Any]) -> list[Row]:
    cycles = Cycles(asked.get("every", "week"), asked["zone"], asked["start"], asked["end"])
    counted: dict[int, dict[str, int]] = {}
    for state, cycle, _person, _moments in _walk(events, asked):
        counts = counted.setdefault(cycle, dict.fromkeys(STATES, 0))
        counts[state] += 1
    return [
        (cycles.first(cycle).isoformat(), *counted[cycle].values()) for cycle in sorted(counted)
    ]


def _people_told(events: Sequence[Told], asked: Mapping[str, Any]) -> list[Row]:
    cycles = Cycles(asked.get("every", "week"), asked["zone"], asked["start"], asked["end"])
    wanted = asked["state"], cycles.number(date.fromisoformat(asked["cycle"]))
    found = []
    for state, cycle, person, moments in _walk(events, asked):
        if (state, cycle) == wanted:
            moment = max(moments) if state == "dormant" else min(moments)
            found.append((person, int(moment.timestamp() // 1)))
    return sorted(found, key=lambda row: (-row[1], row[0]))[: asked.get("limit", 200)]


DAY = 24 * 60
_STORY: list[Happened] = [
    (1, 0, "page", "Page Viewed", {}),
    (2, 5, "track", "Signed Up", {}),
    (3, -3 * DAY, "page", "Page Viewed", {}),
    (3, 9, "page", "Page Viewed", {}),
    (4, -DAY, "page", "Page Viewed", {}),
    (5, 9, "track", "Message Sent", {}),
]
_ASKED = {"zone": "UTC", "every": "day"}
_TRIES: list[dict[str, Any]] = [
    {"zone": "UTC", "every": "day"},
    {"zone": "America/Caracas", "every": "day", "act": Act("Page Viewed")},
    {"zone": "Europe/Madrid", "every": "week"},
    {"zone": "Europe/Madrid", "every": "month", "act": Act("Order Completed")},
]

states = Measure(
    name="lifecycle",
    columns=("cycle", *STATES),
    unit="people in each day, week or month of `zone`, told by its first day",
    window="whole cycles of which a part lies in [start, end); all that happened before counts too",
    source="active: did `act` in the cycle. New: never before; returning: in the cycle before, too;"
    " resurrected: not in the cycle before, but earlier; dormant: in the cycle before, not in this",
    ask=_states,
    example=Example(_STORY, _ASKED, [("2024-03-01", 2, 0, 1, 1)]),
    oracle=_states_told,
    tries=_TRIES,
)
people = Measure(
    name="lifecycle_people",
    columns=("profile_id", "reached"),
    unit="people, newest first, with the second (Unix time) of their first act in the cycle; of the"
    " dormant, of their last one before it",
    window="as the lifecycle's",
    source="as the lifecycle's",
    ask=_people,
    example=Example(
        _STORY, _ASKED | {"state": "new", "cycle": "2024-03-01"},
        [(2, 1_709_251_500), (1, 1_709_251_200)],
    ),
    oracle=_people_told,
    tries=[
        # The worlds that tests ask in lie twelve days apart.
        {
            "zone": "UTC", "every": every, "state": state,
            "cycle": (date(2024, 3, 3) + i * timedelta(days=12)).isoformat(),
        }
        for i, (every, state) in enumerate(zip(("day", "day", "week", "day"), STATES, strict=True))
    ],
)  # fmt: skip
register(states, people)

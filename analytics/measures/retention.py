"""Who came back, and when?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import accumulate
from typing import Any

from analytics.measures import comebacks, dimensions
from analytics.measures.base import Example, Happened, Measure, Row, Statement, register
from analytics.measures.comebacks import MOST_LATER, Asked
from analytics.measures.cycles import LONG_AGO
from analytics.measures.where import Act, holds


def _members(asked: Asked, parameters: dict[str, Any], *, timed: bool = False) -> str:
    """Return CTEs ending in `members`: each cycle in which somebody came back after they began.

    It has person, cohort, how many cycles later (0 where they began) and, by a dimension, their
    part; `timed` adds the moment.
    """
    by = asked.dimension
    parameters |= {"start": asked.start, "end": asked.end}
    begins, comes = holds(asked.first, parameters), holds(asked.again, parameters)
    keep = {
        "cycle": asked.cycles.sql(parameters),
        "begins": f"CASE WHEN {begins} THEN 1 ELSE 0 END",
        "comes": f"CASE WHEN {comes} THEN 1 ELSE 0 END",
    }
    meant = f"({begins} OR {comes})"
    if by is not None:
        parameters |= by.parameters
        told = dimensions.valued(by, keep=keep, where=meant)
    else:
        kept = ", ".join(f"{sql} AS {name}" for name, sql in keep.items())
        told = (
            f"told AS (SELECT profile_id, happened_at, {kept}"
            f" FROM ev WHERE {dimensions.WINDOW} AND {meant})"
        )
    moments = ""
    if timed:
        moments = ", ".join([
            "", "min(CASE WHEN begins = 1 THEN happened_at END) AS began",
            "min(CASE WHEN comes = 1 THEN happened_at END) AS came",
        ])  # fmt: skip
    ctes = [
        told,
        "did AS (SELECT profile_id, cycle, max(begins) AS begins, max(comes) AS comes"
        f"{moments} FROM told GROUP BY profile_id, cycle)",
    ]
    ctes += _every(timed) if asked.counting == "every" else _once(asked, begins, timed)
    ctes += _parts(parameters, asked.most) if by else ["members AS (SELECT * FROM walked)"]
    return ",\n".join(ctes)


def _once(asked: Asked, begins: str, timed: bool) -> list[str]:
    ctes, young = [], ""
    if asked.counting == "ever":
        ctes.append(
            f"old AS (SELECT DISTINCT profile_id FROM ev WHERE happened_at < $start AND {begins})"
        )
        young = " WHERE profile_id NOT IN (SELECT profile_id FROM old)"
    moment = ", CASE WHEN cycle = cohort THEN began ELSE came END AS moment" if timed else ""
    return [
        *ctes,
        "born AS (SELECT *, min(CASE WHEN begins = 1 THEN cycle END) OVER (PARTITION BY profile_id)"
        f" AS cohort FROM did{young})",
        f"walked AS (SELECT profile_id, cohort, cycle - cohort AS later{moment} FROM born"
        " WHERE cycle = cohort OR (comes = 1 AND cycle > cohort))",
    ]


def _every(timed: bool) -> list[str]:
    moment = ", CASE WHEN r.cycle = s.cycle THEN s.began ELSE r.came END AS moment" * timed
    return [
        f"walked AS (SELECT s.profile_id, s.cycle AS cohort, r.cycle - s.cycle AS later{moment}"
        " FROM did s JOIN did r ON r.profile_id = s.profile_id AND r.cycle >= s.cycle"
        " WHERE s.begins = 1 AND (r.cycle = s.cycle OR r.comes = 1))"
    ]


def _parts(parameters: dict[str, Any], most: int) -> list[str]:
    parameters["most"] = most
    return [
        "firsts AS (SELECT profile_id, cycle, value, row_number() OVER ("
        "PARTITION BY profile_id, cycle ORDER BY happened_at, id) AS turn"
        " FROM told WHERE begins = 1)",
        "begun AS (SELECT f.profile_id, f.cycle, f.value FROM firsts f JOIN walked w"
        " ON w.profile_id = f.profile_id AND w.cohort = f.cycle AND w.later = 0 WHERE f.turn = 1)",
        dimensions.ranked("begun", into="placed"),
        "members AS (SELECT w.*, p.place, CASE WHEN p.place >= 1 THEN p.value END AS part"
        " FROM walked w JOIN placed p ON p.profile_id = w.profile_id AND p.cycle = w.cohort)",
    ]


def _slotted(asked: Asked, parameters: dict[str, Any]) -> str:
    """Return the relation of who filled which slot, once each."""
    whose = "profile_id, cohort" + (", place, part" if asked.by else "")
    if asked.mode == "nth":
        parameters["latest"] = MOST_LATER
        return f"SELECT {whose}, later AS slot FROM members WHERE later <= $latest"
    if asked.mode == "rolling":
        return f"SELECT {whose}, max(later) AS slot FROM members GROUP BY {whose}"
    cases = []
    for number, (_low, high) in enumerate(asked.slots, 1):
        parameters[f"bracket_{number}"] = high
        cases.append(f"WHEN later <= $bracket_{number} THEN {number}")
    slot = f"CASE WHEN later = 0 THEN 0 {' '.join(cases)} END"
    return f"SELECT DISTINCT {whose}, {slot} AS slot FROM members"


def _reads(asked: Asked) -> tuple[str, ...]:
    by = asked.dimension
    base = ("id", "happened_at", "profile_id") if by else ("happened_at", "profile_id")
    return (*base, *asked.first.reads, *asked.again.reads, *(by.reads if by else ()))


def _statement(asked: Asked, sql: str, parameters: dict[str, Any], shape: Any = list) -> Statement:
    start = LONG_AGO if asked.counting == "ever" else asked.start
    fact = asked.dimension.fact if asked.dimension else ""
    return Statement(sql, parameters, _reads(asked), start, asked.end, shape, fact)


def _retention(**told: Any) -> Statement:
    asked = Asked(**told)
    parameters: dict[str, Any] = {}
    members = _members(asked, parameters)
    parts = "place, part" if asked.by else f"{dimensions.NOTHING} AS place, NULL AS part"
    sql = f"""WITH {members},
    slotted AS ({_slotted(asked, parameters)})
    SELECT {parts}, cohort, slot, count(*) FROM slotted WHERE slot IS NOT NULL
    GROUP BY {"place, part, " if asked.by else ""}cohort, slot"""
    return _statement(asked, sql, parameters, lambda rows: _shaped(asked, rows))


def _shaped(asked: Asked, rows: Sequence[Row]) -> list[Row]:
    cells: dict[tuple[Any, ...], dict[int, int]] = {}
    for place, part, cohort, slot, people in rows:
        cells.setdefault((place, part, cohort), {})[slot] = people
    if asked.mode == "rolling":
        # Who came back later counts in each slot before it.
        for key, counts in cells.items():
            last = max(counts)
            sums = accumulate(counts.get(slot, 0) for slot in range(last, -1, -1))
            whole = dict(zip(range(last, -1, -1), sums, strict=True))
            cells[key] = {slot: n for slot, n in whole.items() if slot <= MOST_LATER}
    order = sorted(cells, key=lambda key: (key[0] == dimensions.REST, key[0], key[2]))
    return [
        (place, part, asked.cycles.first(cohort).isoformat(), slot, people)
        for place, part, cohort in order
        for slot, people in sorted(cells[place, part, cohort].items())
    ]


def _people(
    *,
    cohort: str | None,
    slot: int,
    place: int | None = None,
    part: str | None = None,
    stayed: bool = True,
    limit: int = 200,
    **told: Any,
) -> Statement:
    asked = Asked(**told)
    low, high = asked.reach(slot)
    parameters: dict[str, Any] = {"low": low, "high": high, "limit": limit}
    mine = "true"
    if cohort is not None:
        parameters["cohort"] = asked.cycles.number(date.fromisoformat(cohort))
        mine = "cohort = $cohort"
    if asked.by and part is not None:
        mine, parameters["part"] = f"{mine} AND part = $part", part
    elif asked.by and place is not None:
        mine, parameters["place"] = f"{mine} AND place = $place", place
    back = f"{mine} AND later BETWEEN $low AND $high"
    if not stayed:
        gone = f"SELECT profile_id FROM members WHERE {back}"
        back = f"{mine} AND later = 0 AND profile_id NOT IN ({gone})"
    sql = f"""WITH {_members(asked, parameters, timed=True)}
    SELECT profile_id, cast(floor(extract(epoch FROM min(moment))) AS bigint) AS reached
    FROM members WHERE {back} GROUP BY profile_id ORDER BY reached DESC, profile_id LIMIT $limit"""
    return _statement(asked, sql, parameters)


DAY = 24 * 60
_STORY: list[Happened] = [
    (1, 0, "page", "Page Viewed", {}),
    (1, 60, "track", "Order Completed", {}),
    (2, 5, "page", "Page Viewed", {}),
    (2, 13 * 60, "track", "Order Completed", {}),
    (3, 14 * 60, "page", "Page Viewed", {}),
]
# Noon of the first day begins the second one on this side of the Pacific.
_ASKED = {"zone": "Pacific/Auckland", "every": "day", "again": Act("Order Completed")}
_ORDERS, _VIEWS = Act("Order Completed"), Act("Product Viewed")
_TRIES: list[dict[str, Any]] = [
    {"zone": "UTC", "every": "day"},
    {"zone": "America/Caracas", "every": "day", "again": _ORDERS, "by": "property:product"},
    {"zone": "UTC", "every": "day", "first": _VIEWS, "mode": "rolling", "counting": "every"},
    {"zone": "Europe/Madrid", "every": "day", "counting": "ever", "by": "trait:country", "most": 1},
    {"zone": "UTC", "every": "day", "mode": "brackets", "brackets": (1, 3), "counting": "every"},
    {"zone": "Europe/Madrid", "every": "week", "mode": "rolling", "by": "path", "most": 1},
    {"zone": "Asia/Tokyo", "every": "day", "by": "channel", "most": 2},
]
_CELLS: list[dict[str, Any]] = [
    {"slot": 0}, {"slot": 1}, {"slot": 1, "stayed": False}, {"slot": 2, "place": 1},
    {"slot": 1, "place": 0}, {"slot": 0, "place": -1}, {"slot": 0, "part": "Direct"},
]  # fmt: skip

retention = Measure(
    name="retention",
    columns=("place", "part", "cohort", "slot", "people"),
    unit="people who began in a day, week or month of `zone` (told by its first day; slot 0) and"
    " came back; slot n is the n-th cycle after it, or the n-th bracket",
    window="[start, end) by the event's own time; counting `ever` leaves out who began before it",
    source="begun by `first`, came back by `again` in a later cycle; `nth` in just that one,"
    " `rolling` in that one or later; place 0 has no part, -1 is all parts beyond `most`",
    ask=_retention,
    example=Example(
        _STORY, _ASKED,
        [
            (0, None, "2024-03-01", 0, 2), (0, None, "2024-03-01", 1, 1),
            (0, None, "2024-03-02", 0, 1),
        ],
    ),
    oracle=comebacks.cells,
    tries=_TRIES,
)  # fmt: skip
people = Measure(
    name="retention_people",
    columns=("profile_id", "reached"),
    unit="people of a cell, newest first, with the second (Unix time) at which they came back; in"
    " slot 0, or with stayed=False, at which they began",
    window="as the retention's",
    source="as the retention's; stayed=False lists those of the cohort who are not in the cell",
    ask=_people,
    example=Example(
        _STORY, _ASKED | {"cohort": "2024-03-01", "slot": 1, "stayed": False}, [(1, 1_709_251_200)]
    ),
    oracle=comebacks.people,
    tries=[
        # The worlds that tests ask in lie twelve days apart.
        {**told, **cell, "cohort": (date(2024, 3, 2) + place * timedelta(days=12)).isoformat()}
        for place, (told, cell) in enumerate(zip(_TRIES, _CELLS, strict=True))
    ]
    + [{**_TRIES[2], "cohort": None, "slot": 1, "stayed": stayed} for stayed in (True, False)],
)
register(retention, people)

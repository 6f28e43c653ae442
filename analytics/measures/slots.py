"""What came of personal slots: who saw which variant, and who did what was hoped for afterwards?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from analytics.measures import values
from analytics.measures.base import Example, Happened, Measure, Row, Statement, Told, register

SHOWN = "Slot Shown"
READS = ("happened_at", "name", "profile_id", "properties", "type")
FORTNIGHT = 14 * 86_400


def _shown(page: str, parameters: dict[str, Any]) -> str:
    """Return the CTE `shown`: when each person first saw each variant, in each arm.

    Whoever was in both arms, since two browsers turned out to be one person or the share of the
    control group was changed, has two rows: `turn` 1 is the first of `arms`.
    """
    parameters |= {"shown": SHOWN, "page": page}
    slot, variant = values.text("slot", parameters), values.text("variant", parameters)
    arm, where = values.text("arm", parameters), values.text("page_id", parameters)
    return f"""seen AS (
      SELECT profile_id, happened_at, {slot} AS slot, {variant} AS variant, {arm} AS arm
      FROM ev WHERE happened_at >= $start AND happened_at < $end AND type = 'track'
        AND name = $shown AND {where} = $page
    ),
    looks AS (
      SELECT profile_id, slot, variant, arm, min(happened_at) AS first_at FROM seen
      WHERE slot IS NOT NULL AND variant IS NOT NULL AND arm IS NOT NULL
      GROUP BY profile_id, slot, variant, arm
    ),
    shown AS (
      SELECT *, count(*) OVER (PARTITION BY profile_id, slot, variant) AS arms,
        row_number() OVER (
          PARTITION BY profile_id, slot, variant ORDER BY first_at, arm COLLATE "C"
        ) AS turn
      FROM looks
    )"""


def _arms(
    *, start: datetime, end: datetime, page: str, goal: str, within: int = FORTNIGHT
) -> Statement:
    parameters: dict[str, Any] = {"start": start, "end": end, "goal": goal, "span": within}
    sql = f"""WITH {_shown(page, parameters)},
    goals AS (
      SELECT profile_id, happened_at FROM ev
      WHERE happened_at >= $start AND happened_at < $end AND name = $goal
    ),
    met AS (
      SELECT DISTINCT s.profile_id, s.slot, s.variant, s.arm FROM shown s
      JOIN goals g ON g.profile_id = s.profile_id AND g.happened_at >= s.first_at
        AND g.happened_at <= s.first_at + INTERVAL '1 second' * $span
    )
    SELECT s.slot, s.variant, s.arm, count(*) AS people, count(m.profile_id) AS converted,
      count(CASE WHEN s.arms > 1 THEN 1 END) AS mixed
    FROM shown s LEFT JOIN met m ON m.profile_id = s.profile_id AND m.slot = s.slot
      AND m.variant = s.variant AND m.arm = s.arm
    WHERE s.turn = 1
    GROUP BY s.slot, s.variant, s.arm
    ORDER BY s.slot COLLATE "C", s.variant COLLATE "C", s.arm COLLATE "C\""""
    return Statement(sql, parameters, READS, start, end)


def _covered(*, start: datetime, end: datetime, page: str) -> Statement:
    parameters: dict[str, Any] = {"start": start, "end": end}
    sql = f"""WITH {_shown(page, parameters)},
    people AS (
      SELECT slot, profile_id, count(CASE WHEN arm <> 'default' THEN 1 END) AS matched
      FROM shown GROUP BY slot, profile_id
    )
    SELECT slot, count(*) AS people, count(CASE WHEN matched = 0 THEN 1 END) AS only_default
    FROM people GROUP BY slot ORDER BY slot COLLATE "C\""""
    return Statement(sql, parameters, READS, start, end)


# --- plain Python ---------------------------------------------------------------------------------

Key = tuple[str, str, str, int]


def _shown_told(events: Sequence[Told], asked: Mapping[str, Any]) -> dict[Key, datetime]:
    first: dict[Key, datetime] = {}
    for one in events:
        said = [values.text_of(one.properties, key) for key in ("slot", "variant", "arm")]
        on_page = values.text_of(one.properties, "page_id") == asked["page"]
        if one.type != "track" or one.name != SHOWN or not on_page or None in said:
            continue
        slot, variant, arm = (str(text) for text in said)
        key = (slot, variant, arm, one.profile_id)
        first[key] = min(first.get(key, one.happened_at), one.happened_at)
    return first


def _arms_told(events: Sequence[Told], asked: Mapping[str, Any]) -> list[Row]:
    span = timedelta(seconds=asked.get("within", FORTNIGHT))
    goals = [one for one in events if one.name == asked["goal"]]
    counts: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    looks: dict[tuple[str, str, int], list[tuple[datetime, str]]] = defaultdict(list)
    for (slot, variant, arm, person), first in _shown_told(events, asked).items():
        looks[slot, variant, person].append((first, arm))
    for (slot, variant, person), seen in looks.items():
        first, arm = min(seen)
        found = counts[slot, variant, arm]
        found[0] += 1
        found[2] += len(seen) > 1
        found[1] += any(
            goal.profile_id == person and first <= goal.happened_at <= first + span
            for goal in goals
        )
    rows = [(*key, *found) for key, found in counts.items()]
    return sorted(rows, key=lambda row: tuple(part.encode() for part in row[:3]))


def _covered_told(events: Sequence[Told], asked: Mapping[str, Any]) -> list[Row]:
    arms: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for slot, _variant, arm, person in _shown_told(events, asked):
        arms[slot][person].add(arm)
    rows = [
        (slot, len(people), sum(seen == {"default"} for seen in people.values()))
        for slot, people in arms.items()
    ]
    return sorted(rows, key=lambda row: row[0].encode())


def _saw(person: int, minute: float, variant: str, arm: str) -> Happened:
    told = {"slot": "s1", "page_id": 7, "variant": variant, "arm": arm, "reason": "segment"}
    return (person, minute, "track", SHOWN, told)


_DAY: list[Happened] = [
    _saw(1, 0, "v1", "variant"),
    (1, 5, "track", "Signed Up", {}),
    _saw(2, 0, "v1", "control"),
    _saw(3, 0, "v1", "variant"),
    (4, 1, "track", "Signed Up", {}),
    _saw(4, 3, "default", "default"),
    _saw(5, 0, "v1", "control"),
    _saw(5, 4, "v1", "variant"),
    (5, 6, "track", "Signed Up", {}),
]
_TRIES: tuple[Mapping[str, Any], ...] = ({"page": "7"}, {"page": "8"})
_WINDOW = "[start, end) by the event's own time"

arms = Measure(
    name="slot_arms",
    columns=("slot", "variant", "arm", "people", "converted", "mixed"),
    unit="people who saw a variant or, in the control group, would have; those who did the goal; "
    "those who were in the other arm later: each person counts where they were first",
    window=f"{_WINDOW}; the goal counts from the first look on, for `within` seconds",
    source=f"“{SHOWN}” of one page, once a day for each person, slot and variant, where counting is"
    " allowed",
    ask=_arms,
    example=Example(
        _DAY, {"page": "7", "goal": "Signed Up"},
        [("s1", "default", "default", 1, 0, 0), ("s1", "v1", "control", 2, 1, 1),
         ("s1", "v1", "variant", 2, 1, 0)],
    ),
    oracle=_arms_told,
    tries=[
        {**one, "goal": goal, "within": within}
        for one in _TRIES
        for goal, within in (("Signed Up", FORTNIGHT), ("Product Viewed", 7200))
    ],
)  # fmt: skip
coverage = Measure(
    name="slot_coverage",
    columns=("slot", "people", "only_default"),
    unit="people who saw a slot, and those of them who were in no audience of it all the time",
    window=_WINDOW,
    source=f"“{SHOWN}” of one page; the control group is in an audience",
    ask=_covered,
    example=Example(_DAY, {"page": "7"}, [("s1", 5, 1)]),
    oracle=_covered_told,
    tries=_TRIES,
)
register(arms, coverage)

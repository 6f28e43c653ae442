"""Which ways do people take, from somewhere or to somewhere, and what follows what?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from analytics.measures import footsteps
from analytics.measures.base import Example, Happened, Measure, Row, Statement, register
from analytics.measures.footsteps import Asked, edge_order
from analytics.measures.visits import BASES, openings
from analytics.measures.where import Act, holds

READS: tuple[str, ...] = ("id", "happened_at", "profile_id", "type", "name")
BOTH = "CASE WHEN type IN ('page', 'screen') THEN coalesce(path, '') ELSE name END"
PLACES = {"pages": "coalesce(path, '')", "events": "name", "both": BOTH}


def _trod(asked: Asked, parameters: dict[str, Any]) -> tuple[str, str]:
    """Return the CTE `trod`, each act with its place and whether it is an anchor, and the unit."""
    place = f", {PLACES[asked.shown]} AS place"
    if asked.anchor is not None:
        place += f", CASE WHEN {holds(asked.anchor, parameters)} THEN 1 ELSE 0 END AS anchored"
    basis = "views" if asked.shown == "pages" else "events"
    if asked.within is not None:
        acts = f"SELECT id, happened_at, profile_id{place} FROM ev WHERE {BASES[basis]}"
        window = "happened_at >= $start AND happened_at < $end"
        return f"trod AS ({acts} AND {window})", "profile_id"
    visit = """trod AS (
      SELECT *, sum(opens) OVER (
        PARTITION BY profile_id ORDER BY happened_at, id ROWS UNBOUNDED PRECEDING) AS visit
      FROM opened
    )"""
    return f"{openings(basis=basis, keep=place)},\n{visit}", "profile_id, visit"


def _walked(asked: Asked, parameters: dict[str, Any]) -> str:
    """Return CTEs ending in `folded`: the steps of every way, rare places as NULL."""
    trod, unit = _trod(asked, parameters)
    order = "happened_at DESC, id DESC" if asked.to else "happened_at, id"
    over = f"(PARTITION BY {unit} ORDER BY {order}"
    ctes = [trod, _begun(asked, over, parameters)]
    last = "begun"
    if asked.collapse:
        ctes += [
            f"twice AS (SELECT *, lag(place) OVER {over}) AS place_before FROM begun)",
            "once AS (SELECT * FROM twice WHERE place_before IS NULL OR place_before <> place)",
        ]
        last = "once"
    ctes += [
        f"walked AS (SELECT *, row_number() OVER {over}) - 1 AS step,"
        f" lead(place) OVER {over}) AS after, lead(happened_at) OVER {over}) AS after_at"
        f" FROM {last})",
        "near AS (SELECT * FROM walked WHERE step <= $depth)",
        "often AS (SELECT step, place, row_number() OVER (PARTITION BY step"
        ' ORDER BY count(*) DESC, place COLLATE "C") AS nth FROM near GROUP BY step, place)',
        "top AS (SELECT step, place FROM often WHERE nth <= $most)",
        "folded AS (SELECT n.profile_id, n.step, a.place AS source, b.place AS target,"
        " CASE WHEN n.after IS NULL THEN 1 ELSE 0 END AS ends,"
        " coalesce(n.after_at, n.happened_at) AS moment FROM near n"
        " LEFT JOIN top a ON a.step = n.step AND a.place = n.place"
        " LEFT JOIN top b ON b.step = n.step + 1 AND b.place = n.after WHERE n.step < $depth)",
    ]
    parameters |= {
        "start": asked.start, "end": asked.end, "depth": asked.depth, "most": asked.most,
    }  # fmt: skip
    return ",\n".join(ctes)


def _begun(asked: Asked, over: str, parameters: dict[str, Any]) -> str:
    """Return the CTE `begun`: the acts from the anchor on."""
    if asked.anchor is None:
        return "begun AS (SELECT * FROM trod)"
    best = "max" if asked.to else "min"
    since = (
        f"{best}(CASE WHEN anchored = 1 THEN happened_at END) OVER {over}"
        " ROWS UNBOUNDED PRECEDING) AS since"
    )
    near = "since IS NOT NULL"
    if asked.within is not None:
        parameters["within"] = asked.within
        span = "INTERVAL '1 second' * $within"
        near = f"happened_at >= since - {span}" if asked.to else f"happened_at <= since + {span}"
    return (
        f"anchors AS (SELECT *, {since} FROM trod),\nbegun AS (SELECT * FROM anchors WHERE {near})"
    )


def _statement(asked: Asked, sql: str, parameters: dict[str, Any], shape: Any = list) -> Statement:
    reads = READS if asked.shown == "events" else (*READS, "path")
    reads += asked.anchor.reads if asked.anchor else ()
    return Statement(sql, parameters, reads, asked.start, asked.end, shape)


def _paths(**told: Any) -> Statement:
    asked, parameters = Asked(**told), dict[str, Any]()
    sql = f"""WITH {_walked(asked, parameters)}
    SELECT step, source, target, ends, count(*), count(DISTINCT profile_id)
    FROM folded GROUP BY step, source, target, ends"""

    def shape(rows: Sequence[Row]) -> list[Row]:
        return sorted(rows, key=edge_order)

    return _statement(asked, sql, parameters, shape)


def _people(
    *,
    step: int,
    source: str | None = None,
    target: str | None = None,
    ends: bool = False,
    limit: int = 200,
    **told: Any,
) -> Statement:
    asked = Asked(**told)
    parameters: dict[str, Any] = {"step": step, "ends": int(ends), "limit": limit}
    same = []
    for column, word in (("source", source), ("target", target)):
        if word is not None:
            parameters[column] = word
        same.append(f"{column} IS NULL" if word is None else f"{column} = ${column}")
    sql = f"""WITH {_walked(asked, parameters)}
    SELECT profile_id, cast(floor(extract(epoch FROM max(moment))) AS bigint) AS reached
    FROM folded WHERE step = $step AND ends = $ends AND {" AND ".join(same)}
    GROUP BY profile_id ORDER BY reached DESC, profile_id LIMIT $limit"""
    return _statement(asked, sql, parameters)


def _pairs(shown: str, collapse: bool) -> str:
    basis = "views" if shown == "pages" else "events"
    apart = " WHERE place <> place_before" if collapse else " WHERE place_before IS NOT NULL"
    over = "(PARTITION BY profile_id ORDER BY happened_at, id)"
    return f"""{openings(basis=basis, keep=f", {PLACES[shown]} AS place")},
    trod AS (
      SELECT *, CASE WHEN opens = 0 THEN lag(place) OVER {over} END AS place_before FROM opened
    ),
    pairs AS (SELECT * FROM trod{apart})"""


def _transitions(
    *, start: datetime, end: datetime, shown: str = "pages", collapse: bool = False, limit: int = 50
) -> Statement:
    sql = f"""WITH {_pairs(shown, collapse)}
    SELECT place_before, place, count(*) AS times, count(DISTINCT profile_id) FROM pairs
    GROUP BY place_before, place
    ORDER BY times DESC, place_before COLLATE "C", place COLLATE "C" LIMIT $limit"""
    parameters = {"start": start, "end": end, "limit": limit}
    return Statement(sql, parameters, (*READS, "path"), start, end)


def _transition_people(
    *,
    start: datetime,
    end: datetime,
    source: str,
    target: str,
    shown: str = "pages",
    collapse: bool = False,
    limit: int = 200,
) -> Statement:
    sql = f"""WITH {_pairs(shown, collapse)}
    SELECT profile_id, cast(floor(extract(epoch FROM max(happened_at))) AS bigint) AS reached
    FROM pairs WHERE place_before = $source AND place = $target
    GROUP BY profile_id ORDER BY reached DESC, profile_id LIMIT $limit"""
    parameters = {"start": start, "end": end, "source": source, "target": target, "limit": limit}
    return Statement(sql, parameters, (*READS, "path"), start, end)


_STORY: list[Happened] = [
    (1, 0, "page", "Page Viewed", {"path": "/"}),
    (1, 1, "page", "Page Viewed", {"path": "/"}),
    (1, 5, "page", "Page Viewed", {"path": "/funds/"}),
    (2, 0, "page", "Page Viewed", {"path": "/"}),
    (2, 50, "page", "Page Viewed", {"path": "/funds/"}),
]
_AT = {"step": 0, "source": "/", "target": "/funds/"}
_TRIES: list[dict[str, Any]] = [
    {"most": 2, "depth": 3},
    {"anchor": Act("Product Viewed"), "shown": "events", "within": 86_400, "depth": 2, "most": 1},
    {"anchor": Act("Order Completed"), "shown": "both", "to": True, "collapse": False},
    {"anchor": Act("Searched"), "shown": "both", "to": True, "within": 200_000, "depth": 8},
    {"shown": "events", "to": True, "most": 3, "collapse": False, "depth": 1},
]
_EDGES: list[dict[str, Any]] = [
    {"step": 0, "source": "/"},
    {"step": 0, "source": "Product Viewed", "target": "Page Viewed"},
    {"step": 0, "source": "Order Completed", "ends": True},
    {"step": 1},
    {"step": 0, "source": "Page Viewed", "ends": True},
]

paths = Measure(
    name="paths",
    columns=("step", "source", "target", "ends", "times", "people"),
    unit="ways (visits, or people where a time is given), and people, that went from one place to"
    " another at a step, or ended there (ends = 1); None is any of the rest",
    window="[start, end) by the event's own time; a visit ends after 30 minutes of silence",
    source="acts from the first anchor on; backwards from the last one with `to`",
    ask=_paths,
    example=Example(
        _STORY, {"depth": 2},
        [
            (0, "/", "/funds/", 0, 1, 1), (0, "/", None, 1, 1, 1), (0, "/funds/", None, 1, 1, 1),
            (1, "/funds/", None, 1, 1, 1),
        ],
    ),
    oracle=footsteps.edges,
    tries=_TRIES,
)  # fmt: skip
people = Measure(
    name="paths_people",
    columns=("profile_id", "reached"),
    unit="people of an edge, newest first, with the second (Unix time) of its second act, or of the"
    " only one where it ended",
    window="as the paths'",
    source="as the paths'",
    ask=_people,
    example=Example(_STORY, {"depth": 2, **_AT}, [(1, 1_709_251_500)]),
    oracle=footsteps.people,
    tries=[{**told, **edge} for told, edge in zip(_TRIES, _EDGES, strict=True)],
)
transitions = Measure(
    name="transitions",
    columns=("source", "target", "times", "people"),
    unit="times one place came right after the other in a visit, and people",
    window="[start, end) by the event's own time; a visit ends after 30 minutes of silence",
    source="pages by their path, events by their name; `collapse` leaves out a place after itself",
    ask=_transitions,
    example=Example(_STORY, {}, [("/", "/", 1, 1), ("/", "/funds/", 1, 1)]),
    oracle=footsteps.pairs,
    tries=[{"shown": "both"}, {"shown": "events", "collapse": True}, {"limit": 3}],
)
transition_people = Measure(
    name="transition_people",
    columns=("profile_id", "reached"),
    unit="people, newest first, with the second (Unix time) at which they came there",
    window="as the transitions'",
    source="as the transitions'",
    ask=_transition_people,
    example=Example(_STORY, {"source": "/", "target": "/funds/"}, [(1, 1_709_251_500)]),
    oracle=footsteps.pair_people,
    tries=[{"source": "/", "target": "/a"},
           {"shown": "events", "source": "Product Viewed", "target": "Page Viewed"}],
)  # fmt: skip
register(paths, people, transitions, transition_people)

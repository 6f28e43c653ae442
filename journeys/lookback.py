"""Find what happened before a run came to rest on it, and would wake nobody any more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from customers.conditions.base import Sql
from dxp.lib.rows import array
from journeys.charts import Listen
from journeys.heard import asked
from journeys.runs import Run

SEPARATOR = "\x1f"
# The stamp on an event may be that of another: what overlays it is the truth about whose it is.
LOOK = """
SELECT DISTINCT ON (w.id, ev.name) w.id, ev.id, ev.name
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[], %s::text[], %s::text[])
  w(id, profile_id, heard, since, names, key)
CROSS JOIN LATERAL (
  SELECT w.profile_id AS stamp
  UNION SELECT unnest(m.stamps) FROM customers_aliasoverride m WHERE m.profile_id = w.profile_id
) s
JOIN customers_event ev ON ev.profile_id = s.stamp AND ev.id > w.heard
  AND ev.received_at > w.since - interval '7 days'
  AND ev.name = ANY(string_to_array(w.names, chr(31)))
WHERE w.profile_id = COALESCE((SELECT o.profile_id FROM customers_aliasoverride o
  WHERE o.alias_id = ev.alias_id AND o.valid @> ev.at), ev.profile_id)"""
FIRST = " ORDER BY w.id, ev.name, ev.id"


def look_back(cursor: Any, runs: Sequence[Run]) -> dict[int, tuple[int, str]]:
    """Return the first event that each resting run missed, with the key that hears it."""
    plain, special = _questions(runs)
    hits: dict[int, list[tuple[int, str]]] = {}
    if plain:
        found = cursor.execute(LOOK + FIRST, _columns(plain)).fetchall()
        for pk, event, name in found:
            hits.setdefault(pk, []).append((event, name))
    for key, (listen, rows) in special.items():
        said = _filtered(listen)
        with connection.cursor() as django:
            django.execute(LOOK + said.text + FIRST, [*_columns(rows), *said.values])
            for pk, event, _name in django.fetchall():
                hits.setdefault(pk, []).append((event, key))
    return {run.id: _first(run, hits[run.id]) for run in runs if run.id in hits}


Row = tuple[int, int, int, datetime, str, str]


def _questions(runs: Sequence[Run]) -> tuple[list[Row], dict[str, tuple[Listen, list[Row]]]]:
    """Return what is asked by name alone, and by key what is asked with filters."""
    plain: list[Row] = []
    special: dict[str, tuple[Listen, list[Row]]] = {}
    for run in runs:
        by_bound: dict[int, list[str]] = {}
        for key in run.done.listens:
            listen = run.route.listens[key]
            # An answer comes after the question; a goal is one whenever it comes.
            bound = run.heard if key in run.route.arms else run.before
            if listen.plain:
                by_bound.setdefault(bound, []).append(listen.event)
                continue
            asked_of = special.setdefault(key, (listen, []))[1]
            asked_of.append((run.id, run.profile, bound, run.began, listen.event, run.key))
        for bound, names in by_bound.items():
            told = SEPARATOR.join(names)
            plain.append((run.id, run.profile, bound, run.began, told, ""))
    return plain, special


def _filtered(listen: Listen) -> Sql:
    value, filters = asked(listen, "ev")
    if not listen.same:
        return Sql(f" AND {filters.text}", filters.values)
    return Sql(f" AND {filters.text} AND {value.text} = w.key", [*filters.values, *value.values])


def _first(run: Run, hits: Sequence[tuple[int, str]]) -> tuple[int, str]:
    """Return the earliest; where two keys hear the same event, the one that comes first."""
    return min(hits, key=lambda hit: (hit[0], run.done.listens.index(hit[1])))


def _columns(rows: Sequence[Row]) -> list[str]:
    return [array(column) for column in zip(*rows, strict=True)]

"""Bring the facts that walks ask for: for a whole batch at once, and only what somebody asks."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from customers import match
from customers.rules import Node
from dxp.lib.rows import array
from journeys import timing
from journeys.nodes import Sent
from journeys.runs import Run

# Django lets cursors hand JSON over as its text.
PEOPLE = "SELECT id, traits::text FROM customers_profile WHERE id = ANY(%s::bigint[])"
# All that a time of day needs: other traits may be long, and most people tell no zone.
ZONES = """
SELECT id, jsonb_build_object('timezone', traits -> 'timezone', 'timeZone', traits -> 'timeZone',
  'time_zone', traits -> 'time_zone')::text
FROM customers_profile WHERE id = ANY(%s::bigint[])
  AND traits ?| '{timezone,timeZone,time_zone}'"""
LAST_SENT = """
SELECT DISTINCT ON (enrollment_id) enrollment_id, state IN ('QUEUED', 'SENDING'), sent_at
FROM journeys_delivery WHERE enrollment_id = ANY(%s::bigint[])
ORDER BY enrollment_id, seq DESC"""
UNTOLD = """
SELECT DISTINCT enrollment_id FROM journeys_notice
WHERE enrollment_id = ANY(%s::bigint[]) AND traits IS NOT NULL"""


def bring(cursor: Any, asking: Sequence[Run], at: datetime) -> None:
    """Answer what each run asks for, by one statement for each kind of question."""
    by_kind: dict[str, list[Run]] = {}
    for run in asking:
        assert run.done.need is not None
        by_kind.setdefault(run.done.need.kind, []).append(run)
    for kind, runs in by_kind.items():
        BRING[kind](cursor, runs, at)


def _person(cursor: Any, runs: Sequence[Run], at: datetime) -> None:
    people = {run.profile for run in runs}
    traits = dict(cursor.execute(PEOPLE, [array(people)]).fetchall())
    for run in runs:
        run.here.facts.traits = json.loads(traits.get(run.profile) or "{}")


def _zone(cursor: Any, runs: Sequence[Run], at: datetime) -> None:
    default = ZoneInfo(timezone.get_default_timezone_name())
    people = {run.profile for run in runs}
    told = dict(cursor.execute(ZONES, [array(people)]).fetchall())
    for run in runs:
        own = told.get(run.profile)
        run.here.facts.zone = timing.zone_of(json.loads(own), default) if own else default


def _sent(cursor: Any, runs: Sequence[Run], at: datetime) -> None:
    found = cursor.execute(LAST_SENT, [array(run.id for run in runs)]).fetchall()
    last = {run: Sent(waiting, sent_at) for run, waiting, sent_at in found}
    for run in runs:
        run.here.facts.sent = last.get(run.id, Sent(waiting=False))


def _told(cursor: Any, runs: Sequence[Run], at: datetime) -> None:
    found = cursor.execute(UNTOLD, [array(run.id for run in runs)]).fetchall()
    untold = {row[0] for row in found}
    for run in runs:
        run.here.facts.told = run.id not in untold


def _rules(cursor: Any, runs: Sequence[Run], at: datetime) -> None:
    """Ask all rules of all nodes at which somebody stands, each of those who stand there."""
    roots: dict[str, Node] = {}
    about: dict[str, set[int]] = {}
    for run in runs:
        for key in _keys(run):
            roots.setdefault(key, run.route.rules[key])
            about.setdefault(key, set()).add(run.profile)
    people = sorted({run.profile for run in runs})
    answers = match.these(
        list(roots.values()), profile_ids=people, at=at,
        about=[sorted(about[key]) for key in roots],
    )  # fmt: skip
    places = {key: place for place, key in enumerate(roots)}
    for run in runs:
        for key in _keys(run):
            run.here.facts.rules[key] = answers.inside(places[key], run.profile)


def _keys(run: Run) -> Sequence[str]:
    """Return what this walk may want to know at its node: all arms at once, in one round."""
    assert run.done.need is not None
    asked = run.route.asks.get(run.done.node, ())
    return asked if run.done.need.key in asked else (run.done.need.key,)


BRING: dict[str, Callable[[Any, Sequence[Run], datetime], None]] = {
    "person": _person, "zone": _zone, "sent": _sent, "told": _told, "rule": _rules,
}  # fmt: skip

"""Reading through the overlay of changed owners, against the same questions without it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from django.db import connection, transaction

from analytics import collect, query
from analytics.collect import Lake
from analytics.measures import MEASURES
from benchmarks import Result
from benchmarks._cost import Cost
from benchmarks._shop import END, EVENTS
from customers import partitions

ROUNDS = 5
START = END - timedelta(days=30)
WINDOW = {"start": START, "end": END}
NAMES = ["Product Viewed", "Product Added", "Order Completed"]
ASKED: dict[str, Any] = {
    "funnel": (MEASURES["funnel"], {"steps": NAMES, "within_days": 7}),
    "traffic": (MEASURES["traffic_per_day"], {"zone": "UTC"}),
}
# One person in twenty was found out to be another; one in two hundred shared a device for a day.
MERGED, SHARED = 20, 200
OVERRIDES = """
WITH named AS (
  INSERT INTO customers_profile (id, public_id, bucket, state, is_known, traits, created_at,
    last_seen_at)
  SELECT n, gen_random_uuid(), 0, 'ACTIVE', false, '{}', now(), now()
  FROM generate_series(1, %(people)s) n RETURNING id
), born AS (
  INSERT INTO customers_alias (id, kind, value, home_profile_id, profile_id, first_seen_at)
  SELECT id, 'user', 'b' || id, id, id, now() FROM named RETURNING id
)
INSERT INTO customers_aliasoverride (alias_id, profile_id, valid, stamps, changed_at)
SELECT id, id - 1, CASE WHEN id %% %(shared)s = 0
  THEN tstzrange(%(start)s::timestamptz + interval '3 days',
    %(start)s::timestamptz + interval '4 days') ELSE tstzrange(NULL, NULL) END,
  ARRAY[id, id - 1], now()
FROM born WHERE id %% %(merged)s = 0"""


def run(quick: bool) -> Result:
    """Return what a funnel and a month of traffic cost through the overlay, and without it.

    From sealed files, and on PostgreSQL; everything a question pays is in both figures.
    """
    size = 100_000 if quick else 400_000
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Path(folder))
        rows = _fill(lake, size)
        table = [(f"{size:,} events, rows of the overlay", f"{rows:,}")]
        through, without = (sum(pair) for pair in zip(*_compare(lake, table), strict=True))
    unit = "ms of CPU for a funnel and a month of traffic, from files and on PostgreSQL"
    return Result(
        "overlay", round(through, 1), round(without, 1), round(through / without, 2), unit, table
    )


def _fill(lake: Lake, size: int) -> int:
    told: dict[str, Any] = {
        "start": START, "people": size // 10, "merged": MERGED, "shared": SHARED,
    }  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE customers_event, customers_profile, analytics_chunk CASCADE")
        partitions.ensure(moments=[WINDOW["start"], WINDOW["end"]])
        cursor.execute(EVENTS, {**told, "n": size, "span": "30 days"})
        cursor.execute(OVERRIDES, told)
        rows = int(cursor.rowcount)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE customers_event, customers_aliasoverride")
    collect.seal(lake=lake, at=WINDOW["end"])
    return rows


def _compare(lake: Lake, table: list[tuple[str, str]]) -> Iterator[tuple[float, float]]:
    for name, (measure, more) in ASKED.items():
        asked = {**WINDOW, **more}
        for engine, ask in (
            ("files", partial(query.ask, lake=lake, cached=False)),
            ("PostgreSQL", query.on_postgres),
        ):
            costs = {"through": Cost(), "without": Cost()}
            for turn in range(ROUNDS + 1):
                if turn == 1:
                    # The first of each only warms up.
                    costs = {"through": Cost(), "without": Cost()}
                with costs["through"]:
                    ask(measure, at=WINDOW["end"], **asked)
                with _plain(), costs["without"]:
                    ask(measure, at=WINDOW["end"], **asked)
            through, without = (cost.cpu / ROUNDS * 1000 for cost in costs.values())
            told = f"{through:.0f} ms against {without:.0f} ms: {through / without:.2f}"
            table.append((f"{name} from {engine}", told))
            yield through, without


@contextmanager
def _plain() -> Iterator[None]:
    """Let questions read the stamps, as if nothing had ever changed."""
    selects = query._selects

    def stamps(*asked: Any) -> dict[str, Any]:
        found = selects(*asked)
        found.pop("owners", None)
        return found

    with mock.patch.object(query, "_selects", stamps):
        yield

"""Reports against SQL written by hand over the same files; PostgreSQL for comparison."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from analytics import collect, query
from analytics.collect import Lake
from analytics.measures import funnels, traffic
from analytics.models import Chunk
from benchmarks import Result
from benchmarks._cost import Cost
from customers import partitions

START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 30
WINDOW = {"start": START, "end": START + timedelta(days=DAYS)}
NAMES = ["Product Viewed", "Product Added", "Order Completed"]
TAIL = 10_000
ROUNDS = 7

# Some people do much and most do little; every third event is a view, one in a hundred an order.
EVENTS = """
INSERT INTO customers_event (id, received_at, at, position, message_id, type, name, alias_id,
  profile_id, properties, context)
SELECT nextval('customers_event_id'), moment, moment, 0, 'b' || n, CASE WHEN kind < 33 THEN 'page'
  ELSE 'track' END, CASE WHEN kind < 33 THEN 'Page Viewed' WHEN kind < 70 THEN 'Product Viewed'
  WHEN kind < 80 THEN 'Product Added' WHEN kind < 81 THEN 'Order Completed' ELSE 'Searched' END,
  person, person, jsonb_build_object('path', '/p/' || (n %% 500), 'title', 'Page ' || (n %% 500)),
  '{}'
FROM (SELECT n, %(start)s::timestamptz + random() * interval '30 days' AS moment,
  (random() * 100)::int AS kind, 1 + floor(power(random(), 2) * %(people)s)::bigint AS person
  FROM generate_series(1, %(n)s) n) made"""
OVERRIDES = """
WITH born AS (
  INSERT INTO customers_profile (id, public_id, bucket, state, is_known, traits, created_at,
    last_seen_at)
  SELECT n, gen_random_uuid(), 0, 'ACTIVE', false, '{}', now(), now()
  FROM generate_series(1, 500) n RETURNING id
), named AS (
  INSERT INTO customers_alias (id, kind, value, home_profile_id, profile_id, first_seen_at)
  SELECT id, 'user', 'b' || id, id, 1 + (id - 1) / 2, now() FROM born RETURNING id, profile_id
)
INSERT INTO customers_aliasoverride (alias_id, profile_id, stamps, changed_at)
SELECT id, profile_id, ARRAY[id, profile_id], now() FROM named"""
BY_HAND = {
    "funnel": """WITH e AS (
  SELECT profile_id, happened_at AS ts, id, name FROM read_parquet($files)
  WHERE happened_at >= $start AND happened_at < $end
    AND name IN ('Product Viewed', 'Product Added', 'Order Completed')),
a AS (SELECT *, max(CASE WHEN name = 'Product Viewed' THEN ts END) OVER w AS t1 FROM e
  WINDOW w AS (PARTITION BY profile_id ORDER BY ts, id
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)),
b AS (SELECT *, CASE WHEN name = 'Product Added' AND ts <= t1 + INTERVAL 7 DAY THEN t1 END AS c2
  FROM a),
c AS (SELECT *, max(c2) OVER (PARTITION BY profile_id ORDER BY ts, id
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS t2 FROM b),
p AS (SELECT profile_id, max(CASE WHEN name = 'Order Completed' AND ts <= t2 + INTERVAL 7 DAY THEN 3
  WHEN c2 IS NOT NULL THEN 2 WHEN name = 'Product Viewed' THEN 1 ELSE 0 END) AS level
  FROM c GROUP BY 1)
SELECT count(*) FILTER (level >= 1), count(*) FILTER (level >= 2), count(*) FILTER (level >= 3)
FROM p""",
    "traffic": """WITH v AS (
  SELECT profile_id, happened_at AS ts,
    lag(happened_at) OVER (PARTITION BY profile_id ORDER BY happened_at, id) AS earlier
  FROM read_parquet($files)
  WHERE happened_at >= $start AND happened_at < $end AND type IN ('page', 'screen'))
SELECT ts::date, count(DISTINCT profile_id),
  count(*) FILTER (earlier IS NULL OR ts > earlier + INTERVAL 30 MINUTE), count(*)
FROM v GROUP BY 1 ORDER BY 1""",
}
ASKED: dict[str, Any] = {
    "funnel": (funnels.funnel, {"steps": NAMES, "within_days": 7}),
    "traffic": (traffic.per_day, {"zone": "UTC"}),
}


def run(quick: bool) -> Result:
    """Return the CPU a funnel and a month of traffic cost, beside the same by hand over the files.

    Ours includes everything a report pays but its page: manifest, tail of 10,000 events, owners,
    a DuckDB of its own.
    """
    size = 200_000 if quick else 2_000_000
    table = []
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Path(folder))
        sealed = _fill(lake, size)
        table.append((f"{size:,} events sealed, {TAIL:,} in the tail", f"{sealed:.1f} s"))
        found = [_compare(name, lake, table) for name in ASKED]
    ours, by_hand = (sum(costs) for costs in zip(*found, strict=True))
    unit = "ms of CPU for a funnel and a month of traffic"
    return Result(
        "analytics", round(ours, 1), round(by_hand, 1), round(ours / by_hand, 2), unit, table
    )


def _fill(lake: Lake, size: int) -> float:
    told: dict[str, Any] = {"start": START, "people": size // 10}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE customers_event, customers_profile, analytics_chunk CASCADE")
        partitions.ensure(moments=[WINDOW["start"], WINDOW["end"]])
        cursor.execute(EVENTS, {**told, "n": size})
        cursor.execute(OVERRIDES)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE customers_event")
    began = time.perf_counter()
    collect.seal(lake=lake, at=WINDOW["end"])
    took = time.perf_counter() - began
    with connection.cursor() as cursor:
        cursor.execute(EVENTS, {**told, "n": TAIL})
    return took


def _compare(name: str, lake: Lake, table: list[tuple[str, str]]) -> tuple[float, float]:
    measure, asked = ASKED[name]
    asked = {**WINDOW, **asked}
    paths = Chunk.objects.filter(retired_at=None).values_list("path", flat=True)
    values = {**WINDOW, "files": [str(lake.folder / path) for path in paths]}
    ours, by_hand, postgres = Cost(), Cost(), Cost()
    with collect.engine(lake) as database:
        for turn in range(ROUNDS + 1):
            if turn == 1:
                # The first of each only warms up.
                ours, by_hand, postgres = Cost(), Cost(), Cost()
            with ours:
                query.ask(measure, lake=lake, at=WINDOW["end"], cached=False, **asked)
            with by_hand:
                database.execute(BY_HAND[name], values).fetchall()
            if turn < 2:
                with postgres:
                    query.on_postgres(measure, at=WINDOW["end"], **asked)
    mine, theirs = ours.cpu / ROUNDS * 1000, by_hand.cpu / ROUNDS * 1000
    table += [
        (f"{name}: ours", f"{mine:.0f} ms CPU, {ours.wall / ROUNDS * 1000:.0f} ms wall"),
        (f"{name}: by hand", f"{theirs:.0f} ms CPU, {by_hand.wall / ROUNDS * 1000:.0f} ms wall"),
        (
            f"{name}: on PostgreSQL",
            f"{postgres.cpu * 1000:.0f} ms CPU, {postgres.wall * 1000:.0f} ms wall",
        ),
    ]
    return mine, theirs

"""Sealing beside a stream of events, against copying the same rows out of PostgreSQL."""

from __future__ import annotations

import io
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.db import connection, transaction

from analytics import collect, compact
from analytics.collect import Lake
from analytics.models import Chunk
from benchmarks import Result
from benchmarks._cost import Cost
from customers import partitions
from dxp.lib import rows

# What the sealer has to keep up with, and how often it looks.
RATE, EVERY = 2_000, 5
START = datetime(2026, 1, 1, tzinfo=UTC)
END = START + timedelta(days=1)
# What a shop's site tells: a page with its title, a product, now and then a price.
EVENTS = """
INSERT INTO customers_event (id, received_at, at, position, message_id, type, name, alias_id,
  profile_id, properties, context)
SELECT nextval('customers_event_id'), moment, moment, 0, 'b' || n, CASE WHEN kind < 40 THEN 'page'
  ELSE 'track' END, CASE WHEN kind < 40 THEN 'Page Viewed' WHEN kind < 90 THEN 'Product Viewed'
  ELSE 'Order Completed' END, person, person,
  jsonb_build_object('path', '/p/' || (n %% 500), 'title', 'Page ' || (n %% 500),
    'product', 'sku-' || (n %% 900)) || CASE WHEN kind < 90 THEN '{}'::jsonb
    ELSE jsonb_build_object('revenue', round((random() * 200)::numeric, 2)) END,
  jsonb_build_object('page', jsonb_build_object('path', '/p/' || (n %% 500),
    'referrer', 'https://search.example/'), 'campaign', jsonb_build_object('source', 'letter'))
FROM (SELECT n, %(start)s::timestamptz + random() * interval '1 day' AS moment,
  random() * 100 AS kind, 1 + floor(power(random(), 2) * %(people)s)::bigint AS person
  FROM generate_series(1, %(n)s) n) made"""
COPY = "COPY (SELECT {columns} FROM customers_event e WHERE {where}) TO STDOUT (FORMAT csv)"


def run(quick: bool) -> Result:
    """Return the CPU that sealing an event costs, beside that of COPY alone.

    Sealed as the clock does it: what came in five seconds at 2,000 events a second makes one file;
    the day's files are then merged. Ours is everything: look, copy, sort, compress, sync, list,
    merge.
    """
    turns = 4 if quick else 24
    batch = RATE * EVERY
    ours, alone, merging = Cost(), Cost(), Cost()
    longest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        # As the worker has it.
        lake = Lake(Path(folder), memory="128MB", threads=1)
        _empty()
        _come(batch)
        collect.seal(lake=lake, at=END)
        for _turn in range(turns):
            since = _since()
            _come(batch)
            with alone:
                _copy_out(since)
            began = time.perf_counter()
            with ours:
                chunk = collect.seal(lake=lake, at=END)
            longest = max(longest, time.perf_counter() - began)
            assert chunk is not None
            assert chunk.rows == batch
        with merging:
            compact.compact(lake=lake, at=END)
        size = sum(Chunk.objects.filter(retired_at=None).values_list("bytes", flat=True))
    events = turns * batch
    each, limit = (ours.cpu + merging.cpu) / events * 1e6, alone.cpu / events * 1e6
    table = [
        (f"{turns} files of {batch:,} events: sealing", ours.each(events)),
        ("merging them into one", merging.each(events)),
        ("COPY of the same columns alone", alone.each(events)),
        (f"the longest seal, of {EVERY} s there are", f"{longest:.2f} s"),
        ("events a second one sealer keeps up with", f"{events / (ours.wall + merging.wall):,.0f}"),
        ("bytes an event takes in a merged file", f"{size / (events + batch):.1f}"),
    ]
    unit = "us of CPU to seal and merge an event"
    return Result("lake", round(each, 2), round(limit, 2), round(each / limit, 2), unit, table)


def _empty() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE customers_event, analytics_chunk")
        partitions.ensure(moments=[START, END])


def _come(number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(EVENTS, {"start": START, "people": number // 10, "n": number})


def _since() -> int:
    return int(Chunk.objects.filter(retired_at=None).latest("hi").hi)


def _copy_out(since: int) -> None:
    chosen = ", ".join(column for _kind, column in collect.COLUMNS.values())
    statement = COPY.format(columns=chosen, where="e.xid >= %s::text::xid8")
    sink = io.BytesIO()
    with rows.raw_cursor() as cursor, cursor.copy(statement, [str(since)]) as copy:
        for block in copy:
            sink.write(block)

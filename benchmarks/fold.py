"""From the inbox to people, counts and 20 segments, against bare COPY of the same rows."""

from __future__ import annotations

import random
from datetime import datetime

from django.db import connection, transaction

from benchmarks import Result
from benchmarks._cost import Cost, twin
from benchmarks._events import NAMES, bare, batch
from customers import fold, ingest, segment
from customers.append import COLUMNS
from customers.models import Event, Source
from dxp.lib import clock
from dxp.lib.rows import raw_cursor

SIZE = 100
BATCHES = 50
PEOPLE = 5000
COPY = f"COPY bare ({', '.join(COLUMNS)}) FROM STDIN"


def run(quick: bool) -> Result:
    """Return CPU per event of the fold beside bare COPY, same rows, same number a transaction."""
    source = Source.objects.create(name="Benchmark")
    twin("bare")
    dice, at = random.Random(1), clock.now()
    _segments(at)
    mine, theirs = Cost(), Cost()
    rounds = 4 if quick else 20
    folded = 0
    for turn in range(rounds + 2):
        calls = [batch(dice, SIZE, at, PEOPLE) for _ in range(BATCHES)]
        for one in calls:
            ingest.accept(source=source, events=one, at=at)
        each = [call for one in calls for call in one]
        ready = b"".join(bare(turn * len(each) + i, call, at) for i, call in enumerate(each))
        if turn == 2:
            # Two rounds bring most of the people in, as a site that has run for a while.
            mine, theirs, folded = Cost(), Cost(), 0
        with mine:
            folded += fold.fold(limit=BATCHES, at=at)
        with theirs, transaction.atomic(), raw_cursor() as cursor, cursor.copy(COPY) as copy:
            copy.write(ready)
    changes = Event.objects.filter(name="Segment Entered").count()
    ours, bare_us = mine.cpu / folded * 1e6, theirs.cpu / folded * 1e6
    return Result(
        "fold", round(ours, 2), round(bare_us, 2), round(ours / bare_us, 3), "us CPU/event",
        [
            ("fold to membership, 20 segments", mine.each(folded)),
            ("bare COPY with the same indexes", theirs.each(folded)),
            ("events/s", f"{folded / mine.wall:,.0f}"),
            ("entries into segments", f"{changes:,}"),
        ],
    )  # fmt: skip


def _segments(at: datetime) -> None:
    for number, name in enumerate(NAMES):
        leaf = {"op": "event", "name": name, "metric": "count", "cmp": "gte", "value": 1 + number}
        count = {**leaf, "window": {"last": [7 + number, "days"]}}
        segment.create(name=f"Did {name}", rule={"v": 1, "root": count}, at=at)
        trait = {"op": "trait", "field": "country", "cmp": "eq", "value": ["RO", "IT"][number % 2]}
        both = {"op": "and", "of": [trait, {**leaf, "window": "all"}]}
        segment.create(name=f"Local {name}", rule={"v": 1, "root": both}, at=at)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")

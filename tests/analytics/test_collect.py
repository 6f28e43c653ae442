"""Sealing: every committed event is in exactly one file or in the tail, whatever happens."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from analytics import collect, compact, query, tasks
from analytics.measures import names
from analytics.models import Chunk
from tests.analytics.world import DAY, END, happen

NOON = DAY + timedelta(hours=12)


def seen(lake):
    """Return how many events an answer rests on."""
    table = query.ask(names.seen, lake=lake, at=END, start=DAY, end=END, cached=False)
    return sum(row[1] for row in table.rows)


def in_postgres():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM customers_event")
        return cursor.fetchone()[0]


class TestSeal:
    def test_writes_what_is_new_once(self, lake):
        happen(1, NOON)
        first = collect.seal(lake=lake, at=NOON)
        happen(2, NOON)
        second = collect.seal(lake=lake, at=NOON)

        assert collect.seal(lake=lake, at=NOON) is None
        assert (first.rows, second.rows, second.lo) == (1, 1, first.hi)
        assert seen(lake) == 2

    def test_a_handful_waits_and_is_in_answers_all_the_same(self, lake):
        happen(1, NOON, received_at=NOON)
        patience = timedelta(minutes=2)

        assert collect.seal(lake=lake, at=NOON, least=10, patience=patience) is None
        assert seen(lake) == 1
        assert collect.seal(lake=lake, at=NOON + patience, least=10, patience=patience).rows == 1

    def test_keeps_odd_texts_as_they_are(self, lake):
        odd = 'a "quoted",\r\nline; \\N \\. é 中 \u2028'
        happen(1, NOON, title=odd, path="", url=None, revenue="12.5")
        happen(2, NOON, title="", revenue=10**30, value="no number")

        chunk = collect.seal(lake=lake, at=NOON)

        with collect.engine(lake) as database:
            found = database.execute(
                "SELECT title, path, url, amount::varchar FROM read_parquet($path) ORDER BY id",
                {"path": str(lake.folder / chunk.path)},
            ).fetchall()
        assert found == [(odd, "", None, "12.5000"), ("", None, None, None)]

    def test_waits_for_a_slower_neighbor(self, lake, other):
        happen(1, NOON, on=other)
        happen(2, NOON)
        collect.seal(lake=lake, at=NOON)
        before = seen(lake)
        other.commit()

        assert (before, seen(lake)) == (1, 2)
        collect.seal(lake=lake, at=NOON)
        assert seen(lake) == 2

    def test_a_watermark_of_the_newest_row_would_lose_that_neighbor(self, lake, other, monkeypatch):
        monkeypatch.setattr(collect, "_watermark", _newest_row)
        happen(1, NOON, on=other)
        happen(2, NOON)
        collect.seal(lake=lake, at=NOON)
        other.commit()

        assert (seen(lake), in_postgres()) == (1, 2)

    def test_two_files_never_claim_the_same_transactions(self, lake):
        happen(1, NOON)
        chunk = collect.seal(lake=lake, at=NOON)
        twin = {
            name: getattr(chunk, name)
            for name in ("cluster", "checksum", "rows", "first_at", "latest_at", "created_at")
        }

        with pytest.raises(IntegrityError, match="apart"), transaction.atomic():
            Chunk.objects.create(lo=chunk.hi - 1, hi=chunk.hi + 9, path="elsewhere", **twin)


def _newest_row():
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(xid::text::bigint), 0) + 1 FROM customers_event")
        return cursor.fetchone()[0]


class TestCompact:
    def test_a_day_becomes_one_file_and_the_old_ones_go_later(self, lake):
        for person in range(5):
            happen(person, NOON)
            collect.seal(lake=lake, at=NOON)
        tomorrow = NOON + timedelta(days=1)
        happen(9, NOON)
        collect.seal(lake=lake, at=tomorrow)

        assert compact.compact(lake=lake, at=tomorrow) == 1
        assert (seen(lake), len(list(lake.events.iterdir()))) == (6, 7)
        assert [c.rows for c in Chunk.objects.filter(retired_at=None).order_by("lo")] == [5, 1]
        compact.compact(lake=lake, at=tomorrow + compact.GRACE * 2)
        assert (seen(lake), len(list(lake.events.iterdir()))) == (6, 2)


class TestTasks:
    def test_the_clock_seals_and_compacts_where_the_settings_say(self, lake):
        happen(1, NOON)
        tasks.seal()
        happen(2, NOON, title="x" * 2_000_000)
        tasks.seal()
        tasks.compact()

        (chunk,) = Chunk.objects.filter(retired_at=None)
        assert (chunk.rows, seen(lake)) == (2, 2)

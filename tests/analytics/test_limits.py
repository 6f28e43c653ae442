"""A question that asks too much, a file that is gone, a process that dies: nobody else is hurt."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection

from analytics import collect, compact, query
from analytics.measures import traffic
from analytics.measures.base import Measure, Statement
from analytics.models import Chunk
from analytics.query import limits
from customers import rules
from customers.models import Profile
from tests.analytics.test_query import ENDLESS
from tests.analytics.world import DAY, END, happen

ASKED = {"start": DAY, "end": END}
# A list can't be put on disk.
HOG = "SELECT length(list(n)) FROM generate_series(1, 100000000) AS t(n)"
GREEDY = Measure(
    "greedy", ("n",), "", "", "", lambda: Statement(HOG, {}, ("id",), DAY, END), None
)  # fmt: skip
HOLD = """
import sys, time
from pathlib import Path
from dxp.lib import turns
held = [turns.take(Path(sys.argv[1]), places=2, patience=0) for _ in range(2)]
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def sealed(lake):
    """Return the lake with a visitor in each of two files."""
    for person in (1, 2):
        happen(person, DAY)
        collect.seal(lake=lake, at=END)
    return lake


def visitors(lake, **more):
    table = query.ask(traffic.totals, lake=lake, at=END, **ASKED, **more)
    return table.rows[0][0], table.engine, table.whole


class TestTooMuch:
    def test_one_that_outgrows_its_memory_is_refused_and_the_others_get_their_answers(self, sealed):
        refused, found = [], []

        def ask_too_much():
            with pytest.raises(query.Busy, match="memory") as error:
                query.ask(GREEDY, lake=replace(sealed, memory="64MB"), at=END)
            refused.append(error.value.words)

        greedy = threading.Thread(target=ask_too_much)
        greedy.start()
        while greedy.is_alive():
            found.append(visitors(sealed, cached=False)[0])
        greedy.join()

        assert refused
        assert set(found) == {2}
        assert visitors(sealed, cached=False)[0] == 2

    def test_one_that_takes_too_long_leaves_its_turn_to_the_next(self, sealed, monkeypatch):
        with monkeypatch.context() as impatient:
            impatient.setattr(limits, "LONGEST_SECONDS", 0.2)
            for _ in range(limits.AT_ONCE + 1):
                with pytest.raises(query.TooLong, match="too long"):
                    query.ask(ENDLESS, lake=sealed, at=END)

        assert visitors(sealed)[0] == 2

    def test_one_that_is_stopped_between_two_statements_stops_in_the_next(self, lake):
        asked = []

        def no_more(_progress):
            asked.append(True)
            return False

        def slowly():
            with limits.snapshot(60, no_more), connection.cursor() as cursor:
                time.sleep(3 * limits.LOOK_SECONDS)
                assert asked
                cursor.execute("SELECT pg_sleep(10)")

        with pytest.raises(query.Stopped):
            slowly()


class TestTurns:
    @pytest.fixture
    def another(self, sealed):
        """Start another process that takes all the turns of this machine."""
        folder = sealed.folder / "turns"
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()
        process.wait()
        process.stdout.close()

    def test_all_processes_share_them_and_death_gives_them_back(self, sealed, another, monkeypatch):
        monkeypatch.setattr(limits, "WAIT_SECONDS", 0.1)
        with pytest.raises(query.Busy, match="same time"):
            visitors(sealed)

        another.kill()
        another.wait()

        assert visitors(sealed)[0] == 2


class TestFiles:
    def test_one_that_was_merged_away_under_a_reader_is_looked_for_again(self, sealed, monkeypatch):
        ready, looks = query.ready, []

        def late(*args, **asked):
            found = ready(*args, **asked)
            if not looks:
                compact.compact(lake=sealed, at=END)
                compact.compact(lake=sealed, at=END + timedelta(days=3))
            looks.append(found)
            return found

        monkeypatch.setattr(query, "ready", late)

        assert visitors(sealed) == (2, "duckdb", True)
        assert len(looks) == 2

    @pytest.mark.parametrize("harm", ["gone", "empty", "torn"])
    def test_one_that_is_lost_or_damaged_is_made_up_for_by_postgresql_and_said(self, sealed, harm):
        file = sealed.folder / Chunk.objects.first().path
        whole = file.read_bytes()
        file.unlink()
        if harm != "gone":
            file.write_bytes(b"" if harm == "empty" else whole[: len(whole) // 2])

        assert visitors(sealed) == (2, "postgresql", False)


class TestWho:
    def test_a_rule_picks_whose_events_count_as_it_picks_them_now(self, sealed):
        rule = rules.parse({
            "v": 1,
            "root": {"op": "trait", "field": "plan", "cmp": "eq", "value": "100%"},
        })
        for pk in (1, 2):
            Profile.objects.create(pk=pk, bucket=1, created_at=DAY, last_seen_at=DAY)
        before = visitors(sealed, who=rule)
        Profile.objects.filter(pk=2).update(traits={"plan": "100%"})

        assert before[:2] == (0, "duckdb")
        assert visitors(sealed, who=rule)[:2] == (1, "duckdb")
        assert visitors(sealed, who=rule)[:2] == (1, "cache")
        assert query.on_postgres(traffic.totals, at=END, who=rule, **ASKED).rows[0][0] == 1

"""One door: fresh, cached, bounded, for the person who owns an event now."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from functools import partial

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from analytics import collect, query
from analytics.measures import funnels, traffic
from analytics.measures.base import Measure, Statement
from analytics.query import limits
from customers.models import Alias, AliasOverride, Profile
from dxp.lib import hints
from tests.analytics.world import DAY, END, happen

A_TRILLION_ROWS = """WITH m AS (SELECT n FROM generate_series(1, 1000000) AS t(n))
SELECT count(*) FROM m a, m b WHERE a.n % 7 = b.n % 11 + 1"""
ENDLESS = Measure(
    "endless", ("n",), "", "", "", lambda: Statement(A_TRILLION_ROWS, {}, ("id",), DAY, END), None
)


def _merge(*, alias, into):
    for number in (alias, into):
        Profile.objects.create(pk=number, bucket=1, created_at=DAY, last_seen_at=DAY)
    row = Alias.objects.create(
        pk=alias, kind="user", value="ana", home_profile_id=alias, profile_id=into,
        first_seen_at=DAY,
    )  # fmt: skip
    AliasOverride.objects.create(alias=row, profile_id=into, changed_at=END)


class TestAsk:
    ASKED = {"start": DAY, "end": END}

    def visitors(self, lake):
        table = query.ask(traffic.totals, lake=lake, at=END, **self.ASKED)
        return table.rows[0][0], table.engine

    def test_a_merge_counts_two_aliases_as_one_person(self, lake):
        happen(3, DAY)
        happen(4, DAY)
        collect.seal(lake=lake, at=END)

        before = self.visitors(lake)
        _merge(alias=3, into=4)

        assert (before[0], self.visitors(lake)[0]) == (2, 1)

    def test_a_device_that_went_from_hand_to_hand_counts_for_who_had_it(self, lake):
        """Both did something in both hours; in the second, alias 3 was in the hands of 4."""
        hours = [DAY, DAY + timedelta(hours=1), DAY + timedelta(hours=2)]
        for start in hours[:2]:
            happen(3, start)
            happen(4, start)
        collect.seal(lake=lake, at=END)
        _merge(alias=3, into=4)
        AliasOverride.objects.update(valid=(hours[1], hours[2]))

        def visitors(ask, place):
            window = {"start": hours[place], "end": hours[place + 1]}
            return ask(traffic.totals, at=END, **window).rows[0][0]

        for ask in (query.on_postgres, partial(query.ask, lake=lake)):
            assert [visitors(ask, place) for place in (0, 1)] == [2, 1]

    def test_the_same_question_is_answered_once_until_something_happens(self, lake):
        happen(1, DAY)
        collect.seal(lake=lake, at=END)

        answers = [self.visitors(lake), self.visitors(lake)]
        happen(2, DAY)

        assert answers == [(1, "duckdb"), (1, "cache")]
        assert self.visitors(lake) == (2, "duckdb")

    def test_without_redis_every_question_is_computed(self, lake, monkeypatch):
        nowhere = redis.Redis(port=1, socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0))
        monkeypatch.setattr(hints, "client", lambda: nowhere)
        happen(1, DAY)
        collect.seal(lake=lake, at=END)

        assert [self.visitors(lake), self.visitors(lake)] == [(1, "duckdb"), (1, "duckdb")]

    def test_an_event_counts_the_moment_it_is_committed(self, lake, other):
        happen(1, DAY)
        collect.seal(lake=lake, at=END)
        happen(2, DAY, on=other)

        before = self.visitors(lake)
        other.commit()

        assert (before[0], self.visitors(lake)[0]) == (1, 2)

    def test_a_tail_that_is_too_long_is_left_to_postgresql(self, lake, monkeypatch):
        happen(1, DAY)
        collect.seal(lake=lake, at=END)
        happen(2, DAY)
        happen(3, DAY)
        monkeypatch.setattr(query, "BIG_TAIL", 1)

        assert self.visitors(lake) == (3, "postgresql")

    def test_too_many_at_once_are_asked_to_come_back(self, lake, monkeypatch):
        monkeypatch.setattr(limits, "WAIT_SECONDS", 0.01)
        with contextlib.ExitStack() as others:
            for _ in range(limits.AT_ONCE):
                others.enter_context(query.take_turn(lake, patience=0))
            with pytest.raises(query.Busy, match="same time"):
                self.visitors(lake)

        assert self.visitors(lake)

    @pytest.mark.parametrize("sealed", [True, False])
    def test_a_question_that_takes_too_long_is_stopped(self, lake, monkeypatch, sealed):
        monkeypatch.setattr(limits, "LONGEST_SECONDS", 0.2)
        happen(1, DAY)
        if sealed:
            collect.seal(lake=lake, at=END)
        with pytest.raises(query.Busy):
            query.ask(ENDLESS, lake=lake, at=END)


class TestFunnel:
    @pytest.mark.parametrize(
        ("steps", "by"),
        [
            (["A"], "people"),
            (["A"] * 11, "people"),
            (["A", "B"], "property:"),
            (["A", "B"], "?"),
        ],
    )
    def test_nonsense_is_refused_with_words(self, steps, by):
        with pytest.raises(funnels.FunnelError, match=r"\w"):
            funnels.funnel.ask(start=DAY, end=END, steps=steps, by=by)

    def test_the_latest_attempt_may_be_the_one_in_time(self, lake):
        for minute, name in [(0, "Viewed"), (100, "Viewed"), (130, "Bought")]:
            happen(1, DAY + timedelta(minutes=minute), name, "track")

        table = query.ask(
            funnels.funnel, lake=lake, at=END, start=DAY, end=END, steps=["Viewed", "Bought"],
            within_days=1 / 24,
        )  # fmt: skip

        assert [row[1] for row in table.rows] == [1, 1]

    def test_one_event_serves_one_step(self, lake):
        happen(1, DAY, "Viewed", "track")

        table = query.ask(
            funnels.funnel, lake=lake, at=END, start=DAY, end=END, steps=["Viewed", "Viewed"]
        )

        assert [row[1] for row in table.rows] == [1, 0]

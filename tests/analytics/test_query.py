"""One door: the same numbers from files, tail and PostgreSQL, for the person who owns them now."""

from __future__ import annotations

import random
from datetime import timedelta
from functools import partial

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from analytics import collect, measures, query
from analytics.measures import counts, funnels, names, pages, sources, traffic
from customers.models import Alias, AliasOverride, Profile
from dxp.lib import hints
from tests.analytics.world import DAY, END, happen

NAMES = ["Page Viewed", "Signed Up", "Viewed", "Bought"]
STEPS = ["Page Viewed", "Viewed", "Bought"]
QUESTIONS = [
    (traffic.per_day, {"zone": "Europe/Madrid"}),
    (traffic.per_day, {"zone": "America/New_York", "basis": "events"}),
    (traffic.totals, {}),
    (traffic.totals, {"basis": "events"}),
    (pages.top, {"limit": 5}),
    (sources.by_source, {}),
    (names.seen, {}),
    (counts.per_day, {"zone": "Asia/Shanghai", "name": "Page Viewed"}),
    (funnels.funnel, {"steps": STEPS}),
    (funnels.funnel, {"steps": [*STEPS, "Viewed", "Bought"], "within_days": 0.05}),
    (funnels.funnel, {"steps": STEPS, "by": "visits"}),
    (funnels.funnel, {"steps": STEPS, "by": "property:session"}),
    (funnels.people, {"steps": STEPS, "step": 2, "stopped": True}),
    (funnels.people, {"steps": STEPS[:2], "step": 2, "by": "visits", "limit": 3}),
]
A_TRILLION_ROWS = """WITH m AS (SELECT n FROM generate_series(1, 1000000) AS t(n))
SELECT count(*) FROM m a, m b WHERE a.n % 7 = b.n % 11 + 1"""


def test_every_measure_is_compared():
    assert {measure for measure, _ in QUESTIONS} == set(measures.MEASURES.values())


@pytest.mark.parametrize("seed", [1, 2])
def test_files_tail_and_postgresql_agree(lake, seed):
    chance = random.Random(seed)
    for part in range(3):
        for _ in range(60):
            _something(chance)
        if part < 2:
            collect.seal(lake=lake, at=END)
    _merge(alias=3, into=4)

    for measure, parameters in QUESTIONS:
        asked = {"start": DAY, "end": END, **parameters}
        ours = query.ask(measure, lake=lake, at=END, **asked)
        theirs = query.on_postgres(measure, at=END, **asked)
        assert (ours.engine, ours.tail) == ("duckdb", 60)
        assert ours.rows == theirs.rows, (measure.name, parameters)
        assert ours.rows


def _something(chance):
    kind = chance.choice(["page", "page", "track"])
    told = {
        "path": chance.choice(["/", "/a", "/É", None]),
        "title": chance.choice(["A", "b", "", None]),
        "referrer": chance.choice(["https://x.example/q", "http://us.example:80/", "odd", ""]),
        "url": chance.choice(["https://us.example/a", None]),
        "session": chance.choice([1, "1", None, 2.5, {"a": 1}]),
    }
    if chance.random() < 0.2:
        told["campaign_source"] = chance.choice(["news", "ads", ""])
    # Whole minutes, so that moments collide.
    at = DAY + timedelta(minutes=chance.randrange(24 * 60))
    name = "Page Viewed" if kind == "page" else chance.choice(NAMES)
    happen(chance.randrange(8), at, name, kind, **told)


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
        monkeypatch.setattr(query, "WAIT_SECONDS", 0.01)
        for _ in range(query.AT_ONCE):
            query._turns.acquire()
        try:
            with pytest.raises(query.Busy):
                self.visitors(lake)
        finally:
            for _ in range(query.AT_ONCE):
                query._turns.release()

    @pytest.mark.parametrize("sealed", [True, False])
    def test_a_question_that_takes_too_long_is_stopped(self, lake, monkeypatch, sealed):
        monkeypatch.setattr(query, "LONGEST_SECONDS", 0.2)
        happen(1, DAY)
        if sealed:
            collect.seal(lake=lake, at=END)
        endless = measures.base.Statement(A_TRILLION_ROWS, {}, ("id",), DAY, END)
        stuck = measures.base.Measure("stuck", ("n",), "", "", "", lambda: endless, None)

        with pytest.raises(query.Busy):
            query.ask(stuck, lake=lake, at=END)


class TestFunnel:
    @pytest.mark.parametrize(
        ("steps", "by"),
        [
            (["A"], "people"),
            (["A"] * 11, "people"),
            (["A", "B"], "property:x'y"),
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

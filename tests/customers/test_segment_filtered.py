"""Rules that ask what an event said: counted by themselves, from the past on, and shared."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from customers import compile, partitions, rollup, segment
from customers.conditions.matcher import matcher
from customers.models import EventDay, EventMatcher, Segment, SegmentMember
from dxp.lib.clock import now
from tests.customers import people, trees
from tests.customers.test_match import born, store

SHOES = {"event": "Order Completed", "where": [{"prop": "category", "cmp": "eq", "value": "shoes"}]}


def bought(meant=SHOES, times=1, window="all", **more):
    return {"v": 1, "root": {"op": "event", "matcher": meant, "metric": "count", "window": window,
                             "cmp": "gte", "value": times, **more}}  # fmt: skip


def inside(made):
    found = SegmentMember.objects.filter(segment=made, left_at=None)
    return set(found.values_list("profile_id", flat=True))


@pytest.fixture
def order(viewed):
    """Return a function that makes an order of a category."""

    def call(category="shoes", of="chen", **more):
        return viewed("Order Completed", of=of, properties={"category": category}, **more)

    return call


def who(name):
    return people.profile_of(kind="anonymous", value=f"{name}-phone").pk


class TestFilteredEvents:
    def test_older_ones_are_counted_first_and_the_segment_says_so(self, send, order):
        send(order(), order(of="ana", category="hats"))

        made = segment.create(name="Shoes", rule=bought(), at=now())

        assert (made.state, inside(made)) == (Segment.State.COMPUTING, set())
        assert segment.compute_waiting(at=now()) == 1
        made.refresh_from_db()
        assert (made.state, inside(made)) == (Segment.State.LIVE, {who("chen")})
        assert {one.cause for one in made.members.all()} == {"fill"}

    def test_newer_ones_move_people_at_once(self, send, order, heard):
        made = segment.create(name="Shoes", rule=bought(times=2), at=now())
        segment.compute_waiting(at=now())

        send(order(), order(category="hats"), order(of="ana"))
        assert inside(made) == set()
        send(order())

        assert inside(made) == {who("chen")}
        assert heard.events[-1].properties["cause"] == "event"

    def test_those_that_come_while_it_computes_count_once(self, send, order):
        send(order())
        made = segment.create(name="Shoes", rule=bought(times=2), at=now())
        send(order())
        segment.compute_waiting(at=now())

        assert inside(made) == {who("chen")}
        day = EventDay.objects.exclude(matcher__where=[]).get()
        assert day.n == 2

    def test_an_edit_keeps_the_old_members_until_it_is_computed(self, send, order):
        send(order(category="hats"), order(of="ana"))
        plain = bought({"event": "Order Completed"})
        made = segment.create(name="Buyers", rule=plain, at=now())

        segment.edit(segment=made, rule=bought(), at=now())
        assert inside(made) == {who("chen"), who("ana")}
        segment.compute_waiting(at=now())

        assert inside(made) == {who("ana")}
        assert made.members.get(profile_id=who("chen")).left_cause == "edit"

    def test_are_shared_and_dropped_when_no_rule_asks_for_them(self, send, order):
        send(order())
        one = segment.create(name="One", rule=bought(), at=now())
        segment.compute_waiting(at=now())
        other = segment.create(name="Other", rule=bought(times=1, window={"last": [7, "days"]}),
                               at=now())  # fmt: skip

        # The second one needs no counting any more.
        assert other.state == Segment.State.LIVE
        assert EventMatcher.objects.exclude(where=[]).count() == 1
        one.delete()
        segment.reconcile(at=now())
        assert EventMatcher.objects.exclude(where=[]).count() == 1
        other.delete()
        segment.reconcile(at=now())
        assert not EventMatcher.objects.exclude(where=[]).exists()
        assert EventDay.objects.filter(matcher__event="Order Completed").count() == 1

    def test_are_looked_up_while_nobody_counts_them(self, send, order):
        send(order(), order(of="ana", category="hats"))

        assert segment.size(rule=bought(), sample=False) == segment.Size(1, True, 1, 1, slow=True)
        assert segment.people(rule=bought(), limit=5, at=now()) == [who("chen")]
        assert not EventMatcher.objects.exclude(where=[]).exists()

    def test_a_merge_brings_their_counts_along(self, send, order, signs_up):
        made = segment.create(name="Shoes", rule=bought(times=2), at=now())
        segment.compute_waiting(at=now())
        send(signs_up("chen"), order(), order(of="other"))
        assert inside(made) == set()

        send(signs_up("chen", browser="other-phone"))

        assert inside(made) == {people.profile_of(kind="user", value="chen").pk}


class TestCounting:
    def test_anew_finds_what_the_fold_counted_as_it_came(self, db, settings):
        """Amounts, days and filters mean the same in the fold and in SQL, value by value."""
        settings.TIME_ZONE = "Europe/Bucharest"
        compile._day.cache_clear()
        dice = random.Random(2)
        at = datetime(2026, 3, 29, 12, tzinfo=UTC)
        partitions.ensure(moments={at - timedelta(days=30 * i) for i in range(5)})
        meant = [matcher(trees.matcher(dice), "") for _ in range(25)]
        rollup.ask_for(matchers=meant)
        filtered = {one.key(): one for one in meant if one.where}
        assert len(filtered) > 5
        told = [born(dice, at, number) for number in range(25)]

        store(told, at)
        before = sorted(EventDay.objects.values_list())
        rollup.rebuild(profile_ids=[alias.profile_id for alias, _ in told])

        assert sorted(EventDay.objects.values_list()) == before
        for row in EventMatcher.objects.exclude(where=[]):
            expected = sum(
                trees.meant(filtered[row.key].plain(), name, properties)
                for _, who in told
                for name, _at, properties in who.events
            )
            counted = EventDay.objects.filter(matcher=row).aggregate(n=Sum("n"))["n"] or 0
            assert counted == expected, row.where

    @pytest.mark.parametrize(
        ("told", "worth"),
        [
            ({"revenue": 12.34565}, "12.3457"), ({"revenue": "19.90"}, "19.9000"),
            ({"revenue": True, "value": 3}, "3.0000"), ({"revenue": "1e3", "total": 7}, "7.0000"),
            ({"revenue": 1e300, "value": "-2"}, "-2.0000"), ({"revenue": None}, "0.0000"),
            ({"revenue": -0.00005}, "-0.0001"), ({"revenue": [1]}, "0.0000"),
            ({"revenue": "  5"}, "0.0000"), ({"total": 999999999999.5}, "999999999999.5000"),
        ],
    )  # fmt: skip
    def test_an_amount_is_the_same_either_way(self, send, viewed, told, worth):
        send(viewed("Order Completed", properties=told))
        assert str(EventDay.objects.get(matcher__event="Order Completed").amount) == worth

        rollup.rebuild(profile_ids=[who("chen")])

        assert str(EventDay.objects.get(matcher__event="Order Completed").amount) == worth

    def test_costs_one_look_where_no_matcher_speaks_of_a_batch(self, send, order, viewed):
        send(viewed())
        with CaptureQueriesContext(connection) as before:
            send(viewed())
        segment.create(name="Shoes", rule=bought(), at=now())
        segment.compute_waiting(at=now())
        send(viewed())

        with CaptureQueriesContext(connection) as after:
            send(viewed())

        # The rule is asked about nobody, and its filters about nothing.
        assert len(after) <= len(before)

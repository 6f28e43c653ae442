"""A rule picks the same people whichever way it is asked."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.db import connection

from customers import match, rollup, rules
from customers.models import EventDay, Profile, Segment, SegmentMember
from dxp.lib.clock import now
from tests.customers import trees

PEOPLE = 120
TREES = 300


@pytest.fixture
def world(db):
    """Return (oracle's people, moment): 120 people, two segments, some months."""
    dice = random.Random(7)
    at = now()
    today = match.today(at)
    segments = [
        Segment.objects.create(name=f"S{i}", slug=f"s{i}", rule={}, state="LIVE").pk for i in (1, 2)
    ]
    people = {}
    matchers = rollup.plain_ids(names=trees.EVENTS)
    for number in range(PEOPLE):
        traits = trees.person(dice)
        profile = Profile.objects.create(
            bucket=number, traits=traits, created_at=at, last_seen_at=at
        )
        counts = trees.days(dice, today)
        EventDay.objects.bulk_create(
            EventDay(
                profile=profile, matcher_id=matchers[name], day=day, n=n, amount=amount,
                first_at=at, last_at=at,
            )
            for (name, day), (n, amount) in counts.items()
        )  # fmt: skip
        inside = {one for one in segments if dice.random() < 0.4}
        for one in inside:
            SegmentMember.objects.create(
                segment_id=one, profile=profile, entered_at=at, cause="fill"
            )
        # Who left is not inside.
        SegmentMember.objects.create(
            segment_id=segments[0], profile=profile, entered_at=at, left_at=at, cause="fill"
        )
        people[profile.pk] = (traits, counts, inside)
    Profile.objects.create(bucket=0, state="ABSORBED", created_at=at, last_seen_at=at)
    return people, segments, at


def _set(root, at):
    query = match.who(root, at=at)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, due_on FROM ({query.text}) AS w WHERE inside", query.values)
        return {row[0] for row in cursor.fetchall()}


def _row(roots, people, at):
    query = match.these(roots, profile_ids=list(people), at=at)
    with connection.cursor() as cursor:
        cursor.execute(query.text, query.values)
        found = cursor.fetchall()
    return [{row[0] for row in found if row[1 + 2 * i]} for i in range(len(roots))]


class TestTheTwoShapes:
    def test_agree_with_each_other_and_with_plain_python(self, world):
        people, segments, start = world
        dice = random.Random(11)
        picked = 0
        for number in range(TREES):
            node = trees.tree(dice, segments=segments)
            root = rules.parse({"v": 1, "root": node})
            at = start + timedelta(days=dice.choice([0, 0, 1, 6, 40]))
            truth = {
                one
                for one, (traits, counts, inside) in people.items()
                if trees.answer(node, traits, counts, inside, match.today(at))
            }

            assert _set(root, at) == truth, f"tree {number} as a set: {node}"
            assert _row([root], people, at) == [truth], f"tree {number} by row: {node}"
            picked += len(truth)

        # The trees would prove little if they picked nobody, or everybody.
        assert 0.2 < picked / (TREES * PEOPLE) < 0.8

    def test_judge_several_rules_at_once(self, world):
        people, segments, at = world
        dice = random.Random(3)
        roots = [
            rules.parse({"v": 1, "root": trees.tree(dice, segments=segments)}) for _ in range(9)
        ]

        together = _row(roots, people, at)

        assert together == [_row([root], people, at)[0] for root in roots]

    @pytest.mark.parametrize(("cmp", "value"), [("lte", 0), ("eq", 0), ("lt", 1)])
    def test_count_who_did_nothing(self, db, cmp, value):
        at = now()
        chen = Profile.objects.create(bucket=1, created_at=at, last_seen_at=at)
        root = rules.parse({
            "v": 1,
            "root": {"op": "event", "name": "Order Completed", "metric": "count",
                     "window": {"last": [30, "days"]}, "cmp": cmp, "value": value},
        })  # fmt: skip

        assert _set(root, at) == {chen.pk}
        assert _row([root], [chen.pk], at) == [{chen.pk}]

    def test_bind_what_people_write(self, db):
        at = now()
        name = "'; DROP TABLE customers_profile; --"
        ana = Profile.objects.create(
            bucket=1, created_at=at, last_seen_at=at, traits={name: "%(x)s %s"}
        )
        root = rules.parse({
            "v": 1, "root": {"op": "trait", "field": name, "cmp": "eq", "value": "%(x)s %s"},
        })  # fmt: skip

        assert _set(root, at) == {ana.pk}

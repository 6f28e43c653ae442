"""A rule picks the same people whichever way it is asked."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import orjson
import pytest

from customers import append, compile, consent, identify, match, partitions, rules
from customers.models import (
    ContactPoint,
    Profile,
    ProfileList,
    ProfileListEntry,
    Segment,
    SegmentMember,
)
from dxp.lib.clock import now
from tests.customers import trees

PEOPLE = 40
TREES, TOGETHER = 1000, 10
# The clocks go forward in the night to the 29th of March.
START = datetime(2026, 3, 30, 9, 30, tzinfo=UTC)
ZONE = "Europe/Bucharest"


def born(dice, at, number=0):
    """Store somebody, and return their id and what the oracle knows."""
    alias = identify.ensure_alias(kind="user", value=f"person-{number}-{dice.random()}", at=at)
    who = trees.Person(
        str(alias.profile.public_id), trees.person(dice), trees.events(dice, at),
        addresses=trees.addresses(dice, at),
    )  # fmt: skip
    alias.profile.traits = who.traits
    alias.profile.save()
    for channel, decisions in who.addresses.items():
        value = f"{alias.pk}@example.com" if channel == "email" else f"+4072200{alias.pk:04d}"
        point = ContactPoint.objects.create(
            channel=channel, value=value, shown=value, profile=alias.profile, first_seen_at=at
        )
        for place, (state, ends) in enumerate(decisions):
            consent.record(
                contact_point=point, purpose="marketing", state=state, method="test",
                channel=channel, at=at + timedelta(seconds=place), expires_at=ends,
            )  # fmt: skip
    return alias, who


def store(people, at):
    """Append what they did."""
    append.append(
        new=[
            _row(alias, name, moment, properties, place)
            for alias, who in people
            for place, (name, moment, properties) in enumerate(who.events)
        ]
    )


def _row(alias, name, moment, properties, place):
    return append.Row(
        received_at=moment, at=moment, position=place, source_id=None,
        message_id=f"m-{alias.pk}-{place}", type="track", name=name, alias_id=alias.pk,
        profile_id=alias.profile_id, raw_properties=orjson.dumps(properties),
    )  # fmt: skip


@pytest.fixture
def world(db, settings):
    """Return (people as the oracle knows them, two segments, two lists): months, in one zone."""
    settings.TIME_ZONE = ZONE
    compile._day.cache_clear()
    dice = random.Random(7)
    segments = [
        Segment.objects.create(name=f"S{i}", slug=f"s{i}", rule={}, state="FAILED").pk
        for i in (1, 2)
    ]
    lists = [ProfileList.objects.create(name=f"L{i}", created_at=START).pk for i in (1, 2)]
    partitions.ensure(moments={START - timedelta(days=30 * i) for i in range(5)})
    told = [born(dice, START, number) for number in range(PEOPLE)]
    store(told, START)
    people = {}
    for alias, who in told:
        who.inside = {one for one in segments if dice.random() < 0.4}
        for one in who.inside:
            SegmentMember.objects.create(
                segment_id=one, profile=alias.profile, entered_at=START, cause="fill"
            )
        who.listed = {one for one in lists if dice.random() < 0.4}
        for one in who.listed:
            ProfileListEntry.objects.create(list_id=one, profile=alias.profile, added_at=START)
        # Who left is not inside.
        SegmentMember.objects.create(
            segment_id=segments[0], profile=alias.profile, entered_at=START, left_at=START,
            cause="fill",
        )  # fmt: skip
        people[alias.profile_id] = who
    Profile.objects.create(bucket=0, state="ABSORBED", created_at=START, last_seen_at=START)
    return people, segments, lists


def _set(root, at):
    query, _raw = match.who(root, at=at)
    return {row[0] for row in match.run(f"SELECT id FROM ({query.text}) AS w WHERE inside",
                                        query.values)}  # fmt: skip


def _row_shape(roots, people, at):
    found = match.these(roots, profile_ids=list(people), at=at)
    return [{one for one in people if found.inside(i, one)} for i in range(len(roots))]


class TestTheTwoShapes:
    def test_agree_with_each_other_and_with_plain_python(self, world):
        people, segments, lists = world
        dice = random.Random(11)
        picked = 0
        for number in range(0, TREES, TOGETHER):
            nodes = [trees.tree(dice, segments=segments, lists=lists) for _ in range(TOGETHER)]
            roots = [rules.parse({"v": 1, "root": node}) for node in nodes]
            at = START + timedelta(hours=dice.choice([0, 0, 1, 24, 200, 1000]))
            moment = trees.Now(at, ZoneInfo(ZONE))
            by_row = _row_shape(roots, people, at)
            for place, (node, root) in enumerate(zip(nodes, roots, strict=True)):
                truth = {one for one, who in people.items() if trees.answer(node, who, moment)}
                which = f"tree {number + place} at {at}: {node}"

                assert _set(root, at) == truth, which
                assert by_row[place] == truth, which
                assert rules.parse(rules.canonical({"v": 1, "root": node})) == root
                picked += len(truth)

        # The trees would prove little if they picked nobody, or everybody.
        assert 0.2 < picked / (TREES * PEOPLE) < 0.8

    @pytest.mark.parametrize(("cmp", "value"), [("lte", 0), ("eq", 0), ("lt", 1)])
    def test_pitfall_08_who_did_nothing_did_it_zero_times(self, db, cmp, value):
        at = now()
        chen = Profile.objects.create(bucket=1, created_at=at, last_seen_at=at)
        for metric in ("count", "sum", "days"):
            root = rules.parse({
                "v": 1,
                "root": {"op": "event", "matcher": {"event": "Order Completed"}, "metric": metric,
                         "window": {"last": [30, "days"]}, "cmp": cmp, "value": value},
            })  # fmt: skip

            assert _set(root, at) == {chen.pk}
            assert _row_shape([root], [chen.pk], at) == [{chen.pk}]

    def test_pitfall_07_not_over_a_missing_trait(self, db):
        at = now()
        chen = Profile.objects.create(bucket=1, created_at=at, last_seen_at=at)
        ana = Profile.objects.create(
            bucket=1, created_at=at, last_seen_at=at, traits={"country": "IT", "plan": None}
        )

        def picks(node):
            root = rules.parse({"v": 1, "root": node})
            found = _set(root, at)
            assert _row_shape([root], [chen.pk, ana.pk], at) == [found]
            return found

        lives = {"op": "trait", "field": "country", "cmp": "eq", "value": "IT"}
        assert picks(lives) == {ana.pk}
        assert picks({"op": "not", "of": lives}) == {chen.pk}
        # "Is known and is not" is another question than "not".
        assert picks({**lives, "cmp": "ne"}) == set()
        older = {"op": "trait", "field": "age", "cmp": "gt", "value": 18}
        assert picks({"op": "not", "of": older}) == {chen.pk, ana.pk}
        assert picks({**lives, "field": "plan", "cmp": "set", "value": False}) == {chen.pk, ana.pk}
        never = {"op": "trait", "field": "born", "cmp": "before_last", "value": 1, "unit": "days"}
        assert picks({"op": "not", "of": never}) == {chen.pk, ana.pk}

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

    def test_judge_more_rules_at_once_than_a_number_has_bits(self, world):
        people, segments, lists = world
        dice = random.Random(3)
        roots = [
            rules.parse({"v": 1, "root": trees.tree(dice, depth=1, segments=segments, lists=lists)})
            for _ in range(70)
        ]

        together = _row_shape(roots, people, START)

        assert together == [_row_shape([root], people, START)[0] for root in roots]

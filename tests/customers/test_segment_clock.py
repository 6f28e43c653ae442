"""Nobody is in a segment, or out of it, a moment too long: time alone moves people too."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from customers import compile, partitions, segment
from customers.models import SegmentDue, SegmentMember
from tests.customers import trees
from tests.customers.test_match import born, store

PEOPLE, SEGMENTS, DAYS = 40, 16, 120
# The clocks go forward on the 29th of March, at three in the morning.
START = datetime(2026, 2, 20, 9, 30, tzinfo=UTC)
ZONE = "Europe/Bucharest"


def inside(number):
    found = SegmentMember.objects.filter(segment_id=number, left_at=None)
    return set(found.values_list("profile_id", flat=True))


class TestTheClock:
    def test_pitfall_09_nobody_is_stale_on_any_of_120_days(self, db, settings):
        settings.TIME_ZONE = ZONE
        compile._day.cache_clear()
        dice = random.Random(5)
        partitions.ensure(moments={START - timedelta(days=30 * i) for i in range(5)})
        told = [born(dice, START, number) for number in range(PEOPLE)]
        store(told, START)
        people = {alias.profile_id: who for alias, who in told}
        made = {}

        def truth(at):
            found = {}
            moment = trees.Now(at, ZoneInfo(ZONE))
            for number, node in made.items():
                found[number] = set()
                for person, who in people.items():
                    who.inside = {one for one in found if person in found[one]}
                    if trees.answer(node, who, moment):
                        found[number].add(person)
            return found

        while len(made) < SEGMENTS:
            # Later ones may stand on earlier ones; all of them move by time alone.
            node = trees.tree(dice, depth=2, segments=list(made), timed=True)
            made[0] = node
            moves = len({frozenset(truth(START + timedelta(days=age))[0]) for age in (0, 9, 40)})
            del made[0]
            if moves > 1:
                one = segment.create(name=f"S{len(made)}", rule={"v": 1, "root": node}, at=START)
                segment.compute_waiting(at=START)
                made[one.pk] = node

        moment, looked = START, 0
        while moment < START + timedelta(days=DAYS):
            moment += timedelta(hours=13)
            while found := segment.sweep(at=moment, limit=100):
                looked += found
            members = {number: inside(number) for number in made}
            assert members == truth(moment), f"stale at {moment}"

        moved = SegmentMember.objects.filter(Q(cause="clock") | Q(left_cause="clock"))
        assert moved.count() > 200
        # Far fewer looks than asking everybody everything each time.
        assert looked < 0.2 * PEOPLE * SEGMENTS * DAYS * 24 / 13
        assert segment.reconcile(at=moment) == 0
        assert not SegmentDue.objects.filter(due_at__lte=moment).exists()

    def test_pitfall_09_a_birthday_begins_at_the_workspaces_midnight(self, db, settings):
        settings.TIME_ZONE = ZONE
        compile._day.cache_clear()
        dice = random.Random(1)
        alias, _who = born(dice, START)
        alias.profile.traits = {"born": "1990-03-30"}
        alias.profile.save()
        rule = {"v": 1, "root": {"op": "trait", "field": "born", "cmp": "anniversary_in",
                                 "value": 1, "unit": "days"}}  # fmt: skip
        birthday = segment.create(name="Birthday", rule=rule, at=START)

        # The night before has 23 hours: midnight is at 22:00 and then at 21:00 in UTC.
        segment.sweep(at=datetime(2026, 3, 29, 20, 59, 59, tzinfo=UTC))
        assert inside(birthday.pk) == set()
        segment.sweep(at=datetime(2026, 3, 29, 21, 0, 0, tzinfo=UTC))
        assert inside(birthday.pk) == {alias.profile_id}
        segment.sweep(at=datetime(2026, 3, 30, 21, 0, 0, tzinfo=UTC))
        assert inside(birthday.pk) == set()

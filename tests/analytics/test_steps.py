"""Trends and funnels as people ask them: tables, the people of every number, and segments."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from functools import partial

import orjson
import pytest
from django.conf import settings

from analytics import query
from analytics.questions import KINDS, asked, periods
from analytics.questions.base import QuestionError
from customers import append, match, rules
from customers.models import Alias, Profile
from tests.analytics import world

pytestmark = pytest.mark.django_db

AT = datetime(2024, 3, 20, 12, tzinfo=UTC)
DAYS = {"last": [10, "days"]}
NAMES = ["Viewed", "Added", "Bought", "Called"]
PLANS = ["free", "pro", None]


def ask(raw, *, period=DAYS):
    """Return the kind and what it shows, answered by PostgreSQL."""
    whole = asked.parse({"period": period, **raw})
    days, before = whole.days(zone=settings.TIME_ZONE, at=AT)
    return whole.kind, whole.kind.show(partial(_answer, asked_days=days), days, before)


def _answer(measure, *, days=None, asked_days, **parameters):
    days = days or asked_days
    return query.on_postgres(measure, at=AT, start=days.start, end=days.end, **parameters).rows


def people(kind, point):
    """Return who is behind a number."""
    measure, parameters = kind.people(point)
    start = periods.parse(DAYS).days(zone=settings.TIME_ZONE, at=AT)
    told = {"start": start.start, "end": start.end, "limit": 1000, **parameters}
    return [row[0] for row in query.on_postgres(measure, at=AT, **told).rows]


def sheet(shown, name):
    return next(one for one in shown.sheets if one.name == name)


@pytest.fixture
def crowd(db):
    """Make thirty people, each with a plan or none, who did some of four things in nine days."""
    dice = random.Random(5)
    world.make_room(AT, AT - timedelta(days=20))
    done = []
    for number in range(1, 31):
        plan = dice.choice(PLANS)
        Profile.objects.create(
            pk=number, bucket=number, created_at=AT, last_seen_at=AT,
            traits={"plan": plan} if plan else {},
        )  # fmt: skip
        Alias.objects.create(
            pk=number, kind="user", value=str(number), home_profile_id=number, profile_id=number,
            first_seen_at=AT,
        )  # fmt: skip
        for place in range(dice.choice([0, 3, 8, 20])):
            minutes = dice.randrange(9 * 24 * 60)
            at = AT - timedelta(minutes=minutes, seconds=number, milliseconds=place)
            told = {"color": dice.choice(["red", "blue", "green", None])}
            done.append(append.Row(
                received_at=AT, at=at, position=place, source_id=None,
                message_id=f"{number}-{place}",
                type="track", name=dice.choice(NAMES), alias_id=number, profile_id=number,
                raw_properties=orjson.dumps(told),
            ))  # fmt: skip
    append.append(new=done)


class TestTrend:
    def test_every_day_has_its_number_and_every_number_its_people(self, crowd):
        kind, shown = ask({"kind": "trend", "count": "people", "series": [
            {"event": "Viewed"}, {"event": "Bought", "where": [
                {"prop": "color", "cmp": "ne", "value": "red"}]},
        ]})  # fmt: skip

        days = sheet(shown, "days")
        assert [row[0] for row in days.rows] == [f"2024-03-{day}" for day in range(11, 21)]
        assert [column.label for column in days.columns[1:]] == [
            "Viewed", "“Bought” where color is known and is not “red”",
        ]  # fmt: skip
        _every_point_holds_its_people(kind, shown)

    @pytest.mark.parametrize("by", ["property:color", "trait:plan"])
    def test_parts_of_a_breakdown_have_their_people(self, crowd, by):
        kind, shown = ask({"kind": "trend", "count": "people", "series": [
            {"event": "Viewed"}, {"event": "Bought"}, {"event": "Called"},
        ], "by": by})  # fmt: skip

        names = {row[0] for row in sheet(shown, "whole").rows}
        assert "Viewed \N{EN DASH} Not known" in names
        assert ("Viewed \N{EN DASH} All others" in names) is (by == "property:color")
        _every_point_holds_its_people(kind, shown)

    def test_people_added_up_count_once(self, crowd):
        _kind, shown = ask({
            "kind": "trend", "count": "people", "cumulative": True, "series": [{"event": ""}],
        })  # fmt: skip

        line = [row[1] for row in sheet(shown, "days").rows]
        assert line == sorted(line)
        assert line[-1] == sheet(shown, "whole").rows[0][1]

    def test_is_compared_with_the_days_before(self, crowd):
        world.happen(1, AT - timedelta(days=12), "Viewed", "track", received_at=AT)

        _kind, shown = ask({"kind": "trend", "series": [{"event": "Viewed"}], "compare": "before"})

        days, whole = sheet(shown, "days"), sheet(shown, "whole").rows[0]
        assert [column.faint for column in days.columns] == [False, False, True]
        assert sum(row[2] for row in days.rows) == whole[2] == 1
        assert whole[3] == whole[1] - 1
        assert "more than in the days before" in shown.sentence

    def test_sums_up_numbers_and_leaves_days_without_any_unknown(self, db):
        world.make_room(AT)
        for size in (1, 2.5, "3.5", "large"):
            world.happen(1, AT, "Packed", "track", received_at=AT, size=size)
        asking = {"kind": "trend", "series": [{"event": "Packed"}], "prop": "size"}

        told = {
            count: [row[1] for row in sheet(ask(asking | {"count": count})[1], "days").rows][-2:]
            for count in ("sum", "average", "median")
        }

        assert told == {"sum": [0, 7.0], "average": [None, 2.333333], "median": [None, 2.5]}

    def test_cuts_time_as_asked_or_as_fits(self, db):
        world.make_room(AT)
        world.happen(1, AT, "Viewed", "track", received_at=AT)

        def moments(period, every=""):
            raw = {"kind": "trend", "series": [{"event": "Viewed"}], "every": every}
            return [row[0] for row in sheet(ask(raw, period=period)[1], "days").rows]

        assert moments({"last": [1, "days"]})[:2] == [
            "2024-03-20 00:00:00", "2024-03-20 01:00:00",
        ]  # fmt: skip
        assert moments(DAYS, "week") == ["2024-03-11", "2024-03-18"]
        year = {"from": "2023-11-15", "to": "2024-03-20"}
        assert len(moments(year)) == 19
        assert moments(year, "month") == [
            "2023-11-01", "2023-12-01", "2024-01-01", "2024-02-01", "2024-03-01",
        ]  # fmt: skip

    def test_nothing_is_said_in_words(self, db):
        _kind, shown = ask({"kind": "trend", "series": [{"event": "Never"}]})

        assert (shown.sheets, shown.empty) == ([], "Nobody did this in these days.")


class TestFunnel:
    STEPS = [{"event": name} for name in NAMES[:3]]

    @pytest.mark.parametrize(
        "more",
        [{}, {"by": "property:color"}, {"by": "trait:plan", "within": [3, "days"]},
         {"order": "any"}, {"order": "strict"}, {"without": [{"event": "Called"}]}],
        ids=str,
    )  # fmt: skip
    def test_every_number_leads_to_its_people(self, crowd, more):
        kind, shown = ask({"kind": "funnel", "steps": self.STEPS, **more})

        rows = sheet(shown, "steps").rows
        assert rows[0][1] >= rows[1][1] >= rows[2][1]
        assert rows[0][4] == rows[0][1] - rows[1][1]
        assert ("parts" in [one.name for one in shown.sheets]) is ("by" in more)
        _every_point_holds_its_people(kind, shown)

    def test_tells_times_shares_and_how_many_went_through(self, db):
        world.make_room(AT)
        for number, minutes in [(1, 10), (2, 30), (3, None)]:
            world.happen(number, AT - timedelta(hours=1), "Viewed", "track", received_at=AT)
            if minutes:
                at = AT - timedelta(minutes=60 - minutes)
                world.happen(number, at, "Bought", "track", received_at=AT)

        _kind, shown = ask(
            {"kind": "funnel", "steps": [{"event": "Viewed"}, {"event": "Bought"}],
             "compare": "before"}
        )  # fmt: skip

        assert shown.sentence == "2 of 3 went all the way: 66.7 %."
        assert sheet(shown, "steps").rows == [
            ("1. Viewed", 3, 0, 1.0, None, None, 1, None, None),
            ("2. Bought", 2, 0, 2 / 3, None, 2 / 3, None, 1200.0, 1500.0),
        ]
        assert sheet(shown, "time").rows[-1] == ("2024-03-20", 2 / 3, 3, 2)

    @pytest.mark.parametrize(
        "more",
        [{}, {"within": [2, "days"]}, {"without": [{"event": "Called"}]}, {"by": "trait:plan"},
         {"order": "any"}],
        ids=str,
    )  # fmt: skip
    def test_who_stopped_becomes_a_segment_of_the_same_people(self, crowd, more):
        kind, shown = ask({"kind": "funnel", "steps": self.STEPS, **more})
        found = [one for one in shown.sheets if one.name != "time"]

        rules_of = [
            (point, kind.rule(point)) for one in found for point in one.points.values()
            if point.get("place") not in ("nothing", "rest")
        ]  # fmt: skip

        assert len(rules_of) >= 5
        for point, root in rules_of:
            assert _inside(root) == set(people(kind, point)), (point, root)

    @pytest.mark.parametrize(
        "more",
        [{"order": "strict"}, {"unit": "visits"}, {"within": [30, "minutes"]},
         {"steps": [{"event": ""}, {"event": "Added"}]}, {"without": STEPS[:2]},
         {"by": "property:color"}],
        ids=str,
    )  # fmt: skip
    def test_what_a_segment_can_not_say_is_no_segment(self, more):
        kind = asked.parse({"kind": "funnel", "period": DAYS, "steps": self.STEPS, **more}).kind

        part = {"place": "value", "value": "red"} if "by" in more else {}
        assert kind.rule({"step": 2, "days": 10, **part}) is None

    def test_visits_and_values_of_a_property_are_units(self, crowd):
        for more in ({"unit": "visits"}, {"unit": "property", "prop": "color"}):
            _kind, shown = ask({"kind": "funnel", "steps": self.STEPS[:2], **more})
            assert sheet(shown, "steps").rows[0][1] > 10


class TestAsking:
    @pytest.mark.parametrize(
        ("raw", "path"),
        [
            ({"kind": "trend"}, "series"),
            ({"kind": "trend", "series": [{"event": "A"}] * 6}, "series"),
            ({"kind": "trend", "series": ["A"]}, "series.0.event"),
            ({"kind": "trend", "series": [{"event": "A"}], "count": "sum"}, "prop"),
            ({"kind": "trend", "series": [{"event": "A"}], "count": "all"}, "count"),
            ({"kind": "trend", "series": [{"event": "A"}], "by": "mood"}, "by"),
            ({"kind": "funnel", "steps": [{"event": "A"}]}, "steps"),
            ({"kind": "funnel", "steps": [{"event": "A"}] * 11}, "steps"),
            ({"kind": "funnel", "steps": [{"event": "A"}, {"event": "B", "where": [{}]}]},
             "steps.1.where.0.prop"),
            ({"kind": "funnel", "steps": [{"event": "A"}] * 2, "order": "any"}, "steps"),
            ({"kind": "funnel", "steps": [{"event": "A"}] * 2, "unit": "property"}, "prop"),
            ({"kind": "funnel", "steps": [{"event": "A"}] * 2, "within": [0, "days"]}, "within"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_said_where_it_is(self, raw, path):
        with pytest.raises(QuestionError) as refused:
            asked.parse({"period": DAYS, **raw})

        assert refused.value.path == path
        assert refused.value.words

    @pytest.mark.parametrize(
        "raw",
        [
            {"kind": "trend", "series": [{"event": "A"}, {"event": ""}], "count": "median",
             "prop": "size", "every": "week", "by": "property:a.b"},
            {"kind": "trend", "series": [{"event": "A"}], "count": "people", "cumulative": True},
            {"kind": "funnel", "order": "ordered", "unit": "property", "prop": "session",
             "within": [7, "days"], "by": "channel", "without": [{"event": "C"}],
             "steps": [{"event": "A", "where": [{"prop": "a", "cmp": "eq", "value": 1}]},
                       {"event": "A"}]},
        ],
    )  # fmt: skip
    def test_a_question_has_one_spelling(self, raw):
        first = asked.parse({"period": DAYS, **raw}).plain()

        assert asked.parse(first).plain() == first
        assert {key: first[key] for key in raw} == raw

    @pytest.mark.parametrize("kind", ["trend", "funnel"])
    def test_points_that_are_none_are_refused(self, kind):
        steps = [{"event": "A"}, {"event": "B"}]
        one = KINDS.get(kind).parse({"series": steps, "steps": steps, "by": "path"})
        good = {"series": 1, "step": 1, "zone": "UTC", "moment": "2024-03-01", "every": "day"}

        assert one.people(good)
        for more in (
            {"series": 2, "step": 3},
            {"series": None, "step": None},
            {"zone": "Nowhere"},
            {"zone": 3},
            {"every": "year"},
            {"moment": 5},
            {"place": "moon"},
            {"place": "value", "value": 7},
        ):
            with pytest.raises(QuestionError):
                one.people(good | more)


def _every_point_holds_its_people(kind, shown):
    points = [(one, place, point) for one in shown.sheets for place, point in one.points.items()]
    assert len(points) > 5
    for one, (row, column), point in points:
        assert len(people(kind, point)) == one.rows[row][column], (one.name, row, column, point)


def _inside(root):
    tree = rules.parse({"v": 1, "root": root})
    return {one.profile_id for one in match.everybody(tree, at=AT) if one.inside}


def test_moments_of_a_period_are_all_there():
    from analytics.measures import moments

    first, last = date(2024, 2, 28), date(2024, 3, 2)
    assert moments.between(first, last, "day") == [
        "2024-02-28", "2024-02-29", "2024-03-01", "2024-03-02",
    ]  # fmt: skip
    assert moments.between(first, last, "week") == ["2024-02-26"]
    assert moments.between(first, last, "all") == [""]
    assert len(moments.between(first, last, "hour")) == 96

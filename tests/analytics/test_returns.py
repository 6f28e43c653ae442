"""Coming back, ways, lifecycles and messages as people ask about them, and who stands behind."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from django.db import connection

from analytics.draw import sheet as drawn
from analytics.measures.cycles import Cycles
from analytics.questions import KINDS, asked
from analytics.questions.base import QuestionError
from tests.analytics import world
from tests.analytics.test_steps import AT, DAYS, ask, crowd, people, sheet
from tests.analytics.world import happen

__all__ = ["crowd"]

pytestmark = pytest.mark.django_db
ANA, BRUNO, CHEN = 1, 2, 3


def did(person, days_ago, name="Viewed", minutes=0, **told):
    at = AT - timedelta(days=days_ago, minutes=-minutes)
    kind = "page" if name == "Page Viewed" else "track"
    happen(person, at, name, kind, received_at=AT, **told)


def behind(kind, shown, name):
    """Return each number of a sheet with a point, and how many people it lists."""
    one = sheet(shown, name)
    return {
        place: (one.rows[place[0]][place[1]], len(people(kind, point)))
        for place, point in some(one.points)
    }


def some(points):
    """Return a dozen of the points, always the same ones."""
    return random.Random(3).sample(list(points.items()), min(12, len(points)))


class TestRetention:
    @pytest.fixture
    def returns(self, db):
        """Ana comes daily for three days, Bruno skips one, Chen starts later and stays away."""
        world.make_room(AT, AT - timedelta(days=40))
        for person, days in [(ANA, [8, 7, 6]), (BRUNO, [8, 6]), (CHEN, [7])]:
            for ago in days:
                did(person, ago, plan="free" if person == ANA else "pro")
        did(ANA, 1, "Bought")

    def test_follows_each_cohort_day_by_day(self, returns):
        _kind, shown = ask({
            "kind": "retention", "every": "day", "first": {"event": "Viewed"},
            "again": {"event": "Viewed"}, "most_later": 3,
        })  # fmt: skip

        rows = {row[0]: row[1:] for row in sheet(shown, "cohorts").rows}
        assert rows == {"2024-03-12": (2, 0.5, 1, 0), "2024-03-13": (1, 0, 0, 0)}
        assert [row[1] for row in sheet(shown, "together").rows] == [1 / 3, 2 / 3, 0]
        assert shown.sentence == "3 people began. Day 1: 33.3 % came back."

    def test_marks_what_is_not_over_and_leaves_out_what_has_not_begun(self, returns):
        did(CHEN, 1, "Signed Up")
        did(CHEN, 0, "Signed Up")
        _kind, shown = ask({
            "kind": "retention", "every": "day", "first": {"event": "Signed Up"}, "most_later": 3,
        })  # fmt: skip

        one = sheet(shown, "cohorts")
        assert one.rows == [("2024-03-19", 1, 1.0)]
        assert list(one.open) == [(0, 2)]
        assert [cell.open for cell in drawn(one).lines[0].cells] == [False, True]
        # A day that is not over says nothing about all together.
        assert [row[1] for row in sheet(shown, "together").rows] == [None]

    @pytest.mark.parametrize(
        ("how", "shares"),
        [
            ({"mode": "nth"}, [0.5, 1, 0, 0, 0, 0, 0.5]),
            ({"mode": "rolling"}, [1, 1, 0.5, 0.5, 0.5, 0.5, 0.5]),
            ({"mode": "brackets", "brackets": "1-3-7-14"}, [0.5, 1, 0.5, 0]),
        ],
    )
    def test_counts_that_day_or_later_or_in_brackets(self, returns, how, shares):
        _kind, shown = ask({
            "kind": "retention", "every": "day", "first": {"event": "Viewed"}, "most_later": 7,
            **how,
        })  # fmt: skip

        first = sheet(shown, "cohorts").rows[0]
        assert list(first[2:]) == shares

    def test_who_began_before_these_days_is_new_unless_the_first_time_ever_counts(self, returns):
        did(BRUNO, 30)
        asking = {"kind": "retention", "every": "day", "first": {"event": "Viewed"}}

        def began(counting):
            _kind, shown = ask(asking | {"counting": counting})
            return [row[1] for row in sheet(shown, "cohorts").rows]

        assert began("first") == [2, 1]
        assert began("ever") == [1, 1]
        assert began("every") == [2, 2, 2]

    @pytest.mark.parametrize("counting", ["first", "ever", "every"])
    @pytest.mark.parametrize("mode", ["nth", "rolling", "brackets"])
    def test_every_cell_has_its_people(self, crowd, mode, counting):
        kind, shown = ask({
            "kind": "retention", "every": "day", "again": {"event": "Bought"}, "mode": mode,
            "counting": counting, "by": "property:color",
        })  # fmt: skip

        one = sheet(shown, "cohorts")
        assert len(one.points) > 10
        for (row, column), point in some(one.points):
            told = one.rows[row][column] * (1 if column == 1 else one.rows[row][1])
            assert len(people(kind, point)) == round(told)
        parts = sheet(shown, "parts")
        assert sum(row[1] for row in parts.rows) == sum(row[1] for row in one.rows)
        if counting != "every":
            for row, (number, listed) in behind(kind, shown, "parts").items():
                assert row[1] > 1 or number == listed

    def test_is_compared_with_the_days_before(self, returns):
        did(ANA, 15)
        did(ANA, 14)
        _kind, shown = ask({
            "kind": "retention", "every": "day", "first": {"event": "Viewed"}, "compare": "before",
        })  # fmt: skip

        assert sheet(shown, "together").rows[0][1:] == (1 / 3, 1.0)

    def test_too_many_days_and_nobody_are_said_in_words(self, returns):
        year = {"last": [300, "days"]}
        _kind, shown = ask({"kind": "retention", "every": "day"}, period=year)
        assert "too many days" in shown.empty
        _kind, shown = ask({"kind": "retention", "first": {"event": "Never"}})
        assert shown.empty == "Nobody did this in these days."


class TestPaths:
    @pytest.fixture
    def walks(self, db):
        """Two go from home to the funds, one of them on to the plan; one goes astray."""
        world.make_room(AT)
        ways = {ANA: ["/", "/", "/funds/", "/plan/"], BRUNO: ["/", "/funds/"], CHEN: ["/", "/odd/"]}
        for person, pages in ways.items():
            for minute, path in enumerate(pages):
                did(person, 1, "Page Viewed", minute, path=path)

    def test_go_on_from_the_beginning_of_visits(self, walks):
        kind, shown = ask({"kind": "paths"})

        assert sheet(shown, "ways").rows == [
            ("1. /", "2. /funds/", 2, 2),
            ("1. /", "2. /odd/", 1, 1),
            ("2. /funds/", "3. /plan/", 1, 1),
            ("2. /funds/", "3. (end)", 1, 1),
            ("2. /odd/", "3. (end)", 1, 1),
            ("3. /plan/", "4. (end)", 1, 1),
        ]
        assert shown.sentence == "3 ways; most often from “1. /” to “2. /funds/”: 2 times."
        assert sheet(shown, "pairs").rows[0] == ("/", "/funds/", 2, 2)
        for number, listed in behind(kind, shown, "ways").values():
            assert number == listed

    def test_lead_back_from_where_people_arrived(self, walks):
        plan = {"event": "Page Viewed", "where": [{"prop": "path", "cmp": "eq", "value": "/plan/"}]}
        kind, shown = ask({"kind": "paths", "anchor": plan, "way": "to"})

        assert sheet(shown, "ways").rows == [
            ("2. /funds/", "1. /plan/", 1, 1),
            ("3. /", "2. /funds/", 1, 1),
            ("4. (nothing before)", "3. /", 1, 1),
        ]
        assert people(kind, sheet(shown, "ways").points[0, 2]) == [ANA]

    def test_fold_rare_places_into_one_and_show_repeats_only_if_asked(self, walks):
        _kind, shown = ask({"kind": "paths", "most": 1, "depth": 1})
        assert sheet(shown, "ways").rows == [
            ("1. /", "2. /funds/", 2, 2), ("1. /", "2. (other)", 1, 1),
        ]  # fmt: skip

        _kind, shown = ask({"kind": "paths", "repeats": True, "depth": 1})
        assert ("1. /", "2. /", 1, 1) in sheet(shown, "ways").rows

    @pytest.mark.parametrize(
        "how",
        [
            {"shown": "events", "most": 1},
            {"shown": "events", "anchor": {"event": "Viewed"}, "within": [2, "days"], "depth": 3},
            {"shown": "both", "anchor": {"event": "Bought"}, "way": "to", "within": [9, "days"]},
        ],
        ids=str,
    )
    def test_every_edge_has_its_people(self, crowd, how):
        kind, shown = ask({"kind": "paths", **how})

        for name in ("ways", "pairs"):
            one = sheet(shown, name)
            assert one.points
            for (row, _column), point in some(one.points):
                assert len(people(kind, point)) == one.rows[row][3]


class TestLifecycle:
    def test_tells_new_returning_woken_and_quiet_people_apart(self, db):
        world.make_room(AT, AT - timedelta(days=60))
        did(ANA, 30)
        for person, days in [(ANA, [3, 2, 0]), (BRUNO, [2]), (CHEN, [3])]:
            for ago in days:
                did(person, ago)

        kind, shown = ask({"kind": "lifecycle", "every": "day"}, period={"last": [4, "days"]})

        one = sheet(shown, "cycles")
        assert one.rows == [
            ("2024-03-17", 1, 0, 1, 0), ("2024-03-18", 1, 1, 0, 1), ("2024-03-19", 0, 0, 0, 2),
            ("2024-03-20", 0, 0, 1, 0),
        ]  # fmt: skip
        assert people(kind, one.points[1, 4]) == [CHEN]
        assert shown.sentence == "2 people were new; 3 times somebody went quiet."

    def test_every_number_has_its_people(self, crowd):
        kind, shown = ask({"kind": "lifecycle", "every": "day", "act": {"event": "Viewed"}})

        told = behind(kind, shown, "cycles")
        assert len(told) > 10
        assert all(number == listed for number, listed in told.values())

    def test_says_nothing_about_days_to_come(self, crowd):
        soon = {"from": "2024-03-18", "to": "2024-03-25"}
        _kind, shown = ask({"kind": "lifecycle", "every": "day"}, period=soon)

        assert [row[0] for row in sheet(shown, "cycles").rows][-1] == "2024-03-20"


class TestMessages:
    @pytest.fixture
    def messages(self, db):
        """Ana opens, clicks and buys; a program opens Bruno's mail; Chen's address is gone."""
        world.make_room(AT, AT - timedelta(days=60))
        did(ANA, 20, "Journey Entered", journey="Welcome", journey_id=7)
        for person in (ANA, BRUNO, CHEN):
            self.told(person, "Failed" if person == CHEN else "Sent")
        self.told(ANA, "Delivered", 1)
        self.told(ANA, "Opened", 5)
        self.told(ANA, "Opened", 9)
        self.told(ANA, "Clicked", 9)
        self.told(BRUNO, "Opened by Machine", 1)
        did(BRUNO, 5, "Message Sent", message="Offer", message_id=2, delivery_id=22, channel="sms")
        did(ANA, 3, "Bought")

    def told(self, person, what, minutes=0):
        did(
            person, 5, f"Message {what}", minutes, message="Hello", message_id=1,
            delivery_id=10 + person, journey_id=7, channel="email",
        )  # fmt: skip

    def test_are_followed_from_sending_to_what_people_did(self, messages):
        kind, shown = ask({"kind": "deliveries", "goal": {"event": "Bought"}, "after": "clicked"})

        counts = sheet(shown, "counts")
        by_key = {
            row[0]: dict(zip([column.key for column in counts.columns], row, strict=True))
            for row in counts.rows
        }
        hello = by_key["Hello"]
        assert [hello[key] for key in ("people", "sent", "failed", "delivered")] == [3, 2, 1, 1]
        assert [hello[key] for key in ("opened", "opened_by_machine", "clicked")] == [1, 1, 1]
        assert (hello["converted"], by_key["Offer"]["converted"]) == (1, 0)
        assert sheet(shown, "shares").rows[0] == ("Hello", 2, 0.5, 0.5, 0.5, 0.0, 0.5, 1.0)
        for number, listed in behind(kind, shown, "counts").values():
            assert number == listed
        unopened = next(p for p in counts.points.values() if p["outcome"] == "not_opened")
        assert people(kind, unopened) == [BRUNO]

    @pytest.mark.parametrize(
        ("by", "lines"),
        [
            ("journey", ["Welcome", "Without a journey"]),
            ("channel", ["E-mail", "SMS"]),
            ("day", ["2024-03-15"]),
        ],
    )
    def test_are_told_apart_by_journey_channel_and_day(self, messages, by, lines):
        kind, shown = ask({"kind": "deliveries", "by": by})

        assert [row[0] for row in sheet(shown, "counts").rows] == lines
        for number, listed in behind(kind, shown, "counts").values():
            assert number >= listed > 0

    def test_count_for_so_long_and_no_longer(self, messages):
        raw = {"kind": "deliveries", "goal": {"event": "Bought"}, "within": [1, "days"]}
        _kind, shown = ask(raw)

        assert sheet(shown, "shares").rows[0][6] == 0.0

    def test_that_nobody_sent_are_said_in_words(self, crowd):
        assert ask({"kind": "deliveries"})[1].empty == "No message was sent in these days."


class TestReading:
    @pytest.mark.parametrize(
        ("raw", "path"),
        [
            ({"kind": "retention", "every": "year"}, "every"),
            ({"kind": "retention", "mode": "brackets", "brackets": "9-1"}, "brackets"),
            ({"kind": "retention", "most_later": 61}, "most_later"),
            ({"kind": "retention", "most_later": 1.5}, "most_later"),
            ({"kind": "retention", "by": "moon"}, "by"),
            ({"kind": "retention", "first": {"event": 3}}, "first.event"),
            ({"kind": "paths", "within": [2, "days"]}, "anchor"),
            ({"kind": "paths", "anchor": {"event": "A"}, "within": [0, "days"]}, "within"),
            ({"kind": "paths", "anchor": {"event": "A"}, "within": [2, "years"]}, "within"),
            ({"kind": "paths", "depth": 9}, "depth"),
            ({"kind": "deliveries", "goal": {"event": "A", "where": 3}}, "goal.where"),
            ({"kind": "lifecycle", "every": "hour"}, "every"),
        ],
        ids=str,
    )
    def test_what_is_wrong_is_said_where_it_is(self, raw, path):
        with pytest.raises(QuestionError) as refused:
            asked.parse({"period": DAYS, **raw})

        assert refused.value.path == path
        assert refused.value.words

    @pytest.mark.parametrize(
        "raw",
        [
            {"kind": "retention", "every": "month", "counting": "every", "mode": "brackets",
             "brackets": "1-7-14-30", "by": "trait:plan", "first": {"event": "A"},
             "again": {"event": ""}},
            {"kind": "retention", "most_later": 5, "mode": "rolling"},
            {"kind": "paths", "shown": "both", "anchor": {"event": "A"}, "way": "to",
             "within": [3, "hours"], "depth": 2, "most": 9, "repeats": True},
            {"kind": "deliveries", "by": "channel", "goal": {"event": ""}, "after": "opened",
             "within": [7, "days"]},
            {"kind": "lifecycle", "every": "month", "act": {"event": "A"}},
        ],
        ids=lambda raw: raw["kind"],
    )  # fmt: skip
    def test_a_question_has_one_spelling(self, raw):
        first = asked.parse({"period": DAYS, **raw}).plain()

        assert asked.parse(first).plain() == first
        assert {key: first[key] for key in raw} == raw

    @pytest.mark.parametrize(
        ("kind", "good", "wrong"),
        [
            (
                "retention", {"slot": 1, "zone": "UTC", "cohort": "2024-03-01", "place": 1},
                [{"slot": "1"}, {"slot": 99}, {"zone": "Nowhere"}, {"zone": None},
                 {"cohort": "March"}, {"cohort": 3}, {"place": "x"}, {"part": 3}],
            ),
            (
                "paths", {"step": 0, "source": "/", "target": "/a"},
                [{"step": 9}, {"step": "0"}, {"source": 3}, {"target": ["/"]},
                 {"step": None, "target": None}],
            ),
            (
                "deliveries", {"outcome": "opened", "key": "1"},
                [{"outcome": "eaten"}, {"outcome": None}, {"key": 1}, {"zone": "Nowhere"}],
            ),
            (
                "lifecycle", {"state": "new", "cycle": "2024-03-01", "zone": "UTC"},
                [{"state": "asleep"}, {"cycle": "x"}, {"zone": ""}, {"cycle": None}],
            ),
        ],
        ids=["retention", "paths", "deliveries", "lifecycle"],
    )  # fmt: skip
    def test_points_that_are_none_are_refused(self, kind, good, wrong):
        one = KINDS.get(kind).parse({})

        assert one.people(good)
        for more in wrong:
            with pytest.raises(QuestionError):
                one.people(good | more)


class TestCycles:
    @pytest.mark.parametrize("every", ["day", "week", "month"])
    @pytest.mark.parametrize(
        "zone", ["UTC", "Europe/Madrid", "Australia/Lord_Howe", "America/Caracas", "Asia/Kathmandu"]
    )
    def test_both_engines_count_them_as_the_calendar_does(self, db, zone, every):
        start, end = datetime(2023, 9, 1, tzinfo=UTC), datetime(2024, 5, 1, tzinfo=UTC)
        cycles, parameters = Cycles(every, zone, start, end), {}
        sql = cycles.sql(parameters)
        dice = random.Random(1)
        begins = [cycles.begins(number) for number in range(*cycles.ends)][1:]
        moments = [
            one.astimezone(UTC) + timedelta(microseconds=off) for one in begins for off in (-1, 0)
        ]
        moments += [start + timedelta(minutes=dice.randrange(240 * 1440)) for _ in range(100)]
        expected = [cycles.of(moment) for moment in moments]

        told = "SELECT {} FROM unnest({}) ev(happened_at)"
        with duckdb.connect() as database:
            found = database.execute(
                told.format(sql, "$moments"), parameters | {"moments": moments}
            )
            by_duckdb = [row[0] for row in found.fetchall()]
        with connection.cursor() as cursor:
            bound = sql
            for name in sorted(parameters, key=len, reverse=True):
                bound = bound.replace(f"${name}", f"%({name})s")
            cursor.execute(
                told.format(bound, "%(moments)s::timestamptz[]"), parameters | {"moments": moments}
            )
            by_postgres = [row[0] for row in cursor.fetchall()]

        assert by_duckdb == by_postgres == expected
        assert [cycles.first(number) for number in range(*cycles.ends)][1:] == [
            one.date() for one in begins
        ]

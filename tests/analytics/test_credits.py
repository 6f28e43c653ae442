"""Questions about what led to orders and what they brought in."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.urls import reverse

from analytics import query
from analytics.questions import KINDS, periods
from analytics.questions.base import QuestionError
from dxp.users.models import User
from tests.analytics import world
from tests.analytics.test_reports import staff
from tests.analytics.world import DAY, END, happen

BOUGHT = {"event": "Bought"}
CREDIT = {"conversion": BOUGHT, "touches": "source"}
REVENUE = {"order": BOUGHT, "back": {"event": "Refunded"}, "number": "property:order"}
DAYS = periods.days(DAY.date(), DAY.date(), "UTC")
BEFORE = periods.days(DAY.date() - timedelta(days=1), DAY.date() - timedelta(days=1), "UTC")


def kind(name, raw):
    return KINDS.get(name).parse(raw)


def shown(name, raw, lake, before=None):
    def ask(measure, *, days=None, **parameters):
        looked = days or DAYS
        window = {"start": looked.start, "end": looked.end}
        return query.ask(measure, lake=lake, at=END, **{**window, **parameters}).rows

    return kind(name, raw).show(ask, DAYS, before)


def people(name, raw, point, lake):
    measure, parameters = kind(name, raw).people(point)
    asked = {"start": DAYS.start, "end": DAYS.end, **parameters}
    return [row[0] for row in query.ask(measure, lake=lake, at=END, **asked).rows]


@pytest.fixture
def shop(lake):
    """Yield a lake in which ana came twice and bought, and bruno bought and gave back."""
    world.make_room(DAY, DAY - timedelta(days=1))
    happen(1, DAY, campaign_source="news", campaign_medium="email")
    happen(1, DAY + timedelta(hours=1), campaign_source="ads", campaign_medium="cpc")
    happen(1, DAY + timedelta(hours=1), "Bought", "track", revenue=30, order="A", sku="tea")
    happen(1, DAY + timedelta(hours=1), "Bought", "track", revenue=10, order="A", sku="cup")
    happen(2, DAY + timedelta(hours=2), "Bought", "track", revenue=8, order="B", sku="tea")
    happen(2, DAY + timedelta(hours=3), "Refunded", "track", revenue=8, order="B", sku="tea")
    return lake


class TestAttribution:
    def test_tells_the_models_side_by_side(self, shop):
        counts, worth, apart = shown("attribution", CREDIT, shop).sheets

        assert [(row[0], *row[1:4]) for row in counts.rows] == [
            ("ads", 2, 2, 0), ("news", 0, 0, 2), ("Nothing before it", 1, 1, 1),
        ]  # fmt: skip
        assert [row[1] for row in worth.rows] == [40, 0, 8]
        assert [(row[0], row[-1]) for row in apart.rows] == [("ads", 2), ("news", 2)]

    def test_each_number_of_whole_conversions_leads_to_its_people(self, shop):
        counts = shown("attribution", CREDIT, shop).sheets[0]

        found = {
            (counts.rows[i][0], counts.columns[j].key): people("attribution", CREDIT, point, shop)
            for (i, j), point in counts.points.items()
        }

        assert found["ads", "last"] == found["news", "first"] == found["news", "helped"] == [1]
        assert found["Nothing before it", "people"] == [2]
        assert ("news", "last") not in found

    def test_other_events_can_be_what_led_there_and_none_of_them_is_direct(self, shop):
        asked = {
            "conversion": {"event": "Refunded"}, "touches": "event", "touch": BOUGHT,
            "by": "property:sku",
        }  # fmt: skip

        counts = shown("attribution", asked, shop).sheets[0]

        assert [column.key for column in counts.columns[:3]] == ["touch", "last", "first"]
        assert counts.rows[0][:3] == ("tea", 1, 1)

    def test_says_that_nobody_did_it(self, shop):
        answer = shown("attribution", CREDIT | {"conversion": {"event": "Flown"}}, shop)

        assert (answer.empty, list(answer.sheets)) == ("Nobody did this in these days.", [])

    @pytest.mark.parametrize(
        ("wrong", "path"),
        [
            ({"conversion": None}, "conversion.event"),
            ({"touches": "stars"}, "touches"),
            ({"touches": "event", "touch": BOUGHT}, "by"),
            ({"touches": "event", "touch": BOUGHT, "by": "trait:plan"}, "by"),
            ({"within": [0, "days"]}, "within"),
            ({"within": [13, "months"]}, "within"),
            ({"within": "long"}, "within"),
            ({"half_life": 0.1}, "half_life"),
            ({"half_life": True}, "half_life"),
        ],
    )
    def test_says_at_the_control_what_it_cannot_ask(self, wrong, path):
        with pytest.raises(QuestionError) as refused:
            kind("attribution", CREDIT | wrong)

        assert refused.value.path == path

    def test_its_spelling_means_the_same_again(self):
        once = kind("attribution", CREDIT | {"within": [2, "weeks"], "half_life": 3})

        assert kind("attribution", once.plain()) == once
        assert (once.days, once.half_life) == (14, 3.0)

    def test_knows_no_such_number(self):
        with pytest.raises(QuestionError):
            kind("attribution", CREDIT).people({"touch": 7})


class TestRevenue:
    def test_adds_up_orders_and_what_came_back(self, shop):
        answer = shown("revenue", REVENUE | {"by": "property:sku"}, shop)
        over_time, parts = answer.sheets

        assert over_time.rows == [(DAY.date(), 40.0, 2, 24.0, 2, 1, 8.0)]
        assert [row[:3] for row in parts.rows] == [("tea", 30.0, 2), ("cup", 10.0, 1)]
        assert answer.sentence == (
            "40.00 came in: 2 orders of 2 people, 24.00 on average; 8.00 went back."
        )

    def test_compares_with_the_days_before(self, shop):
        happen(3, DAY - timedelta(hours=1), "Bought", "track", revenue=5)

        over_time = shown("revenue", REVENUE, shop, BEFORE).sheets[0]

        assert over_time.columns[2].faint
        assert over_time.rows[0][:3] == (DAY.date(), 40.0, 5.0)

    def test_a_day_without_orders_is_zero_and_stands_for_nobody(self, shop):
        happen(3, DAY - timedelta(hours=1), "Bought", "track", revenue=5)
        long = periods.days(DAY.date() - timedelta(days=3), DAY.date(), "UTC")

        sheet = kind("revenue", REVENUE).show(
            lambda measure, *, days=None, **more: query.ask(
                measure, lake=shop, at=END, start=long.start, end=long.end, **more
            ).rows,
            long, None,
        ).sheets[0]  # fmt: skip

        assert [row[1] for row in sheet.rows] == [0, 0, 5.0, 40.0]
        assert {line for line, _column in sheet.points} == {2, 3}

    def test_each_number_leads_to_its_people(self, shop):
        over_time, parts = shown("revenue", REVENUE | {"by": "property:sku"}, shop).sheets

        def behind(sheet, row, key):
            column = [one.key for one in sheet.columns].index(key)
            asked = REVENUE | {"by": "property:sku"}
            return people("revenue", asked, sheet.points[row, column], shop)

        assert behind(over_time, 0, "orders") == behind(parts, 0, "buyers") == [2, 1]
        assert behind(over_time, 0, "returns") == behind(parts, 0, "returns") == [2]
        assert behind(parts, 1, "orders") == [1]

    @pytest.mark.parametrize(
        ("wrong", "path"),
        [
            ({"order": {}}, "order.event"),
            ({"number": "path"}, "number"),
            ({"every": "minute"}, "every"),
            ({"by": "stars"}, "by"),
        ],
    )
    def test_says_at_the_control_what_it_cannot_ask(self, wrong, path):
        with pytest.raises(QuestionError) as refused:
            kind("revenue", REVENUE | wrong)

        assert refused.value.path == path

    @pytest.mark.parametrize("point", [{"from": "now"}, {"from": 1}, {"back": 1}, {"value": 3}])
    def test_knows_no_such_number(self, point):
        with pytest.raises(QuestionError):
            kind("revenue", REVENUE).people(point)

    def test_its_spelling_means_the_same_again(self):
        once = kind("revenue", REVENUE | {"every": "week", "by": "trait:country"})

        assert kind("revenue", once.plain()) == once


@pytest.mark.parametrize(
    ("name", "asked", "words"),
    [
        ("attribution", CREDIT, "Last not direct"),
        ("revenue", REVENUE | {"by": "property:sku"}, "Average order"),
    ],
)
def test_a_page_shows_the_chart_the_table_and_its_people(shop, name, asked, words):
    mara = staff("mara", "access_admin", "view_reports", "view_profile")
    period = {"from": DAY.date().isoformat(), "to": DAY.date().isoformat()}

    page = mara.get(
        reverse("analytics_question_new"),
        {"q": json.dumps({"kind": name, "period": period} | asked)},
    ).content.decode()

    assert words in page
    assert 'data-controller="chart"' in page
    assert reverse("analytics_people") in page
    User.objects.filter(username="mara").delete()

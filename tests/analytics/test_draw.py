"""A sheet becomes a table that a chart is drawn from, and every number leads to its people."""

from __future__ import annotations

from datetime import date

import pytest
from django.template.loader import render_to_string

from analytics import draw
from analytics.questions.base import Column, Sheet

DAYS = Sheet(
    "days",
    "Day by day",
    (
        Column("day", "Day", "day"),
        Column("people", "People", series=True),
        Column("before", "People before", series=True, faint=True),
        Column("rate", "Rate", "share", series=True),
    ),
    [("2026-03-01", 1200, 7, 0.5), ("2026-03-02", 3, None, None)],
    chart="line",
    points={(0, 1): {"day": "2026-03-01"}},
)


def drawn(sheet=DAYS, **more):
    return draw.sheet(sheet, **more)


class TestASheet:
    def test_shows_each_value_as_people_read_it(self):
        texts = [[cell.text for cell in line.cells] for line in drawn().lines]

        assert texts == [["1,200", "7", "50.0 %"], ["3", draw.DASH, draw.DASH]]

    def test_rounds_and_does_not_cut_off(self):
        assert (draw.share(2 / 3), draw.duration(3.96 * 3600)) == ("66.7 %", "4.0 h")

    def test_keeps_the_raw_value_for_the_chart(self):
        assert [cell.value for cell in drawn().lines[0].cells] == ["1200", "7", "0.5"]

    def test_what_is_compared_with_has_the_color_of_what_it_follows(self):
        assert [(head.series, head.faint) for head in drawn().heads] == [
            (0, False), (1, False), (1, True), (2, False),
        ]  # fmt: skip

    def test_a_number_leads_to_its_people_where_they_may_be_seen(self):
        cells = drawn(people_url=lambda point: f"/people/?{point['day']}").lines[0].cells

        assert [cell.url for cell in cells] == ["/people/?2026-03-01", "", ""]
        assert [cell.url for cell in drawn().lines[0].cells] == ["", "", ""]

    def test_the_day_that_is_not_over_says_so(self):
        today = date(2026, 3, 2)

        assert [line.open for line in drawn(today=today).lines] == [False, True]

    def test_a_week_that_has_begun_is_not_over(self):
        weeks = Sheet("weeks", "Weeks", DAYS.columns[:2], [("2026-03-02", 1), ("2026-03-09", 1)])

        assert [line.open for line in drawn(weeks, today=date(2026, 3, 12)).lines] == [False, True]
        assert [line.open for line in drawn(weeks, today=date(2026, 3, 16)).lines] == [False, False]

    def test_a_remark_stands_beside_its_day_or_in_its_week(self):
        marks = [(date(2026, 3, 11), "Campaign"), (date(2026, 5, 1), "Later")]
        weeks = Sheet("weeks", "Weeks", DAYS.columns[:2], [("2026-03-02", 1), ("2026-03-09", 1)])

        assert [line.mark for line in drawn(weeks, marks=marks).lines] == ["", "Campaign"]

    def test_the_first_hour_of_a_day_carries_its_remark(self):
        hours = [("2026-03-01T00:00:00", 1), ("2026-03-01T01:00:00", 2)]
        sheet = Sheet("hours", "Hours", DAYS.columns[:2], hours)

        assert [line.mark for line in drawn(sheet, marks=[(date(2026, 3, 1), "A")]).lines] == [
            "A", "",
        ]  # fmt: skip

    def test_says_how_many_rows_are_left_out(self):
        sheet = Sheet("top", "Top", DAYS.columns[:2], [("2026-03-01", 1)], total=2500)

        assert drawn(sheet).cut == "The first 1 of 2,500 are shown."

    def test_a_sheet_without_rows_has_no_chart(self):
        empty = Sheet("days", "Days", DAYS.columns, [], chart="line")

        assert (drawn(empty).chart, list(drawn(empty).lines)) == ("none", [])


class TestItsTemplate:
    def page(self, sheet=DAYS, **more):
        return render_to_string("analytics/_sheet.html", {"drawn": drawn(sheet, **more)})

    def test_the_chart_reads_from_the_table_below_it(self):
        page = self.page(place="home-")

        assert 'data-chart-table-value="home-days"' in page
        assert 'id="home-days"' in page
        assert '<td data-value="1200">1,200</td>' in page

    def test_names_the_people_behind_a_number_for_those_who_hear_the_page(self):
        page = self.page(people_url=lambda point: "/people/")

        assert '<a href="/people/">1,200<span class="w-sr-only">' in page
        assert "people: Sun 1 Mar 2026, People" in page

    @pytest.mark.parametrize("evil", ["<b>", '" onclick="x'])
    def test_what_visitors_sent_stays_text(self, evil):
        sheet = Sheet(
            "top", "Top", (Column("page", "Page", "text"), DAYS.columns[1]), [(evil, 1)], "bars"
        )

        assert evil not in self.page(sheet)

    def test_says_that_there_is_nothing(self):
        empty = Sheet("days", "Days", DAYS.columns, [], chart="line")

        assert "There is nothing to show." in self.page(empty)

"""Times on people's walls, on the nights when clocks change too."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys import timing

BUCHAREST, TOKYO, LORD_HOWE = (
    ZoneInfo(name) for name in ("Europe/Bucharest", "Asia/Tokyo", "Australia/Lord_Howe")
)
ZONES = st.sampled_from([
    ZoneInfo(name)
    for name in (
        "Europe/Bucharest", "Asia/Tokyo", "Australia/Lord_Howe", "America/New_York", "UTC",
        "Pacific/Apia", "America/St_Johns", "Africa/Casablanca",
    )
])  # fmt: skip
DAYS = st.integers(0, 10 * 366 * 86_400)
MOMENTS = DAYS.map(lambda seconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))
CLOCKS = st.times().map(lambda one: one.replace(second=0, microsecond=0))


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class TestTimeOfDay:
    def test_tomorrow_at_half_past_nine_is_tomorrow_where_the_person_is(self):
        late = at("2026-11-21T22:30")  # half past midnight in Bucharest, half past seven in Tokyo
        assert timing.next_time(late, BUCHAREST, time(9, 30), after=1) == at("2026-11-23T07:30")
        assert timing.next_time(late, TOKYO, time(9, 30), after=1) == at("2026-11-23T00:30")

    def test_today_if_it_is_still_to_come_else_tomorrow(self):
        assert timing.next_time(at("2026-11-21T06:00"), BUCHAREST, time(9, 30)) == at(
            "2026-11-21T07:30"
        )
        assert timing.next_time(at("2026-11-21T07:30"), BUCHAREST, time(9, 30)) == at(
            "2026-11-22T07:30"
        )

    def test_a_time_that_the_clocks_skip_is_the_moment_of_the_jump(self):
        # 29 March 2026: 03:00 becomes 04:00 in Bucharest.
        found = timing.moment(date(2026, 3, 29), time(3, 30), BUCHAREST)
        assert found == at("2026-03-29T01:00")
        assert found.astimezone(BUCHAREST).time() == time(4)

    def test_a_jump_of_half_an_hour_too(self):
        found = timing.moment(date(2026, 10, 4), time(2, 15), LORD_HOWE)
        assert found.astimezone(LORD_HOWE).time() == time(2, 30)

    def test_a_time_that_comes_twice_is_the_first_of_both(self):
        assert timing.moment(date(2026, 10, 25), time(3, 30), BUCHAREST) == at("2026-10-25T00:30")

    @given(since=MOMENTS, zone=ZONES, clock=CLOCKS, after=st.integers(0, 40))
    def test_it_always_comes_soon_and_shows_that_time(self, since, zone, clock, after):
        found = timing.next_time(since, zone, clock, after=after)
        assert since < found <= since + timedelta(days=after + 2, hours=2)
        shown = found.astimezone(zone).time()
        back = timing.moment(found.astimezone(zone).date(), clock, zone)
        # Where the clocks skipped it, it is the moment after.
        assert shown == clock or back == found

    @given(since=MOMENTS, zone=ZONES, clock=CLOCKS, days=st.sets(st.integers(0, 6), min_size=1))
    def test_weekdays(self, since, zone, clock, days):
        found = timing.next_weekday(since, zone, clock, days)
        assert since < found < since + timedelta(days=8, hours=2)
        assert found.astimezone(zone).weekday() in days

    def test_no_weekday_is_refused(self):
        with pytest.raises(ValueError, match="weekday"):
            timing.next_weekday(at("2026-11-21T06:00"), TOKYO, time(9), [])


class TestZones:
    @pytest.mark.parametrize("told", ["Nowhere/City", "", "../etc/passwd", "x" * 99, 3, None, []])
    def test_what_is_no_zone_is_the_workspaces(self, told):
        assert timing.zone_of({"timezone": told}, TOKYO) is TOKYO

    def test_the_persons_own_counts(self):
        assert timing.zone_of({"timeZone": "Europe/Bucharest"}, TOKYO) == BUCHAREST


class TestDates:
    def test_three_days_before_a_renewal(self):
        found = timing.day_of_trait("2026-12-24", BUCHAREST, time(9), timedelta(days=-3))
        assert found == at("2026-12-21T07:00")

    def test_of_a_moment_the_day_where_the_person_is_counts(self):
        late = "2026-12-24T23:30:00Z"
        assert timing.as_day(late, BUCHAREST) == date(2026, 12, 25)
        assert timing.as_day(late, ZoneInfo("America/New_York")) == date(2026, 12, 24)

    @given(st.text(max_size=45) | st.integers() | st.none() | st.lists(st.text(), max_size=2))
    def test_nonsense_is_no_date(self, told):
        found = timing.day_of_trait(told, TOKYO, time(9), timedelta(days=1))
        assert found is None or isinstance(found, datetime)

    def test_the_last_day_of_all_times_has_no_day_after(self):
        assert timing.day_of_trait("9999-12-31", TOKYO, time(9), timedelta(days=1)) is None

    def test_born_on_a_leap_day(self):
        assert timing.anniversary(date(2004, 2, 29), 2027) == date(2027, 2, 28)
        assert timing.anniversary(date(2004, 2, 29), 2028) == date(2028, 2, 29)


class TestQuietHours:
    def test_over_midnight(self):
        quiet = (BUCHAREST, time(21), time(8))
        assert timing.quiet_until(at("2026-11-21T20:00"), *quiet) == at("2026-11-22T06:00")
        assert timing.quiet_until(at("2026-11-22T05:59"), *quiet) == at("2026-11-22T06:00")
        assert timing.quiet_until(at("2026-11-22T06:00"), *quiet) is None
        assert timing.quiet_until(at("2026-11-21T18:59"), *quiet) is None

    def test_the_same_from_and_until_hold_nobody(self):
        assert timing.quiet_until(at("2026-11-21T20:00"), TOKYO, time(9), time(9)) is None

    @given(moment=MOMENTS, zone=ZONES, begins=CLOCKS, ends=CLOCKS)
    def test_they_end_within_a_day_and_do_not_hold_at_their_end(self, moment, zone, begins, ends):
        found = timing.quiet_until(moment, zone, begins, ends)
        if found is not None:
            assert moment < found <= moment + timedelta(days=1, hours=3)
            assert timing.quiet_until(found, zone, begins, ends) is None


class TestOccurrences:
    def every(self, name, on="2026-01-31", clock="09:00", **more):
        return {"every": name, "on": on, "time": clock, **more}

    def test_a_month_without_the_day_has_it_on_its_last(self):
        found = timing.next_occurrence(
            self.every("month"), after=at("2026-02-01T00:00"), zone=BUCHAREST
        )
        assert found == at("2026-02-28T07:00")

    def test_once_is_over_after_it(self):
        entry = self.every("once")
        assert timing.next_occurrence(entry, after=at("2026-01-30T00:00"), zone=TOKYO)
        assert timing.next_occurrence(entry, after=at("2026-01-31T00:00"), zone=TOKYO) is None

    def test_not_before_the_first_day(self):
        found = timing.next_occurrence(self.every("day"), after=at("2020-01-01T00:00"), zone=TOKYO)
        assert found == at("2026-01-31T00:00")

    @given(
        after=MOMENTS, zone=ZONES, clock=CLOCKS, days=st.sets(st.integers(0, 6), min_size=1),
        kind=st.sampled_from(["day", "week", "month"]),
    )  # fmt: skip
    def test_they_rise_and_none_is_left_out(self, after, zone, clock, days, kind):
        entry = self.every(kind, "2019-05-31", clock.isoformat("minutes"), weekdays=sorted(days))
        one = timing.next_occurrence(entry, after=after, zone=zone)
        two = timing.next_occurrence(entry, after=one, zone=zone)
        assert after < one < two
        assert timing.next_occurrence(entry, after=two - timedelta(seconds=1), zone=zone) == two

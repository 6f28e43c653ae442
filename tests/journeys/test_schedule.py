"""People enter at the times of a schedule and on dates of their own: once on each occasion."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from journeys import schedule
from journeys.models import Enrollment
from tests.journeys.conftest import NOON, delay, draw, happened, person

pytestmark = pytest.mark.django_db


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def told(profile, **traits):
    profile.traits |= traits
    profile.save()
    return profile


def runs():
    return [
        (run.profile.traits["firstName"], run.due_at) for run in Enrollment.objects.order_by("pk")
    ]


def every(fans, name, **more):
    return {"type": "schedule", "segment": fans.pk, "every": name, "on": "2026-11-23",
            "time": "09:00", **more}  # fmt: skip


class TestSchedule:
    def test_everybody_in_the_segment_enters_at_that_time_and_nobody_before(self, ana, bruno, fans):
        happened(ana, "Liked")
        draw(fans, delay(), entry=every(fans, "day"))

        assert schedule.run(at=at("2026-11-23T08:59:59")) == 0
        assert schedule.run(at=at("2026-11-23T09:00:10")) == 1
        assert [name for name, _due in runs()] == ["Ana"]

    def test_who_may_come_again_comes_again_the_next_time_and_once(self, ana, fans):
        happened(ana, "Liked")
        draw(fans, delay(), entry=every(fans, "day"), reentry="ALWAYS")

        for moment in ("2026-11-23T09:00:10", "2026-11-23T09:00:40", "2026-11-24T09:00:05"):
            schedule.run(at=at(moment))

        assert len(runs()) == 2

    def test_once_only_is_once_only_however_often_it_comes(self, ana, fans):
        happened(ana, "Liked")
        journey = draw(fans, delay(), entry=every(fans, "week", weekdays=[0]))

        for moment in ("2026-11-23T09:00:10", "2026-11-30T09:00:05"):
            schedule.run(at=at(moment))

        assert len(runs()) == 1
        journey.refresh_from_db()
        assert journey.next_at == at("2026-12-07T09:00")

    def test_a_bite_that_was_cut_off_goes_on_where_it_stopped(self, fans, monkeypatch):
        monkeypatch.setattr(schedule, "BITE", 2)
        for name in ("ana", "bea", "cem", "dan", "eva"):
            happened(person(name), "Liked")
        journey = draw(fans, delay(), entry=every(fans, "once"), reentry="ALWAYS")
        moment = at("2026-11-23T09:00:10")

        schedule._bite(journey.pk, 0, moment)
        assert len(runs()) == 2
        # The worker died here; another begins anew.
        assert schedule.run(at=moment) == 3
        assert len({name for name, _due in runs()}) == 5

    def test_what_was_missed_by_days_is_not_made_up_for(self, ana, fans):
        happened(ana, "Liked")
        draw(fans, delay(), entry=every(fans, "month"))

        assert schedule.run(at=at("2026-11-26T09:00")) == 0

    def test_a_paused_journey_lets_nobody_in(self, ana, fans):
        happened(ana, "Liked")
        journey = draw(fans, delay(), entry=every(fans, "day"))
        type(journey).objects.filter(pk=journey.pk).update(state="PAUSED")

        assert schedule.run(at=at("2026-11-23T09:00:10")) == 0


def birthday(**more):
    return {"type": "date", "trait": "born_on", "amount": 0, "unit": "days", "side": "after",
            "time": "09:00", "yearly": True, **more}  # fmt: skip


class TestDates:
    def test_each_at_nine_where_they_are(self, ana, bruno, fans):
        told(ana, born_on="1990-11-22", timezone="Asia/Tokyo")
        told(bruno, born_on="1985-11-22", timezone="Europe/Bucharest")
        draw(fans, delay(), entry=birthday())

        moment = NOON
        while moment < at("2026-11-22T12:00"):
            schedule.run(at=moment)
            moment += timedelta(minutes=15)

        assert runs() == [("Ana", at("2026-11-22T00:00")), ("Bruno", at("2026-11-22T07:00"))]

    def test_only_who_is_in_the_segment(self, ana, bruno, fans):
        for one in (ana, bruno):
            told(one, born_on="1990-11-22")
        happened(ana, "Liked")
        draw(fans, delay(), entry=birthday(segment=fans.pk))

        assert schedule.run(at=at("2026-11-22T08:59")) == 1

    def test_three_days_before_a_day_that_comes_once(self, ana, fans):
        told(ana, ends_on="2026-11-25")
        entry = birthday(trait="ends_on", amount=3, side="before", yearly=False)
        draw(fans, delay(), entry=entry)

        assert schedule.run(at=at("2026-11-22T08:50")) == 1
        assert runs() == [("Ana", at("2026-11-22T09:00"))]
        assert schedule.run(at=at("2026-11-22T09:05")) == 0

    def test_born_on_a_leap_day(self, ana, fans):
        told(ana, born_on="2004-02-29")
        draw(fans, delay(), entry=birthday(), at=at("2027-02-27T00:00"))

        schedule.run(at=at("2027-02-28T08:55"))

        assert runs() == [("Ana", at("2027-02-28T09:00"))]

    def test_looking_twice_is_as_looking_once(self, ana, fans):
        told(ana, born_on="1990-11-22")
        journey = draw(fans, delay(), entry=birthday(), reentry="ALWAYS")
        schedule.run(at=at("2026-11-22T08:50"))
        # As after a restore of the clock, or a worker that died before it moved on.
        type(journey).objects.filter(pk=journey.pk).update(next_at=at("2026-11-22T08:50"))

        assert schedule.run(at=at("2026-11-22T08:52")) == 0

    @pytest.mark.parametrize("nonsense", ["", "soon", 7, None, ["1990-11-22"], "1990-13-45"])
    def test_what_is_no_date_lets_nobody_in_and_stops_nobody(self, ana, bruno, fans, nonsense):
        told(ana, born_on=nonsense)
        told(bruno, born_on="1990-11-22")
        draw(fans, delay(), entry=birthday())

        assert schedule.run(at=at("2026-11-22T08:50")) == 1

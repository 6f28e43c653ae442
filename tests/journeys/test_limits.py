"""Caps and quiet hours hold marketing back until their time, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from content.models import Topic
from journeys import dispatch, enroll
from journeys.channels.base import Outcome
from journeys.models import Cap, Delivery, QuietHours
from journeys.permit import verdict
from tests.journeys.conftest import DAY, HOUSE, NOON, draw, person, send, write
from tests.journeys.test_advance import walk_all
from tests.journeys.test_dispatch import Answering, by

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def journeys(fans):
    """Return a function that draws one journey per message."""

    def make(*messages):
        return [draw(fans, send(one), name=f"Journey {one.name}") for one in messages]

    return make


def reach(people, journeys, *, at=NOON):
    for journey in journeys:
        enroll.enter(starts=[enroll.Start(one.pk, journey) for one in people], at=at)
    walk_all(at)


def post(*, at=NOON, outcome=Outcome.OK, house=HOUSE):
    adapter = Answering(outcome)
    dispatch.dispatch(channels=by(adapter), house=house, at=at)
    return len(adapter.got)


def states():
    return list(Delivery.objects.order_by("profile_id", "pk").values_list("state", "reason"))


def letters(number, **fields):
    made = [write(f"Letter {one}") for one in range(number)]
    for one in made:
        for name, value in fields.items():
            setattr(one, name, value)
        one.save()
    return made


class TestCaps:
    def test_let_so_many_through_and_hold_the_rest_until_the_window_is_over(self, ana, journeys):
        Cap.objects.create(most=2, hours=24)
        reach([ana], journeys(*letters(3)))

        assert post() == 2
        held = Delivery.objects.get(state="QUEUED")
        assert (held.reason, held.due_at) == ("capped", NOON + DAY)
        assert post(at=NOON + DAY - timedelta(seconds=1)) == 0
        assert post(at=NOON + DAY) == 1

    def test_roll_instead_of_beginning_anew(self, ana, journeys):
        Cap.objects.create(most=2, hours=24)
        first, second, third = journeys(*letters(3))
        for hours, journey in ((0, first), (20, second), (23, third)):
            reach([ana], [journey], at=NOON + hours * HOUR)
            post(at=NOON + hours * HOUR)

        assert Delivery.objects.get(state="QUEUED").due_at == NOON + 24 * HOUR
        assert post(at=NOON + 24 * HOUR) == 1

    def test_count_each_person_alone(self, ana, journeys):
        Cap.objects.create(most=1, hours=24)
        dora = person("dora")
        reach([ana, dora], journeys(*letters(2)))

        assert post() == 2

    def test_of_a_topic_count_only_that(self, ana, journeys):
        markets = Topic.objects.create(name="Markets", slug="markets")
        Cap.objects.create(most=1, hours=24, topic=markets)
        about, about_too, other = letters(3)
        for one in (about, about_too):
            one.topic = markets
            one.save()
        reach([ana], journeys(about, about_too, other))

        assert post() == 2
        assert Delivery.objects.get(reason="capped").message == about_too

    def test_of_a_channel_count_only_that(self, ana, journeys):
        Cap.objects.create(most=1, hours=24, channel="sms")
        reach([ana], journeys(*letters(2)))

        assert post() == 2

    def test_give_back_what_was_not_sent(self, ana, journeys):
        Cap.objects.create(most=1, hours=24)
        reach([ana], journeys(*letters(1)))

        assert post(outcome=Outcome.PERMANENT) == 1
        reach([ana], journeys(write("Another")), at=NOON)
        assert post() == 1

    def test_count_what_may_have_arrived(self, ana, journeys):
        Cap.objects.create(most=1, hours=24)
        reach([ana], journeys(*letters(2)))

        post(outcome=Outcome.UNKNOWN)

        assert states() == [("UNKNOWN", "no_receipt"), ("QUEUED", "capped")]

    def test_neither_hold_nor_count_what_a_person_expects(self, ana, journeys):
        Cap.objects.create(most=1, hours=24)
        receipts = letters(2, purpose="transactional")
        reach([ana], journeys(*receipts, write("News")))

        assert post() == 3

    def test_drop_what_would_be_too_old_by_then(self, ana, journeys):
        Cap.objects.create(most=1, hours=24)
        reach([ana], journeys(*letters(2, valid_hours=12)))

        post()

        assert states() == [("SENT", ""), ("SKIPPED", "capped")]


class TestQuietHours:
    NIGHT = datetime(2026, 11, 21, 20, 30, tzinfo=UTC)

    @pytest.fixture(autouse=True)
    def quiet(self, db):
        QuietHours.objects.create(begins=time(21), ends=time(8))

    def test_hold_until_the_morning_of_the_recipient(self, ana, journeys):
        ana.traits |= {"timezone": "Europe/Bucharest"}
        ana.save()
        reach([ana], journeys(*letters(1)), at=self.NIGHT)

        assert post(at=self.NIGHT) == 0
        held = Delivery.objects.get()
        # Eight o'clock in Bucharest.
        assert (held.state, held.reason) == ("QUEUED", "quiet")
        assert held.due_at == datetime(2026, 11, 22, 6, tzinfo=UTC)
        assert post(at=held.due_at) == 1

    def test_go_by_the_house_where_nobody_knows_the_zone(self, ana, journeys):
        from dataclasses import replace

        reach([ana], journeys(*letters(1)), at=self.NIGHT)

        assert post(at=self.NIGHT, house=replace(HOUSE, zone=ZoneInfo("Asia/Tokyo"))) == 0
        assert Delivery.objects.get().due_at == datetime(2026, 11, 21, 23, tzinfo=UTC)

    def test_of_a_channel_of_its_own_come_first(self, ana, journeys):
        QuietHours.objects.create(channel="email", begins=time(1), ends=time(2))
        reach([ana], journeys(*letters(1)), at=self.NIGHT)

        assert post(at=self.NIGHT) == 1

    def test_do_not_hold_what_a_person_expects(self, ana, journeys):
        reach([ana], journeys(*letters(1, purpose="transactional")), at=self.NIGHT + HOUR)

        assert post(at=self.NIGHT + HOUR) == 1


class TestVerdict:
    def test_tells_what_would_hold_a_message(self, ana, bruno, welcome):
        Cap.objects.create(most=1, hours=24)

        assert verdict(profile_id=ana.pk, message=welcome, at=NOON)
        assert verdict(profile_id=bruno.pk, message=welcome, at=NOON).reason == "no_consent"

    def test_tells_until_when(self, ana, welcome, journeys):
        Cap.objects.create(most=1, hours=24)
        reach([ana], journeys(welcome))
        post()

        found = verdict(profile_id=ana.pk, message=welcome, at=NOON + HOUR)

        assert (found.reason, found.until) == ("capped", NOON + DAY)

    def test_of_what_a_person_expects_asks_for_no_consent_but_for_an_address(self, bruno, chen):
        receipt = write("Receipt")
        receipt.purpose = "transactional"

        assert verdict(profile_id=bruno.pk, message=receipt, at=NOON)
        assert verdict(profile_id=chen.pk, message=receipt, at=NOON).reason == "no_address"

    def test_never_goes_to_a_suppressed_address(self, ana):
        from customers.models import ContactPoint
        from journeys.models import Suppression

        receipt = write("Receipt")
        receipt.purpose = "transactional"
        point = ContactPoint.objects.get(profile=ana)
        Suppression.objects.create(contact_point=point, cause="bounced", at=NOON)

        assert verdict(profile_id=ana.pk, message=receipt, at=NOON).reason == "suppressed"

    def test_on_our_own_pages_needs_no_address(self, chen):
        note = write("Note")
        note.channel = "onsite"

        assert verdict(profile_id=chen.pk, message=note, at=NOON)

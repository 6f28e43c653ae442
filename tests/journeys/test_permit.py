"""Sending honors what people chose: topics, a pause, how often."""

from __future__ import annotations

from datetime import timedelta

import pytest

from content.models import Topic
from customers import prefer
from customers.models import ContactPoint
from journeys import dispatch, enroll
from journeys.models import Delivery
from journeys.permit import Asked, permit
from tests.journeys.conftest import DAY, NOON, draw, happened, send, write
from tests.journeys.test_advance import walk_all
from tests.journeys.test_dispatch import Answering, by

pytestmark = pytest.mark.django_db


def wants(person, **changes):
    point = ContactPoint.objects.get(profile=person)
    wanted = prefer.Choices(frozenset({"email"}), **changes)
    prefer.choose(contact_point=point, wanted=wanted, notice=None, evidence={}, at=NOON)


def why(person, *, topic="", at=NOON):
    asked = Asked(person.pk, topic=topic)
    return permit(asked=[asked], at=at)[asked].reason


class TestPermit:
    def test_holds_back_during_a_pause_and_not_after(self, ana):
        wants(ana, paused_until=NOON + 30 * DAY)

        assert why(ana, at=NOON + 29 * DAY) == "paused"
        assert why(ana, at=NOON + 30 * DAY) == ""

    def test_leaves_out_a_topic(self, ana):
        wants(ana, unwanted=frozenset({"markets"}))

        assert why(ana, topic="markets") == "topic"
        assert why(ana, topic="saving") == ""
        assert why(ana) == ""

    def test_of_who_never_allowed_it_is_no_whatever_else_they_chose(self, bruno):
        assert why(bruno, topic="saving") == "no_consent"

    def test_costs_the_same_for_many(self, ana, bruno, chen, django_assert_max_num_queries):
        with django_assert_max_num_queries(4):
            permit(asked=[Asked(one.pk) for one in (ana, bruno, chen)], at=NOON)


class TestSending:
    def send_two(self, ana, fans, house, *, at=NOON):
        for name in ("First", "Second"):
            draw(fans, send(write(name)), name=f"Journey {name}")
        happened(ana, "Liked")
        walk_all(at)
        channel = Answering()
        dispatch.dispatch(channels=by(channel), house=house, at=at)
        return len(channel.got)

    def test_as_they_come(self, ana, fans, house):
        assert self.send_two(ana, fans, house) == 2

    def test_at_most_one_a_week_also_within_one_batch(self, ana, fans, house):
        wants(ana, rhythm="weekly")

        assert self.send_two(ana, fans, house) == 1
        assert Delivery.objects.filter(reason="rhythm").count() == 1
        assert why(ana, at=NOON + 6 * DAY) == "rhythm"
        assert why(ana, at=NOON + 7 * DAY + timedelta(seconds=1)) == ""

    def test_of_a_topic_that_somebody_left_out(self, ana, fans, house):
        wants(ana, unwanted=frozenset({"markets"}))
        letter = write("Markets today")
        letter.topic = Topic.objects.create(name="Markets", slug="markets")
        letter.save()
        journey = draw(fans, send(letter))
        happened(ana, "Liked")
        enroll.fill(journey=journey, at=NOON)
        walk_all(NOON)
        channel = Answering()

        dispatch.dispatch(channels=by(channel), house=house, at=NOON)

        assert channel.got == []
        assert Delivery.objects.get().reason == "topic"

"""A crash between judging a segment and telling of it loses neither: they are one transaction."""

from __future__ import annotations

import multiprocessing
import os

import pytest
from django.db import connection, connections

from customers import extend, fold, ingest, segment
from customers.models import Event, Inbox, SegmentMember, Source
from dxp.lib import hints
from dxp.lib.clock import now
from journeys import publish
from journeys.compose import House
from journeys.models import Enrollment, Journey, Message

pytestmark = pytest.mark.django_db(transaction=True)
READERS = {"v": 1, "root": {"op": "event", "matcher": {"event": "Article Viewed"},
                            "metric": "count", "window": "all", "cmp": "gte",
                            "value": 1}}  # fmt: skip


@pytest.fixture
def journey():
    """Return a journey that starts when somebody enters the segment."""
    readers = segment.create(name="Readers", rule=READERS, at=now())
    letter = Message.objects.create(
        name="Welcome", subject="Welcome", body=[("text", "Good to have you here.")]
    )
    publish.publish_message(
        message=letter, house=House(site="http://testserver", sender="hello@x.test"), at=now()
    )
    journey = Journey.objects.create(
        name="Welcome", entry={"type": "segment", "segment": readers.pk, "change": "entered"},
        outline=[{"id": "welcome", "type": "send", "message": letter.pk}],
    )  # fmt: skip
    publish.publish(journey=journey, at=now())
    return journey


def die_after(function, tell_first=True):
    """Return a function in the place of another, after which the process is gone."""

    def last(*args, **kwargs):
        if tell_first:
            function(*args, **kwargs)
        os._exit(9)

    return last


def fold_and_die(name, where):
    """Fold in a process of its own that dies at a point of the way."""
    connections["default"].settings_dict["NAME"] = name
    hints.client.cache_clear()
    owner, attribute = {
        "after judging": (segment, "touched"),
        "before the floors above hear of it": (extend, "customers_events_recorded"),
        "before the commit": (fold, "_done"),
    }[where]
    setattr(owner, attribute, die_after(getattr(owner, attribute)))
    fold.fold(at=now())
    os._exit(0)


def state():
    return (
        SegmentMember.objects.filter(left_at=None).count(),
        Event.objects.filter(name="Segment Entered").count(),
        Enrollment.objects.count(),
    )


@pytest.mark.parametrize(
    "where", ["after judging", "before the floors above hear of it", "before the commit"]
)
def test_pitfall_11_a_crash_between_evaluation_and_publication_loses_nothing(journey, where):
    shop = Source.objects.create(name="Shop")
    read = {"type": "track", "event": "Article Viewed", "userId": "ana", "messageId": "m"}
    ingest.accept(source=shop, events=[read], at=now())
    connection.close()

    child = multiprocessing.get_context("fork").Process(
        target=fold_and_die, args=(connection.settings_dict["NAME"], where)
    )
    child.start()
    child.join(60)

    assert child.exitcode == 9, "the worker did not come to the point where it was to die"
    assert state() == (0, 0, 0)
    assert Inbox.objects.exists()
    # The next worker finds it in the inbox; no hint is needed for that.
    fold.drain(at=now())
    assert state() == (1, 1, 1)

"""The official Python SDKs of Segment and RudderStack send to us unchanged."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

import pytest
from django.db import connections
from rudderstack.analytics.client import Client as Rudder
from segment.analytics.client import Client as Segment

from customers import fold
from customers.models import Event
from dxp.lib.clock import now
from tests.customers.outage import Line

LONG_AGO = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def tell(sdk):
    """One customer's story, with every kind of call."""
    sdk.page(anonymous_id="chen-phone", category="Shop", name="Funds",
             properties={"url": "https://x.test/funds/", "path": "/funds/"})  # fmt: skip
    sdk.track(anonymous_id="chen-phone", event="Article Viewed", properties={"topic": "saving"})
    sdk.screen(anonymous_id="chen-phone", name="Catalog")
    traits = {"email": "chen@example.test", "name": "陈"}
    sdk.identify(user_id="chen", anonymous_id="chen-phone", traits=traits)
    sdk.alias(previous_id="chen-phone", user_id="chen")
    sdk.group(user_id="chen", group_id="acme", traits={"plan": "pro"})
    sdk.track(user_id="chen", event="Article Viewed", properties={"topic": "funds"})
    sdk.track(user_id="chen", event="Order Completed", timestamp=LONG_AGO,
              properties={"revenue": 12.5, "currency": "EUR"})  # fmt: skip


@pytest.fixture(params=["segment", "segment-gzip", "rudder", "rudder-plain"])
def connect(request, server, network):
    """Return a function that makes a client; the test fails if a call of its was refused."""
    errors, clients = [], []
    kind = Rudder if request.param.startswith("rudder") else Segment
    packed = request.param in {"segment-gzip", "rudder"}

    def make(upload_size):
        sdk = kind(
            server.key, host=network, gzip=packed, upload_interval=0.05, upload_size=upload_size,
            on_error=lambda error, batch: errors.append(error),
        )  # fmt: skip
        clients.append(sdk)
        return sdk

    yield make
    for sdk in clients:
        sdk.join()
    assert errors == []


def test_a_story_arrives(connect, check_the_story):
    sdk = connect(upload_size=3)
    tell(sdk)
    sdk.flush()

    check_the_story()


@pytest.mark.parametrize("network", ["good network"], indirect=True)
def test_a_thousand_events_arrive_once(connect, server):
    sdk = connect(upload_size=100)
    for number in range(1000):
        sdk.track(user_id=f"u{number % 50}", event="E", properties={"n": number})
    sdk.flush()

    fold.drain(at=now())
    stored = Event.objects.values_list("properties__n", flat=True)
    assert sorted(stored) == list(range(1000))


def test_a_wrong_key_is_told_and_not_repeated(server):
    errors = []
    sdk = Segment("wrong", host=server.url, upload_interval=0.05,
                  on_error=lambda error, batch: errors.append(error))  # fmt: skip

    began = time.monotonic()
    sdk.track(user_id="ana", event="E")
    sdk.flush()
    sdk.join()

    assert len(errors) == 1
    assert time.monotonic() - began < 10


def test_what_was_sent_while_postgres_was_away_arrives_later(server):
    settings = connections["default"].settings_dict
    before = settings["HOST"], settings["PORT"]
    line = Line(before[0], int(before[1]))
    sdk = Segment(server.key, host=server.url, upload_interval=0.05)
    try:
        connections.close_all()
        settings["HOST"], settings["PORT"] = "127.0.0.1", line.port
        line.cut()
        sdk.track(user_id="ana", event="E", message_id="m1")
        threading.Timer(1.5, line.mend).start()
        sdk.flush()
        sdk.join()
    finally:
        settings["HOST"], settings["PORT"] = before
        connections.close_all()

    fold.drain(at=now())
    assert list(Event.objects.values_list("message_id", flat=True)) == ["m1"]

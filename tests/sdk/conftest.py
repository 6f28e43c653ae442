"""A running server that real SDKs send to, and one customer's story that each of them tells."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from customers import fold, segment
from customers.models import Event, Inbox, Quarantine, Source
from dxp.lib.clock import now
from tests.customers import people

READERS = {"v": 1, "root": {"op": "event", "name": "Article Viewed", "metric": "count",
                            "window": {"last": [7, "days"]}, "cmp": "gte", "value": 2}}  # fmt: skip


@pytest.fixture
def server(transactional_db, live_server):
    """Return a server with a source and a segment."""
    shop = Source.objects.create(name="Shop")
    readers = segment.create(name="Readers", rule=READERS, at=now())
    return SimpleNamespace(
        url=live_server.url, key=shop.write_key, readers=readers, thread=live_server.thread
    )


@pytest.fixture
def check_the_story(server):
    """Return what checks that the story arrived: once, in order of each call, as one person."""

    def check():
        assert Inbox.objects.exists(), "nothing arrived"
        fold.drain(at=now())
        assert not Quarantine.objects.exists()
        sent = Event.objects.exclude(name__startswith="Segment")
        assert sorted(sent.values_list("name", flat=True)) == [
            "Aliased", "Article Viewed", "Article Viewed", "Identified", "Joined Group",
            "Order Completed", "Page Viewed", "Screen Viewed",
        ]  # fmt: skip
        chen = people.profile_of(kind="user", value="chen")
        assert chen == people.profile_of(kind="anonymous", value="chen-phone")
        assert chen.traits == {"email": "chen@example.test", "name": "陈"}
        assert segment.members_of(chen.pk) == {server.readers.pk}
        order = sent.get(name="Order Completed")
        assert order.properties == {"revenue": 12.5, "currency": "EUR"}
        assert order.at.isoformat() == "2026-01-02T03:04:05+00:00"
        page = sent.get(name="Page Viewed")
        assert page.properties["path"] == "/funds/"
        return sent

    return check

"""A developer watches what a source sends: accepted, waiting, rejected, copies, field by field."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from customers import fold, ingest
from customers.models import Repeat
from customers.tasks import partitions
from dxp.lib.clock import now
from tests.customers import people

pytestmark = pytest.mark.django_db
ORDER = {"type": "track", "event": "Order Completed", "userId": "ana", "messageId": "m1",
         "properties": {"total": 12.5, "items": {"count": 2}}}  # fmt: skip


@pytest.fixture
def mara(client):
    client.force_login(people.marketer())
    return client


@pytest.fixture
def live(mara, shop):
    """Return a function that reads the live page's lines: state, name and the rest of each."""

    def look(asked="", page=""):
        answer = mara.get(f"/admin/customers/sources/live/{shop.pk}/{page}{asked}")
        assert answer.status_code == 200
        text = answer.content.decode()
        return [
            (re.search(r"dxp-live__entry--(\w+)", one)[1], re.search("<strong>(.*?)<", one)[1], one)
            for one in re.findall(r'<li class="dxp-live__entry.*?</li>', text, re.DOTALL)
        ]

    return look


@pytest.fixture
def story(shop):
    """An order arrives, comes again, is followed by a nameless call, and a page view waits."""
    began = now() - timedelta(minutes=5)
    for minute, event in enumerate([ORDER, ORDER, {"type": "track", "userId": "bruno"}]):
        ingest.accept(source=shop, events=[event], at=began + timedelta(minutes=minute))
        fold.drain(at=now())
    ingest.accept(source=shop, events=[{"type": "page", "anonymousId": "chen-phone"}], at=now())


def test_each_state_is_shown_the_newest_first(story, live):
    assert [line[:2] for line in live()] == [
        ("waiting", "Page Viewed"), ("rejected", "track"), ("repeated", "Order Completed"),
        ("accepted", "Order Completed"),
    ]  # fmt: skip


def test_an_event_opens_to_its_fields_and_its_json(story, live):
    _, _, order = live("?state=accepted")[0]

    assert "<dt>properties.items.count</dt><dd>2</dd>" in order
    assert "<dt>userId</dt><dd>ana</dd>" in order
    assert "&quot;total&quot;: 12.5" in order


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("?event=order", ["Order Completed", "Order Completed"]),
        ("?person=ana", ["Order Completed"]),
        ("?person=chen", ["Page Viewed"]),
        ("?person=bruno", ["track"]),
        ("?state=rejected", ["track"]),
        ("?event=%00&person=nobody-%00", []),
    ],
)
def test_only_what_is_asked_for_is_shown(story, live, asked, names):
    assert [name for _, name, _ in live(asked)] == names


def test_the_piece_is_the_list_alone_with_the_same_filters(story, live, mara, shop):
    assert [name for _, name, _ in live("?event=order", page="piece/")] == ["Order Completed"] * 2
    whole = mara.get(f"/admin/customers/sources/live/{shop.pk}/?event=order").content.decode()
    assert f"/admin/customers/sources/live/{shop.pk}/piece/?event=order" in whole


def test_of_a_flood_of_copies_some_are_noted_and_forgotten_after_a_day(shop):
    many = [{**ORDER, "messageId": f"m{number % 2}"} for number in range(300)]
    ingest.accept(source=shop, events=many, at=now() - timedelta(days=2))
    fold.drain(at=now())
    assert Repeat.objects.count() == ingest.MOST_SET_ASIDE

    partitions()

    assert not Repeat.objects.exists()


def test_those_who_may_not_see_rejected_events_do_not(story, client, shop):
    client.force_login(people.staff("dan", "view_source"))

    shown = client.get(f"/admin/customers/sources/live/{shop.pk}/").content.decode()

    assert "dxp-live__entry--accepted" in shown
    assert "dxp-live__entry--rejected" not in shown
    assert "/admin/customers/profiles/" not in shown

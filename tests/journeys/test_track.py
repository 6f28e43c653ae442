"""What links in a message do, over HTTP."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client

from customers import consent
from customers.models import ConsentEntry, ContactPoint, Event
from dxp.lib.clock import now
from journeys import compose, dispatch
from journeys.models import Delivery, Edition, Enrollment
from tests.journeys.conftest import NOON, draw, end, happened, send, wait
from tests.journeys.test_advance import walk_all
from tests.journeys.test_dispatch import Answering

pytestmark = pytest.mark.django_db


@pytest.fixture
def letter(ana, fans, welcome, house):
    """Return the text of a letter that ana got, in a journey that waits for her click."""
    draw(fans, send(welcome), wait("Message Clicked", happened=[end("clicked")]), end("silent"))
    happened(ana, "Liked")
    walk_all(NOON)
    channel = Answering()
    dispatch.dispatch(channel=channel, house=house, at=NOON)
    import email
    import email.policy

    raw = email.message_from_bytes(channel.got[0].content, policy=email.policy.default)
    return raw.get_body(("html",)).get_content()


def path_of(letter, kind):
    return re.search(rf'href="https://alder\.example(/{kind}/[^"]+)"', unescape(letter))[1]


@pytest.fixture
def client():
    return Client(enforce_csrf_checks=True)


class TestClick:
    def test_leads_on_and_is_told_and_wakes_the_journey(self, client, letter, ana):
        response = client.get(path_of(letter, "c"))
        walk_all(Event.objects.latest("id").received_at)

        assert response.status_code == 302
        assert response["Location"] == "https://alder.example/news"
        assert "no-store" in response["Cache-Control"]
        event = Event.objects.get(name="Message Clicked")
        assert event.profile == ana
        assert event.properties["link"] == "https://alder.example/news"
        assert event.properties["delivery_id"] == Delivery.objects.get().pk
        assert Enrollment.objects.get().outcome == "clicked"

    def test_twice_at_once_is_one(self, client, letter):
        path = path_of(letter, "c")

        answers = {client.get(path).status_code for _ in range(3)}

        assert answers == {302}
        # Two, if the minute changed just between.
        assert Event.objects.filter(name="Message Clicked").count() in (1, 2)

    def test_a_look_at_the_head_is_no_click(self, client, letter):
        assert client.head(path_of(letter, "c")).status_code == 302

        assert not Event.objects.filter(name="Message Clicked").exists()

    @pytest.mark.parametrize("change", [
        lambda path: path.replace("/c/", "/c/x"),
        lambda path: path[:-1] + "7",
        lambda path: path[:-1] + "0",
        lambda path: re.sub(r"/c/[^/]+", "/c/1-1.forged", path),
        lambda path: path.replace("-", "-f", 1),
    ])  # fmt: skip
    def test_a_link_that_we_did_not_make_leads_nowhere(self, client, letter, change):
        assert client.get(change(path_of(letter, "c"))).status_code == 404

        assert not Event.objects.filter(name="Message Clicked").exists()

    def test_an_unsubscribe_token_is_no_click_token(self, client, letter):
        token = path_of(letter, "u").removeprefix("/u/")

        assert client.get(f"/c/{token}/1").status_code == 404

    def test_after_the_delivery_was_deleted_the_link_still_leads_on(self, client, letter):
        Delivery.objects.all().delete()

        assert client.get(path_of(letter, "c"))["Location"] == "https://alder.example/news"

    def test_an_unknown_edition_leads_nowhere(self, client, welcome):
        token = compose.click_token(delivery=1, edition=Edition.objects.latest("pk").pk + 1)

        assert client.get(f"/c/{token}/1").status_code == 404


class TestUnsubscribe:
    def may(self):
        point = ContactPoint.objects.get()
        return consent.may(
            contact_points=[point.pk], purpose="marketing", channel="email", at=now()
        )

    def test_looking_changes_nothing(self, client, letter):
        response = client.get(path_of(letter, "u"))

        assert response.status_code == 200
        assert "ana@example.com" in response.content.decode()
        assert '<form method="post">' in response.content.decode()
        assert self.may()

    @pytest.mark.parametrize("body", [
        {"data": "List-Unsubscribe=One-Click", "content_type": "application/x-www-form-urlencoded"},
        {"data": {"List-Unsubscribe": "One-Click"}},
        {"data": {}},
    ], ids=["urlencoded", "multipart", "button"])  # fmt: skip
    def test_posting_does_it_at_once(self, client, letter, ana, body):
        response = client.post(path_of(letter, "u"), **body)

        assert response.status_code == 200
        assert "You are unsubscribed" in response.content.decode()
        assert not self.may()
        event = Event.objects.get(name="Message Unsubscribed")
        assert (event.profile, event.properties["message"]) == (ana, "Welcome")

    def test_twice_is_the_same_as_once(self, client, letter):
        answers = [client.post(path_of(letter, "u")).status_code for _ in range(2)]

        assert answers == [200, 200]
        assert ConsentEntry.objects.filter(state="WITHDRAWN").count() == 1
        assert Event.objects.filter(name="Message Unsubscribed").count() == 1

    def test_and_who_left_gets_no_more(self, client, letter, ana, fans, welcome, house):
        client.post(path_of(letter, "u"))
        draw(fans, send(welcome), name="Another")
        from journeys import enroll
        from journeys.models import Journey

        enroll.fill(journey=Journey.objects.get(name="Another"), at=NOON)
        walk_all(NOON)
        channel = Answering()
        dispatch.dispatch(channel=channel, house=house, at=NOON)

        assert channel.got == []
        assert Delivery.objects.first().reason == "no_consent"

    def test_a_forged_link_does_nothing(self, client, letter):
        path = path_of(letter, "u")

        assert client.post(f"{path}x").status_code == 404
        assert client.get("/u/1-1.forged").status_code == 404
        assert self.may()

    def test_the_link_of_a_test_message_says_so(self, client, db):
        token = compose.leave_token(contact_point=0, delivery=0)

        assert "test message" in client.get(f"/u/{token}").content.decode()
        assert client.post(f"/u/{token}").status_code == 200

    def test_the_page_loads_nothing_from_elsewhere(self, client, letter):
        response = client.get(path_of(letter, "u"))

        assert "default-src 'self'" in response["Content-Security-Policy"]
        assert "http://" not in response.content.decode()
        assert response["Referrer-Policy"] == "no-referrer"

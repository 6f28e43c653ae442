"""From a journey's step to the other side, over each channel, through the real outbox."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from customers import consent, identify
from customers.models import Event
from dxp.lib import clock
from journeys import dispatch, enroll, publish, subscribe, ways
from journeys.models import Delivery, Message, OnsiteMessage, PushSubscription, Sender, Suppression
from tests.journeys.benches import onsite, push, sms, webhook
from tests.journeys.benches.base import HERE
from tests.journeys.conftest import draw, person, send
from tests.journeys.test_advance import walk_all

pytestmark = pytest.mark.django_db
NUMBER = "+40722000001"


@pytest.fixture
def at():
    """Signatures are of now, so is everything here."""
    return clock.now()


@pytest.fixture
def go(fans, house, at):
    """Publish a message, send it to people by a journey, and return what became of it."""

    def gone(bench, *people, **fields):
        told = bench.config()
        hidden = {one.name for one in bench.kind.settings if one.kind == "secret"}
        sender = Sender.objects.create(
            name="Way out", channel=bench.channel, adapter=bench.adapter,
            config={name: told[name] for name in set(told) - hidden - {"networks"}},
            secrets=ways.seal_secrets({name: told[name] for name in hidden & set(told)}),
        )  # fmt: skip
        message = Message.objects.create(
            name="News", channel=bench.channel, sender=sender, **fields
        )
        publish.publish_message(message=message, house=house, at=at)
        journey = draw(fans, send(message), at=at)
        enroll.enter(starts=[enroll.Start(one.pk, journey) for one in people], at=at)
        walk_all(at)
        there = replace(house, networks=HERE)
        dispatch.dispatch(house=there, at=at + timedelta(seconds=1))
        ways.close_all()
        return list(Delivery.objects.order_by("profile_id", "pk").values_list("state", "reason"))

    return gone


def reached(profile, channel, address, at, *, allows=True):
    """Give somebody an address that they allow us to use, or not."""
    point = identify.ensure_contact_point(
        profile_id=profile.pk, channel=channel, address=address, at=at
    )
    consent.record(
        purpose="marketing", channel=channel, state="GRANTED" if allows else "DENIED",
        method="form", contact_point=point, at=at,
    )  # fmt: skip
    return point


class TestText:
    def test_goes_to_the_phone_of_who_allowed_it(self, go, ana, bruno, at):
        reached(ana, "phone", NUMBER, at)
        reached(bruno, "phone", "+40722000002", at, allows=False)
        with sms.Twilio() as bench:
            states = go(bench, ana, bruno, text="Hello {{ first_name }}: https://a.example/x")
            form = bench.far.requests[0].body.decode()

        assert states == [("SENT", ""), ("SKIPPED", "no_consent")]
        assert "To=%2B40722000001" in form
        assert "Hello+Ana" in form
        # Links are counted, and reports come back to us.
        assert "a.example" not in form
        assert "StatusCallback=" in form
        assert Delivery.objects.get(profile=ana).provider_id == "SM1"
        assert Event.objects.filter(name="Message Sent").count() == 1


class TestPush:
    def test_goes_to_the_browser_that_agreed_until_it_is_gone(self, go, at):
        with push.Service() as bench:
            browser = bench.browsers[0]
            keys = browser.subscription["keys"]
            subscribe.subscribe(
                browser=subscribe.Browser(browser.endpoint, **keys),
                anonymous_id=None, locale="en", evidence={}, at=at,
            )  # fmt: skip
            profile = PushSubscription.objects.get().contact_point.profile
            states = go(bench, profile, subject="Hello", text="News", url="/news")
            told = browser.read(bench.far.requests[0].body)

        assert states == [("SENT", "")]
        assert told["title"] == "Hello"
        assert "/c/" in told["url"]
        # The same in every try: a second notification replaces the first.
        assert told["tag"].startswith(f"d{Delivery.objects.get().pk}.")

    def test_a_browser_that_is_gone_is_forgotten(self, go, at):
        with push.Service() as bench:
            bench.gone()
            browser = bench.browsers[0]
            subscribe.subscribe(
                browser=subscribe.Browser(browser.endpoint, **browser.subscription["keys"]),
                anonymous_id=None, locale="en", evidence={}, at=at,
            )  # fmt: skip
            profile = PushSubscription.objects.get().contact_point.profile
            states = go(bench, profile, subject="Hello", text="News")

        assert states == [("FAILED", "refused")]
        assert not PushSubscription.objects.exists()
        assert Suppression.objects.get().contact_point.channel == "push"


class TestWebhook:
    def test_tells_a_program_about_a_person(self, go, ana, at):
        with webhook.Signed() as bench:
            states = go(bench, ana, text='{"who": "{{ first_name }}"}', url=f"{bench.far.url}/hook")
            sent = bench.far.requests[0]

        assert states == [("SENT", "")]
        assert json.loads(sent.body)["data"] == {"who": "Ana"}
        assert sent.headers["webhook-id"].startswith(f"d{Delivery.objects.get().pk}.")

    def test_gone_pauses_the_sender(self, go, ana, at):
        with webhook.Signed() as bench:
            bench.far.says(410, {}, b"gone")
            states = go(bench, ana, text="{}", url=f"{bench.far.url}/hook")

        assert states == [("QUEUED", "")]
        sender = Sender.objects.get(channel="webhook")
        assert sender.paused_until > at + timedelta(hours=23)
        assert "410" in sender.pause_reason


class TestOnsite:
    def test_waits_for_anybody_without_an_address(self, go, at):
        chen = person("chen", allows=None)
        states = go(onsite.Pages(), chen, subject="Hello {{ first_name }}", text="News", url="/x")

        assert states == [("SENT", "")]
        kept = OnsiteMessage.objects.get()
        assert (kept.profile, kept.title) == (chen, "Hello Chen")
        assert "/c/" in kept.url

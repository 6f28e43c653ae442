"""From a browser that agrees to a notification that it can read, and back out again."""

from __future__ import annotations

import json

import pytest

from customers import consent
from customers.models import ConsentEntry, ContactPoint
from dxp.lib import clock
from journeys import subscribe, ways
from journeys.channels.push.kind import Push, packed
from journeys.channels.push.vapid import WebPush, new_key, public_key
from journeys.models import PushSubscription, Sender, Suppression
from tests.journeys.benches.push import OURS, Browser, Service

pytestmark = pytest.mark.django_db
ENDPOINT = "https://push.example/send/abc"


@pytest.fixture
def at():
    return clock.now()


@pytest.fixture
def site(client):
    client.defaults["HTTP_SEC_FETCH_SITE"] = "same-origin"
    return client


def post(site, told, door="/_x/push"):
    return site.post(door, json.dumps(told), content_type="application/json")


class TestAgreeing:
    def test_keeps_the_browser_with_its_proof(self, site):
        browser = Browser(ENDPOINT)

        for _twice in range(2):
            assert post(site, browser.subscription).json() == {"subscribed": True}

        kept = PushSubscription.objects.get()
        assert (kept.endpoint, kept.contact_point.channel) == (ENDPOINT, "push")
        assert ENDPOINT not in kept.contact_point.value + kept.contact_point.shown
        entry = ConsentEntry.objects.get(contact_point=kept.contact_point)
        assert (entry.state, entry.channel, entry.purpose) == ("GRANTED", "push", "marketing")
        assert "short message" in entry.notice.text

    def test_can_be_taken_back(self, site, at):
        browser = Browser(ENDPOINT)
        post(site, browser.subscription)

        post(site, {"endpoint": ENDPOINT}, "/_x/push/off")

        assert not PushSubscription.objects.exists()
        point = ContactPoint.objects.get(channel="push")
        said = consent.may(
            contact_points=[point.pk], purpose="marketing", channel="push", at=clock.now()
        )
        assert said == set()

    @pytest.mark.parametrize(
        "told",
        [
            {}, [], "x", {"endpoint": 1, "keys": 2}, {"endpoint": ENDPOINT},
            {"endpoint": "http://push.example/x", "keys": {"p256dh": "x", "auth": "y"}},
            {"endpoint": ENDPOINT, "keys": {"p256dh": "BAAA", "auth": "AAAA"}},
            {"endpoint": ENDPOINT, "keys": {"p256dh": "\0", "auth": "é"}},
            {"endpoint": ENDPOINT + "x" * 3000, "keys": {"p256dh": "", "auth": ""}},
        ],
    )  # fmt: skip
    def test_refuses_what_no_browser_sends(self, site, told):
        assert post(site, told).status_code == 400
        assert not PushSubscription.objects.exists()

    def test_takes_none_from_other_sites(self, site):
        answer = site.post(
            "/_x/push", json.dumps(Browser(ENDPOINT).subscription),
            content_type="application/json", HTTP_SEC_FETCH_SITE="cross-site",
        )  # fmt: skip

        assert answer.status_code == 403


class TestTheQuestion:
    def test_is_asked_only_where_a_sender_pushes(self, site, house):
        assert "data-push " not in site.get("/cookies/").content.decode()

        key = new_key()
        Sender.objects.create(
            name="Browsers", channel="push", adapter="vapid",
            config={"contact": "mailto:a@b.example"},
            secrets=ways.seal_secrets({"private": key}),
        )  # fmt: skip

        assert subscribe.public_key(house=house) == public_key(key)

    def test_the_worker_is_served_from_the_top(self, site):
        answer = site.get("/push-worker.js")

        assert answer["Content-Type"].startswith("text/javascript")
        assert b"showNotification" in answer.content


class TestPushing:
    def test_goes_to_the_browser_that_agreed(self, site, at):
        with Service() as service:
            browser = service.browsers[0]
            subscribe.subscribe(
                browser=subscribe.Browser(
                    browser.endpoint, **browser.subscription["keys"], agent="Chrome"
                ),
                anonymous_id=None, locale="en", evidence={}, at=at,
            )  # fmt: skip
            point = ContactPoint.objects.get(channel="push")
            recipient = Push().recipients([point])[point.pk]
            assert json.loads(recipient) == browser.subscription

            service.gone()
            parcel = service.parcel(0)
            receipt = next(iter(service.make().send([parcel])))

        assert receipt.recipient_refused
        assert Push().recipients([point]) == {}

    def test_a_browser_that_comes_back_is_reached_again(self, site, at):
        post(site, Browser(ENDPOINT).subscription)
        point = ContactPoint.objects.get(channel="push")
        Suppression.objects.create(contact_point=point, cause="refused", at=at)

        post(site, Browser(ENDPOINT).subscription)

        assert not Suppression.objects.exists()

    def test_never_grows_too_long(self):
        with Service() as service:
            content = service.content(1) | {"text": "ț" * 5000, "title": "x"}
            letter = service.letter(1)
            channel = Push()
            rendered = channel.render(service.draft, site="https://alder.example")
            rendered.text = "😀" * 4000

            assert len(packed(content)) > 4000
            assert len(packed(channel.compose(rendered, letter))) <= 3900

    def test_waits_for_a_device_that_is_off(self):
        with Service() as service:
            list(service.make().send([service.parcel(1)]))

            assert service.far.requests[0].headers["ttl"] == str(24 * 3600)

    def test_each_service_gets_a_token_of_its_own(self):
        """A dict of claims shared between two services once told one the other's address."""
        adapter = WebPush({"private": OURS, "contact": "mailto:a@b.example"})

        assert adapter._token("https://a.example/1") != adapter._token("https://b.example/1")
        assert adapter._token("https://a.example/1") == adapter._token("https://a.example/2")

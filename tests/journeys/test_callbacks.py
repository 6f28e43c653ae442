"""Providers call us: over HTTP, in forms of their own."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from customers import consent
from customers.models import ContactPoint, Event
from journeys import links, ways
from journeys.announce import announce
from journeys.channels.email import hear
from journeys.models import Delivery, Report, Sender, Suppression
from tests.journeys.conftest import DAY, NOON
from tests.journeys.test_report import deliver

pytestmark = pytest.mark.django_db
NONSENSE = [
    b"", b"{", b"[]", b"{}", b"null", b"7", b'"x"', b"\xff\x00", b"[[[[", b'[{"event": 1}]',
    b'{"RecordType": "Bounce", "Type": [], "BouncedAt": {}}', b'{"event-data": {}}',
    b'{"Type": "Notification", "Message": "{}"}', b'{"events": [{"event": 3}]}',
    b'{"timestamp": 1e999, "event": "x", "payload": []}',
]  # fmt: skip


@pytest.fixture
def sent(ana, welcome):
    """Return a message that ana got through Postmark."""
    return deliver(ana, welcome, provider_id="m-1")


@pytest.fixture
def postmark(client, sent):
    """Return a way to call as Postmark does."""
    return caller(client, sent.sender, "postmark")


def caller(client, sender, provider):
    url = hear.address(site="", sender=sender.pk, provider=provider)

    def call(told, **headers):
        body = told if isinstance(told, (bytes, str)) else json.dumps(told)
        answer = client.post(url, body, content_type="application/json", headers=headers)
        announce(at=NOON + DAY)
        return answer.status_code

    return call


def bounce(kind="HardBounce", **more):
    return {
        "RecordType": "Bounce", "Type": kind, "ID": 42, "MessageID": "m-1",
        "Email": "ana@example.com", "BouncedAt": "2026-11-21T12:05:00Z",
        "Details": "smtp;550 5.1.1 The email account that you tried to reach does not exist.",
        **more,
    }  # fmt: skip


class TestCallbacks:
    def test_a_hard_bounce_is_written_once_and_suppresses(self, postmark, sent):
        answers = [postmark(bounce()) for _ in range(3)]

        assert answers == [200] * 3
        told = Report.objects.get()
        assert (told.kind, told.hard, told.reason, told.delivery) == (
            "bounced", True, "userunknown", sent,
        )  # fmt: skip
        assert Suppression.objects.get().contact_point == sent.contact_point
        assert Event.objects.get().name == "Message Bounced"

    @pytest.mark.parametrize(
        "told",
        [
            bounce("SoftBounce"),
            bounce(Details="smtp;552 5.2.2 mailbox full"),
            bounce(Details="smtp;550 5.7.1 message looks like spam"),
        ],
        ids=["soft", "full", "our fault"],
    )
    def test_what_passes_suppresses_nobody(self, postmark, told):
        assert postmark(told) == 200

        assert Report.objects.get().kind == "bounced"
        assert not Suppression.objects.exists()

    def test_a_complaint_withdraws_consent(self, postmark, sent):
        postmark(bounce("SpamComplaint", RecordType="SpamComplaint"))

        point = ContactPoint.objects.get()
        may = consent.may(
            contact_points=[point.pk], purpose="marketing", channel="email", at=NOON + DAY
        )
        assert may == set()
        assert Event.objects.get().name == "Message Complained"

    def test_a_delivery_in_doubt_is_found_by_its_token_and_settled(self, postmark, sent):
        Delivery.objects.update(state="UNKNOWN", reason="no_receipt", provider_id="")

        postmark({
            "RecordType": "Delivery", "MessageID": "new", "Recipient": "ana@example.com",
            "DeliveredAt": "2026-11-21T12:05:00Z",
            "Metadata": {"delivery": links.token(delivery=sent.pk)},
        })  # fmt: skip

        sent.refresh_from_db()
        assert (sent.state, sent.provider_id) == ("SENT", "new")
        assert sent.delivered_at is not None

    def test_nobody_can_settle_deliveries_by_made_up_tokens(self, postmark, sent):
        Delivery.objects.update(provider_id="")

        postmark({
            "RecordType": "Delivery", "MessageID": "new", "Recipient": "x@example.com",
            "DeliveredAt": "2026-11-21T12:05:00Z", "Metadata": {"delivery": f"d{sent.pk}.forged"},
        })  # fmt: skip

        assert not Report.objects.exists()

    def test_the_opens_that_a_provider_counts_change_nothing(self, postmark, sent):
        postmark({
            "RecordType": "Open", "MessageID": "m-1", "Recipient": "ana@example.com",
            "ReceivedAt": "2026-11-21T12:05:00Z", "UserAgent": "x",
        })  # fmt: skip

        assert Report.objects.get().kind == "other"
        assert not Event.objects.exists()


class TestDoor:
    @pytest.mark.parametrize("change", [
        lambda url: url[:-1] + "x",
        lambda url: url.replace("postmark", "sendgrid"),
        lambda url: url.replace("postmark", "nobody"),
        lambda url: url.replace("/mail/", "/mail/9"),
    ])  # fmt: skip
    def test_an_address_that_we_gave_nobody(self, client, sent, change):
        url = hear.address(site="", sender=sent.sender_id, provider="postmark")

        assert client.post(change(url), bounce(), "application/json").status_code == 404
        assert client.head(url).status_code == 200

    @pytest.mark.parametrize("provider", sorted(hear.VIEWS))
    def test_nonsense_is_refused_and_breaks_nothing(self, client, welcome, provider):
        url = hear.address(site="", sender=welcome.sender_id, provider=provider)

        for body in NONSENSE:
            assert client.post(url, body, "application/json").status_code in {200, 400}, body

        assert not Report.objects.exists()

    def test_where_a_key_is_known_the_provider_has_to_sign(self, client, sent):
        Sender.objects.update(adapter="mailgun", secrets=ways.seal_secrets({"webhook_key": "s1gn"}))
        call = caller(client, sent.sender, "mailgun")
        told = {
            "event-data": {
                "event": "delivered", "timestamp": 1763726700, "recipient": "ana@example.com",
                "message": {"headers": {"message-id": "m-1"}},
            },
        }  # fmt: skip

        def signed(key):
            text = hmac.new(key, b"1763726700t", hashlib.sha256).hexdigest()
            return {"timestamp": "1763726700", "token": "t", "signature": text}

        assert call(told) == 400
        assert call(told | {"signature": signed(b"wrong")}) == 400
        assert not Report.objects.exists()
        assert call(told | {"signature": signed(b"s1gn")}) == 200
        assert Report.objects.get().kind == "delivered"

    def test_amazon_is_only_followed_to_itself(self, client, sent):
        call = caller(client, sent.sender, "amazon_ses")
        told = {"Type": "SubscriptionConfirmation", "SubscribeURL": "http://169.254.169.254/"}

        assert call(told) in {200, 400}
        assert hear.subscription("amazon_ses", _request(told)) == ""
        assert hear.subscription("amazon_ses", _request(told | {
            "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription",
        })).startswith("https://sns.")  # fmt: skip


def _request(told):
    from django.test import RequestFactory

    return RequestFactory().post("/", json.dumps(told), content_type="application/json")

"""What providers tell later: written once, believed, and acted on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from customers import consent
from customers.models import ConsentEntry, ContactPoint, Event
from journeys import advance
from journeys.models import Delivery, Report, Suppression
from journeys.report import Told, report
from tests.journeys.conftest import DAY, NOON

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=1)


@pytest.fixture
def sent(ana, welcome):
    """Return a message that ana got."""
    return deliver(ana, welcome)


def deliver(profile, message, *, state="SENT", at=NOON, **values):
    point = ContactPoint.objects.get(profile=profile)
    entry = consent.record(
        purpose="marketing", channel="email", state="PENDING", method="form", contact_point=point,
        at=at,
    )  # fmt: skip
    return Delivery.objects.create(
        seq=0, node="", profile=profile, message=message, sender=message.sender,
        contact_point=point, confirms=entry, state=state, queued_at=at, due_at=at,
        expires_at=at + DAY, **values,
    )  # fmt: skip


def tell(kind, *, key="k1", at=LATER, **values):
    written = report(told=[Told(key, kind, "postmark", at, **values)], at=at)
    advance.announce(at=at)
    return written


def names():
    return list(Event.objects.order_by("id").values_list("name", flat=True))


def consents(profile):
    point = ContactPoint.objects.get(profile=profile)
    found = consent.ask(
        contact_points=[point.pk], purpose="marketing", channel="email", at=LATER + DAY
    )
    return str(found[point.pk])


class TestReport:
    def test_what_arrived_is_noted_once_and_told(self, sent):
        written = [tell("delivered", delivery_id=sent.pk) for _ in range(2)]

        assert written == [1, 0]
        sent.refresh_from_db()
        assert (sent.delivered_at, sent.state) == (LATER, "SENT")
        assert names() == ["Message Delivered"]

    def test_a_message_is_found_by_what_its_provider_calls_it(self, sent):
        Delivery.objects.update(provider_id="<abc@esp.example>")

        tell("delivered", provider_id="abc@esp.example")

        assert Report.objects.get().delivery == sent

    def test_news_about_nobody_is_passed_over(self, sent):
        assert tell("bounced", address="stranger@example.org", hard=True) == 0
        assert tell("bounced", address="no address", hard=True) == 0
        assert tell("delivered", provider_id="unknown", delivery_id=2**70) == 0
        assert not Report.objects.exists()

    def test_a_clock_that_is_ahead_is_not_believed(self, sent):
        report(told=[Told("k", "delivered", "x", LATER + DAY, delivery_id=sent.pk)], at=LATER)

        assert Delivery.objects.get().delivered_at == LATER


class TestBounces:
    def test_a_hard_one_is_the_last_message_to_the_address(self, sent):
        tell("bounced", delivery_id=sent.pk, hard=True, reason="userunknown", detail="550 5.1.1")

        assert Suppression.objects.get().cause == "bounced"
        sent.refresh_from_db()
        assert (sent.bounced_at, sent.reason, sent.detail) == (LATER, "bounced", "550 5.1.1")
        assert Event.objects.get().properties["hard"] is True

    def test_one_without_a_message_counts_by_its_address(self, ana):
        tell("bounced", address="Ana@Example.com", hard=True)

        assert Suppression.objects.get().contact_point.profile == ana

    def test_the_fifth_soft_one_in_a_month_does_too(self, ana, welcome):
        for n in range(5):
            assert not Suppression.objects.exists()
            one = deliver(ana, welcome, at=NOON + n * DAY)
            tell(
                "bounced", key=f"k{n}", at=NOON + n * DAY, delivery_id=one.pk, reason="mailboxfull"
            )

        assert Suppression.objects.get().cause == "soft"

    @pytest.mark.parametrize(
        ("days", "reason"), [(9, "mailboxfull"), (1, "spamdetected")], ids=["rarely", "our fault"]
    )
    def test_but_not_if(self, ana, welcome, days, reason):
        for n in range(6):
            at = NOON + n * days * DAY
            one = deliver(ana, welcome, at=at)
            tell("bounced", key=f"k{n}", at=at, delivery_id=one.pk, reason=reason)

        assert not Suppression.objects.exists()

    def test_the_same_message_coming_back_often_is_one(self, sent):
        for n in range(6):
            tell("bounced", key=f"k{n}", delivery_id=sent.pk, reason="mailboxfull")

        assert not Suppression.objects.exists()


class TestLeaving:
    def test_a_complaint_suppresses_and_withdraws(self, sent, ana):
        tell("complained", delivery_id=sent.pk)

        assert Suppression.objects.get().cause == "complained"
        assert consents(ana) == "no"
        assert names() == ["Message Complained"]

    def test_unsubscribing_at_the_provider_withdraws_and_suppresses_nothing(self, sent, ana):
        tell("unsubscribed", delivery_id=sent.pk)

        assert consents(ana) == "no"
        assert not Suppression.objects.exists()

    def test_who_never_agreed_withdraws_nothing(self, bruno, welcome):
        one = deliver(bruno, welcome)

        tell("complained", delivery_id=one.pk)

        assert not ConsentEntry.objects.filter(method="complaint").exists()
        assert Suppression.objects.exists()


class TestDoubt:
    @pytest.mark.parametrize("kind", ["delivered", "bounced", "deferred", "complained", "other"])
    @pytest.mark.parametrize(
        ("state", "values"),
        [
            ("UNKNOWN", {"reason": "no_receipt"}),
            ("SENDING", {"lease_until": NOON}),
            ("QUEUED", {"attempts": 1}),
        ],
        ids=["unknown", "sending", "tried"],
    )
    def test_news_proves_that_a_message_went_out(self, ana, welcome, kind, state, values):
        one = deliver(ana, welcome, state=state, **values)

        tell(kind, delivery_id=one.pk, provider_id="esp-1")

        one.refresh_from_db()
        assert (one.state, one.sent_at, one.provider_id) == ("SENT", LATER, "esp-1")
        assert names().count("Message Sent") == 1

    def test_what_was_never_tried_is_not_settled_by_rumors(self, ana, welcome):
        one = deliver(ana, welcome, state="QUEUED")

        tell("delivered", delivery_id=one.pk)

        one.refresh_from_db()
        assert one.state == "QUEUED"

    def test_a_provider_that_refuses_afterwards_makes_it_fail(self, sent):
        tell("rejected", delivery_id=sent.pk, hard=True, detail="on the list")

        sent.refresh_from_db()
        assert (sent.state, sent.reason, sent.detail) == ("FAILED", "refused", "on the list")
        assert Suppression.objects.get().cause == "refused"
        assert names() == ["Message Failed"]

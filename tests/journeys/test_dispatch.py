"""The outbox sends once, to those who allow it, and knows why not."""

from __future__ import annotations

import email
import email.policy
from datetime import timedelta

import pytest

from customers import consent
from customers.models import ContactPoint, Event
from dxp.lib import hints
from journeys import announce, claim, compose, dispatch, enroll, mark, pace, reap, settle
from journeys.channels.base import Adapter, Outcome, Receipt
from journeys.channels.email.channel import Server, Smtp
from journeys.compose import House
from journeys.models import Delivery, Sender, Suppression
from tests.journeys.conftest import NOON, draw, happened, person, send
from tests.journeys.sink import Sink
from tests.journeys.test_advance import walk_all

pytestmark = pytest.mark.django_db


class Answering(Adapter):
    """Answers as it was told, and keeps what it got."""

    name = "email"

    def __init__(self, outcome=Outcome.OK, *, refused=False):
        self.outcome, self.refused, self.got = outcome, refused, []

    def send(self, batch):
        for parcel in batch:
            self.got.append(parcel)
            yield Receipt(parcel.key, self.outcome, f"said {self.outcome.value}", self.refused)


def by(adapter):
    """Return how senders go out through an adapter of ours."""
    return lambda sender, house: adapter


@pytest.fixture
def queue(fans, welcome):
    """Return a function that lets people reach the send step."""
    journey = draw(fans, send(welcome))

    def reach(*people):
        enroll.enter(starts=[enroll.Start(one.pk, journey) for one in people], at=NOON)
        walk_all(NOON)
        return Delivery.objects.filter(profile__in=people).order_by("profile_id", "pk")

    return reach


def post(channel, house, at=NOON):
    return dispatch.dispatch(channels=by(channel), house=house, at=at)


class TestConsent:
    def test_goes_to_who_allowed_it_and_to_nobody_else(self, queue, ana, bruno, chen, house):
        queue(ana, bruno, chen, person("dora", allows=None))
        channel = Answering()

        done = post(channel, house)

        assert [parcel.recipient for parcel in channel.got] == ["ana@example.com"]
        assert (done.sent, done.skipped) == (1, 3)
        found = Delivery.objects.order_by("profile_id", "pk").values_list("state", "reason")
        assert list(found) == [
            ("SENT", ""),
            ("SKIPPED", "no_consent"),
            ("SKIPPED", "no_address"),
            ("SKIPPED", "no_consent"),
        ]

    def test_is_asked_at_the_last_moment(self, queue, ana, house):
        queue(ana)
        consent.record(
            purpose="marketing", channel="email", state="WITHDRAWN", method="form",
            contact_point=ContactPoint.objects.get(profile=ana), at=NOON + timedelta(seconds=1),
        )  # fmt: skip

        assert post(Answering(), house).sent == 0

    def test_a_suppressed_address_is_left_alone(self, queue, ana, house):
        queue(ana)
        point = ContactPoint.objects.get(profile=ana)
        Suppression.objects.create(contact_point=point, cause="refused", at=NOON)

        post(Answering(), house)

        assert Delivery.objects.get().reason == "suppressed"

    def test_the_other_address_of_a_person_may_allow_it(self, queue, house):
        ana = person("ana", email="gone@example.com")
        from customers import identify

        second = identify.ensure_contact_point(
            profile_id=ana.pk, channel="email", address="ana@work.example", at=NOON
        )
        first = ContactPoint.objects.get(value="gone@example.com")
        Suppression.objects.create(contact_point=first, cause="refused", at=NOON)
        consent.record(
            purpose="marketing", channel="email", state="GRANTED", method="form",
            contact_point=second, at=NOON,
        )  # fmt: skip
        queue(ana)
        channel = Answering()

        post(channel, house)

        assert [parcel.recipient for parcel in channel.got] == ["ana@work.example"]


class TestAnswers:
    def test_sent_is_told(self, queue, ana, house):
        queue(ana)

        post(Answering(), house)

        event = Event.objects.get(name="Message Sent")
        assert event.profile == ana
        assert event.properties["message"] == "Welcome"
        assert event.properties["delivery_id"] == Delivery.objects.get().pk
        assert event.properties["channel"] == "email"

    def test_a_refused_address_is_suppressed_and_told(self, queue, ana, house):
        queue(ana)

        post(Answering(Outcome.PERMANENT, refused=True), house)

        assert Delivery.objects.get().state == "FAILED"
        assert Suppression.objects.get().contact_point.shown == "ana@example.com"
        assert Event.objects.filter(name="Message Failed").count() == 1

    def test_a_refused_message_does_not_suppress(self, queue, ana, house):
        queue(ana)

        post(Answering(Outcome.PERMANENT), house)

        assert Delivery.objects.get().state == "FAILED"
        assert not Suppression.objects.exists()

    def test_a_temporary_error_is_tried_again_later_and_not_forever(self, queue, ana, house):
        queue(ana)
        channel, at = Answering(Outcome.TEMPORARY), NOON

        for _ in range(20):
            post(channel, house, at=at)
            at += timedelta(hours=2)

        assert len(channel.got) == settle.MOST_ATTEMPTS
        assert Delivery.objects.get().reason == "gave_up"

    def test_not_before_its_time(self, queue, ana, house):
        queue(ana)
        channel = Answering(Outcome.TEMPORARY)

        post(channel, house)
        post(channel, house, at=NOON + timedelta(seconds=20))

        assert len(channel.got) == 1

    def test_a_server_that_asks_for_patience_gets_it(self, queue, ana, house):
        queue(ana, person("dora"))
        channel = Answering(Outcome.THROTTLED)

        done = post(channel, house)

        assert len(channel.got) == 1
        assert done.throttled
        assert set(Delivery.objects.values_list("state", "attempts")) == {("QUEUED", 0)}

    def test_a_lost_answer_is_unknown_and_not_sent_again(self, queue, ana, house):
        queue(ana)

        post(Answering(Outcome.UNKNOWN), house)
        again = Answering()
        post(again, house, at=NOON + timedelta(days=1))

        assert Delivery.objects.get().state == "UNKNOWN"
        assert again.got == []

    def test_a_message_too_old_is_not_sent(self, queue, ana, house):
        queue(ana)

        post(Answering(), house, at=NOON + timedelta(days=8))

        assert Delivery.objects.get().reason == "expired"


class TestPace:
    def test_no_faster_than_the_sender_may(self, queue, house):
        queue(*[person(f"p{number}") for number in range(5)])
        Sender.objects.update(rate=2)
        channel = Answering()

        done = [post(channel, house) for _ in range(2)]

        assert len(channel.got) in (2, 3)
        assert done[-1].throttled or done[0].sent == 2

    def test_without_redis_it_goes_on_by_half(self, queue, ana, house, monkeypatch):
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        queue(ana)
        away = redis.Redis(port=1, socket_connect_timeout=0.1, retry=Retry(NoBackoff(), 0))
        monkeypatch.setattr(hints, "client", lambda: away)
        channel = Answering()

        assert post(channel, house).sent == 1
        assert pace.LocalBucket().take("x", rate=10, want=100) == 5


class TestReaper:
    @pytest.fixture
    def leased(self, queue, ana, house):
        queue(ana)
        claim.claim(sender=Sender.objects.get(), house=house, at=NOON, limit=1)
        return Delivery.objects.get()

    def reaped(self):
        reap.reap(at=NOON + claim.LEASE + timedelta(seconds=1))
        return Delivery.objects.get().state

    def test_never_tried_goes_back(self, leased):
        assert self.reaped() == "QUEUED"

    def test_tried_without_an_answer_is_unknown(self, leased):
        assert mark.Marks(leased.mark_epoch).trying(leased.pk)

        assert self.reaped() == "UNKNOWN"

    def test_answered_is_sent_and_told(self, leased):
        marks = mark.Marks(leased.mark_epoch)
        marks.trying(leased.pk)
        marks.tell({leased.pk: "ok:250 kept"})

        assert self.reaped() == "SENT"
        announce.announce(at=NOON)
        assert Event.objects.filter(name="Message Sent").count() == 1

    def test_a_redis_that_forgot_proves_nothing(self, leased):
        hints.client().flushdb()

        assert self.reaped() == "UNKNOWN"

    def test_a_sender_that_slept_through_its_lease_hands_nothing_over(self, leased):
        lease = leased.mark_epoch

        assert self.reaped() == "QUEUED"
        assert not mark.Marks(lease).trying(leased.pk)

    def test_and_writes_nothing_down_about_what_is_not_its_own_any_more(self, queue, ana, house):
        queue(ana)
        sender = Sender.objects.get()
        first = claim.claim(sender=sender, house=house, at=NOON, limit=1)
        later = NOON + claim.LEASE + timedelta(seconds=1)
        reap.reap(at=later)
        claim.claim(sender=sender, house=house, at=later, limit=1)

        settle.settle(
            jobs=first.jobs, lease=first.lease, receipts={}, broken={}, idempotent=False, at=later
        )

        assert Delivery.objects.get().state == "SENDING"

    def test_an_answer_repeats_no_address_for_longer_than_it_is_needed(self, leased):
        marks = mark.Marks(leased.mark_epoch)
        marks.trying(leased.pk)
        marks.tell({leased.pk: "ok:250 ana@example.com"})

        self.reaped()

        (key,) = hints.client().keys("journeys:mark:*")
        assert set(hints.client().hvals(key)) == {b"back"}

    def test_a_lease_that_runs_is_left_alone(self, leased):
        reap.reap(at=NOON + timedelta(seconds=60))

        assert Delivery.objects.get().state == "SENDING"


class TestOverSmtp:
    def test_the_whole_letter(self, queue, ana, house):
        queue(ana)
        with Sink() as sink:
            post(Smtp(Server.parse(sink.url), timeout=5), house)

        ((recipient, raw),) = sink.messages
        letter = email.message_from_bytes(raw, policy=email.policy.default)
        delivery = Delivery.objects.get()
        assert recipient == "ana@example.com"
        assert letter["Subject"] == "Hello Ana"
        assert letter["Message-ID"] == f"<{compose.token(delivery=delivery.pk)}@alder.example>"
        assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert letter["List-Unsubscribe"].startswith("<https://alder.example/u/")
        html = letter.get_body(("html",)).get_content()
        plain = letter.get_body(("plain",)).get_content()
        assert "Dear Ana," in html
        assert "Dear Ana," in plain
        assert "https://alder.example/c/" in html
        assert "https://alder.example/c/" in plain
        assert "alder.example/news" not in html

    def test_what_a_person_typed_cannot_become_markup(self, queue, house):
        eve = person("eve")
        eve.traits = {"firstName": '<img src=x onerror=alert(1)>"\r\nBcc: all@example.com'}
        eve.save()
        queue(eve)
        with Sink() as sink:
            post(Smtp(Server.parse(sink.url), timeout=5), house)

        letter = email.message_from_bytes(sink.messages[0][1], policy=email.policy.default)
        assert letter["Bcc"] is None
        assert "<img src=x" not in letter.get_body(("html",)).get_content()
        assert "&lt;img src=x" in letter.get_body(("html",)).get_content()


def test_a_wait_hears_that_the_message_was_sent(ana, fans, welcome, house):
    from journeys.models import Enrollment
    from tests.journeys.conftest import end, wait

    draw(fans, send(welcome), wait("Message Sent", happened=[end("heard")]), end("deaf"))
    happened(ana, "Liked")
    walk_all(NOON)

    post(Answering(), House(site="https://x.example", sender="a@x.example", rate=10))
    walk_all(NOON)

    assert Enrollment.objects.get().outcome == "heard"

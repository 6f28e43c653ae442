"""Senders that fail rest, those asked for patience go slower, and what is in doubt has a policy."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest

from journeys import claim, deliver, dispatch, enroll, mark, pace, reap, settle, ways
from journeys.channels.base import Adapter, Outcome, Receipt, Unusable
from journeys.channels.email.channel import Folder
from journeys.models import Delivery, Sender
from tests.journeys.conftest import HOUSE, NOON, draw, person, send, write
from tests.journeys.test_advance import walk_all
from tests.journeys.test_dispatch import Answering, by

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


@pytest.fixture
def crowd(fans, welcome):
    """Let fifteen people reach a message."""
    journey = draw(fans, send(welcome))
    people = [person(f"p{number}") for number in range(15)]
    enroll.enter(starts=[enroll.Start(one.pk, journey) for one in people], at=NOON)
    walk_all(NOON)


def post(outcome=Outcome.OK, *, at=NOON, adapter=None):
    adapter = adapter or Answering(outcome)
    dispatch.dispatch(channels=by(adapter), house=HOUSE, at=at)
    return len(adapter.got)


class TestCircuit:
    def test_opens_after_ten_failures_in_a_row(self, crowd):
        assert post(Outcome.TEMPORARY) == 10

        sender = Sender.objects.get()
        assert sender.paused_until == NOON + ways.FIRST_PAUSE
        assert sender.pause_reason == "said temporary"
        assert post() == 0

    def test_tries_one_message_after_its_pause_and_closes_if_it_went(self, crowd):
        post(Outcome.TEMPORARY)
        later = NOON + ways.FIRST_PAUSE

        assert post(at=later) == 1
        assert Sender.objects.get().failures == 0
        assert post(at=later + 60 * SECOND) == 14

    def test_rests_twice_as_long_if_the_trial_fails(self, crowd):
        post(Outcome.TEMPORARY)
        later = NOON + ways.FIRST_PAUSE

        assert post(Outcome.TEMPORARY, at=later) == 1
        assert Sender.objects.get().paused_until == later + 2 * ways.FIRST_PAUSE

    def test_lets_one_process_try_at_a_time(self, crowd):
        post(Outcome.TEMPORARY)
        sender, later = Sender.objects.get(), NOON + ways.FIRST_PAUSE

        assert [ways.may_take(sender, 100, at=later) for _ in range(2)] == [1, 0]

    def test_does_not_open_for_addresses_that_are_gone(self, crowd):
        assert post(adapter=Answering(Outcome.PERMANENT, refused=True)) == 15
        assert Sender.objects.get().paused_until is None

    def test_rests_where_the_configuration_is_no_use(self, crowd):
        Sender.objects.update(adapter="nobody")

        done = dispatch.dispatch(house=HOUSE, at=NOON)

        assert done.throttled
        assert Sender.objects.get().paused_until > NOON
        assert Delivery.objects.filter(state="QUEUED", attempts=0).count() == 15


class Hasty(Adapter):
    """Wants to be left alone for a while."""

    def __init__(self):
        self.got = []

    def send(self, batch):
        for parcel in batch:
            self.got.append(parcel)
            yield Receipt(parcel.key, Outcome.THROTTLED, "429", retry_after=90)


class Broken(Adapter):
    """Raises, as no adapter should."""

    def __init__(self):
        self.got = []

    def send(self, batch):
        for parcel in batch:
            self.got.append(parcel)
            raise RuntimeError("a fault of ours")
            yield


class TestPatience:
    def test_is_as_long_as_the_other_side_wants_and_costs_no_try(self, crowd):
        assert post(adapter=Hasty()) == 1

        assert Sender.objects.get().paused_until == NOON + 90 * SECOND
        assert post(at=NOON + 89 * SECOND) == 0
        assert set(Delivery.objects.values_list("state", "attempts")) == {("QUEUED", 0)}
        assert post(at=NOON + 90 * SECOND) == 15

    def test_halves_the_pace_which_recovers_by_little(self):
        shares = [pace.adapt("x", slower=slower) for slower in (True, True, False, False)]

        assert shares == [0.5, 0.25, 0.27, 0.29]
        assert pace.take("x", rate=100, want=1000) == 29

    def test_saves_up_no_more_than_a_burst(self):
        assert pace.take("y", rate=100, want=1000, burst=7) == 7


class Slow(Adapter):
    """Answers from far away."""

    open = 0
    most = 0

    def __init__(self):
        pass

    def send(self, batch):
        for parcel in batch:
            Slow.open += 1
            Slow.most = max(Slow.most, Slow.open)
            time.sleep(0.02)
            Slow.open -= 1
            yield Receipt(parcel.key, Outcome.OK)


class TestFarAway:
    def test_a_slow_server_is_asked_over_several_connections_from_the_second_batch_on(self, crowd):
        house = replace(HOUSE, connections=4)

        for limit in (2, 13):
            dispatch.dispatch(
                house=house, at=NOON, limit=limit, channels=lambda sender, house: Slow()
            )

        assert Delivery.objects.filter(state="SENT").count() == 15
        assert Slow.most == 4


class TestInDoubt:
    def test_advertisement_is_not_sent_again(self, crowd):
        post(Outcome.UNKNOWN)

        assert set(Delivery.objects.exclude(state="QUEUED").values_list("state", flat=True)) == {
            "UNKNOWN"
        }

    def test_what_a_person_expects_is_sent_again_under_the_same_name(self, ana, fans):
        receipt = write("Receipt")
        receipt.purpose = "transactional"
        receipt.save()
        journey = draw(fans, send(receipt))
        enroll.enter(starts=[enroll.Start(ana.pk, journey)], at=NOON)
        walk_all(NOON)
        first, second = Answering(Outcome.UNKNOWN), Answering()

        post(adapter=first)
        post(adapter=second, at=NOON + timedelta(hours=1))

        assert Delivery.objects.get().state == "SENT"
        assert first.got[0].token == second.got[0].token
        assert first.got[0].content == second.got[0].content

    def test_where_the_provider_takes_it_only_once_it_is_sent_again(self, crowd):
        adapter = Answering(Outcome.UNKNOWN)
        adapter.idempotent = True

        post(adapter=adapter)

        assert set(Delivery.objects.values_list("state", flat=True)) == {"QUEUED"}

    def test_the_reaper_goes_by_the_same_policy(self, crowd, welcome):
        welcome.purpose = "transactional"
        welcome.save()
        claim.claim(sender=Sender.objects.get(), house=HOUSE, at=NOON, limit=1)
        leased = Delivery.objects.get(state="SENDING")
        assert mark.Marks(leased.mark_epoch).trying(leased.pk)

        reap.reap(at=NOON + claim.LEASE + SECOND)

        leased.refresh_from_db()
        assert leased.state == "QUEUED"

    def test_an_adapter_that_breaks_down_leaves_one_message_in_doubt(self, crowd):
        assert post(adapter=Broken()) == 1
        assert Delivery.objects.filter(state="UNKNOWN").count() == 1
        assert Delivery.objects.filter(state="QUEUED", attempts=0).count() == 14

    def test_a_message_that_cannot_be_composed_stops_no_other(self, crowd, monkeypatch):
        fine = deliver.compose

        def compose(**told):
            if told["recipient"].startswith("p3@"):
                raise ValueError("no such thing")
            return fine(**told)

        monkeypatch.setattr(deliver, "compose", compose)

        assert post() == 14
        assert Delivery.objects.get(state="QUEUED").reason == "missing"
        for hours in range(2, 30, 2):
            assert post(at=NOON + timedelta(hours=hours)) == 0
        assert Delivery.objects.get(state="FAILED").attempts == settle.MOST_ATTEMPTS


class TestByHand:
    def test_a_failed_message_goes_again(self, crowd):
        post(Outcome.PERMANENT)
        failed = list(Delivery.objects.filter(state="FAILED").values_list("pk", flat=True))

        later = NOON + timedelta(days=8)
        assert settle.retry(delivery_ids=failed, at=later) == len(failed) > 0
        Sender.objects.update(failures=0, paused_until=None)
        assert post(at=later) == len(failed)

    def test_what_may_have_arrived_goes_again_only_if_somebody_says_so(self, crowd):
        post(Outcome.UNKNOWN)
        doubtful = list(Delivery.objects.filter(state="UNKNOWN").values_list("pk", flat=True))

        assert settle.retry(delivery_ids=doubtful, at=NOON) == 0
        assert settle.resend(delivery_ids=doubtful, at=NOON) == len(doubtful) > 0

    def test_a_queued_message_is_canceled_and_one_under_way_is_not(self, crowd):
        claim.claim(sender=Sender.objects.get(), house=HOUSE, at=NOON, limit=1)
        everything = list(Delivery.objects.values_list("pk", flat=True))

        assert settle.cancel(delivery_ids=everything, at=NOON) == 14
        assert Delivery.objects.filter(reason="canceled").count() == 14


class TestWays:
    def test_are_kept_until_their_configuration_changes(self, tmp_path):
        sender, house = Sender.objects.get(), replace(HOUSE, mail_dir=tmp_path)

        first = ways.open_way(sender, house)

        assert isinstance(first, Folder)
        assert ways.open_way(sender, house) is first
        assert ways.open_way(sender, replace(house, mail_dir=tmp_path / "x")) is not first
        ways.close_all()

    def test_have_secrets_that_nobody_reads_in_the_database(self):
        sender = Sender(secrets=ways.seal_secrets({"token": "hush"}))

        assert "hush" not in sender.secrets
        assert ways.secrets_of(sender) == {"token": "hush"}

    def test_without_a_usable_server_say_so(self):
        with pytest.raises(Unusable):
            ways.open_way(Sender.objects.get(), replace(HOUSE, smtp_url="http://nonsense"))

"""Ten promises that every adapter of every channel keeps (docs/developer/channels.md)."""

from __future__ import annotations

import time

import pytest

from journeys.channels import CHANNELS
from journeys.channels.base import Outcome, Unusable
from tests.journeys.benches import BENCHES
from tests.journeys.benches.base import ANSWERS

pytestmark = pytest.mark.django_db
KINDS = {"text", "secret", "url", "number", "boolean", "choice"}


def able(answer):
    """Return the benches whose other side can answer so."""
    return pytest.mark.parametrize(
        "bench", [one for one in BENCHES if answer not in one.never], indirect=True, ids=name
    )


def name(one):
    return f"{one.channel}-{one.adapter}"


every = pytest.mark.parametrize("bench", BENCHES, indirect=True, ids=name)


@pytest.fixture
def bench(request, db):
    with request.param() as bench:
        yield bench


@pytest.fixture
def send(bench):
    yield from sending(bench)


def sending(bench):
    """Hand parcels over; no answer may hold a secret of ours."""
    adapters = []

    def send(*parcels):
        adapters.append(bench.make())
        receipts = list(adapters[-1].send(iter(parcels)))
        for word in bench.secrets:
            assert not [one for one in receipts if word in one.detail]
        return receipts

    yield send
    for adapter in adapters:
        adapter.close()


def test_every_adapter_has_a_bench():
    known = {(channel.name, one.name) for channel in CHANNELS for one in channel.adapters}

    assert known == {(one.channel, one.adapter) for one in BENCHES}
    assert all(set(one.never) <= set(ANSWERS) and all(one.never.values()) for one in BENCHES)


class TestEveryAdapter:
    @every
    def test_1_says_what_it_is_and_what_it_has_to_be_told(self, bench):
        kind = bench.kind

        assert kind.name
        assert str(kind.label)
        assert len({one.name for one in kind.settings}) == len(kind.settings)
        for one in kind.settings:
            assert one.kind in KINDS
            assert str(one.label)
            assert (one.kind == "choice") == bool(one.options)
            assert one.kind != "secret" or not one.default
        # What it makes itself, it makes once.
        config = bench.complete({})
        assert kind.complete(config) == config

    @every
    def test_2_answers_each_message_once_and_in_order(self, bench, send):
        receipts = send(*[bench.parcel(number) for number in (2, 0, 1)])

        assert [one.key for one in receipts] == [bench.key(number) for number in (2, 0, 1)]
        assert {one.outcome for one in receipts} == {Outcome.OK}

    @every
    def test_3_takes_the_next_message_only_when_one_is_answered(self, bench):
        asked = []

        def parcels():
            for number in (0, 1, 2):
                asked.append(number)
                yield bench.parcel(number)

        adapter = bench.make()
        receipts = adapter.send(parcels())

        assert asked == []
        next(receipts)
        assert asked == [0]
        assert len(bench.taken()) == 1
        receipts.close()
        adapter.close()

    @every
    def test_4_hands_over_what_was_composed_to_whom_it_is_for(self, bench, send):
        send(bench.parcel(1), bench.parcel(2))

        assert [one.recipient for one in bench.taken()] == [bench.shown(1), bench.shown(2)]
        assert all("Ana" in one.words for one in bench.taken())

    @every
    def test_5_is_the_same_message_in_every_try(self, bench, send):
        assert bench.content(1) == bench.content(1)
        assert bench.content(1) != bench.content(1, name="Bruno")

        send(bench.parcel(1))
        send(bench.parcel(1))

        if bench.kind.idempotent:
            assert {one.token for one in bench.taken()} == {"token1"}

    @able("gone")
    def test_6_says_when_an_address_is_gone_and_goes_on(self, bench, send):
        bench.gone()

        receipts = send(bench.parcel(1), bench.parcel(2))

        assert [one.outcome for one in receipts] == [Outcome.PERMANENT] * 2
        assert all(one.recipient_refused for one in receipts)

    @able("later")
    def test_7_says_when_to_try_again_and_blames_no_address(self, bench, send):
        bench.later()

        receipt = send(bench.parcel(1))[0]

        assert receipt.outcome is Outcome.TEMPORARY
        assert receipt.detail
        assert not receipt.recipient_refused

    @able("busy")
    def test_8_passes_on_that_it_is_too_fast_and_for_how_long(self, bench, send):
        bench.busy()

        receipt = send(bench.parcel(1))[0]

        assert receipt.outcome is Outcome.THROTTLED
        assert receipt.retry_after in {7.0, None}
        assert not receipt.recipient_refused

    @able("away")
    def test_9_raises_nothing_when_nobody_is_there(self, bench, send):
        bench.away()

        receipts = send(bench.parcel(1), bench.parcel(2))

        assert {one.outcome for one in receipts} <= {Outcome.THROTTLED, Outcome.TEMPORARY}
        assert not any(one.recipient_refused for one in receipts)

    @able("silent")
    @pytest.mark.parametrize("how", ["silent", "hangs"])
    def test_10_admits_that_it_does_not_know(self, bench, send, how):
        getattr(bench, how)()
        began = time.monotonic()

        receipt = send(bench.parcel(1))[0]

        assert receipt.outcome is Outcome.UNKNOWN
        assert time.monotonic() - began < 10


class TestChecks:
    @every
    def test_a_first_contact_sends_nothing_and_tells_who_is_there(self, bench):
        adapter = bench.make()
        words = adapter.check() if name(bench) != "sms-twilio" else ""

        assert isinstance(words, str)
        assert bench.taken() == []
        adapter.close()
        adapter.close()

    @pytest.mark.parametrize(
        ("channel", "adapter", "config"),
        [
            ("sms", "http", {"url": "http://127.0.0.1:1", "body": "{}"}),
            ("sms", "http", {"url": "http://169.254.169.254/", "body": "{}"}),
            ("sms", "http", {"url": "https://example.org", "body": "{no json"}),
            ("sms", "twilio", {"base_url": "http://127.0.0.1:1", "account": "A", "token": "b"}),
            ("webhook", "signed", {"secret": "whsec_"}),
            ("push", "vapid", {"contact": "mailto:"}),
            ("push", "vapid", {"contact": "mailto:a@b.example", "private": "x"}),
        ],
    )
    def test_what_can_not_work_is_said_before_it_is_needed(self, channel, adapter, config):
        kind = CHANNELS.get(channel).adapters.get(adapter)

        with pytest.raises(Unusable) as told:
            kind(config | {"networks": ("127.0.0.0/8",)}).check()
        assert str(told.value)

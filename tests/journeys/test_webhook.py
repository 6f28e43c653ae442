"""Calls to other programs: signed, shaped by us alone, and never inside our network."""

from __future__ import annotations

import json
import time

import pytest
from standardwebhooks.webhooks import Webhook as Checker

from journeys.channels.base import Draft, Outcome
from journeys.channels.webhook.kind import Webhook
from journeys.channels.webhook.signed import GONE_SECONDS, Signed
from tests.journeys.benches.webhook import SECRET
from tests.journeys.benches.webhook import Signed as Program

pytestmark = pytest.mark.django_db


@pytest.fixture
def program():
    with Program() as program:
        yield program


def send(program, **config):
    adapter = Signed(program.config() | config)
    return next(adapter.send([program.parcel(1)]))


class TestTheBody:
    def test_keeps_its_shape_whatever_people_are_called(self, program):
        content = program.content(1, name='"},"admin":"yes {{ x }}\\')

        assert json.loads(content["body"])["data"] == {"greeting": 'Dear "},"admin":"yes {{ x }}\\'}

    def test_is_checked_while_it_is_written(self):
        def told(text="", url="https://a.example"):
            return [(one.field, one.blocks) for one in Webhook().advise(Draft(text=text, url=url))]

        assert told('{"a": 1}') == []
        assert told("") == []
        assert told("{a: 1}") == [("text", True)]
        assert told(url="ftp://a.example") == [("url", True)]
        assert told(url="http://a.example") == [("url", False)]


class TestTheCall:
    def test_is_signed_for_the_moment_it_is_made(self, program):
        send(program)

        sent = program.far.requests[0]
        assert Checker(SECRET).verify(sent.body, sent.headers)["type"] == "dxp.message"
        assert abs(int(sent.headers["webhook-timestamp"]) - time.time()) < 5
        assert sent.headers["webhook-id"] == "token1"

    def test_is_not_made_inside_our_network(self, program):
        receipt = send(program, networks=())

        assert receipt.outcome is Outcome.PERMANENT
        assert "inside" in receipt.detail
        assert program.far.requests == []

    def test_does_not_follow_a_redirect_to_a_private_address(self, program):
        program.far.says(302, {"Location": "http://169.254.169.254/latest/meta-data"})

        assert send(program).outcome is Outcome.PERMANENT
        assert len(program.far.requests) == 1

    def test_gone_asks_the_whole_sender_to_stop(self, program):
        program.far.says(410, {}, b"gone")

        receipt = send(program)

        assert receipt.outcome is Outcome.THROTTLED
        assert receipt.retry_after == GONE_SECONDS
        assert "410" in receipt.detail

    def test_an_answer_without_an_end_is_not_read(self, program):
        program.far.pours(10 * 1024**3)
        began = time.monotonic()

        assert send(program).outcome is Outcome.OK
        assert time.monotonic() - began < 10

    def test_a_target_that_never_answers_is_left_in_time(self, program):
        program.far.hangs()
        began = time.monotonic()

        assert send(program).outcome is Outcome.UNKNOWN
        assert time.monotonic() - began < 10

    def test_a_secret_is_made_where_none_was_given(self):
        made = Signed.complete({})["secret"]

        assert made.startswith("whsec_")
        assert made != Signed.complete({})["secret"]
        assert Signed.complete({"secret": SECRET}) == {"secret": SECRET}

"""What programs send by mistake neither stops us nor gets into the store."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from customers import clean, fold
from customers.models import Event, Quarantine
from dxp.lib.clock import now

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def fact(at=NOON, sent_at=None, **event):
    base = {"type": "track", "event": "E", "userId": "ana"}
    return clean.fact({**base, **event}, position=0, at=at, sent_at=sent_at)


class TestValues:
    def test_that_postgres_cannot_hold_are_cleaned(self, client, shop):
        deep = '{"a":' * 60 + "1" + "}" * 60
        raw = (
            '{"writeKey": "KEY", "batch": [{"type": "track", "event": "E\\u0000E", '
            '"userId": "a\\u0000", "anonymousId": "\\ud800x", "properties": {'
            '"nul": "a\\u0000b", "half": "\\ud83d!", "nan": NaN, "inf": -Infinity, '
            '"huge": HUGE, "big": 1e400, "k\\u0000": 1, "deep": DEEP}}]}'
        )
        raw = raw.replace("KEY", shop.write_key).replace("HUGE", "9" * 5000).replace("DEEP", deep)

        answer = client.post("/v1/batch", raw.encode(), content_type="application/json")

        assert answer.status_code == 200
        fold.drain(at=now())
        event = Event.objects.get()
        assert (event.name, event.user_id) == ("EE", "a")
        told = event.properties
        assert (told["nul"], told["half"], told["k"]) == ("ab", "\ufffd!", 1)
        assert (told["nan"], told["inf"], told["huge"], told["big"]) == (None, None, None, None)
        assert json.dumps(told["deep"]).count("{") < 25
        assert not Quarantine.objects.exists()

    def test_whole_numbers_stay_whole_as_far_as_they_can(self):
        told = fact(properties={"n": 2**53 + 1, "id": 2**63 - 1, "more": 2**64}).properties

        assert told == {"n": 2**53 + 1, "id": 2**63 - 1, "more": float(2**64)}

    def test_unknown_keys_are_kept(self):
        told = fact(channel="web", integrations={"All": False}, nothing=None).context

        assert told == {"extra": {"channel": "web", "integrations": {"All": False}}}


class TestIds:
    @pytest.mark.parametrize(("given", "kept"), [(7, "7"), (" ana ", "ana"), (12.5, "12.5")])
    def test_become_text(self, given, kept):
        assert fact(userId=given).user_id == kept

    @pytest.mark.parametrize("given", ["", None, "null", True, [], {}, "00000000-0000-0000", "-1"])
    def test_of_nobody_are_absent(self, given):
        with pytest.raises(clean.Unfit, match="anybody"):
            fact(userId=given)

    def test_of_messages_may_be_numbers_and_are_made_where_missing(self):
        assert fact(messageId=7).message_id == "7"
        assert fact().message_id != fact().message_id
        assert len(fact(messageId="m" * 100).message_id) == 100


class TestTime:
    @pytest.mark.parametrize(
        ("told", "kept"),
        [
            ("2026-11-21T11:00:00Z", "2026-11-21T11:00:00+00:00"),
            ("2026-11-21T11:00:00.123456+02:00", "2026-11-21T09:00:00.123456+00:00"),
            ("2026-11-21T11:00:00", "2026-11-21T11:00:00+00:00"),
            (1795258800000, "2026-11-21T11:00:00+00:00"),
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00+00:00"),
        ],
    )
    def test_is_kept_as_it_was_told(self, told, kept):
        event = fact(timestamp=told)

        assert event.at.isoformat() == kept
        assert "originalTimestamp" not in event.context

    @pytest.mark.parametrize(
        "told",
        ["2100-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "yesterday", "9999-12-31T23:59:59-14:00",
         1e300, {"a": 1}, [1]],
    )  # fmt: skip
    def test_that_nobody_can_believe_is_the_moment_of_receiving(self, told):
        event = fact(timestamp=told)

        assert event.at == NOON
        assert event.context["originalTimestamp"] == told

    def test_of_a_wrong_clock_is_set_right(self):
        ahead = NOON + timedelta(hours=3)

        event = fact(
            timestamp=(ahead - timedelta(minutes=2)).isoformat(), sent_at=ahead.isoformat()
        )

        assert event.at == NOON - timedelta(minutes=2)

    def test_of_a_slow_network_is_not_touched(self):
        told = (NOON - timedelta(seconds=9)).isoformat()

        assert fact(timestamp=told, sent_at=told).at.isoformat() == told

    def test_that_was_corrected_before_stands(self):
        event = fact(
            timestamp="2026-11-21T10:00:00Z", originalTimestamp="2026-11-21T11:00:00Z",
            sentAt="2026-11-20T00:00:00Z",
        )  # fmt: skip

        assert event.at.isoformat() == "2026-11-21T10:00:00+00:00"

    def test_may_stand_in_original_timestamp_alone(self):
        assert fact(originalTimestamp="2026-11-21T11:00:00Z").at.hour == 11

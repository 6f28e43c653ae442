"""What real SDKs put on the wire is accepted as it is (data set `segment-payloads`)."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from pathlib import Path

import orjson
import pytest
import time_machine

from customers import fold
from customers.models import Event, Inbox, Quarantine, Source
from dxp.lib.clock import now
from tests.customers import people

pytestmark = [pytest.mark.dataset, pytest.mark.django_db]
PAYLOADS = sorted(
    file.name
    for file in (Path(__file__).parents[3] / "shared" / "data" / "segment-payloads").glob("*.json")
    if not file.name.startswith("90")
) or ["01-segment-python-batch.json"]
KINDS = {"track", "page", "screen", "identify", "group", "alias"}


def key_of(one):
    """Return the write key that a recorded request names, wherever it stands."""
    authorization = one["request"]["headers"].get("Authorization", "")
    if authorization.startswith("Basic "):
        return base64.b64decode(authorization[6:]).decode().rstrip(":")
    body = one.get("body")
    inside = body.get("writeKey") if isinstance(body, dict) else None
    path = one["request"]["path"]
    if "/projects/" in path:
        return path.split("/")[3]
    return inside or (path.partition("writeKey=")[2].partition("&")[0] or None)


def replay(client, one):
    """Send a recorded request with the very bytes where they were kept."""
    request = one["request"]
    headers = {
        name: value
        for name, value in request["headers"].items()
        if name.lower() not in ("content-type", "host", "transfer-encoding")
    }
    raw = base64.b64decode(one.get("raw_body_base64") or "")
    if not raw:
        body = one.get("body_text") or one.get("body") or ""
        raw = body.encode() if isinstance(body, str) else orjson.dumps(body)
    kind = request["headers"].get("Content-Type", "application/octet-stream")
    return client.generic(
        request["method"], request["path"], raw, content_type=kind, headers=headers
    )


def calls_of(one):
    """Return the calls a recorded request makes."""
    body = one.get("body")
    if one["request"]["method"] != "POST" or not isinstance(body, dict):
        return []
    return body.get("batch", [body])


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_recorded_request_is_accepted(client, recorded, name):
    requests = recorded(name)
    keys = {key_of(one) for one in requests} - {None}
    for key in keys:
        Source.objects.create(name=key, write_key=key)

    for one in requests:
        answer = replay(client, one)

        assert answer.status_code == 200, (one["request"]["path"], answer.content)
        assert answer["Access-Control-Allow-Origin"]
        if one["request"]["method"] == "POST":
            assert answer.json() == {"success": True}

    fold.drain(at=now())
    calls = [call for one in requests for call in calls_of(one)]
    ids = {call["messageId"] for call in calls}
    assert set(Event.objects.values_list("message_id", flat=True)) == ids
    assert Event.objects.count() == len(ids)
    assert not Quarantine.objects.exists()
    assert not Inbox.objects.exists()


def test_a_retry_is_one_event(client, recorded):
    Source.objects.create(name="Server", write_key="WRITE_KEY_SERVER")

    for one in recorded("03-segment-python-retry.json") * 2:
        replay(client, one)
    fold.drain(at=now())

    assert Event.objects.count() == Event.objects.values("message_id").distinct().count()


def test_times_of_the_past_are_kept(client, recorded):
    Source.objects.create(name="Server", write_key="WRITE_KEY_SERVER")
    name = "02-segment-python-batch-gzip-historical.json"

    for one in recorded(name):
        # Received when it was sent; later, the sender's clock would count as wrong.
        with time_machine.travel(one["body"]["sentAt"], tick=False):
            replay(client, one)
    fold.drain(at=now())

    calls = [call for one in recorded(name) for call in calls_of(one)]
    stored = dict(Event.objects.values_list("message_id", "at"))
    told = {call["messageId"]: datetime.fromisoformat(call["timestamp"]) for call in calls}
    assert stored == told


def test_the_people_of_a_session_are_one_person(client, recorded):
    Source.objects.create(name="Server", write_key="WRITE_KEY_SERVER")

    for one in recorded("04-rudder-python-batch-gzip.json"):
        replay(client, one)
    fold.drain(at=now())

    told = [c for one in recorded("04-rudder-python-batch-gzip.json") for c in calls_of(one)]
    known = next(call for call in told if call["type"] == "identify")
    profile = people.profile_of(kind="user", value=known["userId"])
    assert profile == people.profile_of(kind="anonymous", value=known["anonymousId"])
    assert profile.traits == known["context"]["traits"]


def test_the_spec_examples_are_accepted(client, dataset, shop):
    """Every example call of the public specification (data set `event_payloads_segment`)."""
    lines = (dataset("event_payloads_segment") / "payloads.jsonl").read_text().splitlines()
    calls = []
    for line in lines:
        told = json.loads(line)
        call = told.get("payload", told)
        if isinstance(call, dict) and call.get("type") in KINDS:
            calls.append(call)
    assert calls, "no call was found in the data set"

    for number, call in enumerate(calls):
        call = {"userId": "ana", "previousId": "a1", "groupId": "g1", "event": "E", **call}
        call["messageId"] = f"spec-{number}"
        body = orjson.dumps({"batch": [call], "writeKey": shop.write_key})
        assert client.post("/v1/batch", body, content_type="text/plain").status_code == 200
    fold.drain(at=now())

    # One example of the specification has lost the name of its event; it is set aside, alone.
    nameless = [call for call in calls if not isinstance(call.get("event", "E"), str)]
    assert Quarantine.objects.count() == len(nameless) < 3
    assert Event.objects.count() == len(calls) - len(nameless)

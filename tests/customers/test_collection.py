"""The event API keeps its word to the SDKs: the checklist of the protocol, line by line."""

from __future__ import annotations

import gzip

import orjson
import pytest
from django.db import OperationalError

from customers import fold
from customers.models import Event, Inbox, Profile, Quarantine, Source
from dxp.lib.clock import now
from tests.customers.conftest import TRACK, basic

LONG = ["identify", "track", "page", "screen", "group", "alias"]
SHORT = ["i", "t", "p", "s", "g", "a"]


def folded():
    fold.drain(at=now())
    return list(Event.objects.order_by("id"))


class TestPaths:
    @pytest.mark.parametrize("slash", ["", "/"])
    @pytest.mark.parametrize(("long", "short"), list(zip(LONG, SHORT, strict=True)))
    def test_single_calls_have_two_names_and_no_redirect(self, post, slash, long, short):
        event = {"userId": "ana", "event": "E", "groupId": "g", "previousId": "a1"}

        answers = [post(f"/v1/{name}{slash}", event) for name in (long, short)]

        assert [(one.status_code, one.json()) for one in answers] == [(200, {"success": True})] * 2
        assert [one.type for one in folded()] == [long, long]

    @pytest.mark.parametrize("slash", ["", "/"])
    @pytest.mark.parametrize("name", ["batch", "b", "import"])
    def test_batches_have_three(self, post, name, slash):
        assert post(f"/v1/{name}{slash}").status_code == 200
        assert len(folded()) == 1

    def test_metrics_are_taken_and_dropped(self, post):
        assert post("/v1/m", {"series": []}).json() == {"success": True}
        assert not Inbox.objects.exists()

    def test_unknown_ones_are_told_so(self, post):
        answer = post("/v1/trackk")

        assert answer.status_code == 404
        assert set(answer.json()) == {"code", "message"}

    def test_only_the_method_of_the_protocol_is_taken(self, client, shop):
        assert client.get("/v1/batch").status_code == 405
        assert client.post(f"/v1/projects/{shop.write_key}/settings").status_code == 405


class TestTheKey:
    def test_may_stand_in_three_places(self, post, client, shop):
        inside = {"batch": [TRACK], "writeKey": shop.write_key}

        assert post().status_code == 200
        assert post(body=inside, key=False).status_code == 200
        beacon = f"/beacon/v1/batch?writeKey={shop.write_key}"
        assert post(beacon, key=False, kind="text/plain").status_code == 200
        assert len(folded()) == 3

    @pytest.mark.parametrize("key", ["", "wrong", "\x00", "x" * 5000, None, 7])
    def test_that_nobody_has_is_refused(self, post, key):
        answer = post(body={"batch": [TRACK], "writeKey": key}, key=False)

        assert (answer.status_code, set(answer.json())) == (401, {"code", "message"})
        assert not Inbox.objects.exists()

    def test_of_a_source_that_is_off_is_refused(self, post, shop):
        Source.objects.update(is_active=False)

        assert post().status_code == 401

    def test_of_our_own_source_is_refused(self, post, send, viewed):
        from customers import append

        append.own_source()
        own = Source.objects.get(name=append.OWN_SOURCE)

        assert (
            post(body={"batch": [TRACK], "writeKey": own.write_key}, key=False).status_code == 401
        )


class TestTheBody:
    @pytest.mark.parametrize(
        "kind", ["application/json", "text/plain", "application/x-www-form-urlencoded",
                 "multipart/form-data; boundary=x", ""],
    )  # fmt: skip
    @pytest.mark.parametrize("packed", [True, False])
    def test_is_read_whatever_it_is_called(self, post, kind, packed):
        raw = orjson.dumps({"batch": [TRACK]})
        headers = {"HTTP_CONTENT_ENCODING": "gzip"} if packed and kind == "text/plain" else {}

        answer = post(body=gzip.compress(raw) if packed else raw, kind=kind, **headers)

        assert answer.status_code == 200
        assert len(folded()) == 1

    @pytest.mark.parametrize(
        "raw", [b"", b"{", b"[]", b"7", b"null", b"\xff\xfe", b'{"batch": 7}', b'{"batch": {}}',
                b"{}", b"\x1f\x8bbroken", b"[" * 100_000, b'{"a":' * 50_000],
    )  # fmt: skip
    def test_that_is_no_batch_is_a_clear_400(self, post, raw):
        answer = post(body=raw)

        assert (answer.status_code, set(answer.json())) == (400, {"code", "message"})
        assert answer["Access-Control-Allow-Origin"] == "*"

    def test_that_is_cut_off_is_refused(self, post):
        raw = gzip.compress(orjson.dumps({"batch": [TRACK]}))[:-12]

        assert post(body=raw).status_code == 400

    def test_that_is_too_large_is_refused_before_it_is_unpacked(self, post):
        bomb = gzip.compress(b" " * 50_000_000)

        assert post(body=b" " * (4 * 1024 * 1024 + 1)).status_code == 413
        answer = post(body=bomb)

        assert (answer.status_code, set(answer.json())) == (413, {"code", "message"})

    def test_of_four_mebibytes_is_read_and_judged_event_by_event(self, post):
        fits = {**TRACK, "properties": {"text": "x" * 64_000}}
        too_big = {**TRACK, "properties": {"text": "x" * 200_000}}

        assert post(body={"batch": [fits, too_big, TRACK]}).status_code == 200

        assert len(folded()) == 2
        assert "100 KB" in Quarantine.objects.get().reason

    def test_of_a_batch_shares_its_context(self, post):
        body = {
            "batch": [{**TRACK, "context": {"ip": "own"}}, TRACK],
            "context": {"ip": "shared", "app": 1}, "integrations": {"All": True},
        }  # fmt: skip

        post(body=body)

        own, shared = (one.context for one in folded())
        assert (own["ip"], own["app"], shared["ip"]) == ("own", 1, "shared")
        assert own["extra"] == shared["extra"] == {"integrations": {"All": True}}


class TestBrowsers:
    ASKED = (
        "authorization", "content-type", "x-retry-count", "anonymousid", "sentat",
        "rsa-retry-attempt", "rsa-retry-reason", "rsa-since-first-attempt",
        "rsa-since-last-attempt",
    )  # fmt: skip

    def test_may_ask_before_they_send(self, client, db):
        answer = client.options("/v1/t", HTTP_ORIGIN="https://shop.example")

        allowed = answer["Access-Control-Allow-Headers"].split(", ")
        assert answer.status_code == 200
        assert set(self.ASKED) <= set(allowed)
        assert answer["Access-Control-Allow-Origin"] == "https://shop.example"
        assert "POST" in answer["Access-Control-Allow-Methods"]

    def test_may_read_every_answer(self, post):
        for answer in (post(), post(body=b"{"), post("/v1/nothing"), post(key=False)):
            assert answer["Access-Control-Allow-Origin"] == "*"
            assert answer["Access-Control-Expose-Headers"] == "Retry-After"
            assert not answer.cookies

    @pytest.mark.parametrize("slash", ["", "/"])
    def test_are_told_to_send_here(self, client, shop, slash):
        answer = client.get(f"/v1/projects/{shop.write_key}/settings{slash}").json()

        assert answer["integrations"]["Segment.io"]["apiKey"] == shop.write_key
        assert answer["integrations"]["Segment.io"]["apiHost"] == "testserver/v1"
        assert answer["integrations"]["Segment.io"]["protocol"] == "http"

    @pytest.mark.parametrize("slash", ["", "/"])
    def test_are_told_that_their_source_is_on(self, client, shop, slash):
        asked = f"/sourceConfig{slash}?p=npm&writeKey={shop.write_key}"

        source = client.get(asked).json()["source"]

        assert (source["enabled"], source["writeKey"]) == (True, shop.write_key)
        assert client.get(f"/sourceConfig{slash}", **basic(shop.write_key)).status_code == 200
        assert client.get(f"/sourceConfig{slash}").status_code == 401


class TestNeighbors:
    def test_of_a_bad_event_are_not_lost(self, post):
        bad = [
            None, 7, "x", [], {}, {"type": "track"}, {"type": "dance", "userId": "a"},
            {"type": "track", "event": "E"}, {"type": "track", "userId": "a"},
            {**TRACK, "event": {"a": 1}}, {**TRACK, "event": "x" * 201}, {**TRACK, "event": " "},
            {**TRACK, "userId": "x" * 256}, {**TRACK, "messageId": "x" * 101},
            {**TRACK, "properties": [1]}, {**TRACK, "userId": None}, {**TRACK, "userId": "null"},
            {"type": "group", "userId": "a"}, {"type": "alias", "userId": "a"},
        ]  # fmt: skip

        answer = post(body={"batch": [TRACK, *bad, TRACK]})

        assert (answer.status_code, answer.json()) == (200, {"success": True})
        assert len(folded()) == 2
        assert Quarantine.objects.count() == len(bad)
        assert all(Quarantine.objects.values_list("reason", flat=True))

    def test_of_a_thousand_bad_events_do_not_fill_the_disk(self, post):
        post(body={"batch": [7] * 1000 + [TRACK]})

        assert Quarantine.objects.count() == 101
        assert len(folded()) == 1


class TestPostgresAway:
    def test_is_a_503_that_says_when_to_come_again(self, post, monkeypatch):
        def away(**_):
            raise OperationalError("the server is gone")

        with monkeypatch.context() as patch:
            patch.setattr("customers.ingest.accept", away)
            answer = post(HTTP_ORIGIN="https://shop.example")

        assert answer.status_code == 503
        assert int(answer["Retry-After"]) > 0
        assert set(answer.json()) == {"code", "message"}
        assert answer["Access-Control-Allow-Origin"] == "https://shop.example"
        assert post().status_code == 200


def test_a_source_prints_its_key(capsys, db):
    from django.core.management import call_command

    call_command("source", "Shop")
    call_command("source", "Shop")

    told = capsys.readouterr().out.splitlines()
    assert told == [Source.objects.exclude(name="DXP").get().write_key] * 2
    assert not Profile.objects.exists()


def test_a_source_of_a_page_is_made_by_its_kind(capsys, db):
    from django.core.management import call_command

    call_command("source", "Shop", "--kind", "browser")
    call_command("source", "Shop")

    assert Source.objects.get(name="Shop").kind == Source.Kind.BROWSER

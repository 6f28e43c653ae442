"""What the checklist of the protocol asks beyond `test_collection`: one test for each of its lines.

`test_collection` and `test_recorded_payloads` hold the rest; docs/developer/collection.md is the
list in words.
"""

from __future__ import annotations

import gzip
import io
import re
import threading
from datetime import UTC, datetime, timedelta

import orjson
import pytest
import time_machine
from django.db import connections

from customers import fold
from customers.api.ingest import ALLOWED_HEADERS
from customers.models import Event, Inbox, Profile, Quarantine, Source
from dxp.lib.clock import now
from tests.customers import people
from tests.customers.conftest import TRACK, basic
from tests.customers.test_collection import folded
from tests.customers.test_recorded_payloads import replay

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def asked_by_preflights(requests):
    """Return the headers that recorded browsers asked for before they sent."""
    return {
        name.strip().lower()
        for one in requests
        for key, value in one["request"]["headers"].items()
        if key.lower() == "access-control-request-headers"
        for name in value.split(",")
    }


class TestPaths:
    EVENT = {"userId": "ana", "event": "E", "groupId": "g", "previousId": "a1"}
    CALLS = ("identify", "track", "page", "screen", "group", "alias", "i", "t", "p", "s", "g", "a")
    LISTS = ("batch", "b", "import")

    @pytest.mark.parametrize("slash", ["", "/"])
    def test_paths_with_and_without_slash(self, post, client, shop, slash):
        key = shop.write_key
        answers = [
            *(post(f"/v1/{name}{slash}", {**self.EVENT, "messageId": name}) for name in self.CALLS),
            *(post(f"/v1/{name}{slash}", {"batch": [{**TRACK, "messageId": name}]})
              for name in self.LISTS),
            post(f"/beacon/v1/batch{slash}?writeKey={key}", {"batch": [TRACK]}, key=False),
            post(f"/v1/m{slash}", {"series": []}),
            client.get(f"/v1/projects/{key}/settings{slash}"),
            client.get(f"/sourceConfig{slash}?writeKey={key}"),
        ]  # fmt: skip

        assert {one.status_code for one in answers} == {200}
        assert not any("Location" in one for one in answers)
        assert len(folded()) == len(self.CALLS) + len(self.LISTS) + 1

    @pytest.mark.parametrize(
        "path", ["/v1/track", "/v1/batch", "/beacon/v1/batch", "/sourceConfig"]
    )
    def test_paths_never_redirect_to_https_either(self, client, shop, settings, path):
        settings.SECURE_SSL_REDIRECT = True

        for slash in ("", "/"):
            answer = client.post(path + slash, b"{}", content_type="text/plain")
            assert answer.status_code in {200, 401, 405}


@pytest.mark.dataset
class TestRecordedBrowsers:
    def test_every_header_that_recorded_preflights_ask_for_is_allowed(self, recorded):
        names = (
            "11-segment-browser-preflight.json", "19-segment-browser-retry-and-its-preflight.json",
            "22-rudder-browser-preflight.json",
        )  # fmt: skip
        asked = set().union(*(asked_by_preflights(recorded(name)) for name in names))

        assert {"authorization", "x-retry-count", "anonymousid", "sentat"} <= asked
        assert asked <= set(ALLOWED_HEADERS.split(", "))

    def test_a_browsers_key_replaces_what_its_recorded_events_claim(self, client, recorded):
        requests = recorded("14-segment-browser-track.json")
        key = re.search(r'"writeKey":"(\w+)"', orjson.dumps(requests).decode())[1]
        Source.objects.create(name="Site", write_key=key, kind="browser")

        for one in requests:
            assert replay(client, one).status_code == 200
        fold.drain(at=now())

        agents = {one["request"]["headers"]["User-Agent"] for one in requests}
        for event in Event.objects.all():
            assert event.context["ip"] == "127.0.0.0"
            assert event.context["userAgent"] in agents
            # Recorded long ago by a clock of that day: the difference of sending counts, not more.
            assert now() - event.at < timedelta(minutes=1)


class TestBodies:
    @pytest.mark.django_db(transaction=True)
    def test_chunked_bodies_are_read_by_the_server_entrance(self, shop):
        from dxp.wsgi import application

        raw = gzip.compress(orjson.dumps({"batch": [TRACK], "writeKey": shop.write_key}))
        told = []
        environ = {
            "REQUEST_METHOD": "POST", "PATH_INFO": "/v1/import", "SERVER_NAME": "testserver",
            "SERVER_PORT": "80", "HTTP_TRANSFER_ENCODING": "chunked", "SCRIPT_NAME": "",
            "wsgi.input": io.BytesIO(raw), "wsgi.url_scheme": "http", "wsgi.errors": io.StringIO(),
        }  # fmt: skip

        body = b"".join(application(environ, lambda status, headers: told.append(status)))

        assert (told, body) == (["200 OK"], b'{"success":true}')
        assert len(folded()) == 1

    def test_gzip_announced_as_a_form_is_gzip(self, post):
        raw = gzip.compress(orjson.dumps({"batch": [TRACK]}))

        assert post(body=raw, kind="application/x-www-form-urlencoded").status_code == 200
        assert len(folded()) == 1


class TestTheKey:
    def test_basic_comes_before_the_body_and_the_body_before_the_query(self, client, shop):
        other = Source.objects.create(name="Other")
        raw = orjson.dumps({"batch": [TRACK], "writeKey": other.write_key})
        asked = f"/v1/batch?writeKey={shop.write_key}"

        client.post(asked, raw, content_type="text/plain", **basic(shop.write_key))
        client.post(asked, raw, content_type="text/plain")
        client.post(asked, orjson.dumps({"batch": [TRACK]}), content_type="text/plain")

        stored = Inbox.objects.order_by("id").values_list("source", flat=True)
        assert list(stored) == [shop.pk, other.pk, shop.pk]

    def test_a_bearer_token_leaves_the_key_to_the_body(self, client, shop):
        raw = orjson.dumps({"batch": [TRACK], "writeKey": shop.write_key})

        answer = client.post(
            "/v1/batch", raw, content_type="application/json", HTTP_AUTHORIZATION="Bearer abc"
        )

        assert answer.status_code == 200


class TestAnswers:
    def test_success_is_exactly_200_with_a_json_object(self, post):
        answer = post()

        assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
        assert answer.json() == {"success": True}

    def test_errors_are_code_and_message_and_nothing_else(self, post, client, shop):
        refused = [
            post(body=b"{"), post(key=False), post("/v1/nothing"), client.get("/v1/batch"),
            post(body=b" " * (4 * 1024 * 1024 + 1)), post(body={"batch": 7}),
            client.get("/v1/projects/nobody/settings"), client.get("/sourceConfig/"),
        ]  # fmt: skip

        assert [one.status_code for one in refused] == [400, 401, 404, 405, 413, 400, 401, 401]
        for one in refused:
            assert set(one.json()) == {"code", "message"}
            assert one["Access-Control-Allow-Origin"]

    def test_a_browser_may_read_why_it_was_refused(self, post):
        answer = post(body=b"{", HTTP_ORIGIN="https://shop.example")

        assert answer["Access-Control-Allow-Origin"] == "https://shop.example"
        assert answer["Access-Control-Expose-Headers"] == "Retry-After"
        assert answer["Vary"] == "Origin"


class TestLimits:
    def test_2500_events_of_one_batch_are_taken(self, post):
        many = [{**TRACK, "messageId": f"m{number}"} for number in range(2500)]

        assert post(body={"batch": many}).status_code == 200
        assert len(folded()) == 2500

    @pytest.mark.parametrize(("kilobytes", "taken"), [(32, 1), (64, 1), (200, 0)])
    def test_64_kb_is_taken_and_200_kb_is_not(self, post, kilobytes, taken):
        event = {**TRACK, "properties": {"text": "x" * (kilobytes * 1024 - 200)}}

        assert post(body={"batch": [event, TRACK]}).status_code == 200
        assert len(folded()) == taken + 1
        assert Quarantine.objects.filter(code="size").count() == 1 - taken


class TestOnce:
    def test_a_message_id_counts_once_per_source(self, post, client):
        other = Source.objects.create(name="Other")
        raw = orjson.dumps({"batch": [{**TRACK, "messageId": "m"}], "writeKey": other.write_key})

        for _ in range(2):
            post(body={"batch": [{**TRACK, "messageId": "m"}]})
            client.post("/v1/batch", raw, content_type="text/plain")

        assert len(folded()) == 2

    def test_a_message_id_is_remembered_for_longer_than_a_day(self, post):
        with time_machine.travel(NOON, tick=False):
            post(body={"batch": [{**TRACK, "messageId": "m"}]})
            fold.drain(at=now())
        with time_machine.travel(NOON + timedelta(days=2), tick=False):
            post(body={"batch": [{**TRACK, "messageId": "m"}]})
            assert len(folded()) == 1

    def test_a_missing_message_id_is_assigned(self, post):
        post(body={"batch": [TRACK, TRACK, {**TRACK, "messageId": ""}]})

        assert len({event.message_id for event in folded()}) == 3


class TestTime:
    def stored(self, post, **event):
        sent = event.pop("sent_at", None)
        with time_machine.travel(NOON, tick=False):
            post(body={"batch": [{**TRACK, **event}], **({"sentAt": sent} if sent else {})})
            fold.drain(at=now())
        return Event.objects.get()

    @pytest.mark.parametrize(("off", "corrected"), [(9, 0), (11, 11), (3600, 3600), (-3600, -3600)])
    def test_a_wrong_clock_is_corrected_beyond_ten_seconds(self, post, off, corrected):
        by_its_clock = NOON - timedelta(seconds=off)

        event = self.stored(
            post, timestamp=(by_its_clock - timedelta(minutes=5)).isoformat(),
            sent_at=by_its_clock.isoformat(),
        )  # fmt: skip

        expected = by_its_clock - timedelta(minutes=5) + timedelta(seconds=corrected)
        assert event.at == expected

    def test_a_timestamp_beside_its_original_stands(self, post):
        then = "2026-11-19T08:00:00+00:00"

        event = self.stored(
            post, timestamp=then, originalTimestamp="2026-11-19T07:00:00Z",
            sent_at="2026-11-20T01:00:00Z",
        )  # fmt: skip

        assert event.at.isoformat() == then

    @pytest.mark.parametrize("claim", ["yesterday", "2026-13-45", {}, 10**18, "0000-00-00"])
    def test_what_cannot_be_read_is_the_moment_of_receiving(self, post, claim):
        event = self.stored(post, timestamp=claim)

        assert event.at == NOON

    def test_a_timeline_is_in_order_of_time_then_receiving_then_place(self, post):
        same = {"timestamp": (NOON - timedelta(hours=1)).isoformat()}
        batches = [["b", "c"], ["d"]]
        for minute, names in enumerate(batches):
            with time_machine.travel(NOON + timedelta(minutes=minute), tick=False):
                post(body={"batch": [{**TRACK, "event": name, **same} for name in names]})
        with time_machine.travel(NOON + timedelta(minutes=5), tick=False):
            earlier = (NOON - timedelta(hours=2)).isoformat()
            post(body={"batch": [{**TRACK, "event": "a", "timestamp": earlier}]})
            fold.drain(at=now())

        timeline = Event.objects.order_by(*Event.TIMELINE).values_list("name", flat=True)
        assert list(timeline) == ["a", "b", "c", "d"]


class TestIdentity:
    def test_empty_ids_are_absent_and_numbers_are_text(self, post):
        post(body={"batch": [
            {**TRACK, "userId": "", "anonymousId": "a1"}, {**TRACK, "userId": None,
             "anonymousId": 17}, {**TRACK, "userId": 42},
        ]})  # fmt: skip

        assert [(one.user_id, one.anonymous_id) for one in folded()] == [
            (None, "a1"), (None, "17"), ("42", None),
        ]  # fmt: skip

    def test_traits_of_identify_may_stand_in_its_context_alone(self, post):
        told = {"type": "identify", "userId": "ana", "context": {"traits": {"plan": "pro"}}}

        post(body={"batch": [told]})
        fold.drain(at=now())

        assert people.profile_of(kind="user", value="ana").traits == {"plan": "pro"}

    def test_traits_in_the_context_of_a_track_change_nothing(self, post):
        post(body={"batch": [{**TRACK, "context": {"traits": {"plan": "pro"}}}]})
        fold.drain(at=now())

        assert Profile.objects.get().traits == {}

    def test_what_a_batch_says_holds_for_each_event_and_each_may_differ(self, post):
        post(body={
            "batch": [TRACK, {**TRACK, "context": {"app": 2}, "integrations": {"X": False}}],
            "context": {"app": 1, "os": "x"}, "integrations": {"All": True},
        })  # fmt: skip

        first, second = (event.context for event in folded())
        assert (first["app"], first["os"], second["app"], second["os"]) == (1, "x", 2, "x")
        assert first["extra"] == {"integrations": {"All": True}}
        assert second["extra"] == {"integrations": {"All": True, "X": False}}


class TestCleaning:
    @pytest.mark.parametrize(
        ("sent", "kept"),
        [
            (rb'"a\u0000b"', "ab"), (rb'"\ud800"', "�"), (b"NaN", None), (b"-Infinity", None),
            (b"1" + b"0" * 400, None), (b"18446744073709551615", 18446744073709552000),
            (b"[" * 30 + b"]" * 30, None), (b'"\xf0\x9f\x98\x80"', "\U0001f600"),
        ],
    )  # fmt: skip
    def test_what_postgres_cannot_hold_is_cleaned(self, post, sent, kept):
        raw = b'{"batch":[{"type":"track","event":"E","userId":"a","properties":{"v":%s}}]}' % sent

        assert post(body=raw).status_code == 200

        value = folded()[0].properties["v"]
        while isinstance(value, list) and value:
            value = value[0]
        assert value == kept


@pytest.mark.django_db(transaction=True)
def test_copies_that_arrive_at_the_same_moment_are_one_event(client, shop):
    from customers import ingest

    def arrive():
        ingest.accept(source=shop, events=[{**TRACK, "messageId": "m"}], at=now())
        fold.fold(at=now())
        connections.close_all()

    threads = [threading.Thread(target=arrive) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    fold.drain(at=now())
    assert Event.objects.count() == 1

"""What other programs may tell and change, once, and how they are told what is wrong."""

from __future__ import annotations

import json
import zipfile
from datetime import timedelta
from io import BytesIO

import pytest
from django.contrib.auth.models import Permission
from django.db import connection

from customers import consent, erase, fold, segment
from customers.models import ConsentEntry, ContactPoint, Event, Profile, Segment, Source
from dxp.lib.clock import now
from dxp.users import once
from dxp.users.models import ApiCall, ApiToken
from tests.customers import people

pytestmark = pytest.mark.django_db
API = "/api/v1"
NOBODY = "00000000-0000-7000-8000-000000000000"
CROATIA = people.from_country("HR")


class Program:
    """A program of mara's with these scopes."""

    def __init__(self, client, *scopes):
        self.client = client
        self.header = people.token(people.marketer(), *scopes)

    def __call__(self, method, path, body=None, **headers):
        told = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        return self.client.generic(
            method, f"{API}{path}", b"" if body is None else json.dumps(body),
            content_type="application/json", **self.header, **told,
        )  # fmt: skip


@pytest.fixture
def program(client):
    return Program(client, "all")


def told(answer, status=200):
    assert answer.status_code == status, answer.content
    return answer.json() if answer.content else None


def pointers(answer):
    assert answer.status_code == 400, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    return [one["pointer"] for one in answer.json()["errors"]]


class TestScopes:
    @pytest.mark.parametrize(
        ("method", "path", "scope"),
        [
            ("POST", "/profiles/", "profiles:write"),
            ("PATCH", f"/profiles/{NOBODY}/", "profiles:write"),
            ("DELETE", f"/profiles/{NOBODY}/", "rights:write"),
            ("GET", f"/profiles/{NOBODY}/export/", "rights:write"),
            ("GET", f"/profiles/{NOBODY}/consents/", "consents:read"),
            ("POST", f"/profiles/{NOBODY}/consents/", "consents:write"),
            ("POST", "/events/", "events:write"),
            ("POST", "/segments/", "segments:write"),
            ("DELETE", "/segments/none/", "segments:write"),
        ],
    )
    def test_a_missing_scope_is_named(self, client, method, path, scope):
        answer = Program(client, "profiles:read", "events:read")(method, path, {})

        problem = told(answer, 403)
        assert problem["scope"] == scope
        assert scope in problem["detail"]

    def test_a_scope_gives_nothing_that_its_person_may_not_do(self, client):
        mara = Program(client, "all")
        right = Permission.objects.get(codename="change_profile")
        ApiToken.objects.get().user.user_permissions.remove(right)

        assert mara("GET", "/profiles/").status_code == 200
        refused = told(mara("POST", "/profiles/", {"user_id": "ana"}), 403)
        assert "scope" not in refused
        assert not Profile.objects.exists()

    def test_ends_when_it_expires(self, program):
        assert program("GET", "/profiles/").status_code == 200
        ApiToken.objects.update(expires_at=now() - timedelta(seconds=1))

        assert program("GET", "/profiles/").status_code == 401


class TestProfiles:
    def test_are_made_by_a_name_and_found_by_it_again(self, program):
        body = {"user_id": "ana", "traits": {"email": "Ana@Example.org", "country": "HR"}}

        made = program("POST", "/profiles/", body)
        again = program("POST", "/profiles/", {"user_id": "ana", "traits": {"age": 41}})

        assert told(made, 201)["id"] == told(again)["id"]
        assert again.json()["traits"] == {"email": "Ana@Example.org", "country": "HR", "age": 41}
        assert again.json()["contact_points"] == [
            {"channel": "email", "address": "Ana@Example.org"}
        ]
        assert made["Location"].endswith(f"/api/v1/profiles/{made.json()['id']}/")
        assert Profile.objects.get().is_known

    def test_are_changed_key_by_key_and_null_takes_back(self, program):
        ana = told(
            program("POST", "/profiles/", {"user_id": "ana", "traits": {"a": 1, "b": 2}}), 201
        )

        changed = program("PATCH", f"/profiles/{ana['id']}/", {"traits": {"a": None, "c": [1]}})

        assert told(changed)["traits"] == {"b": 2, "c": [1]}

    def test_who_tells_a_trait_stands_beside_it(self, program):
        from customers.models import TraitObservation

        program("POST", "/profiles/", {"user_id": "ana", "traits": {"country": "HR"}})

        assert set(TraitObservation.objects.values_list("source", flat=True)) == {"api:Warehouse"}

    def test_enter_the_segments_that_their_traits_fit(self, program):
        segment.create(name="Croatia", rule=CROATIA, at=now())

        ana = told(
            program("POST", "/profiles/", {"user_id": "ana", "traits": {"country": "HR"}}), 201
        )

        assert [one["slug"] for one in ana["segments"]] == ["croatia"]
        left = program("PATCH", f"/profiles/{ana['id']}/", {"traits": {"country": "AT"}})
        assert told(left)["segments"] == []

    @pytest.mark.parametrize(
        ("body", "wrong"),
        [
            ({}, ["#"]),
            ([], ["#"]),
            ({"user_id": "ana", "anonymous_id": "x"}, ["#"]),
            ({"user_id": "null"}, ["#/user_id"]),
            ({"user_id": "a" * 256}, ["#/user_id"]),
            ({"user_id": "ana", "colour": "red"}, ["#/colour"]),
            ({"user_id": "ana", "traits": {"": 1}}, ["#/traits/"]),
            ({"user_id": "ana", "traits": ["x"]}, ["#/traits"]),
            ({"user_id": ["ana"]}, ["#/user_id"]),
        ],
    )
    def test_say_which_field_is_wrong_and_take_nothing(self, program, body, wrong):
        assert pointers(program("POST", "/profiles/", body)) == wrong
        assert not Profile.objects.exists()

    def test_refuse_a_trait_of_another_type_by_its_place(self, program):
        ana = told(program("POST", "/profiles/", {"user_id": "ana", "traits": {"age": 41}}), 201)

        wrong = program("PATCH", f"/profiles/{ana['id']}/", {"traits": {"age": "x", "b": 1}})

        assert pointers(wrong) == ["#/traits/age"]
        assert program("GET", f"/profiles/{ana['id']}/").json()["traits"] == {"age": 41}

    def test_an_update_of_what_changed_since_is_refused(self, program):
        made = program("POST", "/profiles/", {"user_id": "ana", "traits": {"a": 1}})
        path, seen = f"/profiles/{made.json()['id']}/", made["ETag"]

        first = program("PATCH", path, {"traits": {"a": 2}}, if_match=seen)
        second = program("PATCH", path, {"traits": {"a": 3}}, if_match=seen)
        third = program("PATCH", path, {"traits": {"a": 3}}, if_match=first["ETag"])

        assert (first.status_code, second.status_code, third.status_code) == (200, 412, 200)
        assert told(program("GET", path))["traits"] == {"a": 3}
        same = program("GET", path, if_none_match=third["ETag"])
        assert (same.status_code, same.content) == (304, b"")

    def test_are_found_by_phone_and_by_the_words_of_their_name(self, program):
        traits = {"phone": "091 234 5678", "country": "HR", "name": "Ana Marić"}
        program("POST", "/profiles/", {"user_id": "ana", "traits": traits})
        program("POST", "/profiles/", {"user_id": "bruno", "traits": {"name": "Bruno"}})

        for query in ("phone=%2B385%2091-2345678", "name=mar", "email=", "name=xyz"):
            found = program("GET", f"/profiles/?{query}")
            if query == "email=":
                assert found.status_code == 400
            else:
                names = [one["name"] for one in told(found)["results"]]
                assert names == ([] if query == "name=xyz" else ["Ana Marić"])

    def test_show_dots_to_a_program_whose_person_may_not_see(self, program):
        made = told(
            program("POST", "/profiles/", {
                "user_id": "ana", "traits": {"email": "ana@example.org", "plan": "gold"},
            }), 201,
        )  # fmt: skip
        see = Permission.objects.filter(codename__startswith="see_")
        ApiToken.objects.get().user.user_permissions.remove(*see)

        identify = {"type": "identify", "user_id": "ana", "properties": {"email": "ana@x.test"}}
        program("POST", "/events/", {"events": [identify]})
        fold.drain(at=now())

        seen = program("GET", f"/profiles/{made['id']}/")
        events = program("GET", "/events/")

        assert told(seen)["traits"]["plan"] == "gold"
        assert b"ana@" not in seen.content
        assert len(told(events)["results"]) == 1
        assert b"ana@" not in events.content

    def test_are_forgotten_on_request_and_do_not_come_back(self, program):
        made = told(
            program("POST", "/profiles/", {
                "user_id": "ana", "traits": {"email": "ana@example.org"},
            }, idempotency_key="k-1"), 201,
        )  # fmt: skip
        path = f"/profiles/{made['id']}/"
        assert ApiCall.objects.filter(about__contains=[made["id"]]).exists()

        asked = told(program("DELETE", path), 202)
        erase.work(at=now())

        assert asked["state"] == "REQUESTED"
        assert program("GET", path).status_code == 404
        assert told(program("GET", f"{path}erasure/"))["state"] == "DONE"
        again = program("POST", "/profiles/", {"user_id": "ana"})
        assert again.status_code == 409
        mail = {"user_id": "eva", "traits": {"email": "ana@example.org"}}
        assert program("POST", "/profiles/", mail).status_code == 409
        assert not ApiCall.objects.filter(about__contains=[made["id"]]).exists()

    def test_are_exported_as_one_file(self, program):
        ana = people.ana()

        answer = program("GET", f"/profiles/{ana.public_id}/export/")

        archive = zipfile.ZipFile(BytesIO(b"".join(answer.streaming_content)))
        assert answer["Content-Type"] == "application/zip"
        assert "index.html" in archive.namelist()
        assert any(b"Ana@Example.org" in archive.read(name) for name in archive.namelist())


class TestEvents:
    def test_are_taken_and_counted_once(self, program):
        one = {
            "event": "Order Completed", "user_id": "ana", "properties": {"revenue": 49.0},
            "timestamp": "2026-11-20T10:00:00Z", "message_id": "order-1001",
        }  # fmt: skip

        sent = [told(program("POST", "/events/", {"events": [one]}), 202) for _ in range(2)]
        fold.drain(at=now())

        assert sent == [{"accepted": 1}] * 2
        found = told(program("GET", "/events/?user_id=ana"))["results"]
        assert [(row["message_id"], row["timestamp"]) for row in found] == [
            ("order-1001", "2026-11-20T10:00:00Z")
        ]
        assert Source.objects.get(name__startswith="API:").kind == Source.Kind.SERVER

    def test_identify_tells_traits(self, program):
        body = {"events": [{"type": "identify", "user_id": "ana", "properties": {"country": "HR"}}]}

        told(program("POST", "/events/", body), 202)
        fold.drain(at=now())

        assert Profile.objects.get().traits == {"country": "HR"}

    @pytest.mark.parametrize(
        ("events", "wrong"),
        [
            ([], ["#/events"]),
            ([{"event": "A", "user_id": "ana"}, {"event": "B"}], ["#/events/1"]),
            ([{"event": "A", "user_id": "ana", "colour": 1}], ["#/events/0/colour"]),
            ([{"user_id": "ana"}], ["#/events/0"]),
            ([{"event": "A", "user_id": "ana", "timestamp": "soon"}], ["#/events/0/timestamp"]),
            ([{"event": "A", "user_id": "undefined"}], ["#/events/0"]),
        ],
    )
    def test_are_all_taken_or_none(self, program, events, wrong):
        assert pointers(program("POST", "/events/", {"events": events})) == wrong
        assert fold.drain(at=now()) == 0

    def test_of_an_id_are_found_without_reading_all(self, program):
        people.ana()
        people.happened(people.track("bruno", "Signed Up", "b-1", anonymousId="cookie-ana"))
        people.happened(people.track("bruno", "Clicked", "b-2"))

        def asked(query):
            with connection.cursor() as cursor:
                # In few rows reading all is as cheap, be it in the order of an index.
                cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
            with Plans() as plans:
                answer = told(program("GET", f"/events/?{query}"))
            return [row["message_id"] for row in answer["results"]], plans.of_events()

        found, plan = asked("anonymous_id=cookie-a")
        assert found == ["ana-1", "ana-2", "ana-3", "b-1"]
        assert "anonymous_id" in plan
        assert "profile_id" in plan
        found, plan = asked("user_id=bru")
        assert found == ["b-1", "b-2"]
        assert "profile_id" in plan


class Plans:
    """Explains the statements that read events."""

    def __enter__(self):
        self.told = []
        self.stack = connection.execute_wrapper(self.explain)
        self.stack.__enter__()
        return self

    def __exit__(self, *error):
        self.stack.__exit__(*error)

    def explain(self, execute, sql, params, many, context):
        if 'FROM "customers_event"' in sql:
            with context["cursor"].db.connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {sql}", params)
                self.told += [row[0] for row in cursor.fetchall()]
        return execute(sql, params, many, context)

    def of_events(self):
        """Return by what the index of events is entered."""
        return " ".join(line for line in self.told if "Index Cond" in line)


class TestSegments:
    def test_are_made_changed_and_deleted(self, program):
        people.ana()

        made = program("POST", "/segments/", {"name": "Croatia", "rule": CROATIA})
        path = f"/segments/{told(made, 201)['slug']}/"
        renamed = program("PATCH", path, {"name": "People in Croatia", "description": "All"})
        emptied = program("PATCH", path, {"rule": people.from_country("AT")})

        assert (made.json()["size"], made.json()["state"]) == (1, "LIVE")
        assert made["Location"].endswith("/api/v1/segments/croatia/")
        assert told(renamed)["name"] == "People in Croatia"
        assert renamed.json()["size"] == 1
        assert told(emptied)["size"] == 0
        gone = program("DELETE", path)
        assert (gone.status_code, gone.content) == (204, b"")
        assert program("GET", path).status_code == 404

    def test_a_lost_update_is_refused(self, program):
        seen = program("POST", "/segments/", {"name": "Croatia", "rule": CROATIA})["ETag"]

        first = program("PATCH", "/segments/croatia/", {"name": "One"}, if_match=seen)
        second = program("PATCH", "/segments/croatia/", {"name": "Two"}, if_match=seen)

        assert (first.status_code, second.status_code) == (200, 412)
        assert Segment.objects.get().name == "One"

    @pytest.mark.parametrize(
        ("rule", "wrong"),
        [
            ({}, ["v"]),
            ({"v": 1}, ["root"]),
            ({"v": 1, "root": {"op": "and", "of": []}}, ["root"]),
            ({"v": 1, "root": {"op": "or", "of": [{"op": "guess"}]}}, ["root", "of", "0"]),
        ],
    )
    def test_say_where_a_rule_is_wrong(self, program, rule, wrong):
        place = "/".join(["#", "rule", *wrong])
        assert pointers(program("POST", "/segments/", {"name": "X", "rule": rule})) == [place]
        assert pointers(program("POST", "/segment-size/", {"rule": rule})) == [place]
        assert not Segment.objects.exists()

    def test_of_one_name_there_is_one(self, program):
        body = {"name": "Croatia", "rule": CROATIA}

        assert program("POST", "/segments/", body).status_code == 201
        assert program("POST", "/segments/", body).status_code == 409

    def test_on_which_another_stands_are_not_deleted(self, program):
        inner = segment.create(name="Croatia", rule=CROATIA, at=now())
        outer = {"v": 1, "root": {"op": "segment", "id": inner.pk}}
        segment.create(name="Also Croatia", rule=outer, at=now())

        refused = told(program("DELETE", "/segments/croatia/"), 409)

        assert "Also Croatia" in refused["detail"]
        assert Segment.objects.count() == 2

    def test_say_whether_a_person_is_in_it_and_why(self, program):
        ana = people.ana()
        segment.create(name="Croatia", rule=CROATIA, at=now())
        path = f"/segments/croatia/members/{ana.public_id}/"

        inside = told(program("GET", path))
        program("PATCH", f"/profiles/{ana.public_id}/", {"traits": {"country": "AT"}})
        outside = told(program("GET", path))

        assert (inside["inside"], inside["cause"]) == (True, "fill")
        assert inside["rule"]["of"][0]["sentence"].startswith("country")
        assert (outside["inside"], outside["cause"], outside["since"]) == (False, "trait", None)
        assert outside["rule"]["of"][0]["inside"] is False
        assert program("GET", f"/segments/croatia/members/{NOBODY}/").status_code == 404

    def test_tell_how_many_a_rule_would_pick(self, program):
        people.ana()

        assert told(program("POST", "/segment-size/", {"rule": CROATIA})) == {
            "count": 1, "exact": True,
        }  # fmt: skip
        assert not Segment.objects.exists()


class TestConsents:
    BODY = {
        "address": "ANA@example.org", "channel": "email", "purpose": "marketing",
        "state": "GRANTED", "method": "paper form", "evidence": {"scan": "1001.pdf"},
        "notice": "Yes, send me the newsletter.", "locale": "en",
    }  # fmt: skip

    def test_are_recorded_with_their_proof_and_count_at_once(self, program):
        ana = people.ana()
        path = f"/profiles/{ana.public_id}/consents/"

        made = told(program("POST", path, self.BODY), 201)

        entry = ConsentEntry.objects.get(pk=made["id"])
        assert entry.contact_point == ContactPoint.objects.get()
        assert (entry.evidence, entry.actor) == ({"scan": "1001.pdf"}, "api:Warehouse")
        assert entry.notice.text == "Yes, send me the newsletter."
        assert told(program("GET", path))["results"] == [made]
        allowed = {
            (one["purpose"], one["about"].get("channel")): one["answer"]
            for one in told(program("GET", f"{path}state/"))["results"]
        }
        assert allowed["marketing", "email"] == "yes"
        assert allowed["tracking", None] == "silent"
        assert consent.may(
            contact_points=[entry.contact_point_id], purpose="marketing", channel="email", at=now()
        )

    def test_about_what_a_person_does_need_no_address(self, program):
        ana = people.ana()
        body = {"purpose": "tracking", "state": "DENIED", "method": "call center"}

        made = told(program("POST", f"/profiles/{ana.public_id}/consents/", body), 201)

        assert made["about"] == {"kind": "anonymous", "value": "cookie-ana"}

    @pytest.mark.parametrize(
        ("change", "wrong"),
        [
            ({"address": "eva@example.org"}, "#/address"),
            ({"purpose": "everything"}, "#/purpose"),
            ({"state": "MAYBE"}, "#/state"),
            ({"method": ""}, "#/method"),
            ({"at": "2199-01-01T00:00:00Z"}, "#/at"),
            ({"evidence": "a letter"}, "#/evidence"),
            ({"signed": True}, "#/signed"),
        ],
    )
    def test_say_which_field_is_wrong_and_write_nothing(self, program, change, wrong):
        ana = people.ana()

        answer = program("POST", f"/profiles/{ana.public_id}/consents/", {**self.BODY, **change})

        assert pointers(answer) == [wrong]
        assert not ConsentEntry.objects.exists()


class TestLinks:
    def test_make_two_people_one_and_two_again(self, program):
        ana = told(program("POST", "/profiles/", {"user_id": "ana", "traits": {"a": 1}}), 201)
        eva = told(program("POST", "/profiles/", {"user_id": "eva", "traits": {"b": 2}}), 201)
        path = f"/profiles/{ana['id']}/"

        link = told(
            program("POST", f"{path}merge/", {"profile": eva["id"], "reason": "Case 1001"}), 201
        )
        both = told(program("GET", path))
        away = program("GET", f"/profiles/{eva['id']}/")
        back = told(program("POST", f"/links/{link['id']}/revoke/", {"reason": "Not the same"}))

        assert (link["kind"], link["reason"]) == ("manual", "Case 1001")
        assert both["traits"] == {"a": 1, "b": 2}
        assert (away.status_code, away["Location"]) == (307, f"http://testserver{API}{path}")
        assert back["revoked_at"]
        assert told(program("GET", path))["traits"] == {"a": 1}
        assert told(program("GET", f"/profiles/{eva['id']}/"))["traits"] == {"b": 2}
        links = told(program("GET", f"{path}links/"))["results"]
        assert [one["id"] for one in links] == [link["id"]]

    def test_that_must_not_be_are_refused_with_words(self, program):
        ana = told(program("POST", "/profiles/", {"user_id": "ana"}), 201)
        path = f"/profiles/{ana['id']}/merge/"

        same = told(program("POST", path, {"profile": ana["id"], "reason": "?"}), 409)
        nobody = program("POST", path, {"profile": NOBODY, "reason": "?"})

        assert same["detail"]
        assert pointers(nobody) == ["#/profile"]
        assert program("POST", "/links/1/revoke/", {"reason": "?"}).status_code == 404

    def test_need_the_right_to_merge(self, program):
        ana = told(program("POST", "/profiles/", {"user_id": "ana"}), 201)
        right = Permission.objects.get(codename="merge_profile")
        ApiToken.objects.get().user.user_permissions.remove(right)

        answer = program("POST", f"/profiles/{ana['id']}/merge/", {})

        assert answer.status_code == 403


class TestOnce:
    BODY = {"user_id": "ana", "traits": {"a": 1}}

    def test_the_same_write_again_gives_the_same_answer_and_does_nothing(self, program):
        first = program("POST", "/profiles/", self.BODY, idempotency_key="k-1")
        program("PATCH", f"/profiles/{first.json()['id']}/", {"traits": {"a": 2}})

        again = program("POST", "/profiles/", self.BODY, idempotency_key="k-1")

        assert (again.status_code, again.json()) == (201, first.json())
        assert (again["ETag"], again["Location"]) == (first["ETag"], first["Location"])
        assert again["Idempotency-Replayed"] == "true"
        assert Profile.objects.get().traits == {"a": 2}

    def test_a_key_for_something_else_is_refused(self, program):
        program("POST", "/profiles/", self.BODY, idempotency_key="k-1")

        assert told(program("POST", "/profiles/", {"user_id": "eva"}, idempotency_key="k-1"), 422)
        assert told(program("POST", "/segments/", self.BODY, idempotency_key="k-1"), 422)
        assert Profile.objects.count() == 1

    def test_after_an_error_nothing_was_done_and_the_key_is_free(self, program):
        wrong = program("POST", "/profiles/", {"user_id": "null"}, idempotency_key="k-1")
        right = program("POST", "/profiles/", self.BODY, idempotency_key="k-1")

        assert (wrong.status_code, right.status_code) == (400, 201)

    def test_a_key_is_a_tokens_own(self, program, client):
        program("POST", "/profiles/", self.BODY, idempotency_key="k-1")
        other = people.token(ApiToken.objects.get().user, "all")

        answer = client.post(
            f"{API}/profiles/", {"user_id": "eva"}, content_type="application/json",
            HTTP_IDEMPOTENCY_KEY="k-1", **other,
        )  # fmt: skip

        assert answer.status_code == 201

    def test_answers_are_kept_for_a_day(self, program):
        program("POST", "/profiles/", self.BODY, idempotency_key="k-1")
        ApiCall.objects.update(at=now() - timedelta(hours=24, seconds=1))

        again = program("POST", "/profiles/", self.BODY, idempotency_key="k-1")

        assert again.status_code == 200
        assert "Idempotency-Replayed" not in again
        assert once.forget(at=now()) == 0
        assert once.forget(at=now() + timedelta(hours=25)) == 1

    @pytest.mark.parametrize("key", ["", "a b", "x" * 256, "ž"])
    def test_a_key_that_no_log_could_show_is_refused(self, program, key):
        assert program("POST", "/profiles/", self.BODY, idempotency_key=key).status_code == 400
        assert not Profile.objects.exists()

    def test_every_write_of_the_api_happens_once(self):
        from tests.house.doors import doors

        views = {
            door.view
            for door in doors()
            if door.route.startswith("api/v1/") and door.view is not None
        }
        writes = [
            getattr(view, method)
            for view in views
            for method in ("post", "put", "patch", "delete")
            if method in view.__dict__
        ]
        # Asking is no write, though it is posted.
        loose = [one.__qualname__ for one in writes if not getattr(one, "is_write", False)]
        assert sorted(loose) == ["AnswersView.post", "SizeView.post"]


class TestErrors:
    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", "/nothing/", 404),
            ("GET", "/profiles", 404),
            ("POST", "/profiles", 404),
            ("PUT", "/profiles/", 405),
            ("OPTIONS", "/profiles/", 405),
            ("GET", f"/profiles/{NOBODY}/", 404),
            ("GET", "/segments/none/", 404),
            ("DELETE", "/segments/none/", 404),
        ],
    )
    def test_are_problems_everywhere(self, program, method, path, status):
        answer = program(method, path)

        assert answer["Content-Type"] == "application/problem+json"
        problem = told(answer, status)
        assert (problem["status"], problem["type"]) == (status, "about:blank")
        assert problem["title"]
        assert problem["detail"]

    @pytest.mark.parametrize(
        ("body", "kind", "status"),
        [
            (b"{", "application/json", 400),
            (b"NaN", "application/json", 400),
            (b'{"user_id": "a\\u0000b"}', "application/json", 400),
            (b'{"user_id": "\\ud800"}', "application/json", 400),
            (b"[" * 3000, "application/json", 400),
            (b"", "application/json", 400),
            (b'"' + b"x" * (4 * 1024 * 1024) + b'"', "application/json", 413),
            (b"user_id=ana", "application/x-www-form-urlencoded", 415),
        ],
    )
    def test_tell_what_is_wrong_with_a_body(self, program, client, body, kind, status):
        answer = client.post(f"{API}/profiles/", body, content_type=kind, **program.header)

        assert answer["Content-Type"] == "application/problem+json"
        told(answer, status)
        assert not Profile.objects.exists()

    def test_an_answer_in_another_form_is_not_offered(self, client, program):
        answer = client.get(f"{API}/profiles/", HTTP_ACCEPT="text/csv", **program.header)

        assert answer["Content-Type"] == "application/problem+json"
        told(answer, 406)

    def test_of_ours_are_noted_and_told_without_their_words(self, client, program, monkeypatch):
        def broken(**named):
            raise KeyError("a secret")

        monkeypatch.setattr("customers.describe.known_as", broken)
        client.raise_request_exception = False

        answer = program("POST", "/profiles/", {"user_id": "ana"}, idempotency_key="k-1")

        assert answer["Content-Type"] == "application/problem+json"
        assert "secret" not in told(answer, 500)["detail"]
        assert not ApiCall.objects.exists()

    def test_too_many_requests_are_told_to_wait(self, program, settings):
        settings.API_RATE = 2

        answers = [program("GET", "/segments/") for _ in range(3)]

        assert [one.status_code for one in answers] == [200, 200, 429]
        assert answers[0]["RateLimit-Policy"] == '"token";q=2;w=60'
        assert answers[1]["RateLimit"].startswith('"token";r=0;t=')
        assert 0 < int(answers[2]["Retry-After"]) <= 60
        assert answers[2]["Content-Type"] == "application/problem+json"


def test_events_of_a_program_are_the_same_as_those_of_sdks(program):
    people.happened(people.track("ana", "Clicked", "sdk-1", timestamp="2026-11-20T10:00:00Z"))
    one = {
        "event": "Clicked", "user_id": "ana", "message_id": "api-1",
        "timestamp": "2026-11-20T10:00:00Z",
    }  # fmt: skip
    program("POST", "/events/", {"events": [one]})
    fold.drain(at=now())

    sdk, api = Event.objects.order_by("id").filter(name="Clicked")
    assert (sdk.alias_id, sdk.profile_id, sdk.at) == (api.alias_id, api.profile_id, api.at)

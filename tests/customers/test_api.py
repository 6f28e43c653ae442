"""What other programs may read, and how they are told what is wrong with a question."""

from __future__ import annotations

import base64
import json
from io import StringIO
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command

from customers import segment, split
from customers.models import IdentityLink
from dxp.users.models import ApiToken
from tests.customers import people

pytestmark = pytest.mark.django_db
EVENTS = "/api/v1/events/"


@pytest.fixture
def ask(client):
    """Ask as mara's program and return the answer."""
    header = people.token(people.marketer())

    def get(path, **parameters):
        return client.get(path, parameters, **header)

    return get


def rows(answer):
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def ids(answer):
    return [row["message_id"] for row in rows(answer)]


def follow(ask, path, **parameters):
    """Read all pages."""
    found, answer = [], ask(path, **parameters).json()
    while True:
        found += answer["results"]
        if answer["next"] is None:
            return found
        parts = urlsplit(answer["next"])
        answer = ask(f"{parts.path}?{parts.query}").json()


class TestEvents:
    def test_are_rows_of_exactly_these_columns_in_the_order_of_their_time(self, ask):
        ana = people.ana()

        found = rows(ask(EVENTS))

        assert [row["message_id"] for row in found] == ["ana-1", "ana-2", "ana-3"]
        assert found[0] == {
            "message_id": "ana-1",
            "type": "track",
            "event": "Article Viewed",
            "user_id": None,
            "anonymous_id": "cookie-ana",
            "previous_id": None,
            "group_id": None,
            "timestamp": "2026-11-20T10:00:00Z",
            "received_at": "2026-11-20T12:00:00Z",
            "properties": {"title": "Saving early", "topic": "saving"},
            "profile_id": str(ana.public_id),
        }
        assert found[2]["event"] is None
        assert found[2]["type"] == "identify"

    def test_belong_to_whom_they_belong_now(self, ask):
        people.happened(people.track("bruno", "Signed Up", "b-1"))
        people.happened(
            {"type": "track", "event": "Clicked", "anonymousId": "old", "messageId": "o-1"},
        )
        before = rows(ask(EVENTS, message_id="o-1"))[0]["profile_id"]

        people.happened({
            "type": "identify",
            "userId": "bruno",
            "anonymousId": "old",
            "messageId": "b-2",
        })

        bruno = rows(ask(EVENTS, message_id="b-1"))[0]["profile_id"]
        after = rows(ask(EVENTS, message_id="o-1"))[0]["profile_id"]
        assert before != bruno
        assert after == bruno
        assert set(ids(ask(EVENTS, profile=bruno))) == {"b-1", "o-1", "b-2"}

    def test_go_home_when_the_link_is_revoked_that_led_elsewhere(self, ask):
        people.happened(people.track("bruno", "Signed Up", "b-1", timestamp="2026-11-20T08:00:00Z"))
        chen = people.chen()
        people.happened({"type": "identify", "userId": "bruno", "anonymousId": "cookie-chen"})
        people.happened({
            "type": "track",
            "event": "Clicked",
            "anonymousId": "cookie-chen",
            "messageId": "c-2",
        })
        bruno = rows(ask(EVENTS, message_id="c-2"))[0]["profile_id"]

        split.revoke(link=IdentityLink.objects.get(), by=None, at=people.NOON)

        assert ids(ask(EVENTS, profile=str(chen.public_id))) == ["chen-1", "c-2"]
        assert "c-2" not in ids(ask(EVENTS, profile=bruno))

    @pytest.mark.parametrize(
        ("parameters", "expected"),
        [
            ({"message_id": "ana-"}, ["ana-1", "ana-2", "ana-3"]),
            ({"user_id": "an"}, ["ana-3"]),
            ({"anonymous_id": "cookie-c"}, ["chen-1"]),
            ({"name": "Page Viewed"}, ["chen-1"]),
            ({"type": "identify"}, ["ana-3"]),
            (
                {"since": "2026-11-20T10:05:00Z", "until": "2026-11-20T11:00:00Z"},
                ["ana-2", "ana-3"],
            ),
            ({"since": "2026-11-20T11:00:00"}, ["chen-1"]),
            ({"anonymous_id": "%"}, []),
            ({"anonymous_id": "cookie_"}, []),
            ({"message_id": "x' OR '1'='1"}, []),
        ],
    )
    def test_are_narrowed_down(self, ask, parameters, expected):
        people.ana()
        people.chen()

        assert ids(ask(EVENTS, **parameters)) == expected

    def test_are_read_page_by_page_without_loss_while_new_ones_arrive(self, ask):
        same = "2026-11-20T09:00:00Z"
        people.happened(*[
            people.track("ana", "Clicked", f"k-{n:02}", timestamp=same) for n in range(25)
        ])

        first = ask(EVENTS, page_size=10, message_id="k-").json()
        people.happened(people.track("ana", "Clicked", "k-late", timestamp="2026-11-20T08:00:00Z"))
        parts = urlsplit(first["next"])
        second = ask(f"{parts.path}?{parts.query}").json()

        told = [row["message_id"] for row in first["results"] + second["results"]]
        assert told == [f"k-{n:02}" for n in range(20)]
        assert "message_id=k-" in first["next"]
        everything = [row["message_id"] for row in follow(ask, EVENTS, page_size=7)]
        assert len(everything) == len(set(everything)) == 26

    @pytest.mark.parametrize(
        ("parameters", "named"),
        [
            ({"colour": "red"}, "colour"),
            ({"profile": "ana"}, "profile"),
            ({"since": "yesterday"}, "since"),
            ({"until": "0001-01-01T00:00:00+14:00x"}, "until"),
            ({"page_size": "0"}, "page_size"),
            ({"page_size": "1001"}, "page_size"),
            ({"type": "event"}, "type"),
            ({"user_id": "a\x00b"}, "user_id"),
            ({"name": ""}, "name"),
            ({"cursor": "not a cursor"}, "cursor"),
            ({"cursor": base64.urlsafe_b64encode(b'["a",1,2,3]').decode()}, "cursor"),
            ({"cursor": base64.urlsafe_b64encode(json.dumps([1] * 4).encode()).decode()}, "cursor"),
            ({"name": ["a", "b"]}, "name"),
        ],
    )
    def test_say_which_parameter_is_wrong(self, ask, parameters, named):
        answer = ask(EVENTS, **parameters)

        assert answer.status_code == 400
        assert answer["Content-Type"] == "application/problem+json"
        assert [one["parameter"] for one in answer.json()["errors"]] == [named]

    def test_ask_the_database_as_often_for_many_as_for_one(self, ask, django_assert_num_queries):
        people.happened(*[people.track(f"u-{n}", "Clicked", f"k-{n}") for n in range(30)])

        rows(ask(EVENTS))  # takes note that the token is used, once a minute
        with django_assert_num_queries(4):  # token, two of its person's rights, events
            rows(ask(EVENTS))


class TestProfiles:
    def test_tell_what_is_known(self, ask):
        ana = people.ana()
        segment.create(name="Croatia", rule=people.from_country("HR"), at=people.NOON)

        told = ask(f"/api/v1/profiles/{ana.public_id}/").json()

        assert told["name"] == "Ana Marić"
        assert told["is_known"] is True
        assert told["traits"]["age"] == 41
        assert told["contact_points"] == [{"channel": "email", "address": "Ana@Example.org"}]
        assert {(one["kind"], one["value"]) for one in told["aliases"]} == {
            ("anonymous", "cookie-ana"),
            ("user", "ana"),
        }
        assert [(one["slug"], one["cause"]) for one in told["segments"]] == [("croatia", "fill")]
        assert told["first_seen_at"].endswith("Z")

    @pytest.mark.parametrize(
        ("parameters", "expected"),
        [
            ({}, ["Ana Marić", "chen"]),
            ({"email": "ANA@example.org"}, ["Ana Marić"]),
            ({"user_id": "ana"}, ["Ana Marić"]),
            ({"anonymous_id": "cookie-chen"}, ["chen"]),
            ({"segment": "croatia"}, ["Ana Marić"]),
            ({"email": "nobody@example.org"}, []),
        ],
    )
    def test_are_narrowed_down(self, ask, parameters, expected):
        people.ana()
        chen = people.chen()
        segment.create(name="Croatia", rule=people.from_country("HR"), at=people.NOON)

        found = rows(ask("/api/v1/profiles/", **parameters))

        names = ["chen" if one["id"] == str(chen.public_id) else one["name"] for one in found]
        assert names == expected

    @pytest.mark.parametrize("wrong", [{"segment": "martians"}, {"email": "ana at home"}])
    def test_say_which_parameter_is_wrong(self, ask, wrong):
        answer = ask("/api/v1/profiles/", **wrong)

        assert answer.status_code == 400
        assert [one["parameter"] for one in answer.json()["errors"]] == list(wrong)

    def test_lead_from_a_merged_profile_to_what_it_became(self, ask):
        bruno_happened = people.track("bruno", "Signed Up", "b-1", timestamp="2026-11-20T08:00:00Z")
        people.happened(bruno_happened)
        chen = people.chen()
        people.happened({"type": "identify", "userId": "bruno", "anonymousId": "cookie-chen"})
        chen.refresh_from_db()

        answer = ask(f"/api/v1/profiles/{chen.public_id}/")

        bruno = rows(ask(EVENTS, message_id="b-1"))[0]["profile_id"]
        assert chen.state == "ABSORBED"
        assert answer.status_code == 307
        assert answer["Location"].endswith(f"/api/v1/profiles/{bruno}/")

    def test_are_404_where_nobody_is(self, ask):
        answer = ask("/api/v1/profiles/00000000-0000-7000-8000-000000000000/")

        assert answer.status_code == 404
        assert answer["Content-Type"] == "application/problem+json"


class TestSegments:
    def test_tell_their_size_and_rule_in_words(self, ask):
        people.ana()
        segment.create(name="Croatia", rule=people.from_country("HR"), at=people.NOON)

        told = rows(ask("/api/v1/segments/"))

        assert [(one["slug"], one["size"], one["state"]) for one in told] == [
            ("croatia", 1, "LIVE")
        ]
        assert "country" in told[0]["sentence"]
        assert ask("/api/v1/segments/croatia/").json() == told[0]

    def test_list_their_members_page_by_page(self, ask):
        people.happened(*[people.track(f"u-{n}", "purchase", f"k-{n}") for n in range(5)])
        segment.create(name="Buyers", rule=people.bought(), at=people.NOON)

        found = follow(ask, "/api/v1/segments/buyers/members/", page_size=2)

        assert len({one["profile_id"] for one in found}) == 5
        assert ask("/api/v1/segments/nobody/members/").status_code == 404


class TestAccess:
    @pytest.mark.parametrize("path", [EVENTS, "/api/v1/profiles/", "/api/v1/segments/"])
    def test_needs_a_token_of_somebody_who_may_see_it(self, client, path):
        mara, omar = people.token(people.marketer()), people.token(people.nobody())

        assert client.get(path, **mara).status_code == 200
        assert client.get(path, **omar).status_code == 403
        assert client.get(path).status_code == 401
        assert client.get(path, HTTP_AUTHORIZATION="Bearer dxp_guess").status_code == 401

    def test_ends_with_the_token(self, client):
        header = people.token(people.marketer())
        ApiToken.objects.update(revoked_at=people.NOON)

        assert client.get(EVENTS, **header).status_code == 401

    def test_is_never_given_by_a_session(self, client):
        client.force_login(people.marketer())

        assert client.get(EVENTS).status_code == 401


class TestTokenCommand:
    def test_prints_a_token_that_opens_the_api(self, client):
        people.marketer()
        out = StringIO()

        call_command("token", "mara", "--scope", "read", stdout=out)

        secret = out.getvalue().strip()
        assert client.get(EVENTS, HTTP_AUTHORIZATION=f"Bearer {secret}").status_code == 200
        assert secret not in str(list(ApiToken.objects.values_list("digest")))

    def test_refuses_somebody_who_is_not_there(self):
        with pytest.raises(CommandError, match="nobody"):
            call_command("token", "nobody")


def test_the_schema_describes_every_parameter(client):
    schema = client.get("/api/schema/?format=json").json()

    assert schema["openapi"].startswith("3.1")
    assert all(path.startswith("/api/v1/") for path in schema["paths"])
    told = schema["paths"]["/api/v1/events/"]["get"]["responses"]
    assert set(told["400"]["content"]) == {"application/problem+json"}
    named = {one["name"] for one in schema["paths"]["/api/v1/events/"]["get"]["parameters"]}
    assert named >= {
        "message_id",
        "user_id",
        "anonymous_id",
        "profile",
        "name",
        "since",
        "until",
        "cursor",
    }


def test_the_schema_is_valid(tmp_path):
    call_command(
        "spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml")
    )

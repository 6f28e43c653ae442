"""Programs read journeys, let people in and take them out: once, and only where they may."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import Permission

from customers import identify, merge
from dxp.users.models import User
from journeys.models import Enrollment, Journey
from tests.customers import people
from tests.journeys.conftest import NOON, delay, draw, end, happened

pytestmark = pytest.mark.django_db
API = "/api/v1/journeys/"
NOBODY = "00000000-0000-7000-8000-000000000000"


class Program:
    """A program of mara's with these scopes."""

    def __init__(self, client, *scopes):
        self.client = client
        mara, _made = User.objects.get_or_create(username="mara")
        rights = ["view_journey", "publish_journey", "view_profile"]
        mara.user_permissions.set(Permission.objects.filter(codename__in=rights))
        self.header = people.token(mara, *scopes)

    def __call__(self, method, path="", body=None, **headers):
        told = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        answer = self.client.generic(
            method, f"{API}{path}", b"" if body is None else json.dumps(body),
            content_type="application/json", **self.header, **told,
        )  # fmt: skip
        return answer.status_code, answer.json() if answer.content else None


@pytest.fixture
def program(client):
    return Program(client, "all")


@pytest.fixture
def quotes(fans):
    """A journey that programs let people into, once for each quote."""
    return draw(fans, delay(), name="Quotes", entry={"type": "api"}, reentry="KEYED")


def letting_in(profile, **told):
    return {"profile_id": str(profile.public_id), **told}


class TestReading:
    def test_journeys_say_where_they_stand(self, program, quotes):
        status, page = program("GET")
        assert status == 200
        [told] = page["results"]
        assert (told["name"], told["state"], told["version"], told["running"]) == (
            "Quotes", "LIVE", 1, 0,
        )  # fmt: skip
        assert program("GET", f"{quotes.pk}/")[1]["entry"] == {"type": "api"}

    def test_who_is_on_one(self, program, quotes, ana):
        program("POST", f"{quotes.pk}/enrollments/", letting_in(ana, key="17"))
        _status, page = program("GET", f"{quotes.pk}/enrollments/?state=running")
        [told] = page["results"]
        assert (told["profile_id"], told["key"]) == (str(ana.public_id), "17")
        path = f"{quotes.pk}/enrollments/?profile_id={NOBODY}"
        assert program("GET", path)[1]["results"] == []


class TestLettingIn:
    def test_with_what_messages_may_tell(self, program, quotes, ana):
        body = letting_in(ana, key="17", event={"product": "Savings plan"})
        status, told = program("POST", f"{quotes.pk}/enrollments/", body)
        assert status == 201
        run = Enrollment.objects.get(pk=told["id"])
        assert run.entry["event"] == {"product": "Savings plan"}
        assert run.profile == ana

    def test_the_same_key_of_the_journey_is_refused_and_another_is_not(self, program, quotes, ana):
        path = f"{quotes.pk}/enrollments/"
        assert program("POST", path, letting_in(ana, key="17"))[0] == 201
        status, problem = program("POST", path, letting_in(ana, key="17"))
        assert (status, problem["status"]) == (409, 409)
        assert program("POST", path, letting_in(ana, key="18"))[0] == 201

    def test_a_repeated_request_is_one(self, program, quotes, ana):
        path, body = f"{quotes.pk}/enrollments/", letting_in(ana, key="17")
        first = program("POST", path, body, idempotency_key="once")
        assert program("POST", path, body, idempotency_key="once") == first
        assert Enrollment.objects.count() == 1

    def test_who_was_merged_enters_as_who_they_are_now(self, program, quotes, ana):
        visitor = identify.ensure_alias(kind="anonymous", value="cookie", at=NOON).profile
        merge.join(a=ana.pk, b=visitor.pk, by=None, at=NOON)
        status, told = program("POST", f"{quotes.pk}/enrollments/", letting_in(visitor, key="1"))
        assert status == 201
        kept = Enrollment.objects.get(pk=told["id"]).profile
        assert kept.state == "ACTIVE"

    @pytest.mark.parametrize("state", ["DRAFT", "CLOSED"])
    def test_nobody_enters_what_is_not_open(self, program, quotes, ana, state):
        Journey.objects.filter(pk=quotes.pk).update(state=state)
        assert program("POST", f"{quotes.pk}/enrollments/", letting_in(ana))[0] == 409

    def test_nor_what_people_enter_in_another_way(self, program, fans, ana):
        journey = draw(fans, delay())
        assert program("POST", f"{journey.pk}/enrollments/", letting_in(ana))[0] == 409

    @pytest.mark.parametrize(
        ("told", "pointer"),
        [
            ({"profile_id": "x"}, "#/profile_id"),
            ({"profile_id": NOBODY, "event": {"x": "y" * 5000}}, "#/event"),
            ({"profile_id": NOBODY, "where": 1}, "#/where"),
        ],
    )
    def test_what_is_wrong_is_named(self, program, quotes, told, pointer):
        status, problem = program("POST", f"{quotes.pk}/enrollments/", told)
        assert status == 400
        assert [one["pointer"] for one in problem["errors"]] == [pointer]

    def test_strangers_are_not_found(self, program, quotes):
        body = {"profile_id": NOBODY}
        assert program("POST", f"{quotes.pk}/enrollments/", body)[0] == 404
        assert program("POST", "999999/enrollments/", body)[0] == 404

    def test_it_takes_the_scope(self, client, quotes, ana):
        reader = Program(client, "journeys:read")
        status, problem = reader("POST", f"{quotes.pk}/enrollments/", letting_in(ana))
        assert (status, problem["scope"]) == (403, "journeys:write")


class TestTakingOut:
    def test_ends_the_run_and_twice_is_as_once(self, program, quotes, ana):
        _status, told = program("POST", f"{quotes.pk}/enrollments/", letting_in(ana, key="1"))
        path = f"{quotes.pk}/enrollments/{told['id']}/"
        assert program("DELETE", path)[0] == 204
        assert program("DELETE", path)[0] == 204
        assert program("GET", path)[1]["outcome"] == "removed"

    def test_not_by_another_journeys_address(self, program, quotes, ana, fans):
        _status, told = program("POST", f"{quotes.pk}/enrollments/", letting_in(ana, key="1"))
        other = draw(fans, end(), name="Other")
        assert program("DELETE", f"{other.pk}/enrollments/{told['id']}/")[0] == 404


def test_a_segment_that_a_journey_asks_for_is_not_deleted(client, fans, ana):
    from customers import segment

    rule = {"v": 1, "root": {"op": "segment", "id": fans.pk}}
    step = {"type": "branch", "arms": [{"name": "", "rule": rule, "steps": []}], "else": []}
    draw(fans, step, entry={"type": "api"})
    happened(ana, "Liked")
    with pytest.raises(segment.InUse, match="Onboarding"):
        segment.remove(segment=fans)

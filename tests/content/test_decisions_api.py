"""The decision service for programs: the same answer as on the page, with its reason."""

from __future__ import annotations

import pytest

from content.models import HomePage
from customers.models import Alias, Event, Inbox
from tests.customers import people

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/decisions/"


@pytest.fixture
def ask(client, pages):
    token = people.token(people.marketer(), "decisions:read")

    def asked(**told):
        return client.get(ADDRESS, {"page": pages.home.pk, **told}, **token)

    return asked


class TestDecisions:
    def test_are_those_of_the_page(self, ask, pages, ana):
        on_page = ana.get("/_x/slots", {"page": pages.home.pk, "s": pages.slot}).json()

        told = ask(anonymous_id=ana.aid).json()

        slot = told["slots"][0]
        assert told["known"] is True
        assert slot["html"] == on_page[pages.slot]["html"]
        assert slot["variant"] == on_page[pages.slot]["variant"]
        assert slot["reason"] == "In Readers."
        assert slot["blocks"][0]["value"]["heading"] == "Welcome back, reader"
        assert slot["event"]["properties"]["arm"] == "variant"

    def test_may_be_asked_by_profile(self, ask, ana):
        person = Alias.objects.get(value=ana.aid).profile

        assert ask(profile=person.public_id).json()["slots"][0]["arm"] == "variant"

    def test_show_the_default_to_who_is_not_known(self, ask, pages):
        for told in ({}, {"anonymous_id": "nobody"}, {"user_id": "nobody"}):
            answer = ask(**told).json()
            assert answer["known"] is False
            assert answer["slots"][0]["variant"] == "default"
            assert "New here?" in answer["slots"][0]["html"]
            assert answer["slots"][0]["event"] == {}

    def test_go_by_how_somebody_came(self, ask, pages, ana):
        from tests.content.conftest import action

        variants = [{"content": action("Phone"), "when": {"device": ["phone"]}}]
        pages.home.body = [("personal_slot", {"default": action("D"), "variants": variants})]
        pages.home.save()

        assert ask(anonymous_id=ana.aid, device="phone").json()["slots"][0]["arm"] == "variant"
        assert ask(anonymous_id=ana.aid, device="tablet").json()["slots"][0]["arm"] == "default"

    def test_count_nothing_by_being_asked(self, ask, ana):
        ask(anonymous_id=ana.aid)

        assert not Inbox.objects.exists()
        assert not Event.objects.filter(name="Slot Shown").exists()

    def test_are_not_told_of_drafts_and_to_strangers(self, ask, pages, client):
        assert client.get(ADDRESS, {"page": pages.home.pk}).status_code == 401
        assert ask(anonymous_id="a", user_id="b").status_code == 400
        assert ask(device="fridge").status_code == 400
        assert ask(page="x").status_code == 400
        HomePage.objects.filter(pk=pages.home.pk).update(live=False)
        assert ask().status_code == 404

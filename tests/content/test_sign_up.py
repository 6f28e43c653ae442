"""The sign-up form: a person, an address, a consent with proof; or a word beside the field."""

from __future__ import annotations

from unittest import mock

import pytest
import redis

from customers import consent, fold
from customers.models import ConsentEntry, ContactPoint, Event, Inbox, Profile
from dxp.lib import hints
from dxp.lib.clock import now

pytestmark = pytest.mark.django_db
OURS = {"Sec-Fetch-Site": "same-origin"}
GOOD = {"first_name": "Ana", "email": "Ana@Example.org", "consent": "on", "website": ""}


@pytest.fixture
def sign_up(pages):
    def send(visitor, headers=None, **changes):
        fields = {"page": pages.letter.pk, "block": pages.form, **GOOD, **changes}
        return visitor.post("/_x/sign-up", fields, headers=headers or OURS)

    return send


class TestSignUp:
    def test_makes_a_person_who_may_be_written_to(self, pages, sign_up, ana, at):
        answer = sign_up(ana)

        point = ContactPoint.objects.get()
        entry = ConsentEntry.objects.get(purpose="marketing")
        assert (answer.status_code, answer["Location"]) == (303, "/letter/thanks/")
        assert point.value == "ana@example.org"
        assert consent.may(
            contact_points=[point.pk], purpose="marketing", channel="email", at=now()
        ) == {point.pk}
        assert entry.notice.text == "Yes, you may write to me."
        assert entry.evidence["form"] == "newsletter"
        assert entry.evidence["page"] == "/letter/"

    def test_becomes_events_of_the_same_visitor(self, pages, sign_up, ana, at):
        sign_up(ana)
        fold.drain(at=at)

        profile = Profile.objects.get(aliases__value=ana.aid)
        signed = Event.objects.get(name="Signed Up")
        assert signed.profile_id == profile.pk
        assert signed.properties["form"] == "newsletter"
        assert profile.traits["firstName"] == "Ana"
        assert profile.traits["email"] == "ana@example.org"
        assert ContactPoint.objects.get().profile_id == profile.pk

    def test_of_who_refused_cookies_leaves_none(self, pages, sign_up, bruno):
        answer = sign_up(bruno)

        assert answer.status_code == 303
        assert not answer.cookies
        assert ContactPoint.objects.exists()

    @pytest.mark.parametrize(
        ("field", "value", "fault"),
        [
            ("first_name", "", "Please tell us your first name."),
            ("first_name", "x" * 81, "80"),
            ("email", "", "Please tell us where to write to."),
            ("email", "ana@", "This does not look like an e-mail address"),
            ("consent", "", "Please tick the box"),
            ("first_name", "A\x00na", "Null characters"),
        ],
    )
    def test_says_at_the_field_what_is_missing(self, pages, sign_up, chen, field, value, fault):
        answer = sign_up(chen, **{field: value})

        page = answer.content.decode()
        assert answer.status_code == 422
        assert answer["Cache-Control"] == "private, no-store"
        assert fault in page
        assert 'aria-invalid="true"' in page
        assert not Inbox.objects.exists()
        assert sign_up(chen).status_code == 303

    def test_keeps_what_was_typed(self, pages, sign_up, chen):
        page = sign_up(chen, email="<b>ana").content.decode()

        assert 'value="Ana"' in page
        assert "&lt;b&gt;ana" in page
        assert "checked" in page

    def test_tells_scripts_in_json(self, pages, sign_up, chen):
        asks = {**OURS, "Accept": "application/json"}

        bad = sign_up(chen, headers=asks, email="ana@")
        good = sign_up(chen, headers=asks)

        assert (bad.status_code, list(bad.json()["errors"])) == (422, ["email"])
        assert good.json() == {"location": "/letter/thanks/"}

    def test_thanks_robots_and_forgets_them(self, pages, sign_up, chen):
        answer = sign_up(chen, website="https://spam.example")

        assert answer["Location"] == "/letter/thanks/"
        assert not Inbox.objects.exists()
        assert not ContactPoint.objects.exists()

    def test_is_refused_from_other_sites(self, pages, sign_up, chen):
        assert sign_up(chen, headers={"Origin": "https://evil.example"}).status_code == 403
        assert not Inbox.objects.exists()

    def test_needs_a_form_that_is_in_public(self, pages, sign_up, chen):
        assert sign_up(chen, block="x").status_code == 404
        assert sign_up(chen, page="9" * 12).status_code == 404
        assert sign_up(chen, page=pages.home.pk).status_code == 404
        pages.letter.unpublish()
        assert sign_up(chen).status_code == 404

    def test_is_slowed_down_for_one_address(self, pages, sign_up, chen):
        answers = [sign_up(chen, email=f"a{n}@example.org").status_code for n in range(21)]

        assert answers == [303] * 20 + [422]
        assert ContactPoint.objects.count() == 20

    def test_goes_on_without_redis(self, pages, sign_up, chen):
        away = redis.Redis(port=1, socket_connect_timeout=0.05)
        with mock.patch.object(hints, "client", return_value=away):
            assert sign_up(chen).status_code == 303

        assert ContactPoint.objects.exists()

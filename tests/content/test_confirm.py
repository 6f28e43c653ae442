"""Double opt-in: the form asks, a mail asks again, and only a button behind its link counts."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.test import Client

from content import submit
from content.models import StandardPage
from customers import consent, fold, identify
from customers.models import ConsentEntry, ContactPoint, Event, Profile
from dxp.lib.clock import now
from journeys import dispatch
from journeys.compose import House
from journeys.models import Delivery, Message
from tests.journeys.test_dispatch import Answering, by

pytestmark = pytest.mark.django_db
OURS = {"Sec-Fetch-Site": "same-origin"}
HOUSE = House(site="https://alder.example", sender="Alder <hello@alder.example>", rate=1000)


@pytest.fixture
def sign_up(pages):
    """Send the form, whose editor wants addresses to be confirmed or not."""

    def send(visitor, *, confirm=True, address="ana@x.test", first_name="Ana"):
        letter = StandardPage.objects.get(pk=pages.letter.pk)
        letter.body[0].value["confirm"] = confirm
        letter.save()
        fields = {
            "page": letter.pk, "block": pages.form, "first_name": first_name, "email": address,
            "consent": "on", "website": "",
        }  # fmt: skip
        return visitor.post("/_x/sign-up", fields, headers=OURS)

    return send


@pytest.fixture
def mailed():
    """Send what waits in the outbox; return the mails."""

    def send():
        channel = Answering()
        dispatch.dispatch(channels=by(channel), house=HOUSE, at=now() + timedelta(seconds=1))
        return [
            email.message_from_bytes(one.content, policy=email.policy.default)
            for one in channel.got
        ]

    return send


@pytest.fixture
def scanner():
    return Client(enforce_csrf_checks=True)


def may(address="ana@x.test"):
    point = ContactPoint.objects.get(value=address)
    return bool(
        consent.may(contact_points=[point.pk], purpose="marketing", channel="email", at=now())
    )


def link(mail):
    html = mail.get_body(("html",)).get_content()
    return re.search(r'href="https://alder\.example(/confirm/[^"]+)"', unescape(html))[1]


class TestTheForm:
    def test_grants_nothing_yet_and_tells_nobody(self, pages, sign_up, ana, at):
        assert sign_up(ana).status_code == 303
        fold.drain(at=at)

        assert not may()
        assert ConsentEntry.objects.get(purpose="marketing").state == "PENDING"
        assert not Event.objects.filter(name="Signed Up").exists()
        assert "firstName" not in Profile.objects.get(aliases__value=ana.aid).traits

    def test_sends_one_question_even_if_it_is_sent_again(self, pages, sign_up, ana, chen, mailed):
        for visitor in (ana, ana, chen):
            sign_up(visitor)

        (mail,) = mailed()

        assert mail["To"] == "ana@x.test"
        assert mail["List-Unsubscribe"] is None
        assert "Yes, write to me" in mail.get_body(("plain",)).get_content()
        assert "unsubscribe" not in mail.get_body(("html",)).get_content().lower()

    def test_without_the_setting_grants_at_once(self, pages, sign_up, ana, mailed):
        sign_up(ana, confirm=False)

        assert may()
        assert mailed() == []

    def test_of_who_allowed_it_before_takes_nothing_away(self, pages, sign_up, ana, mailed):
        sign_up(ana, confirm=False)
        sign_up(ana, confirm=True)

        assert may()
        assert mailed() == []


class TestTheLink:
    def test_pitfall_21_a_scanner_that_follows_it_confirms_nothing(
        self, pages, sign_up, ana, mailed, scanner
    ):
        sign_up(ana)
        (mail,) = mailed()

        page = scanner.get(link(mail))
        scanner.head(link(mail))

        assert page.status_code == 200
        assert "Yes, you may write to me." in page.content.decode()
        assert '<form method="post">' in page.content.decode()
        assert not may()

    def test_and_its_button_grant_with_both_moments_as_proof(
        self, pages, sign_up, ana, mailed, scanner, at
    ):
        sign_up(ana)
        (mail,) = mailed()

        page = scanner.post(link(mail))
        fold.drain(at=now())

        assert "Thank you" in page.content.decode()
        assert may()
        entry = ConsentEntry.objects.filter(state="GRANTED", purpose="marketing").get()
        asked = ConsentEntry.objects.get(state="PENDING")
        assert (entry.method, entry.notice) == ("double-opt-in", asked.notice)
        assert entry.evidence["asked_at"] == asked.at.isoformat()
        assert entry.evidence["confirmed_at"] == entry.at.isoformat()
        assert entry.evidence["confirmed_from"]["address"] == "127.0.0.0"
        person = Profile.objects.get(aliases__value=ana.aid)
        assert person.traits["firstName"] == "Ana"
        assert Event.objects.get(name="Signed Up").profile_id == person.pk

    def test_counts_once(self, pages, sign_up, ana, mailed, scanner):
        sign_up(ana)
        (mail,) = mailed()
        scanner.post(link(mail))
        point = ContactPoint.objects.get()
        consent.record(
            purpose="marketing", state="WITHDRAWN", method="unsubscribe", contact_point=point,
            at=now(),
        )  # fmt: skip

        scanner.post(link(mail))

        assert not may()

    def test_is_too_old_after_a_week(self, pages, sign_up, ana, mailed, scanner):
        sign_up(ana)
        (mail,) = mailed()

        with time_machine.travel(now() + timedelta(days=8), tick=False):
            page = scanner.post(link(mail))

            assert "This link is too old" in page.content.decode()
            assert not may()

    def test_of_somebody_who_was_forgotten_is_too_old(self, pages, sign_up, ana, mailed, scanner):
        sign_up(ana)
        (mail,) = mailed()
        consent.forget(contact_points=[ContactPoint.objects.get().pk], at=now())

        assert "This link is too old" in scanner.post(link(mail)).content.decode()

    def test_that_we_did_not_make_leads_nowhere(self, scanner, db):
        token = submit.confirm_token(entry=1)
        for path in (f"/confirm/{token}x", "/confirm/1", "/confirm/1.forged"):
            assert scanner.get(path).status_code == 404
            assert scanner.post(path).status_code == 404

    def test_goes_to_no_address_that_was_refused_before(self, pages, sign_up, ana, mailed):
        from journeys.models import Suppression

        sign_up(ana)
        point = ContactPoint.objects.get()
        Suppression.objects.create(contact_point=point, cause="refused", at=now())

        assert mailed() == []
        assert Delivery.objects.get().reason == "suppressed"


class TestTheMessage:
    def test_can_be_reworded_but_keeps_its_button(self, pages, sign_up, ana, mailed, at):
        from journeys.publish import publish_message

        sign_up(ana)
        message = Message.objects.get(kind="confirmation")
        message.subject, message.body = "One question", [("text", "Was it you?")]
        message.save()
        publish_message(message=message, house=HOUSE, at=at)

        (mail,) = mailed()

        assert mail["Subject"] == "One question"
        assert link(mail)

    def test_is_none_that_a_journey_can_send(self, pages, sign_up, ana):
        from journeys.publish import known

        sign_up(ana)

        assert Message.objects.get().pk not in known().messages


class TestFromAnotherBrowser:
    def test_the_person_of_the_address_has_signed_up_and_the_browser_learns_nothing(
        self, pages, sign_up, ana, known, at
    ):
        """The gap: who signed up again elsewhere got no letter, as the address was not theirs."""
        sign_up(ana, confirm=False)
        fold.drain(at=now())
        owner = ContactPoint.objects.get().profile
        stranger = known()

        sign_up(stranger, confirm=False, first_name="Mallory")
        fold.drain(at=now())

        other = Profile.objects.get(aliases__value=stranger.aid)
        assert other.pk != owner.pk
        assert ContactPoint.objects.get().profile_id == owner.pk
        assert list(
            Event.objects.filter(name="Signed Up").values_list("profile_id", flat=True)
        ) == [owner.pk, owner.pk]
        owner.refresh_from_db()
        assert owner.traits["firstName"] == "Ana"
        assert other.traits == {}

    def test_a_person_without_a_letter_gets_one(self, pages, sign_up, chen, mailed, at):
        """An address known from elsewhere, which signs up for the first time, without cookies."""
        from customers import segment
        from journeys import advance, enroll
        from tests.journeys.conftest import draw, send, write

        owner = identify.ensure_alias(kind="user", value="ana", at=at).profile
        identify.ensure_contact_point(
            profile_id=owner.pk, channel="email", address="ana@x.test", at=at
        )
        rule = {"v": 1, "root": {"op": "event", "name": "Signed Up", "metric": "count",
                                 "window": "all", "cmp": "gte", "value": 1}}  # fmt: skip
        group = segment.create(name="Subscribers", rule=rule, at=at)
        draw(group, send(write("Welcome", at=at)), at=at)

        sign_up(chen, confirm=False)
        fold.drain(at=now())
        while any(
            advance.advance(lane=lane, at=now()).runs
            for lane in (enroll.Lane.WOKEN, enroll.Lane.NORMAL)
        ):
            pass

        (letter,) = mailed()
        assert letter["To"] == "ana@x.test"

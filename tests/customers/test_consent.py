"""Consent is a ledger, bound to an address or an alias, never to a person."""

from __future__ import annotations

from datetime import timedelta

import pytest

from customers import consent, identify
from customers.models import ConsentEntry
from dxp.lib.clock import now

MARKETING = ConsentEntry.Purpose.MARKETING


@pytest.fixture
def ana(db):
    return identify.ensure_alias(kind="user", value="ana", at=now())


@pytest.fixture
def mailbox(ana):
    return identify.ensure_contact_point(
        profile_id=ana.profile_id, channel="email", address="ana@x.test", at=now()
    )


def say(point, state, at=None, channel=""):
    return consent.record(
        purpose=MARKETING, state=state, method="form", at=at or now(), contact_point=point,
        channel=channel, evidence={"page": "/join/"},
    )  # fmt: skip


def allowed(point, channel="email"):
    return consent.may(contact_points=[point.pk], purpose=MARKETING, channel=channel, at=now())


class TestAddresses:
    def test_that_said_nothing_said_no(self, mailbox):
        assert allowed(mailbox) == set()

    def test_may_be_used_until_they_say_no(self, mailbox):
        say(mailbox, "GRANTED")
        assert allowed(mailbox) == {mailbox.pk}

        say(mailbox, "WITHDRAWN")

        assert allowed(mailbox) == set()
        assert ConsentEntry.objects.count() == 2

    def test_may_refuse_one_channel_or_all(self, mailbox):
        say(mailbox, "GRANTED")
        say(mailbox, "WITHDRAWN", channel="sms")
        assert (allowed(mailbox), allowed(mailbox, "sms")) == ({mailbox.pk}, set())

        say(mailbox, "GRANTED", channel="sms")
        say(mailbox, "WITHDRAWN")

        assert (allowed(mailbox), allowed(mailbox, "sms")) == (set(), set())

    def test_what_counts_is_when_it_was_said(self, mailbox):
        say(mailbox, "WITHDRAWN")
        say(mailbox, "GRANTED", at=now() - timedelta(days=1))

        assert allowed(mailbox) == set()

    def test_of_another_person_never_inherit(self, mailbox, send, signs_up):
        say(mailbox, "GRANTED")
        send(signs_up("ana", browser="b", email="second@x.test"))

        second = identify.ensure_contact_point(
            profile_id=mailbox.profile_id, channel="email", address="second@x.test", at=now()
        )

        assert second.profile == mailbox.profile
        assert consent.may(
            contact_points=[mailbox.pk, second.pk], purpose=MARKETING, channel="email", at=now()
        ) == {mailbox.pk}


class TestTracking:
    def test_is_refused_until_allowed_and_after_it_is_withdrawn(self, ana):
        def say(state):
            consent.record(purpose="tracking", state=state, method="banner", at=now(), alias=ana)
            return consent.may(purpose="tracking", aliases=[ana.pk], at=now()) == {ana.pk}

        assert consent.may(purpose="tracking", aliases=[ana.pk], at=now()) == set()
        assert [say("GRANTED"), say("WITHDRAWN")] == [True, False]


class TestNonsense:
    @pytest.mark.parametrize(
        "change", [{"purpose": "spam"}, {"state": "MAYBE"}, {"alias": None}, {"both": True}]
    )
    def test_is_refused(self, ana, mailbox, change):
        entry = {"purpose": "tracking", "state": "GRANTED", "alias": ana}
        both = {"contact_point": mailbox} if change.pop("both", False) else {}

        with pytest.raises(consent.BadConsent):
            consent.record(**{**entry, **change, **both}, method="form", at=now())

        assert not ConsentEntry.objects.exists()

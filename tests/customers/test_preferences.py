"""One page where people say what they want to get: by a signed link, without signing in."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client

from content.models import Topic
from customers import consent, identify, prefer
from customers.models import ConsentEntry, Preference
from dxp.lib.clock import now

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailbox():
    Topic.objects.create(name="Saving", slug="saving")
    Topic.objects.create(name="Markets", slug="markets")
    ana = identify.ensure_alias(kind="user", value="ana", at=now())
    point = identify.ensure_contact_point(
        profile_id=ana.profile_id, channel="email", address="ana@x.test", at=now()
    )
    consent.record(
        purpose="marketing", channel="email", state="GRANTED", method="form", contact_point=point,
        at=now() - timedelta(days=1),
    )  # fmt: skip
    return point


@pytest.fixture
def page(mailbox):
    return f"/preferences/{prefer.token(contact_point=mailbox.pk)}"


@pytest.fixture
def client():
    return Client(enforce_csrf_checks=True)


AS_IT_IS = {"act": "save", "channels": ["email"], "topics": ["saving", "markets"], "rhythm": "any",
            "pause": ""}  # fmt: skip


def answer(mailbox, topic="", at=None):
    return consent.ask(
        contact_points=[mailbox.pk], purpose="marketing", channel="email", topic=topic,
        at=at or now(),
    )[mailbox.pk]  # fmt: skip


class TestThePage:
    def test_shows_what_is_and_changes_nothing(self, client, page, mailbox):
        before = ConsentEntry.objects.count()

        response = client.get(page)

        text = response.content.decode()
        assert response.status_code == 200
        assert "ana@x.test" in text
        assert re.search(r'value="email"[^>]*checked', text)
        assert "You allowed news by e-mail." in text
        assert "no-store" in response["Cache-Control"]
        assert response["Referrer-Policy"] == "no-referrer"
        assert not response.cookies
        assert ConsentEntry.objects.count() == before

    def test_pitfall_21_a_scanner_that_reads_every_link_changes_nothing(
        self, client, page, mailbox
    ):
        for path in (page, f"{page}?act=leave", f"{page}?before=x&act=undo"):
            assert client.get(path).status_code == 200
            assert client.head(path).status_code == 200

        assert ConsentEntry.objects.count() == 1
        assert not Preference.objects.exists()
        assert answer(mailbox) == "yes"

    def test_saving_what_is_writes_nothing(self, client, page):
        assert client.post(page, AS_IT_IS).status_code == 303

        assert ConsentEntry.objects.count() == 1
        assert not Preference.objects.exists()

    def test_leaves_out_a_topic(self, client, page, mailbox):
        client.post(page, {**AS_IT_IS, "topics": ["saving"]})

        assert answer(mailbox, topic="markets") == "topic"
        assert answer(mailbox, topic="saving") == "yes"
        assert answer(mailbox) == "yes"
        entry = ConsentEntry.objects.first()
        assert (entry.topic, entry.state, entry.method) == ("markets", "DENIED", "preferences")
        assert "News comes by the ways that you tick" in entry.notice.text

    def test_pauses_for_some_months_and_goes_on_by_itself(self, client, page, mailbox):
        client.post(page, {**AS_IT_IS, "pause": "3"})

        assert answer(mailbox) == "paused"
        assert answer(mailbox, at=now() + timedelta(days=88)) == "paused"
        assert answer(mailbox, at=now() + timedelta(days=93)) == "yes"
        assert "You paused news until" in client.get(page).content.decode()

    def test_keeps_a_pause_while_something_else_is_saved(self, client, page, mailbox):
        client.post(page, {**AS_IT_IS, "pause": "1"})
        until = Preference.objects.get().paused_until
        client.post(page, {**AS_IT_IS, "pause": "keep", "rhythm": "weekly"})
        assert Preference.objects.first().paused_until == until

        client.post(page, {**AS_IT_IS, "pause": "", "rhythm": "weekly"})

        assert answer(mailbox) == "yes"

    def test_unsubscribes_from_everything_and_undoes_it(self, client, page, mailbox):
        gone = client.post(page, {"act": "leave"})
        assert answer(mailbox) == "no"
        saved = client.get(gone["Location"]).content.decode()
        assert "You will get no more news." in saved
        kept = unescape(re.search(r'name="before" value="([^"]+)"', saved)[1])

        undone = client.post(page, {"act": "undo", "before": kept})

        assert answer(mailbox) == "yes"
        assert "It is as it was before." in client.get(undone["Location"]).content.decode()
        assert ConsentEntry.objects.count() == 3

    def test_undoes_a_topic_a_pause_and_a_rhythm(self, client, page, mailbox):
        changed = {**AS_IT_IS, "topics": [], "pause": "6", "rhythm": "monthly"}
        saved = client.get(client.post(page, changed)["Location"]).content.decode()
        kept = unescape(re.search(r'name="before" value="([^"]+)"', saved)[1])

        client.post(page, {"act": "undo", "before": kept})

        stands = prefer.choices(contact_point=mailbox, at=now())
        assert stands == prefer.Choices(frozenset({"email"}))

    @pytest.mark.parametrize("kept", ["", "x", "forged:1:2"])
    def test_undoes_nothing_that_it_did_not_keep(self, client, page, mailbox, kept):
        client.post(page, {"act": "leave"})

        response = client.post(page, {"act": "undo", "before": kept})

        assert "can no longer be undone" in response.content.decode()
        assert answer(mailbox) == "no"

    def test_does_not_undo_what_was_kept_for_another_address(self, client, page, mailbox):
        other = prefer.keep_for_undo(
            contact_point=mailbox.pk + 1, before=prefer.Choices(frozenset({"email"}))
        )
        client.post(page, {"act": "leave"})
        client.post(page, {"act": "undo", "before": other})

        assert answer(mailbox) == "no"

    @pytest.mark.parametrize("change", [
        {"channels": ["fax"]}, {"topics": ["gossip"]}, {"pause": "7"}, {"pause": "keep"},
        {"rhythm": "hourly"},
    ])  # fmt: skip
    def test_saves_nothing_of_what_it_does_not_offer(self, client, page, change):
        response = client.post(page, {**AS_IT_IS, **change})

        assert response.status_code == 422
        assert "Nothing was saved" in response.content.decode()
        assert ConsentEntry.objects.count() == 1

    @pytest.mark.parametrize("token", ["1", "1.forged", "zz.x", "%00"])
    def test_opens_for_nobody_without_its_link(self, client, mailbox, token):
        assert client.get(f"/preferences/{token}").status_code == 404
        assert client.post(f"/preferences/{token}", {"act": "leave"}).status_code == 404
        assert answer(mailbox) == "yes"

    def test_of_an_address_that_is_gone_says_so(self, client):
        page = f"/preferences/{prefer.token(contact_point=999_999)}"

        assert "address was deleted" in client.get(page).content.decode()
        assert client.post(page, {"act": "leave"}).status_code == 200


class TestTwoAddresses:
    def test_pitfall_04_consent_of_one_is_not_valid_for_the_other_after_a_merge(
        self, client, mailbox, send, signs_up
    ):
        send(signs_up("ana", browser="b", email="second@x.test"))
        second = identify.ensure_contact_point(
            profile_id=mailbox.profile_id, channel="email", address="second@x.test", at=now()
        )
        assert second.profile_id == mailbox.profile_id
        assert (answer(mailbox), answer(second)) == ("yes", "silent")

        # Whoever leaves with one address leaves with that one.
        page = f"/preferences/{prefer.token(contact_point=second.pk)}"
        client.post(page, {"act": "leave"})

        assert (answer(mailbox), answer(second)) == ("yes", "silent")
        assert "ana@x.test" not in client.get(page).content.decode()

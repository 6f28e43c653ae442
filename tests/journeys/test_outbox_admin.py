"""mara runs the outbox: ways out, limits, addresses that stopped, messages that did not go."""

from __future__ import annotations

from datetime import timedelta

import pytest
from wagtail.models import ModelLogEntry

from customers.models import ContactPoint
from dxp.lib import clock
from journeys import hold, ways
from journeys.models import Cap, Delivery, QuietHours, Report, Sender, Suppression, Touch
from tests.journeys.conftest import NOON
from tests.journeys.test_admin import staff
from tests.journeys.test_report import deliver

pytestmark = pytest.mark.django_db
OUTBOX = "/admin/journeys/"
RIGHTS = [
    "access_admin", "view_delivery", "change_delivery", "view_sender", "add_sender",
    "change_sender", "delete_sender", "view_cap", "add_cap", "change_cap", "delete_cap",
    "view_quiethours", "add_quiethours", "change_quiethours", "view_suppression",
    "add_suppression", "delete_suppression", "view_profile", "see_name", "see_contact",
]  # fmt: skip
SMTP = {
    "name": "Newsletters", "address": "News <news@alder.example>", "rate": "20", "burst": "",
    "set_host": "127.0.0.1", "set_port": "1", "set_security": "none", "set_user": "ana",
    "set_password": "hidden-word",
}  # fmt: skip


@pytest.fixture
def mara(db):
    return staff("mara", RIGHTS)


@pytest.fixture
def omar(db):
    return staff("omar", ["access_admin", "view_delivery", "view_sender", "view_suppression"])


def page(client, path, **query):
    answer = client.get(OUTBOX + path, query)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def newsletters(mara):
    """Return a sender that mara added, and its page."""
    mara.post(OUTBOX + "senders/new/email/smtp/", SMTP)
    return Sender.objects.get(name="Newsletters")


class TestSenders:
    def test_every_channel_offers_its_adapters(self, mara):
        shown = page(mara, "senders/new/")

        for channel in ways.CHANNELS:
            for adapter in channel.adapters:
                assert f"senders/new/{channel.name}/{adapter.name}/" in shown

    def test_each_adapter_draws_its_form(self, mara):
        for channel in ways.CHANNELS:
            for adapter in channel.adapters:
                shown = page(mara, f"senders/new/{channel.name}/{adapter.name}/")
                for setting in adapter.settings:
                    assert f'name="set_{setting.name}"' in shown

    def test_a_secret_is_sealed_and_never_shown_again(self, mara, newsletters):
        shown = page(mara, f"senders/edit/{newsletters.pk}/")

        assert newsletters.config == {
            "host": "127.0.0.1", "port": 1, "security": "none", "user": "ana"
        }  # fmt: skip
        assert "hidden-word" not in newsletters.secrets
        assert ways.secrets_of(newsletters) == {"password": "hidden-word"}
        assert "hidden-word" not in shown

    def test_an_empty_secret_stays_and_a_forgotten_one_goes(self, mara, newsletters):
        edit = f"{OUTBOX}senders/edit/{newsletters.pk}/"

        mara.post(edit, SMTP | {"set_password": "", "rate": "30"})
        newsletters.refresh_from_db()
        kept = (newsletters.rate, ways.secrets_of(newsletters))
        mara.post(edit, SMTP | {"set_password": "", "forget_password": "on"})
        newsletters.refresh_from_db()

        assert kept == (30, {"password": "hidden-word"})
        assert ways.secrets_of(newsletters) == {}

    def test_a_made_secret_is_told_once(self, mara):
        url = OUTBOX + "senders/new/webhook/signed/"
        answer = mara.post(url, {"name": "CRM"}, follow=True)
        sender = Sender.objects.get(name="CRM")
        secret = ways.secrets_of(sender)["secret"]

        assert secret in answer.content.decode()
        assert secret not in page(mara, f"senders/edit/{sender.pk}/")

    def test_a_provider_is_told_where_its_reports_go(self, mara):
        mara.post(
            OUTBOX + "senders/new/email/postmark/",
            {"name": "Postmark", "set_server_token": "t", "set_api_url": "https://pm.example/"},
        )
        sender = Sender.objects.get(name="Postmark")

        assert f"/_x/mail/{sender.pk}/postmark/" in page(mara, f"senders/edit/{sender.pk}/")

    def test_the_connection_is_tried_without_sending(self, mara, newsletters):
        answer = mara.post(f"{OUTBOX}senders/{newsletters.pk}/test/", follow=True)

        assert "It does not work" in answer.content.decode()

    def test_a_sender_is_stopped_and_goes_on(self, mara, newsletters):
        mara.post(f"{OUTBOX}senders/{newsletters.pk}/stop/")
        newsletters.refresh_from_db()
        stopped = newsletters.paused_until
        shown = page(mara, "senders/")
        mara.post(f"{OUTBOX}senders/{newsletters.pk}/go/")
        newsletters.refresh_from_db()

        assert stopped == hold.FOREVER
        assert "Stopped by hand" in shown
        assert newsletters.paused_until is None

    def test_who_rests_after_failures_is_shown_with_the_reason(self, mara, newsletters):
        soon = clock.now() + timedelta(minutes=5)
        Sender.objects.filter(pk=newsletters.pk).update(
            paused_until=soon, pause_reason="Connection refused", failures=10
        )

        shown = page(mara, f"senders/edit/{newsletters.pk}/")

        assert "Rests until" in shown
        assert "Connection refused" in shown

    def test_a_sender_in_use_is_not_deleted(self, mara, welcome):
        mara.post(f"{OUTBOX}senders/delete/{welcome.sender_id}/")

        assert Sender.objects.filter(pk=welcome.sender_id).exists()

    def test_nobody_changes_ways_out_without_the_right(self, omar, newsletters):
        pk = newsletters.pk
        for path in ("new/", "new/email/smtp/", f"edit/{pk}/", f"delete/{pk}/"):
            assert omar.get(f"{OUTBOX}senders/{path}").status_code in {302, 403}
        for act in ("test", "stop", "go"):
            assert omar.post(f"{OUTBOX}senders/{pk}/{act}/").status_code in {302, 403}
        newsletters.refresh_from_db()
        assert newsletters.paused_until is None
        assert "Newsletters" in page(omar, "senders/")


class TestLimits:
    def test_a_cap_is_told_in_days_or_hours(self, mara):
        cap = {"channel": "email", "topic": "", "most": "3", "count": "7", "unit": "24"}

        mara.post(OUTBOX + "caps/new/", cap)

        assert Cap.objects.values_list("channel", "most", "hours").get() == ("email", 3, 168)
        assert "3 in 7 days" in page(mara, "caps/")

    def test_the_same_cap_twice_is_refused_and_so_is_forever(self, mara):
        cap = {"channel": "", "topic": "", "most": "3", "count": "24", "unit": "1"}
        mara.post(OUTBOX + "caps/new/", cap)

        again = mara.post(OUTBOX + "caps/new/", cap | {"most": "5"})
        long = mara.post(OUTBOX + "caps/new/", cap | {"count": "61", "unit": "24"})

        assert "There is one" in again.content.decode()
        assert "At most 60 days" in long.content.decode()
        assert Cap.objects.count() == 1

    def test_quiet_hours_hold_once_per_channel(self, mara):
        hours = {"channel": "", "begins": "21:00", "ends": "08:00"}
        mara.post(OUTBOX + "quiet-hours/new/", hours)

        again = mara.post(OUTBOX + "quiet-hours/new/", hours)
        never = mara.post(OUTBOX + "quiet-hours/new/", hours | {"channel": "sms", "ends": "21:00"})

        assert "21:00-08:00" in page(mara, "quiet-hours/")
        assert "already" in again.content.decode()
        assert "another time" in never.content.decode()
        assert QuietHours.objects.count() == 1

    def test_what_disturbs_nobody_has_no_limit(self, mara):
        assert 'value="onsite"' not in page(mara, "caps/new/")


class TestSuppressions:
    def test_an_address_is_stopped_by_hand_and_found(self, mara, ana):
        told = {"channel": "email", "address": " Ana@Example.com", "detail": "asked by phone"}
        mara.post(OUTBOX + "suppressed/new/", told)

        made = Suppression.objects.get()
        assert (made.cause, made.contact_point.value) == ("by_hand", "ana@example.com")
        assert "ana@example.com" in page(mara, "suppressed/", q="ana@")
        assert "ana@example.com" not in page(mara, "suppressed/results/", q="bruno")

    def test_nobodys_address_is_said_to_be_nobodys(self, mara):
        told = {"channel": "email", "address": "who@example.org", "detail": "x"}

        answer = mara.post(OUTBOX + "suppressed/new/", told)

        assert "Nobody here has this address" in answer.content.decode()

    def test_lifting_needs_a_reason_and_keeps_it(self, mara, ana):
        one = _suppressed(ana)
        lift = f"{OUTBOX}suppressed/{one.pk}/lift/"

        mara.post(lift, {"reason": ""})
        still = Suppression.objects.exists()
        mara.post(lift, {"reason": "Mailbox emptied"})

        assert still
        assert not Suppression.objects.exists()
        entry = ModelLogEntry.objects.get(action="journeys.lift_suppression")
        assert entry.data["reason"] == "Mailbox emptied"

    def test_the_list_is_downloaded_and_runs_no_formula(self, mara, ana):
        _suppressed(ana, detail="=1+1")

        answer = mara.get(OUTBOX + "suppressed/", {"export": "csv"})
        lines = b"".join(answer.streaming_content).decode().splitlines()

        assert lines[1].startswith("ana@example.com,email,bounced,'=1+1,")

    def test_addresses_are_dots_for_who_may_not_see_them(self, omar, ana):
        one = _suppressed(ana)

        assert "ana@example.com" not in page(omar, "suppressed/")
        assert "lift/" not in page(omar, "suppressed/results/", q="ana@example.com")
        export = omar.get(OUTBOX + "suppressed/", {"export": "csv"})
        assert b"ana@" not in b"".join(export.streaming_content)
        assert omar.get(f"{OUTBOX}suppressed/{one.pk}/lift/").status_code in {302, 403}


def _suppressed(profile, **values):
    point = ContactPoint.objects.get(profile=profile)
    told = {"cause": "bounced", "detail": "550 5.1.1", "at": NOON} | values
    return Suppression.objects.create(contact_point=point, **told)


class TestDeliveries:
    def test_a_page_tells_all_that_happened(self, mara, ana, welcome):
        sent = deliver(ana, welcome, sent_at=NOON, edition=welcome.current)
        Report.objects.create(
            key="k", kind="bounced", hard=True, reason="userunknown", detail="550 5.1.1",
            source="mail", delivery=sent, at=NOON + timedelta(minutes=1),
        )  # fmt: skip
        Touch.objects.create(
            delivery=sent, kind="click", number=1, at=NOON + timedelta(minutes=2), machine=True,
            reasons=["links"],
        )  # fmt: skip

        shown = page(mara, f"deliveries/{sent.pk}/")

        for words in ("Ana", "ana@example.com", "Welcome", "for good", "userunknown",
                      "550 5.1.1", "a program", "followed all links at once"):  # fmt: skip
            assert words in shown

    def test_deliveries_are_found_by_name_and_address(self, mara, ana, bruno, welcome):
        for one in (ana, bruno):
            deliver(one, welcome)

        for words in ("ana@exam", "Ana"):
            shown = page(mara, "deliveries/results/", q=words)
            assert ("Ana" in shown, "Bruno" in shown) == (True, False)

    def test_a_dead_letter_is_tried_again(self, mara, ana, welcome):
        dead = deliver(ana, welcome, state="FAILED", reason="gave_up")

        mara.post(f"{OUTBOX}deliveries/{dead.pk}/", {"act": "retry"})

        dead.refresh_from_db()
        assert (dead.state, dead.reason) == ("QUEUED", "")

    def test_all_that_the_list_shows_are_tried_again(self, mara, ana, welcome):
        dead = [deliver(ana, welcome, state="FAILED", reason="gave_up") for _ in range(3)]
        refused = deliver(ana, welcome, state="FAILED", reason="refused")
        sent = deliver(ana, welcome)

        shown = page(mara, "deliveries/all/retry/", reason="gave_up")
        mara.post(f"{OUTBOX}deliveries/all/retry/?reason=gave_up")

        assert "This is about 3 messages" in shown
        states = dict(Delivery.objects.values_list("pk", "state"))
        assert {states[one.pk] for one in dead} == {"QUEUED"}
        assert (states[refused.pk], states[sent.pk]) == ("FAILED", "SENT")

    def test_many_take_several_bites_and_show_how_far_it_is(self, mara, ana, welcome, monkeypatch):
        monkeypatch.setattr("journeys.admin.delivery_pages.BITE", 1)
        monkeypatch.setattr("journeys.admin.delivery_pages.SECONDS", 0.0)
        clocked = iter([0.0, 0.0, 1.0] * 9)
        monkeypatch.setattr("journeys.admin.delivery_pages.time.monotonic", lambda: next(clocked))
        monkeypatch.setattr("journeys.admin.delivery_pages.SECONDS", 0.5)
        for _ in range(2):
            deliver(ana, welcome, state="FAILED", reason="gave_up")
        url = f"{OUTBOX}deliveries/all/retry/"

        first = mara.post(url, {"total": "2"}).context_data
        told = {name: first[name] for name in ("after", "done", "total", "last")}
        second = mara.post(url, told).context_data
        told = {name: second[name] for name in ("after", "done", "total", "last")}
        third = mara.post(url, told)

        assert (first["done"], second["done"], third.status_code) == (1, 2, 302)
        assert Delivery.objects.filter(state="QUEUED").count() == 2

    def test_queued_ones_are_canceled_and_unknown_ones_sent_after_a_warning(
        self, mara, ana, welcome
    ):
        queued = deliver(ana, welcome, state="QUEUED")
        unknown = deliver(ana, welcome, state="UNKNOWN", reason="no_receipt")

        mara.post(f"{OUTBOX}deliveries/all/cancel/")
        warned = page(mara, "deliveries/all/resend/")
        mara.post(f"{OUTBOX}deliveries/all/resend/")

        queued.refresh_from_db()
        unknown.refresh_from_db()
        assert (queued.state, queued.reason) == ("SKIPPED", "canceled")
        assert "twice" in warned
        assert unknown.state == "QUEUED"

    def test_who_may_only_look_sees_no_names_and_does_nothing(self, omar, ana, welcome):
        dead = deliver(ana, welcome, state="FAILED", reason="gave_up")

        shown = page(omar, f"deliveries/{dead.pk}/")

        assert "Ana" not in shown
        assert "ana@example.com" not in shown
        assert omar.post(f"{OUTBOX}deliveries/{dead.pk}/", {"act": "retry"}).status_code == 302
        assert omar.post(f"{OUTBOX}deliveries/all/retry/").status_code == 302
        assert "Ana" not in page(omar, "deliveries/", q="ana@example.com")
        dead.refresh_from_db()
        assert dead.state == "FAILED"

    def test_nonsense_is_not_found(self, mara, ana, welcome):
        sent = deliver(ana, welcome)

        assert mara.get(OUTBOX + "deliveries/all/explode/").status_code == 404
        assert mara.post(f"{OUTBOX}deliveries/{sent.pk}/", {"act": "x"}).status_code == 404
        assert mara.get(OUTBOX + "senders/new/email/nothing/").status_code == 404
        assert mara.get(OUTBOX + "deliveries/0/").status_code == 404

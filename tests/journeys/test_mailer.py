"""Mail to colleagues goes through the outbox: no request waits, and what it said is not kept."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives

from dxp.lib import clock, hints
from dxp.users.models import User
from journeys import dispatch, mark, permit, post, reap, report, settle, tasks, ways
from journeys.models import Delivery, Message, Notice, StaffMail
from tests.journeys.sink import Sink
from tests.journeys.test_admin import staff

pytestmark = pytest.mark.django_db
REASON = Delivery.Reason


@pytest.fixture(autouse=True)
def outbox(settings):
    settings.EMAIL_BACKEND = "journeys.mailer.OutboxBackend"


@pytest.fixture
def sink(settings):
    with Sink() as running:
        settings.SMTP_URL = running.url
        yield running
    ways.close_all()


@pytest.fixture
def elena(db):
    user = User.objects.create_user("elena", "elena@alder.example", "the old password")
    return user


def dispatched(at=None):
    return dispatch.dispatch(house=tasks.house(), at=at or clock.now() + timedelta(seconds=1))


def test_a_notice_is_queued_and_sent_by_the_worker(sink):
    mail.send_mail("Please look", "At this page.", None, ["Elena <elena@alder.example>"])

    assert sink.messages == []
    assert Delivery.objects.get().state == "QUEUED"

    assert dispatched().sent == 1
    ((to, content),) = sink.messages

    assert to == "elena@alder.example"
    assert b"Subject: Please look\r\n" in content
    assert b"From: Alder & Finch <hello@alderandfinch.example>\r\n" in content
    assert b"At this page." in content
    assert not Notice.objects.exists()


def test_the_worker_is_told_after_the_commit(monkeypatch, django_capture_on_commit_callbacks):
    hinted = []
    monkeypatch.setattr(hints, "now", hinted.append)

    with django_capture_on_commit_callbacks(execute=True):
        mail.send_mail("Please look", "At this page.", None, ["elena@alder.example"])

    assert hinted == [tasks.DISPATCH]


def test_each_recipient_gets_her_own_and_nobody_sees_hidden_ones(sink):
    letter = EmailMultiAlternatives(
        "Größe", "text", None, ["a@alder.example", "A <a@alder.example>"], bcc=["b@alder.example"]
    )  # fmt: skip
    letter.attach_alternative("<p>HTML</p>", "text/html")

    assert letter.send() == 1
    assert dispatched().sent == 2

    assert sorted(to for to, _content in sink.messages) == ["a@alder.example", "b@alder.example"]
    assert not any(b"b@alder.example" in content for _to, content in sink.messages)
    assert all(b"<p>HTML</p>" in content for _to, content in sink.messages)


def test_a_link_to_set_a_password_is_sealed_until_it_is_sent_and_then_gone(client, elena, sink):
    client.post("/admin/password_reset/", {"email": "elena@alder.example"})
    kept = StaffMail.objects.get()

    assert "password_reset" not in kept.content

    assert dispatched().sent == 1
    kept.refresh_from_db()

    assert kept.content == ""
    ((_to, content),) = sink.messages
    link = re.search(r"http://testserver(/admin/password_reset/confirm/\S+)", content.decode())
    assert link
    assert client.get(link[1], follow=True).status_code == 200


def test_the_outbox_shows_to_whom_and_about_what_but_never_what_it_says(elena):
    mail.send_mail("Please look", "The secret word is finch.", None, ["elena@alder.example"])
    mara = staff("mara", ["access_admin", "view_delivery", "change_delivery", "view_message"])
    delivery = Delivery.objects.get()

    listed = mara.get("/admin/journeys/deliveries/").content.decode()
    shown = mara.get(f"/admin/journeys/deliveries/{delivery.pk}/").content.decode()

    for page in (listed, shown):
        assert "elena@alder.example" in page
        assert "Please look" in page
        assert "finch" not in page.replace("alderandfinch", "").replace("Alder &amp; Finch", "")
    assert "Mail to colleagues" not in mara.get("/admin/journeys/messages/").content.decode()


def test_a_mail_that_is_too_old_or_can_not_be_opened_is_not_sent(sink, monkeypatch):
    mail.send_mail("Old", "text", None, ["elena@alder.example"])
    mail.send_mail("Sealed", "text", None, ["elena@alder.example"])
    StaffMail.objects.filter(subject="Sealed").update(content="under another key")

    assert dispatched(at=clock.now() + timedelta(days=4)).skipped == 2
    assert sink.messages == []
    assert set(Delivery.objects.values_list("reason", flat=True)) == {
        REASON.EXPIRED, REASON.MISSING,
    }  # fmt: skip


def test_a_mail_that_was_refused_can_be_tried_again(sink):
    mail.send_mail("Hello", "text", None, ["gone@alder.example"])
    dispatched()
    delivery = Delivery.objects.get()

    assert (delivery.state, delivery.reason) == ("FAILED", REASON.REFUSED)
    assert StaffMail.objects.get().content != ""
    assert settle.retry(delivery_ids=[delivery.pk], at=clock.now()) == 1

    StaffMail.objects.update(recipient="elena@alder.example")
    assert dispatched().sent == 1


def test_a_sender_that_died_leaves_a_mail_that_is_sent_again(sink):
    mail.send_mail("Hello", "text", None, ["elena@alder.example"])
    now = clock.now()
    Delivery.objects.update(
        state="SENDING", lease_until=now, mark_epoch=mark.lease(), attempts=1, due_at=now
    )

    assert reap.reap(at=now + timedelta(minutes=1))["queued"] == 1
    assert dispatched(at=now + timedelta(hours=2)).sent == 1


def test_a_returned_mail_is_noted_and_told_to_nobody(sink):
    mail.send_mail("Hello", "text", None, ["elena@alder.example"])
    dispatched()
    delivery = Delivery.objects.get()
    came_back = report.Told(
        key="1", kind="bounced", hard=True, delivery_id=delivery.pk, detail="no such mailbox",
        at=clock.now(), source="mailbox",
    )  # fmt: skip

    assert report.report(told=[came_back], at=clock.now()) == 1
    delivery.refresh_from_db()

    assert delivery.bounced_at is not None
    assert not Notice.objects.exists()


def test_mail_without_anybody_to_go_to_is_no_mail():
    assert EmailMultiAlternatives("Hello", "text", None, []).send() == 0
    assert post.post(mail=EmailMultiAlternatives("Hello", "", None, [" "]), at=clock.now()) == []
    assert not Message.objects.filter(kind=Message.Kind.STAFF).exists()


def test_mail_to_colleagues_asks_for_no_consent():
    mail.send_mail("Hello", "text", None, ["elena@alder.example"])

    assert permit.is_transactional(Message.objects.get(kind=Message.Kind.STAFF))

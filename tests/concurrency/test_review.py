"""Workers that remind are killed, and several answer at once: all is said and decided once."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connections
from wagtail.models import Page, PageLogEntry, TaskState

from content import invite, remind, review
from content.models import ReviewInvite, ReviewState, StandardPage
from dxp.lib.clock import now
from journeys.models import StaffMail
from tests.concurrency.workers import Workers
from tests.content.reviewing import Desk

pytestmark = pytest.mark.django_db(transaction=True)
PLACE = review.Place("https://alder.example")
DRAFTS, KILLS, ROUNDS = 5, 6, 3


@pytest.fixture
def home():
    root = Page.get_first_root_node()
    return root.add_child(instance=StandardPage(title="Home", slug="reviewed"))


def handed_in(desk, home, number):
    draft = StandardPage(title=f"Draft {number}", slug=f"draft-{number}", live=False)
    return desk.hand_in(home.add_child(instance=draft))


def test_reminders_whose_workers_are_killed_are_written_once(home, settings, monkeypatch):
    desk = Desk(home, check=False)
    for number in range(DRAFTS):
        handed_in(desk, home, number)
    settings.EMAIL_BACKEND = "journeys.mailer.OutboxBackend"
    reminded, soon = remind._reminded, now() + timedelta(days=2, hours=1)

    def slowly(state):
        for user in reminded(state):
            yield user
            time.sleep(0.02)

    monkeypatch.setattr(remind, "_reminded", slowly)
    workers = Workers(*[lambda: remind.remind(place=PLACE, at=soon)] * 2)

    try:
        workers.kill_some(KILLS, least=0.02, most=0.08)
        deadline = time.monotonic() + 60
        while ReviewState.objects.filter(reminded_at=None).exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        workers.stop()
        connections.close_all()

    mails = Counter(StaffMail.objects.values_list("recipient", "subject"))
    assert mails == {
        (f"{name}@alder.example", f"Please review “Draft {number}”"): 1
        for name in ("ivo", "lea")
        for number in range(DRAFTS)
    }


def test_of_those_who_answer_at_the_same_moment_one_decides(home):
    """A guest and a colleague approve, another colleague gives back by Wagtail's own button."""
    desk = Desk(home, check=False)
    for number in range(ROUNDS):
        state = handed_in(desk, home, number)
        seen, at = state.revision_id, now()
        guest, _token = invite.invite(
            state=state, name="Gina", email="", may_approve=True, by=desk.ivo, at=at,
            expires_at=at + timedelta(days=1),
        )  # fmt: skip
        ways = [
            lambda guest=guest, seen=seen, at=at: invite.answer(
                invite=guest, approves=True, text="", revision_id=seen, place=PLACE, at=at
            ),
            lambda state=state, seen=seen: review.decide(
                state=state, approves=True, comment="", revision_id=seen, by=desk.ivo
            ),
            lambda state=state: state.task.specific.on_action(
                ReviewState.objects.get(pk=state.pk), desk.lea, "reject", comment="No."
            ),
        ]

        done = _at_once(ways)

        assert done.count(True) == 1
        ended = TaskState.objects.get(pk=state.pk)
        page = StandardPage.objects.get(slug=f"draft-{number}")
        assert page.live == (ended.status == TaskState.STATUS_APPROVED)
        acts = ["wagtail.workflow.approve", "wagtail.workflow.reject"]
        assert PageLogEntry.objects.filter(page=page.pk, action__in=acts).count() == 1
        assert (ReviewInvite.objects.get(pk=guest.pk).answer != "") == done[0]


def _at_once(ways):
    """Do each in a thread of its own at one moment; return which were not refused."""
    done, start = [False] * len(ways), threading.Barrier(len(ways))

    def run(place):
        try:
            start.wait()
            ways[place]()
            done[place] = True
        except (PermissionDenied, review.Refused, invite.Closed):
            pass
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(ways))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done

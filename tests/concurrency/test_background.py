"""Workers are killed while they do tasks and check drafts: all is done, and nothing twice."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connections
from django_tasks import task
from wagtail.models import Page, PageLogEntry, TaskState

from content import background, examine
from content.models import BackgroundTask, CheckState, StandardPage, Topic
from dxp.lib.clock import now
from tests.concurrency.workers import Workers
from tests.content.reviewing import Desk

pytestmark = pytest.mark.django_db(transaction=True)
TASKS, DRAFTS, KILLS = 40, 6, 12


@task()
def write(name):
    """Leave a row, and take long enough to be killed on the way."""
    Topic.objects.create(name=name, slug=uuid.uuid4().hex)
    time.sleep(0.05)


def wait(are_left, patience=60.0):
    deadline = time.monotonic() + patience
    while are_left():
        assert time.monotonic() < deadline, list(BackgroundTask.objects.values("state", "error"))
        time.sleep(0.05)


@pytest.fixture
def patient(monkeypatch):
    """Let a killed worker's row be taken over at once, and nobody give up for being killed."""
    monkeypatch.setattr(background, "LEASE", timedelta(seconds=0.2))
    monkeypatch.setattr(background, "MOST_ATTEMPTS", 50)
    monkeypatch.setattr(examine, "MOST_ATTEMPTS", 50)


def test_a_task_whose_worker_is_killed_is_done_by_the_next_one_once(settings, patient):
    settings.TASKS = {"default": {"BACKEND": "content.background.RowBackend"}}
    for number in range(TASKS):
        write.enqueue(f"Topic {number}")
    workers = Workers(*[lambda: background.step(at=now())] * 3)

    try:
        workers.kill_some(KILLS, least=0.02, most=0.12)
        wait(lambda: BackgroundTask.objects.exclude(state="DONE").exists())
    finally:
        workers.stop()
        connections.close_all()

    assert Counter(Topic.objects.values_list("name", flat=True)) == {
        f"Topic {number}": 1 for number in range(TASKS)
    }
    assert BackgroundTask.objects.filter(attempts__gt=1).exists()


def test_a_check_whose_worker_is_killed_ends_once(patient):
    root = Page.get_first_root_node()
    home = root.add_child(instance=StandardPage(title="Home", slug="checked"))
    desk = Desk(home)
    for number in range(DRAFTS):
        draft = home.add_child(
            instance=StandardPage(
                title=f"Draft {number}", slug=f"draft-{number}", live=False,
                search_description="What this page is about, in some fifty letters or more.",
            )
        )  # fmt: skip
        desk.hand_in(draft)
    examine.bot()
    workers = Workers(*[lambda: examine.step(at=now())] * 3)

    try:
        workers.kill_some(KILLS, least=0.02, most=0.12)
        wait(lambda: CheckState.objects.filter(status=TaskState.STATUS_IN_PROGRESS).exists())
    finally:
        workers.stop()
        connections.close_all()

    assert CheckState.objects.filter(status=TaskState.STATUS_APPROVED).count() == DRAFTS
    told = PageLogEntry.objects.filter(action="wagtail.workflow.approve")
    assert sorted(Counter(told.values_list("page", flat=True)).values()) == [1] * DRAFTS
    reviews = TaskState.objects.filter(task=desk.review.pk)
    assert reviews.count() == DRAFTS

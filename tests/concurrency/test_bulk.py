"""Workers are killed in the middle of an act on many things: each is done once."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta

import pytest
from django.db import connections

from content import bulk
from content.models import BulkRun, Topic
from dxp.lib.clock import now
from dxp.users.models import User
from tests.concurrency.workers import Workers

pytestmark = pytest.mark.django_db(transaction=True)
THINGS, KILLS = 60, 10


class Slow(bulk.Act):
    """Leaves a row for each thing, and takes long enough to be killed on the way."""

    name, label = "slow", "Slow"

    def may(self, user, thing):
        return True

    def do(self, thing, run, at):
        Topic.objects.create(name=f"Copy of {thing.name}", slug=uuid.uuid4().hex)
        time.sleep(0.02)


@pytest.fixture
def slow(monkeypatch):
    """Know the act, and let a killed worker's run be taken over at once."""
    monkeypatch.setitem(bulk.acts.members, "slow", Slow)
    monkeypatch.setattr(bulk, "LEASE", timedelta(seconds=0.1))


def test_a_run_whose_workers_are_killed_does_each_thing_once(slow):
    originals = [Topic.objects.create(name=f"Topic {n}", slug=f"topic-{n}") for n in range(THINGS)]
    elena = User.objects.create_user("elena")
    ids = [one.pk for one in originals]
    run = bulk.start(act="slow", model=Topic, by=elena, at=now(), ids=ids)
    workers = Workers(*[lambda: bulk.step(at=now(), most=7)] * 2)

    try:
        workers.kill_some(KILLS, least=0.03, most=0.15)
        deadline = time.monotonic() + 60
        while BulkRun.objects.get(pk=run.pk).state != "DONE":
            assert time.monotonic() < deadline, BulkRun.objects.values().get(pk=run.pk)
            time.sleep(0.05)
    finally:
        workers.stop()
        connections.close_all()

    run.refresh_from_db()
    copies = sorted(Topic.objects.filter(name__startswith="Copy").values_list("name", flat=True))
    assert copies == sorted(f"Copy of {one.name}" for one in originals)
    assert (run.done, run.refused, run.faults) == (THINGS, 0, [])
    assert workers.kills == KILLS

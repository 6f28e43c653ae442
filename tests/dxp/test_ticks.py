"""Ticks and hints: whatever there is to do, every task gets its turn."""

from __future__ import annotations

import json

import pytest
from celery import current_app

from content.tasks import check_drafts
from dxp.celery import Ticks, app
from dxp.lib import hints

FOLD, SEAL = "customers.tasks.fold", "analytics.tasks.seal"


@pytest.fixture
def queue():
    """Return a way to read the names of all that waits; nothing does now."""
    client = hints.client()
    client.delete("default", *client.keys("hint:*"))
    yield lambda: [json.loads(one)["headers"]["task"] for one in client.lrange("default", 0, -1)]
    client.delete("default", *client.keys("hint:*"))


@pytest.fixture
def clock(tmp_path):
    """Return the house's clock; it never runs by itself."""
    current_app.set_current()
    ticks = Ticks(app=app, schedule_filename=str(tmp_path / "schedule"), lazy=True)
    ticks.setup_schedule()
    yield ticks
    ticks.close()


def test_a_hundred_hints_are_one_message(queue):
    for _again in range(100):
        hints.now(FOLD)

    assert queue() == [FOLD]


def test_the_clock_sends_nothing_that_waits_already(queue, clock):
    hints.now(FOLD)

    for _again in range(60):
        for name in ("fold", "seal"):
            clock.apply_entry(clock.schedule[name])

    assert sorted(queue()) == [SEAL, FOLD]


def test_whoever_begins_to_look_may_miss_what_comes_and_is_hinted_at_again(queue, db):
    hints.now(check_drafts.name)

    check_drafts.apply()
    hints.now(check_drafts.name)

    assert queue() == [check_drafts.name] * 2


def test_a_message_that_was_lost_with_its_worker_is_missed_for_seconds(queue):
    hints.now(FOLD)

    assert 0 < hints.client().pttl(f"hint:{FOLD}") <= hints.WAITS_MS == 5_000


def test_no_message_dies_before_its_turn_has_come(queue, clock):
    for entry in clock.schedule.values():
        assert entry.options["expires"] >= hints.EXPIRES_SECONDS

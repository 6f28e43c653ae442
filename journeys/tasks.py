"""What the worker does when somebody says "look"."""

from __future__ import annotations

import time
from zoneinfo import ZoneInfo

from celery import shared_task
from django.conf import settings

from dxp.lib import clock, hints
from journeys import advance as engine
from journeys import dispatch as outbox
from journeys import fill, pause, schedule, track, transfer
from journeys import reap as reaper
from journeys.compose import House
from journeys.models.enrollments import Lane

ADVANCE, DISPATCH = "journeys.tasks.advance", "journeys.tasks.dispatch"
TRANSFER = "journeys.tasks.transfer"
LOOK_SECONDS = 2.0


def house() -> House:
    """Return what the settings say about where messages come from."""
    return House(
        site=settings.SITE_URL,
        sender=settings.MAIL_FROM,
        rate=settings.SEND_RATE,
        smtp_url=settings.SMTP_URL,
        mail_dir=settings.MAIL_DIR,
        zone=ZoneInfo(settings.TIME_ZONE),
    )


def move_people() -> tuple[int, bool]:
    """Advance due runs for a while; return how many, and whether there are messages to send."""
    until, runs, sends = time.monotonic() + LOOK_SECONDS, 0, 0
    while time.monotonic() < until:
        moved = 0
        for lane in (Lane.WOKEN, Lane.NORMAL, Lane.BULK):
            done = engine.advance(lane=lane, at=clock.now())
            moved, sends = moved + done.runs, sends + done.sends
        track.judge(at=clock.now())
        told = engine.announce(at=clock.now())
        runs += moved
        if not moved and not told:
            return runs, sends > 0
    hints.now(ADVANCE)
    return runs, sends > 0


def send_messages() -> int:
    """Send queued messages for a while; return how many were sent."""
    until, sent = time.monotonic() + LOOK_SECONDS, 0
    while time.monotonic() < until:
        done = outbox.dispatch(house=house(), at=clock.now())
        sent += done.sent
        if not done.claimed or done.throttled:
            return sent
    hints.now(DISPATCH)
    return sent


@shared_task(name=ADVANCE)
def advance() -> None:
    """Move people who are due."""
    hints.looking(ADVANCE)
    _runs, sends = move_people()
    if sends:
        hints.now(DISPATCH)


@shared_task(name=DISPATCH)
def dispatch() -> None:
    """Send what is queued."""
    hints.looking(DISPATCH)
    send_messages()


@shared_task(name="journeys.tasks.calendar")
def calendar() -> None:
    """Let people in whose date or time has come."""
    if schedule.run(at=clock.now()):
        hints.now(ADVANCE)


@shared_task(name=TRANSFER)
def move_versions() -> None:
    """Bring people over to another version for a while."""
    hints.looking(TRANSFER)
    until = time.monotonic() + LOOK_SECONDS
    while time.monotonic() < until:
        if not transfer.step(at=clock.now()):
            return
    hints.now(TRANSFER)


@shared_task(name="journeys.tasks.reap")
def reap() -> None:
    """Settle what dead senders left, and let people of resumed journeys go on."""
    reaper.reap(at=clock.now())
    if pause.go_on(at=clock.now()) + fill.go_on():
        hints.now(ADVANCE)

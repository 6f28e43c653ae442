"""What the worker does when somebody says "look"."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from celery import shared_task
from django.conf import settings

from dxp.lib import clock, hints, mailbox
from journeys import advance as engine
from journeys import dispatch as outbox
from journeys import fill, pause, schedule, tally, track, transfer
from journeys import reap as reaper
from journeys import retire as retirement
from journeys.compose import House
from journeys.models.enrollments import Lane
from journeys.receive import Received, receive

log = logging.getLogger(__name__)
ADVANCE, DISPATCH = "journeys.tasks.advance", "journeys.tasks.dispatch"
TRANSFER, FILL = "journeys.tasks.transfer", "journeys.tasks.fill"
LOOK_SECONDS = 2.0


def house() -> House:
    """Return what the settings say about where messages come from."""
    return House(
        site=settings.SITE_URL,
        sender=settings.MAIL_FROM,
        rate=settings.SEND_RATE,
        connections=settings.SEND_CONNECTIONS,
        smtp_url=settings.SMTP_URL,
        mail_dir=settings.MAIL_DIR,
        bounces=settings.BOUNCE_ADDRESS,
        zone=ZoneInfo(settings.TIME_ZONE),
        networks=tuple(settings.ALLOWED_NETWORKS),
        hosts=tuple(settings.LINK_HOSTS),
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
    _runs, sends = move_people()
    if sends:
        hints.now(DISPATCH)


@shared_task(name=DISPATCH)
def dispatch() -> None:
    """Send what is queued."""
    send_messages()


@shared_task(name="journeys.tasks.calendar")
def calendar() -> None:
    """Let people in whose date or time has come."""
    if schedule.run(at=clock.now()):
        hints.now(ADVANCE)


@shared_task(name=TRANSFER)
def move_versions() -> None:
    """Bring people over to another version for a while."""
    until = time.monotonic() + LOOK_SECONDS
    while time.monotonic() < until:
        if not transfer.step(at=clock.now()):
            return
    hints.now(TRANSFER)


def fetch_bounces() -> Received:
    """Report what lies in the mailbox for returned mail; return how much it was.

    Raises:
        Unreachable: the mailbox can't be opened.
    """
    total = Received()

    def deal(mails: Sequence[bytes]) -> Sequence[bool]:
        nonlocal total
        total, understood = receive(mails=mails, at=clock.now())
        return understood

    if settings.BOUNCE_URL:
        mailbox.empty(settings.BOUNCE_URL, deal)
    return total


@shared_task(name="journeys.tasks.bounces")
def bounces() -> None:
    """Look for returned mail."""
    try:
        fetch_bounces()
    except mailbox.Unreachable as error:
        log.warning("The mailbox for returned mail: %s", error)


@shared_task(name="journeys.tasks.reap")
def reap() -> None:
    """Settle what dead senders left, and let people of resumed journeys go on."""
    reaper.reap(at=clock.now())
    if pause.go_on(at=clock.now()):
        hints.now(ADVANCE)


@shared_task(name=FILL)
def let_in() -> None:
    """Let the people of a segment onto a journey for a while."""
    until = time.monotonic() + LOOK_SECONDS
    while time.monotonic() < until:
        if not fill.step():
            return
        hints.now(ADVANCE)
    hints.now(FILL)


@shared_task(name="journeys.tasks.count")
def count() -> None:
    """Put together how many people passed each step."""
    tally.sum_up()


@shared_task(name="journeys.tasks.retire")
def retire() -> None:
    """Put versions aside that nobody walks any more."""
    retirement.retire(at=clock.now())

"""What the worker does for pages, words and files; a hint carries no state and may be lost."""

from __future__ import annotations

import time

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from content import (
    absorb,
    answer,
    background,
    bulk,
    examine,
    follow,
    grant,
    remind,
    renditions,
    review,
    schedule,
    seal,
)
from dxp.lib import clock, hints

BULK = "content.tasks.bulk"
ABSORB = "content.tasks.absorb"
SETTLE = "content.tasks.settle"
LOOK_SECONDS = 2.0
EXAMINE = "content.tasks.examine"
TAGS = "content.tasks.read"
WITHDRAW = "content.tasks.withdraw"


@shared_task(name=background.HINT)
def do_tasks() -> None:
    """Do tasks of Wagtail for a while; after two seconds let others run and come back."""
    until = time.monotonic() + LOOK_SECONDS
    while background.step(at=clock.now()):
        if time.monotonic() > until:
            hints.now(background.HINT)
            return


@shared_task(name=BULK)
def do_bulk() -> None:
    """Do acts on many things for a while; after two seconds let others run and come back."""
    until = time.monotonic() + LOOK_SECONDS
    while bulk.step(at=clock.now()):
        if time.monotonic() > until:
            hints.now(BULK)
            return


@shared_task(name="content.tasks.end_grants")
def end_grants() -> None:
    """Take away what was given until now."""
    grant.end(at=clock.now())


@shared_task(name="content.tasks.prune")
def prune() -> None:
    """Forget tasks and acts on many that were done."""
    background.prune(at=clock.now())
    bulk.prune(at=clock.now())


@shared_task(name=EXAMINE)
def check_drafts() -> None:
    """Check drafts that were handed in; after two seconds let others run and come back."""
    until = time.monotonic() + LOOK_SECONDS
    while examine.step(at=clock.now()):
        if time.monotonic() > until:
            hints.now(EXAMINE)
            return


@shared_task(name="content.tasks.remind")
def remind_reviewers() -> None:
    """Write to reviewers of what is due soon or overdue."""
    remind.remind(place=review.Place(settings.SITE_URL), at=clock.now())


@shared_task(name="content.tasks.scheduled")
def scheduled() -> None:
    """Publish and withdraw what editors set a time for; the caches hear of it as of any change."""
    schedule.keep(place=review.Place(settings.SITE_URL), at=clock.now())


@shared_task(name="content.tasks.forget_answers")
def forget_answers() -> None:
    """Delete what people wrote into forms whose time is over."""
    answer.forget(at=clock.now())


@shared_task(name=WITHDRAW)
def withdraw() -> None:
    """Delete the sizes of pictures that may be shown no longer; now and then let others run."""
    until = time.monotonic() + LOOK_SECONDS
    while renditions.withdraw(on=timezone.localdate(clock.now())):
        if time.monotonic() > until:
            hints.now(WITHDRAW)
            return


@shared_task(name=TAGS)
def read_due() -> None:
    """Have the taggers read what was written for a while; after two seconds let others run."""
    until = time.monotonic() + LOOK_SECONDS
    while follow.step(at=clock.now()):
        if time.monotonic() > until:
            hints.now(TAGS)
            return


@shared_task(name="content.tasks.study")
def study() -> None:
    """Let the taggers learn from what was decided."""
    follow.study(at=clock.now())


@shared_task(name=ABSORB)
def take_in() -> None:
    """Take in the words of documents that wait; after a while let others run."""
    until = time.monotonic() + LOOK_SECONDS
    while absorb.absorb(languages=[code for code, _name in settings.WAGTAIL_CONTENT_LANGUAGES]):
        if time.monotonic() > until:
            hints.now(ABSORB)
            return


@shared_task(name=SETTLE)
def settle() -> None:
    """Encrypt and decrypt files that came into other collections; after a while let others run."""
    until = time.monotonic() + LOOK_SECONDS
    while seal.settle(at=clock.now()):
        if time.monotonic() > until:
            hints.now(SETTLE)
            return

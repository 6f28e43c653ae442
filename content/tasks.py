"""What the worker does for pages, words and files; a hint carries no state and may be lost."""

from __future__ import annotations

import time

from celery import shared_task

from content import answer, background, bulk, grant
from dxp.lib import clock, hints

BULK = "content.tasks.bulk"
LOOK_SECONDS = 2.0


@shared_task(name=background.HINT)
def do_tasks() -> None:
    """Do tasks of Wagtail for a while; after two seconds let others run and come back."""
    hints.looking(background.HINT)
    until = time.monotonic() + LOOK_SECONDS
    while background.step(at=clock.now()):
        if time.monotonic() > until:
            hints.now(background.HINT)
            return


@shared_task(name=BULK)
def do_bulk() -> None:
    """Do acts on many things for a while; after two seconds let others run and come back."""
    hints.looking(BULK)
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
    """Forget tasks that were done."""
    background.prune(at=clock.now())


@shared_task(name="content.tasks.forget_answers")
def forget_answers() -> None:
    """Delete what people wrote into forms whose time is over."""
    answer.forget(at=clock.now())

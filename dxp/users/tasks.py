"""What the ground floor does by the clock."""

from __future__ import annotations

from celery import shared_task

from dxp.lib import clock
from dxp.users import once


@shared_task(name="users.tasks.forget_calls")
def forget_calls() -> None:
    """Forget answers to programs' writes after a day."""
    once.forget(at=clock.now())

"""`manage.py journeys run`: the engine without Celery."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from dxp.lib import clock
from journeys import pause, reap, tasks

PAUSE_SECONDS = 0.5


class Command(BaseCommand):
    help = "Moves people through their journeys and sends messages, without Celery."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("act", choices=["run"])
        parser.add_argument(
            "--once", action="store_true", help="stop when nothing is left to do now"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Advance and send, until stopped or once."""
        people = messages = 0
        try:
            while True:
                moved, _sends = tasks.move_people()
                sent = tasks.send_messages()
                reap.reap(at=clock.now())
                pause.go_on(at=clock.now())
                people, messages = people + moved, messages + sent
                if not moved and not sent:
                    if options["once"]:
                        break
                    time.sleep(PAUSE_SECONDS)
        except KeyboardInterrupt:
            pass
        self.stdout.write(f"{people} steps of people, {messages} messages sent")

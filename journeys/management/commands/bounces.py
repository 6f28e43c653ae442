"""`manage.py bounces < mail`: what a mail server pipes returned mail into."""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils.translation import gettext as _

from dxp.lib import clock
from dxp.lib.mailbox import Unreachable
from journeys import tasks
from journeys.receive import receive

# The longest that is read; sysexits.h: try again later, which makes mail servers keep the mail.
LONGEST, TRY_LATER = 10_000_000, 75


class Command(BaseCommand):
    help = (
        "Reads one returned mail from standard input, as a mail server pipes it, or with --fetch "
        "those in the mailbox of BOUNCE_URL; with --mbox all mails of a file in that form."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--fetch", action="store_true", help="empty the mailbox BOUNCE_URL")
        parser.add_argument("--mbox", action="store_true", help="standard input is an mbox file")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, report, and say what it was.

        Raises:
            CommandError: the mailbox can't be opened.
        """
        try:
            if options["fetch"]:
                if not settings.BOUNCE_URL:
                    raise CommandError(_("There is no mailbox: BOUNCE_URL is empty."))
                done = tasks.fetch_bounces()
            else:
                raw = sys.stdin.buffer.read(LONGEST)
                mails = _mbox(raw) if options["mbox"] else [raw]
                done, _understood = receive(mails=mails, at=clock.now())
        except Unreachable as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(str(error), returncode=TRY_LATER) from error
        self.stdout.write(
            f"{done.mails} mails, {done.reports} reports, {done.ours} about messages of ours, "
            f"{done.news} new"
        )


def _mbox(raw: bytes) -> list[bytes]:
    return [one for one in re.split(rb"(?m)^From \S+ .*\r?\n", raw) if one.strip()]

"""`manage.py rewrap_files`: lock every encrypted file under the newest of `FILE_KEYS`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from content import seal
from content.vault import NoKey, has_keys


class Command(BaseCommand):
    """May be killed and begun anew at any time: each file can be opened at each moment."""

    help = "Lock every encrypted file under the newest of FILE_KEYS; then older keys may go."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the options."""
        parser.add_argument("--check", action="store_true", help="only count what is left to do")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say how many.

        Raises:
            CommandError: a file can't be opened by any key, or older keys are still needed.
        """
        if not has_keys():
            raise CommandError("FILE_KEYS names no key.")
        if options["check"]:
            newest, older, lost = seal.under_keys()
            self.stdout.write(f"{newest} under the newest key, {older} older, {lost} without a key")
            if older or lost:
                raise CommandError("Older keys are still needed.")
            return
        changed, lost = 0, 0
        for model, pk, _name in seal.sealed():
            try:
                changed += seal.rewrap(model._default_manager.get(pk=pk))
            except NoKey as error:
                lost += 1
                self.stderr.write(str(error))
        self.stdout.write(f"{changed} locked anew")
        if lost:
            raise CommandError(f"{lost} files can't be opened by any key of FILE_KEYS.")

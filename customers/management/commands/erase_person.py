"""`manage.py erase_person ana@example.org`: what would go; with `--yes`, it goes.

`manage.py erase_person --again` after a restore: whoever was erased since the backup.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from customers import erase, export
from dxp.lib import clock


class Command(BaseCommand):
    help = "Forget a person on every floor. Without --yes it only says what would go."

    def add_arguments(self, parser: CommandParser) -> None:
        whom = parser.add_mutually_exclusive_group(required=True)
        whom.add_argument(
            "person", nargs="?", help="A public id, an e-mail address or a phone number."
        )
        whom.add_argument(
            "--again",
            action="store_true",
            help="After a restore: forget everybody who stands here under an erased name.",
        )
        parser.add_argument("--yes", action="store_true", help="Do it. There is no way back.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["again"]:
            self.stdout.write(f"Forgotten again: {erase.again(at=clock.now())}.")
            return
        try:
            person = export.find(options["person"])
        except export.Unknown as error:
            raise CommandError(str(error)) from error
        if not options["yes"]:
            self._say(export.counts(person))
            self.stderr.write("Nothing was removed. With --yes these rows go, with no way back.")
            return
        done = erase.run(erase.request(person, by=None, at=clock.now()), at=clock.now())
        self._say(done.counts)
        self.stderr.write(
            f"Request {done.pk}: forgotten. The lake's files are written anew during the night."
        )

    def _say(self, counts: dict[str, int]) -> None:
        for name, count in counts.items():
            if count:
                self.stdout.write(f"{count:>8} {name}")

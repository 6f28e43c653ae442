"""`manage.py erase_person ana@example.org`: what would go; with `--yes`, it goes."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from customers import erase, export
from dxp.lib import clock


class Command(BaseCommand):
    help = "Forget a person on every floor. Without --yes it only says what would go."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("person", help="A public id, an e-mail address or a phone number.")
        parser.add_argument("--yes", action="store_true", help="Do it. There is no way back.")

    def handle(self, *args: Any, **options: Any) -> None:
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

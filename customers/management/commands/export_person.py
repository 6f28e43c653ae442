"""`manage.py export_person ana@example.org --to ana.zip`: everything about a person, as a file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from customers import export
from dxp.lib import clock


class Command(BaseCommand):
    help = "Write everything that is stored about a person into a ZIP file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("person", help="A public id, an e-mail address or a phone number.")
        parser.add_argument("--to", required=True, help="The file to write; it must not exist.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            person = export.find(options["person"])
        except export.Unknown as error:
            raise CommandError(str(error)) from error
        target = Path(options["to"])
        try:
            with target.open("xb") as file:
                # Nobody but the owner of the process may read it.
                target.chmod(0o600)
                counts = export.write(person, to=file, at=clock.now())
        except OSError as error:
            raise CommandError(f"{target}: {error.strerror}") from error
        for name, count in counts.items():
            if count:
                self.stderr.write(f"{count:>8} {name}")
        self.stdout.write(str(target))

"""`manage.py source NAME`: the write key of a source, made where it is new."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from customers.models import Source


class Command(BaseCommand):
    help = "Make or find a source of events and print its write key on the last line."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="The source's name, such as a site or an app.")
        parser.add_argument(
            "--kind",
            choices=Source.Kind.values,
            help="Where a new source's key stands: browser (what its events claim of address, "
            "browser and times of long ago is not believed) or server, which is the default.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        source, is_new = Source.objects.get_or_create(
            name=options["name"], defaults={"kind": options["kind"] or Source.Kind.SERVER}
        )
        self.stderr.write(f"{'New' if is_new else 'Existing'} source “{source.name}”; write key:")
        self.stdout.write(source.write_key)

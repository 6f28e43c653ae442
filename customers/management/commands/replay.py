"""`manage.py replay FILE --source KEY`: send a file of events through the front door."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from customers.management import history
from customers.models import Source

QUEUE = 2000


class Command(BaseCommand):
    """Replays history with the official SDK, as any site of a customer would send it."""

    help = (
        "Send the events of a CSV or JSONL file (.gz too) over HTTP with Segment's Python SDK. "
        "A second replay of the same file changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what the command takes."""
        parser.add_argument(
            "file", type=Path, help="CSV with a header, or JSON objects line by line"
        )
        parser.add_argument(
            "--source", required=True, metavar="KEY", help="write key or source name"
        )
        parser.add_argument(
            "--speed", type=float, help="times real time; default: as fast as possible"
        )
        parser.add_argument("--host", default=settings.SITE_URL, help="where to send to")

    def handle(self, *args: Any, **options: Any) -> None:
        """Send the file.

        Raises:
            CommandError: the file can't be read, the SDK is missing, or events were not delivered.
        """
        try:
            from segment.analytics.client import Client
        except ImportError as error:
            raise CommandError(
                _("Segment's SDK is missing: install segment-analytics-python, a development tool.")
            ) from error
        if options["speed"] is not None and options["speed"] <= 0:
            raise CommandError(_("--speed must be more than 0."))
        lost: list[str] = []
        client = Client(
            write_key(options["source"]),
            host=options["host"],
            gzip=True,
            # Twice what we fill: the SDK puts a delayed batch back, and drops what has no room.
            max_queue_size=2 * QUEUE,
            max_retries=5,
            on_error=lambda error, items: lost.extend([str(error)] * len(items)),
        )
        try:
            total = sum(1 for _line in history.read(options["file"]))
            self._send(client, paced(history.read(options["file"]), options["speed"]), total, lost)
        except (OSError, history.BadFile) as error:
            raise CommandError(str(error)) from error

    def _send(
        self, client: Any, calls: Iterable[history.Call], total: int, lost: list[str]
    ) -> None:
        sent, faults, told = 0, [], monotonic()
        for call in calls:
            while client.queue.qsize() >= QUEUE:
                sleep(0.01)
            try:
                getattr(client, call.method)(**call.arguments)
                sent += 1
            except (AssertionError, RuntimeError) as error:
                faults.append(_("Line %(line)d: %(why)s") % {"line": call.line, "why": error})
            if monotonic() - told > 1:
                told = monotonic()
                self.stdout.write(_("%(n)s of %(total)s events") % {"n": sent, "total": total})
        client.shutdown()
        failed = len(faults) + len(lost)
        for fault in islice([*faults, *dict.fromkeys(lost)], 10):
            self.stderr.write(fault)
        words = {"sent": sent - len(lost), "failed": failed, "total": total}
        summary = _("%(sent)s of %(total)s events sent, %(failed)s failed.") % words
        if failed:
            raise CommandError(summary)
        self.stdout.write(self.style.SUCCESS(summary))


def write_key(given: str) -> str:
    """Return the write key of a source of that name; anything else is taken for a key itself."""
    found = Source.objects.filter(name=given).values_list("write_key", flat=True).first()
    return found or given


def paced(calls: Iterator[history.Call], speed: float | None) -> Iterator[history.Call]:
    """Yield the calls as they come, or by their time at `speed` times real time."""
    if speed is None:
        yield from calls
        return
    ordered = sorted(calls, key=lambda call: call.at or datetime.max.replace(tzinfo=UTC))
    began, first = monotonic(), ordered[0].at if ordered else None
    for call in ordered:
        if call.at and first:
            due = began + (call.at - first).total_seconds() / speed
            sleep(max(0.0, due - monotonic()))
        yield call

"""`manage.py verify_consents`: is the ledger of consents still what was written?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from customers import prove
from dxp.lib import clock


class Command(BaseCommand):
    """Computes every hash chain anew and names the first row that is broken."""

    help = "Verify the ledger of consents; ends with an error that names the first broken entry."

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify, keep the result, and say it.

        Raises:
            CommandError: an entry is not what was written.
        """
        audit = prove.verify(at=clock.now())
        if audit.broken_id is not None:
            raise CommandError(f"Entry {audit.broken_id} is broken. {audit.words}")
        self.stdout.write(f"{audit.entries} entries, all as they were written.")

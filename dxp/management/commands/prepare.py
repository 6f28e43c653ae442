"""What a fresh database needs once: a first person to sign in, and the demo world."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from customers import partitions
from dxp import roles
from dxp.demo import world
from dxp.lib.clock import now
from dxp.users.models import User


class Command(BaseCommand):
    help = "Prepare a fresh database: the first user, and the demo world unless told not to."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="Leave the demo world out.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what is still missing; a second run changes nothing."""
        roles.seed()
        # From the first event on; later the hourly task sees to the months.
        partitions.ensure(moments=[now(), now() + timedelta(days=31)])
        if not User.objects.filter(is_superuser=True).exists():
            password = secrets.token_urlsafe(12)
            # The note comes first: a password that nobody could read would lock everybody out.
            settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
            note = settings.VAR_DIR / "first-sign-in"
            note.touch(mode=0o600)
            note.write_text(f"admin\n{password}\n")
            User.objects.create_superuser("admin", "admin@alderandfinch.example", password)
        if not options["no_demo"]:
            world.build(at=now(), say=self.stdout.write)

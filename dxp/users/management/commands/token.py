"""`manage.py token USER --scope profiles:read --scope events:write`: a key for a program."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from dxp.lib import clock
from dxp.users import grant, scopes
from dxp.users.models import User


class Command(BaseCommand):
    """Makes an API token and prints it, this once."""

    help = "Make an API token for a person's program and print it; it is shown only this once."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what the command takes."""
        parser.add_argument("user", help="the user name of the person whose rights it has")
        parser.add_argument(
            "--scope", action="append", dest="scopes", metavar="SCOPE",
            help="what the program may do, once for each: "
            f"{', '.join(scopes.SCOPES)}; or read, or all: whatever that person may grant",
        )  # fmt: skip
        parser.add_argument("--name", default="manage.py token", help="what the program is called")
        parser.add_argument("--days", type=int, help="after so many days it ends by itself")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the token.

        Raises:
            CommandError: there is no such person or scope, or the person may not grant it.
        """
        name, at = options["user"], clock.now()
        user = User.objects.filter(username=name, is_active=True).first()
        if user is None:
            raise CommandError(_("There is no active user %(name)s.") % {"name": name})
        try:
            wanted = scopes.chosen(options["scopes"] or [scopes.READ_ALL], user)
            token = grant.issue(
                user=user, scopes=wanted, name=options["name"], at=at,
                expires_at=at + timedelta(days=options["days"]) if options["days"] else None,
            )  # fmt: skip
        except scopes.UnknownScope as error:
            known = ", ".join(scopes.SCOPES)
            words = _("There is no scope %(scope)s; there are: %(known)s.")
            raise CommandError(words % {"scope": error, "known": known}) from error
        except grant.NotYours as error:
            words = _("%(name)s has no right to grant this: %(scopes)s.")
            told = {"name": name, "scopes": str(error) or _("nothing")}
            raise CommandError(words % told) from error
        self.stdout.write(token)

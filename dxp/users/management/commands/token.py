"""`manage.py token USER --scope read`: a key for a program of that person."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from dxp.lib import clock
from dxp.users.models import ApiToken, User


class Command(BaseCommand):
    """Makes an API token and prints it, this once."""

    help = "Make an API token for a person's program and print it; it is shown only this once."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what the command takes."""
        parser.add_argument("user", help="the user name of the person whose rights it has")
        parser.add_argument(
            "--scope", choices=ApiToken.Scope.values, default=ApiToken.Scope.READ,
            help="what the program may do",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the token.

        Raises:
            CommandError: there is no such person, or they left.
        """
        name = options["user"]
        user = User.objects.filter(username=name, is_active=True).first()
        if user is None:
            raise CommandError(_("There is no active user %(name)s.") % {"name": name})
        if not user.has_perm("customers.view_profile"):
            self.stderr.write(
                _("Note: %(name)s may not see profiles, so this token can't read them or events.")
                % {"name": name}
            )
        self.stdout.write(ApiToken.issue(user=user, scope=options["scope"], at=clock.now()))

"""Django's command line."""

import os
import sys


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dxp.settings.dev")
    if sys.argv[1:2] == ["serve"]:
        # The supervisor needs no apps: loading them would cost seconds at every start.
        from dxp.management.commands.serve import Command

        Command().run_from_argv(sys.argv)
        return
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()

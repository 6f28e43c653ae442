"""The house's own app: management commands and start-up checks."""

from django.apps import AppConfig


class DxpConfig(AppConfig):
    name = "dxp"
    label = "dxp"
    verbose_name = "DXP"

    def ready(self) -> None:
        # Without it a web process would send its hints to Celery's default broker.
        from dxp import (
            celery,  # noqa: F401
            checks,  # noqa: F401 - registers the checks
        )
        from dxp.lib import hooks  # noqa: F401 - registers the check of hooks

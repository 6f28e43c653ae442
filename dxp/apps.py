"""The house's own app: management commands and start-up checks."""

from django.apps import AppConfig


class DxpConfig(AppConfig):
    name = "dxp"
    label = "dxp"
    verbose_name = "DXP"

    def ready(self) -> None:
        from dxp import checks  # noqa: F401 - registers the checks
        from dxp.lib import hooks  # noqa: F401 - registers the check of hooks

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AnalyticsConfig(AppConfig):
    name = "analytics"
    verbose_name = "Analytics"

    def ready(self) -> None:
        from analytics import (
            extend,  # noqa: F401 - declares this floor's hooks
            keep,
        )

        keep.register()
        self._name_scopes()

    @staticmethod
    def _name_scopes() -> None:
        """Name what programs may be allowed on this floor, and the right of who allows it."""
        from dxp.users.scopes import Scope, register

        register(Scope("questions:read", _("Ask questions about events"), "analytics.view_reports"))

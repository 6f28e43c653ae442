from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JourneysConfig(AppConfig):
    name = "journeys"
    verbose_name = "Journeys"

    def ready(self) -> None:
        from journeys import (
            extend,  # noqa: F401 - declares this floor's hooks
            keep,
            receivers,
        )

        receivers.connect()
        keep.register()
        self._name_scopes()

    @staticmethod
    def _name_scopes() -> None:
        """Name what programs may be allowed on this floor, and the right of who allows it."""
        from dxp.users.scopes import Scope, register

        register(
            Scope("journeys:read", _("Read journeys and who is on them"), "journeys.view_journey"),
            Scope("journeys:write", _("Let people into journeys and take them out"),
                  "journeys.publish_journey"),
        )  # fmt: skip

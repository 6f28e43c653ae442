from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class CustomersConfig(AppConfig):
    name = "customers"
    verbose_name = "Customers"

    def ready(self) -> None:
        from customers import (
            address,
            extend,  # noqa: F401 - declares this floor's hooks
            keep,
        )

        keep.register()
        self._name_scopes()
        address.HOME.country = settings.COUNTRY

    @staticmethod
    def _name_scopes() -> None:
        """Name what programs may be allowed on this floor, and the right of who allows it."""
        from dxp.users.scopes import Scope, register

        register(
            Scope("profiles:read", _("Read profiles"), "customers.view_profile"),
            Scope("profiles:write", _("Create, change and merge profiles"),
                  "customers.change_profile"),
            Scope("events:read", _("Read events"), "customers.view_profile"),
            Scope("events:write", _("Send events"), "customers.add_event"),
            Scope("segments:read", _("Read segments and their members"),
                  "customers.view_segment"),
            Scope("segments:write", _("Create, change and delete segments"),
                  "customers.change_segment"),
            Scope("consents:read", _("Read consents"), "customers.view_consententry"),
            Scope("consents:write", _("Record consents"), "customers.add_consententry"),
            Scope("rights:write", _("Export and erase what is known of a person"),
                  "customers.delete_profile"),
        )  # fmt: skip

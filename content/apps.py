from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContentConfig(AppConfig):
    name = "content"
    verbose_name = "Content"

    def ready(self) -> None:
        from content import (
            acts,  # noqa: F401 - registers what can be done to many things
            extend,  # noqa: F401 - declares this floor's hooks
            keep,
            many_tags,  # noqa: F401 - registers what can be done to their tags
            policies,
            receivers,
        )

        policies.register()
        keep.register()
        receivers.connect()
        self._name_scopes()

    @staticmethod
    def _name_scopes() -> None:
        """Name what programs may be allowed on this floor, and the right of who allows it."""
        from dxp.users.scopes import Scope, register

        register(
            Scope("decisions:read", _("Read what somebody sees in slots"), "customers.view_profile")
        )
        register(Scope("fragments:read", _("Read fragments"), "content.view_fragment"))
        register(
            Scope(
                "fragments:write", _("Write drafts of fragments, and publish them"),
                "content.change_fragment", each=True,
            )
        )  # fmt: skip
        register(Scope("terms:read", _("Read terms, and pages by term"), "content.view_term"))
        register(
            Scope(
                "tags:write",
                _("Read and write what things are tagged with"),
                "content.add_tagging",
                each=True,
            )
        )

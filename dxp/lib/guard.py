"""Rights where Wagtail asks for none."""

from __future__ import annotations

from typing import Any

from wagtail.admin.auth import permission_required


class GuardedChooserMixin:
    """A chooser viewset that only answers people who may see what it lists.

    Wagtail shows the names in a chooser to everybody who can sign in. Set `needs` to a permission.
    """

    needs: str

    def construct_view(self, view_class: type[Any], **arguments: Any) -> Any:
        """Return Wagtail's view behind the right."""
        view = super().construct_view(view_class, **arguments)  # type: ignore[misc]
        return permission_required(self.needs)(view)

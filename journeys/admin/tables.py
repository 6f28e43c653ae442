"""What the lists of this floor share: they stack on a phone and have no empty pages."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from wagtail.admin.ui.tables import Column, DateColumn, StatusTagColumn
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet


class _Labeled:
    """Cells that carry their heading, for screens without room for a heading row."""

    label: str

    def render_cell_html(self, instance: Any, parent_context: Any) -> str:
        """Return the cell."""
        cell = super().render_cell_html(instance, parent_context)  # type: ignore[misc]
        return SafeString(cell.replace("<td", format_html('<td data-label="{}"', self.label), 1))


class TextColumn(_Labeled, Column):
    """A text; where there is none, a dash."""

    def get_value(self, instance: Any) -> Any:
        """Return the text."""
        return super().get_value(instance) or "—"


class WhenColumn(_Labeled, DateColumn):
    """A moment."""


class StateColumn(_Labeled, StatusTagColumn):
    """A state as a tag."""


class StepsIndexView(generic.IndexView):
    """A list that stacks on phones."""

    template_name = "journeys/admin/index.html"
    table_classname = "listing dxp-stack"


class OwnViewSet(ModelViewSet):
    """A list with pages of our own."""

    add_to_reference_index = False
    copy_view_enabled = False
    list_per_page = 50
    pages: tuple[str, ...] = ("index", "index_results")
    form_fields: list[str] = []

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Return what all pages are told: the addresses of those that exist."""
        told: dict[str, Any] = super().get_common_view_kwargs(**kwargs)
        for page in ("history", "usage", "add", "edit", "delete", "inspect"):
            if page not in self.pages:
                told[f"{page}_url_name"] = None
        return told

    def get_urlpatterns(self) -> list[Any]:
        """Return the addresses of the pages that exist."""
        return [found for found in super().get_urlpatterns() if found.name in self.pages]

    def get_permissions_to_register(self) -> QuerySet[Any]:
        """Return the rights that a group may be given, seeing included."""
        from django.contrib.auth.models import Permission
        from django.contrib.contenttypes.models import ContentType

        kind = ContentType.objects.get_for_model(self.model)
        return Permission.objects.filter(content_type=kind)

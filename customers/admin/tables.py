"""What our lists in the admin share: columns that stack on a phone, and exports."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from wagtail.admin.ui.tables import Column, DateColumn, NumberColumn, StatusTagColumn
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.admin.widgets.button import Button

from dxp.lib import sheets


class _Labeled:
    """Cells that carry their heading, for screens without room for a heading row."""

    label: str

    def render_cell_html(self, instance: Any, parent_context: Any) -> str:
        """Return the cell."""
        cell = super().render_cell_html(instance, parent_context)  # type: ignore[misc]
        return SafeString(cell.replace("<td", format_html('<td data-label="{}"', self.label), 1))


class TextColumn(_Labeled, Column):
    """A text; what is not known is a dash."""

    def get_value(self, instance: Any) -> Any:
        """Return the text."""
        return super().get_value(instance) or "—"


class WhenColumn(_Labeled, DateColumn):
    """A moment."""


class CountColumn(_Labeled, NumberColumn):
    """A number."""


class StateColumn(_Labeled, StatusTagColumn):
    """A state as a tag."""


class Rows:
    """Rows of an export as they come from the database, without holding all of them."""

    def __init__(self, queryset: QuerySet[Any]) -> None:
        self.model = queryset.model
        self.queryset = queryset

    def __iter__(self) -> Iterator[Any]:
        return self.queryset.iterator(chunk_size=2000)


class ListingView(generic.IndexView):
    """A list that stacks on phones and is exported as CSV, row by row."""

    template_name = "customers/admin/index.html"
    table_classname = "listing dxp-stack"
    # Only CSV: it is streamed, while a workbook of half a million people would lie in memory.
    FORMATS: tuple[str, ...] = (generic.IndexView.FORMAT_CSV,)

    # What stands where rows would, before there are any.
    nothing: Any = ""

    @cached_property
    def no_results_message(self) -> str:
        """Return what stands where rows would."""
        if self.nothing and not (self.is_searching or self.is_filtering):
            return str(self.nothing)
        return str(super().no_results_message)

    @cached_property
    def header_more_buttons(self) -> list[Button]:
        """Return what the menu of the heading offers."""
        if not self.list_export:
            return []
        return [
            Button(_("Download CSV"), url=self.csv_export_url, icon_name="download", priority=100)
        ]

    def stream_csv(self, queryset: QuerySet[Any]) -> Iterator[bytes]:
        """Yield the lines of the export."""
        yield from super().stream_csv(Rows(queryset))

    def preprocess_field_value(self, field: str, value: Any, export_format: str) -> Any:
        """Return a cell that no spreadsheet takes for a formula."""
        return sheets.safe(super().preprocess_field_value(field, value, export_format))


class OwnViewSet(ModelViewSet):
    """A list with pages of our own: no history, usage and copy pages, which would be empty here."""

    index_view_class = ListingView
    add_to_reference_index = False
    copy_view_enabled = False
    list_per_page = 50
    pages: tuple[str, ...] = ("index", "index_results")
    form_fields: list[str] = []

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Return what all pages are told: the addresses of those that exist."""
        told = super().get_common_view_kwargs(**kwargs)
        for page in ("history", "usage", "add", "edit", "delete", "inspect"):
            if page not in self.pages:
                told[f"{page}_url_name"] = None
        return dict(told)

    def get_urlpatterns(self) -> list[Any]:
        """Return the addresses of the pages that exist."""
        return [found for found in super().get_urlpatterns() if found.name in self.pages]

    def get_permissions_to_register(self) -> QuerySet[Any]:
        """Return the rights that a group may be given, seeing included."""
        from django.contrib.auth.models import Permission
        from django.contrib.contenttypes.models import ContentType

        kind = ContentType.objects.get_for_model(self.model)
        rights = {"index": "view", "add": "add", "edit": "change", "delete": "delete"}
        names = [f"{rights[p]}_{self.model_name}" for p in self.pages if p in rights]
        return Permission.objects.filter(content_type=kind, codename__in=names)

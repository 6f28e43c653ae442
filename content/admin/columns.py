"""Columns whose cells carry their heading, for screens without room for a heading row."""

from __future__ import annotations

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from wagtail.admin.ui.tables import (
    Column,
    DateColumn,
    LocaleColumn,
    NumberColumn,
    StatusTagColumn,
    UpdatedAtColumn,
)


class _Labeled:
    label: str

    def render_cell_html(self, instance: Any, parent_context: Any) -> str:
        """Return the cell."""
        cell = super().render_cell_html(instance, parent_context)  # type: ignore[misc]
        return SafeString(cell.replace("<td", format_html('<td data-label="{}"', self.label), 1))


class TextColumn(_Labeled, Column):
    """A text."""


class WhenColumn(_Labeled, DateColumn):
    """A moment."""


class CountColumn(_Labeled, NumberColumn):
    """A number."""


class LanguageColumn(_Labeled, LocaleColumn):
    """In which language something is written."""


class UpdatedColumn(_Labeled, UpdatedAtColumn):
    """When it was changed last."""


class StateColumn(_Labeled, StatusTagColumn):
    """A state as a tag."""

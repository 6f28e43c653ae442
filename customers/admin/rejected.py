"""Events that could not be accepted, with the reason."""

from __future__ import annotations

import json

import django_filters  # type: ignore[import-untyped]
from django.db.models import QuerySet
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet

from customers.admin.tables import ListingView, OwnViewSet, TextColumn, WhenColumn
from customers.models import Quarantine, Source


class RejectedFilters(WagtailFilterSet):
    """By source and by time."""

    source = django_filters.ModelChoiceFilter(label=lazy("Source"), queryset=Source.objects.all())
    received_at = django_filters.DateFromToRangeFilter(
        label=lazy("Received"), widget=DateRangePickerWidget
    )

    class Meta:
        model = Quarantine
        fields = ["source", "received_at"]


def body(rejected: Quarantine) -> str:
    """Return the event as it came, folded away."""
    text = json.dumps(rejected.body, indent=2, ensure_ascii=False)
    return format_html(
        '<details class="dxp-body"><summary>{}</summary><pre tabindex="0">{}</pre></details>',
        _("Show the event"),
        text,
    )


class RejectedList(ListingView):
    """What was refused, the latest on top."""

    any_permission_required = ["view"]
    nothing = lazy("No event was rejected.")
    is_searchable = True
    search_fields = ["reason"]
    list_export = ["received_at", "source.name", "reason", "body"]
    export_filename = "rejected-events"

    list_display = [
        TextColumn("reason", label=lazy("Reason"), classname="title"),
        TextColumn("source", label=lazy("Source")),
        WhenColumn("received_at", label=lazy("Received"), sort_key="received_at"),
        TextColumn("body", label=lazy("Event"), accessor=body),
    ]

    def get_base_queryset(self) -> QuerySet[Quarantine]:
        """Return them with their source."""
        return Quarantine.objects.select_related("source")


class RejectedViewSet(OwnViewSet):
    """Read-only: what a sender has to mend, stands here with the reason."""

    model = Quarantine
    icon = "warning"
    name = "customers_rejected"
    url_prefix = "customers/rejected"
    menu_order = 400
    pages = ("index", "index_results")
    index_view_class = RejectedList
    filterset_class = RejectedFilters
    ordering = "-received_at"

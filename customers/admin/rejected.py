"""Events that could not be accepted, with the reason, and the way to try them again."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import django_filters  # type: ignore[import-untyped]
import orjson
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.ui.tables import TitleColumn
from wagtail.admin.widgets.button import Button, HeaderButton

from customers.admin.facts import as_json
from customers.admin.retries import REPLAY, RejectedPage, again, one_again, progress, progress_piece
from customers.admin.tables import ListingView, OwnViewSet, Rows, TextColumn, WhenColumn
from customers.models import Quarantine, Source

SHOWN = 2000


class RejectedFilters(WagtailFilterSet):
    """By source, by reason and by time."""

    source = django_filters.ModelChoiceFilter(label=lazy("Source"), queryset=Source.objects.all())
    code = django_filters.ChoiceFilter(label=lazy("Reason"), choices=Quarantine.Code.choices)
    received_at = django_filters.DateFromToRangeFilter(
        label=lazy("Received"), widget=DateRangePickerWidget
    )

    class Meta:
        model = Quarantine
        fields = ["source", "code", "received_at"]


def body(rejected: Quarantine) -> str:
    """Return the beginning of the event as it came, folded away."""
    return format_html(
        '<details class="dxp-body"><summary>{}</summary><pre tabindex="0">{}</pre></details>',
        _("Show the event"),
        as_json(rejected.body)[:SHOWN],
    )


def reason(rejected: Quarantine) -> str:
    """Return the reason: its kind in the reader's language, or what our programs said."""
    is_told = rejected.code in ("other", "fold")
    return rejected.reason if is_told else str(rejected.get_code_display())


class RejectedList(ListingView):
    """What was refused, the latest on top."""

    any_permission_required = ["view"]
    nothing = lazy("No event was rejected.")
    is_searchable = True
    search_fields = ["reason"]
    list_export = ["received_at", "source.name", "code", "reason", "body"]
    export_filename = "rejected-events"
    FORMATS = (ListingView.FORMAT_CSV, "ndjson")

    list_display = [
        TitleColumn(
            "reason", label=lazy("Reason"), accessor=reason, classname="title",
            url_name="customers_rejected:inspect",
        ),
        TextColumn("source", label=lazy("Source")),
        WhenColumn("received_at", label=lazy("Received"), sort_key="received_at"),
        TextColumn("body", label=lazy("Event"), accessor=body),
    ]  # fmt: skip

    def get_base_queryset(self) -> QuerySet[Quarantine]:
        """Return them with their source."""
        return Quarantine.objects.select_related("source")

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        """Return the way to try again what is shown, for those who may."""
        if not self.request.user.has_perm(REPLAY):
            return []
        address = f"{reverse('customers_rejected:again')}?{self.request.GET.urlencode()}"
        return [HeaderButton(_("Try these again"), url=address, icon_name="rotate")]

    @cached_property
    def header_more_buttons(self) -> list[Button]:
        """Return the exports: for spreadsheets, and for programs."""
        for_programs = Button(
            _("Download NDJSON"), url=self.get_export_url("ndjson"), icon_name="download",
            priority=110,
        )  # fmt: skip
        return [*super().header_more_buttons, for_programs]

    def as_spreadsheet(self, queryset: QuerySet[Quarantine], spreadsheet_format: str) -> Any:
        """Return an export, line by line."""
        if spreadsheet_format != "ndjson":
            return super().as_spreadsheet(queryset, spreadsheet_format)
        response = StreamingHttpResponse(lines(queryset), content_type="application/x-ndjson")
        name = f'attachment; filename="{self.get_filename()}.ndjson"'
        response.headers["Content-Disposition"] = name
        return response


def lines(queryset: QuerySet[Quarantine]) -> Iterator[bytes]:
    """Yield rejected events, one JSON object per line; `event` is as it came."""
    for one in Rows(queryset):
        yield orjson.dumps(
            {
                "id": one.pk, "received_at": one.received_at, "source": one.source.name,
                "code": one.code, "reason": one.reason, "is_whole": one.is_whole,
                "event": one.body,
            },
            option=orjson.OPT_APPEND_NEWLINE,
        )  # fmt: skip


def try_these_again(request: HttpRequest) -> HttpResponse:
    """Answer the page that tries again what the list shows."""
    return again(request, RejectedFilters)


class RejectedViewSet(OwnViewSet):
    """What a sender has to mend, stands here with the reason; what we mended is tried again."""

    model = Quarantine
    icon = "warning"
    name = "customers_rejected"
    url_prefix = "customers/rejected"
    menu_order = 400
    pages = ("index", "index_results", "inspect")
    index_view_class = RejectedList
    inspect_view_class = RejectedPage
    inspect_view_enabled = True
    inspect_template_name = "customers/rejected/page.html"
    filterset_class = RejectedFilters
    ordering = "-received_at"

    def get_urlpatterns(self) -> list[Any]:
        """Return the addresses, those of trying again among them."""
        return [
            *super().get_urlpatterns(),
            path("again/", try_these_again, name="again"),
            path("again/<int:pk>/", one_again, name="one_again"),
            path("rounds/<int:pk>/", progress, name="progress"),
            path("rounds/<int:pk>/piece/", progress_piece, name="progress_piece"),
        ]

    def get_permissions_to_register(self) -> QuerySet[Any]:
        """Return the rights that a group may be given: seeing, and trying again."""
        from django.contrib.auth.models import Permission

        mine = Permission.objects.filter(content_type__app_label="customers")
        return mine.filter(codename__in=["view_quarantine", "replay_quarantine"])

"""Addresses that are not written to any more: see why, add one, let one be written to again."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import django_filters
from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.widgets.button import Button
from wagtail.log_actions import log

from customers import define
from customers.models import ContactPoint
from dxp.lib import clock, sheets
from journeys import suppress
from journeys.admin.outbox import OutboxPage
from journeys.admin.tables import OwnViewSet, StepsIndexView, TextColumn, WhenColumn
from journeys.models import Suppression

LIFTED, ADDED = "journeys.lift_suppression", "journeys.suppress"
CHANNELS = [ContactPoint.Channel.EMAIL, ContactPoint.Channel.PHONE]


class SuppressionFilter(WagtailFilterSet):
    """By why and on which channel."""

    cause = django_filters.ChoiceFilter(choices=Suppression.Cause.choices, label=lazy("Why"))
    contact_point__channel = django_filters.ChoiceFilter(
        choices=ContactPoint.Channel.choices, label=lazy("Channel")
    )

    class Meta:
        model = Suppression
        fields = ["cause", "contact_point__channel"]


class SuppressionList(StepsIndexView):
    """Addresses, the latest first."""

    add_item_label = lazy("Add")
    any_permission_required = ["view", "add", "delete"]
    page_title = lazy("Suppressed addresses")
    is_searchable = True
    list_export = ["contact_point.value", "contact_point.channel", "cause", "detail", "at"]
    export_headings = {
        "contact_point.value": lazy("Address"), "contact_point.channel": lazy("Channel"),
        "cause": lazy("Why"), "detail": lazy("Answer"), "at": lazy("When"),
    }  # fmt: skip
    FORMATS = (generic.IndexView.FORMAT_CSV,)

    @cached_property
    def sight(self) -> define.Sight:
        """What the reader may see of people."""
        return define.sight(user=self.request.user)

    def get_base_queryset(self) -> QuerySet[Suppression]:
        """Return suppressions with their addresses."""
        return Suppression.objects.select_related("contact_point")

    def search_queryset(self, queryset: QuerySet[Suppression]) -> QuerySet[Suppression]:
        """Return those whose address begins with what was typed."""
        words = str(self.search_query or "").strip().lower()
        if not words:
            return queryset
        if self.sight.hides("email") or self.sight.hides("phone"):
            # Who may not see addresses could read one letter by letter.
            return queryset.none()
        return queryset.filter(contact_point__value__startswith=words)

    @cached_property
    def header_more_buttons(self) -> list[Button]:
        """Return what the menu of the heading offers: addresses only to those who may see them."""
        if self.sight.hides("email") or self.sight.hides("phone"):
            return []
        return [
            Button(_("Download CSV"), url=self.csv_export_url, icon_name="download", priority=100)
        ]

    def get_queryset(self) -> QuerySet[Suppression]:
        """Return the addresses asked for; to download them, one must be allowed to see them."""
        found: QuerySet[Suppression] = super().get_queryset()
        hidden = self.sight.hides("email") or self.sight.hides("phone")
        return found.none() if self.is_export and hidden else found

    def preprocess_field_value(self, field: str, value: Any, export_format: str) -> Any:
        """Return a cell that no spreadsheet takes for a formula."""
        return sheets.safe(super().preprocess_field_value(field, value, export_format))

    @cached_property
    def list_display(self) -> list[Any]:
        """Return the columns."""
        return [
            TitleColumn("address", label=_("Address"), accessor=self._address, get_url=self._lift),
            TextColumn("channel", label=_("Channel"), accessor="contact_point.get_channel_display"),
            TextColumn("cause", label=_("Why"), accessor="get_cause_display"),
            TextColumn("detail", label=_("Answer")),
            WhenColumn("at", label=_("When")),
        ]

    def _address(self, one: Suppression) -> str:
        point = one.contact_point
        return str(self.sight.shown("phone" if point.channel == "phone" else "email", point.shown))

    def _lift(self, one: Suppression) -> str | None:
        if not self.request.user.has_perm("journeys.delete_suppression"):
            return None
        return reverse("journeys_suppressions:lift", args=[one.pk])


class SuppressForm(forms.Form):
    """Which address, and why."""

    channel = forms.ChoiceField(
        label=lazy("Channel"), choices=[(one.value, one.label) for one in CHANNELS]
    )
    address = forms.CharField(label=lazy("Address"), max_length=320)
    detail = forms.CharField(
        label=lazy("Why"), max_length=200, help_text=lazy("For colleagues, such as: asked by phone")
    )

    def save(self) -> Suppression | None:
        """Suppress; nobody's address becomes an error of the form."""
        told = self.cleaned_data
        try:
            return suppress.suppress(**told, at=clock.now())
        except suppress.Unknown:
            self.add_error("address", _("Nobody here has this address."))
            return None


class LiftForm(forms.Form):
    """Why it may be written to again."""

    reason = forms.CharField(
        label=lazy("Why it works again"), max_length=200,
        help_text=lazy("Kept in the history, such as: the mailbox was emptied, says the person"),
    )  # fmt: skip


class _FormPage(OutboxPage):
    template_name = "journeys/outbox/ask.html"
    above = ("journeys_suppressions:index", lazy("Suppressed addresses"))
    header_icon = "no-view"
    button: Any = ""
    form_class: type[forms.Form]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the form, empty or as it was sent."""
        kwargs.setdefault("form", self.form_class())
        return {**super().get_context_data(**kwargs), "button": self.button}


class SuppressPage(_FormPage):
    """Add an address by hand."""

    page_title = lazy("Suppress an address")
    rights = ("journeys.add_suppression",)
    button = lazy("Never write to it again")
    form_class = SuppressForm

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Suppress it, or say what is wrong."""
        form = SuppressForm(request.POST)
        made = form.save() if form.is_valid() else None
        if made is None:
            return self.render_to_response(self.get_context_data(form=form))
        log(instance=made, action=ADDED, data={"reason": form.cleaned_data["detail"]})
        messages.success(request, _("Nothing is sent to this address any more."))
        return redirect("journeys_suppressions:index")


class LiftPage(_FormPage):
    """Let an address be written to again."""

    page_title = lazy("Write to an address again")
    rights = ("journeys.delete_suppression",)
    button = lazy("Write to it again")
    form_class = LiftForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the question with what is known."""
        one = self.found()
        sight = define.sight(user=self.request.user)
        kind = "phone" if one.contact_point.channel == "phone" else "email"
        return {
            **super().get_context_data(**kwargs),
            "suppression": one,
            "address": sight.shown(kind, one.contact_point.shown),
        }

    def found(self) -> Suppression:
        """Return the suppression."""
        rows = Suppression.objects.select_related("contact_point")
        return get_object_or_404(rows, pk=self.kwargs["pk"])

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lift it, and keep why."""
        form, one = LiftForm(request.POST), self.found()
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        log(instance=one, action=LIFTED, data={"reason": form.cleaned_data["reason"]})
        suppress.lift(suppression=one)
        messages.success(request, _("Messages may go to this address again."))
        return redirect("journeys_suppressions:index")


class SuppressionViewSet(OwnViewSet):
    """Addresses that are not written to."""

    model = Suppression
    icon = "no-view"
    name = "journeys_suppressions"
    url_prefix = "journeys/suppressed"
    menu_label = lazy("Suppressed addresses")
    index_view_class = SuppressionList
    filterset_class = SuppressionFilter
    pages = ("index", "index_results", "add")
    ordering = "-at"

    def get_urlpatterns(self) -> list[Any]:
        """Return the list, and our own pages."""
        ours = [
            path("new/", SuppressPage.as_view(), name="add"),
            path("<int:pk>/lift/", LiftPage.as_view(), name="lift"),
        ]
        return [*(one for one in super().get_urlpatterns() if one.name != "add"), *ours]

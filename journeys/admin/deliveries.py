"""The outbox in the admin: what was sent, what was not, and why."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import WagtailFilterSet

from journeys.admin.tables import OwnViewSet, StateColumn, StepsIndexView, TextColumn, WhenColumn
from journeys.models import Delivery, Journey, Message


class DeliveryFilter(WagtailFilterSet):
    """By state, reason, message and journey."""

    state = django_filters.ChoiceFilter(choices=Delivery.State.choices, label=_("State"))
    reason = django_filters.ChoiceFilter(choices=Delivery.Reason.choices, label=_("Reason"))
    message = django_filters.ModelChoiceFilter(queryset=Message.objects.all(), label=_("Message"))
    enrollment__journey = django_filters.ModelChoiceFilter(
        queryset=Journey.objects.all(), label=_("Journey")
    )

    class Meta:
        model = Delivery
        fields = ["state", "reason", "message", "enrollment__journey"]


class DeliveryList(StepsIndexView):
    """Deliveries, newest first."""

    any_permission_required = ["view"]
    list_display = [
        TextColumn("profile", label=_("Person"), accessor=lambda one: one.profile.display_name),
        TextColumn("message", label=_("Message")),
        StateColumn(
            "state",
            label=_("State"),
            accessor="get_state_display",
            primary=lambda one: one.state == Delivery.State.SENT,
        ),
        TextColumn("reason", label=_("Reason"), accessor=lambda one: _why(one)),
        TextColumn("journey", label=_("Journey"), accessor=lambda one: _journey(one)),
        WhenColumn("queued_at", label=_("Queued")),
        WhenColumn("sent_at", label=_("Sent")),
    ]

    def get_base_queryset(self) -> QuerySet[Delivery]:
        """Return deliveries with what the columns show."""
        return Delivery.objects.select_related("profile", "message", "enrollment__journey")


def _journey(delivery: Delivery) -> str:
    return str(delivery.enrollment.journey) if delivery.enrollment else ""


def _why(delivery: Delivery) -> str:
    shown = delivery.state != Delivery.State.SENT
    return ": ".join(
        str(part)
        for part in (delivery.get_reason_display(), delivery.detail if shown else "")
        if part
    )


class DeliveryViewSet(OwnViewSet):
    """A list to read."""

    model = Delivery
    name = "journeys_deliveries"
    url_prefix = "journeys/deliveries"
    icon = "doc-full-inverse"
    menu_label = _("Deliveries")
    index_view_class = DeliveryList
    filterset_class = DeliveryFilter
    pages = ("index", "index_results")

    def get_permissions_to_register(self) -> QuerySet[Any]:
        """Return the right to see; nobody changes the outbox."""
        return super().get_permissions_to_register().filter(codename__startswith="view_")

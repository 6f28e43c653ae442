"""The outbox in the admin: what was sent, what was not, and why."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from wagtail.admin.ui.tables import TitleColumn
from wagtail.admin.widgets.button import Button

from customers import define
from journeys.admin.delivery_filter import CHANGE, DeliveryFilter, of_words, to_whom, what, why
from journeys.admin.delivery_pages import AgainPage, DeliveryPage
from journeys.admin.outbox import channel_label
from journeys.admin.tables import OwnViewSet, StateColumn, StepsIndexView, TextColumn, WhenColumn
from journeys.models import Delivery


class DeliveryList(StepsIndexView):
    """Deliveries, newest first."""

    any_permission_required = ["view"]
    page_title = lazy("Deliveries")
    is_searchable = True

    @cached_property
    def sight(self) -> define.Sight:
        """What the reader may see of people."""
        return define.sight(user=self.request.user)

    def get_base_queryset(self) -> QuerySet[Delivery]:
        """Return deliveries with what the columns show."""
        return Delivery.objects.select_related(
            "profile", "message", "staff_mail", "enrollment__journey"
        )

    def search_queryset(self, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        """Return the deliveries to the people searched for, if the reader may see who they are."""
        words = str(self.search_query or "").strip()
        if not words:
            return queryset
        hidden = self.sight.hides("name") or self.sight.hides("email") or self.sight.hides("phone")
        return queryset.none() if hidden else of_words(queryset, words)

    @cached_property
    def header_more_buttons(self) -> list[Button]:
        """Return what can be done with all that are shown."""
        if not self.request.user.has_perm(CHANGE):
            return []
        asked = self.request.GET.urlencode()
        return [
            Button(
                label, icon_name=icon, priority=priority,
                url=f"{reverse('journeys_deliveries:all', args=[act])}?{asked}",
            )
            for priority, (act, label, icon) in enumerate((
                ("retry", _("Try all of these again"), "rotate"),
                ("cancel", _("Cancel all of these"), "cross"),
                ("resend", _("Send the unknown ones of these again"), "warning"),
            ))
        ]  # fmt: skip

    @cached_property
    def list_display(self) -> list[Any]:
        """Return the columns."""
        return [
            TitleColumn(
                "profile", label=_("Person"), width="14%", get_url=self._page,
                accessor=lambda one: to_whom(one, self.sight),
            ),
            TextColumn("message", label=_("Message"), accessor=what),
            TextColumn("channel", label=_("Channel"), accessor=lambda o: channel_label(o.channel)),
            StateColumn(
                "state", label=_("State"), accessor="get_state_display",
                primary=lambda one: one.state == Delivery.State.SENT,
            ),
            TextColumn("reason", label=_("Reason"), accessor=why),
            TextColumn("journey", label=_("Journey"), accessor=_journey),
            WhenColumn("queued_at", label=_("Queued")),
            WhenColumn("sent_at", label=_("Sent")),
        ]  # fmt: skip

    def _page(self, one: Delivery) -> str:
        return reverse("journeys_deliveries:one", args=[one.pk])


def _journey(delivery: Delivery) -> str:
    return str(delivery.enrollment.journey) if delivery.enrollment else ""


class DeliveryViewSet(OwnViewSet):
    """The list, each delivery, and what can be done."""

    model = Delivery
    name = "journeys_deliveries"
    url_prefix = "journeys/deliveries"
    icon = "doc-full-inverse"
    menu_label = lazy("Deliveries")
    index_view_class = DeliveryList
    filterset_class = DeliveryFilter
    pages = ("index", "index_results")

    def get_urlpatterns(self) -> list[Any]:
        """Return the list, and our own pages."""
        return [
            *super().get_urlpatterns(),
            path("<int:pk>/", DeliveryPage.as_view(), name="one"),
            path("all/<slug:act>/", AgainPage.as_view(), name="all"),
        ]

    def get_permissions_to_register(self) -> QuerySet[Any]:
        """Return the rights to see, and to try again or cancel; nobody writes the outbox."""
        rights = ["view_delivery", "change_delivery"]
        return super().get_permissions_to_register().filter(codename__in=rights)

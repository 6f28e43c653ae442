"""One segment's page: who belongs, how it fares, what stands on it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from wagtail.admin.views import generic
from wagtail.admin.widgets.button import Button, HeaderButton

from customers import explain, extend
from customers.admin import vocabulary
from customers.admin.members import may_see_people
from dxp.lib import clock

DAYS = 30


class SegmentPage(generic.InspectView):
    """Everything about one segment, read-only."""

    any_permission_required = ["view", "change"]
    page_title = lazy("Segment")
    header_icon = "group"

    def get_fields(self) -> list[str]:
        """Return no fields: the page shows sections of its own."""
        return []

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        """Return the way to the rule, for those who may change it."""
        if not self.request.user.has_perm("customers.change_segment"):
            return []
        address = reverse("customers_segments:edit", args=[self.object.pk])
        return [HeaderButton(_("Edit"), url=address, icon_name="edit")]

    @cached_property
    def header_more_buttons(self) -> list[Button]:
        """Return what else can be done with it."""
        user, buttons = self.request.user, []
        if user.has_perm("customers.add_segment"):
            address = f"{reverse('customers_segments:add')}?from={self.object.pk}"
            buttons.append(Button(_("Duplicate"), url=address, icon_name="copy", priority=20))
        if user.has_perm("customers.delete_segment"):
            address = reverse("customers_segments:delete", args=[self.object.pk])
            buttons.append(Button(_("Delete"), url=address, icon_name="bin", priority=30))
        return buttons

    @cached_property
    def offers(self) -> list[Sequence[extend.Action]]:
        """What the floors above offer to begin with this segment."""
        return extend.customers_segment_actions(segment=self.object, user=self.request.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the sections."""
        now = clock.now()
        days = explain.history(segment=self.object, days=DAYS, at=now)
        return {
            **super().get_context_data(**kwargs),
            "segment": self.object,
            "sentence": vocabulary.in_words(self.object.rule),
            "size": self.object.members.filter(left_at__isnull=True).count(),
            "days": days,
            "entered": sum(day.entered for day in days),
            "left": sum(day.left for day in days),
            "uses": explain.uses(segment=self.object),
            "actions": [one for found in self.offers for one in found],
            "sees_people": may_see_people(self.request.user),
        }

"""Who is in a segment."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from wagtail.admin.ui.tables import TitleColumn
from wagtail.admin.widgets.button import HeaderButton

from customers.admin import vocabulary
from customers.admin.tables import ListingView, TextColumn, WhenColumn
from customers.models import Segment, SegmentMember


def may_see_people(user: Any) -> bool:
    """Return whether somebody may see who is in a segment."""
    return all(user.has_perm(f"customers.{right}") for right in ("view_segment", "view_profile"))


class MemberList(ListingView):
    """The people in one segment now, those who entered last on top."""

    model = SegmentMember
    any_permission_required = ["view"]
    template_name = "customers/segment/members.html"
    header_icon = "group"
    nothing = lazy("Nobody is in this segment now.")
    paginate_by = 50
    default_ordering = "-entered_at"
    list_export = [
        "profile.public_id",
        "profile.display_name",
        "profile.traits.email",
        "entered_at",
        "cause",
    ]
    list_display = [
        TitleColumn(
            "profile",
            label=lazy("Name"),
            accessor="profile.display_name",
            get_url=lambda stay: reverse("customers_profiles:inspect", args=[stay.profile_id]),
        ),
        TextColumn(
            "email", label=lazy("E-mail"), accessor=lambda stay: stay.profile.traits.get("email")
        ),
        WhenColumn("entered_at", label=lazy("Entered"), sort_key="entered_at"),
        TextColumn("cause", label=lazy("Because of"), accessor="get_cause_display"),
    ]

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Find the segment."""
        super().setup(request, *args, **kwargs)
        self.segment = get_object_or_404(Segment, pk=kwargs["pk"])

    def user_has_any_permission(self, permissions: Any) -> bool:
        """Return whether this person may see who somebody is."""
        return may_see_people(self.request.user)

    def get_base_queryset(self) -> QuerySet[SegmentMember]:
        """Return the stays that go on."""
        return self.segment.members.filter(left_at__isnull=True).select_related("profile")

    def order_queryset(self, queryset: QuerySet[SegmentMember]) -> QuerySet[SegmentMember]:
        """Return the rows in an order without ties."""
        down = self.ordering.startswith("-")
        return queryset.order_by(self.ordering, "-pk" if down else "pk")

    def get_index_url(self) -> str:
        """Return this page's address."""
        return reverse("customers_segments:members", args=[self.segment.pk])

    def get_index_results_url(self) -> str:
        """Return the address of the rows alone."""
        return reverse("customers_segments:members_results", args=[self.segment.pk])

    def get_page_title(self) -> str:
        """Return the segment's name."""
        return self.segment.name

    def get_filename(self) -> str:
        """Return the export's name."""
        return f"segment-{self.segment.slug}"

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        """Return the way here."""
        to_list = {"url": reverse("customers_segments:index"), "label": _("Segments")}
        return [*self.breadcrumbs_items, to_list, {"url": "", "label": self.segment.name}]

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        """Return the way to the rule, for those who may change it."""
        if not self.request.user.has_perm("customers.change_segment"):
            return []
        address = reverse("customers_segments:edit", args=[self.segment.pk])
        return [HeaderButton(_("Edit"), url=address, icon_name="edit")]

    def get_context_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the segment and its rule in words."""
        return {
            **super().get_context_data(*args, **kwargs),
            "segment": self.segment,
            "sentence": vocabulary.in_words(self.segment.rule),
        }

"""Who is in a segment."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from wagtail.admin.ui.tables import TitleColumn
from wagtail.admin.widgets.button import HeaderButton

from customers import define
from customers.admin import vocabulary
from customers.admin.profiles import found
from customers.admin.tables import ListingView, TextColumn, WhenColumn
from customers.models import Profile, Segment, SegmentMember


def may_see_people(user: Any) -> bool:
    """Return whether somebody may see who is in a segment."""
    return all(user.has_perm(f"customers.{right}") for right in ("view_segment", "view_profile"))


def name_of(profile: Profile, sight: define.Sight) -> str:
    """Return somebody's name, or a number for who may not see names."""
    if sight.hides("name") or sight.hides("email"):
        return f"#{str(profile.public_id)[-8:]}"
    return profile.display_name


def why_link(stay: SegmentMember, sight: define.Sight) -> str:
    """Return the way to what decided about a person."""
    address = reverse("customers_segments:why", args=[stay.segment_id, stay.profile_id])
    words = _("Why is %(name)s in it?") % {"name": name_of(stay.profile, sight)}
    return format_html('<a href="{}" aria-label="{}">{}</a>', address, words, _("Why?"))


class MemberList(ListingView):
    """The people in one segment now, those who entered last on top."""

    model = SegmentMember
    any_permission_required = ["view"]
    template_name = "customers/segment/members.html"
    header_icon = "group"
    nothing = lazy("Nobody is in this segment now.")
    is_searchable = True
    paginate_by = 50
    default_ordering = "-entered_at"

    @cached_property
    def sight(self) -> define.Sight:
        """What the reader may see of people."""
        return define.sight(user=self.request.user)

    @cached_property
    def list_export(self) -> list[str]:
        """Return the columns of the file: a file holds nothing that the reader may not see."""
        hides = self.sight.hides
        name = [] if hides("name") or hides("email") else ["profile.display_name"]
        address = [] if hides("email") else ["profile.traits.email"]
        return ["profile.public_id", *name, *address, "entered_at", "cause"]

    @cached_property
    def list_display(self) -> list[Any]:
        """Return the columns."""
        sight = self.sight
        return [
            TitleColumn(
                "profile",
                label=_("Name"),
                accessor=lambda stay: name_of(stay.profile, sight),
                get_url=lambda stay: reverse("customers_profiles:inspect", args=[stay.profile_id]),
            ),
            TextColumn(
                "email",
                label=_("E-mail"),
                accessor=lambda stay: sight.shown("email", stay.profile.traits.get("email")),
            ),
            WhenColumn("entered_at", label=_("Entered"), sort_key="entered_at"),
            TextColumn("cause", label=_("Because of"), accessor="get_cause_display"),
            TextColumn("why", label=_("Reasons"), accessor=lambda stay: why_link(stay, sight)),
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

    def search_queryset(self, queryset: QuerySet[SegmentMember]) -> QuerySet[SegmentMember]:
        """Return the stays of the people that were searched for."""
        if not self.is_searching:
            return queryset
        people = found(Profile.objects.all(), self.search_query).order_by()
        return queryset.filter(profile__in=people.values("pk"))

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
        to_page = {
            "url": reverse("customers_segments:inspect", args=[self.segment.pk]),
            "label": self.segment.name,
        }
        here = {"url": "", "label": _("People"), "sublabel": self.segment.name}
        return [*self.breadcrumbs_items, to_list, to_page, here]

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        """Return the way to the segment's page."""
        address = reverse("customers_segments:inspect", args=[self.segment.pk])
        return [HeaderButton(_("Segment"), url=address, icon_name="group")]

    def get_context_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the segment and its rule in words."""
        return {
            **super().get_context_data(*args, **kwargs),
            "segment": self.segment,
            "sentence": vocabulary.in_words(self.segment.rule),
        }

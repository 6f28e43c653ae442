"""The list of profiles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import django_filters  # type: ignore[import-untyped]
from django.db.models import Count, F, OuterRef, QuerySet, Subquery, TextField
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import TitleColumn

from customers import define
from customers.admin.profile_page import ProfilePage
from customers.admin.tables import (
    CountColumn,
    ListingView,
    OwnViewSet,
    StateColumn,
    TextColumn,
    WhenColumn,
)
from customers.define import Sight
from customers.models import Alias, ContactPoint, Profile, Segment, SegmentMember

PUBLIC_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class ProfileFilters(WagtailFilterSet):
    """Known or anonymous, and by segment."""

    is_known = django_filters.ChoiceFilter(
        label=_("Status"), choices=[("True", _("Known")), ("False", _("Anonymous"))]
    )
    segment = django_filters.ModelMultipleChoiceFilter(
        label=_("Segment"), queryset=Segment.objects.all(), method="in_segments"
    )

    class Meta:
        model = Profile
        fields = ["is_known", "segment"]

    def in_segments(
        self, profiles: QuerySet[Profile], name: str, chosen: list[Segment]
    ) -> QuerySet[Profile]:
        """Return the people who are in any of the segments now."""
        if not chosen:
            return profiles
        stays = SegmentMember.objects.filter(segment__in=chosen, left_at__isnull=True)
        return profiles.filter(pk__in=stays.values("profile"))


def found(profiles: QuerySet[Profile], words: str) -> QuerySet[Profile]:
    """Return the people whose name, address or id begins with what was typed.

    Each place is looked up by its own index, so that half a million people are no wait.
    """
    text = words.strip()
    points = ContactPoint.objects.filter(value__startswith=text.lower()).values("profile_id")
    aliases = Alias.objects.filter(value__startswith=text).values("profile_id")
    named = Profile.objects.named(text).order_by().values("pk")
    if PUBLIC_ID.fullmatch(text):
        return profiles.filter(public_id=text)
    return profiles.filter(pk__in=points.union(aliases, named))


def with_columns(profiles: QuerySet[Profile]) -> QuerySet[Profile]:
    """Return people with their address and their number of segments."""
    points = ContactPoint.objects.filter(profile=OuterRef("pk"), channel="email").order_by("id")
    stays = SegmentMember.objects.filter(profile=OuterRef("pk"), left_at__isnull=True)
    counted = stays.order_by().values("profile").annotate(n=Count("pk")).values("n")
    return profiles.annotate(
        email=Coalesce(
            Subquery(points.values("shown")[:1]), KT("traits__email"), output_field=TextField()
        ),
        segments=Coalesce(Subquery(counted), 0),
    )


class ProfileList(ListingView):
    """All people, those seen last on top."""

    any_permission_required = ["view"]
    list_export = [
        "public_id", "display_name", "email", "is_known", "created_at", "last_seen_at", "segments",
    ]  # fmt: skip
    export_headings = {"display_name": _("Name"), "email": _("E-mail"), "segments": _("Segments")}
    export_filename = "profiles"
    nothing = _("Nobody has come yet. People appear here as soon as a source sends events.")
    is_searchable = True

    def get_base_queryset(self) -> QuerySet[Profile]:
        """Return active profiles."""
        return Profile.objects.filter(state=Profile.State.ACTIVE)

    def paginate_queryset(self, queryset: QuerySet[Profile], page_size: int) -> tuple[Any, ...]:
        """Return one page; the columns are looked up for its rows only, not for those skipped."""
        paginator, page, rows, more = super().paginate_queryset(queryset, page_size)
        ids = list(rows.values_list("pk", flat=True))
        found = self.order_queryset(with_columns(Profile.objects.filter(pk__in=ids)))
        page.object_list = [self.seen(one) for one in found]
        return paginator, page, page.object_list, more

    @cached_property
    def eyes(self) -> Sight:
        """What this person may see."""
        return define.sight(user=self.request.user)

    def seen(self, profile: Profile) -> Any:
        """Return a row with dots for what this person may not see."""
        row: Any = self.eyes.person(profile)
        row.email = self.eyes.shown("email", row.email)
        return row

    def to_row_dict(self, item: Profile) -> dict[str, Any]:
        """Return a line of the export."""
        return dict(super().to_row_dict(self.seen(item)))

    def stream_csv(self, queryset: QuerySet[Profile]) -> Iterator[bytes]:
        """Yield the lines of the export."""
        yield from super().stream_csv(with_columns(queryset))

    def order_queryset(self, queryset: QuerySet[Profile]) -> QuerySet[Profile]:
        """Return the rows in an order without ties, so that pages never overlap."""
        down = self.ordering.startswith("-")
        field = F(self.ordering.lstrip("-"))
        return queryset.order_by(field.desc() if down else field.asc(), "-pk" if down else "pk")

    def search_queryset(self, queryset: QuerySet[Profile]) -> QuerySet[Profile]:
        """Return the people that were searched for."""
        return found(queryset, self.search_query) if self.is_searching else queryset


class ProfileViewSet(OwnViewSet):
    """People: a list and their pages. Nobody edits a profile; it follows from what happened."""

    model = Profile
    icon = "user"
    name = "customers_profiles"
    url_prefix = "customers/profiles"
    menu_order = 100
    pages = ("index", "index_results", "inspect", "timeline")
    index_view_class = ProfileList
    inspect_view_class = ProfilePage
    inspect_view_enabled = True
    inspect_template_name = "customers/profile/page.html"
    filterset_class = ProfileFilters
    ordering = "-last_seen_at"
    list_display = [
        TitleColumn(
            "display_name",
            label=_("Name"),
            url_name="customers_profiles:inspect",
            classname="title",
        ),
        TextColumn("email", label=_("E-mail")),
        StateColumn(
            "status",
            label=_("Status"),
            accessor=lambda profile: _("Known") if profile.is_known else _("Anonymous"),
            primary=lambda profile: profile.is_known,
        ),
        CountColumn("segments", label=_("Segments")),
        WhenColumn("created_at", label=_("First seen"), sort_key="created_at"),
        WhenColumn("last_seen_at", label=_("Last seen"), sort_key="last_seen_at"),
    ]

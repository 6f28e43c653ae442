"""The people on one list: who they are, who joins them, who goes."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST
from wagtail.admin import messages
from wagtail.admin.ui.tables import TitleColumn
from wagtail.admin.widgets.button import Button, HeaderButton
from wagtail.log_actions import log

from customers import define, gather
from customers.admin.members import name_of
from customers.admin.profiles import found
from customers.admin.tables import ListingView, TextColumn, WhenColumn
from customers.models import Profile, ProfileList, ProfileListEntry
from dxp.lib import clock

SEE = ("customers.view_profilelist", "customers.view_profile")
CHANGE = "customers.change_profilelist"
MAKE = "customers.add_segment"


class ListPeople(ListingView):
    """Everybody on one list, those added last on top."""

    model = ProfileListEntry
    template_name = "customers/list/people.html"
    header_icon = "list-ul"
    nothing = lazy("Nobody is on this list yet.")
    verbose_name_plural = lazy("people")
    is_searchable = True
    paginate_by = 50
    default_ordering = "-added_at"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let in who may see lists and people.

        Raises:
            PermissionDenied: this person may not.
        """
        if not request.user.has_perms(SEE):
            raise PermissionDenied
        self.list = get_object_or_404(ProfileList, pk=kwargs["pk"])
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response

    def user_has_any_permission(self, permissions: Any) -> bool:
        """Return yes: `dispatch` has asked."""
        return True

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
        return ["profile.public_id", *name, *address, "added_at"]

    @cached_property
    def list_display(self) -> list[Any]:
        """Return the columns."""
        sight = self.sight
        columns = [
            TitleColumn(
                "profile",
                label=_("Name"),
                accessor=lambda one: name_of(one.profile, sight),
                get_url=lambda one: reverse("customers_profiles:inspect", args=[one.profile_id]),
            ),
            TextColumn(
                "email",
                label=_("E-mail"),
                accessor=lambda one: sight.shown("email", one.profile.traits.get("email")),
            ),
            WhenColumn("added_at", label=_("Added"), sort_key="added_at"),
        ]
        if self.request.user.has_perm(CHANGE):
            columns.append(TextColumn("remove", label=_("Remove"), accessor=self._remover))
        return columns

    def _remover(self, entry: ProfileListEntry) -> str:
        told = {"list": self.list, "entry": entry, "name": name_of(entry.profile, self.sight)}
        return render_to_string("customers/list/_remove.html", told, request=self.request)

    def get_base_queryset(self) -> QuerySet[ProfileListEntry]:
        """Return the entries."""
        return self.list.entries.select_related("profile")

    def search_queryset(self, queryset: QuerySet[ProfileListEntry]) -> QuerySet[ProfileListEntry]:
        """Return the entries of the people that were searched for."""
        if not self.is_searching:
            return queryset
        people = found(Profile.objects.all(), self.search_query).order_by()
        return queryset.filter(profile__in=people.values("pk"))

    def order_queryset(self, queryset: QuerySet[ProfileListEntry]) -> QuerySet[ProfileListEntry]:
        """Return the rows in an order without ties."""
        tie = "-profile_id" if self.ordering.startswith("-") else "profile_id"
        return queryset.order_by(self.ordering, tie)

    def get_index_url(self) -> str:
        """Return this page's address."""
        return reverse("customers_lists:people", args=[self.list.pk])

    def get_index_results_url(self) -> str:
        """Return the address of the rows alone."""
        return reverse("customers_lists:people_results", args=[self.list.pk])

    def get_page_title(self) -> str:
        """Return the list's name."""
        return self.list.name

    def get_filename(self) -> str:
        """Return the export's name."""
        return f"list-{self.list.pk}"

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        """Return the way here."""
        return [*self.breadcrumbs_items, *way(self.list)[:1], {"url": "", "label": self.list.name}]

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        """Return what is done most."""
        if not self.request.user.has_perm(CHANGE):
            return []
        address = reverse("customers_lists:put", args=[self.list.pk])
        return [HeaderButton(_("Add people"), url=address, icon_name="plus")]

    @cached_property
    def header_more_buttons(self) -> list[Button]:
        """Return what else can be done with it."""
        user, buttons = self.request.user, list(super().header_more_buttons)
        offered = (
            (MAKE, _("Make a segment"), "segment", "group"),
            (CHANGE, _("Edit"), "edit", "edit"),
            ("customers.delete_profilelist", _("Delete"), "delete", "bin"),
        )
        for place, (right, words, page, icon) in enumerate(offered):
            if user.has_perm(right):
                address = reverse(f"customers_lists:{page}", args=[self.list.pk])
                buttons.append(Button(words, url=address, icon_name=icon, priority=10 + place))
        return buttons

    def get_context_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the list and what stands on it."""
        told = super().get_context_data(*args, **kwargs)
        return {**told, "list": self.list, "uses": gather.uses(list=self.list)}


def way(a_list: ProfileList) -> list[dict[str, str]]:
    """Return the way to a list's people."""
    return [
        {"url": reverse("customers_lists:index"), "label": _("Lists of people")},
        {"url": reverse("customers_lists:people", args=[a_list.pk]), "label": a_list.name},
    ]


@require_POST
def take_off(request: HttpRequest, pk: int) -> HttpResponse:
    """Take somebody off a list.

    Raises:
        PermissionDenied: this person may not change lists, or not see people.
    """
    if not request.user.has_perms((*SEE, CHANGE)):  # type: ignore[union-attr]
        raise PermissionDenied
    a_list = get_object_or_404(ProfileList, pk=pk)
    asked = [int(one) for one in request.POST.getlist("person") if one.isdecimal()]
    n = gather.remove(list=a_list, profile_ids=asked, at=clock.now())
    if n:
        log(instance=a_list, action="wagtail.edit", user=request.user)
    words = ngettext("%(n)s person was removed.", "%(n)s people were removed.", n) % {"n": n}
    messages.success(request, words)
    return redirect("customers_lists:people", pk)

"""Lists of people in the admin: all of them, a new one, and one less."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.db.models import Count, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from wagtail.admin import messages
from wagtail.admin.ui.tables import TitleColumn
from wagtail.admin.views import generic
from wagtail.log_actions import log

from customers import gather
from customers.admin.list_add import AddPeople, MakeSegment
from customers.admin.list_people import ListPeople, take_off
from customers.admin.tables import CountColumn, ListingView, OwnViewSet, TextColumn, WhenColumn
from customers.extend import Use
from customers.models import ProfileList
from dxp.lib import clock


class AllLists(ListingView):
    """All lists with how many people are on them."""

    any_permission_required = ["view", "add", "change", "delete"]
    is_searchable = True
    search_fields = ["name", "description"]
    page_title = lazy("Lists of people")

    def get_base_queryset(self) -> QuerySet[ProfileList]:
        """Return lists with their number of people."""
        lists = ProfileList.objects.select_related("created_by")
        return lists.annotate(size=Count("entries"))

    @cached_property
    def list_display(self) -> list[Any]:
        """Return the columns."""
        return [
            TitleColumn(
                "name",
                label=_("Name"),
                get_url=lambda one: reverse("customers_lists:people", args=[one.pk]),
                sort_key="name",
            ),
            TextColumn("description", label=_("What it is for")),
            CountColumn("size", label=_("People"), sort_key="size"),
            TextColumn("created_by", label=_("Made by")),
            WhenColumn("created_at", label=_("Made"), sort_key="created_at"),
        ]


class _ToPeople:
    """After saving come the people."""

    object: Any

    def get_success_url(self) -> str:
        """Return the page of the list's people."""
        return reverse("customers_lists:people", args=[self.object.pk])

    def get_success_buttons(self) -> list[Any]:
        """Return no way back to the form."""
        return []


class ListCreate(_ToPeople, generic.CreateView):
    """A new list without anybody on it."""

    page_title = lazy("New list of people")

    def save_instance(self) -> ProfileList:
        """Make it."""
        told = self.form.cleaned_data
        made = gather.create(
            name=told["name"], description=told["description"], profile_ids=[], at=clock.now(),
            by=self.request.user,
        )  # fmt: skip
        log(instance=made, action="wagtail.create", user=self.request.user)
        return made


class ListEdit(_ToPeople, generic.EditView):
    """Another name."""


class ListDelete(generic.DeleteView):
    """Deletes a list that nothing stands on."""

    template_name = "customers/list/delete.html"

    @cached_property
    def users(self) -> list[Use]:
        """What stands on this list."""
        return list(gather.uses(list=self.object))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what would go with it, and what forbids it."""
        size = self.object.entries.count()
        return {**super().get_context_data(**kwargs), "size": size, "users": self.users}

    def form_valid(self, form: Any) -> HttpResponse:
        """Delete it, unless something stands on it."""
        name = self.object.name
        try:
            log(instance=self.object, action="wagtail.delete", user=self.request.user)
            gather.delete(list=self.object)
        except gather.InUse:
            words = _("“%(name)s” is in use elsewhere and was not deleted.")
            messages.error(self.request, words % {"name": name})
        else:
            messages.success(self.request, _("The list “%(name)s” is deleted.") % {"name": name})
        return redirect("customers_lists:index")


class ListViewSet(OwnViewSet):
    """People picked by hand, from a file or from a report."""

    model = ProfileList
    icon = "list-ul"
    name = "customers_lists"
    url_prefix = "customers/lists"
    menu_label = lazy("Lists of people")
    menu_order = 250
    pages = ("index", "index_results", "add", "edit", "delete")
    index_view_class = AllLists
    add_view_class = ListCreate
    edit_view_class = ListEdit
    delete_view_class = ListDelete
    form_fields = ["name", "description"]
    ordering = "name"

    def get_delete_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Return nothing of the generic page: it warns in our own words."""
        return {}

    def get_urlpatterns(self) -> list[Any]:
        """Return the addresses, those of a list's people among them."""
        return [
            *super().get_urlpatterns(),
            path("people/<int:pk>/", ListPeople.as_view(), name="people"),
            path(
                "people/<int:pk>/results/",
                ListPeople.as_view(results_only=True),
                name="people_results",
            ),
            path("people/<int:pk>/add/", AddPeople.as_view(), name="put"),
            path("people/<int:pk>/remove/", take_off, name="take_off"),
            path("people/<int:pk>/segment/", MakeSegment.as_view(), name="segment"),
        ]

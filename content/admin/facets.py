"""Facets in the admin: the questions that tags answer, each as a tree, and how its taggers do."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from wagtail.admin import messages
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.models import get_page_models

from content import weighed
from content.admin.waiting import waiting
from content.models import Facet, Fragment, Term


def publishable() -> list[tuple[str, Any]]:
    """Return the kinds of things that may need a term before they are published."""
    pages = [model for model in get_page_models() if model._meta.app_label == "content"]
    kinds = [*sorted(pages, key=lambda one: str(one._meta.verbose_name)), Fragment]
    return [(one._meta.label_lower, capfirst(str(one._meta.verbose_name))) for one in kinds]


class FacetForm(WagtailAdminModelForm):  # type: ignore[misc]
    """A facet, with the kinds of things that need it as boxes to tick."""

    required_for = forms.MultipleChoiceField(
        label=lazy("Required for"),
        required=False,
        choices=publishable,
        widget=forms.CheckboxSelectMultiple,
        help_text=lazy("What may not be published without a term of this facet."),
    )

    class Meta:
        model = Facet
        fields = [
            "name", "slug", "description", "several", "required_for", "owner", "threshold",
        ]  # fmt: skip


class AllFacets(generic.IndexView):
    """All facets."""

    any_permission_required = ["view", "add", "change", "delete"]
    table_classname = "listing dxp-stack"
    page_title = lazy("Facets")

    def get_base_queryset(self) -> QuerySet[Facet]:
        """Return facets with their number of terms."""
        used = Q(terms__merged_into=None, terms__retired_at=None)
        return Facet.objects.select_related("owner").annotate(size=Count("terms", filter=used))

    @cached_property
    def columns(self) -> list[Any]:
        """Return the columns."""
        named = dict(publishable())
        return [
            TitleColumn(
                "name", label=_("Name"), sort_key="name",
                get_url=lambda one: reverse("content_facets:tree", args=[one.pk]),
            ),
            Column("size", label=_("Terms"), sort_key="size"),
            Column(
                "required", label=_("Required for"),
                accessor=lambda one: ", ".join(str(named.get(key, key)) for key in one.required_for)
                or "—",
            ),
            Column("owner", label=_("Owner"), accessor=lambda one: one.owner or "—"),
        ]  # fmt: skip


def tree(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a facet's terms as a tree, with how many things have each.

    Raises:
        PermissionDenied: the person may not see terms.
    """
    if not request.user.has_perm("content.view_term"):
        raise PermissionDenied
    facet = get_object_or_404(Facet.objects.select_related("owner"), pk=pk)
    told = {
        "facet": facet,
        "page_title": facet.name,
        "header_title": facet.name,
        "header_icon": "tag",
        "roots": branches(facet),
        "may_change": request.user.has_perm("content.change_facet"),
        "may_add": request.user.has_perm("content.add_term"),
        "may_judge": request.user.has_perm("content.view_taggermodel"),
        "breadcrumbs_items": _crumbs(facet.name),
    }
    return render(request, "content/tags/tree.html", told)


def quality(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how good the suggestions of a facet are, by what people decided about them.

    Raises:
        PermissionDenied: the person may not see how taggers do.
    """
    if not request.user.has_perm("content.view_taggermodel"):
        raise PermissionDenied
    facet = get_object_or_404(Facet, pk=pk)
    title = _("Suggestions of %(facet)s") % {"facet": facet.name}
    told = {
        "facet": facet,
        "page_title": title,
        "header_title": title,
        "header_icon": "tag",
        "told": weighed.facet(facet),
        "breadcrumbs_items": _crumbs(facet.name, title),
    }
    return render(request, "content/tags/quality.html", told)


def branches(facet: Facet) -> list[dict[str, Any]]:
    """Return a facet's terms as a tree of rows, merged ones left out."""
    terms = (
        Term.objects
        .filter(facet=facet, merged_into=None)
        .annotate(used=Count("taggings"))
        .order_by("name")
    )
    below: dict[int | None, list[Term]] = defaultdict(list)
    known = {one.pk for one in terms}
    for one in terms:
        below[one.parent_id if one.parent_id in known else None].append(one)
    return _branch(below, None)


def _branch(below: dict[int | None, list[Term]], root: int | None) -> list[dict[str, Any]]:
    return [{"term": one, "parts": _branch(below, one.pk)} for one in below[root]]


def _crumbs(*names: str) -> list[dict[str, str]]:
    home = {"url": reverse("wagtailadmin_home"), "label": _("Home")}
    facets = {"url": reverse("content_facets:index"), "label": _("Facets")}
    return [home, facets, *({"url": "", "label": name} for name in names)]


class FacetDelete(generic.DeleteView):
    """Deletes a facet that has no terms."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Delete it, or say why it stays."""
        if self.object.terms.exists():
            words = _("“%(name)s” has terms and was not deleted: delete or retire them instead.")
            messages.error(self.request, words % {"name": self.object})
            return redirect("content_facets:tree", self.object.pk)
        answer: HttpResponse = super().form_valid(form)
        return answer


class FacetViewSet(ModelViewSet):
    """Facets and their pages."""

    model = Facet
    icon = "tag"
    name = "content_facets"
    url_prefix = "content/facets"
    menu_label = lazy("Facets")
    index_view_class = AllFacets
    delete_view_class = FacetDelete
    add_to_reference_index = False
    copy_view_enabled = False
    list_per_page = 50
    ordering = "name"

    def get_form_class(self, for_update: bool = False) -> type[FacetForm]:
        """Return the form."""
        return FacetForm

    def get_urlpatterns(self) -> list[Any]:
        """Return Wagtail's addresses and our own."""
        return [
            *super().get_urlpatterns(),
            path("tree/<int:pk>/", tree, name="tree"),
            path("quality/<int:pk>/", quality, name="quality"),
            path("waiting/<int:pk>/", waiting, name="waiting"),
        ]

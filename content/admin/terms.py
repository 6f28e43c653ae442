"""Terms in the admin: the list and the form."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import django_filters
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from wagtail.admin import messages
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.admin.widgets.button import HeaderButton

from content import terms
from content.admin import term_file, term_page
from content.admin.term_page import A_PAGE, state
from content.models import Term


class TermForm(WagtailAdminModelForm):  # type: ignore[misc]
    """One term; its parent is one of the same facet and not a part of itself."""

    class Meta:
        model = Term
        fields = ["facet", "name", "slug", "parent", "synonyms", "description", "owner"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["synonyms"].help_text = _("In any language, with commas between.")
        offered = Term.objects.current().select_related("facet")
        if self.instance.pk:
            # Things are tagged by facet: a term that changes it would change what they say.
            self.fields["facet"].disabled = True
            below = terms.below(self.instance)
            offered = offered.filter(facet=self.instance.facet_id).exclude(pk__in=below)
        self.fields["parent"].queryset = offered

    def clean(self) -> dict[str, Any]:
        """Return what was filled in.

        Raises:
            ValidationError: the parent answers another question.
        """
        told: dict[str, Any] = super().clean()
        parent, facet = told.get("parent"), told.get("facet")
        if parent and facet and parent.facet_id != facet.pk:
            self.add_error("parent", _("Choose a term of the same facet."))
        return told


class TermFilters(WagtailFilterSet):  # type: ignore[misc]
    """By facet, and by whether it may be given."""

    state = django_filters.ChoiceFilter(
        label=lazy("State"), method="by_state",
        choices=[
            ("current", lazy("In use")), ("retired", lazy("Retired")), ("merged", lazy("Merged")),
            ("unused", lazy("On nothing")),
        ],
    )  # fmt: skip

    class Meta:
        model = Term
        fields = ["facet"]

    def by_state(self, found: QuerySet[Term], name: str, value: str) -> QuerySet[Term]:
        """Return the terms of a state."""
        return {
            "current": found.filter(merged_into=None, retired_at=None),
            "retired": found.filter(retired_at__isnull=False),
            "merged": found.filter(merged_into__isnull=False),
            "unused": found.filter(merged_into=None, taggings=None),
        }[value]


class AllTerms(generic.IndexView):
    """All terms of all facets."""

    any_permission_required = ["view", "add", "change", "delete"]
    table_classname = "listing dxp-stack"
    page_title = lazy("Terms")
    is_searchable = True
    search_fields = ["name", "slug", "synonyms"]

    def get_base_queryset(self) -> QuerySet[Term]:
        """Return terms with how many things have them."""
        found = Term.objects.select_related("facet", "parent", "merged_into", "owner")
        return found.annotate(used=Count("taggings"))

    @cached_property
    def columns(self) -> list[Any]:
        """Return the columns."""
        return [
            TitleColumn(
                "name", label=_("Name"), sort_key="name",
                get_url=lambda one: reverse("content_terms:look", args=[one.pk]),
            ),
            Column("facet", label=_("Facet"), sort_key="facet__name"),
            Column("parent", label=_("Part of"), accessor=lambda one: one.parent or "—"),
            Column(
                "also", label=_("Also called"), accessor=lambda one: ", ".join(one.synonyms) or "—"
            ),
            Column("used", label=_("On things"), sort_key="used"),
            Column("state", label=_("State"), accessor=state),
        ]  # fmt: skip

    @cached_property
    def header_buttons(self) -> list[Any]:
        """Return what stands beside the heading."""
        found = list(super().header_buttons)
        if self.permission_policy.user_has_permission(self.request.user, "add"):
            address = reverse("content_terms:load")
            found.append(HeaderButton(_("Load a file"), url=address, icon_name="upload"))
        address = reverse("content_terms:file")
        found.append(HeaderButton(_("Download CSV"), url=address, icon_name="download"))
        return found


class TermDelete(generic.DeleteView):
    """Deletes a term that nothing has and nothing stands below."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Delete it, or say why it stays."""
        in_use = Q(pk=self.object.pk) & (
            Q(taggings__isnull=False) | Q(children__isnull=False) | Q(merged__isnull=False)
        )
        if Term.objects.filter(in_use).exists():
            words = _("“%(name)s” is in use and was not deleted: retire it or merge it.")
            messages.error(self.request, words % {"name": self.object})
            return redirect("content_terms:look", self.object.pk)
        answer: HttpResponse = super().form_valid(form)
        return answer


class TermViewSet(ModelViewSet):
    """Terms and their pages."""

    model = Term
    icon = "tag"
    name = "content_terms"
    url_prefix = "content/terms"
    menu_label = lazy("Terms")
    index_view_class = AllTerms
    delete_view_class = TermDelete
    filterset_class = TermFilters
    add_to_reference_index = False
    copy_view_enabled = False
    list_per_page = A_PAGE
    ordering = ("facet__name", "name")

    def get_form_class(self, for_update: bool = False) -> type[TermForm]:
        """Return the form."""
        return TermForm

    def get_urlpatterns(self) -> list[Any]:
        """Return Wagtail's addresses and our own."""
        return [
            *super().get_urlpatterns(),
            path("look/<int:pk>/", term_page.look, name="look"),
            path("merge/<int:pk>/", term_page.merge, name="merge"),
            path("part/<int:pk>/", term_page.part, name="part"),
            path("retire/<int:pk>/", term_page.retire, name="retire"),
            path("revive/<int:pk>/", term_page.revive, name="revive"),
            path("file/", term_file.file, name="file"),
            path("load/", term_file.load, name="load"),
        ]

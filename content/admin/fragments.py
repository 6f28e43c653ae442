"""Fragments in the admin: list, editor, what each channel gets, and why one can't go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django_filters
from django.contrib.contenttypes.models import ContentType
from django.db.models import CharField, Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Cast, Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render as draw
from django.urls import path, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.panels import Panel
from wagtail.admin.ui.tables import LiveStatusTagColumn
from wagtail.models import ReferenceIndex
from wagtail.snippets.views.snippets import (
    IndexView,
    InspectView,
    SnippetViewSet,
    UnpublishView,
)

from content import render, reuse
from content.admin.columns import CountColumn, LanguageColumn, TextColumn, UpdatedColumn
from content.admin.fragment_form import advise, handler
from content.expressions import EXPRESSIONS
from content.models import Form, Fragment
from customers.extend import Use
from dxp.lib.guard import GuardedViewSetMixin


class FragmentFilter(WagtailFilterSet):
    """Published or not, in blocks somewhere or not."""

    live = django_filters.BooleanFilter(label=lazy("Published"))
    used = django_filters.BooleanFilter(label=lazy("Stands in blocks"), method="by_use")

    class Meta:
        model = Fragment
        fields = ["live"]

    def by_use(self, found: QuerySet[Fragment], name: str, value: bool) -> QuerySet[Fragment]:
        """Return those that stand in blocks of pages and messages, or in none."""
        # By number, as search knows no subqueries.
        numbers = {int(one) for one in _references().values_list("to_object_id", flat=True)}
        return found.filter(pk__in=numbers) if value else found.exclude(pk__in=numbers)


def _references() -> QuerySet[ReferenceIndex]:
    kind = ContentType.objects.get_for_model(Fragment)
    found: QuerySet[ReferenceIndex] = ReferenceIndex.objects.filter(to_content_type=kind)
    return found.order_by()


class FragmentIndex(IndexView):
    """The list of fragments; it stacks on phones."""

    table_classname = "listing dxp-stack"


class FragmentInspect(InspectView):
    """A fragment as each channel gets it, and where it is used."""

    template_name = "content/fragments/inspect.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what is said where."""
        said = [
            (kind, render.express(self.object, kind.name))
            for kind in EXPRESSIONS
            if kind.name != "json"
        ]
        return {
            **super().get_context_data(**kwargs),
            "said": [(kind.label, kind.name, words) for kind, words in said],
            "shown": self.object.live_revision_id or self.object.latest_revision_id,
            "uses": reuse.uses(self.object, user=self.request.user, kin=True),
        }


class FragmentUnpublish(UnpublishView):
    """Asks before a fragment disappears from its places."""

    template_name = "content/fragments/unpublish.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return where it would be missing."""
        uses = reuse.uses(self.object, user=self.request.user, kin=True)
        return {**super().get_context_data(**kwargs), "uses": uses}


class FragmentViewSet(GuardedViewSetMixin, SnippetViewSet):
    """Fragments and their pages."""

    model = Fragment
    icon = "snippet"
    menu_label = lazy("Fragments")
    menu_order = 310
    add_to_admin_menu = True
    url_namespace = "content_fragments"
    base_url_path = "fragments"
    list_display = [
        "name",
        LanguageColumn(label=lazy("Language"), classname=""),
        TextColumn("description", label=lazy("What it is for")),
        CountColumn("references", label=lazy("In blocks")),
        UpdatedColumn(),
        LiveStatusTagColumn(),
    ]
    list_export = ["name", "description", "live", "last_published_at"]
    filterset_class = FragmentFilter
    index_view_class = FragmentIndex
    inspect_view_class = FragmentInspect
    inspect_view_enabled = True
    inspect_template_name = "content/fragments/inspect.html"
    unpublish_view_class = FragmentUnpublish

    def get_edit_handler(self) -> Panel:
        """Return the form's panels."""
        return handler().bind_to_model(Fragment)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Fragment]:
        """Return fragments with how many places refer to them."""
        held = (
            _references()
            .filter(to_object_id=Cast(OuterRef("pk"), CharField()))
            .values("to_object_id")
            .annotate(n=Count("pk"))
            .values("n")
        )
        count = Coalesce(Subquery(held, output_field=IntegerField()), 0)
        return Fragment.objects.annotate(references=count).select_related("locale")

    def get_urlpatterns(self) -> list[Any]:
        """Return Wagtail's addresses and our own."""
        return [*super().get_urlpatterns(), path("advise/", advise, name="advise")]


def keep_used(request: HttpRequest, instances: Sequence[Any]) -> HttpResponse | None:
    """Answer a wish to delete fragments and forms that are in use: with the list of their uses."""
    used: list[tuple[Any, list[Use]]] = [
        (one, found)
        for one in instances
        if isinstance(one, Fragment | Form) and (found := reuse.uses(one, user=request.user))
    ]
    if not used:
        return None
    kind = type(used[0][0])
    back = reverse(f"content_{kind._meta.model_name}s:list")
    crumbs = [
        {"url": reverse("wagtailadmin_home"), "label": _("Home")},
        {"url": back, "label": capfirst(kind._meta.verbose_name_plural)},
        {"url": "", "label": _("Delete")},
    ]
    told = {"used": used, "back": back, "breadcrumbs_items": crumbs}
    return draw(request, "content/fragments/in_use.html", told)

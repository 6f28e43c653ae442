"""What traits mean: a list with search, and the form of one."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import django_filters  # type: ignore[import-untyped]
from django import forms
from django.contrib.auth.models import Permission
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from wagtail.admin import messages
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.ui.tables import TitleColumn
from wagtail.admin.views import generic
from wagtail.log_actions import log

from customers import redefine
from customers.admin.tables import CountColumn, ListingView, OwnViewSet, TextColumn
from customers.models import Source, TraitDef, TraitObservation
from customers.tasks import COMPUTE
from dxp.lib import hints

STAFF = "staff"


class TraitFilters(WagtailFilterSet):
    """By type, by privacy, and told or counted."""

    type = django_filters.ChoiceFilter(label=lazy("Type"), choices=TraitDef.Type)
    pii = django_filters.ChoiceFilter(label=lazy("Privacy"), choices=TraitDef.Pii)
    computed = django_filters.BooleanFilter(
        label=lazy("Computed"), field_name="computed", lookup_expr="isnull", exclude=True
    )

    class Meta:
        model = TraitDef
        fields = ["type", "pii", "computed"]


class TraitList(ListingView):
    """All traits, in the order of their keys."""

    any_permission_required = ["view", "change"]
    is_searchable = True
    search_fields = ["key", "label", "description"]
    nothing = lazy("Nobody has told anything yet. A trait appears here when it is first seen.")
    list_export = ["key", "label", "type", "pii", "survivorship", "description", "created_at"]
    export_filename = "traits"

    def get_base_queryset(self) -> QuerySet[TraitDef]:
        """Return traits with the number of values that did not fit."""
        wrong = TraitObservation.objects.filter(key=OuterRef("key"), is_fit=False)
        counted = wrong.order_by().values("key").annotate(n=Count("pk")).values("n")
        unfit = Coalesce(Subquery(counted), 0)
        return TraitDef.objects.select_related("computed").annotate(unfit=unfit)

    @cached_property
    def list_display(self) -> list[Any]:
        """Return the columns."""
        return [
            self._get_title_column_class(TitleColumn)(
                "key", label=_("Key"), get_url=self.get_edit_url, sort_key="key"
            ),
            TextColumn("label", label=_("Label"), sort_key="label"),
            TextColumn("type", label=_("Type"), accessor="get_type_display"),
            TextColumn("pii", label=_("Privacy"), accessor="get_pii_display"),
            TextColumn("counts", label=_("Which value counts"), accessor=_counts),
            CountColumn("unfit", label=_("Values that did not fit"), sort_key="unfit"),
        ]


def _counts(trait: TraitDef) -> str:
    if trait.settled_to is not None:
        return _("%(how)s (being applied to everybody)") % {"how": trait.get_survivorship_display()}
    if hasattr(trait, "computed"):
        return _("computed")
    return trait.get_survivorship_display()


class TraitForm(WagtailAdminModelForm):
    """What one trait means; of a computed one only what it is called and who may see it."""

    trusted = forms.CharField(
        label=lazy("Trusted sources, the best first"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=lazy(
            "One name of a source on a line; “staff” stands for what colleagues set by hand. "
            "Asked only where the most trusted source counts."
        ),
    )

    class Meta:
        model = TraitDef
        fields = ["label", "description", "type", "pii", "survivorship"]
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if hasattr(self.instance, "computed"):
            for name in ("type", "survivorship", "trusted"):
                del self.fields[name]
            return
        named = dict(Source.objects.values_list("pk", "name"))
        self.fields["trusted"].initial = "\n".join(
            named.get(_number(rank) or 0, str(rank)) for rank in self.instance.ranks
        )

    def clean_trusted(self) -> list[str]:
        """Return the sources as observations name them.

        Raises:
            ValidationError: a name is no source's.
        """
        known = {name: f"source:{pk}" for pk, name in Source.objects.values_list("pk", "name")}
        lines = [line.strip() for line in self.cleaned_data["trusted"].splitlines()]
        wanted = [line for line in lines if line]
        strange = [name for name in wanted if name not in known and name != STAFF]
        if strange:
            raise forms.ValidationError(
                _("There is no source called “%(name)s”."), params={"name": strange[0]}
            )
        return [known.get(name, STAFF) for name in wanted]

    def clean(self) -> dict[str, Any]:
        """Return what was filled in.

        Raises:
            ValidationError: the way to choose a value does not go with the type.
        """
        told: dict[str, Any] = super().clean()
        how, kind = told.get("survivorship"), told.get("type")
        if how == TraitDef.Survivorship.SUM and kind != TraitDef.Type.NUMBER:
            self.add_error("survivorship", _("Only numbers have a sum."))
        if how == TraitDef.Survivorship.UNION and kind != TraitDef.Type.LIST:
            self.add_error("survivorship", _("Only lists can be put together."))
        if how == TraitDef.Survivorship.SOURCE_RANK and not told.get("trusted"):
            self.add_error("trusted", _("Name at least one source."))
        return told


def _number(rank: str) -> int | None:
    kind, _colon, number = rank.partition(":")
    return int(number) if kind == "source" and number.isdigit() else None


class TraitEdit(generic.EditView):
    """A trait that means something else from now on, for everybody."""

    def save_instance(self) -> TraitDef:
        """Save; values follow a moment later where they have to."""
        changed: TraitDef = self.form.save(commit=False)
        if "trusted" in self.form.cleaned_data:
            changed.ranks = self.form.cleaned_data["trusted"]
        self.follows = redefine.save(changed=changed)
        log(instance=changed, action="wagtail.edit", user=self.request.user)
        if self.follows:
            hints.after_commit(COMPUTE)
        return changed

    def form_valid(self, form: Any) -> HttpResponse:
        """Say that values follow."""
        answer: HttpResponse = super().form_valid(form)
        if self.follows:
            messages.info(self.request, _("Everybody's values follow within a moment."))
        return answer


class TraitViewSet(OwnViewSet):
    """Traits are made by what people tell; staff say what they mean, and never delete them."""

    model = TraitDef
    icon = "list-ul"
    name = "customers_traits"
    url_prefix = "customers/traits"
    menu_label = lazy("Traits")
    menu_order = 150
    pages = ("index", "index_results", "edit")
    index_view_class = TraitList
    edit_view_class = TraitEdit
    filterset_class = TraitFilters
    ordering = "key"

    def get_form_class(self, for_update: bool = False) -> type[TraitForm]:
        """Return the form."""
        return TraitForm

    def get_permissions_to_register(self) -> QuerySet[Permission]:
        """Return the rights that a group may be given, seeing private values included."""
        private = Q(content_type__app_label="customers", codename__startswith="see_")
        return super().get_permissions_to_register() | Permission.objects.filter(private)

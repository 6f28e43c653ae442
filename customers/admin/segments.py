"""Segments in the admin: list, rule builder, members."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cached_property
from typing import Any

import django_filters  # type: ignore[import-untyped]
from django.db import transaction
from django.db.models import Count, ProtectedError, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from wagtail.admin import messages
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import TitleColumn
from wagtail.admin.views import generic
from wagtail.log_actions import log

from customers import explain, rules, segment
from customers.admin import vocabulary
from customers.admin.members import MemberList
from customers.admin.rule_field import SegmentForm, fault_of
from customers.admin.segment_page import SegmentPage
from customers.admin.segment_why import WhoPage, WhyPage
from customers.admin.tables import (
    CountColumn,
    ListingView,
    OwnViewSet,
    StateColumn,
    TextColumn,
    WhenColumn,
)
from customers.extend import Use
from customers.models import Segment
from customers.tasks import FILL
from dxp.lib import clock, hints


class SegmentFilters(WagtailFilterSet):
    """By state."""

    state = django_filters.ChoiceFilter(label=lazy("State"), choices=Segment.State.choices)

    class Meta:
        model = Segment
        fields = ["state"]


class SegmentList(ListingView):
    """All segments with their size now."""

    any_permission_required = ["view", "add", "change", "delete"]
    is_searchable = True
    search_fields = ["name", "description"]

    def get_base_queryset(self) -> QuerySet[Segment]:
        """Return segments with their number of people."""
        now_in = Count("members", filter=Q(members__left_at__isnull=True))
        return Segment.objects.annotate(size=now_in)

    @cached_property
    def names(self) -> dict[int, str]:
        """All segments' names, for rules that mention them."""
        return dict(Segment.objects.values_list("pk", "name"))

    @cached_property
    def list_display(self) -> list[Any]:
        """Return the columns."""
        return [
            self._get_title_column_class(TitleColumn)(
                "name",
                label=_("Name"),
                get_url=lambda one: reverse("customers_segments:inspect", args=[one.pk]),
                sort_key="name",
            ),
            TextColumn(
                "words",
                label=_("Who"),
                accessor=lambda one: vocabulary.in_words(one.rule, self.names),
            ),
            CountColumn("size", label=_("People"), sort_key="size"),
            StateColumn(
                "state",
                label=_("State"),
                accessor="get_state_display",
                primary=lambda one: one.state == Segment.State.LIVE,
            ),
            WhenColumn("computed_at", label=_("Computed"), sort_key="computed_at"),
        ]


class _RuleForm:
    """What creating and editing share."""

    form_class = SegmentForm
    template_name = "customers/segment/form.html"
    form: Any
    object: Any
    request: HttpRequest

    fault: dict[str, str] | None = None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what the rule builder suggests and says."""
        told = super().get_context_data(**kwargs)  # type: ignore[misc]
        rule = told["form"]["rule"]
        fault = self.fault or (fault_of(rule.value()) if rule.errors else None)
        return {
            **told,
            "vocabulary": vocabulary.of(own=self.object.pk if self.object else None),
            "size_url": reverse("customers_segment_size"),
            "suggest_url": reverse("customers_segment_suggest"),
            "sentence": vocabulary.in_words(self.object.rule) if self.object else "",
            "fault": json.dumps(fault) if fault else "",
        }

    def form_valid(self, form: Any) -> HttpResponse:
        """Save, or show at the condition what only the other segments can tell."""
        try:
            return super().form_valid(form)  # type: ignore[misc, no-any-return]
        except rules.RuleError as error:
            self.fault = {"path": error.path, "words": _(error.words)}
            form.add_error("rule", _(error.words))
            self.produced_error_message = self.get_error_message()  # type: ignore[attr-defined]
            return self.form_invalid(form)  # type: ignore[attr-defined, no-any-return]

    def get_success_url(self) -> str:
        """Return the segment's page."""
        return reverse("customers_segments:inspect", args=[self.object.pk])


class SegmentCreate(_RuleForm, generic.CreateView):
    """A new segment, empty or with the rule of another one (`?from=`)."""

    def get_initial(self) -> dict[str, Any]:
        """Return what the form begins with."""
        number = self.request.GET.get("from", "")
        other = Segment.objects.filter(pk=int(number)).first() if number.isdecimal() else None
        if other is None or not self.request.user.has_perm("customers.view_segment"):
            return {}
        name = _("Copy of %(name)s") % {"name": other.name}
        longest = Segment._meta.get_field("name").max_length
        return {
            "name": name[:longest],
            "description": other.description,
            "rule": other.rule,
        }

    def save_instance(self) -> Segment:
        """Make the segment and fill it."""
        told = self.form.cleaned_data
        made = segment.create(
            name=told["name"], description=told["description"], rule=told["rule"], at=clock.now()
        )
        log(instance=made, action="wagtail.create", user=self.request.user)
        hints.after_commit(FILL)
        return made


class SegmentEdit(_RuleForm, generic.EditView):
    """A changed segment."""

    def save_instance(self) -> Segment:
        """Save what changed; people move only if the rule did."""
        changed: Segment = self.form.save()
        rule = self.form.cleaned_data["rule"]
        if rule != changed.rule:
            changed = segment.edit(segment=changed, rule=rule, at=clock.now())
        log(instance=changed, action="wagtail.edit", user=self.request.user)
        hints.after_commit(FILL)
        return changed


class SegmentDelete(generic.DeleteView):
    """Deletes a segment that nothing else stands on."""

    template_name = "customers/segment/delete.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what would go with it, and what forbids it."""
        return {
            **super().get_context_data(**kwargs),
            "size": self.object.members.filter(left_at__isnull=True).count(),
            "users": self.users,
        }

    @cached_property
    def users(self) -> list[Use]:
        """What stands on this segment."""
        return explain.uses(segment=self.object)

    def form_valid(self, form: Any) -> HttpResponse:
        """Delete, unless something stands on it."""
        if not self.users:
            with suppress(ProtectedError), transaction.atomic():
                return HttpResponseRedirect(super().form_valid(form).url)
        words = _("“%(name)s” is in use elsewhere and was not deleted.")
        messages.error(self.request, words % {"name": self.object})
        return redirect("customers_segments:index")


class SegmentViewSet(OwnViewSet):
    """Groups of people by rule."""

    model = Segment
    icon = "group"
    name = "customers_segments"
    url_prefix = "customers/segments"
    menu_order = 200
    pages = ("index", "index_results", "add", "edit", "delete", "inspect")
    index_view_class = SegmentList
    add_view_class = SegmentCreate
    edit_view_class = SegmentEdit
    delete_view_class = SegmentDelete
    inspect_view_class = SegmentPage
    inspect_view_enabled = True
    inspect_template_name = "customers/segment/page.html"
    filterset_class = SegmentFilters
    ordering = "name"

    def get_form_class(self, for_update: bool = False) -> type[SegmentForm]:
        """Return the form with the rule."""
        return SegmentForm

    def get_add_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Return nothing of the generic form: the page is our own."""
        return {"form_class": SegmentForm}

    def get_edit_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Return nothing of the generic form: the page is our own."""
        return {"form_class": SegmentForm}

    def get_delete_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Return nothing of the generic page: it warns in our own words."""
        return {}

    def get_urlpatterns(self) -> list[Any]:
        """Return the addresses, those of a segment's people among them."""
        return [
            *super().get_urlpatterns(),
            path("members/<int:pk>/", MemberList.as_view(), name="members"),
            path(
                "members/<int:pk>/results/",
                MemberList.as_view(results_only=True),
                name="members_results",
            ),
            path("why/<int:pk>/", WhoPage.as_view(), name="who"),
            path("why/<int:pk>/<int:profile_pk>/", WhyPage.as_view(), name="why"),
        ]

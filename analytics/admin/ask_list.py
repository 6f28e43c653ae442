"""The list of kept questions, and what is done with one of them."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import django_filters  # type: ignore[import-untyped]
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.generic import View
from wagtail.admin.auth import permission_required
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import BooleanColumn, Column, DateColumn, TitleColumn
from wagtail.admin.views import generic
from wagtail.log_actions import log
from wagtail.permission_policies import ModelPermissionPolicy

from analytics import pose
from analytics.admin.ask_page import refused
from analytics.admin.report import VIEW_REPORTS
from analytics.draw import DASH
from analytics.models import Question
from analytics.questions import KINDS
from dxp.lib import clock
from dxp.users.models import User


def kind_label(question: Question) -> str:
    """Return the kind of a question in words; one that is gone keeps its name."""
    name = str(question.asked.get("kind", ""))
    found = KINDS.members.get(name)
    return _(str(found.label)) if found else name


class _Labeled:
    label: str

    def render_cell_html(self, instance: Any, parent_context: Any) -> str:
        """Return the cell with its heading, for screens without room for a heading row."""
        cell = super().render_cell_html(instance, parent_context)  # type: ignore[misc]
        return SafeString(cell.replace("<td", format_html('<td data-label="{}"', self.label), 1))


class TextColumn(_Labeled, Column):
    """A text; where there is none, a dash."""

    def get_value(self, instance: Any) -> Any:
        """Return the text."""
        return super().get_value(instance) or DASH


class WhenColumn(_Labeled, DateColumn):
    """A moment."""


class YesColumn(_Labeled, BooleanColumn):
    """Yes or no."""


class QuestionFilters(WagtailFilterSet):
    """By kind, by who keeps it, by place."""

    kind = django_filters.ChoiceFilter(
        label=lazy("Kind"),
        field_name="asked__kind",
        choices=lambda: [(kind.name, str(kind.label)) for kind in KINDS],
    )
    created_by = django_filters.ModelChoiceFilter(
        label=lazy("Kept by"),
        queryset=lambda _request: User.objects.filter(pk__in=Question.objects.values("created_by")),
    )

    class Meta:
        model = Question
        fields = ["kind", "created_by", "on_home"]


class QuestionList(generic.IndexView):
    """All kept questions."""

    model = Question
    template_name = "analytics/question/index.html"
    table_classname = "listing dxp-stack"
    page_title = lazy("Questions")
    header_icon = "help"
    add_item_label = lazy("Ask a question")
    index_url_name = "analytics_questions"
    index_results_url_name = "analytics_questions_results"
    add_url_name = "analytics_question_new"
    permission_policy = ModelPermissionPolicy(Question)
    any_permission_required = ["view", "add", "change", "delete"]
    is_searchable = True
    search_fields = ["name", "description"]
    filterset_class = QuestionFilters
    default_ordering = "name"
    paginate_by = 50
    _show_breadcrumbs = True

    @method_decorator(permission_required(VIEW_REPORTS))
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Refuse those who may not see reports."""
        found: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return found

    def get_base_queryset(self) -> QuerySet[Question]:
        """Return kept questions with who keeps them."""
        return Question.objects.select_related("created_by")

    def get_add_url(self) -> str | None:
        """Return where a question is asked: everybody here may, without keeping it."""
        return reverse("analytics_question_new")

    @cached_property
    def list_display(self) -> list[Any]:
        """Return the columns."""
        return [
            TitleColumn(
                "name",
                label=_("Name"),
                get_url=lambda one: reverse("analytics_question", args=[one.pk]),
                sort_key="name",
            ),
            TextColumn("kind", label=_("Kind"), accessor=kind_label),
            TextColumn("description", label=_("Description")),
            TextColumn("created_by", label=_("Kept by"), accessor=lambda one: one.created_by),
            YesColumn("on_home", label=_("On the home page"), sort_key="on_home"),
            WhenColumn("changed_at", label=_("Changed"), sort_key="changed_at"),
        ]


class QuestionCopy(View):
    """Keeps a question once more."""

    @method_decorator(permission_required("analytics.add_question"))
    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Copy it and go there."""
        user: Any = request.user
        question = get_object_or_404(Question, pk=pk)
        name = _("Copy of %(name)s") % {"name": question.name}
        made = pose.copy(question=question, name=name, at=clock.now(), by=user)
        log(instance=made, action="wagtail.create", user=user)
        messages.success(request, _("“%(name)s” is kept.") % {"name": made.name})
        return redirect("analytics_question", made.pk)


class QuestionDelete(generic.DeleteView):
    """Asks whether to give a question up, and does it."""

    model = Question
    template_name = "analytics/question/delete.html"
    permission_policy = ModelPermissionPolicy(Question)
    index_url_name = "analytics_questions"
    delete_url_name = "analytics_question_delete"
    header_icon = "help"

    def delete_action(self) -> None:
        """Give it up."""
        log(instance=self.object, action="wagtail.delete", user=self.request.user)
        pose.remove(question=self.object)


class QuestionHome(View):
    """Puts a question on the home page, or takes it away from there."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Turn the switch."""
        if not request.user.has_perm("analytics.change_question"):
            return refused(request)
        user: Any = request.user
        question = get_object_or_404(Question, pk=pk)
        wanted = request.POST.get("on_home") == "1"
        try:
            made = pose.edit(
                question=question, revision=question.revision, on_home=wanted, at=clock.now()
            )
        except pose.SomebodyWasFaster:
            messages.error(request, _("Somebody changed this question just now. Try again."))
            return redirect("analytics_question", pk)
        log(instance=made, action="wagtail.edit", user=user)
        words = (
            _("“%(name)s” is on the home page.") if wanted else _("“%(name)s” left the home page.")
        )
        messages.success(request, words % {"name": made.name})
        return redirect("analytics_question", pk)

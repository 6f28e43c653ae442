"""Forms in the admin: built from questions, and what people answered."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import django_filters
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, QuerySet, TextField
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from wagtail.admin import messages
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.panels import FieldPanel, MultiFieldPanel, PublishingPanel
from wagtail.admin.ui.tables import (
    Column,
    DateColumn,
    LiveStatusTagColumn,
    NumberColumn,
    TitleColumn,
    UpdatedAtColumn,
)
from wagtail.admin.views import generic
from wagtail.log_actions import log
from wagtail.snippets.views.snippets import SnippetViewSet

from content.blocks import asked
from content.models import Form, Submission
from dxp.lib.guard import GuardedViewSetMixin

# A spreadsheet runs a cell that begins like this as a formula; visitors choose what they write.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class SubmissionFilter(WagtailFilterSet):
    """By day."""

    at = django_filters.DateFromToRangeFilter(label=lazy("Sent"), widget=DateRangePickerWidget)

    class Meta:
        model = Submission
        fields = ["at"]


class AnswerColumn(Column):
    """What was answered to one question."""

    def get_value(self, instance: Any) -> str:
        """Return the answer in words."""
        return words_of({key: value for key, _label, value in instance.answers}.get(self.name))


class TickColumn(Column):
    """A box to tick, for what is deleted."""

    cell_template_name = "content/forms/_tick.html"


class PersonColumn(Column):
    """Who sent it, as far as known; a link for who may see people."""

    cell_template_name = "content/forms/_person.html"

    def get_cell_context_data(self, instance: Any, parent_context: Any) -> dict[str, Any]:
        """Return the cell's variables."""
        told = super().get_cell_context_data(instance, parent_context)
        user = parent_context["request"].user
        told["may_see"] = bool(instance.profile_id) and user.has_perm("customers.view_profile")
        return dict(told)


class Submissions(generic.IndexView):
    """What people wrote into one form: searched, by day, downloaded, deleted."""

    model = Submission
    template_name = "content/forms/submissions.html"
    page_title = lazy("Answers")
    header_icon = "form"
    filterset_class = SubmissionFilter
    is_searchable = True
    search_fields = ["answers"]
    paginate_by = 50
    default_ordering = "-at"
    list_export = ["at", "page", "profile_id"]
    permission_required = "view"
    index_url_name = "content_forms:submissions"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Find the form."""
        super().setup(request, *args, **kwargs)
        self.form_asked = get_object_or_404(Form, pk=kwargs["pk"])

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Refuse whoever may not read what people wrote.

        Raises:
            PermissionDenied: so.
        """
        if not request.user.has_perm("content.view_submission"):
            raise PermissionDenied
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Delete what was ticked.

        Raises:
            PermissionDenied: whoever may read need not be one who may delete.
        """
        if not request.user.has_perm("content.delete_submission"):
            raise PermissionDenied
        ids = [int(one) for one in request.POST.getlist("id") if one.isdigit()]
        gone, _each = Submission.objects.filter(form=self.form_asked, pk__in=ids).delete()
        if gone:
            log(
                instance=self.form_asked, action="wagtail.edit", user=request.user,
                data={"deleted_submissions": gone},
            )  # fmt: skip
            messages.success(request, _("%(count)s answers are deleted.") % {"count": gone})
        return redirect(self.get_index_url())

    def get_index_url(self) -> str:
        """Return this page."""
        return reverse("content_forms:submissions", args=[self.form_asked.pk])

    def get_index_results_url(self) -> str:
        """Return the rows alone, for searching while one types."""
        return reverse("content_forms:submissions_results", args=[self.form_asked.pk])

    def get_page_subtitle(self) -> str:
        """Return the form's name."""
        return str(self.form_asked.name)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Return the way here."""
        return [
            {"url": reverse("wagtailadmin_home"), "label": _("Home")},
            {"url": reverse("content_forms:list"), "label": _("Forms")},
            {"url": reverse("content_forms:edit", args=[self.form_asked.pk]),
             "label": self.form_asked.name},
            {"url": "", "label": _("Answers")},
        ]  # fmt: skip

    def get_base_queryset(self) -> QuerySet[Submission]:
        """Return this form's submissions."""
        return Submission.objects.filter(form=self.form_asked).select_related("page", "profile")

    def search_queryset(self, queryset: QuerySet[Submission]) -> QuerySet[Submission]:
        """Return those in whose answers the words stand."""
        if not self.search_query:
            return queryset
        wanted = str(self.search_query).replace("\x00", "")
        found = queryset.annotate(said=Cast("answers", TextField()))
        return found.filter(said__icontains=wanted)

    @cached_property
    def questions(self) -> list[tuple[str, str]]:
        """The short names and words of the questions asked now."""
        return [
            (asked.key_of(one), str(one.value["label"]))
            for one in self.form_asked.fields
            if one.block_type != asked.CONSENT
        ]

    @cached_property
    def columns(self) -> list[Any]:
        """A column for each of the first questions."""
        may_delete = self.request.user.has_perm("content.delete_submission")
        return [
            *([TickColumn("tick", label="")] if may_delete else []),
            DateColumn("at", label=_("Sent"), sort_key="at"),
            *(AnswerColumn(key, label=label[:60]) for key, label in self.questions[:5]),
            PersonColumn("profile", label=_("Person")),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the page's variables."""
        told = super().get_context_data(**kwargs)
        may_delete = self.request.user.has_perm("content.delete_submission")
        return {**told, "form_asked": self.form_asked, "may_delete": may_delete}

    def stream_csv(self, queryset: QuerySet[Submission]) -> Iterator[str]:
        """Yield the lines of the export: a column for each question that was ever asked."""
        import csv

        line = csv.writer(Echo())
        keys = [key for key, _label in self.questions]
        yield line.writerow(["sent", "page", "person", *keys])
        for one in queryset.iterator(chunk_size=500):
            said = {key: words_of(value) for key, _label, value in one.answers}
            page = one.page.url if one.page else ""
            person = one.profile.public_id if one.profile else ""
            cells = [one.at.isoformat(), page, person, *(said.get(key, "") for key in keys)]
            yield line.writerow([guarded(str(cell)) for cell in cells])


class Echo:
    """What csv writes to: hands each line back."""

    def write(self, line: str) -> str:
        """Return the line."""
        return line


def guarded(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def words_of(value: Any) -> str:
    """Return an answer in words."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


class SentColumn(NumberColumn):
    """How often a form was sent, as a link to what was written."""

    cell_template_name = "content/forms/_sent.html"


class FormViewSet(GuardedViewSetMixin, SnippetViewSet):
    """Forms: questions in their order, drafts, and answers."""

    model = Form
    icon = "form"
    menu_label = lazy("Forms")
    add_to_admin_menu = True
    menu_order = 320
    url_namespace = "content_forms"
    # Not "forms": there Wagtail lists its own pages of forms.
    base_url_path = "form-builder"
    list_display = [
        TitleColumn(
            "name", label=lazy("Name"), sort_key="name",
            get_url=lambda one: reverse("content_forms:edit", args=[one.pk]),
        ),
        SentColumn("sent", label=lazy("Sent")),
        DateColumn("last", label=lazy("Last")),
        UpdatedAtColumn(),
        LiveStatusTagColumn(),
    ]  # fmt: skip
    panels = [
        FieldPanel("name"),
        FieldPanel("slug"),
        MultiFieldPanel(
            [FieldPanel("heading"), FieldPanel("intro")], heading=lazy("Above the questions")
        ),
        FieldPanel("fields"),
        MultiFieldPanel(
            [FieldPanel("button"), FieldPanel("thanks"), FieldPanel("thanks_page")],
            heading=lazy("Sending"),
        ),
        MultiFieldPanel(
            [FieldPanel("most_new"), FieldPanel("keep_days")], heading=lazy("People's data")
        ),
        PublishingPanel(),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Form]:
        """Return forms with how often they were sent."""
        return Form.objects.annotate(sent=Count("submissions"), last=Max("submissions__at"))

    def get_urlpatterns(self) -> list[Any]:
        """Return Wagtail's addresses and the page of answers."""
        own = path("<int:pk>/answers/", Submissions.as_view(), name="submissions")
        rows = path(
            "<int:pk>/answers/results/",
            Submissions.as_view(results_only=True),
            name="submissions_results",
        )
        return [*super().get_urlpatterns(), own, rows]

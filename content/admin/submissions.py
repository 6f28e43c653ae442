"""What people wrote into a form: searched, by day, read one by one, downloaded, deleted."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import django_filters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET
from wagtail.admin import messages
from wagtail.admin.auth import permission_required
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.ui.tables import Column
from wagtail.admin.views import generic
from wagtail.admin.widgets.button import Button
from wagtail.log_actions import log
from wagtail.models import Page

from content.admin.columns import TextColumn
from content.blocks import asked
from content.models import Form, Submission
from dxp.lib import sheets

VIEW, DELETE = "content.view_submission", "content.delete_submission"
PEOPLE = "customers.view_profile"
# So many answers stand in the list; one look shows all of them.
COLUMNS, LONGEST = 5, 60


class SubmissionFilter(WagtailFilterSet):
    """By day."""

    at = django_filters.DateFromToRangeFilter(label=lazy("Sent"), widget=DateRangePickerWidget)

    class Meta:
        model = Submission
        fields = ["at"]


class AnswerColumn(TextColumn):
    """What was answered to one question."""

    def get_value(self, instance: Any) -> str:
        """Return the beginning of the answer in words."""
        said = {key: value for key, _label, value in instance.answers}.get(self.name)
        return Truncator(words_of(said)).chars(LONGEST) or "—"


class SentColumn(TextColumn):
    """When it was sent, as a link to all of it."""

    cell_template_name = "content/forms/_when.html"


class TickColumn(Column):
    """A box to tick, for what is deleted."""

    cell_template_name = "content/forms/_tick.html"


class PersonColumn(TextColumn):
    """Who sent it, as far as known; a link for who may see people."""

    cell_template_name = "content/forms/_person.html"

    def get_cell_context_data(self, instance: Any, parent_context: Any) -> dict[str, Any]:
        """Return the cell's variables."""
        told = super().get_cell_context_data(instance, parent_context)
        told["may_see"] = parent_context["request"].user.has_perm(PEOPLE)
        return dict(told)


class Submissions(generic.IndexView):
    """What people wrote into one form."""

    model = Submission
    template_name = "content/forms/submissions.html"
    table_classname = "listing dxp-stack"
    page_title = lazy("Answers")
    header_icon = "form"
    filterset_class = SubmissionFilter
    is_searchable = True
    search_fields = ["answers"]
    paginate_by = 50
    default_ordering = "-at"
    # Only CSV: it is streamed.
    list_export = ["answers"]
    FORMATS = (generic.IndexView.FORMAT_CSV,)
    permission_required = "view"
    index_url_name = "content_forms:submissions"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Find the form."""
        super().setup(request, *args, **kwargs)
        self.form_asked = get_object_or_404(Form, pk=kwargs["pk"])

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Refuse whoever may not read what people wrote.

        Raises:
            PermissionDenied: so.
        """
        if not request.user.has_perm(VIEW):
            raise PermissionDenied
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Delete what was ticked, once it was asked whether that is meant.

        Raises:
            PermissionDenied: whoever may read need not be one who may delete.
        """
        if not request.user.has_perm(DELETE):
            raise PermissionDenied
        ids = [int(one) for one in request.POST.getlist("id") if one.isdecimal()][:1000]
        chosen = Submission.objects.filter(form=self.form_asked, pk__in=ids)
        if not ids or "sure" in request.POST:
            return self._delete(chosen)
        told = {
            "chosen": chosen,
            "form_asked": self.form_asked,
            "page_title": _("Delete"),
            "header_title": _("Delete"),
            "header_icon": "bin",
            "breadcrumbs_items": _crumbs(self.form_asked, _("Delete")),
        }
        return render(request, "content/forms/delete.html", told)

    def _delete(self, chosen: QuerySet[Submission]) -> HttpResponse:
        gone, _each = chosen.delete()
        if gone:
            log(
                instance=self.form_asked, action="wagtail.edit", user=self.request.user,
                data={"deleted_submissions": gone},
            )  # fmt: skip
            words = ngettext("One answer is deleted.", "%(count)s answers are deleted.", gone)
            messages.success(self.request, words % {"count": gone})
        else:
            messages.warning(self.request, _("Nothing was ticked."))
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
        return _crumbs(self.form_asked)

    @cached_property
    def no_results_message(self) -> str:
        """Return what stands where rows would."""
        if self.is_searching or self.is_filtering:
            return str(super().no_results_message)
        return _("Nobody has sent this form yet.")

    @cached_property
    def header_more_buttons(self) -> list[Button]:
        """Return what the menu of the heading offers."""
        return [
            Button(_("Download CSV"), url=self.csv_export_url, icon_name="download", priority=100)
        ]

    def get_base_queryset(self) -> QuerySet[Submission]:
        """Return this form's submissions."""
        return Submission.objects.filter(form=self.form_asked)

    def search_queryset(self, queryset: Any) -> QuerySet[Submission]:
        """Return those in whose answers the words stand."""
        found: QuerySet[Submission] = queryset.saying(str(self.search_query or ""))
        return found

    @cached_property
    def columns(self) -> list[Any]:
        """A column for each of the first questions."""
        may_delete = self.request.user.has_perm(DELETE)
        asks = [one for one in self.form_asked.fields if one.block_type != asked.CONSENT]
        return [
            *([TickColumn("tick", label="")] if may_delete else []),
            SentColumn("at", label=_("Sent"), sort_key="at"),
            *(
                AnswerColumn(asked.key_of(one), label=str(one.value["label"])[:60])
                for one in asks[:COLUMNS]
            ),
            PersonColumn("profile_id", label=_("Person")),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the page's variables."""
        may_delete = self.request.user.has_perm(DELETE)
        return {**super().get_context_data(**kwargs), "may_delete": may_delete}

    def get_filename(self) -> str:
        """Return the name of the file that is downloaded."""
        return str(self.form_asked.slug)

    def stream_csv(self, queryset: QuerySet[Submission]) -> Iterator[str]:
        """Yield the lines of the export: a column for each question that was ever answered."""
        now = [asked.key_of(one) for one in self.form_asked.fields]
        ever = Submission.objects.filter(form=self.form_asked).keys()
        keys = [key for key in dict.fromkeys([*now, *ever]) if key != asked.CONSENT]
        # A mark that tells spreadsheets which letters these are.
        yield "\ufeff"
        yield from sheets.lines([["sent", "page", "person", *keys]])
        yield from sheets.lines(_cells(queryset, keys))


def _cells(found: QuerySet[Submission], keys: list[str]) -> Iterator[list[Any]]:
    pages: dict[int | None, str] = {None: ""}
    told = found.values_list("at", "page_id", "profile__public_id", "answers")
    for at, page_id, person, answers in told.iterator(chunk_size=1000):
        if page_id not in pages:
            pages[page_id] = Page.objects.get(pk=page_id).url or ""
        said = {key: value for key, _label, value in answers}
        cells = [_cell(said.get(key)) for key in keys]
        yield [at.isoformat(), pages[page_id], str(person or ""), *cells]


def _cell(value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number else words_of(value)


@require_GET
@permission_required(VIEW)
def one(request: HttpRequest, pk: int, submission: int) -> HttpResponse:
    """Show everything that somebody wrote into a form."""
    found = Submission.objects.select_related("form", "page", "profile")
    asked_for = get_object_or_404(found, pk=submission, form=pk)
    told = {
        "submission": asked_for,
        "answers": [(label or key, words_of(value)) for key, label, value in asked_for.answers],
        "may_see": request.user.has_perm(PEOPLE),
        "may_delete": request.user.has_perm(DELETE),
        "page_title": _("Answers"),
        "header_title": asked_for.form.name,
        "header_icon": "form",
        "breadcrumbs_items": _crumbs(asked_for.form, _("One submission")),
    }
    return render(request, "content/forms/submission.html", told)


def _crumbs(form: Form, here: str = "") -> list[dict[str, Any]]:
    answers = reverse("content_forms:submissions", args=[form.pk])
    return [
        {"url": reverse("wagtailadmin_home"), "label": _("Home")},
        {"url": reverse("content_forms:list"), "label": _("Forms")},
        {"url": reverse("content_forms:edit", args=[form.pk]), "label": form.name},
        {"url": answers if here else "", "label": _("Answers")},
        *([{"url": "", "label": here}] if here else []),
    ]


def words_of(value: Any) -> str:
    """Return an answer in words."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def urls() -> list[URLPattern]:
    """Return the addresses of these pages, as the forms' viewset takes them."""
    rows = Submissions.as_view(results_only=True)
    return [
        path("<int:pk>/answers/", Submissions.as_view(), name="submissions"),
        path("<int:pk>/answers/results/", rows, name="submissions_results"),
        path("<int:pk>/answers/<int:submission>/", one, name="submission"),
    ]

"""What was done to many things, what still goes on, and how far it is."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST
from wagtail.admin import messages
from wagtail.admin.ui.tables import Column, DateColumn, TitleColumn, UserColumn
from wagtail.admin.views import generic

from content import bulk
from content.models import BulkRun
from dxp.lib import clock


class RunList(generic.IndexView):
    """What was done to many things, and what still goes on: one's own, or everybody's."""

    model = BulkRun
    any_permission_required = ["view"]
    page_title = lazy("Acts on many")
    header_icon = "tasks"
    index_url_name = "content_bulk:index"
    default_ordering = "-asked_at"
    is_searchable = False
    columns = [
        TitleColumn(
            "act", label=lazy("What"), accessor=lambda run: said(run),
            get_url=lambda run: reverse("content_bulk:progress", args=[run.pk]),
        ),
        Column("state", label=lazy("State"), accessor="get_state_display"),
        Column("done", label=lazy("Done")),
        Column("refused", label=lazy("Left out")),
        UserColumn("by", label=lazy("By")),
        DateColumn("asked_at", label=lazy("Asked")),
    ]  # fmt: skip

    def get_base_queryset(self) -> Any:
        """Return the runs that one may see."""
        return _mine(self.request).select_related("by", "content_type").defer("asked", "faults")


def _mine(request: HttpRequest) -> Any:
    runs = BulkRun.objects.all()
    return runs if request.user.is_superuser else runs.filter(by_id=request.user.pk)


def said(run: BulkRun) -> str:
    """Return a run in words."""
    try:
        label = str(bulk.acts.get(run.act).label)
    except LookupError:
        label = run.act
    model = run.content_type.model_class()
    noun = model._meta.verbose_name_plural if model is not None else run.content_type.model
    return f"{label}: {run.total} {noun}"


def _round(request: HttpRequest, pk: int) -> dict[str, Any]:
    run = get_object_or_404(_mine(request).select_related("by", "content_type"), pk=pk)
    state = BulkRun.State
    return {
        "run": run, "tried": run.done + run.refused, "said": said(run),
        "goes_on": run.state in {state.WAITING, state.RUNNING},
        "filters": run.asked.get("words_of_list") or {},
        "piece_url": reverse("content_bulk:piece", args=[pk]),
    }  # fmt: skip


def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer the page of one run."""
    told = _round(request, pk)
    return render(request, "content/bulk/progress.html", {**told, **head(told["said"], "tasks")})


def piece(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer how far a run is, for the page that refreshes itself."""
    return render(request, "content/bulk/_progress.html", _round(request, pk))


@require_POST
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop a run."""
    run = get_object_or_404(_mine(request), pk=pk)
    if bulk.stop(run=run, at=clock.now()):
        messages.success(request, _("It was stopped. What was done stays done."))
    return redirect("content_bulk:progress", pk)


def head(title: str, icon: str) -> dict[str, Any]:
    """Return what stands above a page of runs."""
    crumbs = [
        {"url": reverse("wagtailadmin_home"), "label": _("Home")},
        {"url": reverse("content_bulk:index"), "label": _("Acts on many")},
        {"url": "", "label": title},
    ]
    return {"header_title": title, "header_icon": icon, "breadcrumbs_items": crumbs}


def urls() -> Any:
    """Return the addresses of runs."""
    return [
        path("", RunList.as_view(), name="index"),
        path("<int:pk>/", progress, name="progress"),
        path("<int:pk>/piece/", piece, name="piece"),
        path("<int:pk>/stop/", stop, name="stop"),
    ], "content_bulk"

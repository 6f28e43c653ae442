"""What an automatic check found, in the editor of what it gave back; and tasks that failed."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST
from wagtail.admin import messages
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet

from content import background, examine
from content.admin.columns import StateColumn, TextColumn, WhenColumn
from content.models import BackgroundTask
from dxp.lib import clock

CHANGE = "content.change_backgroundtask"


def show_findings(request: HttpRequest, thing: Any) -> None:
    """Tell an editor why the check gave this back, with the way to each block."""
    if request.method != "GET":
        return
    state = examine.latest(thing)
    if state is None or not state.findings:
        return
    found = [
        {**one, "anchor": f"#:w:contentpath={one['field']}.{one['block']}" if one["block"]
         else (f"#:w:contentpath={one['field']}" if one["field"] else "")}
        for one in state.findings
    ]  # fmt: skip
    words = render_to_string(
        "content/review/findings.html",
        {"stops": [one for one in found if one["stops"]],
         "notes": [one for one in found if not one["stops"]]},
    )  # fmt: skip
    messages.warning(request, words, extra_tags="safe")


class TaskList(generic.IndexView):  # type: ignore[misc]
    """Tasks in the background: those that failed first of all."""

    template_name = "content/review/tasks.html"
    page_title = lazy("Background tasks")
    any_permission_required = ["view"]
    table_classname = "listing dxp-stack"
    default_ordering = "-enqueued_at"
    list_display = [
        TextColumn("task", label=lazy("Task"), accessor=lambda one: one.task.rpartition(".")[2]),
        TextColumn("args", label=lazy("About"), accessor=lambda one: about(one)),
        StateColumn(
            "state", label=lazy("State"), accessor="get_state_display",
            primary=lambda one: one.state == "DONE",
        ),
        TextColumn("attempts", label=lazy("Attempts")),
        WhenColumn("enqueued_at", label=lazy("Asked for")),
        TextColumn("error", label=lazy("Error"), accessor=lambda one: last_words(one)),
    ]  # fmt: skip

    def get_base_queryset(self) -> QuerySet[BackgroundTask]:
        """Return those that are not done, or those that are."""
        done, every = Q(state="DONE"), BackgroundTask.objects.all()
        return every.filter(done) if self.shows_done else every.exclude(done)

    @property
    def shows_done(self) -> bool:
        """Whether those that are done are asked for."""
        return bool(self.request.GET.get("state") == "DONE")

    def get_context_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return them, and whether they may be tried again."""
        may = self.request.user.has_perm(CHANGE)
        failed = BackgroundTask.objects.filter(state="FAILED").count()
        told: dict[str, Any] = super().get_context_data(*args, **kwargs)
        return told | {"failed": failed if may else 0, "done": self.shows_done}


def about(one: BackgroundTask) -> str:
    """Return what a task is about, in short; never a secret: they stand in no task."""
    return ", ".join(str(arg) for arg in one.args if isinstance(arg, str | int))[:100] or "—"


def last_words(one: BackgroundTask) -> str:
    """Return the last line of an error."""
    lines = one.error.strip().splitlines()
    return lines[-1][:300] if lines else "—"


@require_POST
def try_again(request: HttpRequest) -> HttpResponse:
    """Let all tasks that failed be done anew.

    Raises:
        PermissionDenied: the person may not.
    """
    user: Any = request.user
    if not user.has_perm(CHANGE):
        raise PermissionDenied
    failed = list(BackgroundTask.objects.filter(state="FAILED").values_list("pk", flat=True))
    count = background.again(tasks=failed, at=clock.now())
    words = ngettext("%(n)d task is tried again.", "%(n)d tasks are tried again.", count)
    messages.success(request, words % {"n": count})
    return redirect(reverse("content_background:index"))


class BackgroundViewSet(ModelViewSet):  # type: ignore[misc]
    """What waits for a worker, and what a worker could not do."""

    model = BackgroundTask
    name = "content_background"
    url_prefix = "background"
    icon = "cogs"
    menu_label = lazy("Background tasks")
    add_to_settings_menu = True
    add_to_reference_index = False
    copy_view_enabled = False
    form_fields: list[str] = []
    index_view_class = TaskList

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Return what all pages are told: there is a list, and nothing else."""
        told: dict[str, Any] = super().get_common_view_kwargs(**kwargs)
        for page in ("history", "usage", "add", "edit", "delete", "inspect"):
            told[f"{page}_url_name"] = None
        return told

    def get_urlpatterns(self) -> list[Any]:
        """Return the addresses."""
        kept = [one for one in super().get_urlpatterns() if one.name in ("index", "index_results")]
        return [*kept, path("again/", try_again, name="again")]

    def get_permissions_to_register(self) -> QuerySet[Any]:
        """Return the rights that a group may be given."""
        rights = ["view_backgroundtask", "change_backgroundtask"]
        ours: QuerySet[Any] = super().get_permissions_to_register()
        return ours.filter(codename__in=rights)

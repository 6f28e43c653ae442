"""Screens of Wagtail's that answer about a page without asking whose it is: asked for here.

Their addresses stand before Wagtail's own in `dxp/urls.py`, under the same paths. What is found
again by tests/house/test_objects.py after an update of Wagtail belongs here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path, resolve, reverse
from wagtail import hooks
from wagtail.admin.auth import require_admin_access
from wagtail.admin.views.reports.page_types_usage import PageTypesUsageReportView
from wagtail.models import Page, TaskState
from wagtail.permissions import policy_registry

from content import policies

View = Callable[..., HttpResponse]


def visible(user: Any) -> QuerySet[Page]:
    """Return the pages of which somebody may know: those on the site, and those of their rights."""
    pages: QuerySet[Page] = Page.objects.all()
    if user.is_superuser:
        return pages
    mine = policy_registry.get_by_type(Page).explorable_instances(user)
    return pages.filter(Q(live=True) | Q(pk__in=mine.order_by().values("pk")))


@hooks.register("construct_page_chooser_queryset")
def offered(pages: Any, request: HttpRequest) -> Any:
    """Offer no drafts of others when a page is chosen."""
    if request.user.is_superuser:
        return pages
    mine = policy_registry.get_by_type(Page).explorable_instances(request.user)
    return pages.filter(Q(live=True) | Q(id__in=mine.order_by().values_list("pk", flat=True)))


def asking(may: Callable[..., bool]) -> View:
    """Return whatever Wagtail answers at an address, behind a question."""

    def asked(request: HttpRequest, **named: Any) -> HttpResponse:
        if not may(request, **named):
            raise PermissionDenied
        rest = request.path.removeprefix(reverse("wagtailadmin_home").rstrip("/"))
        match = resolve(rest, urlconf="wagtail.admin.urls")
        answer: HttpResponse = match.func(request, *match.args, **match.kwargs)
        return answer

    # Wagtail's address under Wagtail's name: the tables of doors have it already.
    asked.__module__ = "wagtail.admin.views"
    guarded: View = require_admin_access(asked)
    return guarded


def _is_known(request: HttpRequest, parent_page_id: int) -> bool:
    return visible(request.user).filter(pk=parent_page_id).exists()


def _are_known(request: HttpRequest) -> bool:
    try:
        asked = {int(one) for one in request.GET.getlist("id")}
    except ValueError:
        return False
    return visible(request.user).filter(pk__in=asked).count() == len(asked)


def _may_move(request: HttpRequest, page_to_move_id: int, destination_id: int) -> bool:
    page = Page.objects.filter(pk=page_to_move_id).first()
    to = Page.objects.filter(pk=destination_id).first()
    if page is None or to is None:
        return True  # Wagtail's own answer: there is no such page.
    return bool(page.permissions_for_user(request.user).can_move_to(to))


def _may_work_on(request: HttpRequest, page_id: int, **_named: Any) -> bool:
    page = Page.objects.filter(pk=page_id).first()
    return page is None or policies.may(request.user, "change", page)


def _is_its_step(request: HttpRequest, page_id: int, task_state_id: int, **_named: Any) -> bool:
    """Return whether the step of a review named in an address is one of this page's."""
    state = TaskState.objects.filter(pk=task_state_id).select_related("workflow_state").first()
    return state is None or str(state.workflow_state.object_id) == str(page_id)


@hooks.register("construct_admin_api")
def explore(router: Any) -> None:
    """Let signed-in people browse pages in the menu: our API's rule, a token, is for programs.

    Which pages, Wagtail asks the policy. Its lists of pictures and documents stay closed: nothing
    in the admin needs them, and they name files that one may not see.
    """
    # Only here: Wagtail builds its API when addresses are read.
    from rest_framework.permissions import IsAuthenticated
    from wagtail.admin.api.views import PagesAdminAPIViewSet

    menu = type(
        "ExplorerPages",
        (PagesAdminAPIViewSet,),
        {"permission_classes": [IsAuthenticated], "throttle_classes": []},
    )
    router.register_endpoint("pages", menu)


class PageTypes(PageTypesUsageReportView):  # type: ignore[misc]
    """The report on kinds of pages, that names a page last edited only to whoever may know it."""

    def decorate_paginated_queryset(self, page_types: Any) -> Any:
        """Return the kinds, without what is not for this person."""
        found = list(super().decorate_paginated_queryset(page_types))
        ids = [one.last_edited_page.pk for one in found if one.last_edited_page]
        known = set(visible(self.request.user).filter(pk__in=ids).values_list("pk", flat=True))
        for one in found:
            if one.last_edited_page and one.last_edited_page.pk not in known:
                one.last_edited_page = None
        return found


def _types(**options: Any) -> View:
    view = PageTypes.as_view(**options)

    def report(request: HttpRequest) -> HttpResponse:
        answer: HttpResponse = view(request)
        return answer

    report.__module__ = "wagtail.admin.views"
    guarded: View = require_admin_access(report)
    return guarded


def urls() -> list[Any]:
    """Return the addresses, to stand before Wagtail's own."""
    step = "pages/workflow/{}/<int:page_id>/<slug:action_name>/<int:task_state_id>/"
    move = "pages/<int:page_to_move_id>/move/<int:destination_id>/confirm/"
    types = "reports/page-types-usage/"
    return [
        path("choose-page/<int:parent_page_id>/", asking(_is_known)),
        path("choose-page/chosen-multiple/", asking(_are_known)),
        path(move, asking(_may_move)),
        path("pages/workflow/confirm_cancellation/<int:page_id>/", asking(_may_work_on)),
        path(step.format("action"), asking(_is_its_step)),
        path(step.format("collect_action_data"), asking(_is_its_step)),
        path(types, _types()),
        path(f"{types}results/", _types(results_only=True)),
    ]

"""While a page waits for its answer: how far is it, and a way to stop it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe
from wagtail.admin.auth import permission_required

from analytics import desk

VIEW_REPORTS = "analytics.view_reports"


@require_safe
@permission_required(VIEW_REPORTS)
def waits(request: HttpRequest) -> JsonResponse:
    """Say whether a page still has to wait; only its own person knows its name."""
    is_waiting, progress = desk.waits(page=request.GET.get("page", ""))
    return JsonResponse({"waits": is_waiting, "progress": progress})


@require_POST
@permission_required(VIEW_REPORTS)
def stop(request: HttpRequest) -> HttpResponse:
    """Stop what a page waits for, and lead back to it."""
    desk.stop(page=request.POST.get("page", ""))
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = reverse("wagtailadmin_home")
    return redirect(back)

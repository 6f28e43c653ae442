"""A visitor's decision about cookies."""

from __future__ import annotations

import json
from typing import Any

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from content import submit
from content.models import SHELL
from content.views import door
from dxp.lib import clock

# Changes when the words of templates/site/_consent.html change their meaning.
NOTICE = "2026-11"
REFUSED = "dxp_no"
YEAR = 365 * 24 * 3600
HALF_YEAR = YEAR // 2


@require_safe
def settings(request: HttpRequest) -> HttpResponse:
    """Show the choice again, for browsers with and without JavaScript."""
    response = render(request, "site/cookies.html")
    patch_cache_control(response, **SHELL)
    return response


@door.from_our_pages
@require_POST
def decide(request: HttpRequest) -> HttpResponse:
    """Write the decision down and set the one cookie that it allows."""
    said = _said(request)
    choice, page = str(said.get("choice", "")), str(said.get("page", "/"))[:500]
    if choice not in {"accept", "reject"}:
        return HttpResponseBadRequest(_("Say accept or reject."))
    if door.too_often(request, "consent", most=60, seconds=600):
        return HttpResponse(_("Please try again in a few minutes."), status=429)
    kept = submit.tracking(
        anonymous_id=door.anonymous_id(request),
        allowed=choice == "accept",
        evidence=door.evidence(request, page=page, notice=NOTICE),
        at=clock.now(),
    )
    response = _answer(request, choice, page)
    response.headers["Cache-Control"] = "private, no-store"
    if kept:
        # Read by track.js, hence not HttpOnly; it opens nothing.
        _keep(request, response, door.ANONYMOUS_ID, kept, YEAR)
        response.delete_cookie(REFUSED, samesite="Lax")
    else:
        _keep(request, response, REFUSED, "1", HALF_YEAR)
        response.delete_cookie(door.ANONYMOUS_ID, samesite="Lax")
    return response


def _said(request: HttpRequest) -> dict[str, Any]:
    if request.content_type != "application/json":
        return request.POST.dict()
    try:
        said = json.loads(request.body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _answer(request: HttpRequest, choice: str, page: str) -> HttpResponse:
    if request.content_type == "application/json":
        return JsonResponse({"choice": choice})
    safe = url_has_allowed_host_and_scheme(page, {request.get_host()}, request.is_secure())
    return HttpResponseRedirect(page if safe else reverse("content_cookies"), status=303)


def _keep(
    request: HttpRequest, response: HttpResponse, name: str, value: str, seconds: int
) -> None:
    response.set_cookie(
        name, value, max_age=seconds, samesite="Lax", secure=request.is_secure(), path="/"
    )

"""A visitor's decision about cookies."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.html import strip_tags
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from content import context, edge, submit
from content.models import SHELL
from dxp.lib import clock, visitor

CHOICES = {"accept", "choose", "reject"}
YEAR = 365 * 24 * 3600
HALF_YEAR = YEAR // 2


@require_safe
def settings(request: HttpRequest) -> HttpResponse:
    """Show the choice again, for browsers with and without JavaScript."""
    response = render(request, "site/cookies.html")
    patch_cache_control(response, **SHELL)
    return response


@visitor.from_our_pages
@require_POST
def decide(request: HttpRequest) -> HttpResponse:
    """Write the decision down and set the cookies that it allows."""
    said = _said(request)
    choice, page = str(said.get("choice", "")), str(said.get("page", "/"))[:500]
    if choice not in CHOICES:
        return HttpResponseBadRequest(_("Say accept, choose or reject."))
    if visitor.too_often(request, "consent", most=60, seconds=600):
        return HttpResponse(_("Please try again in a few minutes."), status=429)
    allowed = _allowed(choice, said)
    kept = submit.decide(
        anonymous_id=visitor.anonymous_id(request),
        allowed=allowed,
        words=_words(),
        locale=get_language() or "en",
        evidence=visitor.evidence(request, page=page, choice=choice),
        at=clock.now(),
    )
    response = _answer(request, choice, page)
    response.headers["Cache-Control"] = "private, no-store"
    _keep(request, response, kept, allowed)
    return response


def _said(request: HttpRequest) -> dict[str, Any]:
    if request.content_type != "application/json":
        return {**request.POST.dict(), "purposes": request.POST.getlist("purposes")}
    try:
        said = json.loads(request.body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _allowed(choice: str, said: dict[str, Any]) -> set[str]:
    """Return the uses that were allowed, by name."""
    every = {str(purpose) for purpose in submit.OF_VISITORS}
    if choice == "choose":
        ticked = said.get("purposes")
        return every & {str(one) for one in ticked} if isinstance(ticked, list) else set()
    return every if choice == "accept" else set()


def _words() -> str:
    """Return the words of the banner as they stand in its templates now."""
    words = strip_tags(render_to_string("site/_consent_notice.html"))
    lines = (" ".join(line.split()) for line in words.splitlines())
    return "\n".join(line for line in lines if line)


def _answer(request: HttpRequest, choice: str, page: str) -> HttpResponse:
    if request.content_type == "application/json":
        return JsonResponse({"choice": choice})
    safe = url_has_allowed_host_and_scheme(page, {request.get_host()}, request.is_secure())
    return HttpResponseRedirect(page if safe else reverse("content_cookies"), status=303)


def _keep(
    request: HttpRequest, response: HttpResponse, kept: str | None, allowed: Collection[str]
) -> None:
    """Set the visitor's number where one use is allowed, and keep the refusals by name.

    Both are read by our scripts, hence not HttpOnly; they open nothing.
    """
    refused = [str(one) for one in submit.OF_VISITORS if one not in allowed]
    if kept:
        _set(request, response, visitor.ANONYMOUS_ID, kept, YEAR)
    else:
        response.delete_cookie(visitor.ANONYMOUS_ID, samesite="Lax")
    if not kept or submit.OF_VISITORS[1] in refused:
        for name in filter(request.COOKIES.get, (edge.COOKIE, context.COOKIE)):
            response.delete_cookie(name, samesite="Lax")
    if refused:
        _set(request, response, visitor.REFUSED, "-".join(refused) if kept else "1", HALF_YEAR)
    else:
        response.delete_cookie(visitor.REFUSED, samesite="Lax")


def _set(request: HttpRequest, response: HttpResponse, name: str, value: str, seconds: int) -> None:
    response.set_cookie(
        name, value, max_age=seconds, samesite="Lax", secure=request.is_secure(), path="/"
    )

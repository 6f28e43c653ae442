"""Where browsers agree to be pushed to; and the worker that shows what is pushed."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dxp.lib import clock, visitor
from journeys import subscribe as subscriptions
from journeys.subscribe import BadSubscription, Browser

BIGGEST_BODY = 8000
WORKER = "js/journeys/push_worker.js"


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """Send the service worker from the top of the site, where it may look after every page."""
    response = HttpResponse(_worker(), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    return response


@visitor.from_our_pages
@require_POST
def subscribe(request: HttpRequest) -> HttpResponse:
    """Keep a browser that agreed."""
    if visitor.too_often(request, "push", most=30, seconds=600):
        return HttpResponse(_("Please try again in a few minutes."), status=429)
    said = _said(request)
    keys = said.get("keys") if isinstance(said.get("keys"), dict) else {}
    try:
        browser = Browser(
            endpoint=_secure(_text(said, "endpoint")), p256dh=_text(keys, "p256dh"),
            auth=_text(keys, "auth"), agent=request.headers.get("User-Agent", ""),
        )  # fmt: skip
    except (BadSubscription, ValueError) as error:
        return HttpResponseBadRequest(str(error))
    subscriptions.subscribe(
        browser=browser,
        anonymous_id=visitor.anonymous_id(request),
        locale=get_language() or "en",
        evidence=visitor.evidence(request, page=_text(said, "page")[:500]),
        at=clock.now(),
    )
    return _kept_by_nobody({"subscribed": True})


@visitor.from_our_pages
@require_POST
def unsubscribe(request: HttpRequest) -> HttpResponse:
    """Forget a browser; who knows its secret address is that browser."""
    endpoint = _text(_said(request), "endpoint")
    evidence = visitor.evidence(request)
    subscriptions.unsubscribe(endpoint=endpoint, evidence=evidence, at=clock.now())
    return _kept_by_nobody({"subscribed": False})


def _kept_by_nobody(told: dict[str, Any]) -> HttpResponse:
    return JsonResponse(told, headers={"Cache-Control": "private, no-store"})


def _said(request: HttpRequest) -> dict[str, Any]:
    if len(request.body) > BIGGEST_BODY:
        return {}
    try:
        said = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _text(said: Any, name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) and "\0" not in value else ""


def _secure(endpoint: str) -> str:
    """Return the address of a push service; all of them speak https.

    Raises:
        BadSubscription: it is another kind of address.
    """
    if not endpoint.startswith("https://"):
        raise BadSubscription("no address")
    return endpoint


@lru_cache(maxsize=1)
def _worker() -> bytes:
    return (Path(settings.STATICFILES_DIRS[0]) / WORKER).read_bytes()

"""What links in messages lead to."""

from __future__ import annotations

import base64

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from customers import prefer
from customers.models import ContactPoint
from dxp.lib import clock
from dxp.lib.http import visitor_address
from journeys import track
from journeys.compose import CLICK, NOTHING, BadToken, read_token, viewed
from journeys.models import Touch
from journeys.models.messages import PREVIEW_POLICY
from journeys.tasks import house

PICTURE = base64.b64decode(NOTHING.partition(",")[2])


@never_cache
@require_safe
def click(request: HttpRequest, token: str, number: int) -> HttpResponse:
    """Lead on to where a link in a message goes, and note that it was followed.

    Raises:
        Http404: the link was not made by us.
    """
    try:
        delivery, target = track.follow(token=token, number=number)
    except BadToken as error:
        raise Http404 from error
    _touch(request, delivery, Touch.Kind.CLICK, number)
    # Whoever follows the link that no person sees gets an empty page.
    response = HttpResponse(status=302 if target else 204)
    if target:
        response["Location"] = HttpResponseRedirect(target)["Location"]
    response["Cache-Control"] = "no-store, private"
    response["X-Robots-Tag"] = "noindex"
    return response


@never_cache
@require_safe
def opened(request: HttpRequest, token: str) -> HttpResponse:
    """Serve a picture of nothing, and note that a message was opened.

    Raises:
        Http404: the address was not made by us.
    """
    try:
        delivery, _edition = read_token(CLICK, token)
    except BadToken as error:
        raise Http404 from error
    _touch(request, delivery, Touch.Kind.OPEN, 0)
    response = HttpResponse(PICTURE, content_type="image/gif")
    response["Cache-Control"] = "no-store, private"
    return response


def _touch(request: HttpRequest, delivery: int, kind: str, number: int) -> None:
    track.touch(
        delivery=delivery,
        kind=kind,
        number=number,
        agent=request.headers.get("User-Agent", ""),
        network=visitor_address(request.META, proxies=settings.PROXIES),
        head=request.method == "HEAD",
        at=clock.now(),
    )


@never_cache
@require_safe
def view(request: HttpRequest, token: str) -> HttpResponse:
    """Show a message as a page, for mail programs that show it badly.

    Raises:
        Http404: the link was not made by us, or the message is not kept any more.
    """
    try:
        page = viewed(token=token, house=house())
    except BadToken as error:
        raise Http404 from error
    response = HttpResponse(page)
    # What mail programs allow: inline style and pictures, no scripts.
    response["Content-Security-Policy"] = PREVIEW_POLICY
    response["Cache-Control"] = "no-store, private"
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask before a person leaves; mail programs post and are obeyed at once (RFC 8058).

    Reading this page changes nothing, because scanners read every link.

    Raises:
        Http404: the link was not made by us.
    """
    try:
        contact_point, delivery = track.leaver(token=token)
    except BadToken as error:
        raise Http404 from error
    if request.method == "POST" and contact_point is not None:
        track.unsubscribe(
            contact_point=contact_point,
            delivery=delivery,
            evidence={"by": "one-click" if _one_click(request) else "page"},
            at=clock.now(),
        )
    context = {
        "contact_point": contact_point,
        "done": request.method == "POST",
        "preferences": _preferences(contact_point),
    }
    response = render(request, "journeys/unsubscribe.html", context)
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _preferences(contact_point: ContactPoint | None) -> str:
    if contact_point is None:
        return ""
    token = prefer.token(contact_point=contact_point.pk)
    return reverse("customers_preferences", args=[token])


def _one_click(request: HttpRequest) -> bool:
    return request.POST.get("List-Unsubscribe") == "One-Click"

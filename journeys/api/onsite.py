"""The slot for messages on our own pages: what waits, what was seen, what was closed."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST, require_safe

from dxp.lib import clock, visitor
from journeys import show, track
from journeys.compose import BadToken, token
from journeys.models import Touch


@require_safe
def waiting(request: HttpRequest) -> HttpResponse:
    """Answer with the message that waits for this visitor, if there is one."""
    known = visitor.anonymous_id(request)
    found = None
    if known and not visitor.is_robot(request):
        found = show.waiting(anonymous_id=known, at=clock.now())
    told = None
    if found is not None:
        told = {
            "token": token(delivery=found.delivery_id), "title": found.title, "text": found.text,
            "url": found.url,
        }  # fmt: skip
    return JsonResponse({"message": told}, headers={"Cache-Control": "private, no-store"})


@visitor.from_our_pages
@require_POST
def seen(request: HttpRequest, token: str) -> HttpResponse:
    """Note that a message was seen.

    Raises:
        Http404: there is no such message.
    """
    at = clock.now()
    try:
        found = show.shown(token=token, anonymous_id=visitor.anonymous_id(request) or "", at=at)
    except BadToken as error:
        raise Http404 from error
    if found is not None:
        agent = request.headers.get("User-Agent", "")
        track.touch(delivery=found.delivery_id, kind=Touch.Kind.OPEN, at=at, agent=agent)
    return HttpResponse(status=204)


@visitor.from_our_pages
@require_POST
def close(request: HttpRequest, token: str) -> HttpResponse:
    """Put a message away.

    Raises:
        Http404: there is no such message.
    """
    known = visitor.anonymous_id(request) or ""
    try:
        show.close(token=token, anonymous_id=known, at=clock.now())
    except BadToken as error:
        raise Http404 from error
    return HttpResponse(status=204)

"""The way to a page, by its address."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from wagtail import hooks
from wagtail.models import Page
from wagtail.url_routing import RouteResult
from wagtail.views import serve_chain

from content import gather, locate
from content.blocks import shelf


def serve(request: HttpRequest, path: str) -> HttpResponse:
    """Answer with a page, as Wagtail would, but with all that surrounds it fetched at once.

    Raises:
        Http404: no live page is there.
    """
    place = locate.place(host=request.get_host(), port=request.get_port())
    language = translation.get_language()
    page = locate.page(place=place, language=language, path=path) if place else None
    route = RouteResult(page) if page else Page.route_for_request(request, path)
    # Wagtail would show the language that there is, at the address of one that there is not.
    if place is None or route is None or language not in place.roots:
        raise Http404
    for before in hooks.get_hooks("before_serve_page"):
        answer = before(route.page, request, route.args, route.kwargs)
        if isinstance(answer, HttpResponse):
            return answer
    around = gather.around(place=place, language=language, page=route.page)
    request.around = around  # type: ignore[attr-defined]
    page = route.page
    if getattr(page, "picture_id", None):
        page.picture = around.things["image"][page.picture_id]
    with shelf.laid_out(around.things, address=place.address):
        response: Any = _chain()(page, request, route.args, route.kwargs)
        rendered: HttpResponse = response.render() if hasattr(response, "render") else response
    return rendered


def _chain() -> Any:
    chain: Any = serve_chain
    for wrap in reversed(hooks.get_hooks("on_serve_page")):
        chain = wrap(chain)
    return chain

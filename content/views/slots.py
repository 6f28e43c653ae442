"""One call that fills a page's personal slots."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import translation
from django.views.decorators.http import require_safe
from wagtail.models import Page

from content import context, edge, impress, locate, personalize, submit
from content.models import PublicPage
from content.personalize import DEFAULT, Because, Decision, Visitor
from dxp.lib import clock, visitor


@require_safe
def slots(request: HttpRequest) -> HttpResponse:
    """Answer with each wanted slot's variant; its HTML only where the browser lacks it."""
    at = clock.now()
    page = _page(request.GET.get("page", ""))
    translation.activate(locate.language(page=page))
    wanted = request.GET.get("s", "").split(",")
    had = _had(request, page)
    who = _who(request)
    decisions = personalize.decide(
        slots=page.slots(), wanted=wanted, page=page, who=who, context=_came(request), at=at
    )
    answer = {
        slot_id: _told(decision, had.get(slot_id, DEFAULT), request, page)
        for slot_id, decision in decisions.items()
    }
    response = JsonResponse(answer, headers={"Cache-Control": "private, no-store"})
    impress.shown(
        decisions=[one for one in decisions.values() if answer[one.slot]["reason"] != "failed"],
        anonymous_id=visitor.anonymous_id(request) or "", page_id=page.pk, at=at,
    )  # fmt: skip
    _keep_edge_key(request, response, page, who)
    if who is Because.NO_CONSENT:
        _forget_withdrawn(request, response)
    return response


def _page(page_id: str) -> Any:
    if not page_id.isascii() or not page_id.isdigit() or len(page_id) > 9:
        raise Http404
    page = Page.objects.live().public().filter(pk=int(page_id)).first()
    specific = page.specific if page else None
    if not isinstance(specific, PublicPage):
        raise Http404
    return specific


def _had(request: HttpRequest, page: Any) -> dict[str, str]:
    """Return the variants by slot that arrived with the page; none of an older copy of it."""
    if request.GET.get("rev", "") != str(page.live_revision_id or ""):
        return {}
    return dict(one.split(":", 1) for one in request.GET.get("has", "").split(",") if ":" in one)


def _came(request: HttpRequest) -> context.Context:
    return context.of(
        at=clock.now(), query=request.GET.dict(), cookies=request.COOKIES, headers=request.headers,
        host=request.get_host(), country_header=settings.COUNTRY_HEADER,
    )  # fmt: skip


def _who(request: HttpRequest) -> Visitor | Because:
    known = visitor.anonymous_id(request)
    if known is None:
        return Because.NO_CONSENT
    if visitor.is_robot(request):
        return Because.BOT
    return personalize.visitor(anonymous_id=known, at=clock.now())


def _told(decision: Decision, had: str, request: HttpRequest, page: Any) -> dict[str, Any]:
    """Return the answer for one slot; without HTML where what stands there is right."""
    told = {"html": None, "variant": decision.variant, "reason": decision.because}
    if decision.variant == had and not decision.speaks:
        return told
    html = personalize.html(decision, page, request)
    if not html:
        return {"html": None, "variant": DEFAULT, "reason": Because.FAILED}
    return {**told, "html": html}


def _keep_edge_key(
    request: HttpRequest, response: HttpResponse, page: Any, who: Visitor | Because
) -> None:
    """Give a browser the key by which a shared cache finds its copies; take it from strangers."""
    if isinstance(who, Because):
        if request.COOKIES.get(edge.COOKIE) and who is not Because.BOT:
            response.delete_cookie(edge.COOKIE, samesite="Lax")
        return
    if not page.declared():
        return
    before = edge.read(request.COOKIES.get(edge.COOKIE, ""), at=clock.now())
    inside = who.segments & {*page.declared(), *before}
    # Of this page first: a full key drops those of others.
    own = [one for one in page.declared() if one in inside]
    kept = [*own, *sorted(inside - set(own))][: edge.MOST]
    response.set_cookie(
        edge.COOKIE, edge.key(kept, at=clock.now()), max_age=int(edge.STEP.total_seconds()),
        samesite="Lax", secure=request.is_secure(), httponly=True,
    )  # fmt: skip


def _forget_withdrawn(request: HttpRequest, response: HttpResponse) -> None:
    """Take the number from a browser whose person withdrew in another: it learns it here."""
    known = visitor.anonymous_id(request)
    if known and not submit.follows(anonymous_id=known, at=clock.now()):
        response.delete_cookie(visitor.ANONYMOUS_ID, samesite="Lax")

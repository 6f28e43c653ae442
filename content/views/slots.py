"""One call that fills a page's personal slots."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from wagtail.models import Page

from content import personalize, submit
from content.models import PublicPage
from dxp.lib import clock, visitor

MOST = 20


@require_safe
def slots(request: HttpRequest) -> HttpResponse:
    """Answer with each wanted slot's variant; its HTML only where it differs from the default."""
    page = _page(request.GET.get("page", ""))
    wanted = request.GET.get("s", "").split(",")[:MOST]
    who = _who(request)
    decisions = personalize.decide(slots=page.slots(), wanted=wanted, page_id=page.pk, who=who)
    answer = {
        slot_id: {
            "html": _html(decision, request, page) if decision.variant != "default" else None,
            "variant": decision.variant,
            "reason": decision.because,
        }
        for slot_id, decision in decisions.items()
    }
    response = JsonResponse(answer, headers={"Cache-Control": "private, no-store"})
    known = visitor.anonymous_id(request)
    if (
        who is personalize.Because.NO_CONSENT
        and known
        and not submit.follows(anonymous_id=known, at=clock.now())
    ):
        # Withdrawn in another browser of the same person: this one learns it here.
        response.delete_cookie(visitor.ANONYMOUS_ID, samesite="Lax")
    return response


def _page(page_id: str) -> Any:
    if not page_id.isascii() or not page_id.isdigit() or len(page_id) > 9:
        raise Http404
    page = Page.objects.live().public().filter(pk=int(page_id)).first()
    specific = page.specific if page else None
    if not isinstance(specific, PublicPage):
        raise Http404
    return specific


def _who(request: HttpRequest) -> personalize.Visitor | personalize.Because:
    known = visitor.anonymous_id(request)
    if known is None:
        return personalize.Because.NO_CONSENT
    if visitor.is_robot(request):
        return personalize.Because.BOT
    return personalize.visitor(anonymous_id=known, at=clock.now())


def _html(decision: personalize.Decision, request: HttpRequest, page: Any) -> str:
    context = {"request": request, "page": page}
    return "".join(child.render(context=context) for child in decision.content)

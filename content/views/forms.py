"""Forms that editors build: what a visitor is asked, and what they answered."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from content import answer, note
from content.blocks.asked import CONSENT, AskedForm
from content.models import keep_private
from content.views import answering
from customers.identify import BadAddress
from customers.models import ConsentEntry, Source
from dxp.lib import clock, hints, visitor

OFTEN = _("That was a little often. Please try again in ten minutes.")
NO_MAIL = _("We cannot write to this address.")


@visitor.from_our_pages
@require_http_methods(["GET", "HEAD", "POST"])
def form(request: HttpRequest) -> HttpResponse:
    """Say what to ask this visitor; or take the answers in, or show them with their faults.

    Raises:
        Http404: there is no such form in public.
    """
    page, block = answering.block(request, "form")
    if block.value is None or not block.value.live:
        raise Http404
    if request.method != "POST":
        return _known(request, block)
    filled = AskedForm(
        request.POST,
        questions=block.value.fields,
        block_id=block.id,
        asked=request.POST.get("asked", "").split(","),
    )
    if filled.is_valid() and not filled.is_from_a_machine:
        if visitor.too_often(request, "form", most=20, seconds=600):
            filled.add_error(None, OFTEN)
        else:
            _take(request, page, block, filled)
    return _again(request, page, filled) if filled.errors else _thank(request, page, block)


def _known(request: HttpRequest, block: Any) -> HttpResponse:
    known = visitor.anonymous_id(request)
    if known is None or visitor.is_robot(request):
        return keep_private(JsonResponse({"values": {}, "ask": None}))
    values, ask = answer.known(form=block.value, anonymous_id=known, at=clock.now())
    return keep_private(JsonResponse({"values": values, "ask": ask}))


def _take(request: HttpRequest, page: Any, block: Any, filled: AskedForm) -> None:
    source, _created = Source.objects.get_or_create(
        name="Website", defaults={"kind": Source.Kind.BROWSER}
    )
    at = clock.now()
    known = visitor.anonymous_id(request)
    if known and not note.may(anonymous_id=known, purpose=ConsentEntry.Purpose.TRACKING, at=at):
        known = None
    try:
        answer.take(
            form=block.value,
            page_id=page.pk,
            source=source,
            filled=answer.Filled(
                answers=filled.answers(),
                consents=bool(filled.cleaned_data.get(CONSENT)),
                locale=get_language() or "en",
                sender=known or visitor.address(request),
                evidence=visitor.evidence(request, page=page.url),
                context={"page": {"path": page.url, "title": page.title}},
            ),
            anonymous_id=known,
            at=at,
        )
    except BadAddress:
        mail = next(one for one in block.value.fields if one.block_type == "email")
        filled.add_error(mail.value["key"], forms.ValidationError(NO_MAIL))
    else:
        hints.after_commit("customers.tasks.fold")


def _again(request: HttpRequest, page: Any, filled: AskedForm) -> HttpResponse:
    if answering.wants_json(request):
        return answering.faults(filled)
    request.asked_form = filled  # type: ignore[attr-defined]
    response = page.serve(request)
    response.status_code = 422
    return keep_private(response)


def _thank(request: HttpRequest, page: Any, block: Any) -> HttpResponse:
    thanks = block.value.thanks_page
    url = thanks.url if thanks and thanks.live else ""
    if answering.wants_json(request):
        told = {"location": url} if url else {"thanks": block.value.thanks}
        return keep_private(JsonResponse(told))
    if url:
        return keep_private(HttpResponseRedirect(url, status=303))
    request.asked_sent = block.id  # type: ignore[attr-defined]
    return keep_private(page.serve(request))

"""Where gateways tell us what people answered, and what became of messages."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from dxp.lib import clock
from journeys import converse, report, ways
from journeys.channels.base import Unusable
from journeys.channels.sms.kind import BadSignature, Call, Gateway, Heard
from journeys.converse import Answered
from journeys.models import Report, Sender
from journeys.report import Told
from journeys.tasks import house

Kind = Report.Kind
_KINDS = {"delivered": Kind.DELIVERED, "failed": Kind.BOUNCED, "refused": Kind.BOUNCED}
# TwiML that answers nothing; others ignore it.
NOTHING = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'


@csrf_exempt
@require_POST
def hear(request: HttpRequest, sender: int) -> HttpResponse:
    """Take a call of a gateway; nothing is believed that it did not sign.

    Raises:
        Http404: no such sender hears anything.
    """
    found = Sender.objects.filter(pk=sender, channel="sms").first()
    try:
        adapter = ways.open_way(found, house()) if found else None
    except Unusable as error:
        raise Http404 from error
    if not isinstance(adapter, Gateway):
        raise Http404
    try:
        heard = adapter.hear(_call(request))
    except BadSignature:
        return HttpResponse(status=403)
    for one in heard:
        _take(one, f"{adapter.name}:{sender}", request)
    return HttpResponse(NOTHING, content_type="text/xml")


def _call(request: HttpRequest) -> Call:
    body = request.body
    return Call(
        # As the gateway knows us, whatever proxies stand between.
        url=house().site + request.get_full_path(),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        query=request.GET.dict(),
        form=request.POST.dict(),
    )


def _take(one: Heard, source: str, request: HttpRequest) -> None:
    at, key = clock.now(), f"{source}:{one.key}"[:100]
    if not one.status:
        to = Answered("sms", one.address, one.text, key[:80])
        converse.answer(to=to, evidence={"by": source, "text": one.text[:200]}, at=at)
        return
    told = Told(
        key=key, kind=_KINDS[one.status], source=source[:40], at=at, provider_id=one.id,
        hard=one.status == "refused", reason="refused" if one.status == "refused" else "",
        detail=one.detail, channel="sms",
    )  # fmt: skip
    report.report(told=[told], at=at)

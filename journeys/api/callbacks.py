"""Where providers of e-mail tell what became of messages."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from dxp.lib import clock, crypto, hints, outbound
from journeys import ways
from journeys.channels.email import hear
from journeys.channels.email.anymail import HOOK
from journeys.links import BadToken, delivery_of
from journeys.models import Sender
from journeys.report import Told, report
from journeys.tasks import ADVANCE

log = logging.getLogger(__name__)
CONFIRM_SECONDS = 5.0


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def mail(request: HttpRequest, sender: int, provider: str, key: str) -> HttpResponse:
    """Write down what a provider tells; the same told again changes nothing.

    Raises:
        Http404: nobody was given this address.
    """
    found = Sender.objects.filter(pk=sender, channel="email").first()
    if found is None or not hear.is_ours(sender=sender, provider=provider, key=key):
        raise Http404
    if request.method != "POST":
        # Some look whether anybody is there before they accept an address.
        return HttpResponse()
    if url := hear.subscription(provider, request):
        return _confirm(url)
    at = clock.now()
    try:
        news = hear.hear(provider, request, key=_signs(found, provider))
    except hear.BadCallback as error:
        log.warning("A callback of %s for sender %s was refused: %s", provider, sender, error)
        return HttpResponse(status=400)
    if report(told=[_told(one, provider, at) for one in news], at=at):
        hints.after_commit(ADVANCE)
    return HttpResponse()


def _signs(sender: Sender, provider: str) -> str:
    """Return the key with which this sender's own provider signs."""
    try:
        told = ways.secrets_of(sender).get(HOOK, "") if sender.adapter == provider else ""
    except crypto.BrokenSeal:
        return ""
    return str(told)


def _told(heard: hear.Heard, provider: str, at: datetime) -> Told:
    moment = heard.at or at
    return Told(
        key=heard.key, kind=heard.kind, source=provider,
        at=moment if moment.tzinfo else moment.replace(tzinfo=UTC),
        provider_id=heard.message_id, delivery_id=_delivery(heard), address=heard.address,
        hard=heard.hard, reason=heard.reason, detail=heard.detail,
    )  # fmt: skip


def _delivery(heard: hear.Heard) -> int | None:
    for word in (heard.token, heard.message_id):
        try:
            return delivery_of(word)
        except BadToken:
            continue
    return None


def _confirm(url: str) -> HttpResponse:
    """Say yes to Amazon, which asks whether this address wants its news."""
    client = outbound.Client(seconds=CONFIRM_SECONDS)
    try:
        answer = client.ask("GET", url, b"", {})
    except (outbound.Refused, outbound.NotReached, outbound.NoAnswer) as error:
        log.warning("Amazon could not be asked to begin: %s", error)
        return HttpResponse(status=503)
    finally:
        client.close()
    return HttpResponse(status=200 if answer.status == 200 else 502)

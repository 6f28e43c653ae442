"""What is said to a draft while one writes: by its channel, and about whom it leaves empty."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from wagtail.log_actions import log

from customers.models import Segment
from dxp.lib import clock
from journeys import lint, publish
from journeys.admin.message_form import WRITTEN, advice_on, known
from journeys.models import Message
from journeys.tasks import house

LONGEST = 20_000


@require_POST
@never_cache
def advise(request: HttpRequest) -> JsonResponse:
    """Answer what a channel says to what is being written.

    Raises:
        PermissionDenied: this person may write no messages.
    """
    user = request.user
    if not (user.has_perm("journeys.add_message") or user.has_perm("journeys.change_message")):
        raise PermissionDenied
    told = {name: request.POST.get(name, "")[:LONGEST] for name in WRITTEN if name != "body"}
    said = advice_on(known(request.POST.get("channel", "")[:20]), told)
    return JsonResponse({
        "advice": [{"field": one.field, "text": one.text, "blocks": one.blocks} for one in said]
    })


@require_safe
@never_cache
def gaps(request: HttpRequest, pk: int) -> JsonResponse:
    """Answer how many of a segment lack what a message names without a fallback.

    Raises:
        PermissionDenied: this person may not see messages and segments.
    """
    if not request.user.has_perms(["journeys.view_message", "customers.view_segment"]):
        raise PermissionDenied
    message = get_object_or_404(Message, pk=pk).get_latest_revision_as_object()
    asked = request.GET.get("segment", "")
    segment = get_object_or_404(Segment, pk=int(asked) if asked.isdecimal() else 0)
    found = lint.gaps(message=message, segment_id=segment.pk, at=clock.now())
    return JsonResponse({"told": [sentence(one) for one in found]})


@require_POST
@never_cache
def take(request: HttpRequest, pk: int) -> JsonResponse:
    """Let a message say what its fragments say today; what is drafted of it stays a draft.

    Raises:
        PermissionDenied: this person may publish no messages.
    """
    if not request.user.has_perm("journeys.publish_message"):
        raise PermissionDenied
    message = get_object_or_404(Message, pk=pk, live=True, current__isnull=False)
    try:
        publish.take_over(message=message, house=house(), at=clock.now())
    except publish.Missing as error:
        told = _("“%(name)s” is not published any more.") % {"name": error}
        return JsonResponse({"error": told}, status=409)
    log(instance=message, action="wagtail.publish", user=request.user)
    return JsonResponse({})


def sentence(gap: lint.Gap) -> str:
    """Return in words how many lack what."""
    return _("%(variable)s: %(missing)s of %(of)s people have none.") % {
        "variable": gap.variable, "missing": f"{gap.missing:,}", "of": f"{gap.of:,}",
    }  # fmt: skip

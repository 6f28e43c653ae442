"""A journey that begins with a segment, from the segment's own page."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from wagtail.log_actions import log

from customers.models import Segment
from journeys.models import Journey

DRAW = "journeys.add_journey"
LONGEST = 100


@require_POST
def begin(request: HttpRequest, segment: int) -> HttpResponse:
    """Make a draft that lets in whoever enters a segment, and lead to where its steps are drawn.

    Raises:
        PermissionDenied: this person may not draw journeys, or not see segments.
    """
    user = request.user
    if not (user.has_perm(DRAW) and user.has_perm("customers.view_segment")):
        raise PermissionDenied
    group = get_object_or_404(Segment, pk=segment)
    made = Journey.objects.create(
        name=_free(_("Journey with %(segment)s") % {"segment": group.name}),
        entry={"type": "segment", "segment": group.pk, "change": "entered"},
        segment=group,
    )
    log(instance=made, action="wagtail.create", user=user)
    words = _("The draft “%(name)s” lets in whoever enters “%(segment)s”. Add its steps.")
    messages.success(request, words % {"name": made.name, "segment": group.name})
    return redirect("journeys_journeys:edit", made.pk)


def _free(name: str) -> str:
    taken = set(Journey.objects.values_list("name", flat=True))
    found, number = name[:LONGEST], 2
    while found in taken:
        end = f" ({number})"
        found, number = name[: LONGEST - len(end)] + end, number + 1
    return found

"""One size of a picture, for whoever comes before the worker."""

from __future__ import annotations

import time

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe
from wagtail.images.models import Filter
from wagtail.images.utils import verify_signature

from content import renditions
from content.models import Image
from dxp.lib import clock

PATIENCE = 5.0
STEP = 0.1


@require_safe
def size(request: HttpRequest, signature: str, number: int, spec: str) -> HttpResponse:
    """Lead to a size that a page of ours asked for, and make it if nobody has.

    Raises:
        PermissionDenied: no page of ours asked for it.
        Http404: it cannot be made, or may be shown no longer.
    """
    if not verify_signature(signature.encode(), number, spec):
        raise PermissionDenied
    image = get_object_or_404(Image, pk=number)
    if not image.may_be_shown(on=timezone.localdate(clock.now())):
        raise Http404
    key = Filter(spec=spec).get_cache_key(image)
    until = time.monotonic() + PATIENCE
    renditions.one(image=image, spec=spec)
    # Somebody else may be at it.
    while (found := image.renditions.filter(filter_spec=spec, focal_point_key=key).first()) is None:
        if time.monotonic() > until:
            raise Http404
        time.sleep(STEP)
    answer = redirect(found.url)
    patch_cache_control(answer, public=True, max_age=60)
    return answer

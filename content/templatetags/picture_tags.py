"""Whether a picture may be shown, and whom to name for it."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import template
from django.utils import timezone

from content import pagecache
from dxp.lib import clock

register = template.Library()
SOON = timedelta(days=30)


@register.filter
def shown(image: Any) -> Any:
    """Return a picture as long as it may be shown; the caches keep its page no longer either."""
    until = getattr(image, "rights_until_on", None)
    if until is None:
        return image
    if not image.may_be_shown(on=timezone.localdate(clock.now())):
        return None
    pagecache.until(timezone.make_aware(datetime.combine(until + timedelta(days=1), time())))
    return image


@register.inclusion_tag("content/files/_until.html")
def right_to_show(image: Any) -> dict[str, Any]:
    """Return whether pages leave a picture out, or will soon, for its own page."""
    until, today = image.rights_until_on, timezone.localdate(clock.now())
    is_soon = until is not None and until - today <= SOON
    return {"until": until, "is_over": not image.may_be_shown(on=today), "is_soon": is_soon}

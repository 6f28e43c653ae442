"""Tags for pages that visitors see."""

from __future__ import annotations

from django import template
from django.core.cache import cache
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from journeys import subscribe
from journeys.tasks import house

register = template.Library()
KEY_SECONDS = 60


@register.simple_tag
def onsite_slot() -> SafeString:
    """Return the place where a message that waits for the visitor is shown; empty without one."""
    return SafeString(render_to_string("journeys/onsite_slot.html"))


@register.simple_tag
def push_signup() -> SafeString:
    """Return the question whether we may push; nothing while no sender pushes."""

    def look_up() -> str:
        return subscribe.public_key(house=house())

    key = cache.get_or_set(subscribe.PUSH_KEY, look_up, KEY_SECONDS)
    if not key:
        return SafeString("")
    about = {"key": key, "words": subscribe.words()}
    return SafeString(render_to_string("journeys/push_signup.html", about))

"""Tags of this floor."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from dxp.lib import clock
from journeys import depict
from journeys.compose import sample_fill
from journeys.models import Message
from journeys.tasks import house

register = template.Library()


@register.simple_tag
def message_preview(message: Message, mode: str) -> SafeString:
    """Return a draft as a page: light, dark, or the text of programs that show no HTML."""
    shown = sample_fill(message, house=house(), at=clock.now())
    return mark_safe(depict.page(shown, mode=mode, language=get_language() or "en"))  # noqa: S308

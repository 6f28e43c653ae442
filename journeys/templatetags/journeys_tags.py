"""Tags of this floor."""

from __future__ import annotations

from html import escape

from django import template
from django.utils.safestring import SafeString, mark_safe

from dxp.lib import clock
from journeys.compose import sample_fill
from journeys.models import Message
from journeys.tasks import house

register = template.Library()
_DARK = "@media (prefers-color-scheme: dark)"


@register.simple_tag
def message_preview(message: Message, mode: str) -> SafeString:
    """Return a draft as a page: light, dark, or the text of programs that show no HTML."""
    mail = sample_fill(message, house=house(), at=clock.now())
    if mode == "text":
        look = "margin:1.5rem;white-space:pre-wrap;overflow-wrap:anywhere;font:15px/1.5 monospace"
        head = f"<!doctype html><title>{escape(mail.subject)}</title>"
        return mark_safe(f'{head}<pre style="{look}">{escape(mail.text)}</pre>')  # noqa: S308
    # The preview shows one of both, whatever the editor's own screen prefers.
    chosen = "@media all" if mode == "dark" else "@media not all"
    scheme = "dark" if mode == "dark" else "light"
    html = mail.html.replace(_DARK, chosen).replace("light dark", scheme)
    return mark_safe(html)  # noqa: S308

"""How a page shows the blocks of a stream: one that fails is left out, and somebody is told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template
from django.utils.safestring import SafeString

from content import fault
from dxp.lib import clock

register = template.Library()


@register.simple_tag(takes_context=True)
def stream(context: template.Context, blocks: Iterable[Any]) -> SafeString:
    """Return the HTML of each block, whatever becomes of the others."""
    page = context.get("page")
    told: dict[str, Any] = {str(key): value for key, value in context.flatten().items()}
    # Of the block around these: each has an id of its own.
    told.pop("id", None)
    number = getattr(page, "pk", None)
    return fault.rendered(blocks, told, page_id=number, at=clock.now())[0]

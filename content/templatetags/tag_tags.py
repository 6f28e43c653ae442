"""What the pages about tags need."""

from __future__ import annotations

from typing import Any

from django import template
from django.contrib.contenttypes.models import ContentType
from django.utils.formats import number_format

register = template.Library()


@register.filter
def share(value: Any) -> str:
    """Return a share 0..1 in percent; a dash where nothing was measured."""
    if value is None or not isinstance(value, int | float):
        return "—"
    return f"{number_format(round(100 * value, 1), decimal_pos=1)} %"


@register.inclusion_tag("content/tags/section.html")
def tags_of(thing: Any) -> dict[str, Any]:
    """Return the tags of a picture or document, for its own page."""
    return {"kind": ContentType.objects.get_for_model(thing).pk, "number": thing.pk}

"""Tags that say fragments."""

from __future__ import annotations

import json
from typing import Any

from django import template

from content import render
from content.models import Fragment

register = template.Library()


@register.simple_tag
def said(fragment: Fragment, channel: str) -> Any:
    """Return what a channel is given of a fragment."""
    return render.express(fragment, channel)


@register.filter
def as_json(value: Any) -> str:
    """Return a value as JSON that people can read."""
    return json.dumps(value, ensure_ascii=False, indent=2)

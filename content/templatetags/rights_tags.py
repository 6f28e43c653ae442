"""The way to the page of rights, from pages of Wagtail's that have no place for a button."""

from __future__ import annotations

from typing import Any

from django import template

from content import access, grant

register = template.Library()


@register.inclusion_tag("content/access/_way.html", takes_context=True)
def way_to_rights(context: Any, thing: Any) -> dict[str, Any]:
    """Return where the rights on a thing are, for whoever may open them."""
    user, model = context["request"].user, grant.stem(thing)._meta
    return {
        "app_label": model.app_label, "model_name": model.model_name, "pk": thing.pk,
        "shown": access.opens(user, thing),
    }  # fmt: skip

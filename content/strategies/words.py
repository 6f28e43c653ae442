"""A variant that was chosen, and why, in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from content import context as contexts
from content.strategies.base import Because, Choice


def choice(child: Any, *, drawn: bool = False) -> Choice:
    """Return a variant (a list child) as what was chosen."""
    variant = child.value
    reasons: list[str] = []
    if variant["audience"] is not None:
        reasons.append(_("In %(segment)s.") % {"segment": variant["audience"].name})
    if not contexts.is_empty(variant["when"]):
        reasons.append(_("Came as the rule says."))
    if variant["starts"] or variant["ends"]:
        reasons.append(_("Its time is now."))
    if drawn:
        reasons.append(_("Drawn at random."))
    because = Because.SEGMENT if variant["audience"] is not None else Because.CONTEXT
    return Choice(str(child.id), variant["content"], because, " ".join(reasons) or _("Recognized."))

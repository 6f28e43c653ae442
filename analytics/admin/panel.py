"""The home page's panel: the page itself waits for no number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wagtail.admin.ui.components import Component

from analytics.admin.report import VIEW_REPORTS


class WeekPanel(Component):  # type: ignore[misc]
    """Where the last seven days come to stand, for those who may see reports."""

    name = "week"
    template_name = "analytics/week.html"
    order = 50

    def get_context_data(self, parent_context: Mapping[str, Any]) -> dict[str, Any]:
        """Return whether this person may see reports."""
        return {"allowed": parent_context["request"].user.has_perm(VIEW_REPORTS)}

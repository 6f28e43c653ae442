"""Pages about the same."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _
from wagtail.models import Page

from content import recommend
from content.strategies.base import Asked, registry
from content.strategies.shelves import Listing


@registry.register
class Related(Listing):
    """Pages that share the most tags with the one that is read."""

    name = "related"
    words = _("About the same.")

    def pages(self, asked: Asked, most: int) -> Sequence[Page]:
        return recommend.related(asked.page, most)

"""The most read pages."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _
from wagtail.models import Page

from content import recommend
from content.strategies.base import Asked, registry
from content.strategies.shelves import Listing


@registry.register
class Popular(Listing):
    """Pages that most people read lately, in the language of the page."""

    name = "popular"
    words = _("Read by many.")

    def pages(self, asked: Asked, most: int) -> Sequence[Page]:
        return recommend.popular(but=asked.page, most=most)

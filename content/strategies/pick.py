"""The editor's picks."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _
from wagtail.models import Page

from content.strategies.base import Asked, registry
from content.strategies.shelves import Listing, picked


@registry.register
class Pick(Listing):
    """Pages that an editor picked, in that order."""

    name = "pick"
    words = _("Picked by an editor.")

    def pages(self, asked: Asked, most: int) -> Sequence[Page]:
        return picked(asked, most)

"""The pages that somebody looked at last."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _
from wagtail.models import Page

from content import recommend
from content.strategies.base import Asked, registry
from content.strategies.shelves import Listing


@registry.register
class Recent(Listing):
    """Articles and products that this person looked at, the last first."""

    name = "recent"
    words = _("Looked at lately.")

    def pages(self, asked: Asked, most: int) -> Sequence[Page]:
        who = asked.who
        if who.viewed is not None:
            return recommend.at(paths=who.viewed, but=asked.page, most=most)
        if who.profile_id is None:
            return []
        return recommend.recent(profile_id=who.profile_id, but=asked.page, most=most)

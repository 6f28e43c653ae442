"""What all lists of pages share: how many, which fall away, what stands in where one is empty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wagtail.models import Page

from content import recommend
from content.strategies.base import Asked, Because, Choice, Shelf, Strategy


class Listing(Strategy):
    """A list of pages; the editor's picks stand in where it is empty."""

    words: Any = ""

    def pages(self, asked: Asked, most: int) -> Sequence[Page]:
        """Return the pages, the best first."""
        raise NotImplementedError

    def choose(self, asked: Asked) -> Choice | None:
        most = int(asked.value["count"] or 3)
        found = list(self.pages(asked, most)) or picked(asked, most)
        if not found:
            return None
        numbers = "-".join(str(page.pk) for page in found)
        shelf = Shelf(found, asked.slot.id)
        return Choice(self.name, [shelf], Because.LIST, str(self.words), f"{self.name}-{numbers}")


def picked(asked: Asked, most: int) -> list[Page]:
    """Return the pages that the editor picked, without the one that is read and those not live."""
    ids = [page.pk for page in asked.value["picks"] if page is not None]
    return recommend.shown(ids=ids, but=asked.page, most=most)

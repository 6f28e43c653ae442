"""Links to pages in texts."""

from __future__ import annotations

from typing import Any

from django.utils.html import format_html
from wagtail.rich_text.pages import PageLinkHandler

from content.blocks import shelf


class PageLinks(PageLinkHandler):
    """Lead to the page in the language that is read; on a page, without a query of their own."""

    @classmethod
    def get_many(cls, attrs_list: list[dict[str, str]]) -> list[Any]:
        """Return the linked pages, None for each that is gone."""
        found = shelf.take("page", [int(attrs["id"]) for attrs in attrs_list])
        return super().get_many(attrs_list) if found is None else found

    @classmethod
    def expand_db_attributes_many(cls, attrs_list: list[dict[str, str]]) -> list[str]:
        """Return the opening tags of links."""
        return [
            format_html('<a href="{}">', shelf.address(page)) if page else "<a>"
            for page in cls.get_many(attrs_list)
        ]

"""The kinds of pages: thin; how they are served stands in `serving`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.core.paginator import InvalidPage, Paginator
from django.db import models
from django.http import Http404
from django.utils.html import strip_tags
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.models import Page
from wagtail.search import index

from content.blocks import Body, ProductBody
from content.blocks.media import drawings
from content.models.media import Image, sizes_of
from content.models.serving import PublicPage, is_closed
from content.models.taxonomy import Topic
from dxp.lib.streams import BlocksField

WORDS_A_MINUTE = 220


class HomePage(PublicPage):
    """The front door: blocks only."""

    body = BlocksField(Body(), blank=True, verbose_name=_("body"))

    content_panels = [*Page.content_panels, FieldPanel("body")]
    search_fields = [*Page.search_fields, index.SearchField("body")]
    template = "site/home_page.html"

    class Meta:
        verbose_name = _("home page")


class StandardPage(PublicPage):
    """A page of words and blocks: about us, a landing page, contact, thanks."""

    intro = models.TextField(_("introduction"), blank=True)
    body = BlocksField(Body(), blank=True, verbose_name=_("body"))
    is_listed = models.BooleanField(
        _("found by search"),
        default=True,
        help_text=_(
            "Off: neither search engines nor our own search show it, as for a thank-you page."
        ),
    )

    content_panels = [*Page.content_panels, FieldPanel("intro"), FieldPanel("body")]
    promote_panels = [*PublicPage.promote_panels, FieldPanel("is_listed")]
    search_fields = [
        *Page.search_fields,
        index.SearchField("intro"),
        index.SearchField("body"),
    ]
    template = "site/standard_page.html"

    class Meta:
        verbose_name = _("standard page")

    def get_sitemap_urls(self, request: Any = None) -> list[dict[str, Any]]:
        urls: list[dict[str, Any]] = super().get_sitemap_urls(request) if self.is_listed else []
        return urls


class ArticleIndexPage(PublicPage):
    """The list of articles, newest first."""

    # The first one stands large, and two rows of three or four below.
    EACH = 13

    intro = models.TextField(_("introduction"), blank=True)

    content_panels = [*Page.content_panels, FieldPanel("intro")]
    search_fields = [*Page.search_fields, index.SearchField("intro")]
    subpage_types = ["content.ArticlePage"]
    template = "site/article_index_page.html"

    class Meta:
        verbose_name = _("article index")

    def streams(self) -> Any:
        return iter(())

    def get_context(self, request: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        asked = request.GET.get("page", "1")
        try:
            context["pager"] = self._pages().page(asked)
        except InvalidPage:
            raise Http404 from None
        return context

    def get_cached_paths(self) -> Iterator[str]:
        yield "/"
        for number in range(2, self._pages().num_pages + 1):
            yield f"/?page={number}"

    def _pages(self) -> Paginator[Any]:
        return Paginator(ArticlePage.newest(below=self.url_path), self.EACH)


class ArticlePage(PublicPage):
    """Something to read."""

    topic = models.ForeignKey(Topic, models.PROTECT, related_name="+", verbose_name=_("topic"))
    intro = models.TextField(_("introduction"), max_length=400)
    author = models.CharField(_("author"), max_length=80, blank=True)
    published_on = models.DateField(_("date"))
    picture = models.ForeignKey(
        Image, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("image")
    )
    art = models.CharField(
        _("or illustration"),
        max_length=20,
        choices=drawings,
        blank=True,
        help_text=_("Shown where there is no image."),
    )
    body = BlocksField(ProductBody(), verbose_name=_("body"))
    reading_minutes = models.PositiveSmallIntegerField(default=1, editable=False)

    content_panels = [
        *Page.content_panels,
        FieldPanel("intro"),
        MultiFieldPanel(
            [
                FieldPanel("topic"),
                FieldPanel("author"),
                FieldPanel("published_on"),
                FieldPanel("picture"),
                FieldPanel("art"),
            ],
            heading=_("About the article"),
        ),
        FieldPanel("body"),
    ]
    search_fields = [
        *Page.search_fields,
        index.SearchField("intro", boost=2),
        index.SearchField("body"),
        index.FilterField("published_on"),
    ]
    parent_page_types = ["content.ArticleIndexPage"]
    subpage_types: list[str] = []
    template = "site/article_page.html"

    class Meta:
        verbose_name = _("article")

    @classmethod
    def newest(cls, *, below: str) -> Any:
        """Return what everyone may read below an address of the tree, newest first."""
        found = cls.objects.filter(~is_closed(), live=True, url_path__startswith=below)
        found = found.select_related("topic", "picture").prefetch_related(sizes_of("picture"))
        return found.defer_streamfields().order_by("-published_on", "-pk")

    def pictures(self) -> dict[int, set[str]]:
        return {self.picture_id: {"card", "banner"}} if self.picture_id else {}

    def opening(self) -> tuple[Any, str] | None:
        return (self.picture, "banner") if self.picture else None

    def save(self, *args: Any, **kwargs: Any) -> None:
        words = len(re.findall(r"\w+", strip_tags(" ".join(map(str, self.body)))))
        self.reading_minutes = max(1, round(words / WORDS_A_MINUTE))
        super().save(*args, **kwargs)

    def tracked(self) -> tuple[str, dict[str, Any]]:
        return "Article Viewed", {
            "title": self.title,
            "topic": self.topic.name,
            "path": self.get_url() or "",
        }

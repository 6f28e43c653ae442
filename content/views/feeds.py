"""Feeds of articles: of a language, and of one topic in it."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from django.contrib.syndication.views import Feed
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_cache_control
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from content import locate, pagecache
from content.models import SHELL, ArticlePage, Topic

MOST = 30


class Newest(Feed):  # type: ignore[type-arg]
    """The newest articles of a site in the address's language, of one topic if it names one."""

    feed_type = Atom1Feed

    def get_object(self, request: HttpRequest, topic: str = "") -> Any:
        """Return whose feed it is: site, language, topic.

        Raises:
            Http404: the site is not read in this language.
        """
        place = locate.place(host=request.get_host(), port=request.get_port())
        language = translation.get_language()
        if place is None or language not in place.roots:
            raise Http404
        return request, place, language, get_object_or_404(Topic, slug=topic) if topic else None

    def title(self, asked: Any) -> str:
        _request, place, _language, topic = asked
        return f"{place.name}: {topic.name}" if topic else place.name

    def subtitle(self, asked: Any) -> str:
        return _("The newest articles.")

    def link(self, asked: Any) -> str:
        return reverse("wagtail_serve", args=[""])

    def items(self, asked: Any) -> list[ArticlePage]:
        request, place, language, topic = asked
        found = ArticlePage.newest(below=place.roots[language])
        if topic:
            found = found.filter(topic=topic)
        articles = list(found[:MOST])
        for article in articles:
            article.address = article.get_full_url(request)
        return articles

    def item_title(self, item: Any) -> str:
        return str(item.title)

    def item_description(self, item: Any) -> str:
        return str(item.intro)

    def item_link(self, item: Any) -> str:
        return str(item.address)

    def item_author_name(self, item: Any) -> str:
        return str(item.author)

    def item_categories(self, item: Any) -> list[str]:
        return [item.topic.name]

    def item_pubdate(self, item: Any) -> datetime:
        return datetime.combine(item.published_on, time(), UTC)

    def item_updateddate(self, item: Any) -> Any:
        return item.last_published_at or self.item_pubdate(item)


_newest = Newest()


@require_safe
def newest(request: HttpRequest, topic: str = "") -> HttpResponse:
    """Answer with a feed of articles."""
    pagecache.lists("articlepage")
    answer = _newest(request, topic=topic)
    patch_cache_control(answer, **SHELL)
    return answer

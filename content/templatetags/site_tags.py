"""What the public site's templates ask for."""

from __future__ import annotations

import json
from typing import Any

from django import template
from django.core.cache import cache
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from wagtail.models import Page, Site

from content import pagecache
from content.models import ArticlePage, PublicPage
from customers.models import Source

register = template.Library()
KEY_SECONDS = 300


@register.simple_tag(takes_context=True)
def site_menu(context: dict[str, Any]) -> dict[str, Any]:
    """Return the root page, the pages of the menu, and those of the footer."""
    site = Site.find_for_request(context["request"]) if "request" in context else None
    if site is None:
        return {"name": "", "root": None, "all": [], "main": [], "foot": []}
    pages = list(Page.objects.child_of(site.root_page).live().order_by("path"))
    return {
        "name": site.site_name,
        "root": site.root_page,
        "all": pages,
        "main": [page for page in pages if page.show_in_menus],
        "foot": [page for page in pages if not page.show_in_menus],
    }


@register.simple_tag
def write_key() -> str:
    """Return the public key under which this site sends events; empty while it is switched off."""

    def look_up() -> str:
        source, _created = Source.objects.get_or_create(
            name="Website", defaults={"kind": Source.Kind.BROWSER}
        )
        return source.write_key if source.is_active else ""

    return str(cache.get_or_set("content:write-key", look_up, KEY_SECONDS))


@register.simple_tag
def tracked(page: Any) -> SafeString:
    """Return the attributes that tell track.js what a visit to this page means."""
    event = page.tracked() if isinstance(page, PublicPage) else None
    if event is None:
        return SafeString("")
    return _told(*event)


@register.simple_tag
def searched(words: str, results: int) -> SafeString:
    """Return the attributes that tell track.js what was searched for, and how much was found."""
    return _told("Searched", {"query": words, "results": results})


@register.simple_tag
def latest_articles(count: int, exclude: Any = None) -> list[ArticlePage]:
    """Return the newest articles, without the one being read."""
    pagecache.lists("articlepage")
    articles = ArticlePage.objects.live().public().select_related("topic")
    if exclude is not None:
        articles = articles.exclude(pk=exclude.pk)
    return list(articles.order_by("-published_on", "-pk")[:count])


@register.simple_tag
def art(name: str, kind: str = "", alt: str = "", *, eager: bool = False) -> SafeString:
    """Return an illustration of the design as an image of fixed proportions."""
    if not name:
        return SafeString("")
    return format_html(
        '<img class="dxp-art{}" src="{}" alt="{}" width="640" height="480" {}>',
        f" dxp-art--{kind}" if kind else "",
        static(f"img/art/{name}.svg"),
        alt,
        SafeString('fetchpriority="high"' if eager else 'loading="lazy" decoding="async"'),
    )


@register.simple_tag(takes_context=True)
def absolute(context: dict[str, Any], address: str) -> str:
    """Return an address of ours with scheme and host, as canonical links need it."""
    request = context.get("request")
    return str(request.build_absolute_uri(address)) if request else address


@register.filter
def is_below(page: Any, ancestor: Page) -> bool:
    """Return whether a page stands somewhere under another."""
    path = str(getattr(page, "path", ""))
    return path.startswith(ancestor.path) and path != ancestor.path


def _told(name: str, properties: dict[str, Any]) -> SafeString:
    return format_html(' data-event="{}" data-properties="{}"', name, json.dumps(properties))

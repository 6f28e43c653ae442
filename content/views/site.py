"""Search, and what machines ask a site for."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView
from wagtail.contrib.sitemaps.views import sitemap as wagtail_sitemap
from wagtail.models import Page, Site

from content.models import SHELL, StandardPage

MOST = 30


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Search live pages of this site that anybody may read."""
    words = request.GET.get("q", "").replace("\x00", "").strip()[:200]
    site = Site.find_for_request(request)
    found: list[Page] = []
    if words and site:
        unlisted = StandardPage.objects.filter(is_listed=False).values("pk")
        pages = Page.objects.live().public().descendant_of(site.root_page, inclusive=True)
        found = list(pages.exclude(pk__in=unlisted).specific().search(words)[:MOST])
    response = render(request, "site/search.html", {"words": words, "found": found})
    patch_cache_control(response, **SHELL)
    return response


@require_safe
@cache_control(public=True, max_age=3600)
def sitemap(request: HttpRequest) -> HttpResponse:
    """List all public pages for search engines."""
    response: HttpResponse = wagtail_sitemap(request)
    return response


@require_safe
@cache_control(public=True, max_age=3600)
def robots(request: HttpRequest) -> HttpResponse:
    """Tell robots what not to ask for, and where the list of pages is."""
    lines = [
        "User-agent: *",
        "Disallow: /_x/",
        "Disallow: /v1/",
        "Disallow: /admin/",
        f"Disallow: {reverse('content_search')}",
        f"Sitemap: {request.build_absolute_uri(reverse('content_sitemap'))}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain")


class Favicon(RedirectView):
    """Browsers ask for this address whatever the page says."""

    permanent = False

    def get_redirect_url(self, *args: object, **kwargs: object) -> str:
        return static("img/favicon.svg")

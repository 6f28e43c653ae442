"""Search, and what machines ask a site for."""

from __future__ import annotations

from collections import defaultdict
from functools import reduce
from operator import or_
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.translation import get_language, override
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView
from wagtail.contrib.sitemaps import Sitemap
from wagtail.contrib.sitemaps.views import sitemap as wagtail_sitemap
from wagtail.models import Page

from content import bind, gather, locate, protect
from content.models import SHELL, Document, StandardPage

EACH = 20
YEAR = 31_536_000
MOST_DOCUMENTS = 10


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Search live pages of this site, in the language of the address, that anybody may read.

    Raises:
        Http404: the site is not read in this language.
    """
    words = request.GET.get("q", "").replace("\x00", "").strip()[:200]
    place = locate.place(host=request.get_host(), port=request.get_port())
    around = gather.around(place=place, language=get_language()) if place else None
    if around is None or around.home is None:
        raise Http404
    request.around = around  # type: ignore[attr-defined]
    found: Any = ()
    documents: list[Document] = []
    if words:
        unlisted = StandardPage.objects.filter(is_listed=False).values("pk")
        pages = Page.objects.live().public().descendant_of(around.home, inclusive=True)
        found = pages.exclude(pk__in=unlisted).specific().search(words)
    pager = Paginator(found, EACH).get_page(request.GET.get("page"))
    if words and not pager.has_previous():
        hits: Any = protect.public()
        documents = list(hits.search(words)[:MOST_DOCUMENTS])
    told = {"words": words, "pager": pager, "documents": documents}
    response = render(request, "site/search.html", told)
    patch_cache_control(response, **SHELL)
    return response


class Map(Sitemap):
    """All pages that anybody may read, in every language, each with where it is in the others."""

    def items(self) -> Any:
        """Return the pages."""
        place = locate.place(host=self.request.get_host(), port=self.request.get_port())
        roots = place.roots.values() if place else ()
        below = reduce(or_, (Q(url_path__startswith=root) for root in roots), Q(pk=None))
        pages = Page.objects.filter(below, live=True).public()
        spoken: dict[Any, list[dict[str, str]]] = defaultdict(list)
        for page in pages.select_related("locale"):
            where = {
                "lang_code": page.locale.language_code,
                "location": page.get_full_url(self.request),
            }
            spoken[page.translation_key].append(where)
        self.request.spoken = spoken
        return pages.order_by("path").defer_streamfields().specific()


@require_safe
@cache_control(public=True, max_age=3600)
def sitemap(request: HttpRequest) -> HttpResponse:
    """List all public pages for search engines."""
    response: HttpResponse = wagtail_sitemap(request, {"pages": Map})
    return response


@require_safe
@cache_control(public=True, max_age=3600)
def robots(request: HttpRequest) -> HttpResponse:
    """Tell robots what not to ask for, and where the list of pages is."""
    place = locate.place(host=request.get_host(), port=request.get_port())
    searches = []
    for language in place.roots if place else [settings.LANGUAGE_CODE]:
        with override(language):
            searches.append(f"Disallow: {reverse('content_search')}")
    lines = [
        "User-agent: *",
        "Disallow: /_x/",
        "Disallow: /v1/",
        "Disallow: /admin/",
        *searches,
        f"Sitemap: {request.build_absolute_uri(reverse('content_sitemap'))}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain")


@require_safe
def styles(request: HttpRequest, digest: str) -> HttpResponse:
    """Send the site's styles; under their own name they never change."""
    sheet = bind.sheet(folder=settings.ROOT / "static/css")
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    answer = HttpResponse(sheet.packed if packed else sheet.plain, content_type="text/css")
    if packed:
        answer.headers["Content-Encoding"] = "gzip"
    patch_vary_headers(answer, ["Accept-Encoding"])
    # A page that was kept asks for the sheet of its day: it gets today's, for a while.
    kept = {"max_age": YEAR, "immutable": True} if digest == sheet.name else {"max_age": 60}
    patch_cache_control(answer, public=True, **kept)
    return answer


class Favicon(RedirectView):
    """Browsers ask for this address whatever the page says."""

    permanent = False

    def get_redirect_url(self, *args: object, **kwargs: object) -> str:
        return static("img/favicon.svg")

"""What the public site's templates ask for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import template
from django.conf import settings
from django.core.cache import cache
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language_info
from wagtail.models import Page

from content import bind, describe, gather, locate, pagecache, renditions
from content.gather import Around
from content.models import ArticlePage, PublicPage
from content.templatetags.picture_tags import shown
from customers.models import Source

register = template.Library()
KEY_SECONDS = 300


@dataclass(frozen=True)
class Spoken:
    """A language of the site: its own name, and where to go on in it."""

    code: str
    name: str
    address: str
    is_same: bool
    is_here: bool


@register.simple_tag(takes_context=True)
def surroundings(context: dict[str, Any]) -> Around | None:
    """Return what surrounds the page: menus, languages; None where nothing is known of a site."""
    request = context.get("request")
    if request is None:
        return None
    if not hasattr(request, "around"):
        place = locate.place(host=request.get_host(), port=request.get_port())
        page = context.get("page")
        language = translation.get_language()
        request.around = gather.around(place=place, language=language, page=page) if place else None
    around: Around | None = request.around
    return around


@register.simple_tag(takes_context=True)
def address(context: dict[str, Any], page: Any) -> str:
    """Return where a page is."""
    around = surroundings(context)
    return around.place.address(page) if around else str(page.get_url() or "")


@register.simple_tag(takes_context=True)
def languages(context: dict[str, Any]) -> list[Spoken]:
    """Return the languages that the site is read in, with where this place is in each.

    A page that has not been translated leads to the front page of the other language.
    """
    around = surroundings(context)
    if around is None:
        return []
    request, found = context["request"], []
    for code, _name in settings.LANGUAGES:
        if (home := around.homes.get(code)) is None:
            continue
        same = around.translations.get(code)
        place = _same_place(request, code) if context.get("page") is None else None
        found.append(
            Spoken(
                code=code,
                name=str(get_language_info(code)["name_local"]).capitalize(),
                address=place or around.place.address(same or home),
                is_same=bool(place or same),
                is_here=code == around.language,
            )
        )
    return found


def _same_place(request: Any, language: str) -> str | None:
    """Return where a place that is no page is in another language: the search, the cookies."""
    match = request.resolver_match
    if match is None or not match.view_name or not match.view_name.startswith("content_"):
        return None
    with translation.override(language):
        return reverse(match.view_name, args=match.args, kwargs=match.kwargs)


@register.simple_tag
def styles() -> str:
    """Return where the site's styles are."""
    sheet = bind.sheet(folder=settings.ROOT / "static/css")
    return reverse("content_styles", args=[sheet.name])


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
def numbered(number: int, words: str = "") -> str:
    """Return the address of another page of this list, or of what was found."""
    asked = {"q": words} if words else {}
    return "?" + urlencode({**asked, "page": number})


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


@register.simple_tag(takes_context=True)
def latest_articles(context: dict[str, Any], count: int, exclude: Any = None) -> list[ArticlePage]:
    """Return the newest articles in this language, without the one being read."""
    around = surroundings(context)
    if around is None or around.home is None:
        return []
    pagecache.lists("articlepage")
    articles = ArticlePage.newest(below=around.home.url_path)
    if exclude is not None:
        articles = articles.exclude(pk=exclude.pk)
    return list(articles[:count])


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
        _haste(eager=eager),
    )


@register.simple_tag(takes_context=True)
def described(context: dict[str, Any]) -> SafeString:
    """Return what search engines are told of the page: data, which no browser runs."""
    around, request = surroundings(context), context.get("request")
    if around is None or request is None:
        return SafeString("")
    told = describe.graph(
        page=context.get("page"),
        around=around,
        absolute=request.build_absolute_uri,
        search=request.build_absolute_uri(reverse("content_search")),
        image=share_image(context),
    )
    if told is None:
        return SafeString("")
    # As json_script does: no text may end the element.
    data = json.dumps(told, ensure_ascii=False).translate({
        ord("<"): "\\u003c",
        ord(">"): "\\u003e",
        ord("&"): "\\u0026",
    })
    return format_html('<script type="application/ld+json">{}</script>', SafeString(data))


@register.simple_tag
def picture(image: Any, shape: str, alt: str = "", *, eager: bool = False) -> SafeString:
    """Return a picture in the formats and sizes that there are, with room kept for it."""
    steps = renditions.ladder(image=image, shape=shape)
    told = [
        (renditions.FORMATS[form], _srcset(at), steps.sizes) for form, at in steps.sources.items()
    ]
    sources = format_html_join("", '<source type="{}" srcset="{}" sizes="{}">', told)
    return format_html(
        '<picture>{}<img class="dxp-art dxp-art--{}" src="{}" alt="{}" width="{}" height="{}" {}>'
        "</picture>",
        sources, shape, steps.src, alt, steps.width, steps.height, _haste(eager=eager),
    )  # fmt: skip


@register.simple_tag
def preload(page: Any) -> SafeString:
    """Return the line that has a browser load the picture at the top of a page at once."""
    found = _opening(page)
    steps = renditions.ladder(image=found[0], shape=found[1]) if found else None
    if steps is None or not steps.sources:
        return SafeString("")
    form, at = next(iter(steps.sources.items()))
    return format_html(
        '<link rel="preload" as="image" type="{}" imagesrcset="{}" imagesizes="{}"'
        ' fetchpriority="high">',
        renditions.FORMATS[form], _srcset(at), steps.sizes,
    )  # fmt: skip


@register.simple_tag(takes_context=True)
def share_image(context: dict[str, Any]) -> str:
    """Return the whole address of the picture that others show with a link to this page."""
    page, request = context.get("page"), context.get("request")
    found = _opening(page)
    if found is None or request is None:
        return ""
    steps = renditions.ladder(image=found[0], shape=found[1])
    plain = steps.sources.get("jpeg")
    return str(request.build_absolute_uri(plain[-1][0] if plain else steps.src))


def _opening(page: Any) -> tuple[Any, str] | None:
    found = page.opening() if isinstance(page, PublicPage) else None
    return found if found is not None and shown(found[0]) else None


def _srcset(steps: list[tuple[str, int]]) -> str:
    return ", ".join(f"{address} {width}w" for address, width in steps)


def _haste(*, eager: bool) -> SafeString:
    return SafeString('fetchpriority="high"' if eager else 'loading="lazy" decoding="async"')


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


@register.filter
def is_in(page: Any, ancestor: Page) -> bool:
    """Return whether a page is another, or stands under it."""
    return str(getattr(page, "path", "")).startswith(ancestor.path)


def _told(name: str, properties: dict[str, Any]) -> SafeString:
    return format_html(' data-event="{}" data-properties="{}"', name, json.dumps(properties))

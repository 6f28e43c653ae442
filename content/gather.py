"""Gather what surrounds a page, in one query: menus, its other languages, what it links to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from wagtail.models import Page

from content.blocks import shelf
from content.locate import Place
from content.models import Image, PublicPage, Rendition, is_closed

# Of the pages around: what menus and links are made of.
SHOWN = (
    "path", "depth", "title", "slug", "url_path", "translation_key", "live", "show_in_menus",
    "content_type", "locale", "alias_of",
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One line of the menu, with those below it."""

    page: Page
    below: list[Page] = field(default_factory=list)


@dataclass(frozen=True)
class Around:
    """What surrounds a page in the language it is read in.

    Args:
        place: the site.
        language: in which is read.
        home: the front page in this language; None where there is none.
        homes: the front pages by language.
        menu: the menu, two levels deep.
        foot: what else lies directly below the front page.
        sections: all pages directly below the front page.
        translations: this page in the languages in which it can be read, its own among them.
        things: what the page's blocks name, to be laid out.
    """

    place: Place
    language: str
    home: Page | None = None
    homes: Mapping[str, Page] = field(default_factory=dict)
    menu: list[Entry] = field(default_factory=list)
    foot: list[Page] = field(default_factory=list)
    sections: list[Page] = field(default_factory=list)
    translations: Mapping[str, Page] = field(default_factory=dict)
    things: shelf.Things = field(default_factory=dict)


def around(*, place: Place, language: str, page: Any = None) -> Around:
    """Return what surrounds a page, or a place that is none.

    One query for pages, and two for pictures where the page has any.

    Args:
        place: the site.
        language: in which is read.
        page: that is read.
    """
    named = _named(page)
    wanted = _wanted(place.roots, language, page, named["page"])
    found = list(
        Page.objects
        .filter(wanted, Q(live=True) | Q(pk__in=named["page"]))
        .annotate(is_closed=is_closed())
        .only(*SHOWN)
        .order_by("path")
    )
    open_ones = [one for one in found if one.live and not one.is_closed]
    by_path = {root: code for code, root in place.roots.items()}
    homes = {by_path[one.url_path]: one for one in open_ones if one.url_path in by_path}
    home = homes.get(language)
    sections = [one for one in open_ones if _is_child(one, home)]
    return Around(
        place=place,
        language=language,
        home=home,
        homes=homes,
        menu=[
            Entry(one, [low for low in open_ones if _is_child(low, one) and low.show_in_menus])
            for one in sections
            if one.show_in_menus
        ],
        foot=[one for one in sections if not one.show_in_menus],
        sections=sections,
        translations=_translations(place, page, open_ones),
        things={
            "page": {number: _one(found, number) for number in named["page"]},
            "here": _here(found, named["page"], place.roots.get(language)),
            "image": pictures(named["image"]),
        },
    )


def pictures(numbers: Collection[int]) -> dict[int, Any]:
    """Return pictures with their sizes; None for each that is gone.

    One query, and one more where a picture has no sizes yet.
    """
    if not numbers:
        return {}
    found: dict[int, Any] = {}
    for row in Rendition.objects.filter(image__in=numbers).select_related("image"):
        image = found.setdefault(row.image_id, row.image)
        image.prefetched_renditions = [*getattr(image, "prefetched_renditions", ()), row]
    if bare := set(numbers) - set(found):
        for image in Image.objects.filter(pk__in=bare):
            image.prefetched_renditions = []
            found[image.pk] = image
    return {number: found.get(number) for number in numbers}


def _named(page: Any) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {"page": set(), "image": set()}
    if isinstance(page, PublicPage):
        for stream in page.streams():
            named = shelf.named(stream.stream_block, stream.raw_data)
            for kind in found:
                found[kind] |= named.get(kind, set())
        found["image"] |= set(page.pictures())
    return found


def _wanted(roots: Mapping[str, str], language: str, page: Any, linked: set[int]) -> Q:
    wanted = Q(url_path__in=list(roots.values()))
    if root := roots.get(language):
        # Depth 1 is the root of the tree, whose path is "/"; each level adds one.
        depth = root.count("/") + 1
        menu = Q(depth=depth) | Q(depth=depth + 1, show_in_menus=True)
        wanted |= Q(url_path__startswith=root) & menu
    if page is not None:
        wanted |= Q(translation_key=page.translation_key)
    if linked:
        others = Page.objects.filter(pk__in=linked).values("translation_key")
        wanted |= Q(pk__in=linked)
        wanted |= Q(translation_key__in=others, locale__language_code=language)
    return wanted


def _is_child(page: Page, parent: Page | None) -> bool:
    return (
        parent is not None and page.depth == parent.depth + 1 and page.path.startswith(parent.path)
    )


def _translations(place: Place, page: Any, found: list[Page]) -> dict[str, Page]:
    if page is None:
        return {}
    same = [one for one in found if one.translation_key == page.translation_key]
    return {
        code: one
        for code, root in place.roots.items()
        for one in same
        if one.url_path.startswith(root)
    }


def _here(found: list[Page], numbers: set[int], root: str | None) -> dict[int, Page]:
    spoken = {
        one.translation_key: one
        for one in found
        if root and one.live and one.url_path.startswith(root)
    }
    linked: Iterator[Page] = (one for one in found if one.pk in numbers)
    return {one.pk: spoken.get(one.translation_key, one) for one in linked}


def _one(found: list[Page], number: int) -> Page | None:
    return next((one for one in found if one.pk == number), None)

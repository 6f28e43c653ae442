"""Gather what surrounds a page, in one query: menus, its other languages, what it links to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from wagtail.models import Page

from content.blocks import shelf
from content.locate import Place
from content.models import CLOSED, Image, PublicPage, Rendition

# Of the pages around: what menus and links are made of, in the order that the model has them.
SHOWN = (
    "id", "path", "depth", "translation_key", "locale_id", "live", "title", "slug",
    "content_type_id", "url_path", "alias_of_id", "show_in_menus",
)  # fmt: skip
# The front pages; the menu in one language; this page in all; what is linked to, in this one too.
# As text: this is asked for each page that is rendered, and putting it together took longer.
AROUND = f"""
SELECT {", ".join(SHOWN)}, {CLOSED}
FROM wagtailcore_page
WHERE (
    url_path = ANY(%(roots)s)
    OR (url_path LIKE %(below)s
        AND (depth = %(depth)s OR (depth = %(depth)s + 1 AND show_in_menus)))
    OR translation_key = %(key)s
    OR id = ANY(%(linked)s)
    OR (
        locale_id = (SELECT id FROM wagtailcore_locale WHERE language_code = %(language)s)
        AND translation_key IN (
            SELECT other.translation_key FROM wagtailcore_page AS other
            WHERE other.id = ANY(%(linked)s)
        )
    )
) AND (live OR id = ANY(%(linked)s))
ORDER BY path
"""  # noqa: S608 - both are written here, none by anybody who asks
# What LIKE would take for anything.
LITERALLY = str.maketrans({"%": r"\%", "_": r"\_", "\\": r"\\"})


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
    rows = _asked(place.roots, language, page, named["page"])
    found = [Page.from_db(connection.alias, SHOWN, row[:-1]) for row in rows]
    open_ones = [one for one, row in zip(found, rows, strict=True) if one.live and not row[-1]]
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


def _asked(
    roots: Mapping[str, str], language: str, page: Any, linked: set[int]
) -> list[tuple[Any, ...]]:
    root = roots.get(language)
    asked = {
        "roots": list(roots.values()),
        "below": root and f"{root.translate(LITERALLY)}%",
        # Depth 1 is the root of the tree, whose path is "/"; each level adds one.
        "depth": root and root.count("/") + 1,
        "key": page and page.translation_key,
        "linked": list(linked),
        "language": language,
    }
    with connection.cursor() as cursor:
        cursor.execute(AROUND, asked)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


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

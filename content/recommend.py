"""Lists of pages: what is learned elsewhere is published here, and shown from here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Count
from wagtail.models import Page, Site

from content.models import ArticlePage, ProductPage, PublicPage, Recommended, Tagging
from customers.models import Event, Profile
from dxp.lib import rows

POPULAR = "popular"
LONGEST = 100
# Events of one person that are looked through for pages.
LOOKED_THROUGH = 60
VIEWS = ("Article Viewed", "Product Viewed")


@transaction.atomic
def publish(*, list: str, pages: Sequence[tuple[int, float]], at: datetime) -> int:
    """Put a list in the place of the one before, whole; return how many pages it has.

    Each language has room of its own: what most people read may all be in one of them.

    Args:
        list: its name, such as "popular".
        pages: numbers of pages with their scores, the best first; those that are gone fall away.
        at: when it was worked out.
    """
    scores = dict(reversed(pages))
    known = dict(Page.objects.filter(pk__in=scores).values_list("pk", "locale_id"))
    room = dict.fromkeys(known.values(), LONGEST)
    ranked = []
    for pk in dict(pages):
        if room.get(known.get(pk, 0)):
            room[known[pk]] -= 1
            ranked.append(pk)
    # Two that publish at once would both delete first.
    rows.wait_for_lock(f"recommended:{list}")
    Recommended.objects.filter(list=list).delete()
    Recommended.objects.bulk_create(
        Recommended(list=list, page_id=pk, rank=rank, score=scores[pk], published_at=at)
        for rank, pk in enumerate(ranked, 1)
    )
    return len(ranked)


def popular(*, most: int, but: Page | None = None, list: str = POPULAR) -> list[Page]:
    """Return the first pages of a published list, in the language of `but`."""
    ids = Recommended.objects.filter(list=list).order_by("rank").values_list("page", flat=True)
    return shown(ids=[*ids], but=but, most=most)


def related(page: Page, most: int) -> list[Page]:
    """Return pages that share tags with this one, those that share the most first."""
    pages = ContentType.objects.get_for_model(Page)
    own = Tagging.objects.filter(content_type=pages, object_id=page.pk).values("term")
    alike = (
        Tagging.objects
        .filter(content_type=pages, term__in=own)
        .exclude(object_id=page.pk)
        .values("object_id")
        .annotate(shared=Count("pk"))
        .order_by("-shared", "-object_id")
        .values_list("object_id", flat=True)
    )
    return shown(ids=[*alike[:LONGEST]], but=page, most=most)


def recent(*, profile_id: int, most: int, but: Page | None = None) -> list[Page]:
    """Return articles and products that somebody looked at, the last first."""
    events = (
        Event.objects
        .of(Profile(pk=profile_id))
        .filter(name__in=VIEWS)
        .order_by("-at", "-id")
        .values_list("properties", flat=True)[:LOOKED_THROUGH]
    )
    paths = [told.get("path") for told in events if isinstance(told, dict)]
    return at(paths=[path for path in paths if isinstance(path, str)], but=but, most=most)


def at(*, paths: Sequence[str], most: int, but: Page | None = None) -> list[Page]:
    """Return the pages of addresses, in that order."""
    found = numbers(paths=paths)
    return shown(ids=[found[path] for path in paths if path in found], but=but, most=most)


def numbers(*, paths: Sequence[str]) -> dict[str, int]:
    """Return the numbers of the pages at these addresses, on whatever site and in any language."""
    places = _places()
    wanted = {
        path: [
            f"{above}{path.removeprefix(prefix).strip('/')}/".replace("//", "/")
            for prefix, above in places
            if path.startswith(f"{prefix}/")
        ]
        for path in dict.fromkeys(paths)
    }
    every = {one for some in wanted.values() for one in some}
    known = dict(Page.objects.filter(url_path__in=every).values_list("url_path", "pk"))
    return {
        path: known[found]
        for path, some in wanted.items()
        if (found := next((one for one in some if one in known), None))
    }


def shown(*, ids: Sequence[int], most: int, but: Page | None = None) -> list[Page]:
    """Return those of these pages that everybody may read, in this order and the same language."""
    wanted = [pk for pk in dict.fromkeys(ids) if but is None or pk != but.pk]
    if not wanted:
        return []
    pages = Page.objects.filter(pk__in=wanted).live().public()
    if but is not None:
        pages = pages.filter(locale_id=but.locale_id)
    place = {pk: number for number, pk in enumerate(wanted)}
    rows = sorted(pages.values_list("pk", flat=True), key=place.__getitem__)[:most]
    found: list[Any] = sorted(
        Page.objects.filter(pk__in=rows).specific(), key=lambda page: place[page.pk]
    )
    return [page for page in found if isinstance(page, PublicPage)]


def readable(*, ids: Sequence[int]) -> list[int]:
    """Return those of these pages that are something to read or to buy: no front page, no list."""
    kinds = [ContentType.objects.get_for_model(kind) for kind in (ArticlePage, ProductPage)]
    found = Page.objects.filter(pk__in=ids, content_type__in=kinds)
    return [*found.values_list("pk", flat=True)]


def _places() -> list[tuple[str, str]]:
    """Return where addresses begin, such as "/es", and the tree below; the longest first."""
    roots = [site.root_page for site in Site.objects.select_related("root_page")]
    found = [("", root.url_path) for root in roots]
    for root in roots:
        others = root.get_translations().select_related("locale")
        found += [(f"/{other.locale.language_code}", other.url_path) for other in others]
    return sorted(found, key=lambda place: -len(place[0]))

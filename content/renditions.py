"""The sizes in which pages show pictures: which there are, which are there, and making them.

A page never waits for a picture. A worker makes the sizes that a page shows once it is published or
the picture changes; a browser that is faster asks for one size at an address that makes it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache, partial
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db import transaction
from django.urls import reverse
from django_tasks import task
from wagtail.images import get_image_model
from wagtail.images.models import Filter, SourceImageIOError
from wagtail.images.utils import generate_signature
from wagtail.models import Page, ReferenceIndex

from content import purge
from content.blocks import shelf
from content.models import PublicPage, Rendition

# The browser takes the first that it knows.
FORMATS = {"avif": "image/avif", "webp": "image/webp", "jpeg": "image/jpeg"}
MAKING_SECONDS = 120
# So many sizes are deleted in a row.
AT_ONCE = 50


@dataclass(frozen=True)
class Shape:
    """A place for pictures: how wide they come, cut to which proportions, and how wide they stand.

    Without a ratio a picture keeps its own.
    """

    widths: tuple[int, ...]
    sizes: str
    ratio: float | None = None

    def box(self, width: int) -> tuple[int, int]:
        """Return width and height of a cut picture."""
        return width, round(width / (self.ratio or 1))

    def spec(self, width: int, form: str) -> str:
        """Return what Wagtail calls this size."""
        cut = "fill-{}x{}".format(*self.box(width)) if self.ratio else f"width-{width}"
        return f"{cut}|format-{form}"


SHAPES = {
    "card": Shape((400, 800), "(min-width: 52rem) 24rem, 100vw", 4 / 3),
    "arch": Shape((420, 840), "(min-width: 52rem) 34rem, 100vw", 6 / 7),
    "banner": Shape((640, 1280, 1984), "(min-width: 62rem) 62rem, 100vw", 21 / 9),
    "wide": Shape((480, 960, 1440), "(min-width: 60rem) 56rem, 100vw"),
}
VECTOR = "original"


@dataclass
class Ladder:
    """A picture in one shape: by format what there is, one that every browser can show, its room.

    `sources` hold addresses with their widths, narrow ones first.
    """

    src: str
    width: int
    height: int
    sizes: str
    sources: dict[str, list[tuple[str, int]]] = field(default_factory=dict)


def ladder(*, image: Any, shape: str) -> Ladder:
    """Return what there is of a picture; what is missing is left out, and never waited for."""
    asked = SHAPES[shape]
    there = _there(image, shape)
    width, height = _room(image, asked)
    if image.is_svg():
        found = there.get(VECTOR)
        return Ladder(found.url if found else address(image, VECTOR), width, height, asked.sizes)
    sources = {
        form: [
            (there[spec].url, there[spec].width)
            for step in asked.widths
            if (spec := asked.spec(step, form)) in there
        ]
        for form in FORMATS
    }
    plain = sources.pop("jpeg")
    src = plain[0][0] if plain else address(image, asked.spec(asked.widths[0], "jpeg"))
    if len(plain) > 1:
        sources["jpeg"] = plain
    return Ladder(src, width, height, asked.sizes, {form: at for form, at in sources.items() if at})


def address(image: Any, spec: str) -> str:
    """Return where one size of a picture is made for whoever asks; nobody can ask for others."""
    signature = generate_signature(image.pk, spec)
    return reverse("content_size", args=[signature, image.pk, spec])


def specs(shape: str) -> list[str]:
    """Return all sizes of a shape."""
    asked = SHAPES[shape]
    return [asked.spec(width, form) for width in asked.widths for form in FORMATS]


def shown(*, page: Any) -> dict[int, set[str]]:
    """Return the pictures that a page shows, by number, with their shapes."""
    found: dict[int, set[str]] = defaultdict(set)
    for number, shapes in page.pictures().items():
        found[number] |= shapes
    for stream in page.streams():
        for kind, numbers in shelf.named(stream.stream_block, stream.raw_data).items():
            name, _, shape = kind.partition(":")
            if name == "picture":
                for number in numbers:
                    found[number].add(shape)
    return found


def of_page(*, page: Any) -> None:
    """Have the sizes made that a page shows, once this is committed."""
    for number, shapes in shown(page=page).items():
        transaction.on_commit(partial(make.enqueue, number, sorted(shapes)), robust=True)


def of_picture(*, image: Any) -> None:
    """Have the sizes made in which pages show a picture that changed, once this is committed."""
    kinds = ContentType.objects.get_for_models(Page, *PublicPage.__subclasses__()).values()
    found = ReferenceIndex.get_references_to(image).filter(base_content_type__in=kinds)
    numbers = {int(number) for number in found.values_list("object_id", flat=True)}
    shapes: set[str] = set()
    for page in Page.objects.filter(pk__in=numbers, live=True).specific():
        if isinstance(page, PublicPage):
            shapes |= shown(page=page).get(image.pk, set())
    if shapes:
        transaction.on_commit(partial(make.enqueue, image.pk, sorted(shapes)), robust=True)


@task()
def make(number: int, shapes: list[str]) -> None:
    """Make the sizes of a picture that are missing, and tell the pages that show it."""
    image = get_image_model().objects.filter(pk=number).first()
    if image is None:
        return
    wanted = {VECTOR} if image.is_svg() else {spec for shape in shapes for spec in specs(shape)}
    made = [spec for spec in sorted(wanted) if one(image=image, spec=spec)]
    if made:
        kind = ContentType.objects.get_for_model(image)
        purge.things([(kind.pk, image.pk)])


def one(*, image: Any, spec: str) -> bool:
    """Make one size unless it is there or somebody is at it; return whether this made it."""
    asked = Filter(spec=spec)
    known = image.renditions.filter(filter_spec=spec, focal_point_key=asked.get_cache_key(image))
    if known.exists():
        return False
    lock = f"content:render:{image.pk}:{spec}"
    if not cache.add(lock, 1, MAKING_SECONDS):
        return False
    try:
        image.create_rendition(asked)
    except SourceImageIOError:
        # The file is gone; its pages show the description.
        return False
    finally:
        cache.delete(lock)
    return True


def withdraw(*, on: date) -> int:
    """Delete some sizes of pictures whose right to be shown ended before a day; return how many.

    Pages leave these pictures out by themselves; now nobody has them by an address kept elsewhere
    either. A later day has them made again.
    """
    every = {VECTOR, *(spec for shape in SHAPES for spec in specs(shape))}
    over = Rendition.objects.filter(image__rights_until_on__lt=on, filter_spec__in=every)[:AT_ONCE]
    for size in over:
        # One by one, as Wagtail deletes the file after the row.
        size.delete()
    return len(over)


def _there(image: Any, shape: str) -> dict[str, Any]:
    key = "" if image.is_svg() else _filter(shape).get_cache_key(image)
    laid = getattr(image, "prefetched_renditions", None)
    rows: Collection[Any] = image.renditions.all() if laid is None else laid
    return {row.filter_spec: row for row in rows if row.focal_point_key == key}


@lru_cache
def _filter(shape: str) -> Filter:
    # All sizes of a shape look at the same point of interest.
    return Filter(spec=SHAPES[shape].spec(SHAPES[shape].widths[0], "jpeg"))


def _room(image: Any, asked: Shape) -> tuple[int, int]:
    if asked.ratio and not image.is_svg():
        return asked.box(asked.widths[-1])
    return image.width, image.height

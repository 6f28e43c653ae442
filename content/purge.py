"""What has to leave the caches when something changed: every page that shows it.

Dropped from our own cache as soon as the change is committed. A task that was written down with
the change does it again, with the reference index of then, and tells the caches before ours; it
repeats until it is done.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Iterable
from datetime import timedelta
from functools import partial
from typing import Any

import redis
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Q
from django_tasks import default_task_backend, task
from wagtail.models import Page, ReferenceIndex

from content import cdn, pagecache
from dxp.lib import clock, hints

log = logging.getLogger(__name__)
Ref = tuple[int, str]
# A thing in a fragment in a form on a page: no deeper.
DEEPEST = 4
# A cache before ours may still be taking in what was rendered just before.
AGAIN = timedelta(seconds=15)
FRAME = "page:frame"


def things(refs: Iterable[tuple[int, object]]) -> None:
    """Drop the pages that show one of these things (content type, id), once this is committed.

    Lists of such pages go too: they show names of topics, and pictures.
    """
    asked = {(kind, str(number)) for kind, number in refs}
    _soon(refs=asked, tags=_tags(asked))


def pages(numbers: Collection[int], *, kinds: Collection[str] = ()) -> None:
    """Drop some pages, those that refer to them, and lists of their kinds, once committed.

    What says that a page is missing goes too, and answers that are made of all pages.
    """
    kind = ContentType.objects.get_for_model(Page).pk
    asked = {(kind, str(number)) for number in numbers}
    tags = {pagecache.of_page(one) for one in {*numbers, *shown_on(asked)}}
    tags |= {pagecache.of_list(one) for one in kinds} | {pagecache.MISSING, pagecache.ANY}
    _soon(refs=asked, tags=tags)


def missing() -> None:
    """Drop what says that there is nothing, once this is committed."""
    _soon(refs=set(), tags={pagecache.MISSING})


def everything() -> None:
    """Drop all there is, once this is committed."""
    _soon(refs=set(), tags={pagecache.EVERYTHING})


def frame() -> None:
    """Drop all there is, if what stands around every page changed: menus, footers, ways back."""
    rows = (
        Page.objects
        .filter(Q(depth__lte=3) | Q(show_in_menus=True) | Q(numchild__gt=0), live=True)
        .order_by("path")
        .values_list("pk", "title", "url_path", "show_in_menus", "locale_id")
    )
    now = hashlib.sha256(repr(list(rows)).encode()).hexdigest()
    try:
        before: Any = hints.client().get(FRAME)
    except redis.RedisError:
        before = None
    if before is None or before.decode() != now:
        transaction.on_commit(partial(_note_frame, now), robust=True)
        everything()


def shown_on(refs: Collection[Ref]) -> set[int]:
    """Return the pages that refer to one of these things, or to something that does."""
    page = ContentType.objects.get_for_model(Page).pk
    found: set[int] = set()
    seen, wave = set(refs), set(refs)
    for _level in range(DEEPEST):
        if not wave:
            break
        wanted = Q()
        for kind in {one[0] for one in wave}:
            ids = [number for one, number in wave if one == kind]
            wanted |= Q(to_content_type_id=kind, to_object_id__in=ids)
        rows = set(
            ReferenceIndex.objects.filter(wanted).values_list("base_content_type_id", "object_id")
        )
        found |= {int(number) for kind, number in rows if kind == page}
        wave = {row for row in rows if row[0] != page} - seen
        seen |= wave
    return found


def _tags(refs: Collection[Ref]) -> set[str]:
    """Return the tags of what shows one of these things; a page's own lists its kind names."""
    numbers = shown_on(refs)
    tags = {pagecache.of_page(one) for one in numbers}
    page = ContentType.objects.get_for_model(Page).pk
    if numbers and any(kind != page for kind, _number in refs):
        kinds = Page.objects.filter(pk__in=numbers).values_list("content_type__model", flat=True)
        tags |= {pagecache.of_list(one) for one in kinds.distinct()}
    return tags


@task()
def repeat(refs: list[tuple[int, str]], tags: list[str], urls: list[str], last: bool) -> None:
    """Drop it again, in our cache and in those before it.

    Raises:
        OSError: one of them was not reached.
    """
    known = {(int(kind), str(number)) for kind, number in refs}
    wanted = sorted({*tags, *_tags(known)})
    _drop(wanted)
    if not cdn.is_used():
        return
    cdn.tell(keys=wanted, urls=sorted({*urls, *_addresses(wanted)}))
    if not last and default_task_backend.supports_defer:
        later = repeat.using(run_after=clock.now() + AGAIN)
        later.enqueue(refs=refs, tags=wanted, urls=urls, last=True)


def _soon(*, refs: set[Ref], tags: set[str]) -> None:
    if not tags and not refs:
        return
    wanted = sorted(tags)
    # Where a page is now; after the change it may be elsewhere, or nowhere.
    urls = _addresses(wanted) if cdn.is_used() else []
    repeat.enqueue(refs=sorted(refs), tags=wanted, urls=urls, last=False)
    transaction.on_commit(partial(_drop_now, wanted), robust=True)


def _drop_now(tags: list[str]) -> None:
    try:
        _drop(tags)
    except redis.RedisError as error:
        log.warning("The worker will drop %s: %s", ", ".join(tags[:5]), error)


def _drop(tags: list[str]) -> None:
    if pagecache.EVERYTHING in tags:
        pagecache.drop_all()
    elif tags:
        pagecache.drop(tags)


def _note_frame(now: str) -> None:
    try:
        hints.client().set(FRAME, now)
    except redis.RedisError as error:
        log.warning("Nobody noted the menus: %s", error)


def _addresses(tags: Collection[str]) -> list[str]:
    found = Page.objects.filter(live=True)
    if pagecache.EVERYTHING not in tags:
        ids = [int(one.removeprefix("page-")) for one in tags if one.startswith("page-")]
        found = found.filter(pk__in=ids)
    urls = (
        f"{url}{path.lstrip('/')}"
        for page in found.iterator(chunk_size=500)
        if (url := page.full_url)
        for path in page.specific_deferred.get_cached_paths()
    )
    return sorted(urls)

"""Which site an address belongs to, where its pages begin, and which page it means."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.http.request import split_domain_port
from django.urls import reverse
from django.utils import translation
from wagtail.models import Page, Site
from wagtail.models.sites import get_site_for_hostname

from content.models import is_closed

KEY = "content:places"
SECONDS = 300
# Anybody may ask for any host; what is remembered stays small.
MOST_HOSTS = 50
# Of which kind the page at an address was: a guess, which spares a question where it is right.
MOST_KINDS = 5000
_kinds: dict[str, Any] = {}


@dataclass(frozen=True)
class Place:
    """A site: its name, and by language where its pages begin, as `Page.url_path` has it."""

    pk: int
    name: str
    roots: dict[str, str]

    def address(self, page: Any) -> str:
        """Return where a page is; absolute if it belongs to another site."""
        for language, root in self.roots.items():
            if page.url_path.startswith(root):
                return f"{_prefix(language)}{page.url_path[len(root) :]}"
        return str(page.get_url() or "")


@lru_cache
def _prefix(language: str) -> str:
    with translation.override(language):
        return reverse("wagtail_serve", args=[""])


def place(*, host: str, port: str) -> Place | None:
    """Return the site that a host means, or None; costs no query once it is known."""
    known: dict[str, tuple[int, str]] = cache.get(KEY) or {}
    if host not in known:
        try:
            site = get_site_for_hostname(split_domain_port(host)[0], port)
        except Site.DoesNotExist:
            return None
        known = {**known, host: (site.pk, site.site_name)} if len(known) < MOST_HOSTS else {}
        known[host] = (site.pk, site.site_name)
        cache.set(KEY, known, SECONDS)
    pk, name = known[host]
    paths = [one for one in Site.get_site_root_paths() if one.site_id == pk]
    return Place(pk, name, {one.language_code: one.root_path for one in paths})


def language(*, page: Any) -> str:
    """Return the language in which a page speaks; costs no query."""
    for one in Site.get_site_root_paths():
        if page.url_path.startswith(one.root_path):
            return str(one.language_code)
    return settings.LANGUAGE_CODE


def forget() -> None:
    """Look sites up anew: one was added, changed or removed."""
    cache.delete(KEY)


def page(*, place: Place, language: str, path: str) -> Any | None:
    """Return the live page at a path below a site's front page, or None.

    One query where a page was found there before, else two, however deep it lies. Pages that answer
    for addresses below their own are not found this way: Wagtail asks them itself.
    """
    root = place.roots.get(language)
    if root is None:
        return None
    # A prefix that leads nowhere is refused by the index and never walked.
    there = f"{root}{path}"
    if (model := _kinds.get(there)) and (found := _live(model, there)):
        return found
    number = Page.objects.filter(url_path=there, live=True).values_list("content_type_id").first()
    model = ContentType.objects.get_for_id(number[0]).model_class() if number else None
    if model is None:
        _kinds.pop(there, None)
        return None
    if len(_kinds) >= MOST_KINDS:
        _kinds.clear()
    _kinds[there] = model
    return _live(model, there)


def _live(model: Any, url_path: str) -> Any | None:
    return next(iter(model._default_manager.raw(_question(model), [url_path])), None)


@lru_cache
def _question(model: Any) -> str:
    """Return the text of the question for a live page: put together once for each kind."""
    there = model._default_manager.filter(url_path="", live=True).annotate(is_closed=is_closed())
    text, [_url_path] = there.order_by().query.sql_with_params()
    return str(text)

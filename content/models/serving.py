"""How every page of the public site is served, previewed and tracked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page, PageViewRestriction

from content import context, extend, pagecache, tokens
from content.blocks import fits_edge
from content.models.panels import TagsPanel

# A minute in browsers; a shared cache asks again after five and may show the old page meanwhile.
SHELL = {"public": True, "max_age": 60, "s_maxage": 300, "stale_while_revalidate": 600}
# Of a row of pages. As text, since putting it together took as long as a page may in all.
CLOSED = """EXISTS (
    SELECT 1 FROM wagtailcore_pageviewrestriction AS closed
    JOIN wagtailcore_page AS above ON above.id = closed.page_id
    WHERE starts_with(wagtailcore_page.path, above.path) OR above.id = wagtailcore_page.alias_of_id
)"""
# The segments by which a shared cache may tell copies of a page apart, if it can read our key.
USES = "X-DXP-Uses"


def keep_private(response: HttpResponse) -> HttpResponse:
    """Forbid every cache to keep an answer."""
    response.headers["Cache-Control"] = "private, no-store"
    return response


def is_closed() -> RawSQL:
    """Return the condition that a page, or one above it, is not for everyone.

    Of a copy that follows its original, the original says so.
    """
    # Nothing that anybody asks for stands in it.
    return RawSQL(CLOSED, (), output_field=models.BooleanField())  # noqa: S611


class PublicPage(Page):
    """A page whose HTML is the same for everyone, so that any cache may keep it.

    What differs from person to person comes later, through personal slots. Never read
    `request.user`, the session, cookies or a CSRF token while rendering one.
    """

    promote_panels = [*Page.promote_panels, TagsPanel()]

    # Of articles. Templates ask every page; what is not there at all is slow to ask for.
    topic: Any = None

    _restrictions: Any = None
    _deliveries: dict[str, str] | None = None
    _declared: tuple[int, ...] = ()

    class Meta:
        abstract = True

    def tracked(self) -> tuple[str, dict[str, Any]] | None:
        """Return the event that a visit means beyond "Page Viewed", with its properties."""
        return None

    def streams(self) -> Iterator[Any]:
        """Yield this page's streams of blocks."""
        yield self.body

    def listed(self) -> Iterator[str]:
        """Yield the kinds of pages that this one lists: those that stand below it and no others."""
        for kind in getattr(self, "subpage_types", None) or ():
            if isinstance(kind, str):
                yield kind.rpartition(".")[2].lower()

    def summary(self) -> str:
        """Return what this page is about, for those who have not opened it."""
        told = self.search_description or getattr(self, "intro", "")
        first = None if told else next((child for one in self.streams() for child in one), None)
        if first is not None and first.block_type == "hero":
            told = first.value["text"]
        return str(told or "")

    def get_sitemap_urls(self, request: Any = None) -> list[dict[str, Any]]:
        urls: list[dict[str, Any]] = super().get_sitemap_urls(request)
        spoken = getattr(request, "spoken", {}).get(self.translation_key, ())
        return [{**url, "alternates": spoken} for url in urls] if len(spoken) > 1 else urls

    def pictures(self) -> dict[int, set[str]]:
        """Return the pictures that this page shows outside of its streams, and in which shapes."""
        return {}

    def opening(self) -> tuple[Any, str] | None:
        """Return the picture at the top of this page and its shape, which browsers load first."""
        first = next((child for stream in self.streams() for child in stream), None)
        if first is None or first.block_type != "hero" or not first.value.get("picture"):
            return None
        return first.value["picture"], "arch"

    def slots(self) -> dict[str, Any]:
        """Return this page's personal slots by their id."""
        return {
            child.id: child
            for stream in self.streams()
            for child in stream
            if child.block_type == "personal_slot"
        }

    def deliveries(self) -> dict[str, str]:
        """Return how each slot arrives: fragment, edge or server.

        A slot whose audiences would be more than the edge may tell apart comes as a fragment.
        """
        if self._deliveries is None:
            found: dict[str, str] = {}
            told: list[int] = []
            for slot_id, slot in self.slots().items():
                found[slot_id] = slot.value["delivery"]
                if found[slot_id] != "edge":
                    continue
                own = [one["audience"].pk for one in slot.value["variants"] if one["audience"]]
                both = list(dict.fromkeys([*told, *own]))
                if fits_edge(slot.value) and len(both) <= context.MOST_AT_EDGE:
                    told = both
                else:
                    found[slot_id] = "fragment"
            self._deliveries, self._declared = found, tuple(told)
        return self._deliveries

    def declared(self) -> tuple[int, ...]:
        """Return the segments that tell copies of this page apart at the edge: three at most."""
        self.deliveries()
        return self._declared

    def get_view_restrictions(self) -> Any:
        """Return who may see this page: asked by Wagtail before and by us after.

        None where the page was fetched with the answer, else one query, where neither it nor a page
        above nor an original of one is restricted.
        """
        if self._restrictions is None and getattr(self, "is_closed", None) is False:
            self._restrictions = PageViewRestriction.objects.none()
        if self._restrictions is None:
            steps = range(self.steplen, len(self.path) + 1, self.steplen)
            near = Q(page__path__in=[self.path[:step] for step in steps])
            some = PageViewRestriction.objects.filter(near | Q(page__aliases__isnull=False))
            if some.exists():
                self._restrictions = super().get_view_restrictions()
            else:
                self._restrictions = PageViewRestriction.objects.none()
        return self._restrictions

    def serve(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        pagecache.page(self.pk)
        pagecache.lists(*self.listed())
        response: HttpResponse = super().serve(request, *args, **kwargs)
        _speak(response, tokens.plain)
        if declared := self.declared():
            response.headers[USES] = ",".join(map(str, declared))
        if self.get_view_restrictions():
            return keep_private(response)
        patch_cache_control(response, **SHELL)
        return response

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        user = getattr(request, "user", None)
        seen = extend.content_page_previewed(page=self, mode=mode_name, user=user)
        shown, say = next(iter(seen), ({}, tokens.plain))
        request.slots_shown = shown  # type: ignore[attr-defined]
        response: HttpResponse = super().serve_preview(request, mode_name)
        _speak(response, say)
        return keep_private(response)

    @property
    def preview_modes(self) -> list[tuple[str, Any]]:
        """The page for everyone, and as those see it to whom its slots speak."""
        if not self.slots():
            return [("", _("Everyone"))]
        offered = extend.content_preview_modes(page=self)
        return [("", _("Everyone")), *(mode for some in offered for mode in some)]


def _speak(response: HttpResponse, say: Callable[[str], str]) -> None:
    """Put values or fallbacks in the place of tokens once the page is rendered."""

    def filled(done: HttpResponse) -> None:
        if b"{{" in done.content:
            done.content = say(done.content.decode()).encode()

    if isinstance(response, TemplateResponse):
        response.add_post_render_callback(filled)

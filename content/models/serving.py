"""How every page of the public site is served, previewed and tracked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page

from content import pagecache

# A minute in browsers; a shared cache asks again after five and may show the old page meanwhile.
SHELL = {"public": True, "max_age": 60, "s_maxage": 300, "stale_while_revalidate": 600}
AUDIENCE = "audience-"


def keep_private(response: HttpResponse) -> HttpResponse:
    """Forbid every cache to keep an answer."""
    response.headers["Cache-Control"] = "private, no-store"
    return response


class PublicPage(Page):
    """A page whose HTML is the same for everyone, so that any cache may keep it.

    What differs from person to person comes later, through personal slots. Never read
    `request.user`, the session, cookies or a CSRF token while rendering one.
    """

    _restrictions: Any = None

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
        for kind in self.subpage_types or ():
            if isinstance(kind, str):
                yield kind.rpartition(".")[2].lower()

    def slots(self) -> dict[str, Any]:
        """Return this page's personal slots by their id."""
        return {
            child.id: child
            for stream in self.streams()
            for child in stream
            if child.block_type == "personal_slot"
        }

    def get_view_restrictions(self) -> Any:
        """Return who may see this page: asked by Wagtail before and by us after, in one query."""
        if self._restrictions is None:
            self._restrictions = super().get_view_restrictions()
        return self._restrictions

    def serve(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        pagecache.page(self.pk)
        pagecache.lists(*self.listed())
        response: HttpResponse = super().serve(request, *args, **kwargs)
        if self.get_view_restrictions():
            return keep_private(response)
        patch_cache_control(response, **SHELL)
        return response

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        if mode_name.startswith(AUDIENCE):
            request.preview_audience = {int(mode_name.removeprefix(AUDIENCE))}  # type: ignore[attr-defined]
        return keep_private(super().serve_preview(request, mode_name))

    @property
    def preview_modes(self) -> list[tuple[str, Any]]:
        """The page for everyone, and for each audience that its slots speak to."""
        seen = {
            f"{AUDIENCE}{segment.pk}": _("As %(segment)s") % {"segment": segment.name}
            for slot in self.slots().values()
            for variant in slot.value["variants"]
            if (segment := variant["audience"])
        }
        return [("", _("Everyone")), *seen.items()]
